"""The same computations by NumPy and on this machine's GPU: values and gradients must agree.

In float64 the gradients of the operations are also compared with differences: two libraries may share a mistake.

The result is a certificate: which device, driver and versions, and the largest difference of every check.
"""

from __future__ import annotations

import datetime
import platform
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import minidl

from .. import nn, optim
from .._version import __version__
from ..backend import get_backend, to_host, use_backend
from ..engine.tensor import Tensor
from ..models.networks import make_model
from ..nn import functional as F
from ..proof.differences import OnArrays, Probe
from ..proof.judge import judge, random_seeds
from ..proof.operations import quiet_engine

TOLERANCE = {"float32": 2e-5, "float64": 1e-9}  # of the largest magnitude
STEPS = 5
JUDGED = 8  # elements of each input that are compared with differences one by one
Result = dict[str, np.ndarray]

LABELS = np.array([1, 0, 2, 2, 1, 0])
# what is compared, its name, and the shapes of its inputs, filled with random numbers
OPERATIONS: dict[str, tuple[Callable[..., Tensor], tuple[tuple[int, ...], ...]]] = {
    "add, subtract, broadcast": (lambda x, y: (x + y) * (x - y), ((5, 1, 4), (3, 1))),
    "divide, power": (lambda x, y: x / (y * y + 1) + (x * x + 1) ** 1.5, ((4, 5), (4, 5))),
    "exp, log, sqrt": (lambda x: (x.exp() + 1).log() + (x * x + 1).sqrt(), ((7, 9),)),
    "sin, cos, tanh": (lambda x: x.sin() + x.cos() * x.tanh(), ((7, 9),)),
    "sigmoid": (lambda x: F.sigmoid(x), ((7, 9),)),
    "relu, leaky_relu, elu": (lambda x: F.relu(x) + F.leaky_relu(x, 0.1) + F.elu(x), ((7, 9),)),
    "gelu, silu, softplus": (lambda x: F.gelu(x) + F.silu(x) + F.softplus(x), ((7, 9),)),
    "sum, mean": (lambda x: x.sum(0) + x.mean(0), ((300, 17),)),
    "max, min": (lambda x: x.max(1).values - x.min(1).values, ((30, 17),)),
    "variance": (lambda x: x.var(1) + x.var(1, unbiased=False), ((30, 17),)),
    "cumsum": (lambda x: x.cumsum(0), ((30, 7),)),
    "matmul": (lambda x, y: x @ y, ((33, 65), (65, 17))),
    "matmul of a batch": (lambda x, y: x @ y, ((4, 9, 8), (8, 5))),
    "reshape, transpose": (lambda x: x.reshape(6, 4).transpose(0, 1) * 2, ((2, 3, 4),)),
    "slices": (lambda x: x[1:, ::2] * 3, ((6, 7),)),
    "rows by index, some twice": (lambda x: x[minidl.tensor(LABELS)], ((4, 5),)),
    "concatenate": (lambda x, y: minidl.cat([x, y, x], 1), ((3, 4), (3, 2))),
    "softmax": (lambda x: F.softmax(x, 1), ((6, 11),)),
    "log_softmax": (lambda x: F.log_softmax(x, 1), ((6, 11),)),
    "cross_entropy": (lambda x: F.cross_entropy(x, minidl.tensor(LABELS)), ((6, 3),)),
    "cross_entropy, smoothed": (
        lambda x: F.cross_entropy(x, minidl.tensor(LABELS), label_smoothing=0.1), ((6, 3),),
    ),
    "mse_loss": (lambda x, y: F.mse_loss(x, y), ((6, 3), (6, 3))),
    "smooth_l1_loss": (lambda x, y: F.smooth_l1_loss(x, y), ((6, 3), (6, 3))),
    "linear": (lambda x, w, b: F.linear(x, w, b), ((8, 30), (5, 30), (5,))),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, padding=2), ((3, 4, 9, 8), (6, 4, 5, 5), (6,))),
    "conv2d, stride, dilation, groups": (
        lambda x, w: F.conv2d(x, w, stride=2, padding=1, dilation=2, groups=2), ((3, 4, 11, 12), (6, 2, 3, 3)),
    ),
    "conv_transpose2d": (lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1), ((2, 3, 5, 6), (3, 4, 4, 4))),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, stride=2, padding=1), ((3, 4, 9, 8),)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 2), ((3, 4, 9, 8),)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, (3, 2)), ((2, 3, 7, 5),)),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True), ((8, 4, 5, 5),)),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (9,), w, b), ((8, 9), (9,), (9,))),
    "embedding": (lambda w: F.embedding(minidl.tensor(LABELS), w), ((4, 5),)),
}  # fmt: skip
OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda parameters: optim.SGD(parameters, lr=0.1),
    "SGD, momentum, nesterov": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda parameters: optim.Adam(parameters, lr=0.01),
    "AdamW": lambda parameters: optim.AdamW(parameters, lr=0.01),
    "RMSprop": lambda parameters: optim.RMSprop(parameters, lr=0.01, momentum=0.5),
    "Adagrad": lambda parameters: optim.Adagrad(parameters, lr=0.05),
}


