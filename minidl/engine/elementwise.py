"""Operations on each element by itself: a value and a slope; the base class does the rest.

    class Sigmoid(Elementwise):
        \"""z = 1 / (1 + e^-x)        ∂z/∂x = z (1 - z)\"""

        def value(self, x):
            return 1 / (1 + self.xp.exp(-x))

        def slope(self, z):
            return z * (1 - z)

The base class computes large arrays in blocks shared among threads, multiplies dz by the slope, and keeps for backward
what the slope's parameters name: here z and not x, and nothing if no gradient is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import get_annotations, signature
from typing import Any, ClassVar, NamedTuple

from ..backend import Array
from ..errors import ArgumentError
from .function import Function


class Rule(NamedTuple):
    """How the gradient of one input is made. A place is an index into (*inputs, *intermediate results, z)."""

    slope: str | None  # the method that gives ∂z/∂(input)
    kept: tuple[tuple[str, int], ...]  # its arguments: the name that each is kept under, and its place
    passes: str | None  # the method that tells where the gradient passes
    watched: int  # the place of that method's argument, counted from the end: -1 is z
    mask: str  # the name that its result is kept under


class Elementwise(Function):
    """One operation on each element: `value` and the local derivative `slope`, as pure formulas on arrays.

    * `value(self, x)` is z; with several inputs, `value(self, x, y)`: they may be broadcast, or be Python numbers.
    * `slope` is ∂z/∂x, and dx = dz · slope. Its parameters say which of x and z it needs, and these are kept:
      `slope(self, x)`, `slope(self, z)`, `slope(self, x, z)` or `slope(self)`. With several inputs, each has one:
      `slope_x`, ...
    * `passes(self, x)`, or `passes(self, z)`, tells where (bool) the gradient passes: elsewhere dx is 0, even if dz is
      infinite or the slope NaN. One byte per element is kept for it, or z itself, if a product is likely to follow that
      keeps z anyway (z is no image). Without a slope beside it, dx is dz itself where it passes.
    * A further parameter of `value` names a method that computes an intermediate result, such as `cdf(self, x)` for
      `value(self, x, cdf)`. It is computed once, and a slope may ask for it too; the rest of `value` is then cheap.
    * Options are declared in the class (`alpha: float`, or with a default) and read from self (`self.alpha`).
    * `cheap = True`: a single pass through memory, such as |x|, which blocks would only slow down.

    ArgumentError when the class is made, if a parameter names nothing or an input has no slope.
    """

    value: Callable[..., Any]
    slope: Callable[..., Any]
    cheap: ClassVar[bool] = False

    _taken: ClassVar[tuple[str, ...]]
    _options: ClassVar[frozenset[str]]
    _required: ClassVar[frozenset[str]]
    _parts: ClassVar[tuple[tuple[str, tuple[int, ...]], ...]]
    _rules: ClassVar[tuple[Rule, ...]]
    _only: ClassVar[tuple[str, int] | None]  # the name and place of the one array to keep, if one is all

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "value"):
            raise ArgumentError(f"{cls.__name__}: states no value; write def value(self, x)")
        taken = _parameters(cls.value)
        parts = [name for name in taken if callable(getattr(cls, name, None))]
        cls._taken = tuple([name for name in taken if name not in parts])
        declared = {name for base in cls.__mro__[: cls.__mro__.index(Elementwise)] for name in get_annotations(base)}
        cls._options = frozenset(declared)
        cls._required = frozenset([name for name in declared if not hasattr(cls, name)])
        known = [*cls._taken, *parts, "z"]
        cls._parts = tuple([(part, cls._places(part, known)) for part in parts])
        cls._rules = tuple([cls._rule("" if len(cls._taken) == 1 else f"_{name}", known) for name in cls._taken])
        rule, *others = cls._rules
        cls._only = rule.kept[0] if not others and len(rule.kept) == 1 and not rule.passes else None

    @classmethod
    def _rule(cls, suffix: str, known: list[str]) -> Rule:
        slope, passes = [name + suffix if hasattr(cls, name + suffix) else None for name in ("slope", "passes")]
        if slope is None and passes is None:
            raise ArgumentError(f"{cls.__name__}: states no slope{suffix}; write def slope{suffix}(self, ...)")
        taken = _parameters(getattr(cls, slope)) if slope else []
        names = [f"{name}_" if hasattr(cls, name) else name for name in taken]  # next to the method of that name
        kept = tuple(zip(names, cls._places(slope, known))) if slope else ()
        return Rule(slope, kept, passes, cls._places(passes, known)[0] - len(known) if passes else 0, f"mask{suffix}")

    @classmethod
    def _places(cls, method: str, known: list[str]) -> tuple[int, ...]:
        """The places of a method's parameters among the arrays that forward knows."""
        for name in _parameters(getattr(cls, method)):
            if name not in known:
                raise ArgumentError(f"{cls.__name__}.{method}: {name!r} is none of {', '.join(known)}")
        return tuple([known.index(name) for name in _parameters(getattr(cls, method))])

    def forward(self, *inputs: Any, **options: Any) -> Array:
        if options or self._required:
            self._set(options)
        known = inputs
        for part, places in self._parts:
            known += (self.backend.elementwise(getattr(self, part), *[known[i] for i in places]),)
        z = self.value(*known) if self.cheap or self._parts else self.backend.elementwise(self.value, *known)
        if self._only is not None and self.needs[0]:  # the common case, in few calls
            name, place = self._only
            self.__dict__[name] = z if name == "z" else known[place]
        elif True in self.needs:
            self._keep((*known, z))
        return z

    def _set(self, options: dict[str, Any]) -> None:
        """Keep the options by name. TypeError, as for any call, if one is unknown or missing."""
        for name in options.keys() - self._options:
            raise TypeError(f"{type(self).__name__} has no option {name!r}")
        for name in self._required - options.keys():
            raise TypeError(f"{type(self).__name__} needs the option {name!r}")
        self.__dict__.update(options)

    def _keep(self, known: tuple[Any, ...]) -> None:
        """Keep what backward will need of the inputs, the intermediate results and z."""
        kept = self.__dict__
        for needed, rule in zip(self.needs, self._rules):
            if needed:
                for name, place in rule.kept:
                    kept[name] = known[place]
                if rule.watched == -1 and known[-1].ndim < 4:
                    kept["z"] = known[-1]
                elif rule.passes is not None:
                    formula, x = getattr(self, rule.passes), known[rule.watched]
                    kept[rule.mask] = formula(x) if self.cheap else self.backend.elementwise(formula, x)

    def backward(self, dz: Array) -> Any:
        if self._only is not None:
            kept = self.__dict__[self._only[0]]
            return self.slope(kept) * dz if self.cheap else self.backend.product(self.slope, kept, dz)
        if len(self._rules) == 1:
            return self._chain(self._rules[0], dz)
        return tuple([self._chain(rule, dz) if needed else None for rule, needed in zip(self._rules, self.needs)])

    def _chain(self, rule: Rule, dz: Array) -> Array:
        """dz · slope where the gradient passes, else 0."""
        kept = self.__dict__
        if rule.slope:
            dz = self.backend.product(getattr(self, rule.slope), *[kept[name] for name, _ in rule.kept], dz)
        if rule.watched == -1 and rule.mask not in kept:
            return self._passed(dz, getattr(self, rule.passes or "")(kept["z"]))
        return self._passed(dz, kept[rule.mask]) if rule.passes else dz

    def _passed(self, dz: Array, mask: Array) -> Array:
        """dz where the mask is true, else 0."""
        return self.backend.masked(dz, mask)

    @classmethod
    def slopes(cls) -> list[Any]:
        """For each input, the method that gives its derivative: its `slope`, or else its `passes`."""
        return [getattr(cls, rule.slope or rule.passes or "") for rule in cls._rules]

    @classmethod
    def names(cls, count: int) -> list[str]:
        """The names of `value`'s first `count` parameters, the arrays."""
        return list(cls._taken[:count])

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The optional options, with their defaults."""
        return {name: getattr(cls, name) for name in sorted(cls._options - cls._required)}


def _parameters(method: Callable[..., Any]) -> list[str]:
    return list(signature(method).parameters)[1:]
