"""Typical wrong answers to every exercise, as a student writes them, each with the cause that must be named.

`(cause, results, code)`: the cause's key; the results that it must be named for, in their order; a file's text.
"""

from __future__ import annotations

WRONG: dict[str, list[tuple[str, str, str]]] = {
    "add": [
        ("sign", "dy", "def backward(dz, x, y): return dz, -dz"),
        ("dz_forgotten", "dx dy", "def backward(dz, x, y): return np.ones_like(x), np.ones_like(y)"),
        ("as_product", "dx dy", "def backward(dz, x, y): return dz * y, dz * x"),
        ("times_itself", "dx dy", "def backward(dz, x, y): return dz * x, dz * y"),
        ("summed", "dx dy", "def backward(dz, x, y): return dz.sum(), dz.sum()"),
        ("factor", "dx dy", "def backward(dz, x, y): return dz / 2, dz / 2"),
        ("zeros", "dx", "def backward(dz, x, y): return np.zeros_like(x), dz"),
    ],
    "mul": [
        ("own_factor", "dx dy", "def backward(dz, x, y): return dz * x, dz * y"),
        ("own_factor", "dy", "def backward(dz, x, y): return dz * y, dz * y"),
        ("handed_on", "dx dy", "def backward(dz, x, y): return dz, dz"),
        ("dz_forgotten", "dx dy", "def backward(dz, x, y): return y, x"),
        ("times_z", "dx dy", "def backward(dz, x, y): return dz * x * y, dz * x * y"),
        ("divided_by_zero", "dx dy", "def backward(dz, x, y):\n    z = x * y\n    return dz * z / x, dz * z / y"),
        ("factor", "dx", "def backward(dz, x, y): return 2 * dz * y, dz * x"),
    ],
    "broadcast": [
        ("nothing_summed", "dx db", "def backward(dz, x, b): return dz, dz"),
        ("leading_only", "dx db", """
def backward(dz, x, b):
    return dz, dz.sum(axis=tuple(range(dz.ndim - b.ndim)))
"""),
        ("mean", "db", """
def backward(dz, x, b):
    def fit(d, shape):
        while d.ndim > len(shape):
            d = d.mean(axis=0)
        for axis, n in enumerate(shape):
            if n == 1:
                d = d.mean(axis=axis, keepdims=True)
        return d
    return np.broadcast_to(dz if dz.shape == x.shape else dz.sum(axis=1, keepdims=True), x.shape) \
        if x.ndim == 2 else dz, fit(dz, b.shape)
"""),
        ("keepdims_forgotten", "dx db", """
def backward(dz, x, b):
    def fit(d, shape):
        d = d.sum(axis=tuple(range(d.ndim - len(shape))))
        return d.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1))
    return fit(dz, x.shape), fit(dz, b.shape)
"""),
        ("first_only", "dx db", """
def backward(dz, x, b):
    def fit(d, shape):
        while d.ndim > len(shape):
            d = d[0] if len(d) else np.zeros(d.shape[1:])
        for axis, n in enumerate(shape):
            if n == 1:
                d = d.take([0], axis=axis)
        return d
    return fit(dz, x.shape), fit(dz, b.shape)
"""),
        ("sign", "dx db", """
def backward(dz, x, b):
    def fit(d, shape):
        d = d.sum(axis=tuple(range(d.ndim - len(shape))))
        return -d.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
    return fit(dz, x.shape), fit(dz, b.shape)
"""),
    ],
    "relu": [
        ("mask_of_dz", "dx", "def backward(dz, x): return dz * (dz > 0)"),
        ("handed_on", "dx", "def backward(dz, x): return dz"),
        ("dz_forgotten", "dx", "def backward(dz, x): return (x > 0).astype(float)"),
        ("value", "dx", "def backward(dz, x): return dz * np.maximum(x, 0)"),
        ("wrong_side", "dx", "def backward(dz, x): return np.where(x < 0, dz, 0)"),
        ("sign_of_x", "dx", "def backward(dz, x): return dz * np.sign(x)"),
        ("times_x", "dx", "def backward(dz, x): return dz * x"),
        ("whole_numbers", "dx", "def backward(dz, x): return (dz * (x > 0)).astype(int)"),
    ],
    "sigmoid": [
        ("at_input", "dx", "def backward(dz, x, z): return dz * x * (1 - x)"),
        ("twice", "dx", "def backward(dz, x, z):\n    s = 1 / (1 + np.exp(-z))\n    return dz * s * (1 - s)"),
        ("value", "dx", "def backward(dz, x, z): return dz * z"),
        ("one_minus", "dx", "def backward(dz, x, z): return dz * (1 - z)"),
        ("of_tanh", "dx", "def backward(dz, x, z): return dz * (1 - z ** 2)"),
        ("dz_forgotten", "dx", "def backward(dz, x, z): return z * (1 - z)"),
        ("sign", "dx", "def backward(dz, x, z): return dz * z * (z - 1)"),
    ],
    "tanh": [
        ("not_squared", "dx", "def backward(dz, x, z): return dz * (1 - z)"),
        ("at_input", "dx", "def backward(dz, x, z): return dz * (1 - x ** 2)"),
        ("plus", "dx", "def backward(dz, x, z): return dz * (1 + z ** 2)"),
        ("twice", "dx", "def backward(dz, x, z): return dz * (1 - np.tanh(z) ** 2)"),
        ("of_sigmoid", "dx", "def backward(dz, x, z): return dz * z * (1 - z)"),
        ("dz_forgotten", "dx", "def backward(dz, x, z): return 1 - z ** 2"),
        ("sign", "dx", "def backward(dz, x, z): return dz * (z ** 2 - 1)"),
    ],
    "matmul": [
        ("factor_not_transposed", "dx dy", "def backward(dz, x, y): return dz @ y, x @ dz"),
        ("factor_not_transposed", "dx", "def backward(dz, x, y): return dz @ y, x.T @ dz"),
        ("transposed", "dx dy", "def backward(dz, x, y): return y @ dz.T, dz.T @ x"),
        ("wrong_order", "dx dy", "def backward(dz, x, y): return y.T @ dz, dz @ x.T"),
        ("own_factor", "dx dy", "def backward(dz, x, y): return dz @ x.T, y.T @ dz"),
        ("swapped", "dx dy", "def backward(dz, x, y): return x.T @ dz, dz @ y.T"),
        ("dz_forgotten", "dx dy", "def backward(dz, x, y):\n    dz = np.ones_like(dz)\n    return dz @ y.T, x.T @ dz"),
    ],
    "linear": [
        ("w_transposed", "dx", "def backward(dz, x, w, b): return dz @ w.T, dz.T @ x, dz.sum(axis=0)"),
        ("transposed", "dw", "def backward(dz, x, w, b): return dz @ w, x.T @ dz, dz.sum(axis=0)"),
        ("not_summed", "db", "def backward(dz, x, w, b): return dz @ w, dz.T @ x, dz"),
        ("mean", "dw db", """
def backward(dz, x, w, b):
    n = max(len(x), 1)
    return dz @ w, dz.T @ x / n, dz.sum(axis=0) / n
"""),
        ("last_row", "dw db", """
def backward(dz, x, w, b):
    dw, db = np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        dw = np.outer(dz[n], x[n])
        db = dz[n]
    return dz @ w, dw, db
"""),
        ("first_row", "db", "def backward(dz, x, w, b): return dz @ w, dz.T @ x, dz[0] if len(dz) else 0 * b"),
        ("b_in_dx", "dx", "def backward(dz, x, w, b): return dz @ w + b.sum(), dz.T @ x, dz.sum(axis=0)"),
        ("swapped", "dw db", "def backward(dz, x, w, b): return dz @ w, dz.sum(axis=0), dz.T @ x"),
    ],
    "mse": [
        ("factor", "dx", "def backward(dz, x, t): return dz * (x - t) / x.size"),
        ("factor", "dx", "def backward(dz, x, t): return dz * 2 * (x - t)"),
        ("factor", "dx", "def backward(dz, x, t): return dz * (x - t)"),
        ("sign", "dx", "def backward(dz, x, t): return dz * 2 * (t - x) / x.size"),
        ("dz_forgotten", "dx", "def backward(dz, x, t): return 2 * (x - t) / x.size"),
        ("rows", "dx", "def backward(dz, x, t): return dz * 2 * (x - t) / len(x)"),
        ("value", "dx", "def backward(dz, x, t): return dz * (x - t) ** 2 / x.size"),
        ("absolute", "dx", "def backward(dz, x, t): return dz * np.sign(x - t) / x.size"),
    ],
    "softmax": [
        ("diagonal", "dx", "def backward(dz, x, z): return dz * z * (1 - z)"),
        ("sum_missing", "dx", "def backward(dz, x, z): return dz * z"),
        ("sum_of_dz", "dx", "def backward(dz, x, z): return z * (dz - dz.sum(axis=1, keepdims=True))"),
        ("mean_of_dz", "dx", "def backward(dz, x, z): return z * (dz - dz.mean(axis=1, keepdims=True))"),
        ("over_the_batch", "dx", "def backward(dz, x, z): return z * (dz - np.sum(dz * z))"),
        ("columns", "dx", "def backward(dz, x, z): return z * (dz - np.sum(dz * z, axis=0))"),
        ("sign", "dx", "def backward(dz, x, z): return z * (np.sum(dz * z, axis=1, keepdims=True) - dz)"),
        ("handed_on", "dx", "def backward(dz, x, z): return dz"),
    ],
    "cross_entropy": [
        ("not_averaged", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[range(len(t)), t] -= 1
    return dz * p
"""),
        ("dz_forgotten", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[range(len(t)), t] -= 1
    return p / len(t)
"""),
        ("onehot_missing", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return dz * e / e.sum(axis=1, keepdims=True) / len(t)
"""),
        ("overflow", "dx", """
def backward(dz, x, t):
    p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    p[range(len(t)), t] -= 1
    return dz * p / len(t)
"""),
        ("global_max", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max())
    p = e / e.sum(axis=1, keepdims=True)
    p[range(len(t)), t] -= 1
    return dz * p / len(t)
"""),
        ("columns", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=0))
    p = e / e.sum(axis=0)
    p[range(len(t)), t] -= 1
    return dz * p / len(t)
"""),
        ("sign", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return dz * (np.eye(x.shape[1])[t] - p) / len(t)
"""),
        ("all_elements", "dx", """
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return dz * (p - np.eye(x.shape[1])[t]) / x.size
"""),
    ],
    "max_pool2d": [
        ("every_pixel", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for p, q in np.ndindex(*dz.shape[2:]):
        i, j = p * stride, q * stride
        dx[:, :, i:i + kernel, j:j + kernel] += dz[:, :, p, q][:, :, None, None]
    return dx
"""),
        ("averaged", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for p, q in np.ndindex(*dz.shape[2:]):
        i, j = p * stride, q * stride
        dx[:, :, i:i + kernel, j:j + kernel] += dz[:, :, p, q][:, :, None, None] / kernel ** 2
    return dx
"""),
        ("all_winners", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for p, q in np.ndindex(*dz.shape[2:]):
        i, j = p * stride, q * stride
        w = x[:, :, i:i + kernel, j:j + kernel]
        dx[:, :, i:i + kernel, j:j + kernel] += dz[:, :, p:p + 1, q:q + 1] * (w == w.max(axis=(2, 3), keepdims=True))
    return dx
"""),
        ("assigned", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for n, c, p, q in np.ndindex(*dz.shape):
        w = x[n, c, p * stride:p * stride + kernel, q * stride:q * stride + kernel]
        a, b = divmod(w.argmax(), kernel)
        dx[n, c, p * stride + a, q * stride + b] = dz[n, c, p, q]
    return dx
"""),
        ("times_value", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for n, c, p, q in np.ndindex(*dz.shape):
        w = x[n, c, p * stride:p * stride + kernel, q * stride:q * stride + kernel]
        a, b = divmod(w.argmax(), kernel)
        dx[n, c, p * stride + a, q * stride + b] += dz[n, c, p, q] * w.max()
    return dx
"""),
        ("absolute", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for n, c, p, q in np.ndindex(*dz.shape):
        w = x[n, c, p * stride:p * stride + kernel, q * stride:q * stride + kernel]
        a, b = divmod(abs(w).argmax(), kernel)
        dx[n, c, p * stride + a, q * stride + b] += dz[n, c, p, q]
    return dx
"""),
        ("dz_forgotten", "dx", """
def backward(dz, x, kernel, stride):
    dx = np.zeros_like(x)
    for n, c, p, q in np.ndindex(*dz.shape):
        w = x[n, c, p * stride:p * stride + kernel, q * stride:q * stride + kernel]
        a, b = divmod(w.argmax(), kernel)
        dx[n, c, p * stride + a, q * stride + b] += 1
    return dx
"""),
    ],
    "conv2d": [],
    "batch_norm": [],
    "attention": [],
    "lstm_step": [],
}  # fmt: skip

