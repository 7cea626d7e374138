"""How gradients are recorded: retain_graph, create_graph, penalties, detach, views, versions, hooks, own Functions."""

import torch
from torch.autograd import Function, grad, gradcheck

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = (x**3).sum()
(g,) = grad(y, x, create_graph=True)
(gg,) = grad(g.sum(), x)
print(y, g, gg)
z = (x * 2).exp()
z.retain_grad()
z.sum().backward(retain_graph=True)
print(x.grad, z.grad, z.is_leaf, x.is_leaf)
z.sum().backward()
print(x.grad)
try:
    z.sum().backward()
except RuntimeError:
    print("freed")
x.grad = None
w = x.detach().clone().requires_grad_()
(w.sin() * x.cos()).sum().backward()
print(w.grad, x.grad)


class Exp(Function):
    @staticmethod
    def forward(ctx, i, scale):
        result = (i * scale).exp()
        ctx.save_for_backward(result)
        ctx.scale = scale
        ctx.mark_non_differentiable()
        return result

    @staticmethod
    def backward(ctx, grad_output):
        (result,) = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return grad_output * result * ctx.scale, None


out = Exp.apply(w, 0.5)
print(out)
out.sum().backward()
print(w.grad)
print(gradcheck(lambda a: Exp.apply(a, 2.0), (torch.randn(3, dtype=torch.double, requires_grad=True),)))
a = torch.ones(2, 2, requires_grad=True)
b = a.clone()
b[0] = b[1] * 3
b[:, 1] += a[0]
b.view(-1)[0].mul_(2)
b.sum().backward()
print(b.detach(), a.grad)
c = torch.ones(3, requires_grad=True)
seen = []
h = c.register_hook(lambda g: seen.append(g.clone()) or g * 10)
(c * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
h.remove()
print(seen, c.grad)
with torch.no_grad():
    e = c * 2
print(e.requires_grad, torch.is_grad_enabled())
with torch.enable_grad():
    f = (c * 2).sum()
print(f.requires_grad, f.grad_fn.next_functions[0][0] is not None, f.grad_fn.name())
J = torch.autograd.functional.jacobian(lambda t: t**2 * torch.arange(3.0), torch.ones(3))
H = torch.autograd.functional.hessian(lambda t: (t**3).sum(), torch.ones(2))
print(J, H)
net = torch.nn.Linear(3, 1)
interp = torch.rand(5, 3, requires_grad=True)
grads = grad(outputs=net(interp) ** 2, inputs=interp, grad_outputs=torch.ones(5, 1), create_graph=True, retain_graph=True, only_inputs=True)[0]
penalty = ((grads.norm(2, dim=1) - 1) ** 2).mean()
penalty.backward()
print(penalty.requires_grad, net.weight.grad is not None, interp.grad.shape)
s = torch.ones(2, 3).sum(0, keepdim=True).expand(4, 3)
print(s.shape, s.stride())
