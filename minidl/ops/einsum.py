"""Einstein's notation: sums of products, written with letters."""

from __future__ import annotations

from collections import Counter
from math import prod
from string import ascii_letters
from typing import Any

from ..dtypes import int64
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, ShapeError
from ._check.arguments import cast, not_bool, tensor_of
from .shape import diagonal, permute, squeeze


class Einsum(Function):
    """z[out] = sum x1[in1] x2[in2] ...        dx1[in1] = sum dz[out] x2[in2] ...

    No letter occurs twice in one input. A letter that x1 alone has was only summed over: dx1 is the same all along it.
    """

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        lengths = {c: n for letters, x in zip(options["inputs"], inputs) for c, n in zip(letters, x.shape)}
        return prod(lengths.values()) if len(inputs) > 1 else 0

    def forward(self, *xs: Any, inputs: list[str], output: str) -> Any:
        self.xs, self.inputs, self.outcome = xs, inputs, output
        return self._sum(xs, inputs, output)

    def backward(self, dz: Any) -> Any:
        return [self._gradient(dz, k) if self.needs[k] else None for k in range(len(self.xs))]

    def _gradient(self, dz: Any, k: int) -> Any:
        letters, shape = self.inputs[k], self.xs[k].shape
        others = [self.outcome, *self.inputs[:k], *self.inputs[k + 1 :]]
        shared = "".join(c for c in letters if any(c in other for other in others))
        dx = self._sum((dz, *self.xs[:k], *self.xs[k + 1 :]), others, shared)
        dx = dx.reshape([n if c in shared else 1 for c, n in zip(letters, shape)])
        return self.xp.broadcast_to(dx, shape)

    def _sum(self, xs: Any, inputs: list[str], output: str) -> Any:
        return self.xp.einsum(f"{','.join(inputs)}->{output}", *xs, optimize=len(xs) > 1)


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Sums of products of the elements of the operands: one letter per dimension, `"in1,in2->out"`.

    Letters that are not in the output are summed over. A letter that occurs twice in one operand takes the
    diagonal; `...` stands for any dimensions, which are broadcast. Without `->`, the output has the dimensions of
    `...` and then, in alphabetical order, the letters that occur once. Operands with lists of numbers
    (`einsum(x, [0, 1], y, [1, 2], [0, 2])`) are accepted too.

    >>> import minidl
    >>> x = minidl.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> minidl.einsum("ij,jk->ik", x, x), minidl.einsum("ii", x)
    (tensor([[ 7., 10.],
            [15., 22.]]), tensor(5.))
    """
    if isinstance(equation, Tensor):
        equation, operands = _lettered((equation, *operands))
    elif not isinstance(equation, str):
        raise ArgumentError(f"einsum: the equation must be a string; got {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    xs = [tensor_of("einsum", x, f"operand {i}") for i, x in enumerate(operands)]
    if len({x.dtype for x in xs}) > 1:
        shown = ", ".join(str(x.dtype) for x in xs)
        raise DtypeError(f"einsum: all operands must have one dtype; got {shown}; convert with .to(dtype)")
    inputs, output = _explicit(equation, xs)
    for i, letters in enumerate(inputs):
        inputs[i], xs[i] = _without_repeats(equation, letters, xs[i])
    xs, inputs = _without_stretching(equation, inputs, xs)
    if len(xs) == 1 and set(inputs[0]) == set(output):
        return permute(xs[0], [inputs[0].index(c) for c in output])
    not_bool("einsum", *xs)
    if xs[0].dtype.kind in "iu" and _sums_alone(inputs, output):
        xs = [cast(x, int64) for x in xs]  # summing over one operand sums integers as int64, as `sum` does
    return Einsum.apply(*xs, inputs=inputs, output=output)


def _sums_alone(inputs: list[str], output: str) -> bool:
    """Whether a letter that is summed over belongs to one operand only."""
    counts = Counter("".join(inputs))
    return any(n == 1 and c not in output for c, n in counts.items())


def _lettered(arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """operand, numbers, operand, numbers, ..., (output numbers) as an equation and its operands."""
    operands, lists = arguments[0 : len(arguments) // 2 * 2 : 2], list(arguments[1::2])
    equation = ",".join(_letters(numbers) for numbers in lists)
    return (f"{equation}->{_letters(arguments[-1])}" if len(arguments) % 2 else equation), operands


def _letters(numbers: Any) -> str:
    if not isinstance(numbers, list | tuple):
        raise ArgumentError(f"einsum: after each operand comes a list of numbers; got {type(numbers).__name__}")
    alphabet = ascii_letters[26:] + ascii_letters[:26]
    if any(n is not Ellipsis and (not isinstance(n, int) or not 0 <= n < len(alphabet)) for n in numbers):
        raise ArgumentError(f"einsum: dimensions are numbers from 0 to 51, or Ellipsis; got {numbers}")
    return "".join("..." if n is Ellipsis else alphabet[n] for n in numbers)


def _explicit(equation: str, xs: list[Tensor]) -> tuple[list[str], str]:
    """The letters of each operand and of the output, with `...` replaced by as many new letters as it needs."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(xs):
        raise ArgumentError(f"einsum: {equation!r} has {len(terms)} operands; got {len(xs)}")
    for term in (*terms, right):
        plain = term.replace("...", "", 1)
        if not all(c in ascii_letters for c in plain):
            raise ArgumentError(f"einsum: {term!r} in {equation!r}: letters a-z and A-Z, and one `...` at most")
    widths = [x.ndim - len(term.replace("...", "")) for term, x in zip(terms, xs)]
    for term, x, width in zip(terms, xs, widths):
        if width < 0 or (width > 0 and "..." not in term):
            raise ShapeError(f"einsum: {term!r} in {equation!r} does not fit an operand of shape {x.shape}")
    width = max([w for term, w in zip(terms, widths) if "..." in term], default=0)
    free = [c for c in ascii_letters if c not in equation][:width]
    if len(free) < width:
        raise ArgumentError(f"einsum: {equation!r} needs more than {len(ascii_letters)} letters")
    rest = "".join(free)
    inputs = [term.replace("...", rest[width - w :]) for term, w in zip(terms, widths)]
    if arrow:
        output = right.replace("...", rest)
    else:
        counts = Counter("".join(terms).replace(".", ""))
        output = rest + "".join(sorted(c for c, n in counts.items() if n == 1))
    for c, n in Counter(output).items():
        if n > 1 or not any(c in letters for letters in inputs):
            raise ArgumentError(f"einsum: {c!r} in the output of {equation!r} must occur there once, and in an operand")
    return inputs, output


