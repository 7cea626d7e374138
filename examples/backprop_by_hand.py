"""Backpropagation written out by hand, beside the engine that does it automatically.

Teaches: what `loss.backward()` does. A network with one hidden layer classifies real digits; its forward pass is
written as formulas in NumPy, and its backward pass is the same formulas read from the bottom up, each replaced by its
derivative. The engine computes the same gradients, to the last digit.

    python examples/backprop_by_hand.py
"""

import numpy as np

import minidl
from minidl.data.datasets import MNIST
from minidl.nn import functional as F

digits = MNIST(None, train=True)
x = digits.data.numpy()[:64].reshape(64, 784) / np.float64(255)  # (N, 784): 64 real digits
labels = digits.targets.numpy()[:64]  # (N,)
N = len(x)

rng = np.random.default_rng(0)
W1, b1 = rng.normal(0, 0.05, (784, 32)), np.zeros(32)
W2, b2 = rng.normal(0, 0.2, (32, 10)), np.zeros(10)


def by_hand(W1, b1, W2, b2):
    """The loss, and its derivative with respect to every weight."""
    # forward: five formulas, downwards
    a = x @ W1 + b1  # (N, 32)  first layer
    h = np.maximum(a, 0)  # (N, 32)  ReLU
    s = h @ W2 + b2  # (N, 10)  scores
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)  # (N, 10)  softmax: probabilities
    loss = -np.log(p[np.arange(N), labels]).mean()

    # backward: the same formulas upwards; d_ is the derivative of the loss with respect to _
    onehot = np.eye(10)[labels]
    ds = (p - onehot) / N  # (N, 10)  softmax and logarithm together
    dW2 = h.T @ ds  # (32, 10)  s = h W2 + b2
    db2 = ds.sum(axis=0)  # (10,)    b2 was added to every row
    dh = ds @ W2.T  # (N, 32)
    da = dh * (a > 0)  # (N, 32)  ReLU lets the gradient through where its input was positive
    dW1 = x.T @ da  # (784, 32)
    db1 = da.sum(axis=0)  # (32,)
    return loss, (dW1, db1, dW2, db2)


def by_engine(*weights):
    """The same, by the engine: the forward pass is written out, the backward pass is one call."""
    W1, b1, W2, b2 = (minidl.tensor(w, requires_grad=True) for w in weights)
    h = F.relu(minidl.tensor(x) @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, minidl.tensor(labels).long())
    loss.backward()
    return loss.item(), tuple(w.grad.numpy() for w in (W1, b1, W2, b2))


for step in range(1, 21):
    loss, gradients = by_hand(W1, b1, W2, b2)
    engine_loss, engine_gradients = by_engine(W1, b1, W2, b2)
    assert np.isclose(loss, engine_loss, rtol=1e-12)
    worst = max(np.abs(ours - theirs).max() / np.abs(ours).max() for ours, theirs in zip(gradients, engine_gradients))
    assert worst < 1e-12, worst
    if step % 5 == 0 or step == 1:
        print(
            f"step {step:2}: loss {loss:.6f} by hand, {engine_loss:.6f} by the engine; gradients differ by {worst:.0e}"
        )
    for weight, gradient in zip((W1, b1, W2, b2), gradients):
        weight -= 0.5 * gradient  # gradient descent

accuracy = (np.argmax(np.maximum(x @ W1 + b1, 0) @ W2 + b2, axis=1) == labels).mean()
print(f"after 20 steps, {accuracy:.0%} of these {N} digits are classified correctly")
