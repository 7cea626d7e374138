"""Sentences of several lengths: padding, packing, a bidirectional LSTM, EmbeddingBag, attention over steps, class weights."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

text = ["good film", "bad bad film", "a good good story here", "story bad", "here a film", "good"]
vocab = {w: i + 1 for i, w in enumerate(sorted({w for t in text for w in t.split()}))}
seqs = [torch.tensor([vocab[w] for w in t.split()]) for t in text]
lengths = torch.tensor([len(s) for s in seqs])
batch = pad_sequence(seqs, batch_first=True, padding_value=0)
labels = torch.LongTensor([1, 0, 1, 0, 2, 1])
print(vocab, batch, lengths)


class Classifier(nn.Module):
    def __init__(self, vocab_size, embed_dim=6, hidden=5, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=0)
        self.lstm = nn.LSTM(embed_dim, hidden, num_layers=2, bidirectional=True, batch_first=True, dropout=0.0)
        self.attn = nn.Linear(2 * hidden, 1)
        self.fc = nn.Linear(4 * hidden, classes)
        self.norm = nn.LayerNorm(4 * hidden)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.embedding(x), lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, (h_n, c_n) = self.lstm(packed)
        out, lens = pad_packed_sequence(out, batch_first=True)
        scores = self.attn(out).squeeze(-1).masked_fill(torch.arange(out.size(1))[None, :] >= lens[:, None], float("-inf"))
        context = torch.bmm(F.softmax(scores, dim=-1).unsqueeze(1), out).squeeze(1)
        hidden = torch.cat((h_n[-2, :, :], h_n[-1, :, :]), dim=1)
        return self.fc(self.norm(torch.cat([context, hidden], dim=1)))


model = Classifier(len(vocab) + 1)
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 0.5, 2.0]), label_smoothing=0.1)
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
for epoch in range(1, 6):
    model.train()
    optimizer.zero_grad()
    logits = model(batch, lengths)
    loss = criterion(logits, labels)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=5.0)
    optimizer.step()
    print(f"Epoch {epoch:02d} | loss {loss.item():.4f} | pad row grad {model.embedding.weight.grad[0].abs().sum().item():.1f}")
packed = pack_sequence([s.float().unsqueeze(1) for s in seqs], enforce_sorted=False)
print(packed.batch_sizes, packed.data.flatten()[:6], packed.sorted_indices)
bag = nn.EmbeddingBag(len(vocab) + 1, 3, mode="mean")
bag.weight.data.copy_(torch.linspace(-1, 1, bag.weight.numel()).view_as(bag.weight))
offsets = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]])
print(bag(torch.cat(seqs), offsets))
probs = F.softmax(model.eval()(batch, lengths), dim=1)
conf = torch.zeros(3, 3, dtype=torch.int64)
for t, p in zip(labels.view(-1), probs.argmax(1).view(-1)):
    conf[t.long(), p.long()] += 1
print(conf.sum(), probs.detach().sum(1))