def _without_repeats(equation: str, letters: str, x: Tensor) -> tuple[str, Tensor]:
    """The operand with each repeated letter merged into one, by taking the diagonal."""
    for c in dict.fromkeys(letters):
        while letters.count(c) > 1:
            i = letters.index(c)
            j = letters.index(c, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ShapeError(f"einsum: {c!r} twice in {equation!r}, but with lengths {x.shape[i]} and {x.shape[j]}")
            x = diagonal(x, 0, i, j)
            letters = letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + c
    return letters, x


def _without_stretching(equation: str, inputs: list[str], xs: list[Tensor]) -> tuple[list[Tensor], list[str]]:
    """Operands without the dimensions of length 1 that another one stretches: they need no letter."""
    lengths: dict[str, int] = {}
    for letters, x in zip(inputs, xs):
        for c, n in zip(letters, x.shape):
            if n != 1 and lengths.setdefault(c, n) != n:
                raise ShapeError(f"einsum: {c!r} in {equation!r} has lengths {lengths[c]} and {n}")
    for i, (letters, x) in enumerate(zip(inputs, xs)):
        spare = [k for k, c in enumerate(letters) if x.shape[k] == 1 and c in lengths]
        if spare:
            xs[i] = squeeze(x, spare)
            inputs[i] = "".join(c for k, c in enumerate(letters) if k not in spare)
    return xs, inputs
