"""Networks of the package against the same ones written in PyTorch: weights by the same names, the same losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl.errors import ArgumentError, RangeError, ShapeError
from minidl.models import GPT, CharLSTM, Rows, Vocabulary, resnet18
from minidl.models.gpt import sinusoids
from minidl.models.summary import summarize
from tests.nn.pairs import compare, torch_state
from tests.support.compare import assert_close, to_numpy

TF = torch.nn.functional


class TorchBlock(torch.nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.proj = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.fc1, self.fc2 = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t, width = x.shape
        q, k, v = [part.view(n, t, self.heads, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).split(width, 2)]
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(q.shape[-1])
        scores = scores.masked_fill(torch.triu(torch.ones(t, t, dtype=torch.bool), 1), -math.inf)
        x = x + self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width))
        return x + self.fc2(TF.gelu(self.fc1(self.norm2(x))))


class TorchGPT(torch.nn.Module):
    """Attention written out, not PyTorch's own function."""

    def __init__(self, vocabulary: int, context: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.tokens, self.positions = torch.nn.Embedding(vocabulary, width), torch.nn.Embedding(context, width)
        self.blocks = torch.nn.ModuleList([TorchBlock(width, heads) for _ in range(layers)])
        self.norm = torch.nn.LayerNorm(width)
        self.head = torch.nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def losses(library: Any, model: Any, ids: np.ndarray, steps: int, context: int, batch: int = 4) -> list[float]:
    """The losses of some steps of AdamW on windows of a text, drawn from one seed; in either library."""
    F = library.nn.functional
    optimizer, rng, found = library.optim.AdamW(model.parameters(), lr=3e-3), np.random.default_rng(0), []
    for _ in range(steps):
        starts = rng.integers(0, len(ids) - context, batch)
        windows = np.stack([ids[start : start + context + 1] for start in starts])
        x, y = library.tensor(windows[:, :-1]), library.tensor(windows[:, 1:])
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def text() -> np.ndarray:
    letters = "the cat sat on the mat and the rat ran from the cat; " * 8
    return np.array(Vocabulary(letters).encode(letters).tolist())


@pytest.mark.parametrize(("steps", "double"), [(5, False), pytest.param(100, True, marks=pytest.mark.slow)])
def test_a_gpt_learns_as_in_pytorch(steps, double):
    """0.2 million parameters; from the same weights, the losses of every step are PyTorch's, to rounding."""
    sizes = {"context": 32, "width": 64, "layers": 4, "heads": 4}
    ids = text()
    minidl.manual_seed(1)
    mine, theirs = GPT(int(ids.max()) + 1, **sizes), TorchGPT(int(ids.max()) + 1, **sizes)
    assert 190_000 < sum(p.numel() for p in mine.parameters()) < 220_000
    if double:  # in which 100 steps do not yet amplify the last digits
        mine.double()
        theirs.double()
    assert repr(theirs.load_state_dict(torch_state(mine))) == "<All keys matched successfully>"
    found = losses(minidl, mine, ids, steps, 32)
    np.testing.assert_allclose(found, losses(torch, theirs, ids, steps, 32), rtol=1e-9 if double else 1e-5)
    assert found[-1] < 0.9 * found[0]


@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_generating_with_a_cache_is_generating_without(positions):
    model = GPT(11, context=8, width=16, layers=2, heads=2, positions=positions)
    for p in model.parameters():
        p.data = p.data * 20  # scores that differ clearly
    ids = minidl.randint(0, 11, (2, 3))
    plain = ids
    for _ in range(9):  # beyond the context of 8
        scores = model(plain[:, -8:])[:, -1]
        plain = minidl.cat([plain, scores.argmax(-1, keepdim=True)], 1)
    assert model.generate(ids, 9, temperature=0).tolist() == plain.tolist()
    assert model.generate(ids, 9, top_k=1).tolist() == plain.tolist()
    cache: list[Any] = []
    parts = minidl.cat([model(plain[:, :2], cache), model(plain[:, 2:5], cache), model(plain[:, 5:6], cache)], 1)
    np.testing.assert_allclose(to_numpy(parts), to_numpy(model(plain[:, :6])), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", [lambda: GPT(11, 8, 16, 2, 2, dropout=0.3), lambda: CharLSTM(11, 8, 8, 2, 0.3)])
def test_draws_follow_the_seed_the_temperature_and_top_k(make):
    model = make()
    ids = minidl.zeros(1, 2).long()
    state = minidl.default_generator.get_state()
    first = model.generate(ids, 30, seed=4)
    assert minidl.default_generator.get_state() == state, "a seed of its own leaves minidl's stream alone"
    assert model.training
    assert first.tolist() == model.generate(ids, 30, seed=4).tolist() != model.generate(ids, 30, seed=5).tolist()
    cold = model.generate(ids, 20, temperature=1e-7, seed=1)
    assert cold.tolist() == model.generate(ids, 20, temperature=0).tolist()
    minidl.manual_seed(0)
    drawn = model.generate(ids, 5)
    minidl.manual_seed(0)
    assert drawn.tolist() == model.generate(ids, 5).tolist()
    best = set(np.argsort(to_numpy(scores_of(model, ids))[0])[-3:].tolist())
    seen = {model.generate(ids, 1, temperature=5.0, top_k=3, seed=seed)[0, -1].item() for seed in range(30)}
    assert seen == best


def scores_of(model: Any, ids: minidl.Tensor) -> minidl.Tensor:
    model.eval()
    z = model(ids)
    model.train()
    return (z[0] if isinstance(z, tuple) else z)[:, -1]


def test_waves():
    expected = np.zeros((6, 5))
    for p in range(6):
        for i in range(5):
            angle = p / 10000 ** (2 * (i // 2) / 5)
            expected[p, i] = math.cos(angle) if i % 2 else math.sin(angle)
    np.testing.assert_allclose(to_numpy(sinusoids(6, 5)), expected, atol=1e-6)
    model = GPT(5, 6, 8, 1, 2, positions="sinusoidal")
    assert "waves" not in model.state_dict(), "they are not learned, so not saved"


class TorchCharLSTM(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(11, 4)
        self.lstm = torch.nn.LSTM(4, 6, 2, batch_first=True)
        self.head = torch.nn.Linear(6, 11)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(self.embedding(ids))[0])


def test_a_character_model():
    mine, theirs = CharLSTM(11, 4, 6, 2), TorchCharLSTM()
    theirs.load_state_dict(torch_state(mine))
    ids = np.random.default_rng(0).integers(0, 11, (3, 7))
    whole, _ = mine(minidl.tensor(ids))
    assert_close(whole, theirs(torch.tensor(ids)))
    first, state = mine(minidl.tensor(ids[:, :4]))
    second, _ = mine(minidl.tensor(ids[:, 4:]), state)
    np.testing.assert_allclose(to_numpy(minidl.cat([first, second], 1)), to_numpy(whole), rtol=1e-5, atol=1e-6)
    written = minidl.tensor(ids)
    for _ in range(5):
        written = minidl.cat([written, mine(written)[0][:, -1].argmax(-1, keepdim=True)], 1)
    assert mine.generate(minidl.tensor(ids), 5, temperature=0).tolist() == written.tolist()


class TorchRows(torch.nn.Module):
    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.rnn, self.fc = kind(28, 128, batch_first=True), torch.nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.rnn(x.squeeze(1))[0][:, -1])


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_images_row_by_row(kind):
    mine, theirs = Rows(kind=getattr(minidl.nn, kind)), TorchRows(getattr(torch.nn, kind))
    theirs.load_state_dict(torch_state(mine))
    images = np.random.default_rng(0).random((6, 1, 28, 28), np.float32)
    labels = np.arange(6)
    found = []
    for library, model in ((minidl, mine), (torch, theirs)):
        optimizer = library.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for _ in range(4):
            loss = library.nn.functional.cross_entropy(model(library.tensor(images)), library.tensor(labels))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
    np.testing.assert_allclose(found[:4], found[4:], rtol=1e-5)
    assert found[3] < found[0]


def test_states_start_to_last():
    """Orthogonal weights from state to state, and forget gates that are open."""
    for gate in np.split(to_numpy(Rows().rnn.weight_hh_l0), 4):
        np.testing.assert_allclose(gate @ gate.T, np.eye(128), atol=1e-5)
    bias = to_numpy(Rows().rnn.bias_ih_l0)
    assert (bias[128:256] == 1).all() and (np.abs(np.delete(bias, range(128, 256))) < 0.1).all()


def torch_stage(inplanes: int, planes: int, stride: int) -> torch.nn.Sequential:
    class BasicBlock(torch.nn.Module):
        def __init__(self, inplanes: int, stride: int) -> None:
            super().__init__()
            self.conv1 = torch.nn.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
            self.bn1 = torch.nn.BatchNorm2d(planes)
            self.conv2 = torch.nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
            self.bn2 = torch.nn.BatchNorm2d(planes)
            self.downsample = None
            if stride != 1 or inplanes != planes:
                shortcut = torch.nn.Conv2d(inplanes, planes, 1, stride, bias=False)
                self.downsample = torch.nn.Sequential(shortcut, torch.nn.BatchNorm2d(planes))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            z = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (z + (x if self.downsample is None else self.downsample(x))).relu()

    return torch.nn.Sequential(BasicBlock(inplanes, stride), BasicBlock(planes, 1))


class TorchResNet18(torch.nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(64)
        self.layer1, self.layer2 = torch_stage(64, 64, 1), torch_stage(64, 128, 2)
        self.layer3, self.layer4 = torch_stage(128, 256, 2), torch_stage(256, 512, 2)
        self.fc = torch.nn.Linear(512, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = TF.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


def test_resnet18():
    mine, theirs = resnet18(num_classes=4), TorchResNet18(4)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    for name in ("layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "layer4.1.bn2.running_var", "fc.bias"):
        assert name in mine.state_dict()  # torchvision's names
    theirs.load_state_dict(torch_state(mine))
    mine.double().eval()
    theirs.double().eval()
    images = np.random.default_rng(0).random((2, 3, 40, 36))
    with minidl.no_grad():
        assert_close(mine(minidl.tensor(images)), theirs(torch.tensor(images)))
    assert summarize(resnet18(), (1, 3, 224, 224)).parameters == 11_689_512


@pytest.mark.slow
def test_every_gradient_of_resnet18():
    mine, theirs = resnet18(num_classes=4), TorchResNet18(4)
    theirs.load_state_dict(torch_state(mine))
    compare(mine.double(), theirs.double(), np.random.default_rng(0).random((2, 3, 40, 36)), tolerance=1e-7)


def test_summaries_of_models_that_read_text():
    found = summarize(GPT(65), (2, 64), dtype=np.int64)
    tokens, width = 2 * 64, 64
    products = tokens * width * (3 + 1 + 4 + 4) * width + 2 * tokens * 64 * width
    assert found.multiply_adds == 4 * products + tokens * width * 65
    assert summarize(CharLSTM(30), (2, 5), dtype=np.int64).layers[1].output == (2, 5, 128)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Vocabulary("abc").encode("abd"), RangeError, "has no 'd'"),
        (lambda: GPT(5, context=4, width=8)(minidl.zeros(1, 5).long()), ShapeError, "1 to 4 tokens"),
        (lambda: GPT(5, width=8, positions="none"), ArgumentError, "'learned' or 'sinusoidal'; got 'none'"),
        (lambda: GPT(5, width=8).generate(minidl.zeros(1, 0).long(), 1), ShapeError, "at least one token"),
        (lambda: CharLSTM(5).generate(minidl.zeros(3).long(), 1), ShapeError, "texts"),
        (lambda: GPT(5, width=8).generate(minidl.zeros(1, 1).long(), 1, temperature=-1), ArgumentError, "temperature"),
        (lambda: GPT(5, width=8).generate(minidl.zeros(1, 1).long(), 1, top_k=0), ArgumentError, "top_k"),
        (lambda: resnet18("DEFAULT"), ArgumentError, "ships no trained weights"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()
