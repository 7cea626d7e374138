"""The backend's primitives as operations of the graph: what a backward consists of once it is recorded."""

from __future__ import annotations

from typing import Any

from ...backend.window import Window
from ...engine.function import Function

Call = tuple[Any, ...]  # the name of a primitive, and what it takes after its first array


class LinearMap(Function):
    """z = A x        dx = Aᵀ dz

    A is a primitive of the backend that is linear in x, and Aᵀ another one.
    """

    def forward(self, x: Any, there: Call, back: Call) -> Any:
        self.back = back
        return getattr(self.backend, there[0])(x, *there[1:])

    def backward(self, dz: Any) -> Any:
        return getattr(self.backend, self.back[0])(dz, *self.back[1:])


class Masked(Function):
    """z = x · mask        ∂z/∂x = mask

    0 where the mask is false, even in place of infinity and NaN.
    """

    computes = False

    def forward(self, x: Any, mask: Any) -> Any:
        self.mask = mask
        return self.backend.masked(x, mask)

    def backward(self, dz: Any) -> Any:
        return self.backend.masked(dz, self.mask), None


class AddAt(Function):
    """z = x; z[index] += v        dx = dz,  dv = dz[index]"""

    def forward(self, x: Any, v: Any, index: Any) -> Any:
        self.index = index
        z = x.copy()
        self.backend.scatter_add(z, index, v)
        return z

    def backward(self, dz: Any) -> Any:
        return dz, dz[self.index]


class CorrelateGradWeight(Function):
    """z[o,c,i,j] = Σ_npq x[n,c,p+i,q+j] · y[n,o,p,q]

    dx[n,c,h,v] = Σ_oij dz[o,c,i,j] · y[n,o,h-i,v-j],  dy[n,o,p,q] = Σ_cij dz[o,c,i,j] · x[n,c,p+i,q+j]
    For stride 1 and no padding. z is dw of Conv2d, with y its dz; dx and dy are its dx and z, with dz as the kernel.
    """

    def forward(self, y: Any, x: Any, window: Window, groups: int) -> Any:
        self.x, self.y, self.how = x, y, (window, groups)
        return self.backend.correlate_grad_weight(y, x, *self.how)

    def backward(self, dz: Any) -> Any:
        x, y, how, backend = self.x, self.y, self.how, self.backend
        dx = dy = None
        if self.needs[0]:  # of a transposed convolution, y may have fewer rows than there are windows
            dy = backend.correlate(x, dz, None, *how)[:, :, : y.shape[2], : y.shape[3]]
        if self.needs[1]:
            dx = backend.correlate_grad_input(y, dz, *how, x.shape[2:])
        return dy, dx
