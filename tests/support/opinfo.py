"""PyTorch's own sample inputs, sent through both libraries: each call ends equal, refused by name, or wrong."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

import minidl
from minidl.backend import current_backend
from minidl.engine.tensor import wrap
from minidl.errors import MinidlError
from tests.support.compare import assert_close

EQUAL, REFUSED, WRONG, STRICT = "equal", "refused", "wrong", "refused by PyTorch"

_DTYPES = {
    getattr(torch, name): getattr(minidl, name)
    for name in ["float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64"]
} | {torch.bool: minidl.bool}


class Untranslatable(Exception):
    """An argument that has no counterpart here: a complex number, a memory format, a sparse tensor."""


class Verdict(NamedTuple):
    """How one call ended, and what was said."""

    kind: str
    text: str = ""


def translate(x: Any) -> Any:
    """An argument of PyTorch's as minidl's: tensors with requires_grad (and, on the host, strides), dtypes by name."""
    if isinstance(x, torch.Tensor):
        return _tensor(x)
    if isinstance(x, torch.dtype):
        if x not in _DTYPES:
            raise Untranslatable(str(x))
        return _DTYPES[x]
    if isinstance(x, torch.device):
        return str(x)
    if callable(x) and getattr(torch.nn.functional, getattr(x, "__name__", ""), None) is x:
        return getattr(minidl.nn.functional, x.__name__)
    if isinstance(x, torch.nn.PairwiseDistance):
        return minidl.nn.PairwiseDistance(x.norm, x.eps, x.keepdim)
    if isinstance(x, torch.nn.TransformerEncoderLayer):
        return _encoder_layer(x)
    if isinstance(x, complex | torch.layout | torch.memory_format | torch.Generator):
        raise Untranslatable(repr(x))
    if isinstance(x, torch.Size):
        return tuple(x)
    if isinstance(x, list | tuple):
        return type(x)(map(translate, x))
    if isinstance(x, dict):
        return {name: translate(value) for name, value in x.items()}
    return x


def _encoder_layer(x: torch.nn.TransformerEncoderLayer) -> Any:
    """A layer with the same options; its weights are loaded later."""
    attention = x.self_attn
    return minidl.nn.TransformerEncoderLayer(
        attention.embed_dim, attention.num_heads, x.linear1.out_features, x.dropout.p, translate(x.activation),
        x.norm1.eps, attention.batch_first, x.norm_first, x.linear1.bias is not None,
    )  # fmt: skip


def _tensor(x: torch.Tensor) -> minidl.Tensor:
    if x.dtype not in _DTYPES or x.layout != torch.strided or x.ndim > 64:  # NumPy's limit
        raise Untranslatable(f"{x.dtype} {x.layout} of {x.ndim} dimensions")
    made = wrap(current_backend().asarray(_leaf(x).detach().numpy()))
    return made.requires_grad_() if x.requires_grad else made


def _leaf(x: torch.Tensor) -> torch.Tensor:
    """The tensor as a new leaf with the same strides, in memory of its own unless it is an expanded one."""
    plain = x.detach().resolve_neg()
    if 0 not in x.stride():
        plain = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype).copy_(plain)
    return plain.requires_grad_(x.requires_grad)


def _fresh(x: Any) -> Any:
    """The same arguments as new leaves, so that one sample can be used more than once."""
    if isinstance(x, torch.Tensor):
        return _leaf(x)
    if type(x) in (list, tuple):
        return type(x)(map(_fresh, x))
    if isinstance(x, dict):
        return {name: _fresh(value) for name, value in x.items()}
    return x


def leaves(x: Any) -> Iterator[Any]:
    """The tensors among arguments or results, in order."""
    if isinstance(x, torch.Tensor | minidl.Tensor):
        yield x
    elif isinstance(x, list | tuple):
        for item in x:
            yield from leaves(item)
    elif isinstance(x, dict):
        for item in x.values():
            yield from leaves(item)


def judge(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    values: bool = True,
    tolerance: float | None = None,
) -> Verdict:
    """Run the call in both libraries and compare values (unless they are random), dtypes, shapes and gradients."""
    try:
        mine = translate((args, kwargs))
    except Untranslatable as reason:
        return Verdict(REFUSED, f"no counterpart of {reason}")
    theirs_in = _fresh((args, kwargs))
    try:
        expected = theirs(*theirs_in[0], **theirs_in[1])
        seeds = _backward_of(expected) if values else []
    except Exception as error:
        return _where_pytorch_refuses(ours, mine, error)
    try:
        found = ours(*mine[0], **mine[1])
        compare(found, expected, values, tolerance)
        if seeds:
            _compare_gradients(found, expected, seeds, mine, theirs_in, tolerance)
    except AssertionError as difference:
        return Verdict(WRONG, re.sub(r"\s+", " ", str(difference)))
    except Exception as error:
        return Verdict(REFUSED if is_named(error) else WRONG, f"{type(error).__name__}: {error}")
    return Verdict(EQUAL)


def _where_pytorch_refuses(ours: Callable[..., Any], mine: Any, error: Exception) -> Verdict:
    """No claim is made about a call that PyTorch refuses, but what happened here is reported."""
    try:
        ours(*mine[0], **mine[1])
    except Exception as raised:
        return Verdict(STRICT, "" if is_named(raised) else f"unnamed: {type(raised).__name__}: {raised}")
    return Verdict(STRICT, f"accepted here; PyTorch: {error}")


def judge_refusal(
    ours: Callable[..., Any], theirs: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Verdict:
    """Of a call that PyTorch refuses: whether it is refused here by name, by an error that PyTorch's clauses catch."""
    try:
        mine = translate((args, kwargs))
    except Untranslatable as reason:
        return Verdict(REFUSED, f"no counterpart of {reason}")
    theirs_in = _fresh((args, kwargs))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs(*theirs_in[0], **theirs_in[1])
    except Exception as error:
        expected = error
    else:
        return Verdict(EQUAL, "PyTorch accepts it on this device")
    try:
        found = ours(*mine[0], **mine[1])
    except Exception as error:
        if not is_named(error):
            return Verdict(WRONG, f"unnamed: {type(error).__name__}: {error}; PyTorch: {expected}")
        if isinstance(error, type(expected)):
            return Verdict(STRICT)
        if not isinstance(error, MinidlError):
            return Verdict(REFUSED, f"{error}")  # an argument that is not in the signature, such as out=
        return Verdict(WRONG, f"{type(error).__name__}: {error}; PyTorch: {type(expected).__name__}: {expected}")
    return Verdict(WRONG, f"accepted here as {found!r}; PyTorch: {expected}")


