"""The training loop: the numbers it reports, the state it resumes from, the options it is made from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn, optim
from minidl.data import DataLoader, TensorDataset
from minidl.errors import ArgumentError
from minidl.tensors import saving as checkpoint
from minidl.training import DivergenceError, Progress, Trainer, evaluate
from minidl.training.meter import CURVE_STEPS, Meter
from minidl.training.options import CHOICES, OptionError, Options, make_optimizer, make_scheduler, merged, read_toml
from tests.support.compare import to_numpy

SAMPLES, BATCH = 60, 8


class Small(nn.Module):
    """Dropout draws random numbers, batch norm has buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.norm, self.drop, self.fc2 = (
            nn.Linear(5, 16),
            nn.BatchNorm1d(16),
            nn.Dropout(0.2),
            nn.Linear(16, 3),
        )

    def forward(self, x: minidl.Tensor) -> minidl.Tensor:
        return self.fc2(self.drop(self.norm(self.fc1(x)).relu()))


def data(seed: int = 0) -> TensorDataset:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, SAMPLES)
    x = random.normal(size=(SAMPLES, 5)) + np.eye(5)[labels] * 3
    return TensorDataset(minidl.tensor(x.astype(np.float32)), minidl.tensor(labels))


def trainer(optimizer: str = "adam", schedule: str = "onecycle", epochs: int = 3) -> Trainer:
    minidl.manual_seed(5)
    options = Options(optimizer=optimizer, schedule=schedule, epochs=epochs).checked()
    model = Small()
    made = make_optimizer(options, model)
    loader = DataLoader(data(), batch_size=BATCH, shuffle=True, prefetch=2)
    scheduler, each = make_scheduler(options, made, len(loader))
    validation = DataLoader(data(1), batch_size=16, generator=minidl.Generator(0))
    return Trainer(model, made, loader, validation=validation, scheduler=scheduler, each=each)


def weights(made: Trainer) -> dict[str, np.ndarray]:
    return {name: to_numpy(value) for name, value in made.model.state_dict().items()}


def told(made: Trainer) -> list[dict[str, Any]]:
    """The history without clock times."""
    return [{k: v for k, v in record.items() if k not in ("seconds", "images_per_second")} for record in made.history]


def assert_same(one: Trainer, other: Trainer) -> None:
    for name, value in weights(one).items():
        assert value.tobytes() == weights(other)[name].tobytes(), name
    assert told(one) == told(other)
    assert one.meter.curve == other.meter.curve
    assert one.step == other.step


def stopped_after(made: Trainer, steps: int, epochs: int = 3) -> None:
    assert not made.fit(epochs, should_stop=lambda: made.step >= steps)
    assert made.step == steps


ALL_OPTIMIZERS, ALL_SCHEDULES = CHOICES["optimizer"], CHOICES["schedule"]


@pytest.mark.parametrize(
    ("optimizer", "schedule"), [(name, "onecycle") for name in ALL_OPTIMIZERS] + [("sgd", s) for s in ALL_SCHEDULES]
)
@pytest.mark.parametrize("steps", [1, 8, 11])  # within an epoch, at its last batch, in the second epoch
def test_going_on_equals_never_having_stopped(tmp_path: Path, optimizer: str, schedule: str, steps: int) -> None:
    whole = trainer(optimizer, schedule)
    assert whole.fit(3)
    first = trainer(optimizer, schedule)
    stopped_after(first, steps)
    checkpoint.save(first.state_dict(), tmp_path / "state.npz")
    minidl.manual_seed(99)
    second = trainer(optimizer, schedule)
    second.load_state_dict(checkpoint.load(tmp_path / "state.npz"))
    assert second.step == steps
    assert second.fit(3)
    assert_same(whole, second)


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    one = trainer()
    assert one.fit(2)
    two = trainer()
    assert two.fit(2)
    assert_same(one, two)
    minidl.manual_seed(6)
    assert not np.array_equal(to_numpy(Small().fc1.weight), to_numpy(trainer().model.fc1.weight))


