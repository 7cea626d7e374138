"""A GAN with spectral normalisation and hinge loss, weight normalisation, and moving averages."""

import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import spectral_norm, weight_norm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

warnings.filterwarnings("ignore")


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 12), nn.LeakyReLU(0.2, inplace=True), nn.Linear(12, 4))

    def forward(self, z):
        return torch.tanh(self.net(z))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.l0 = weight_norm(nn.Linear(4, 4))
        self.l1 = spectral_norm(nn.Linear(4, 12))
        self.l2 = spectral_norm(nn.Linear(12, 1), n_power_iterations=2)

    def forward(self, x):
        return self.l2(F.leaky_relu(self.l1(self.l0(x)), 0.1))


G, D = Generator(), Critic()
for layer in (D.l1, D.l2):
    for name in ("weight_u", "weight_v"):
        vector = torch.ones_like(getattr(layer, name))
        setattr(layer, name, vector / vector.norm())
ema = AveragedModel(Generator(), multi_avg_fn=get_ema_multi_avg_fn(0.9))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-2, betas=(0.0, 0.9))
opt_d = torch.optim.SGD(D.parameters(), lr=0.05, momentum=0.5)
for step in range(8):
    real = torch.randn(16, 4) * 0.5 + 0.2
    fake = G(torch.randn(16, 3)).detach()
    loss_d = F.relu(1.0 - D(real)).mean() + F.relu(1.0 + D(fake)).mean()
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()
    loss_g = -D(G(torch.randn(16, 3))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    ema.update_parameters(G)
    print(f"[{step}/8] D: {loss_d.item():.4f} G: {loss_g.item():.4f}")
print(sorted(D.state_dict()))
print([tuple(p.shape) for p in G.parameters()], ema.n_averaged)
