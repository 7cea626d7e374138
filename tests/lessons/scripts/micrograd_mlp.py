"""A small MLP on two moons with hinge loss and a hand-written update."""
import math

import torch

torch.manual_seed(1337)
t = torch.arange(40).float() / 40 * math.pi
X = torch.cat([torch.stack([t.cos(), t.sin()], axis=1), torch.stack([1 - t.cos(), 0.5 - t.sin()], axis=1)], axis=0)
y = torch.cat([torch.ones(40), -torch.ones(40)])
W1 = torch.randn((2, 16)) * 0.5
b1 = torch.zeros(16)
W2 = torch.randn((16, 1)) * 0.3
b2 = torch.zeros(1)
parameters = [W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True
print(sum(p.nelement() for p in parameters))
for k in range(20):
    scores = ((X @ W1 + b1).tanh() @ W2 + b2).squeeze()
    losses = (1 - y * scores).relu()
    loss = losses.mean() + 1e-4 * sum((p * p).sum() for p in parameters)
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -0.5 * p.grad
    if k % 5 == 4:
        print(f"step {k} loss {loss.item():.5f}, accuracy {((scores > 0) == (y > 0)).float().mean().item() * 100:.2f}%")