def test_the_history_is_what_happened() -> None:
    made = trainer("sgd", "constant")
    model, first = made.model, {}

    def note(record: dict[str, Any]) -> None:
        found = evaluate(model, made.validation)
        first[record["epoch"]] = (found.loss, found.accuracy)

    assert made.fit(2, on_epoch=note)
    for record in made.history:
        assert (record["val_loss"], record["val_accuracy"]) == first[record["epoch"]]
        assert record["step"] == record["epoch"] * math.ceil(SAMPLES / BATCH)
        assert record["seconds"] > 0
    assert made.history[-1]["train_loss"] < made.history[0]["train_loss"]
    assert made.history[-1]["val_accuracy"] > 0.8


def test_the_training_loss_is_the_mean_over_samples_not_batches() -> None:
    x = minidl.tensor(np.zeros((10, 2), np.float32))
    loader = DataLoader(TensorDataset(x, minidl.tensor(np.arange(10) % 2)), batch_size=4)
    model = nn.Linear(2, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    made = Trainer(model, optimizer, loader)
    assert made.fit(1)
    found = evaluate(model, loader)
    assert made.history[0]["train_loss"] == pytest.approx(found.loss, rel=1e-6)
    assert made.history[0]["train_accuracy"] == found.accuracy
    assert made.history[0]["val_loss"] is None


def test_evaluate_counts_and_keeps_the_mode() -> None:
    model = Small()
    found = evaluate(model, DataLoader(data(), batch_size=7))
    assert model.training
    assert found.scores.shape == (SAMPLES, 3)
    assert found.accuracy == float((found.predicted == found.labels).mean())
    np.testing.assert_allclose(found.probabilities.sum(1), 1)
    picked = found.probabilities[np.arange(SAMPLES), found.labels]
    assert found.loss == pytest.approx(-np.log(picked).mean(), rel=1e-5)


def test_progress_is_told_with_a_time_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minidl.training.loop.REPORT_SECONDS", 0.0)
    seen: list[Progress] = []
    assert trainer().fit(2, on_progress=seen.append)
    assert [p.seen for p in seen if p.epoch == 2] == [8, 16, 24, 32, 40, 48, 56, 60]
    assert all(p.images == SAMPLES and p.epochs == 2 for p in seen)
    for p in seen:
        assert p.eta == pytest.approx((SAMPLES - p.seen + SAMPLES * (2 - p.epoch)) / p.images_per_second)


@pytest.mark.parametrize("bad_step", [3, 8, 10])
def test_a_loss_that_is_not_finite_stops_with_its_step(bad_step: int) -> None:
    made = trainer("sgd", "constant")
    loss, calls = made.loss, []

    def poisoned(z: minidl.Tensor, y: minidl.Tensor) -> minidl.Tensor:
        calls.append(1)
        return loss(z, y) * (math.inf if made.step + 1 == bad_step and made.model.training else 1.0)

    made.loss = poisoned
    epoch, batch = divmod(bad_step - 1, 8)
    with pytest.raises(
        DivergenceError, match=rf"inf at step {bad_step} \(epoch {epoch + 1}, batch {batch + 1}\)"
    ) as info:
        made.fit(3)
    assert info.value.step == bad_step
    with pytest.raises(DivergenceError):  # a state that is not finite is never given out
        made.state_dict()


def test_a_weight_that_is_not_finite_is_named() -> None:
    made = trainer("sgd", "constant")
    made.model.fc2.bias.data = minidl.tensor(np.array([0, np.nan, 0], np.float32))
    with pytest.raises(DivergenceError, match=r"the weight fc2\.bias is no longer finite"):
        made.state_dict()


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=120), st.sets(st.integers(0, 119)))
def test_the_meter_s_sums_do_not_depend_on_when_they_are_read(losses: list[float], reads: set[int]) -> None:
    one, other = Meter(), Meter()
    for i, loss in enumerate(losses):
        for meter in (one, other):
            meter.add(i + 1, minidl.tensor(loss), minidl.tensor(i % 5), 5)
        if i in reads:
            other.settle()
    one.settle()
    other.settle()
    assert (one.loss_sum, one.right, one.seen, one.curve) == (other.loss_sum, other.right, other.seen, other.curve)
    assert len(one.curve) == len(losses) // CURVE_STEPS
    assert one.loss == pytest.approx(np.mean(np.float32(losses).astype(float)))


