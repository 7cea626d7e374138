"""One call, run in PyTorch and in minidl: value, dtype, shape and every gradient must agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

import minidl
from minidl.engine.tensor import wrap

TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "float16": 4e-3}  # relative to the largest magnitude


def to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor of either library, on the host."""
    if isinstance(x, minidl.Tensor):
        from minidl.backend import backend_of

        return np.array(backend_of(x._array).to_numpy(x._array))
    return x.detach().numpy(force=True)  # zeros that PyTorch has not made yet are made


def assert_close(
    ours: Any, theirs: Any, what: str = "output", tolerance: float | None = None, floor: float = 1e-3
) -> None:
    """minidl's tensor equals PyTorch's in shape, dtype and, to rounding, value (NaN and infinities included).

    Rounding is relative to the largest magnitude, taken as at least `floor`.
    """
    assert tuple(ours.shape) == tuple(theirs.shape), f"{what}: shape {ours.shape}, PyTorch {tuple(theirs.shape)}"
    ours_dtype, theirs_dtype = str(ours.dtype), str(theirs.dtype).removeprefix("torch.")
    assert ours_dtype == theirs_dtype, f"{what}: dtype {ours_dtype}, PyTorch {theirs_dtype}"
    a, b = to_numpy(ours), to_numpy(theirs)
    if ours_dtype not in TOLERANCE:
        np.testing.assert_array_equal(a, b, err_msg=what)
        return
    rtol = TOLERANCE[ours_dtype] if tolerance is None else tolerance
    finite = np.abs(b[np.isfinite(b)])
    scale = float(finite.max()) if finite.size else 0.0
    np.testing.assert_allclose(
        a.astype(np.float64), b.astype(np.float64), rtol=rtol, atol=rtol * max(scale, floor), err_msg=what
    )


def check(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    *inputs: Any,
    dtypes: Sequence[str] = ("float64", "float32"),
    gradients: bool = True,
    tolerance: dict[str, float] | None = None,
    **arguments: Any,
) -> None:
    """Run `ours(*inputs, **arguments)` and `theirs(...)` and compare outputs and gradients.

    NumPy arrays among `inputs` become tensors, keeping strides: floating ones in each of `dtypes`, with a gradient
    wanted; others as they are. Anything else is passed on. Outputs may be a tensor or a tuple of tensors;
    backward starts from fixed random gradients of all floating outputs.
    """
    for dtype in dtypes:
        limit = (tolerance or {}).get(dtype)
        xs, ts = _tensors(inputs, dtype, gradients)
        expected, found = _outputs(theirs(*ts, **arguments)), _outputs(ours(*xs, **arguments))
        assert len(found) == len(expected), f"{len(found)} outputs, PyTorch {len(expected)}"
        for i, (x, t) in enumerate(zip(found, expected)):
            assert_close(x, t, f"{dtype} output {i}", limit)
            assert x.requires_grad == t.requires_grad, f"output {i}: requires_grad {x.requires_grad}"
        if not gradients:
            continue
        _backward(found, expected)
        for i, (x, t) in enumerate(zip(xs, ts)):
            if not isinstance(t, torch.Tensor) or not t.requires_grad:
                continue
            if t.grad is None or x.grad is None:
                assert x.grad is t.grad is None, f"gradient {i}: {x.grad}, PyTorch {t.grad}"
            else:
                assert_close(x.grad, t.grad, f"{dtype} gradient of input {i}", limit)


def by_rows(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch's function of contiguous copies.

    PyTorch 2.13 refuses some strides (kron), and with the kernels of some processors it misreads others (of images that
    lie channel by channel, in two groups, with a kernel of 1 x 2 in float32).
    """

    def call(*inputs: Any, **arguments: Any) -> Any:
        return theirs(*[x.contiguous() if isinstance(x, torch.Tensor) else x for x in inputs], **arguments)

    return call


def _tensors(inputs: Sequence[Any], dtype: str, gradients: bool) -> tuple[list[Any], list[Any]]:
    ours: list[Any] = []
    theirs: list[Any] = []
    for value in inputs:
        if not isinstance(value, np.ndarray):
            ours.append(value)
            theirs.append(value)
            continue
        if value.dtype.kind == "f":
            value = value.astype(dtype, copy=False, order="K")
        x, t = same_tensor(value)
        if gradients and value.dtype.kind == "f":
            x.requires_grad_()
            t.requires_grad_()
        ours.append(x)
        theirs.append(t)
    return ours, theirs


def same_tensor(value: np.ndarray) -> tuple[minidl.Tensor, torch.Tensor]:
    """The array as a tensor of each library, with its strides where the library can have them."""
    t = torch.as_tensor(np.array(value, order="K"))
    if value.size and 0 in value.strides:  # a broadcast array stays one
        narrow = value[tuple(slice(0, 1) if step == 0 else slice(None) for step in value.strides)]
        t = torch.as_tensor(np.array(narrow)).expand(value.shape)
    backend = minidl.backend.current_backend()
    x = wrap(value if backend.name == "numpy" else backend.asarray(value))
    return x, t


def _outputs(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]


def _backward(found: list[Any], expected: list[Any]) -> None:
    """Send the same random gradients back in both libraries."""
    rng = np.random.default_rng(0)
    for x, t in zip(found, expected):
        if not t.requires_grad:
            continue
        seed = rng.standard_normal(t.shape).astype(to_numpy(t).dtype)
        t.backward(torch.as_tensor(seed), retain_graph=len(found) > 1)  # outputs may share a graph
        x.backward(minidl.tensor(seed), retain_graph=len(found) > 1)
