"""Old names, averages of weights, schedules of one's own, NaN that is found where it arises."""

import io
import warnings

warnings.simplefilter("ignore")
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

warnings.simplefilter("ignore")
print(torch.broadcast_shapes((2, 1), (1, 3)), torch.version.cuda, torch.asarray([1.0, 2.0]))
print(
    F.upsample(torch.ones(1, 1, 2, 2), scale_factor=2).shape,
    F.upsample_bilinear(torch.arange(4.0).reshape(1, 1, 2, 2), size=(3, 3)),
)
w = torch.empty(3, 3)
nn.init.constant(w, 2)
print(w)
print(torch.chain_matmul(torch.ones(2, 3), torch.ones(3, 2), torch.ones(2, 2)))


class S(torch.optim.lr_scheduler._LRScheduler):
    def get_lr(self):
        return [b * 0.5**self.last_epoch for b in self.base_lrs]


m = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
o = torch.optim.SGD(m.parameters(), lr=0.1)
s = S(o)
for _ in range(3):
    o.step()
    s.step()
    print(s.get_last_lr())
o = torch.optim.SGD(m.parameters(), lr=0.1)
for strategy in ("cos", "linear"):
    sw = SWALR(o, swa_lr=0.01, anneal_epochs=3, anneal_strategy=strategy)
    for _ in range(5):
        o.step()
        sw.step()
        print(round(sw.get_last_lr()[0], 8))
a = AveragedModel(m)
b = AveragedModel(m, multi_avg_fn=get_ema_multi_avg_fn(0.5))
with torch.no_grad():
    for k in range(3):
        for p in m.parameters():
            p.fill_(float(k))
        a.update_parameters(m)
        b.update_parameters(m)
print(a.module[0].bias, b.module[0].bias, a.n_averaged, sorted(a.state_dict()))
x = torch.arange(8.0).reshape(4, 2)
update_bn([x, x + 1], a)
print(a.module[1].running_mean, a.module[1].momentum)
with torch.autograd.set_detect_anomaly(True):
    x = torch.tensor([-1.0], requires_grad=True)
    try:
        (torch.sqrt(x) * 0).sum().backward()
    except RuntimeError as e:
        print(str(e).split("; it was")[0].rstrip("."))
import torch.backends.cudnn as cudnn
import torch.backends.mps
print(torch.backends.cudnn is cudnn, cudnn.benchmark, torch.backends.mps.is_available())
print(x.is_cpu, x.is_cuda, x.is_xpu, x.is_mps, x.is_sparse, x.is_pinned())
layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0).eval()
file = io.BytesIO()
torch.save(layer, file)
file.seek(0)
x = torch.ones(3, 1, 4)
with torch.serialization.safe_globals([nn.Linear, torch.nn.modules.linear.NonDynamicallyQuantizableLinear, F.relu]):
    again = torch.load(file, weights_only=False)
print(torch.equal(again(x), layer(x)), again.activation.__name__)