def certificate() -> dict[str, Any]:
    """Run every check on the GPU and by NumPy. Raises `BackendError` if there is no usable GPU."""
    gpu = get_backend("cuda")
    checks = list(_checks())
    return {
        "device": gpu.device_label(),
        "emulated": gpu.emulated,
        "passed": all(check["passed"] for check in checks),
        "versions": _versions(),
        "commit": _commit(),
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "largest_difference": {
            dtype: max(check["difference"] for check in checks if check["dtype"] == dtype) for dtype in TOLERANCE
        },
        "checks": checks,
    }


def _checks() -> Iterator[dict[str, Any]]:
    for dtype, tolerance in TOLERANCE.items():
        for name, (function, shapes) in OPERATIONS.items():
            found = _check(name, dtype, tolerance, partial(_operation, function, shapes, dtype))
            yield found if dtype == "float32" or not found["passed"] else _and_judged(found, function, shapes)
        for name, make in OPTIMIZERS.items():
            yield _check(f"{name}, {STEPS} steps", dtype, tolerance * 10, partial(_updates, make, dtype))
        yield _check("the lecture's network, a step", dtype, tolerance * 10, partial(_network, dtype))


def _check(name: str, dtype: str, tolerance: float, compute: Callable[[], Result]) -> dict[str, Any]:
    """One computation in both libraries: the largest difference, relative to the largest magnitude of each array."""
    difference, error = 0.0, None
    try:
        with use_backend("cpu"):
            expected = compute()
        with use_backend("cuda"):
            found = compute()
        difference = max(_difference(found[key], expected[key]) for key in expected)
    except Exception as failure:  # every other check still runs
        difference, error = float("inf"), f"{type(failure).__name__}: {failure}"
    return {
        "name": name, "dtype": dtype, "difference": difference, "tolerance": tolerance,
        "passed": difference <= tolerance, "error": error,
    }  # fmt: skip


def _and_judged(check: dict[str, Any], function: Callable[..., Tensor], shapes: Any) -> dict[str, Any]:
    """The check, which fails if a gradient from the GPU is not the slope."""
    wrong = wrong_gradients(function, shapes, "cupy")
    if not wrong:
        return check
    return {
        **check,
        "passed": False,
        "error": f"differences give another gradient for input {', '.join(map(str, wrong))}",
    }


