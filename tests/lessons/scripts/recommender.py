"""Matrix factorization with embeddings, biases, and an L2 penalty."""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


class MF(nn.Module):
    def __init__(self, num_users, num_items, emb_size=4):
        super(MF, self).__init__()
        self.user_emb = nn.Embedding(num_users, emb_size)
        self.item_emb = nn.Embedding(num_items, emb_size)
        self.user_bias = nn.Embedding(num_users, 1)
        self.item_bias = nn.Embedding(num_items, 1)
        self.user_emb.weight.data.uniform_(0, 0.05)

    def forward(self, u, v):
        U, V = self.user_emb(u), self.item_emb(v)
        return (U * V).sum(1) + self.user_bias(u).squeeze() + self.item_bias(v).squeeze()


users, items = torch.randint(0, 6, (40,)), torch.randint(0, 9, (40,))
ratings = (users.float() - items.float() / 2).clamp(0, 5)
loader = DataLoader(TensorDataset(users, items, ratings), batch_size=10, shuffle=True, drop_last=True)
model = MF(6, 9)
optimizer = optim.Adam(model.parameters(), lr=0.05, weight_decay=1e-5)
scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
for epoch in range(4):
    total = 0
    for u, v, r in loader:
        loss = F.mse_loss(model(u, v), r)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(u)
    scheduler.step(total)
    print(epoch, total / 40, optimizer.param_groups[0]["lr"])