def is_named(error: Exception) -> bool:
    """Whether an error is minidl's own, or Python's TypeError about the arguments of a signature."""
    signature = r"\w+\(\) (got (an unexpected|multiple|some positional)|takes|missing)|unsupported operand"
    return isinstance(error, MinidlError) or (isinstance(error, TypeError) and bool(re.search(signature, str(error))))


def compare(
    found: Any, expected: Any, values: bool = True, tolerance: float | None = None, what: str = "output"
) -> None:
    """AssertionError if two results, tensors or structures of them, differ."""
    if isinstance(expected, torch.Tensor):
        assert isinstance(found, minidl.Tensor), f"{what}: {type(found).__name__}, PyTorch a tensor"
        assert str(expected.dtype) == f"torch.{found.dtype}", f"{what}: {found.dtype}, PyTorch {expected.dtype}"
        assert tuple(found.shape) == tuple(expected.shape), f"{what}: {found.shape}, PyTorch {expected.shape}"
        if values:
            assert_close(found, expected.detach(), what, tolerance)
            assert found.requires_grad == expected.requires_grad, f"{what}: requires_grad {found.requires_grad}"
    elif isinstance(expected, list | tuple):
        assert isinstance(found, list | tuple), f"{what}: {type(found).__name__}, PyTorch {type(expected).__name__}"
        assert len(found) == len(expected), f"{what}: {len(found)} parts, PyTorch {len(expected)}"
        for i, (x, t) in enumerate(zip(found, expected)):
            compare(x, t, values, tolerance, f"{what} {i}")
    else:
        assert type(found) is type(expected), f"{what}: {type(found).__name__}, PyTorch {type(expected).__name__}"
        assert found == expected or found != found, f"{what}: {found!r}, PyTorch {expected!r}"


def _backward_of(expected: Any) -> list[torch.Tensor]:
    """Send fixed random gradients back through all outputs of PyTorch's, and return them."""
    outputs = [t for t in leaves(expected) if t.grad_fn is not None]
    rng = np.random.default_rng(0)
    seeds = [torch.as_tensor(rng.standard_normal(t.shape)).to(t.dtype) for t in outputs]
    if outputs:
        torch.autograd.backward(outputs, seeds)
    return seeds


def _compare_gradients(
    found: Any, expected: Any, seeds: list[torch.Tensor], mine: Any, theirs: Any, tolerance: float | None
) -> None:
    outputs = [x for x, t in zip(leaves(found), leaves(expected)) if t.grad_fn is not None]
    for x, seed in zip(outputs, seeds):
        x.backward(minidl.tensor(seed.numpy()), retain_graph=len(outputs) > 1)
    for i, (x, t) in enumerate(zip(leaves(mine), leaves(theirs))):
        if not t.requires_grad or not t.is_leaf:
            continue
        if t.grad is None or x.grad is None:
            for gradient in (t.grad, x.grad):  # none and zeros mean the same
                assert gradient is None or not gradient.any(), f"gradient {i}: {x.grad}, PyTorch {t.grad}"
        else:
            assert_close(x.grad, t.grad, f"gradient {i}", tolerance, floor=1.0)
