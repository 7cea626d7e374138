"""A Wasserstein GAN with weight clipping and RMSprop."""
import torch
import torch.nn as nn

latent, data_dim = 4, 2
G = nn.Sequential(nn.Linear(latent, 16), nn.BatchNorm1d(16, 0.8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, data_dim))
D = nn.Sequential(nn.Linear(data_dim, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 1))
optimizer_G = torch.optim.RMSprop(G.parameters(), lr=5e-4)
optimizer_D = torch.optim.RMSprop(D.parameters(), lr=5e-4)
Tensor = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor
for i in range(8):
    real = torch.randn(16, data_dim).type(Tensor) * 0.5 + 1
    optimizer_D.zero_grad()
    z = torch.randn(16, latent).type(Tensor)
    fake = G(z).detach()
    loss_D = -torch.mean(D(real)) + torch.mean(D(fake))
    loss_D.backward()
    optimizer_D.step()
    for p in D.parameters():
        p.data.clamp_(-0.05, 0.05)
    if i % 2 == 0:
        optimizer_G.zero_grad()
        loss_G = -torch.mean(D(G(z)))
        loss_G.backward()
        optimizer_G.step()
        print("[Batch %d] [D loss: %f] [G loss: %f]" % (i, loss_D.item(), loss_G.item()))
