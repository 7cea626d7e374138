"""Wrong derivatives, each a mistake that people have made: `gradcheck` must find every one of them.

`MISTAKES` names each and gives a function of float64 tensors that shows it, with inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minidl.backend.window import Window
from minidl.engine.function import Function
from minidl.ops.arithmetic import add, mul


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).uniform(0.5, 2.0, shape)


class AddSharesItsGradient(Function):
    """z = x + 2 y"""

    def forward(self, x: Any, y: Any) -> Any:
        return x + 2 * y

    def backward(self, dz: Any) -> Any:
        dy = dz  # no copy, so that this changes dx too
        dy *= 2
        return dz, dy


class DoubleChangesTheIncomingGradient(Function):
    """z = 2 x"""

    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, dz: Any) -> Any:
        dz *= 2  # another operation may still need dz
        return dz


class MulForgetsTheSecondFactor(Function):
    """z = x y"""

    def forward(self, x: Any, y: Any) -> Any:
        self.y = y
        return x * y

    def backward(self, dz: Any) -> Any:
        return dz * self.y, None  # x * x then has the slope x, not 2 x


class DivWithTheWrongSign(Function):
    """z = x / y"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return x / y

    def backward(self, dz: Any) -> Any:
        return dz / self.y, dz * self.x / self.y**2  # the second is negative


class MeanForgetsToDivide(Function):
    """z = Σ x / n"""

    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x.mean()

    def backward(self, dz: Any) -> Any:
        return np.broadcast_to(dz, self.shape)  # / n


class BiasForgetsTheBroadcastSum(Function):
    """z[n] = x[n] + b"""

    def forward(self, x: Any, b: Any) -> Any:
        return x + b

    def backward(self, dz: Any) -> Any:
        return dz, dz[0]  # b was added to every row


class MatmulInTheWrongOrder(Function):
    """z = x w, square"""

    def forward(self, x: Any, w: Any) -> Any:
        self.x, self.w = x, w
        return x @ w

    def backward(self, dz: Any) -> Any:
        return self.w.T @ dz, self.x.T @ dz  # the first is dz wᵀ


class PermuteBackTheSameWay(Function):
    """z = x with its dims permuted; a cycle of three is not its own inverse"""

    def forward(self, x: Any) -> Any:
        return x.transpose(1, 2, 0).copy()

    def backward(self, dz: Any) -> Any:
        return dz.transpose(1, 2, 0)


class ReluByTheSignOfTheGradient(Function):
    """z = max(x, 0)"""

    def forward(self, x: Any) -> Any:
        return np.maximum(x, 0)

    def backward(self, dz: Any) -> Any:
        return dz * (dz > 0)  # x > 0


class SoftmaxWithTheGlobalMaximum(Function):
    """z = softmax of each row; a row far below the largest of all rows underflows to 0 / 0"""

    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max())
        self.z = e / e.sum(axis=1, keepdims=True)
        return self.z

    def backward(self, dz: Any) -> Any:
        return self.z * (dz - (dz * self.z).sum(axis=1, keepdims=True))


class SoftmaxAsIfElementwise(Function):
    """z = softmax of each row"""

    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.z = e / e.sum(axis=1, keepdims=True)
        return self.z

    def backward(self, dz: Any) -> Any:
        return dz * self.z * (1 - self.z)  # each x moves the others through the sum


class CrossEntropyForgetsTheBatch(Function):
    """z = mean over N of -log softmax(x)[label]"""

    labels = np.array([0, 2, 1])

    def forward(self, x: Any) -> Any:
        e = np.exp(x)
        self.p = e / e.sum(axis=1, keepdims=True)
        return -np.log(self.p[np.arange(3), self.labels]).mean()

    def backward(self, dz: Any) -> Any:
        return dz * (self.p - np.eye(4)[self.labels])  # / N


class NormalizeWithConstantStatistics(Function):
    """z = (x - mean) / deviation of each column"""

    def forward(self, x: Any) -> Any:
        self.deviation = x.std(axis=0)
        return (x - x.mean(axis=0)) / self.deviation

    def backward(self, dz: Any) -> Any:
        return dz / self.deviation  # x moves mean and deviation too


class EmbeddingAssignsRepeatedRows(Function):
    """z = w[rows], some rows twice"""

    rows = np.array([0, 2, 0])

    def forward(self, w: Any) -> Any:
        self.shape = w.shape
        return w[self.rows]

    def backward(self, dz: Any) -> Any:
        dw = np.zeros(self.shape)
        dw[self.rows] = dz  # +=, and even that counts once
        return dw


class ConvAssignsTheInputGradient(Function):
    """z[p] = Σ_i w[i] x[p + i]"""

    def forward(self, x: Any, w: Any) -> Any:
        self.x, self.w = x, w
        return np.correlate(x, w, "valid")

    def backward(self, dz: Any) -> Any:
        dx = np.zeros_like(self.x)
        for p in range(len(dz)):
            dx[p : p + len(self.w)] = dz[p] * self.w  # windows overlap: +=
        return dx, np.correlate(self.x, dz, "valid")