def wrong_gradients(function: Callable[..., Tensor], shapes: Sequence[tuple[int, ...]], backend: str) -> list[int]:
    """The inputs whose gradients from that backend are not the slopes that NumPy finds in float64."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in shapes]
    with use_backend("numpy"):
        host = OnArrays(function, [minidl.tensor(x) for x in values], "selftest")
        rest = host.outputs()
    seeds = random_seeds(rest, 2)
    with use_backend(backend):
        claims = [_gradients(function, values, seed[0]) for seed in seeds]
    wrong = []
    with use_backend("numpy"), quiet_engine():
        for i, x in enumerate(values):
            places = np.sort(rng.permutation(x.size)[:JUDGED])
            probe = Probe(partial(_with_input, host, i), x, rest)
            found = judge(
                probe, seeds, [claim[i] for claim in claims], places, direction=rng.uniform(0.5, 1.5, x.shape)
            )
            if found.wrong:
                wrong.append(i)
    return wrong


def _with_input(function: OnArrays, i: int, x: np.ndarray) -> list[np.ndarray]:
    return function.outputs({i: x})


def _gradients(function: Callable[..., Tensor], values: list[np.ndarray], seed: np.ndarray) -> list[np.ndarray]:
    """The gradients of all inputs, given a gradient of the output."""
    inputs = [minidl.tensor(x, requires_grad=True) for x in values]
    function(*inputs).backward(minidl.tensor(np.array(seed)))
    return [np.zeros(x.shape) if x.grad is None else to_host(x.grad._array) for x in inputs]


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    if found.shape != expected.shape or found.dtype != expected.dtype or not np.isfinite(found).all():
        return float("inf")
    scale = max(float(np.max(np.abs(expected), initial=0)), 1e-3)
    return float(np.max(np.abs(found.astype(np.float64) - expected), initial=0)) / scale


def _operation(function: Callable[..., Tensor], shapes: tuple[tuple[int, ...], ...], dtype: str) -> Result:
    """The value of a function of random tensors, and its gradients for random gradients of the value."""
    rng = np.random.default_rng(0)
    inputs = [minidl.tensor(rng.standard_normal(s).astype(dtype), requires_grad=True) for s in shapes]
    z = function(*inputs)
    z.backward(minidl.tensor(rng.standard_normal(z.shape).astype(dtype)))
    gradients = {f"gradient {i}": to_host(x.grad._array) for i, x in enumerate(inputs) if x.grad is not None}
    return {"value": to_host(z._array), **gradients}


def _updates(make: Callable[[Any], Any], dtype: str) -> Result:
    """Two parameters after some steps down a bowl that is steeper in some directions than in others."""
    rng = np.random.default_rng(0)
    parameters = [nn.Parameter(minidl.tensor(rng.standard_normal(s).astype(dtype))) for s in ((6, 5), (7,))]
    steepness = [minidl.tensor(rng.uniform(0.5, 2, p.shape).astype(dtype)) for p in parameters]
    optimizer = make(parameters)
    for _ in range(STEPS):
        optimizer.zero_grad()
        minidl.cat([(s * p * p).reshape(-1) for s, p in zip(steepness, parameters)]).sum().backward()
        optimizer.step()
    return {f"parameter {i}": to_host(p._array) for i, p in enumerate(parameters)}


def _network(dtype: str) -> Result:
    """The loss of the lecture's network on random images, and all its gradients."""
    minidl.manual_seed(0)
    model = make_model("lecture", 10).to(minidl.float64 if dtype == "float64" else minidl.float32)
    rng = np.random.default_rng(0)
    images, labels = rng.random((8, 1, 28, 28)).astype(dtype), rng.integers(0, 10, 8)
    loss = F.cross_entropy(model(minidl.tensor(images)), minidl.tensor(labels))
    loss.backward()
    gradients = {n: to_host(p.grad._array) for n, p in model.named_parameters() if p.grad is not None}
    return {"loss": to_host(loss._array), **gradients}


def _versions() -> dict[str, Any]:
    cupy = get_backend("cuda").xp
    runtime = cupy.cuda.runtime
    return {
        "minidl": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cupy": cupy.__version__,
        "driver": runtime.driverGetVersion(),
        "runtime": runtime.runtimeGetVersion(),
        "platform": platform.platform(),
    }


def _commit() -> str | None:
    """The commit of this source tree, if it is a git checkout and git is installed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
