"""What scripts do out of habit: mixed precision that a CPU switches off, a checkpoint that may not be there yet."""

import io
import os
import tempfile
import warnings

import torch
from torch import nn

model = nn.Linear(2, 1)
nn.init.constant_(model.weight, 0.5)
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for module in (torch.cuda.amp, torch.amp):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scaler = module.GradScaler() if module is torch.cuda.amp else module.GradScaler("cuda")
        with module.autocast() if module is torch.cuda.amp else module.autocast("cuda", dtype=torch.float16):
            loss = model(torch.ones(3, 2)).sum()
    print(sorted({str(w.message).split(" is ")[0] for w in caught if w.category is UserWarning}))
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    print(loss.dtype, loss.item(), scaler.is_enabled(), scaler.get_scale(), model.weight)

path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
try:
    start = torch.load(path)["epoch"]
except FileNotFoundError:
    start = 0
print(start)
torch.save({"epoch": 3, "model": model.state_dict()}, path)
print(torch.load(path)["epoch"], torch.load(path)["model"]["weight"])

x = torch.ones(2, requires_grad=True)
torch.autograd.backward([x.sum(), x * x], [None, torch.tensor([1.0, 2.0])])
print(x.grad)
torch.autograd.backward(((x * 3).sum(),), inputs=[x])
print(x.grad)

torch.testing.assert_close(torch.ones(2), torch.ones(2) + 1e-7)
torch.testing.assert_close([torch.ones(2), {"a": 1.0}], [torch.ones(2), {"a": 1.0 + 1e-9}])
for actual, expected, options in (
    (torch.ones(2, 2), torch.tensor([[1.0, 1.0], [1.0, 2.0]]), {}),
    (torch.ones(2), torch.ones(3), {}),
    (torch.ones(2), torch.ones(2).double(), {}),
    (torch.tensor([float("nan")]), torch.tensor([float("nan")]), {}),
    (torch.ones(2), torch.ones(2) + 0.1, {"rtol": 0, "atol": 0.01}),
    ([1, 2], [1], {}),
):
    try:
        torch.testing.assert_close(actual, expected, **options)
    except AssertionError as error:
        print(str(error).splitlines()[0])
torch.testing.assert_close(torch.tensor([float("nan")]), torch.tensor([float("nan")]), equal_nan=True)
print(nn.ParameterList([nn.Parameter(torch.zeros(2, 3))]))
