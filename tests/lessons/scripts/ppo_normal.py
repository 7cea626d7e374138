"""A continuous policy: Normal, clipped objective, old log probabilities."""
import torch
import torch.nn as nn
from torch.distributions import Independent, Normal, kl_divergence


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
        self.log_std = nn.Parameter(torch.full((2,), -0.5))

    def forward(self, obs):
        return Independent(Normal(self.net(obs), self.log_std.exp()), 1)


actor = Actor()
optimizer = torch.optim.Adam(actor.parameters(), lr=3e-3)
obs, adv = torch.randn(16, 3), torch.randn(16)
with torch.no_grad():
    old = actor(obs)
    act = old.sample()
    logp_old = old.log_prob(act)
for i in range(5):
    pi = actor(obs)
    logp = pi.log_prob(act)
    ratio = torch.exp(logp - logp_old)
    clip_adv = torch.clamp(ratio, 0.8, 1.2) * adv
    loss = -(torch.min(ratio * adv, clip_adv)).mean() - 0.01 * pi.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(i, loss.item(), kl_divergence(old, pi).mean().item(), (ratio - 1).abs().max().item())
