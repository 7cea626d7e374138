"""Hooks: activations and gradients of a CNN, gradient clipping by value, freezing layers."""
import torch
import torch.nn as nn

activation = {}


def get_activation(name):
    def hook(model, input, output):
        activation[name] = output.detach()

    return hook


model = nn.Sequential()
model.add_module("conv", nn.Conv2d(1, 3, 3, padding="same"))
model.add_module("relu", nn.ReLU())
model.add_module("pool", nn.AdaptiveAvgPool2d(2))
model.add_module("flat", nn.Flatten())
model.add_module("fc", nn.Linear(12, 2))
handle = model.relu.register_forward_hook(get_activation("relu"))
for param in model.conv.parameters():
    param.requires_grad = False
optimizer = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1, momentum=0.9, nesterov=True)
with torch.no_grad():
    model.conv.weight.copy_(torch.randn(3, 1, 3, 3))
    model.conv.bias.zero_()
x, y = torch.randn(4, 1, 6, 6), torch.tensor([0, 1, 0, 1])
for i in range(5):
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.05)
    optimizer.step()
    print(i, loss.item(), activation["relu"].mean().item(), model.conv.weight.grad is None)
handle.remove()
for name, child in model.named_children():
    print(name, child)
