"""LeNet with lazy layers, apply_to a dummy batch, and an accumulator (d2l)."""
import torch
from torch import nn
from torch.nn import functional as F


def init_cnn(module):
    if type(module) == nn.Linear or type(module) == nn.Conv2d:
        nn.init.xavier_uniform_(module.weight)


class LeNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(2, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(kernel_size=2, stride=2),
            nn.LazyConv2d(4, kernel_size=5), nn.LazyBatchNorm2d(), nn.Sigmoid(), nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Flatten(), nn.LazyLinear(12), nn.Sigmoid(), nn.LazyLinear(num_classes),
        )

    def forward(self, x):
        return self.net(x)


model = LeNet()
print(model.net[0], model.net[-1])
X = torch.randn(1, 1, 28, 28)
for layer in model.net.eval():
    X = layer(X)
    print(layer.__class__.__name__, "output shape:\t", X.shape)
model.apply(init_cnn).train()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
X, y = torch.rand(size=(8, 1, 28, 28)), torch.randint(10, (8,))
for i in range(5):
    l = F.cross_entropy(model(X), y, reduction="mean")
    optimizer.zero_grad()
    l.backward()
    optimizer.step()
    acc = (model(X).argmax(axis=1).type(y.dtype) == y).type(torch.float32).mean()
    print(f"loss {float(l):.5f}, acc {float(acc):.3f}")