CONV = """
def backward(dz, x, w, b, stride, padding):
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    kh, kw = w.shape[2:]
    for n, o, p, q in np.ndindex(*dz.shape):
        i, j = p * stride, q * stride
        dw[o] += dz[n, o, p, q] * x[n, :, i:i + kh, j:j + kw]
        dx[n, :, i:i + kh, j:j + kw] += dz[n, o, p, q] * w[o]
        db[o] += dz[n, o, p, q]
    return dx[:, :, padding:x.shape[2] - padding, padding:x.shape[3] - padding], dw, db
"""
WRONG["conv2d"] = [
    (cause, names, CONV.replace(right, wrong))
    for cause, names, right, wrong in (
        ("kernel_turned", "dx", "q] * w[o]", "q] * w[o, :, ::-1, ::-1]"),
        ("padding_left", "dx", "dx[:, :, padding:x.shape[2] - padding, padding:x.shape[3] - padding]", "dx"),
        ("dz_forgotten", "dw", "dw[o] += dz[n, o, p, q] *", "dw[o] +="),
        ("zeros", "db", "db[o] += dz[n, o, p, q]", "pass"),
        ("swapped", "dx dw", "return dx[:, :, padding:x.shape[2] - padding, padding:x.shape[3] - padding], dw",
         "return dw, dx[:, :, padding:x.shape[2] - padding, padding:x.shape[3] - padding]"),
        ("pixels_not_summed", "db", "dw, db\n", "dw, dz.sum(axis=0)\n"),
        ("factor", "db", "dw, db\n", "dw, dz.mean(axis=(0, 2, 3))\n"),
        ("factor", "dw", "dw, db\n", "dw / len(x), db\n"),
    )
] + [
    ("assigned", "dx", """
def backward(dz, x, w, b, stride, padding):
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    kh, kw = w.shape[2:]
    for p, q in np.ndindex(*dz.shape[2:]):
        i, j = p * stride, q * stride
        dw += np.einsum("no,ncij->ocij", dz[:, :, p, q], x[:, :, i:i + kh, j:j + kw])
        dx[:, :, i:i + kh, j:j + kw] = np.einsum("no,ocij->ncij", dz[:, :, p, q], w)
    return dx[:, :, padding:x.shape[2] - padding, padding:x.shape[3] - padding], dw, dz.sum(axis=(0, 2, 3))
"""),
    ("last_window", "dw", """
def backward(dz, x, w, b, stride, padding):
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    kh, kw = w.shape[2:]
    for p, q in np.ndindex(*dz.shape[2:]):
        i, j = p * stride, q * stride
        dw = np.einsum("no,ncij->ocij", dz[:, :, p, q], x[:, :, i:i + kh, j:j + kw])
        dx[:, :, i:i + kh, j:j + kw] += np.einsum("no,ocij->ncij", dz[:, :, p, q], w)
    return dx[:, :, padding:x.shape[2] - padding, padding:x.shape[3] - padding], dw, dz.sum(axis=(0, 2, 3))
"""),
]  # fmt: skip

