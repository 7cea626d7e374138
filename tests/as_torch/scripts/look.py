"""How tensors, sizes, dtypes and operations look, and old ways to make them. No random numbers."""

import numpy as np
import torch
from torch.autograd import Function, Variable

x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
print(x.shape, x.size(), x.size(0), x.size(-1), x.shape[1:], x.shape + (1,), (1,) + x.shape, x.shape * 2)
print(x.shape.numel(), x.shape == (2, 3), x.shape[0], len(x.shape), f"{x.shape}", list(x.shape), tuple(x.shape))
print(x.dtype, repr(x.dtype), x.dtype == torch.float32, x.dtype in (torch.float32, torch.float64), torch.int64)
print(x.dtype.is_floating_point, torch.int32.itemsize, torch.bool, torch.long, torch.half, torch.double, torch.uint8)
print({torch.float32: "single"}[x.dtype], isinstance(x.dtype, torch.dtype), torch.get_default_dtype())
print(x.type(), x.long().type(), x.type(torch.DoubleTensor).dtype, x.type("torch.LongTensor"), x.type(torch.int32))
print(torch.finfo(torch.float32).eps, torch.finfo(x.dtype).max, torch.iinfo(torch.int64).max, torch.iinfo(torch.uint8).bits)
print(x.device, repr(x.device), x.is_cuda, x.is_leaf, x.requires_grad, x.ndim, x.numel())
print(torch.promote_types(torch.int64, torch.float16), torch.result_type(x, 1), torch.is_tensor(x), torch.typename(x))

print(torch.FloatTensor([1, 2]), torch.LongTensor([[1, 2], [3, 4]]), torch.ByteTensor([0, 1]), torch.BoolTensor([0, 1]))
print(torch.FloatTensor(np.array([1.0])), torch.LongTensor(np.array([[1, 2]])))
print(torch.FloatTensor(2, 3).shape, torch.LongTensor(4).shape, torch.FloatTensor().shape, torch.FloatTensor(x.size()).shape)
print(torch.Tensor([1, 2]), torch.Tensor(2, 3).shape, torch.Tensor(x.size()).shape, torch.IntTensor([1]), torch.LongTensor([1.5]))
print(isinstance(x, torch.FloatTensor), isinstance(x, torch.LongTensor), isinstance(x, torch.Tensor), torch.FloatTensor)
v = Variable(torch.ones(2), requires_grad=True)
print(v, isinstance(v, Variable), Variable(torch.ones(1)).requires_grad, (v * 2).data, Variable(x * 2).requires_grad)

y = x * 2
print(y, y.grad_fn.name(), y.grad_fn.next_functions[1])
print(y.grad_fn.next_functions[0][0].variable is x, y.grad_fn.next_functions[0][1], x.grad_fn)
for z in (x + 1, x - 1, x / 2, -x, x**2, x.exp(), x.log(), x.sum(), x.mean(), x.sqrt(), x.relu(), x.sigmoid(), x.tanh(), x.abs(),
          x.sin(), x.cos(), x @ x.t().detach(), x.clone(), x.prod(), x.clamp(0, 1), x.cumsum(0), x.softmax(1),
          x.log_softmax(1), x.view(3, 2), x.std(), x.var(), torch.cat([x, x])):  # fmt: skip
    print(z.grad_fn.name())

F = torch.nn.functional
target, rows = torch.ones(2, 3), torch.tensor([0, 1])
for z in (F.mse_loss(x, target), F.binary_cross_entropy(x.sigmoid(), target), F.binary_cross_entropy_with_logits(x, target),
          F.smooth_l1_loss(x, target), F.huber_loss(x, target), F.mse_loss(x, target, reduction="sum"), torch.nn.MSELoss()(x, target),
          x[0], x[0, 1:], x[:, 1], x[None], x[..., 0:2], x[[0, 1]], x[:], x.unsqueeze(0), x.unsqueeze(0).squeeze(0), x.squeeze(),
          x.transpose(0, 1), x.permute(1, 0), x.t(), x.sum(0), x.mean(dim=1), x.max(), x.max(1)[0], x.min(), x.min(dim=0).values,
          x.topk(1)[0], x.sort()[0], x.chunk(2)[1], x.split(1)[0], x.unbind()[0], x.repeat(2, 1), x[0].dot(x[1]), torch.mv(x, x[0].detach()),
          torch.bmm(x[None], x.t()[None]), x.matmul(x[0]), torch.stack([x, x]), torch.addmm(x[:, :2], x, x.t()), 1 - x, 2**x, x.logsumexp(1),
          x.sign(), x.round(), x.floor(), x.log1p(), x.median(), F.interpolate(x[None, None], scale_factor=2), F.pixel_shuffle(x.expand(1, 4, 2, 3), 2),
          F.linear(x, torch.ones(4, 3)), F.linear(x, torch.ones(4, 3), torch.ones(4)), F.linear(x[None], torch.ones(4, 3), torch.ones(4))):
    print(z.grad_fn.name(), tuple(z.shape))
y = (2 * x) * 3
for z in (y + 1, 1 + y, 2 * y, y * 2, 1 - y, y**2, F.mse_loss(y, target), y.unsqueeze(0), torch.stack([y, x]), y.sum(0), y[0], y.clamp(0, 1),
          y.gather(0, rows[None, :1]), y[rows], torch.where(target > 0, y, x), y.sum()):
    print(z.grad_fn.name(), [(node.name() if node else None, place) for node, place in z.grad_fn.next_functions])
z = F.mse_loss(torch.nn.Linear(3, 2)(F.relu(x)), torch.zeros(2, 2))
print([node.name() for node, _ in z.grad_fn.next_functions[0][0].next_functions[:2]])
for kind in (torch.nn.GRU, torch.nn.RNN):
    for out in (kind(3, 2)(x[None]), kind(3, 2, batch_first=True)(x[None]), kind(3, 2, bidirectional=True)(x[None])):
        print([o.grad_fn.name() for o in out])
print(torch.nn.LSTM(3, 2, batch_first=True)(x[None])[0].grad_fn.name(), torch.nn.LSTM(3, 2)(x[None])[1][0].grad_fn.name())
part = torch.zeros(2, 3)
part[0] = x[0]
print(part.grad_fn.name(), part)
part = x * 1
part[0].mul_(2)
print(part.grad_fn.name(), part, repr(torch.manual_seed(0)).split()[0])


class Double(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, dz):
        return dz * 2


print(Double.apply(x), Double.apply(x).grad_fn.name(), repr(Double.apply(x).grad_fn).split()[0])

print(torch.zeros(0), torch.zeros(0, 3), torch.tensor(3.0), torch.tensor([1e10, 1.0]), torch.tensor([True, False]))
print(torch.arange(2000), torch.ones(2, dtype=torch.float64), torch.tensor([1, 2], dtype=torch.int32), torch.tensor([0.1], dtype=torch.float16))
torch.set_printoptions(precision=2, sci_mode=False)
print(torch.tensor([1 / 3, 1000.0]))
torch.set_printoptions(profile="default")
print(torch.nn.ReLU(inplace=True), torch.nn.Dropout(0.3, True), torch.nn.LeakyReLU(0.1, inplace=True), torch.nn.Dropout2d())
