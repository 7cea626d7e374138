"""Saving and resuming: model, optimizer, scheduler; best model; strict=False; map_location; whole dictionaries."""
import copy
import io
import os
import tempfile

import torch
from torch import nn, optim
from torch.optim import lr_scheduler

torch.manual_seed(0)
x, y = torch.randn(40, 6), torch.randn(40, 2)


def make():
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Linear(8, 2))
    opt = optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-2)
    sch = lr_scheduler.CosineAnnealingLR(opt, T_max=10, eta_min=1e-4)
    return net, opt, sch


net, opt, sch = make()
criterion = nn.SmoothL1Loss()
best, best_wts = float("inf"), copy.deepcopy(net.state_dict())
folder = tempfile.mkdtemp()
path = os.path.join(folder, "checkpoint.pth.tar")
for epoch in range(6):
    net.train()
    opt.zero_grad(set_to_none=True)
    loss = criterion(net(x), y)
    loss.backward()
    nn.utils.clip_grad_value_(net.parameters(), 0.5)
    opt.step()
    sch.step()
    if loss.item() < best:
        best, best_wts = loss.item(), copy.deepcopy(net.state_dict())
    print(f"{epoch}: {loss.item():.5f} lr {opt.param_groups[0]['lr']:.6f} {sch.get_last_lr()[0]:.6f}")
    if epoch == 2:
        torch.save({"epoch": epoch, "state_dict": net.state_dict(), "optimizer": opt.state_dict(),
                    "scheduler": sch.state_dict(), "loss": loss, "args": {"lr": 1e-2, "names": ["a", "b"]}}, path)
net2, opt2, sch2 = make()
checkpoint = torch.load(path, map_location=torch.device("cpu"), weights_only=False)
print(checkpoint["epoch"], checkpoint["args"], round(checkpoint["loss"].item(), 5))
print(net2.load_state_dict(checkpoint["state_dict"]))
opt2.load_state_dict(checkpoint["optimizer"])
sch2.load_state_dict(checkpoint["scheduler"])
for epoch in range(checkpoint["epoch"] + 1, 6):
    net2.train()
    opt2.zero_grad()
    loss = criterion(net2(x), y)
    loss.backward()
    nn.utils.clip_grad_value_(net2.parameters(), 0.5)
    opt2.step()
    sch2.step()
    print(f"resumed {epoch}: {loss.item():.5f}")
for (k, v), (k2, v2) in zip(net.state_dict().items(), net2.state_dict().items()):
    print(k, k == k2, v.dtype, tuple(v.shape), torch.allclose(v, v2, atol=1e-6))
bigger = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2), nn.Linear(2, 1))
print(bigger.load_state_dict(net.state_dict(), strict=False))
try:
    bigger.load_state_dict(net.state_dict())
except RuntimeError:
    print("refused")
buffer = io.BytesIO()
torch.save(best_wts, buffer)
buffer.seek(0)
print(sorted(torch.load(buffer, weights_only=True)))
net.load_state_dict(best_wts)
net.eval()
with torch.no_grad():
    print(f"{criterion(net(x), y).item():.4f}", sum(p.numel() for p in net.parameters() if p.requires_grad))