NORM = """
def backward(dz, x, w, b, eps):
    n = len(x)
    mean, var = x.mean(axis=0), x.var(axis=0)
    s = np.sqrt(var + eps)
    dw = (dz * (x - mean) / s).sum(axis=0)
    g = dz * w
    dvar = (g * (x - mean) * -0.5 / s**3).sum(axis=0)
    dmean = (-g / s).sum(axis=0)
    dx = g / s + dvar * 2 * (x - mean) / n + dmean / n
    return dx, dw, dz.sum(axis=0)
"""
WRONG["batch_norm"] = [
    (cause, names, NORM.replace(right, wrong))
    for cause, names, right, wrong in (
        ("mean_and_variance", "dx", "g / s + dvar * 2 * (x - mean) / n + dmean / n", "g / s"),
        ("mean", "dx", " + dmean / n", ""),
        ("variance", "dx", " + dvar * 2 * (x - mean) / n", ""),
        ("w", "dx", "g = dz * w", "g = dz"),
        ("of_x", "dw", "(dz * (x - mean) / s)", "(dz * x)"),
        ("not_divided", "dw", "(dz * (x - mean) / s)", "(dz * (x - mean))"),
        ("eps", "dx dw", "np.sqrt(var + eps)", "np.sqrt(var)"),
        ("unbiased", "dx dw", "s = np.sqrt(var + eps)", "m = max(n - 1, 1); s = np.sqrt(var * n / m + eps)"),
        ("factor", "db", "dz.sum(axis=0)\n", "dz.mean(axis=0)\n"),
        ("not_summed", "db", "dw, dz.sum(axis=0)\n", "dw, dz\n"),
    )
]  # fmt: skip
WRONG["batch_norm"][7] = (
    "unbiased", "dx dw",
    WRONG["batch_norm"][7][2].replace("dvar * 2 * (x - mean) / n", "dvar * 2 * (x - mean) / m"),
)  # fmt: skip

