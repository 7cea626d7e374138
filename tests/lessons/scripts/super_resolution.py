"""Sub-pixel super resolution with PixelShuffle and orthogonal-like weights."""
from math import log10

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


class Net(nn.Module):
    def __init__(self, upscale_factor):
        super(Net, self).__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 8, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(8, 4, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(4, upscale_factor**2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        return self.pixel_shuffle(self.conv3(x))


model = Net(upscale_factor=2)
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)
target = torch.rand(2, 1, 12, 12)
input = F.interpolate(target, scale_factor=0.5, mode="bilinear", align_corners=False)
for epoch in range(6):
    optimizer.zero_grad()
    loss = criterion(model(input), target)
    loss.backward()
    optimizer.step()
    print("===> Epoch {}: Loss: {:.5f}".format(epoch, loss.item()))
with torch.no_grad():
    mse = criterion(model(input), target)
    print("===> PSNR: {:.4f} dB".format(10 * log10(1 / mse.item())), nn.Upsample(scale_factor=2)(input).shape)
