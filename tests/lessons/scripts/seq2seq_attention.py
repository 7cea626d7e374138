"""Dot attention over hidden states of a hand-written GRU-like cell."""
import torch
import torch.nn as nn
import torch.nn.functional as F

n_hidden, n_class = 8, 6


class Cell(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.x, self.h = nn.Linear(n_in, 2 * n_hidden), nn.Linear(n_hidden, 2 * n_hidden)

    def forward(self, x, h):
        z, n = (self.x(x) + self.h(h)).chunk(2, 1)
        z = torch.sigmoid(z)
        return (1 - z) * torch.tanh(n) + z * h


class Attention(nn.Module):
    def __init__(self):
        super(Attention, self).__init__()
        self.enc_cell, self.dec_cell = Cell(n_class), Cell(n_class)
        self.attn = nn.Linear(n_hidden, n_hidden)
        self.out = nn.Linear(n_hidden * 2, n_class)

    def forward(self, enc_inputs, hidden, dec_inputs):
        enc_outputs = []
        for x in enc_inputs:
            hidden = self.enc_cell(x, hidden)
            enc_outputs.append(hidden)
        enc_outputs = torch.stack(enc_outputs)
        model = torch.empty([len(dec_inputs), 1, n_class])
        trained_attn = []
        for i in range(len(dec_inputs)):
            hidden = self.dec_cell(dec_inputs[i], hidden)
            scores = torch.zeros(len(enc_outputs))
            for j in range(len(enc_outputs)):
                scores[j] = torch.dot(hidden.view(-1), self.attn(enc_outputs[j]).view(-1))
            weights = F.softmax(scores, dim=0).view(1, 1, -1)
            trained_attn.append(weights.squeeze().data.numpy())
            context = weights.bmm(enc_outputs.transpose(0, 1))
            model[i] = self.out(torch.cat((hidden, context.squeeze(1)), 1))
        return model.transpose(0, 1).squeeze(0), trained_attn


inputs, outputs = torch.eye(n_class)[[0, 2, 4]].unsqueeze(1), torch.eye(n_class)[[1, 3]].unsqueeze(1)
target = torch.tensor([3, 5])
model = Attention()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    optimizer.zero_grad()
    output, attn = model(inputs, torch.zeros(1, n_hidden), outputs)
    loss = nn.CrossEntropyLoss()(output, target)
    loss.backward()
    optimizer.step()
    print("Epoch:", "%04d" % (epoch + 1), "cost =", "{:.6f}".format(loss), attn[0].shape)
