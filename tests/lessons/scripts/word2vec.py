"""Skip-gram with one-hot inputs."""
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

sentences = ["apple banana fruit", "banana orange fruit", "orange banana fruit", "dog cat animal", "cat monkey animal", "monkey dog animal"]
word_sequence = " ".join(sentences).split()
word_list = sorted(set(word_sequence))
word_dict = {w: i for i, w in enumerate(word_list)}
voc_size = len(word_list)
batch_size, embedding_size = 2, 2
skip_grams = []
for i in range(1, len(word_sequence) - 1):
    target = word_dict[word_sequence[i]]
    for w in [word_dict[word_sequence[i - 1]], word_dict[word_sequence[i + 1]]]:
        skip_grams.append([target, w])


def random_batch():
    random_index = np.random.choice(range(len(skip_grams)), batch_size, replace=False)
    return [np.eye(voc_size)[skip_grams[i][0]] for i in random_index], [skip_grams[i][1] for i in random_index]


class Word2Vec(nn.Module):
    def __init__(self):
        super(Word2Vec, self).__init__()
        self.W = nn.Linear(voc_size, embedding_size, bias=False)
        self.WT = nn.Linear(embedding_size, voc_size, bias=False)

    def forward(self, X):
        return self.WT(self.W(X))


model = Word2Vec()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(40):
    input_batch, target_batch = random_batch()
    input_batch = torch.Tensor(np.array(input_batch))
    target_batch = torch.LongTensor(target_batch)
    optimizer.zero_grad()
    output = model(input_batch)
    loss = criterion(output, target_batch)
    if (epoch + 1) % 10 == 0:
        print("Epoch:", "%04d" % (epoch + 1), "cost =", "{:.6f}".format(loss))
    loss.backward()
    optimizer.step()
