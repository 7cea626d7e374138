"""Where public scripts look for names: old corners of torch, types that print, layouts, contexts. No network."""

import os
import tempfile
import warnings

import numpy as np
import torch
import torch.hub
import torch.nn as nn
import torch.utils.model_zoo as model_zoo
from torch.utils.data import ChainDataset, DataLoader, IterableDataset, StackDataset, TensorDataset

x = torch.arange(24.0).reshape(1, 2, 3, 4)
print(type(x), type(nn.Parameter(x)), type(x.dtype), type(x.shape), type(x.device))
print(torch.svd(torch.diag(torch.tensor([2.0, 1.0]))).V.abs(), torch.linalg.slogdet(torch.eye(2)), torch.aminmax(x))
for result in (torch.linalg.eigh(torch.eye(2)), torch.kthvalue(x, 1), torch.cummax(x, 3), torch.linalg.svd(torch.eye(2))):
    print(str(result).partition("(")[0], [n for n in ("values", "indices", "eigenvalues", "U", "S", "Vh") if hasattr(result, n)])

last = x.to(memory_format=torch.channels_last)
print(last.stride(), last.shape, torch.equal(last, x), last.is_contiguous(), last.is_contiguous(memory_format=torch.channels_last))
print(x.is_contiguous(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last).stride())
print(x.clone(memory_format=torch.preserve_format).stride(), torch.empty(1, 2, 3, 4, memory_format=torch.channels_last).stride())
model = nn.Conv2d(2, 1, 1).to(memory_format=torch.channels_last)
print(model(last).shape, model.type(torch.float64).weight.dtype, model.type(torch.FloatTensor).weight.dtype, model.share_memory() is model)
try:
    torch.ones(2).to(memory_format=torch.channels_last)
except RuntimeError:
    print("4 dimensions are needed")

with torch.device("cpu") as place:
    print(place, torch.ones(1).device)
torch.manual_seed(0)
a = torch.rand(2)
torch.manual_seed(0)
with torch.random.fork_rng():
    torch.rand(5)
print(torch.equal(torch.rand(2), a))
print(nn.Embedding(torch.tensor(4), 3), nn.Linear(torch.tensor(2), 3))

with tempfile.TemporaryDirectory() as folder:
    torch.hub.set_dir(folder)
    print(torch.hub.get_dir() == folder)
    os.makedirs(os.path.join(folder, "checkpoints"))
    torch.save({"w": torch.ones(2), "epoch": 3}, os.path.join(folder, "checkpoints", "small.pth"))
    print(torch.hub.load_state_dict_from_url("https://nowhere.invalid/small.pth"))
    print(model_zoo.load_url("https://nowhere.invalid/other.pth", folder + "/checkpoints", file_name="small.pth"))

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    w = nn.Parameter(torch.tensor([3.0, 4.0]))
    w.grad = torch.tensor([3.0, 4.0])
    print(nn.utils.clip_grad_norm([w], 1.0), w.grad)
    print([(c.category.__name__, str(c.message)) for c in caught])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(torch.range(0, 3), torch.range(1, 2, 0.5), torch.range(3, 0, -2, dtype=torch.int64), torch.range(0, 2.9))
    print(caught[0].category.__name__, str(caught[0].message))
print(torch.ones(3).apply_(lambda v: v * 2), torch.ones(2, 2).map_(torch.tensor([1.0, 5.0]), lambda u, v: u + v), torch.real(x) is x)
s = torch.special
v = torch.tensor([0.0, 0.25, 0.5, 2.0])
print(s.expit(v), s.gammaln(v + 2.5), s.psi(v + 1), s.entr(v), s.ndtr(v), s.xlogy(v, v), s.entr(torch.tensor(-1.0)))
print(torch.autograd.gradcheck(torch.sin, torch.ones(2, dtype=torch.float64, requires_grad=True), fast_mode=True))
sparse = nn.init.sparse_(torch.empty(10, 4), 0.25)
print((sparse == 0).sum(0))


class Count(IterableDataset):
    def __iter__(self):
        return iter(range(3))


print(list(ChainDataset([Count(), Count()])), [b.tolist() for b in DataLoader(ChainDataset([Count(), Count()]), batch_size=4)])
stack = StackDataset(TensorDataset(torch.arange(3)), np.arange(3) * 2)
print(len(stack), stack[1], StackDataset(a=[1, 2], b=[3, 4])[1])
u = torch.tensor([-1.0, 2.0], requires_grad=True)
(slope,) = torch.autograd.grad(torch.nn.functional.leaky_relu(u**2 - 2, 0.2).sum(), u, create_graph=True)
slope.sum().backward()
print(slope.detach(), u.grad)
