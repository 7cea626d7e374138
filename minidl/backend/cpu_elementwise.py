"""Element-wise work on the CPU that plain NumPy calls do slower than the memory allows.

* `np.maximum(x, 0)` compares with a lone number one element at a time; against a row of zeros it uses the whole vector
  unit: 0.12 ms instead of 0.28 for the lecture's first ReLU (100 images of 10 x 30 x 30).
* A mask applied to the bits of the gradient is exact where a product is not (inf * 0), and `np.where` takes 4 ms
  where this takes 0.2, because it branches at each element.
* The sums over all but the channels are products with a vector of ones: BLAS adds 3 times faster than `sum`.
* An update reuses one piece of scratch memory for all its intermediate results.

Large arrays are walked in the order in which they lie in memory, in blocks that threads share.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .threads import parallel
from .workspace import scratch

ROW = 4096  # zeros that a block is compared with
BLOCK = 1 << 18  # elements of a block, a multiple of ROW
ELEMENTS = 3_000  # elements of one pass in a microsecond on one core, roughly


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), NaN kept, in the memory order of x."""
    if x.size < 2 * ROW:
        return np.maximum(x, 0)
    order = _memory_order(x)
    z = np.empty(tuple(x.shape[axis] for axis in order), x.dtype)
    source, target, zeros = _flat(x, order), z.reshape(-1), np.zeros(ROW, x.dtype)

    def fill(start: int, stop: int) -> None:
        whole = start + (stop - start) // ROW * ROW
        np.maximum(source[start:whole].reshape(-1, ROW), zeros, out=target[start:whole].reshape(-1, ROW))
        np.maximum(source[whole:stop], 0, out=target[whole:stop])

    _in_blocks(fill, x.size, passes=1)
    return z.transpose(np.argsort(order))


def relu_grad(dz: np.ndarray, z: np.ndarray) -> np.ndarray:
    """dz where z = relu(x) is not 0 (so where it is NaN, too), else 0: in the memory order of z."""
    order = _memory_order(z)
    dx = np.empty(tuple(z.shape[axis] for axis in order), dz.dtype)
    kept, bits = _flat(z, order), f"i{dz.dtype.itemsize}"
    source, target = _flat(dz, order).view(bits), dx.reshape(-1).view(bits)

    def fill(start: int, stop: int) -> None:
        off = np.less_equal(kept[start:stop], 0, out=scratch("off", (stop - start,), bool)).view(np.int8)
        mask = np.subtract(off, 1, out=off)  # 0 becomes -1, which is all ones; 1 becomes 0
        np.bitwise_and(mask, source[start:stop], out=target[start:stop])

    _in_blocks(fill, dz.size, passes=2)
    return dx.transpose(np.argsort(order))


def channel_sums(x: np.ndarray) -> np.ndarray:
    """The sum of x (N, C, H, W) over all but its channels: (C,). Half precision is summed in single."""
    n, c, h, w = x.shape
    batch_last = x.transpose(1, 2, 3, 0)
    if x.dtype == np.float16 or x.size == 0 or not batch_last.flags.c_contiguous:
        return x.sum(axis=(0, 2, 3), dtype=np.float32 if x.dtype == np.float16 else x.dtype).astype(x.dtype, copy=False)
    rows = batch_last.reshape(c * h, w * n) @ np.ones(w * n, x.dtype)
    return rows.reshape(c, h).sum(axis=1)


def sgd_update(
    p: np.ndarray,
    g: np.ndarray,
    velocity: np.ndarray | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    first: bool,
) -> None:
    """p ← p - lr d in place, with d = g + weight_decay p, or its velocity v ← momentum v + (1 - dampening) d.

    At the `first` step v = d; with `nesterov` p moves along d + momentum v. `g` is left as it is.
    """
    step = scratch("step", p.shape, p.dtype)
    direction = g
    if weight_decay != 0:
        direction = np.multiply(p, weight_decay, out=scratch("direction", p.shape, p.dtype))
        direction += g
    if velocity is not None:
        if first:
            velocity[...] = direction
        else:
            velocity *= momentum
            velocity += direction if dampening == 0 else np.multiply(direction, 1 - dampening, out=step)
        if nesterov:
            direction = np.add(direction, np.multiply(velocity, momentum, out=step), out=step)
        else:
            direction = velocity
    p -= np.multiply(direction, lr, out=step)


def _memory_order(x: np.ndarray) -> tuple[int, ...]:
    """The axes of x from the slowest in memory to the fastest."""
    return tuple(sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis])))


def _flat(x: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """The elements of x with its axes in that order: a view if memory has that order, else a copy."""
    return np.ascontiguousarray(x.transpose(order)).reshape(-1)


def _in_blocks(fill: Callable[[int, int], None], size: int, passes: int) -> None:
    """Call fill(start, stop) for blocks of 0 ... size."""
    starts = range(0, size, BLOCK)
    parallel(lambda i: fill(starts[i], min(starts[i] + BLOCK, size)), len(starts), passes * size / ELEMENTS)
