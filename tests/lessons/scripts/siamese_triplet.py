"""A contrastive loss of pairs, with pairwise distance and cosine similarity."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SiameseNetwork(nn.Module):
    def __init__(self):
        super(SiameseNetwork, self).__init__()
        self.cnn = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(1, 4, kernel_size=3), nn.ReLU(inplace=True), nn.BatchNorm2d(4), nn.MaxPool2d(2))
        self.fc = nn.Sequential(nn.Linear(4 * 4 * 4, 16), nn.ReLU(inplace=True), nn.Linear(16, 5))

    def forward_once(self, x):
        output = self.cnn(x)
        output = output.view(output.size()[0], -1)
        return self.fc(output)

    def forward(self, input1, input2):
        return self.forward_once(input1), self.forward_once(input2)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=2.0):
        super(ContrastiveLoss, self).__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        distance = F.pairwise_distance(output1, output2, keepdim=True)
        return torch.mean((1 - label) * torch.pow(distance, 2) + label * torch.pow(torch.clamp(self.margin - distance, min=0.0), 2))


net = SiameseNetwork()
criterion = ContrastiveLoss()
optimizer = torch.optim.RMSprop(net.parameters(), lr=0.001)
img0, img1, label = torch.rand(6, 1, 8, 8), torch.rand(6, 1, 8, 8), torch.FloatTensor([[0], [1], [0], [1], [1], [0]])
for epoch in range(5):
    output1, output2 = net(img0, img1)
    optimizer.zero_grad()
    loss = criterion(output1, output2, label)
    loss.backward()
    optimizer.step()
    print("Epoch number {}\n Current loss {}".format(epoch, loss.item()))
print(F.cosine_similarity(output1, output2).mean().item(), F.normalize(output1).norm(dim=1))