class ConvDoesNotFlipTheKernel(Function):
    """z[p] = Σ_i w[i] x[p + i]"""

    def forward(self, x: Any, w: Any) -> Any:
        self.x, self.w = x, w
        return np.correlate(x, w, "valid")

    def backward(self, dz: Any) -> Any:
        return np.correlate(dz, self.w, "full"), np.correlate(self.x, dz, "valid")  # the first with w[::-1]


class MaxPoolLooksForTheWinnerAmongZeros(Function):
    """z = the largest of each 2x2 window, padded by 1 with -inf"""

    window = Window((2, 2), (2, 2), ((1, 1), (1, 1)))

    def forward(self, x: Any) -> Any:
        self.x = x
        self.size = self.window.output_size(x.shape[2:])
        return self.backend.max_pool(x, self.window, self.size)[0]

    def backward(self, dz: Any) -> Any:
        taps = self.backend.windows(self.x, self.window)  # padded with 0, which beats every negative pixel
        winners = taps.reshape(*taps.shape[:4], 4).argmax(axis=-1)
        return self.backend.add_at_winners(dz, winners, self.window, self.x.shape[2:])


class DropoutDrawsAnotherMask(Function):
    """z = x · mask"""

    def forward(self, x: Any) -> Any:
        return x * np.array([2.0, 0.0, 2.0, 0.0])

    def backward(self, dz: Any) -> Any:
        return dz * np.array([0.0, 2.0, 2.0, 0.0])


class SquareUsesUpWhatItKept(Function):
    """z = x²"""

    def forward(self, x: Any) -> Any:
        self.twice = 2 * x
        return x * x

    def backward(self, dz: Any) -> Any:
        self.twice *= dz  # a second backward finds something else
        return self.twice.copy()


class SquareChangesItsInput(Function):
    """z = x²"""

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        x *= x
        return x.copy()

    def backward(self, dz: Any) -> Any:
        return 2 * dz * self.x


class ExpHasNoGradient(Function):
    """z = e^x"""

    def forward(self, x: Any) -> Any:
        return np.exp(x)

    def backward(self, dz: Any) -> Any:
        return None


class KinkWithASlopeOfItsOwn(Function):
    """z = |x|"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.abs(x)

    def backward(self, dz: Any) -> Any:
        return dz * np.where(self.x == 0, 2, np.sign(self.x))  # between -1 and 1 is right


FAR_ROWS = np.array([[0.0, 1.0], [-900.0, -901.0]])

MISTAKES: dict[str, tuple[Callable[..., Any], list[np.ndarray]]] = {
    "a gradient shared between two inputs": (AddSharesItsGradient.apply, [random(3), random(3)]),
    "the incoming gradient changed in place": (
        lambda x: add(DoubleChangesTheIncomingGradient.apply(h := mul(x, 1)), h), [random(3)],
    ),
    "x * x counted once": (lambda x: MulForgetsTheSecondFactor.apply(x, x), [random(3)]),
    "a wrong sign": (DivWithTheWrongSign.apply, [random(3), random(3)]),
    "a missing factor": (MeanForgetsToDivide.apply, [random(4)]),
    "a forgotten broadcast sum": (BiasForgetsTheBroadcastSum.apply, [random(3, 2), random(2)]),
    "factors in the wrong order": (MatmulInTheWrongOrder.apply, [random(3, 3), random(3, 3)]),
    "a permutation undone the same way": (PermuteBackTheSameWay.apply, [random(2, 2, 2)]),
    "relu by the sign of the gradient": (ReluByTheSignOfTheGradient.apply, [random(4) - 1.2]),
    "softmax with the global maximum": (SoftmaxWithTheGlobalMaximum.apply, [FAR_ROWS]),
    "softmax as if elementwise": (SoftmaxAsIfElementwise.apply, [random(2, 3)]),
    "cross-entropy not divided by the batch": (CrossEntropyForgetsTheBatch.apply, [random(3, 4)]),
    "normalisation with constant statistics": (NormalizeWithConstantStatistics.apply, [random(4, 2)]),
    "repeated rows assigned": (EmbeddingAssignsRepeatedRows.apply, [random(3, 2)]),
    "a convolution's input gradient assigned": (ConvAssignsTheInputGradient.apply, [random(6), random(3)]),
    "a kernel that is not flipped": (ConvDoesNotFlipTheKernel.apply, [random(6), random(3)]),
    "max-pool's padding taken for zeros": (MaxPoolLooksForTheWinnerAmongZeros.apply, [-random(1, 1, 3, 3)]),
    "another dropout mask in backward": (DropoutDrawsAnotherMask.apply, [random(4)]),
    "what was kept used up": (SquareUsesUpWhatItKept.apply, [random(3)]),
    "an input changed by forward": (SquareChangesItsInput.apply, [random(3)]),
    "no gradient at all": (ExpHasNoGradient.apply, [random(3)]),
    "a slope outside of both sides of a kink": (KinkWithASlopeOfItsOwn.apply, [np.array([0.0, 1.0])]),
}  # fmt: skip
