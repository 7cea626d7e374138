"""The same work in plain NumPy, as one would first write it: minidl must not be slower."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

LR, MOMENTUM = 0.01, 0.9
Layer = tuple[np.ndarray, np.ndarray]


class Sketch:
    """A step of SGD with momentum over `layers`, pairs of weights and biases."""

    def __init__(self, shapes: list[tuple[int, ...]], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.layers: list[Layer] = [
            (0.1 * rng.standard_normal(shape, np.float32), np.zeros(shape[0], np.float32)) for shape in shapes
        ]
        self.speed = [(np.zeros_like(w), np.zeros_like(b)) for w, b in self.layers]

    def update(self, gradients: list[Layer]) -> None:
        for pair, speeds, slopes in zip(self.layers, self.speed, gradients):
            for parameter, v, slope in zip(pair, speeds, slopes):
                v *= MOMENTUM
                v += slope
                parameter -= LR * v


def cross_entropy(z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean loss and its gradient: (N, C)."""
    shifted = z - z.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    dz = np.exp(logs)
    dz[np.arange(len(y)), y] -= 1
    return float(-logs[np.arange(len(y)), y].mean()), (dz / len(y)).astype(np.float32)


class MLP(Sketch):
    """Linear layers with ReLU between."""

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        inputs = []
        for i, (w, b) in enumerate(self.layers):
            inputs.append(x)
            x = x @ w.T + b
            x = np.maximum(x, 0) if i + 1 < len(self.layers) else x
        loss, dz = cross_entropy(x, y)
        gradients: list[Layer] = []
        for i in reversed(range(len(self.layers))):
            gradients.insert(0, (dz.T @ inputs[i], dz.sum(0)))
            if i:
                dz = (dz @ self.layers[i][0]) * (inputs[i] > 0)
        self.update(gradients)
        return loss


class LectureCNN(Sketch):
    """Two convolutions by im2col with ReLU and 2x2 pooling, one linear layer."""

    def __init__(self) -> None:
        super().__init__([(10, 1, 5, 5), (20, 10, 5, 5), (10, 1280)])

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        kept = []
        for w, b in self.layers[:2]:
            x, saved = _block(x, w, b)
            kept.append(saved)
        w, b = self.layers[2]
        flat = x.reshape(len(x), -1)
        loss, dz = cross_entropy(flat @ w.T + b, y)
        gradients: list[Layer] = [(dz.T @ flat, dz.sum(0))]
        dx = (dz @ w).reshape(x.shape)
        for i in (1, 0):
            dx, pair = _block_gradient(dx, self.layers[i][0], kept[i], first=i == 0)
            gradients.insert(0, pair)
        self.update(gradients)
        return loss


def _block(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, tuple]:
    """conv 5x5 pad 3, ReLU, pool 2."""
    padded = np.pad(x, ((0, 0), (0, 0), (3, 3), (3, 3)))
    windows = sliding_window_view(padded, (5, 5), axis=(2, 3))  # (N, C, H, W, 5, 5)
    n, c, h, k = windows.shape[:4]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * k, c * 25)
    z = columns @ w.reshape(len(w), -1).T + b
    z = np.maximum(z, 0).reshape(n, h, k, len(w)).transpose(0, 3, 1, 2)
    even = z[:, :, : h // 2 * 2, : k // 2 * 2].reshape(n, len(w), h // 2, 2, k // 2, 2)
    pooled = even.max((3, 5))
    return pooled, (padded.shape, columns, z, even, pooled)


def _block_gradient(dpooled: np.ndarray, w: np.ndarray, kept: tuple, first: bool) -> tuple[np.ndarray, Layer]:
    padded_shape, columns, z, even, pooled = kept
    n, o, h, k = z.shape
    dz = np.zeros_like(z)
    routed = (even == pooled[:, :, :, None, :, None]) * dpooled[:, :, :, None, :, None]
    dz[:, :, : h // 2 * 2, : k // 2 * 2] = routed.reshape(n, o, h // 2 * 2, k // 2 * 2)
    dz *= z > 0
    rows = dz.transpose(0, 2, 3, 1).reshape(-1, o)
    pair = ((rows.T @ columns).reshape(w.shape), rows.sum(0))
    if first:
        return dpooled, pair
    taps = (rows @ w.reshape(o, -1)).reshape(n, h, k, w.shape[1], 5, 5)
    dx = np.zeros(padded_shape, np.float32)
    for i in range(5):
        for j in range(5):
            dx[:, :, i : i + h, j : j + k] += taps[..., i, j].transpose(0, 3, 1, 2)
    return dx[:, :, 3:-3, 3:-3], pair
