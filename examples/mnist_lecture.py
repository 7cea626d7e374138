"""The lecture's lab: train a CNN on MNIST and test it.

Teaches: the shape of every PyTorch training script (data, model, loss, optimizer, loop, test). The listing is the
lecture's own; only the import lines name minidl instead of torch. What you learn here holds there.

    python examples/mnist_lecture.py                     # on the CPU, with NumPy
    python examples/mnist_lecture.py --backend cupy      # on a GPU, with CuPy
"""

import argparse

import minidl as torch
import minidl.data.datasets as dsets
import minidl.data.transforms as transforms
from minidl.data import DataLoader

arguments = argparse.ArgumentParser(description="The lecture's CNN on MNIST.")
arguments.add_argument("--backend", choices=("numpy", "cupy"), default="numpy", help="the array library")
arguments.add_argument("--epochs", type=int, default=3, help="passes through the training digits")
arguments.add_argument("--data", default=None, help="a folder with the MNIST files; else the cache, else a sample")
options = arguments.parse_args()

torch.use_backend(options.backend)
device = "cuda" if options.backend == "cupy" else "cpu"
torch.manual_seed(777)

learning_rate = 0.001
training_epochs = options.epochs
batch_size = 100

# The digits: 28x28 gray images, as tensors (1, 28, 28) with values from 0 to 1.
mnist_train = dsets.MNIST(root=options.data, train=True, transform=transforms.ToTensor(), download=True)
mnist_test = dsets.MNIST(root=options.data, train=False, transform=transforms.ToTensor(), download=True)
data_loader = DataLoader(dataset=mnist_train, batch_size=batch_size, shuffle=True, drop_last=True)


class CNN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # (N, 1, 28, 28) -> conv (N, 10, 30, 30) -> pool (N, 10, 15, 15)
        self.layer1 = torch.nn.Sequential(
            torch.nn.Conv2d(1, 10, kernel_size=5, stride=1, padding=3),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(kernel_size=2, stride=2),
        )
        # (N, 10, 15, 15) -> conv (N, 20, 17, 17) -> pool (N, 20, 8, 8)
        self.layer2 = torch.nn.Sequential(
            torch.nn.Conv2d(10, 20, kernel_size=5, stride=1, padding=3),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(kernel_size=2, stride=2),
        )
        # (N, 1280) -> one score per class (N, 10)
        self.fc = torch.nn.Linear(8 * 8 * 20, 10, bias=True)
        torch.nn.init.xavier_uniform_(self.fc.weight)

    def forward(self, x):
        out = self.layer1(x)
        out = self.layer2(out)
        out = out.view(out.size(0), -1)
        return self.fc(out)


model = CNN().to(device)
criterion = torch.nn.CrossEntropyLoss().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)

total_batch = len(data_loader)
for epoch in range(training_epochs):
    avg_cost = 0
    for X, Y in data_loader:
        X = X.to(device)
        Y = Y.to(device)
        optimizer.zero_grad()
        hypothesis = model(X)
        cost = criterion(hypothesis, Y)
        cost.backward()
        optimizer.step()
        avg_cost += cost.detach() / total_batch
    print(f"[Epoch: {epoch + 1:>4}] cost = {avg_cost.item():.9f}")

with torch.no_grad():
    X_test = mnist_test.test_data.view(len(mnist_test), 1, 28, 28).float().to(device) / 255
    Y_test = mnist_test.test_labels.to(device)
    prediction = model(X_test)
    correct_prediction = torch.argmax(prediction, 1) == Y_test
    accuracy = correct_prediction.float().mean()
    print("Accuracy:", accuracy.item())
