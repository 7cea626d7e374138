"""Hooks: Grad-CAM from a backward hook of a module, saliency from the input's gradient, gradients noted as they come."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 3, padding=1))
        self.classifier = nn.Linear(4 * 16, 3)

    def forward(self, x):
        return self.classifier(F.relu(self.features(x)).flatten(1))


net = Net()
for i, p in enumerate(net.parameters()):
    p.data = torch.cos(torch.arange(p.numel(), dtype=torch.float32) * (i + 1)).view(p.shape) * 0.3
gradients, activations = [], []
h1 = net.features.register_full_backward_hook(lambda m, gi, go: gradients.append(go[0]))
h2 = net.features.register_forward_hook(lambda m, i, o: activations.append(o))
image = torch.sin(torch.arange(64.0)).view(1, 1, 8, 8).requires_grad_()
scores = net(image)
print(scores)
net.zero_grad()
scores[0, scores.argmax()].backward()
weights = gradients[0].mean(dim=(2, 3), keepdim=True)
cam = F.relu((weights * activations[0]).sum(1, keepdim=True))
cam = F.interpolate(cam, size=(8, 8), mode="bilinear", align_corners=False)
cam = (cam - cam.min()) / (cam.max() - cam.min() + 1e-8)
print(cam.squeeze().detach()[::3, ::3])
print(image.grad.abs().max(dim=1)[0][0, :2, :4])
h1.remove()
h2.remove()


def halve(module, grad_input, grad_output):
    print(type(module).__name__, [None if g is None else tuple(g.shape) for g in grad_input], [tuple(g.shape) for g in grad_output])
    return tuple(None if g is None else g * 0.5 for g in grad_input)


before = image.grad.clone()
image.grad = None
handle = net.classifier.register_full_backward_hook(halve)
pre = net.classifier.register_full_backward_pre_hook(lambda m, go: print("pre", len(go)))
scores = net(image)
scores[0, scores.argmax()].backward()
print(torch.allclose(image.grad, before * 0.5), round(image.grad.abs().sum().item(), 5))
handle.remove()
pre.remove()
norms = {}
for name, p in net.named_parameters():
    p.register_hook(lambda g, name=name: norms.__setitem__(name, g.norm().item()))
net.zero_grad()
F.cross_entropy(net(image), torch.tensor([2])).backward()
for name in sorted(norms):
    print(f"{name} {norms[name]:.5f}")
