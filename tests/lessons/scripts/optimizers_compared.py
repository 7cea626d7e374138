"""The same regression with many optimizers (MorvanZhou)."""
import torch
import torch.nn.functional as F
import torch.utils.data as Data

x = torch.unsqueeze(torch.linspace(-1, 1, 40), dim=1)
y = x.pow(2) + 0.1 * torch.normal(torch.zeros(*x.size()), torch.ones(*x.size()))
loader = Data.DataLoader(dataset=Data.TensorDataset(x, y), batch_size=8, shuffle=True)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Linear(1, 10)
        self.predict = torch.nn.Linear(10, 1)

    def forward(self, x):
        return self.predict(F.relu(self.hidden(x)))


nets = [Net() for _ in range(8)]
opts = [
    torch.optim.SGD(nets[0].parameters(), lr=0.01), torch.optim.SGD(nets[1].parameters(), lr=0.01, momentum=0.8),
    torch.optim.RMSprop(nets[2].parameters(), lr=0.01, alpha=0.9), torch.optim.Adam(nets[3].parameters(), lr=0.01, betas=(0.9, 0.99)),
    torch.optim.Adamax(nets[4].parameters(), lr=0.01), torch.optim.Adadelta(nets[5].parameters()),
    torch.optim.NAdam(nets[6].parameters(), lr=0.01), torch.optim.Adagrad(nets[7].parameters(), lr=0.01),
]
loss_func = torch.nn.MSELoss()
for epoch in range(2):
    for step, (b_x, b_y) in enumerate(loader):
        losses = []
        for net, opt in zip(nets, opts):
            output = net(b_x)
            loss = loss_func(output, b_y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.data.numpy())
    print(" ".join(f"{type(opt).__name__} {l:.5f}" for opt, l in zip(opts, losses)))
