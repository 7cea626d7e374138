"""An operation on each element by itself: its value and its slope; all else about it is the same for every one of them.

    class Sigmoid(Elementwise):
        \"""z = 1 / (1 + e^-x)        ∂z/∂x = z (1 - z)\"""

        def value(self, x):
            return 1 / (1 + self.xp.exp(-x))

        def slope(self, z):
            return z * (1 - z)

The base computes large arrays in blocks shared among threads, multiplies dz by the slope, and keeps for backward what the
slope asks for by the names of its parameters: here z and not x, and nothing if no gradient is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import get_annotations, signature
from typing import Any, ClassVar, NamedTuple

from ..backend import Array
from ..errors import ArgumentError
from .function import Function


class Rule(NamedTuple):
    """How the gradient of one input is made: the methods that say so, and the arrays they are called with."""

    slope: str | None  # the method that gives ∂z/∂(input)
    passes: str | None  # the method that tells where the gradient passes at all
    kept: tuple[str, ...]  # what the slope is called with, kept under these names
    places: tuple[int, ...]  # where each of them is among what forward knows
    watched: tuple[int, ...]  # the same for what `passes` is called with


class Elementwise(Function):
    """One operation on each element: `value` and the local derivative `slope`, as pure formulas on arrays.

    * `value(self, x)` is z; with several inputs, `value(self, x, y)`: they may be broadcast, or be Python numbers.
    * `slope` is ∂z/∂x. It takes those of x and z that it needs, and these are kept: `slope(self, x)`, `slope(self, z)`,
      `slope(self, x, z)` or `slope(self)`. With several inputs there is one for each, `slope_x` and `slope_y`. dx = dz · slope.
    * `passes`, with parameters like these, tells where (bool) the gradient passes at all: elsewhere dx is 0, even where
      dz is infinite or the slope is not a number. It is computed in forward, and its one byte per element is kept.
      Without a slope beside it, dx is dz itself where it passes.
    * A further parameter of `value` names a method that gives an intermediate result of the inputs, such as `cdf(self, x)`
      for `value(self, x, cdf)`. It is computed once, and a slope may ask for it too.
    * Options are declared in the class (`alpha: float = 1.0`, or without a default), and found on self (`self.alpha`).
    * `cheap = True`: the value is a single pass through memory, such as |x|, which blocks would only slow down.

    ArgumentError when the class is made, if a parameter names nothing or an input has no slope.
    """

    value: Callable[..., Any]
    cheap: ClassVar[bool] = False

    _inputs: ClassVar[tuple[str, ...]]
    _options: ClassVar[frozenset[str]]
    _required: ClassVar[frozenset[str]]
    _parts: ClassVar[tuple[tuple[str, tuple[int, ...]], ...]]
    _rules: ClassVar[tuple[Rule, ...]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "value"):
            raise ArgumentError(f"{cls.__name__}: states no value; write def value(self, x)")
        taken = _parameters(cls.value)
        parts = [name for name in taken if callable(getattr(cls, name, None))]
        cls._inputs = tuple([name for name in taken if name not in parts])
        declared = {name for base in cls.__mro__[: cls.__mro__.index(Elementwise)] for name in get_annotations(base)}
        cls._options = frozenset(declared)
        cls._required = frozenset([name for name in declared if not hasattr(cls, name)])
        known = [*cls._inputs, *parts, "z"]
        cls._parts = tuple([(part, cls._places(part, known)) for part in parts])
        cls._rules = tuple([cls._rule("" if len(cls._inputs) == 1 else f"_{name}", known) for name in cls._inputs])

    @classmethod
    def _rule(cls, suffix: str, known: list[str]) -> Rule:
        slope, passes = [name + suffix if hasattr(cls, name + suffix) else None for name in ("slope", "passes")]
        if slope is None and passes is None:
            raise ArgumentError(f"{cls.__name__}: states no slope{suffix}; write def slope{suffix}(self, ...)")
        kept = tuple(_parameters(getattr(cls, slope))) if slope else ()
        places = cls._places(slope, known) if slope else ()
        return Rule(slope, passes, kept, places, cls._places(passes, known) if passes else ())

    @classmethod
    def _places(cls, method: str, known: list[str]) -> tuple[int, ...]:
        """Where the parameters of a method are among what forward knows."""
        for name in _parameters(getattr(cls, method)):
            if name not in known:
                raise ArgumentError(f"{cls.__name__}.{method}: {name!r} is none of {', '.join(known)}")
        return tuple([known.index(name) for name in _parameters(getattr(cls, method))])

    def forward(self, *inputs: Any, **options: Any) -> Array:
        if options or self._required:
            self._set(options)
        known = inputs
        for part, places in self._parts:
            known += (self._each(getattr(self, part), *[known[i] for i in places]),)
        z = self._each(self.value, *known)
        if True in self.needs:
            self._keep((*known, z))
        return z

    def _each(self, formula: Callable[..., Any], *arrays: Any) -> Array:
        return formula(*arrays) if self.cheap else self.backend.elementwise(formula, *arrays)

    def _set(self, options: dict[str, Any]) -> None:
        """Keep the options by name. TypeError, as for any call, if one is unknown or missing."""
        for name in options.keys() - self._options:
            raise TypeError(f"{type(self).__name__} has no option {name!r}")
        for name in self._required - options.keys():
            raise TypeError(f"{type(self).__name__} needs the option {name!r}")
        self.__dict__.update(options)

    def _keep(self, known: tuple[Any, ...]) -> None:
        """Keep what backward will need."""
        kept = self.__dict__
        for needed, rule in zip(self.needs, self._rules):
            if needed:
                if rule.passes:
                    kept[rule.passes] = self._each(getattr(self, rule.passes), *[known[i] for i in rule.watched])
                for name, place in zip(rule.kept, rule.places):
                    kept[name] = known[place]

    def backward(self, dz: Array) -> Any:
        if len(self._rules) == 1:
            return self._chain(self._rules[0], dz)
        return tuple([self._chain(rule, dz) if needed else None for rule, needed in zip(self._rules, self.needs)])

    def _chain(self, rule: Rule, dz: Array) -> Array:
        """dz · slope where the gradient passes, else 0."""
        kept = self.__dict__
        if rule.slope:
            dz = self.backend.product(getattr(self, rule.slope), *[kept[name] for name in rule.kept], dz)
        return self.backend.masked(dz, kept[rule.passes]) if rule.passes else dz

    @classmethod
    def names(cls, count: int) -> list[str]:
        """What `value` calls its first `count` arguments, the arrays."""
        return list(cls._inputs[:count])

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The options that need not be given, with what they are then."""
        return {name: getattr(cls, name) for name in sorted(cls._options - cls._required)}


def _parameters(method: Callable[..., Any]) -> list[str]:
    return list(signature(method).parameters)[1:]
