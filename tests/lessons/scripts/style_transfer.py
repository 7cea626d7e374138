"""A transformer net with reflection padding, instance norm and upsampling; Gram matrices."""
import torch
import torch.nn as nn


class ConvLayer(torch.nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride, upsample=None):
        super(ConvLayer, self).__init__()
        self.upsample = upsample
        self.reflection_pad = torch.nn.ReflectionPad2d(kernel_size // 2)
        self.conv2d = torch.nn.Conv2d(in_channels, out_channels, kernel_size, stride)

    def forward(self, x):
        if self.upsample:
            x = torch.nn.functional.interpolate(x, mode="nearest", scale_factor=self.upsample)
        return self.conv2d(self.reflection_pad(x))


class TransformerNet(torch.nn.Module):
    def __init__(self):
        super(TransformerNet, self).__init__()
        self.conv1 = ConvLayer(3, 4, kernel_size=3, stride=2)
        self.in1 = torch.nn.InstanceNorm2d(4, affine=True)
        self.deconv1 = ConvLayer(4, 3, kernel_size=3, stride=1, upsample=2)
        self.relu = torch.nn.ReLU()

    def forward(self, X):
        return self.deconv1(self.relu(self.in1(self.conv1(X))))


def gram_matrix(y):
    (b, ch, h, w) = y.size()
    features = y.view(b, ch, w * h)
    features_t = features.transpose(1, 2)
    return features.bmm(features_t) / (ch * h * w)


net = TransformerNet()
optimizer = torch.optim.Adam(net.parameters(), 1e-2)
x, style = torch.rand(2, 3, 12, 12), torch.rand(2, 3, 12, 12)
mse_loss = nn.MSELoss()
for i in range(5):
    optimizer.zero_grad()
    y = net(x)
    loss = mse_loss(y, x) + 10 * mse_loss(gram_matrix(y), gram_matrix(style))
    loss.backward()
    optimizer.step()
    print(i, loss.item())