def test_a_wrong_word_for_when_to_step_is_refused() -> None:
    model = Small()
    with pytest.raises(ArgumentError, match="'batch' or 'epoch'"):
        Trainer(model, optim.SGD(model.parameters(), lr=0.1), DataLoader(data()), each="step")


def test_options_fill_in_what_depends_on_others() -> None:
    assert Options().checked().lr == 0.1
    assert Options(schedule="constant").checked().lr == 0.02
    assert Options(model="lstm").checked().lr == 0.1
    assert Options(model="rnn").checked().lr == 0.02, "at 0.1 its gradients explode"
    adam = Options(optimizer="adam").checked()
    assert (adam.lr, adam.momentum, adam.weight_decay) == (0.003, None, 0.0)
    assert Options(optimizer="adamw").checked().weight_decay == 0.01
    assert adam.checked() == adam
    assert Options(lr=0.5, momentum=0.0, weight_decay=0.1).checked().as_dict().items() >= {
        "lr": 0.5, "momentum": 0.0, "weight_decay": 0.1
    }.items()  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"optimizer": "sdg"}, r"--optimizer must be one of sgd, .*; got 'sdg'; did you mean sgd\?"),
        ({"schedule": "cosin"}, "did you mean cosine"),
        ({"backend": "torch"}, "--backend must be one of numpy, cupy"),
        ({"epochs": 0}, "--epochs must be at least 1, got 0"),
        ({"batch_size": -1}, "--batch-size must be at least 1"),
        ({"seed": -1}, "--seed must be at least 0"),
        ({"limit": 0}, "--limit must be at least 1"),
        ({"lr": math.nan}, "--lr must be a finite number"),
        ({"lr": -0.1}, "--lr must be"),
        ({"momentum": 0.9, "optimizer": "adam"}, "adam takes no momentum"),
        ({"val_split": 1.5}, "--val-split must be a share"),
        ({"val_split": -0.1}, "--val-split must be a share"),
    ],
)
def test_options_that_are_wrong_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        merged(given)


def test_a_toml_file_lies_between_the_defaults_and_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('epochs = 7\nbatch-size = 50\n[train]\nlr = 1\naugment = true\nmodel = "mlp"\n')
    found = merged({"epochs": 2}, str(path))
    assert (found.epochs, found.batch_size, found.lr, found.augment, found.model) == (2, 50, 1.0, True, "mlp")
    assert type(found.lr) is float


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", "no option 'epoch'; did you mean 'epochs'"),
        ("zzz = 3", "no option 'zzz'; known: model"),
        ('epochs = "3"', "epochs must be a whole number, got '3'"),
        ("epochs = 3.0", "epochs must be a whole number, got 3.0"),
        ("augment = 1", "augment must be true or false"),
        ("lr = true", "lr must be a number"),
        ("epochs = ", "is not TOML"),
        ("train = 3", "must be a table"),
        ("lr = 1\n[train]\nlr = 2", "given twice"),
        ("batch-size = 1\nbatch_size = 2", "given twice"),
    ],
)
def test_a_toml_file_that_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(OptionError, match=message):
        read_toml(str(path))
    with pytest.raises(OptionError, match="cannot be read"):
        read_toml(str(tmp_path / "none.toml"))
