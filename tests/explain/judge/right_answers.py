"""Right answers that are written otherwise than the model answer: each must be accepted."""

from __future__ import annotations

from .wrong_answers import ATTENTION, CONV, LSTM, NORM

RIGHT: dict[str, list[str]] = {
    "add": ["def backward(dz, x, y): return [dz, dz]", "def backward(dz, x, y): return 1 * dz, dz.copy()"],
    "mul": [
        "def backward(dz, x, y):\n    dy = dz * x\n    dz *= y\n    return dz, dy",  # in place
        "def backward(dz, x, y): return (y * dz).astype(np.float32), np.array(x * dz, order='F')",
    ],
    "broadcast": ["""
def backward(dz, x, b):
    def fit(d, shape):
        while d.ndim > len(shape):
            d = d.sum(axis=0)
        for axis, n in enumerate(shape):
            if n == 1:
                d = d.sum(axis=axis, keepdims=True)
        return d
    return fit(dz, x.shape), fit(dz, b.shape)
"""],
    "relu": [
        "def backward(dz, x): return np.where(x >= 0, dz, 0)",  # the other slope at the corner
        "def backward(dz, x): return dz * np.heaviside(x, 0.5)",  # one between them
        "def backward(dz, x):\n    dx = dz.copy()\n    dx[x <= 0] = 0\n    return (dx,)",
        "def backward(dz, x, *, slope=1): return slope * dz * (x > 0)",
    ],
    "sigmoid": ["""
def backward(dz, x, z):
    e = np.exp(-x.astype(np.float32))
    return dz.astype(np.float32) * e / (1 + e) ** 2
"""],
    "tanh": [
        "def backward(dz, x, z): return dz / np.cosh(x) ** 2",
        "def backward(dz, x, z): return [dz * (1 + z) * (1 - z)]",
    ],
    "matmul": [
        "def backward(dz, x, y): return (y @ dz.T).T, (dz.T @ x).T",  # not contiguous
        "def backward(dz, x, y): return np.einsum('nm,km->nk', dz, y), np.tensordot(x, dz, (0, 0))",
    ],
    "linear": ["""
def backward(dz, x, w, b):
    dx, dw, db = np.zeros_like(x, np.float32), np.zeros_like(w, np.float32), np.zeros_like(b, np.float32)
    for n in range(len(x)):
        dx[n] = dz[n] @ w
        dw += np.outer(dz[n], x[n])
        db += dz[n]
    return dx, dw, db
"""],
    "mse": [
        "def backward(dz, x, t): return np.float32(dz) * np.float32(2 / x.size) * (x - t).astype(np.float32)",
        "def backward(dz, x, t): return (dz * 2 / x.size * (x - t)).tolist()",
    ],
    "softmax": [
        """
def backward(dz, x, z):
    return np.stack([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(z, dz)]) if len(z) else np.zeros(z.shape)
""",
        """
def backward(dz, x, z):
    z, dz = z.astype(np.float32), dz.astype(np.float32)
    return z * dz - z * np.vecdot(z, dz)[:, None]
""",
    ],
    "cross_entropy": ["""
def backward(dz, x, t):
    x = x.astype(np.float32)
    x -= x.max(axis=1, keepdims=True)
    p = np.exp(x - np.log(np.exp(x).sum(axis=1, keepdims=True)))
    p[np.arange(len(t)), t] -= 1
    return p * np.float32(dz / len(t))
"""],
    "max_pool2d": ["""
def backward(dz, x, kernel, stride):  # among equal pixels, the last one
    dx = np.zeros(x.shape, np.float32)
    for n, c, p, q in np.ndindex(*dz.shape):
        w = x[n, c, p * stride:p * stride + kernel, q * stride:q * stride + kernel]
        a, b = divmod(kernel * kernel - 1 - w[::-1, ::-1].argmax(), kernel)
        dx[n, c, p * stride + a, q * stride + b] += dz[n, c, p, q]
    return dx
""", """
def backward(dz, x, kernel, stride):  # among equal pixels, shared out
    dx = np.zeros(x.shape)
    for p, q in np.ndindex(*dz.shape[2:]):
        here = np.s_[:, :, p * stride:p * stride + kernel, q * stride:q * stride + kernel]
        won = x[here] == x[here].max(axis=(2, 3), keepdims=True)
        dx[here] += dz[:, :, p:p + 1, q:q + 1] * won / won.sum(axis=(2, 3), keepdims=True)
    return dx
"""],
    "conv2d": [CONV, """
def backward(dz, x, w, b, stride, padding):  # scatter by strides, tap by tap
    n, c, h, v = x.shape
    o, _, kh, kw = w.shape
    xp = np.pad(x.astype(np.float32), [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    dx, dw = np.zeros_like(xp), np.zeros(w.shape, np.float32)
    ph, pw = dz.shape[2:]
    for i, j in np.ndindex(kh, kw):
        tap = np.s_[:, :, i:i + stride * ph:stride, j:j + stride * pw:stride]
        dw[:, :, i, j] = np.einsum("nopq,ncpq->oc", dz, xp[tap])
        dx[tap] += np.einsum("nopq,oc->ncpq", dz, w[:, :, i, j])
    return dx[:, :, padding:padding + h, padding:padding + v], dw, np.einsum("nopq->o", dz)
"""],
    "batch_norm": [NORM, """
def backward(dz, x, w, b, eps):
    x, dz = x.astype(np.float32), dz.astype(np.float32)
    s = np.sqrt(x.var(axis=0) + np.float32(eps))
    y = (x - x.mean(axis=0)) / s
    dw, db = (dz * y).sum(axis=0), dz.sum(axis=0)
    return w / s * (dz - db / len(x) - y * dw / len(x)), dw, db
"""],
    "attention": [ATTENTION],
    "lstm_step": [LSTM],
}  # fmt: skip
