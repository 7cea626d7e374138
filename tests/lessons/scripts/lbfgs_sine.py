"""L-BFGS with a closure fits a sine in few steps."""
import torch
import torch.nn as nn
import torch.optim as optim

x = torch.linspace(0, 6, 30).view(-1, 1).double()
target = torch.sin(x)
model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
model.double()
criterion = nn.MSELoss()
optimizer = optim.LBFGS(model.parameters(), lr=0.8, max_iter=10)
for i in range(3):

    def closure():
        optimizer.zero_grad()
        out = model(x)
        loss = criterion(out, target)
        loss.backward()
        return loss

    print("STEP: ", i, "loss:", optimizer.step(closure).item())
with torch.no_grad():
    print("test loss:", criterion(model(x), target).item() < 0.5, model(x).dtype)
