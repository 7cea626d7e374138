"""Samplers: train/validation split with SubsetRandomSampler, weighted classes, collate_fn."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset
from torch.utils.data.sampler import BatchSampler, SequentialSampler, SubsetRandomSampler


class Sines(Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return {"x": np.sin(np.arange(4) * i).astype(np.float32), "y": i % 2}


def collate(batch):
    return torch.stack([torch.from_numpy(b["x"]) for b in batch]), torch.tensor([b["y"] for b in batch])


dataset = Sines(30)
indices = list(range(30))
model = nn.Sequential(nn.Linear(4, 8), nn.ELU(inplace=True), nn.Linear(8, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
for fold in range(3):
    val = indices[fold * 10 : (fold + 1) * 10]
    train = [i for i in indices if i not in val]
    train_loader = DataLoader(Subset(dataset, train), batch_size=5, collate_fn=collate)
    val_loader = DataLoader(dataset, batch_size=5, sampler=SequentialSampler(val), collate_fn=collate)
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(fold, loss.item(), sum(criterion(model(x), y).item() for x, y in val_loader), len(train_loader))
batch = next(iter(DataLoader(dataset, batch_size=3)))
print(batch["x"].shape, batch["y"], batch["x"].dtype, len(ConcatDataset([dataset, dataset])), sorted(SubsetRandomSampler([4, 2, 9])))
print(list(BatchSampler(SequentialSampler(range(5)), 2, drop_last=False)), len(TensorDataset(torch.zeros(3))))
