"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, LinAlgError, ShapeError
from ..linalg.factors import cholesky, cholesky_inverse
from ..linalg.inverses import solve_triangular
from ..ops._check.arguments import broadcast_shape
from ..ops.arithmetic import sub
from ..ops.elementary import log
from ..ops.index import select
from ..ops.linalg import matmul
from ..ops.reduce import sum
from ..ops.shape import diagonal, expand, flip, transpose, unsqueeze
from ..tensors.sampling import randn
from .distribution import Distribution


class MultivariateNormal(Distribution):
    """Vectors (..., N) with mean `loc` (..., N) and one of three matrices (..., N, N); the batches are broadcast.

    The matrix is the covariance Σ, the precision Σ⁻¹, both symmetric and positive definite, or `scale_tril`, the lower
    triangular L of Σ = L Lᵀ, with a diagonal above 0. The density at x is e^(-|L⁻¹ (x - loc)|² / 2) / ((2π)^(N/2) |L|).
    ArgumentError if not exactly one matrix is given or it is not as said, ShapeError for shapes that do not fit.

    >>> import minidl
    >>> MultivariateNormal(minidl.zeros(2), minidl.eye(2)).log_prob(minidl.zeros(2))
    tensor(-1.8379)
    """

    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        matrices: dict[str, Any] = {
            "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril
        }  # fmt: skip
        given = [name for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise ArgumentError(
                "MultivariateNormal: give one of covariance_matrix, precision_matrix and scale_tril; "
                f"got {' and '.join(given) or 'none'}"
            )
        self._given = given[0]
        matrix = matrices[self._given]
        if not isinstance(loc, Tensor) or loc.ndim < 1:
            raise ShapeError(f"MultivariateNormal: loc must be a Tensor (..., N); got {loc!r}")
        size = loc.shape[-1]
        if not isinstance(matrix, Tensor) or matrix.ndim < 2 or matrix.shape[-2:] != (size, size):
            got = tuple(matrix.shape) if isinstance(matrix, Tensor) else repr(matrix)
            raise ShapeError(
                f"MultivariateNormal: {self._given} must be a Tensor (..., {size}, {size}) "
                f"for loc {tuple(loc.shape)}; got {got}"
            )
        batch = broadcast_shape("MultivariateNormal", loc.shape[:-1], matrix.shape[:-2])
        super().__init__(batch, (size,), validate_args)
        self.loc, self._matrix = expand(loc, (*batch, size)), expand(matrix, (*batch, size, size))
        self._tril = self._factor(matrix)

    @property
    def covariance_matrix(self) -> Tensor:
        """Σ, (*batch_shape, N, N)."""
        if self._given == "covariance_matrix":
            return self._matrix
        return expand(matmul(self._tril, transpose(self._tril, -1, -2)), self._matrix.shape)

    @property
    def precision_matrix(self) -> Tensor:
        """Σ⁻¹, (*batch_shape, N, N)."""
        if self._given == "precision_matrix":
            return self._matrix
        return expand(cholesky_inverse(self._tril), self._matrix.shape)

    @property
    def scale_tril(self) -> Tensor:
        """The lower triangular L of Σ = L Lᵀ, (*batch_shape, N, N)."""
        return expand(self._tril, self._matrix.shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        return expand(sum(self._tril**2, -1), self.loc.shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        noise = randn(self._extended(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + select(matmul(self._tril, unsqueeze(noise, -1)), -1, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        value = self._value(value)
        if value.ndim < 1 or value.shape[-1:] != self._event_shape:
            raise ShapeError(
                f"MultivariateNormal: the value must be (..., {self._event_shape[0]}); got {tuple(value.shape)}"
            )
        distance = squared_distance(self._tril, sub(value, self.loc))
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - half_log_det(self._tril)

    def entropy(self) -> Tensor:
        half = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi))
        return expand(half_log_det(self._tril) + half, self._batch_shape)

    def _factor(self, matrix: Tensor) -> Tensor:
        """L, without the batch of loc."""
        if self._given == "scale_tril":
            on_diagonal, above = diagonal(matrix, 0, -2, -1) > 0, matrix.triu(1) == 0
            self._check("scale_tril", on_diagonal.all() & above.all(), "lower triangular, with a diagonal above 0")
            return matrix
        wanted = "symmetric and positive definite"
        self._check(self._given, abs(matrix - transpose(matrix, -1, -2)) <= 1e-6 + 1e-5 * abs(matrix), wanted)
        try:
            if self._given == "covariance_matrix":
                return cholesky(matrix)
            # Σ⁻¹ = U Uᵀ with U upper triangular: the Cholesky factor of the matrix read backwards. Then L = U⁻ᵀ.
            upper = flip(cholesky(flip(matrix, (-2, -1))), (-2, -1))
        except LinAlgError as error:
            raise ArgumentError(f"MultivariateNormal: {self._given} must be {wanted}") from error
        eye = wrap(backend_of(matrix._array).xp.eye(matrix.shape[-1], dtype=matrix.dtype))
        return solve_triangular(transpose(upper, -1, -2), eye, upper=False)

    def _parameters(self) -> dict[str, Tensor]:
        return {"loc": self.loc, self._given: self._matrix}


def squared_distance(tril: Tensor, x: Tensor) -> Tensor:
    """|L⁻¹ x|² of vectors x (..., N)."""
    return sum(select(solve_triangular(tril, unsqueeze(x, -1), upper=False), -1, 0) ** 2, -1)


def half_log_det(tril: Tensor) -> Tensor:
    """log √|Σ|: the sum of the logarithms of the diagonal of L."""
    return sum(log(diagonal(tril, 0, -2, -1)), -1)
