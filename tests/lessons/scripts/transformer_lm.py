"""nn.Transformer for sequences to sequences: positional encoding, masks of the future and of padding, greedy decoding."""

import math

import torch
import torch.nn as nn
from torch import Tensor


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 50):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pe[: x.size(0)]
        return self.dropout(x)


class Seq2Seq(nn.Module):
    def __init__(self, vocab=11, d_model=8, nhead=2):
        super().__init__()
        self.embed = nn.Embedding(vocab, d_model)
        self.pos = PositionalEncoding(d_model, dropout=0.0)
        self.transformer = nn.Transformer(d_model, nhead, 1, 1, dim_feedforward=16, dropout=0.0)
        self.out = nn.Linear(d_model, vocab)
        self.d_model = d_model

    def forward(self, src, tgt, src_key_padding_mask=None):
        mask = self.transformer.generate_square_subsequent_mask(tgt.size(0))
        src = self.pos(self.embed(src) * math.sqrt(self.d_model))
        tgt = self.pos(self.embed(tgt) * math.sqrt(self.d_model))
        return self.out(self.transformer(src, tgt, tgt_mask=mask, src_key_padding_mask=src_key_padding_mask,
                                         memory_key_padding_mask=src_key_padding_mask))


model = Seq2Seq()
print(nn.Transformer.generate_square_subsequent_mask(3))
src = torch.randint(3, 11, (6, 4))
src[4:, 0] = 0
tgt = torch.cat([torch.ones(1, 4, dtype=torch.long), src.flip(0)])
padding = (src == 0).transpose(0, 1)
criterion = nn.CrossEntropyLoss(ignore_index=0)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005, betas=(0.9, 0.98), eps=1e-9)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) ** -0.5, (s + 1) * 4**-1.5))
model.train()
for step in range(6):
    output = model(src, tgt[:-1], padding)
    loss = criterion(output.reshape(-1, output.shape[-1]), tgt[1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(f"| step {step:3d} | lr {scheduler.get_last_lr()[0]:.5f} | loss {loss.item():5.3f} | ppl {math.exp(loss.item()):8.3f}")
model.eval()
ys = torch.ones(1, 1).fill_(1).type(torch.long)
with torch.no_grad():
    for _ in range(4):
        prob = model(src[:, 1:2], ys)[-1]
        _, next_word = torch.max(prob, dim=1)
        ys = torch.cat([ys, torch.ones(1, 1).type_as(src.data).fill_(next_word.item())], dim=0)
print(ys.shape, f"{prob.sum().item():.3f}")
