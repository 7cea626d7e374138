"""Four things that second derivatives are for.

Teaches: `create_graph=True`. The backward pass is recorded like any other computation, so that a gradient can be a part
of a loss (a gradient penalty, MAML), and be differentiated again (Newton's method, the curvature of a loss).
L-BFGS, which guesses second derivatives from first ones, stands beside Newton's method.

Every function takes the library as its first argument: the test runs them with `minidl` and with `torch`.

    python examples/second_derivatives.py
"""

import numpy as np

import minidl


def valley(x):
    """Rosenbrock's function: a bent valley whose floor falls slowly to 0 at (1, 1)."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def newton(lib, start, steps=6):
    """Newton's method: x - H⁻¹ g, where the parabola with this slope g and curvature H has its lowest point."""
    x = lib.tensor(start, dtype=lib.float64)
    for _ in range(steps):
        H = lib.autograd.functional.hessian(valley, x)  # (2, 2)
        _, g = lib.autograd.functional.vjp(valley, x)  # (2,)
        (a, b), (c, d) = H
        inverse = lib.stack([lib.stack([d, -b]), lib.stack([-c, a])]) / (a * d - b * c)
        x = x - inverse @ g
    return x


def descent(lib, start, steps=6, lr=1e-3):
    """The same number of steps down the slope."""
    x = lib.tensor(start, dtype=lib.float64, requires_grad=True)
    for _ in range(steps):
        (g,) = lib.autograd.grad(valley(x), x)
        x = (x - lr * g).detach().requires_grad_()
    return x.detach()


def lbfgs(lib, start, steps=40):
    """L-BFGS: Newton's step without the Hessian, which is guessed from how the slope changed over the last steps."""
    x = lib.tensor(start, dtype=lib.float64, requires_grad=True)
    optimizer = lib.optim.LBFGS([x], max_iter=steps, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = valley(x)
        loss.backward()
        return loss

    optimizer.step(closure)
    return x.detach()


def gradient_penalty(lib, critic, real, fake, mix):
    """WGAN-GP (Gulrajani et al. 2017): mean (‖d critic(x)/dx‖ - 1)², at points x between real and fake images.

    The penalty is a loss: its own gradient, with respect to the critic's weights, is a second derivative.
    """
    x = (mix * real + (1 - mix) * fake).detach().requires_grad_()  # (N, 1, H, W), mix (N, 1, 1, 1)
    (g,) = lib.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((g.flatten(1).norm(dim=1) - 1) ** 2).mean()


def steepest_curvature(lib, parameters, loss, steps=30):
    """The Hessian's largest eigenvalue, by power iteration: v ← H v / ‖H v‖, and H v is the gradient of g · v.

    The Hessian itself, 18,090 x 18,090 for the lecture's CNN, is never made. A step of gradient descent overshoots
    along v if its learning rate is above 2 / eigenvalue.
    """
    gradients = lib.autograd.grad(loss, parameters, create_graph=True)
    v = [g.detach() for g in gradients]
    for _ in range(steps):
        length = sum((part**2).sum() for part in v) ** 0.5
        v = [part / length for part in v]
        dot = sum((g * part).sum() for g, part in zip(gradients, v))
        Hv = lib.autograd.grad(dot, parameters, retain_graph=True)
        eigenvalue = sum((part * h).sum() for part, h in zip(v, Hv))
        v = list(Hv)
    return eigenvalue


def sine_network(weights, x):
    """A network with one hidden layer: (N, 1) -> (N, 1)."""
    W1, b1, W2, b2 = weights
    return (x @ W1 + b1).tanh() @ W2 + b2


def maml(lib, weights, tasks, lr=0.1):
    """MAML (Finn et al. 2017): how good are these weights after one step on a new task?

    For each task, a sine of another height and phase, (x, y) to learn from and (x, y) to be tested with: the test loss
    after one step. Its gradient with respect to the first weights goes back through that step.
    """
    total = 0
    for (x, y), (x_test, y_test) in tasks:
        loss = ((sine_network(weights, x) - y) ** 2).mean()
        gradients = lib.autograd.grad(loss, weights, create_graph=True)
        adapted = [w - lr * g for w, g in zip(weights, gradients)]
        total = total + ((sine_network(adapted, x_test) - y_test) ** 2).mean()
    return total / len(tasks)


def sines(lib, rng, count):
    """Sines of random height and phase: ten points to learn from and ten to be tested with, each."""
    tasks = []
    for _ in range(count):
        height, phase = rng.uniform(0.5, 2), rng.uniform(0, np.pi)
        points = [rng.uniform(-3, 3, (10, 1)) for _ in range(2)]
        tasks.append([(lib.tensor(x), lib.tensor(height * np.sin(x + phase))) for x in points])
    return tasks


def main():
    """Print what each of the four finds."""
    rng, lib = np.random.default_rng(0), minidl
    print("Rosenbrock's valley from (-1.2, 1), lowest at (1, 1)")
    print("  after 6 steps of Newton's method:", [round(c, 4) for c in newton(lib, [-1.2, 1.0]).tolist()])
    print("  after 40 steps of L-BFGS:        ", [round(c, 4) for c in lbfgs(lib, [-1.2, 1.0]).tolist()])
    print("  after 6 steps down the slope:    ", [round(c, 4) for c in descent(lib, [-1.2, 1.0]).tolist()])

    minidl.manual_seed(0)
    critic = minidl.nn.Sequential(
        minidl.nn.Conv2d(1, 8, 3, padding=1), minidl.nn.LeakyReLU(0.2), minidl.nn.AvgPool2d(2),
        minidl.nn.Flatten(), minidl.nn.Linear(8 * 7 * 7, 1),
    )  # fmt: skip
    optimizer = minidl.optim.Adam(critic.parameters(), lr=0.01)
    real, fake, mix = (
        minidl.tensor(rng.random(s), dtype=minidl.float32) for s in [(16, 1, 14, 14)] * 2 + [(16, 1, 1, 1)]
    )
    for step in range(60):
        penalty = gradient_penalty(lib, critic, real, fake, mix)
        if step in (0, 59):
            print(f"gradient penalty of a critic, step {step + 1}: {penalty.item():.4f}")
        optimizer.zero_grad()
        penalty.backward()
        optimizer.step()

    from minidl.models.networks import Lecture

    model, x, y = Lecture(), minidl.tensor(rng.random((16, 1, 28, 28)), dtype=minidl.float32), minidl.arange(16) % 10
    loss = minidl.nn.functional.cross_entropy(model(x), y)
    eigenvalue = steepest_curvature(lib, list(model.parameters()), loss, steps=10).item()
    print(f"the lecture's CNN: largest curvature {eigenvalue:.3g}, so a learning rate below {2 / eigenvalue:.3g}")

    shapes = [(1, 20), (20,), (20, 1), (1,)]
    weights = [lib.tensor(rng.normal(0, 0.5, shape), requires_grad=True) for shape in shapes]
    optimizer = minidl.optim.Adam(weights, lr=0.02)
    for _ in range(100):
        loss = maml(lib, weights, sines(lib, rng, 4))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    untrained = [lib.tensor(rng.normal(0, 0.5, shape), requires_grad=True) for shape in shapes]
    tasks = sines(lib, rng, 50)
    before, after = maml(lib, untrained, tasks).item(), maml(lib, weights, tasks).item()
    print(f"sines after one step: test loss {before:.2f} from random weights, {after:.2f} from those that MAML found")


if __name__ == "__main__":
    main()
