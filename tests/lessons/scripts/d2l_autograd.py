"""Autograd step by step (d2l): control flow, detach, sizes."""
import torch

x = torch.arange(4.0)
x.requires_grad_(True)
y = 2 * torch.dot(x, x)
print(y)
y.backward()
print(x.grad, x.grad == 4 * x)
x.grad.zero_()
y = x.sum()
y.backward()
print(x.grad)
x.grad.zero_()
y = x * x
u = y.detach()
z = u * x
z.sum().backward()
print(x.grad == u, y.grad_fn.next_functions[0][0].variable is x)


def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


a = torch.randn(size=(), requires_grad=True)
d = f(a)
d.backward()
print(a.grad == d / a)
A = torch.arange(20, dtype=torch.float32).reshape(5, 4)
print(A.sum(axis=0), A.mean(axis=0), A.sum(axis=1, keepdims=True).shape, A.cumsum(axis=0)[-1], A.T.shape, torch.norm(torch.ones((4, 9))))
print(torch.mv(A, x.detach()), torch.abs(A).sum(), A.numel(), A.shape, len(A), torch.mm(A, torch.ones(4, 3)).shape, A[1:3, 1:].shape, A[-1])
before = id(A)
A[:] = A + 1
print(id(A) == before, A.numpy().sum(), torch.tensor([3.5]).item(), int(torch.tensor([3.5])), torch.cat((A, A), dim=0).shape)
