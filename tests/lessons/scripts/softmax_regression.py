"""Softmax regression: one_hot, scatter_, log_softmax by hand and by F."""
import torch
import torch.nn.functional as F

torch.manual_seed(1)
x_train = [[1, 2, 1, 1], [2, 1, 3, 2], [3, 1, 3, 4], [4, 1, 5, 5], [1, 7, 5, 5], [1, 2, 5, 6], [1, 6, 6, 6], [1, 7, 7, 7]]
y_train = [2, 2, 2, 1, 1, 1, 0, 0]
x_train, y_train = torch.FloatTensor(x_train), torch.LongTensor(y_train)
W = torch.zeros((4, 3), requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([W, b], lr=0.1)
for epoch in range(101):
    hypothesis = F.softmax(x_train.matmul(W) + b, dim=1)
    y_one_hot = torch.zeros_like(hypothesis)
    y_one_hot.scatter_(1, y_train.unsqueeze(1), 1)
    cost = (y_one_hot * -torch.log(hypothesis)).sum(dim=1).mean()
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    if epoch % 25 == 0:
        print("Epoch {:4d}/{} Cost: {:.6f}".format(epoch, 100, cost.item()))
z = torch.FloatTensor([1, 2, 3])
print(F.softmax(z, dim=0), F.log_softmax(z, dim=0), F.nll_loss(F.log_softmax(x_train.matmul(W), dim=1), y_train).item())
