"""Other spellings of arguments. No random numbers."""

import io

import torch
import torch.nn as nn
import torch.nn.functional as F

x = torch.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]])
print(x.sum(axis=1), x.sum(axis=0, keepdims=True), x.mean(dim=1, keepdims=True), torch.sum(x, axis=-1), x.max(axis=1))
print(x.argmax(axis=1), torch.cat([x, x], axis=1), torch.stack([x, x], axis=0).shape, x.std(axis=0), x.double().softmax(axis=1))
print(torch.unsqueeze(x, axis=0).shape, x.squeeze(axis=0).shape, torch.norm(x, dim=1), x.cumsum(axis=1), x.any(axis=1))
print(torch.zeros(size=(2, 2)), torch.ones(size=[3]), torch.randn(size=(2, 2)).shape, torch.rand(size=(1, 2)).shape)
print(torch.randint(5, size=(3,)).shape, torch.randint(0, 5, size=(2, 2)).dtype, torch.randint(high=5, size=(2,)).shape)
print(torch.full((2,), 3.0), torch.full(size=(2,), fill_value=1), torch.empty(2, 3).size(), torch.normal(0.0, 1.0, size=(2, 2)).shape)

out = torch.zeros(2, 3)
print(torch.add(x, 1, out=out) is out, out, torch.mul(x, 2, out=out))
empty = torch.empty(0)
torch.exp(x, out=empty)
print(empty, torch.matmul(x, x.t(), out=torch.empty(2, 2)))
values, places = torch.empty(2), torch.empty(2, dtype=torch.long)
torch.max(x, 1, out=(values, places))
print(values, places)

for layer in (nn.ReLU(inplace=True), nn.ReLU(True), nn.LeakyReLU(0.1, inplace=True), nn.ELU(inplace=True), nn.SiLU(inplace=True),
              nn.Hardtanh(inplace=True), nn.ReLU6(inplace=True), nn.Dropout(0.5, inplace=True).eval()):  # fmt: skip
    y = x.clone()
    z = layer(y)
    print(layer, z is y, y, z)
y = x.clone()
print(F.relu(y, inplace=True) is y, y, F.relu(x.clone(), True), F.leaky_relu(y, 0.1, True))
w = x.clone().requires_grad_()
h = w * 2
nn.ReLU(inplace=True)(h).sum().backward()
print(w.grad, h)

t = torch.ones(2, 3)
print(nn.MSELoss(size_average=False)(x, t), nn.MSELoss(reduce=False)(x, t), nn.L1Loss(size_average=True)(x, t))
print(F.mse_loss(x, t, size_average=False), F.cross_entropy(x, torch.tensor([0, 2]), size_average=False), nn.MSELoss(False)(x, t))
x = x.double()
print(F.softmax(x), F.log_softmax(x), nn.Softmax()(x), nn.LogSoftmax()(x), F.softmax(x, 1), F.softmax(x[0]))

x = x.float()
x.unsqueeze_(0)
print(x.shape, x.squeeze_().shape, x.t_().shape, x.transpose_(0, 1).shape)
print(x.new([1, 2]), x.new(2, 3).shape, x.new_zeros(2), x.new_empty(2).shape)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.act = nn.ReLU(inplace=True)
        self.width, self.names, self.place = 3, ["a", "b"], torch.device("cpu")
        self.register_buffer("scale", torch.ones(2))

    def forward(self, x):
        return self.act(self.fc(x)) * self.scale


net, file = Net(), io.BytesIO()
for p in net.parameters():
    p.data.fill_(0.5)
torch.save(net, file)
file.seek(0)
again = torch.load(file, weights_only=False)
print(again, again.width, again.names, again.place, torch.equal(again(x), net(x)), [p.requires_grad for p in again.parameters()])
file = io.BytesIO()
torch.save({"model": net.state_dict(), "epoch": 3, "loss": 0.5, "order": [1, 2], "pair": (1, "a")}, file)
file.seek(0)
state = torch.load(file, map_location=torch.device("cpu"), weights_only=True)
print(state["epoch"], state["loss"], state["order"], state["pair"], again.load_state_dict(state["model"]))
print(torch.load(io.BytesIO(file.getvalue()), map_location="cpu")["model"]["fc.bias"])

with torch.inference_mode():
    print((x * w.sum()).requires_grad, torch.is_grad_enabled())


@torch.inference_mode()
def ask():
    return torch.is_grad_enabled()


print(ask(), torch.is_grad_enabled(), torch.backends.mps.is_available(), torch.accelerator.is_available())
print(torch.cuda.is_available(), torch.cuda.device_count(), torch.Generator(device="cpu").device, torch.Generator().initial_seed())
generator = torch.Generator().manual_seed(1)
print(torch.equal(torch.rand(2, generator=generator), torch.rand(2, generator=generator)), torch.get_default_device())
