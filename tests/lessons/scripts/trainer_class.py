"""A Lightning-free trainer: callbacks, schedulers, gradient clipping, checkpoints."""
import os
import tempfile
from collections import defaultdict

import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset


class Trainer:
    def __init__(self, model, train_dataset, config):
        self.model, self.train_dataset, self.config = model, train_dataset, config
        self.callbacks = defaultdict(list)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = self.model.to(self.device)
        self.iter_num = 0

    def add_callback(self, onevent, callback):
        self.callbacks[onevent].append(callback)

    def run(self):
        model = self.model
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        loader = DataLoader(self.train_dataset, shuffle=True, pin_memory=False, batch_size=8, num_workers=0)
        model.train()
        data_iter = iter(loader)
        while self.iter_num < 10:
            try:
                batch = next(data_iter)
            except StopIteration:
                data_iter = iter(loader)
                batch = next(data_iter)
            x, y = [t.to(self.device) for t in batch]
            self.loss = nn.functional.cross_entropy(model(x), y, ignore_index=-1)
            model.zero_grad(set_to_none=True)
            self.loss.backward()
            self.norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            for callback in self.callbacks["on_batch_end"]:
                callback(self)
            self.iter_num += 1
        path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "iter": self.iter_num}, path)
        checkpoint = torch.load(path, map_location=self.device, weights_only=True)
        print(model.load_state_dict(checkpoint["model"]), checkpoint["iter"])


x = torch.randn(20, 5)
dataset = TensorDataset(x, (x.sum(1) > 0).long())
trainer = Trainer(nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 2)), dataset, None)
trainer.add_callback("on_batch_end", lambda t: print(f"iter {t.iter_num} loss {t.loss.item():.5f} norm {float(t.norm):.4f}"))
trainer.run()
print(len(RandomSampler(dataset, replacement=True, num_samples=int(1e10))))
