"""Datasets of one's own: __getitem__, collate_fn, workers, samplers, splits, IterableDataset; sums of what comes out."""

import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)


class Words(Dataset):
    def __init__(self, transform=None):
        self.items = [("word%d" % i, list(range(i % 4 + 1))) for i in range(10)]
        self.transform = transform

    def __len__(self):
        return len(self.items)

    def __getitem__(self, idx):
        name, values = self.items[idx]
        sample = {"name": name, "values": torch.tensor(values), "label": idx % 2}
        return self.transform(sample) if self.transform else sample


def collate(batch):
    lengths = [len(b["values"]) for b in batch]
    padded = torch.zeros(len(batch), max(lengths), dtype=torch.long)
    for i, b in enumerate(batch):
        padded[i, : lengths[i]] = b["values"]
    return {"names": [b["name"] for b in batch], "values": padded, "labels": torch.tensor([b["label"] for b in batch])}


for workers in (0, 2):
    loader = DataLoader(Words(), batch_size=4, collate_fn=collate, num_workers=workers)
    for batch in loader:
        print(workers, batch["names"], batch["values"].shape, batch["labels"].tolist())
plain = DataLoader(Subset(Words(lambda s: {**s, "values": s["values"].sum().float()}), range(0, 10, 3)), batch_size=3, drop_last=False)
for batch in plain:
    print(batch["name"], batch["values"], batch["label"], len(plain))


class Counting(IterableDataset):
    def __init__(self, start, end):
        self.start, self.end = start, end

    def __iter__(self):
        return iter(range(self.start, self.end))


print(list(DataLoader(Counting(3, 10), batch_size=3)))
data = TensorDataset(torch.arange(12.0).view(12, 1), torch.arange(12) % 3)
train, val = random_split(data, [8, 4], generator=torch.Generator().manual_seed(42))
print(len(train), len(val), sorted(i for i in train.indices) != [], len(set(train.indices) | set(val.indices)))
both = ConcatDataset([data, data])
print(len(both), both[15], data[0], data[-1], data[:3][0].flatten())
sampler = WeightedRandomSampler(torch.tensor([1.0] * 6 + [0.0] * 6), num_samples=5, replacement=True)
print(all(i < 6 for i in sampler), len(list(SubsetRandomSampler([1, 2, 3]))), list(BatchSampler(SequentialSampler(range(5)), 2, False)))
total = 0.0
for epoch in range(2):
    for x, y in DataLoader(data, batch_size=5, shuffle=True, pin_memory=False, persistent_workers=False):
        total += (x.squeeze(1) * y).sum().item()
print(f"{total:.1f}")
it = iter(DataLoader(data, 4))
x, y = next(it)
print(x.flatten(), y, x.dtype, y.dtype)
next(it), next(it)
try:
    next(it)
except StopIteration:
    print("end")
