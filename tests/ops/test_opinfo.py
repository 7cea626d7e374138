"""PyTorch's own sample inputs for every operation that minidl has: its result and gradients, or a named error.

The samples are those that PyTorch tests itself with (`OpInfo`); functions, methods and in-place methods are called in
each dtype. Left out, because there PyTorch has no one answer: the order of equal elements where `sort` need not be
stable, the gradient at NaN of functions whose vectorised and plain versions differ, and random numbers, of which only
shape and dtype are compared.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import pytest
import torch

import minidl
import minidl.nn.functional as F
from tests.support.opinfo import EQUAL, STRICT, WRONG, judge, judge_refusal

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

FEW, MANY = 6, 8  # samples of each operation and dtype
LARGE = 20_000  # elements: larger samples add time, but no new case

RANDOM = {
    "bernoulli", "cauchy", "empty", "empty_like", "exponential", "geometric", "log_normal", "multinomial", "normal",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "uniform", "nn.functional.alpha_dropout",
    "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.dropout3d",
    "nn.functional.feature_alpha_dropout", "nn.functional.fractional_max_pool2d",
    "nn.functional.fractional_max_pool3d", "nn.functional.rrelu",
}  # fmt: skip

# PyTorch rounds 1/6 and 1/alpha to float32 in these gradients, whatever the dtype; pinv: nearly singular.
TOLERANCE = {"nn.functional.hardsigmoid": 1e-7, "nn.functional.celu": 1e-7, "linalg.pinv": 1e-7}

# PyTorch's own float32 differs by as much from its float64: logarithms as large as 100 have lost two digits.
SINGLE = {"nn.functional.ctc_loss": 3e-4, "digamma": 2e-4, "logcumsumexp": 2e-3}

# The gradient at NaN is NaN or dz, or dz or 0, depending on where in memory the element lies.
WITHOUT_NAN = {f"nn.functional.{name}" for name in ("celu", "elu", "selu", "hardtanh", "relu6")}

# How PyTorch's table calls functions whose arguments it puts in another order.
REORDERED: dict[str, Callable[..., Any]] = {
    "where": lambda self, condition, other: minidl.where(condition, self, other),
    "einsum": lambda tensors, equation: minidl.einsum(equation, tensors),
    "nn.functional.embedding": lambda weight, idx, **options: F.embedding(idx, weight, **options),
    "nn.functional.embedding_bag": lambda weight, idx, **options: F.embedding_bag(idx, weight, **options),
    "polygamma": lambda input, n: minidl.polygamma(n, input),
    "linalg.lstsq.grad_oriented": lambda *args, **options: minidl.linalg.lstsq(*args, **options)[:2],
    "linalg.pinv.singular": lambda A, B: minidl.linalg.pinv(A @ B.mT),
    "normal.number_mean": lambda std, mean, *args, **options: minidl.normal(mean, std, *args, **options),
    "normal.in_place": lambda input, *args, **options: input.normal_(*args, **options),
}


def full_name(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


# Steps that PyTorch rounds to float16, though the result of none of them would have to be.
ROUNDED = {"histc", "index_reduce", "linalg.vector_norm", "logcumsumexp", "matrix_exp", "scatter_reduce"}

# PyTorch's gradient of these is not 0 outside the triangle that they read.
TRIANGLES: dict[str, Callable[..., Any]] = {
    "cholesky_inverse": lambda L, upper=False: torch.cholesky_inverse(L.triu() if upper else L.tril(), upper),
    "cholesky_solve": lambda B, L, upper=False: torch.cholesky_solve(B, L.triu() if upper else L.tril(), upper),
}

# The signs of these vectors are a matter of the LAPACK: their sizes are compared, and the gradients of those.
UNSIGNED = {"linalg.eigh", "linalg.svd"}


def unsigned(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the sizes of its results."""
    return lambda *args, **options: tuple(part.abs() for part in function(*args, **options))


def function_of(op: Any) -> Callable[..., Any] | None:
    """minidl's function of PyTorch's name."""
    found = REORDERED.get(full_name(op), REORDERED.get(op.name))
    if found is None:
        house, _, name = op.name.rpartition(".")
        room = {"": minidl, "nn.functional": F, "linalg": minidl.linalg}.get(house)
        found = None if room is None else getattr(room, name, None)
    return found if callable(found) else None


