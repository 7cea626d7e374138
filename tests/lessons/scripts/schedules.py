"""Every schedule in turn, its rates printed; warm-up by hand; plateau; chained and sequential ones; parameter groups."""

import warnings

import torch
from torch import nn, optim
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    _LRScheduler,
)

warnings.filterwarnings("ignore")


class WarmUp(_LRScheduler):
    def __init__(self, optimizer, steps, after=None, last_epoch=-1):
        self.steps, self.after, self.done = steps, after, False
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        if self.last_epoch >= self.steps:
            return [base_lr for base_lr in self.base_lrs]
        return [base_lr * float(self.last_epoch + 1) / self.steps for base_lr in self.base_lrs]


def run(name, make, steps=8, value=None):
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = optim.SGD([{"params": net[0].parameters()}, {"params": net[1].parameters(), "lr": 0.5}], lr=0.1, momentum=0.9)
    scheduler = make(optimizer)
    rates = []
    for step in range(steps):
        optimizer.step()
        rates.append([round(group["lr"], 6) for group in optimizer.param_groups])
        scheduler.step(value(step)) if value else scheduler.step()
    print(name, rates[1], rates[-2], rates[-1])
    if hasattr(scheduler, "get_last_lr"):
        print("   ", [round(lr, 6) for lr in scheduler.get_last_lr()])


run("step", lambda o: StepLR(o, step_size=3, gamma=0.5))
run("multi", lambda o: MultiStepLR(o, milestones=[2, 5], gamma=0.1))
run("exp", lambda o: ExponentialLR(o, 0.9))
run("cos", lambda o: CosineAnnealingLR(o, T_max=5, eta_min=0.01))
run("restarts", lambda o: CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2))
run("cyclic", lambda o: CyclicLR(o, base_lr=0.01, max_lr=0.2, step_size_up=3, mode="triangular2"))
run("one", lambda o: OneCycleLR(o, max_lr=[0.3, 0.6], total_steps=10))
run("linear", lambda o: LinearLR(o, start_factor=0.25, total_iters=4))
run("constant", lambda o: ConstantLR(o, factor=0.5, total_iters=3))
run("poly", lambda o: PolynomialLR(o, total_iters=5, power=2.0))
run("lambda", lambda o: LambdaLR(o, lr_lambda=[lambda e: 0.95**e, lambda e: 1 / (1 + e)]))
run("times", lambda o: MultiplicativeLR(o, lr_lambda=lambda epoch: 0.95))
run("warm", lambda o: WarmUp(o, 4))
run("plateau", lambda o: ReduceLROnPlateau(o, "min", factor=0.1, patience=1), value=lambda step: max(1.0, 3.0 - step))
run("chained", lambda o: ChainedScheduler([ConstantLR(o, 0.1, 2), ExponentialLR(o, 0.9)]))
run("sequential", lambda o: SequentialLR(o, [LinearLR(o, 0.1, total_iters=3), CosineAnnealingLR(o, 5)], milestones=[3]))
x = torch.tensor([5.0], requires_grad=True)
opt = optim.Adam([x], lr=1.0, betas=(0.9, 0.99), amsgrad=True)
sch = StepLR(opt, 5, 0.5)
for _ in range(12):
    opt.zero_grad()
    loss = (x - 2).pow(2).sum()
    loss.backward()
    opt.step()
    sch.step()
print(f"{x.item():.4f} {loss.item():.4f}")
print(sorted(opt.state_dict()["param_groups"][0])[:4])
