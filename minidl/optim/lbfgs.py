"""L-BFGS: Newton's method with the curvature estimated from the last steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, backend_of, to_host
from ..engine.grad_mode import enable_grad, no_grad
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError
from .line_search import strong_wolfe
from .optimizer import Group, Optimizer, State, once

_COUNTS = ("func_evals", "n_iter")
CURVED = 1e-10  # y·s of a step that says something about the curvature


class LBFGS(Optimizer):
    """p ← p + t d,  d = -H g, where H, the inverse of the Hessian, is estimated from the last `history_size` steps.

    `step(closure)` makes up to `max_iter` such steps, calling the closure at most `max_eval` times (1.25 max_iter); it
    ends when the largest |g| is at most `tolerance_grad`, or steps and loss change by less than `tolerance_change`.
    t is `lr`, or with `line_search_fn="strong_wolfe"` found by a search. Source: Liu & Nocedal 1989.

    ArgumentError for several groups of parameters, and without a closure.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)

    def add_param_group(self, param_group: Group) -> None:
        """Refused but for the first: all parameters move together."""
        if self.param_groups:
            raise ArgumentError("LBFGS: doesn't support per-parameter options (parameter groups); give one list")
        super().add_param_group(param_group)

    def _check(self, group: Group) -> None:
        super()._check(group)
        once("LBFGS", group)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ArgumentError(
                f"LBFGS: line_search_fn must be 'strong_wolfe' or None; got {group['line_search_fn']!r}"
            )

    def _loaded(self, who: str, number: Any, parameter: Tensor, key: str, value: Any) -> Any:
        """A vector, a number, or a list of them: all belong to all parameters together."""
        if isinstance(value, list):
            return [self._loaded(who, number, parameter, key, item) for item in value]
        array = value._array if isinstance(value, Tensor) else value
        if not getattr(array, "ndim", 0):
            return array if array is None else int(array) if key in _COUNTS else float(array)
        return wrap(backend_of(parameter._array).asarray(np.array(to_host(array), parameter._array.dtype)))

    @no_grad
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make up to `max_iter` steps; `closure` recomputes the loss and its gradients, and returns the loss."""
        if closure is None:
            raise ArgumentError("LBFGS: step needs a closure that computes the loss and calls backward()")
        recompute: Callable[[], Any] = enable_grad(closure)
        group = self.param_groups[0]
        memory = self.state.setdefault(group["params"][0], {"func_evals": 0, "n_iter": 0})
        first = recompute()
        loss, g = float(first), self._gradient()
        memory["func_evals"] += 1
        if float(abs(g).max()) > group["tolerance_grad"]:
            self._descend(recompute, group, memory, loss, g)
        return first

    def _descend(self, closure: Any, group: Group, memory: State, loss: float, g: Array) -> None:
        evaluations = 1
        for left in reversed(range(group["max_iter"])):
            memory["n_iter"] += 1
            d = self._direction(memory, g, group["history_size"])
            t = (min(1.0, 1.0 / float(abs(g).sum())) if memory["n_iter"] == 1 else 1.0) * float(group["lr"])
            memory |= {"d": wrap(d), "t": t, "prev_flat_grad": wrap(g.copy()), "prev_loss": loss}
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            start, last, calls = self._flat(), loss, 0
            if group["line_search_fn"]:
                search = partial(self._try, closure, start, d)
                loss, g, t, calls = strong_wolfe(search, t, d, loss, g, slope, group["max_eval"] - evaluations)
                memory["t"] = t
                self._put(start + t * d)
            elif left:
                (loss, g), calls = self._try(closure, start, d, t), 1
            else:  # the last step: nobody asks how good it was
                self._put(start + t * d)
            evaluations += calls
            memory["func_evals"] += calls
            change = float(abs(t * d).max())
            if evaluations >= group["max_eval"] or float(abs(g).max()) <= group["tolerance_grad"]:
                break
            if change <= group["tolerance_change"] or abs(loss - last) < group["tolerance_change"]:
                break

    def _direction(self, memory: State, g: Array, history: int) -> Array:
        """-H g, by the two loops over the remembered steps s and changes y of the gradient."""
        if memory["n_iter"] == 1:
            memory |= {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
            return -g
        changes, steps, weights = memory["old_dirs"], memory["old_stps"], memory["ro"]
        y, s = g - memory["prev_flat_grad"]._array, memory["d"]._array * memory["t"]
        curvature = float(y @ s)
        if curvature > CURVED:
            if len(changes) == history:
                for kept in (changes, steps, weights):
                    kept.pop(0)
            changes.append(wrap(y))
            steps.append(wrap(s))
            weights.append(1.0 / curvature)
            memory["H_diag"] = curvature / float(y @ y)
        past = [(s._array, y._array, weight) for s, y, weight in zip(steps, changes, weights)]
        q, shares = -g, []
        for s, y, weight in reversed(past):
            shares.append(weight * float(s @ q))
            q = q - shares[-1] * y
        d = q * memory["H_diag"]
        for (s, y, weight), share in zip(past, reversed(shares)):
            d = d + (share - weight * float(y @ d)) * s
        return d

    def _try(self, closure: Any, start: Array, d: Array, t: float) -> tuple[float, Array]:
        """The loss and the gradient at start + t d."""
        self._put(start + t * d)
        return float(closure()), self._gradient()

    def _flat(self) -> Array:
        """All parameters as one vector."""
        parts = [p._array.reshape(-1) for p in self.param_groups[0]["params"]]
        return backend_of(parts[0]).xp.concatenate(parts)

    def _put(self, flat: Array) -> None:
        """Copy the vector into the parameters."""
        start = 0
        for p in self.param_groups[0]["params"]:
            overwrite(p, flat[start : start + p._array.size].reshape(p.shape))
            start += p._array.size

    def _gradient(self) -> Array:
        """All gradients as one vector; 0 where there is none."""
        params = self.param_groups[0]["params"]
        xp = backend_of(params[0]._array).xp
        parts = [xp.zeros_like(p._array) if p._grad is None else p._grad._array for p in params]
        return xp.concatenate([part.reshape(-1) for part in parts])
