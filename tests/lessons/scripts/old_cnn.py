"""A classifier as it was written in 2017: Variable, volatile tests, .data[0] no more, F.sigmoid, cuda switches."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser(description="Old-style example")
parser.add_argument("--batch-size", type=int, default=16, metavar="N")
parser.add_argument("--no-cuda", action="store_true", default=False)
args = parser.parse_args([])
args.cuda = not args.no_cuda and torch.cuda.is_available()
torch.manual_seed(1)
if args.cuda:
    torch.cuda.manual_seed(1)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, kernel_size=3)
        self.conv2 = nn.Conv2d(4, 8, kernel_size=3)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(32, 20)
        self.fc2 = nn.Linear(20, 5)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                m.weight.data.normal_(0, (2.0 / n) ** 0.5)
                m.bias.data.zero_()
            elif isinstance(m, nn.Linear):
                nn.init.xavier_uniform(m.weight.data)
                m.bias.data.fill_(0.01)

    def num_flat_features(self, x):
        num_features = 1
        for s in x.size()[1:]:
            num_features *= s
        return num_features

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv2(x)), 1))
        x = F.adaptive_max_pool2d(x, 2)
        x = x.view(-1, self.num_flat_features(x))
        x = F.dropout(F.relu(self.fc1(x)), training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


data, target = torch.randn(64, 1, 12, 12), torch.randint(0, 5, (64,))
loader = DataLoader(TensorDataset(data, target), batch_size=args.batch_size, shuffle=True)
model = Net()
print(model)
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.5)


def adjust_learning_rate(optimizer, epoch):
    lr = 0.05 * (0.1 ** (epoch // 2))
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr


for epoch in range(3):
    adjust_learning_rate(optimizer, epoch)
    model.train()
    for batch_idx, (x, y) in enumerate(loader):
        x, y = Variable(x), Variable(y)
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if batch_idx % 2 == 0:
            print("Train Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.6f}".format(
                epoch, batch_idx * len(x), len(loader.dataset), 100.0 * batch_idx / len(loader), loss.data.item()))
    model.eval()
    test_loss, correct = 0, 0
    for x, y in loader:
        output = model(Variable(x))
        test_loss += F.nll_loss(output, y, reduction="sum").data.item()
        pred = output.data.max(1, keepdim=True)[1]
        correct += pred.eq(y.data.view_as(pred)).cpu().sum()
    print("Test set: Average loss: {:.4f}, Accuracy: {}/{}".format(test_loss / 64, correct >= 0, 64))