def variants(op: Any) -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    """Pairs of minidl's and PyTorch's function, method and in-place method."""
    function, method = function_of(op), vars(minidl.Tensor).get(op.name)
    if op.name in TRIANGLES:
        yield function, TRIANGLES[op.name]
        return
    if function is not None and op.name in UNSIGNED:
        yield unsigned(function), unsigned(op.op)
    elif function is not None:
        yield function, op.op
    if isinstance(method, property):
        yield method.fget, op.op
    elif method is not None and callable(getattr(torch.Tensor, op.name, None)):
        yield on_tensors(method), on_tensors(getattr(torch.Tensor, op.name))
    in_place = vars(minidl.Tensor).get(f"{op.name}_")
    if in_place is not None and op.inplace_variant is not None:
        yield on_copies(in_place), on_copies(op.inplace_variant)


def on_tensors(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method; some samples are numbers, which have none."""

    def call(self: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(self, torch.Tensor | minidl.Tensor):
            raise TypeError("call() takes a tensor")
        return method(self, *args, **options)

    return call


def on_copies(method: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place method on a tensor that is no leaf, and whose elements do not overlap in memory."""
    return on_tensors(
        lambda self, *args, **options: method(self.clone() if self.requires_grad else self, *args, **options)
    )


def samples(op: Any, dtype: torch.dtype, limit: int) -> list[Any]:
    """The first of PyTorch's samples in that dtype; none where it has none."""
    floating = dtype.is_floating_point and op.supports_autograd
    # the makers themselves: `op.sample_inputs` looks through the whole call stack for a unittest, for 0.1 s
    draw = (limit > FEW and op.reference_inputs_func) or op.sample_inputs_func
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            drawn = list(islice(draw(op, "cpu", dtype, floating), limit))
    except Exception:  # samples are made by the operation itself, which not every dtype allows
        return []
    small = [one for one in drawn if not isinstance(one.input, torch.Tensor) or one.input.numel() <= LARGE]
    return small if small or limit <= FEW else samples(op, dtype, FEW)


def is_random(op: Any, sample: Any) -> bool:
    """Whether the result is drawn, so that only its shape and dtype can be compared."""
    drops = sample.kwargs.get("dropout_p", 0)
    if op.name == "nn.functional.multi_head_attention_forward":
        drops = sample.args[9]
    return op.name in RANDOM or drops > 0


def has_no_answer(op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether PyTorch's result depends on where in memory an element lies."""
    x = args[0]
    if not isinstance(x, torch.Tensor):
        return False
    if op.name in WITHOUT_NAN:
        return bool(x.isnan().any())
    if op.name == "nn.functional.softsign":  # inf / inf in its chain of operations; the derivative is 0
        return not bool((x.double().abs() < 1e18).all())
    if op.name == "nn.functional.soft_margin_loss":  # its e^(-xy) overflows, and its gradient is then inf / inf
        return x.dtype == torch.float16
    if op.name == "nn.functional.normalize":  # of a negative order: the powers of its gradient overflow
        return x.dtype == torch.float16
    if op.name in ("pow", "__rpow__"):  # steps of the gradient overflow where its result does not
        return x.dtype == torch.float16
    if op.name in ("div", "true_divide") and x.dtype == torch.float16:  # likewise, in x / y²
        return not bool((x.detach() / args[1] / args[1]).isfinite().all())
    if op.name in ROUNDED:
        return x.dtype == torch.float16
    unstable = op.name in ("sort", "argsort", "topk", "msort", "kthvalue", "mode") and not kwargs.get("stable")
    return unstable and x.dtype not in (torch.float64, torch.float32)


def run(op: Any, limit: int, dtypes: Sequence[torch.dtype]) -> tuple[Counter[str], list[str]]:
    """How the calls of an operation ended, and what went wrong."""
    counts: Counter[str] = Counter()
    problems = []
    for dtype in dtypes:
        for sample in samples(op, dtype, limit):
            args = (sample.input, *sample.args)
            if has_no_answer(op, args, sample.kwargs):
                continue
            for ours, theirs in variants(op):
                known = {torch.float64: TOLERANCE, torch.float32: SINGLE}.get(dtype, {})
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    verdict = judge(ours, theirs, args, sample.kwargs, not is_random(op, sample), known.get(op.name))
                counts[verdict.kind] += 1
                if verdict.kind == WRONG:
                    problems.append(f"{dtype} {shown(args)} {shown(sample.kwargs)}: {verdict.text}")
    return counts, problems


def shown(x: Any) -> str:
    """Arguments with shapes and dtypes instead of tensors."""
    if isinstance(x, torch.Tensor):
        return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}"
    if isinstance(x, list | tuple):
        return f"({', '.join(map(shown, x))})"
    if isinstance(x, dict):
        return f"{{{', '.join(f'{name}={shown(value)}' for name, value in x.items())}}}"
    return repr(x)


KNOWN = [op for op in op_db if any(True for _ in variants(op))]

# CuPy's are cuSOLVER's and cuBLAS's, which the imitation of a GPU lacks.
SOLVED = {
    "cholesky", "cholesky_inverse", "cholesky_solve", "logdet", "norm", "pinverse", "linalg.cholesky", "linalg.cond",
    "linalg.det", "linalg.eigh", "linalg.eigvalsh", "linalg.inv", "linalg.lstsq", "linalg.matrix_norm",
    "linalg.matrix_power", "linalg.matrix_rank", "linalg.norm", "linalg.pinv", "linalg.qr", "linalg.slogdet",
    "linalg.solve", "linalg.solve_triangular", "linalg.svd", "linalg.svdvals", "linalg.tensorinv", "linalg.tensorsolve",
    "svd", "qr", "inverse", "geqrf", "lu", "lu_solve", "linalg.lu", "linalg.lu_factor", "linalg.lu_factor_ex",
    "linalg.lu_solve",
}  # fmt: skip


def each(ops: Sequence[Any]) -> Any:
    """The operations as the cases of a test."""
    cases = [pytest.param(op, marks=pytest.mark.solver if op.name in SOLVED else ()) for op in ops]
    return pytest.mark.parametrize("op", cases, ids=list(map(full_name, ops)))


# All samples (of instance_norm the first) are refused by name: a memory format, targets that want a gradient, running
# statistics, negative widths, p="nuc".
REFUSED = {
    "to", "norm.nuc", "nn.functional.instance_norm", "nn.functional.hinge_embedding_loss",
    "nn.functional.pad.replicate_negative",
}  # fmt: skip


# All wrong calls are of out=, a GPU, or a layout that minidl lacks.
NOT_ASKED = {
    "add", "mul", "sub", "div.no_rounding_mode", "div.trunc_rounding", "div.floor_rounding", "true_divide",
    "floor_divide", "median", "bernoulli", "T", "where",
}  # fmt: skip


def check_operation(op: Any, limit: int, *dtypes: torch.dtype) -> None:
    counts, problems = run(op, limit, dtypes)
    assert not problems, f"{len(problems)} of {counts.total()} calls, such as\n" + "\n".join(problems[:5])
    assert counts[EQUAL] or full_name(op) in REFUSED, f"no call at all gave PyTorch's result: {counts}"


@each(KNOWN)
def test_samples(op):
    check_operation(op, FEW, torch.float64, torch.int64)


WITH_ERRORS = [op for op in KNOWN if op.error_inputs_func is not None]


@each(WITH_ERRORS)
def test_what_pytorch_refuses_is_refused(op):
    """PyTorch's own wrong calls: nothing is accepted in silence, nothing ends in an error of NumPy's or Python's."""
    torch.manual_seed(0)
    asked = 0
    for sample in op.error_inputs("cpu"):
        wrong = sample.sample_input
        for ours, theirs in variants(op):
            args = (wrong.input, *wrong.args)
            verdict = judge_refusal(ours, theirs, args, wrong.kwargs)
            assert verdict.kind != WRONG, f"{shown(args)} {shown(wrong.kwargs)}: {verdict.text}"
            asked += verdict.kind == STRICT
    assert asked or full_name(op) in NOT_ASKED, "all wrong calls have an argument that minidl lacks"


@pytest.mark.slow
@each(KNOWN)
def test_reference_samples(op):
    check_operation(op, MANY, torch.float64, torch.float32, torch.int64, torch.uint8, torch.bool)
    assert not run(op, FEW, [torch.float16])[1]  # in larger ones PyTorch's own steps round more than the result does


def test_the_comparison_finds_what_is_wrong():
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    for wrong in (
        lambda x: x * 2,  # value
        lambda x: x.relu().double(),  # dtype
        lambda x: x.relu()[None],  # shape
        lambda x: x.detach().relu(),  # no gradient
        lambda x: minidl.where(x.detach() > 0, x, x - x.detach()),  # gradient
        lambda x: {}["an error without a name"],
    ):
        assert judge(wrong, torch.relu, (x,), {}).kind == WRONG
    assert judge(minidl.relu, torch.relu, (x,), {}).kind == EQUAL
    assert judge(lambda x: F.relu(x, inplace=True), torch.relu, (x,), {}).kind == "refused"


def test_the_comparison_of_refusals_finds_what_is_wrong():
    x, refused = torch.ones(2, 3), lambda x: x.sum(5)
    assert judge_refusal(lambda x: x.sum(5), refused, (x,), {}).kind == STRICT
    for wrong in (
        lambda x: x.sum(1),  # accepted
        lambda x: x.array.sum(5),  # NumPy's error
        lambda x: x.view(5),  # another kind of error: no IndexError
    ):
        assert judge_refusal(wrong, refused, (x,), {}).kind == WRONG
