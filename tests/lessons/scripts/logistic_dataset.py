"""Logistic regression with a Dataset of one's own and a DataLoader."""
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset


class DiabetesDataset(Dataset):
    def __init__(self):
        xy = np.sin(np.arange(60 * 9, dtype=np.float32)).reshape(60, 9)
        xy[:, -1] = xy[:, 0] + xy[:, 1] > 0
        self.len = xy.shape[0]
        self.x_data = torch.from_numpy(xy[:, 0:-1])
        self.y_data = torch.from_numpy(xy[:, [-1]])

    def __getitem__(self, index):
        return self.x_data[index], self.y_data[index]

    def __len__(self):
        return self.len


class Model(nn.Module):
    def __init__(self):
        super(Model, self).__init__()
        self.l1 = nn.Linear(8, 6)
        self.l2 = nn.Linear(6, 4)
        self.l3 = nn.Linear(4, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        out1 = self.sigmoid(self.l1(x))
        out2 = self.sigmoid(self.l2(out1))
        return self.sigmoid(self.l3(out2))


dataset = DiabetesDataset()
train_loader = DataLoader(dataset=dataset, batch_size=16, shuffle=True, num_workers=0)
model = Model()
criterion = nn.BCELoss(reduction="sum")
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for i, data in enumerate(train_loader, 0):
        inputs, labels = data
        y_pred = model(inputs)
        loss = criterion(y_pred, labels)
        print(f"Epoch {epoch + 1} | Batch: {i + 1} | Loss: {loss.item():.4f}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