ATTENTION = """
def backward(dz, q, k, v):
    d = np.sqrt(q.shape[1])
    s = q @ k.T / d
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    dp = dz @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True)) / d
    return ds @ k, ds.T @ q, p.T @ dz
"""
WRONG["attention"] = [
    (cause, names, ATTENTION.replace(right, wrong))
    for cause, names, right, wrong in (
        ("scale", "dq dk", "keepdims=True)) / d", "keepdims=True))"),
        ("sum_missing", "dq dk", "(dp - (dp * p).sum(axis=1, keepdims=True))", "dp"),
        ("diagonal", "dq dk", "(dp - (dp * p).sum(axis=1, keepdims=True))", "dp * (1 - p)"),
        ("softmax_missing", "dq dk", "p * (dp - (dp * p).sum(axis=1, keepdims=True))", "dp"),
        ("p_not_transposed", "dv", "p.T @ dz", "p @ dz"),
        ("ds_not_transposed", "dk", "ds.T @ q", "ds @ q"),
        ("scores_for_weights", "dv", "p.T @ dz", "s.T @ dz"),
        ("transposed", "dq", "ds @ k", "k.T @ ds.T"),
        ("sign", "dq dk", "(dp - (dp * p).sum(axis=1, keepdims=True))", "((dp * p).sum(axis=1, keepdims=True) - dp)"),
    )
]  # fmt: skip

