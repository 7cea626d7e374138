"""Angles and hyperbolas: tangents, inverse functions, and the angle of a point."""

from __future__ import annotations

import math
from typing import Any

from ..engine.elementwise import Elementwise
from ..engine.tensor import Tensor
from ._check.arguments import floating, promoted, tensor_of


class Tan(Elementwise):
    """z = tan x        ∂z/∂x = 1 + z²"""

    def value(self, x: Any) -> Any:
        return self.xp.tan(x)

    def slope(self, z: Any) -> Any:
        return 1 + z * z


class Asin(Elementwise):
    """z = asin x        ∂z/∂x = 1 / √(1 - x²)"""

    def value(self, x: Any) -> Any:
        return self.xp.arcsin(x)

    def slope(self, x: Any) -> Any:
        return 1 / self.xp.sqrt(1 - x * x)


class Acos(Elementwise):
    """z = acos x        ∂z/∂x = -1 / √(1 - x²)"""

    def value(self, x: Any) -> Any:
        return self.xp.arccos(x)

    def slope(self, x: Any) -> Any:
        return -1 / self.xp.sqrt(1 - x * x)


class Atan(Elementwise):
    """z = atan x        ∂z/∂x = 1 / (1 + x²)"""

    def value(self, x: Any) -> Any:
        return self.xp.arctan(x)

    def slope(self, x: Any) -> Any:
        return 1 / (1 + x * x)


class Sinh(Elementwise):
    """z = sinh x = (e^x - e^-x) / 2        ∂z/∂x = cosh x"""

    def value(self, x: Any) -> Any:
        return self.xp.sinh(x)

    def slope(self, x: Any) -> Any:
        return self.xp.cosh(x)


class Cosh(Elementwise):
    """z = cosh x = (e^x + e^-x) / 2        ∂z/∂x = sinh x"""

    def value(self, x: Any) -> Any:
        return self.xp.cosh(x)

    def slope(self, x: Any) -> Any:
        return self.xp.sinh(x)


class Asinh(Elementwise):
    """z = asinh x = log(x + √(x² + 1))        ∂z/∂x = 1 / √(x² + 1)"""

    def value(self, x: Any) -> Any:
        return self.xp.arcsinh(x)

    def slope(self, x: Any) -> Any:
        return 1 / self.xp.sqrt(x * x + 1)


class Acosh(Elementwise):
    """z = acosh x = log(x + √(x² - 1))        ∂z/∂x = 1 / √(x² - 1)"""

    def value(self, x: Any) -> Any:
        return self.xp.arccosh(x)

    def slope(self, x: Any) -> Any:
        return 1 / self.xp.sqrt(x * x - 1)


class Atanh(Elementwise):
    """z = atanh x = ½ log((1 + x) / (1 - x))        ∂z/∂x = 1 / (1 - x²)"""

    def value(self, x: Any) -> Any:
        return self.xp.arctanh(x)

    def slope(self, x: Any) -> Any:
        return 1 / (1 - x * x)


class Exp2(Elementwise):
    """z = 2^x        ∂z/∂x = z log 2"""

    def value(self, x: Any) -> Any:
        return self.xp.exp2(x)

    def slope(self, z: Any) -> Any:
        return z * math.log(2)


class Atan2(Elementwise):
    """z = the angle of the point (x, y)        ∂z/∂y = x / (x² + y²),  ∂z/∂x = -y / (x² + y²)"""

    def value(self, y: Any, x: Any) -> Any:
        return self.xp.arctan2(y, x)

    def slope_y(self, y: Any, x: Any) -> Any:
        return x / self.square(y, x)

    def slope_x(self, y: Any, x: Any) -> Any:
        return -y / self.square(y, x)

    @staticmethod
    def square(y: Any, x: Any) -> Any:
        """The squared distance; 1 at the origin, where the slopes are then 0, as in PyTorch."""
        square = x * x + y * y
        return square + (square == 0)


def tan(input: Tensor) -> Tensor:
    """The tangent of input in radians."""
    return Tan.apply(floating("tan", input))


def asin(input: Tensor) -> Tensor:
    """The angle in [-π/2, π/2] whose sine is input; NaN outside [-1, 1]."""
    return Asin.apply(floating("asin", input))


def acos(input: Tensor) -> Tensor:
    """The angle in [0, π] whose cosine is input; NaN outside [-1, 1]."""
    return Acos.apply(floating("acos", input))


def atan(input: Tensor) -> Tensor:
    """The angle in (-π/2, π/2) whose tangent is input."""
    return Atan.apply(floating("atan", input))


def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine."""
    return Sinh.apply(floating("sinh", input))


def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine."""
    return Cosh.apply(floating("cosh", input))


def asinh(input: Tensor) -> Tensor:
    """The number whose hyperbolic sine is input."""
    return Asinh.apply(floating("asinh", input))


def acosh(input: Tensor) -> Tensor:
    """The number of at least 0 whose hyperbolic cosine is input; NaN below 1."""
    return Acosh.apply(floating("acosh", input))


def atanh(input: Tensor) -> Tensor:
    """The number whose hyperbolic tangent is input; NaN outside [-1, 1]."""
    return Atanh.apply(floating("atanh", input))


def exp2(input: Tensor) -> Tensor:
    """2 to the power of input."""
    return Exp2.apply(floating("exp2", input))


def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle in [-π, π] of the point (other, input), seen from the first axis; elementwise, broadcast.

    >>> import minidl
    >>> atan2(minidl.tensor([1.0, -1.0]), minidl.tensor([0.0, -1.0]))
    tensor([ 1.5708, -2.3562])
    """
    y, x = tensor_of("atan2", input), tensor_of("atan2", other, "other")
    return Atan2.apply(*promoted("atan2", y, x, floating=True))
