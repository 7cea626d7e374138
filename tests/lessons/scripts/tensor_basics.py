"""What tensors can do: views, broadcasting, in-place, numpy bridge, random."""
import numpy as np
import torch

t = torch.FloatTensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [10.0, 11.0, 12.0]])
print(t.dim(), t.size(), t.shape, t[:, 1], t[:, :-1].mean(), t.mean(dim=0), t.max(dim=0), t.max(dim=0)[1], t.argmax(dim=1))
ft = torch.FloatTensor(np.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]))
print(ft.view([-1, 3]), ft.view([-1, 1, 3]).shape, ft.squeeze().shape, ft.unsqueeze(0).shape)
lt = torch.LongTensor([1, 2, 3, 4])
print(lt.float(), torch.ByteTensor([True, False, False, True]).long(), lt.type(torch.DoubleTensor), lt.type())
x, y = torch.FloatTensor([[1, 2], [3, 4]]), torch.FloatTensor([[5, 6], [7, 8]])
print(torch.cat([x, y], dim=0), torch.stack([x[0], x[1], y[0]], dim=1), torch.ones_like(x), torch.zeros_like(x))
print(x.mul_(2.0), x, x.add_(y), x.sub(y), x.pow(2), x.matmul(y), x * y, torch.mul(x, y))
a = torch.ones(5)
b = a.numpy()
a.add_(1)
print(b, torch.from_numpy(np.arange(3)), torch.tensor(np.ones(2)).dtype, x.tolist(), x.flatten().tolist())
print(torch.arange(0, 10, 3), torch.linspace(0, 1, 5), torch.eye(2), torch.full((2, 2), 7.0))
print(torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")[0], torch.unique(torch.tensor([3, 1, 3])), torch.diag(torch.ones(2)))
print(torch.std_mean(t), torch.cross(torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0]), dim=0), torch.cosh(torch.zeros(1)), torch.where(x > 20, x, y))
print((x > 10).nonzero(), torch.chunk(t, 2, 0)[0].shape, t.split(3)[1], t.permute(1, 0).is_contiguous(), t.t().contiguous().stride(), x.expand(2, 2, 2).shape)