LSTM = """
def backward(dh_next, dc_next, x, h, c, w, u, b):
    a = x @ w.T + h @ u.T + b
    H = h.shape[1]
    i, f, o = [1 / (1 + np.exp(-a[:, k * H:(k + 1) * H])) for k in (0, 1, 3)]
    g = np.tanh(a[:, 2 * H:3 * H])
    t = np.tanh(f * c + i * g)
    s = dc_next + dh_next * o * (1 - t**2)
    di, df, dg, do = s * g, s * c, s * i, dh_next * t
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
    return da @ w, da @ u, s * f, da.T @ x, da.T @ h, da.sum(axis=0)
"""
WRONG["lstm_step"] = [
    (cause, names, LSTM.replace(right, wrong))
    for cause, names, right, wrong in (
        ("dc_forgotten", "dx dh dc dw du db", "s = dc_next + ", "s = "),
        ("path_through_h", "dx dh dc dw du db", "s = dc_next + dh_next * o * (1 - t**2)", "s = dc_next"),
        ("slope_of_tanh", "dx dh dc dw du db", "o * (1 - t**2)", "o"),
        ("slopes_of_gates", "dx dh dw du db",
         "[di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]", "[di, df, dg, do]"),
        ("slope_of_g", "dx dh dw du db", "dg * (1 - g**2)", "dg * g * (1 - g)"),
        ("forget_gate", "dc", "s * f, da", "s, da"),
        ("not_summed", "db", "da.sum(axis=0)\n", "da\n"),
        ("transposed", "dw", "da.T @ x", "x.T @ da"),
        ("factor", "db", "da.sum(axis=0)\n", "da.mean(axis=0)\n"),
    )
]  # fmt: skip
