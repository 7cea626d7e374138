"""A notebook's cells: tensors printed, sliced, changed in place, views and copies, NumPy's bridge."""
import numpy as np
import torch

torch.set_printoptions(precision=3, sci_mode=False)
x = torch.arange(12, dtype=torch.float32).reshape(3, 4)
print(x, x.shape, x.numel(), x.dtype, x.device, x.layout)
print(x.size(), x.size(0), x.stride(), x.is_contiguous(), x.t().is_contiguous())
print(f"mean {x.mean():.3f} std {x.std():.3f} {x.sum()=}")
y = x.view(2, 6)
y[0, 0] = 100
print(x[0, 0], x.data_ptr() == y.data_ptr() if hasattr(x, "data_ptr") else True)
z = x.clone()
z[:, 1] = 0
z[z > 8] *= -1
z[1:, ::2] += 0.5
print(z)
x += 1
x.mul_(2).clamp_(min=3, max=20)
print(x, x[-1], x[..., 2], x[:, None].shape)
n = x.numpy()
n[0, 0] = -7
print(x[0, 0].item(), torch.from_numpy(np.ones((2, 2))).dtype)
print(torch.cat([x, z], dim=1).shape, torch.stack((x, z)).shape, torch.vstack([x, z]).shape)
a, b = torch.chunk(x, 2, dim=1)
print(a.tolist(), b.sum(dim=0, keepdim=True))
print(torch.eye(3)[[0, 2]], torch.tensor([[1, 2], [3, 4]]).T, torch.zeros(2, 0).shape)
print(x.argmax(), x.max(dim=1), x.topk(2).values, torch.sort(x.flatten(), descending=True)[0][:3])
print(torch.linspace(0, 1, 5), torch.full((2,), 7), torch.ones_like(x, dtype=torch.int64)[0])
print(x.float().mean(0), x.int(), x.bool().all(), (x == z).any(), torch.allclose(x, x + 1e-9))
print(torch.where(x > 5, x, torch.zeros_like(x)), torch.masked_select(x, x > 15))
w = torch.randn(3, requires_grad=True)
loss = (w * torch.tensor([1.0, 2.0, 3.0])).sum()
print(loss.requires_grad, w.is_leaf, loss.grad_fn is not None)
loss.backward()
print(w.grad)
with torch.no_grad():
    w -= 0.1 * w.grad
    w.grad.zero_()
print(w.grad, w.requires_grad)
try:
    w += 1
except RuntimeError as e:
    print("RuntimeError:", "leaf" in str(e))
try:
    torch.ones(2, 3) @ torch.ones(2, 3)
except RuntimeError as e:
    print("RuntimeError", "2" in str(e))
try:
    torch.ones(3).view(2, 2)
except RuntimeError:
    print("view failed")
print(torch.tensor(3.5), torch.tensor([1e-8, 1.0, 1e5]), torch.tensor([True, False]), torch.tensor([]))
print(torch.rand(100, 100).shape, torch.arange(2000.0))
print(torch.einsum("ij,kj->ik", x, z), torch.outer(torch.arange(3), torch.arange(2)))
print([p for p in torch.split(torch.arange(10), 4)], torch.unbind(x)[1])
h = torch.zeros(4, 3)
outs = torch.zeros(3, 3)
for t in range(3):
    h[t + 1] = h[t] + t
    outs[t] = h[t + 1] * 2
print(h, outs)
print(hash(x) == hash(x), len(x), [float(v) for v in x[0]], x.tolist()[1][1], repr(torch.Size([1])), x.new_zeros(2), x.new_tensor([1]))
