"""Gradient ascent on the input, total variation, and saliency."""
import torch
import torch.nn as nn

net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(4, 2, 3), nn.Flatten(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
image = torch.rand(1, 3, 8, 8).requires_grad_()
ascent = torch.optim.Adam([image], lr=0.05)
with torch.no_grad():
    image.mul_(0.5).add_(0.25)
for i in range(6):
    ascent.zero_grad()
    score = net(image)[0, 1]
    tv = (image[:, :, 1:] - image[:, :, :-1]).abs().mean() + (image[..., 1:] - image[..., :-1]).abs().mean()
    (-score + tv).backward()
    ascent.step()
    image.data.clamp_(0, 1)
    print(i, score.item(), tv.item())
saliency, _ = torch.max(image.grad.data.abs(), dim=1)
print(saliency.shape, torch.autograd.grad(net(image).sum(), image)[0].norm().item())
