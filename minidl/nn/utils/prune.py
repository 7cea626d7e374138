"""Pruning: weights held at 0 by a mask, chosen by size or at random.

    >>> import minidl
    >>> from minidl import nn
    >>> layer = l1_unstructured(nn.Linear(4, 2), "weight", amount=0.5)
    >>> int((layer.weight == 0).sum()), list(layer.state_dict())
    (4, ['bias', 'weight_orig', 'weight_mask'])

`layer.weight` is then weight_orig · weight_mask, computed anew before every forward; the optimizer moves the parameter
weight_orig, and the buffer weight_mask is 1 where a weight is kept. Pruning again chooses among what is kept. `remove`
makes of it an ordinary parameter with zeros in it. Names, classes and state dicts are PyTorch's.

A method of your own is a subclass of `BasePruningMethod` with a `PRUNING_TYPE` and a `compute_mask`; call its `apply`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from math import inf
from numbers import Integral, Real
from typing import Any, TypeVar

from ...engine.grad_mode import no_grad
from ...engine.inplace import overwrite
from ...engine.tensor import Tensor
from ...errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from ...ops._check.arguments import normal_dim
from ...ops.arithmetic import mul
from ...ops.join import cat
from ...ops.order import topk
from ...ops.reduce import norm
from ...ops.shape import reshape
from ...tensors.creation import ones_like, zeros_like
from ...tensors.sampling import rand_like
from ..module import Module

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]

M = TypeVar("M", bound=Module)


class BasePruningMethod(ABC):
    """A rule that chooses what to prune. A subclass has `compute_mask` and a `PRUNING_TYPE`, which says what is left:

    "unstructured": `compute_mask` sees, on a tensor pruned before, only the elements that are kept, in one dimension;
    "structured": only the channels of its attribute `dim` of which something is kept; "global": the whole tensor.
    """

    PRUNING_TYPE: str
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask, 1 where an element is kept, for importance scores `t`; `default_mask` is the mask of now."""

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor: original · mask."""
        original = getattr(module, f"{self._tensor_name}_orig")
        return mul(original, getattr(module, f"{self._tensor_name}_mask").to(original.dtype))

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune the parameter `name` of the module; the other arguments are those of the class. Returns the method.

        `importance_scores`, of the parameter's shape, take the place of its values in the choice. ArgumentError for a
        name that is no parameter, ShapeError for scores or a mask of another shape; the module is then as before.
        """
        if not isinstance(module, Module):
            raise DtypeError(f"{cls.__name__}: a Module is expected; got {type(module).__name__}")
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        before = _pruning(module, name)
        if before is None:
            original = module._own("parameter").get(name)
            if original is None:
                known = ", ".join(found for found, _ in module.named_parameters(recurse=False)) or "none"
                raise ArgumentError(
                    f"{cls.__name__}: {type(module).__name__} has no parameter {name!r}; it has {known}"
                )
            mask = ones_like(original)
        else:
            method = PruningContainer(*(before if isinstance(before, PruningContainer) else [before]), method)
            mask = getattr(module, f"{name}_mask").clone()
        t = getattr(module, name).detach()
        with no_grad():
            mask = method.compute_mask(_scores(cls.__name__, importance_scores, t), mask)
        if not isinstance(mask, Tensor) or mask.shape != t.shape:
            got = tuple(mask.shape) if isinstance(mask, Tensor) else type(mask).__name__
            raise ShapeError(f"{cls.__name__}: compute_mask must return a mask of shape {tuple(t.shape)}; got {got}")
        if before is None:
            delattr(module, name)
            module.register_parameter(f"{name}_orig", original)
        else:
            _take_off(module, before)
        module.register_buffer(f"{name}_mask", mask)
        method(module, ())
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """t · mask, for a tensor that belongs to no module; the mask continues `default_mask`, by default all 1."""
        mask = ones_like(t) if default_mask is None else default_mask
        with no_grad():
            mask = self.compute_mask(_scores(type(self).__name__, importance_scores, t.detach()), mask)
        return mul(t, mask.to(t.dtype))

    def remove(self, module: Module) -> None:
        """Make the pruned tensor an ordinary parameter, the very one that was original, with its pruned values."""
        original = getattr(module, f"{self._tensor_name}_orig")
        with no_grad():
            overwrite(original, self.apply_mask(module)._array)
        for name in (self._tensor_name, f"{self._tensor_name}_orig", f"{self._tensor_name}_mask"):
            delattr(module, name)
        module.register_parameter(self._tensor_name, original)


class PruningContainer(BasePruningMethod):
    """Several methods for one tensor, in the order in which they were applied; the last computes the mask."""

    PRUNING_TYPE = "global"

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method for the same tensor; ArgumentError for one of another."""
        if not isinstance(method, BasePruningMethod):
            raise DtypeError(f"PruningContainer: a BasePruningMethod is expected; got {type(method).__name__}")
        if method._tensor_name != self._tensor_name:
            raise ArgumentError(
                f"PruningContainer: it is for the parameter {self._tensor_name!r}; got a method for "
                f"{method._tensor_name!r}"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, index: Any) -> Any:
        return self._pruning_methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        method: Any = self._pruning_methods[-1]
        kept: Any
        if method.PRUNING_TYPE == "unstructured":
            kept = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = normal_dim(type(method).__name__, method.dim, t.ndim)
            others = tuple(axis for axis in range(t.ndim) if axis != dim)
            kept = (*[slice(None)] * dim, default_mask.sum(others) != 0)
        elif method.PRUNING_TYPE == "global":
            kept = ...
        else:
            raise ArgumentError(
                f"{type(method).__name__}: PRUNING_TYPE must be 'unstructured', 'structured' or 'global'; "
                f"got {method.PRUNING_TYPE!r}"
            )
        mask = default_mask.clone().to(t.dtype)
        mask[kept] = method.compute_mask(t[kept], default_mask[kept]).to(t.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the mask."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class _Amount(BasePruningMethod):
    """With an `amount`: how many (int), or the share of all (float from 0 to 1)."""

    def __init__(self, amount: Any) -> None:
        kind = type(amount)
        if not issubclass(kind, Real):
            raise ArgumentTypeError(f"{type(self).__name__}: amount must be an int or a float; got {amount!r}")
        self.amount = amount
        self._is_number = issubclass(kind, Integral)
        if not 0 <= self.amount <= (inf if self._is_number else 1):
            raise ArgumentError(
                f"{type(self).__name__}: amount must be a share, a float from 0 to 1, or a number, an int of at least "
                f"0; got {amount!r}"
            )

    def _count(self, size: int) -> int:
        """How many of `size` to prune."""
        if not self._is_number:
            return round(self.amount * size)
        if self.amount > size:
            raise ArgumentError(f"{type(self).__name__}: amount={self.amount}, but there are only {size} to prune")
        return int(self.amount)


class RandomUnstructured(_Amount):
    """Prunes elements at random."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return _without_least(rand_like(t), default_mask, self._count(t.numel()))


class L1Unstructured(_Amount):
    """Prunes the elements of least |t|."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return _without_least(abs(t), default_mask, self._count(t.numel()))


class _Structured(_Amount):
    """Prunes whole channels, the slices along `dim`."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if t.ndim < 2:
            raise ShapeError(f"{type(self).__name__}: at least 2 dimensions are expected; got shape {tuple(t.shape)}")
        dim = normal_dim(type(self).__name__, self.dim, t.ndim)
        count = self._count(t.shape[dim])
        if count == 0:
            return default_mask
        kept = topk(self._importance(t, dim), t.shape[dim] - count).indices
        mask = zeros_like(t)
        mask[(*[slice(None)] * dim, kept)] = 1
        return mul(mask, default_mask.to(mask.dtype))

    @abstractmethod
    def _importance(self, t: Tensor, dim: int) -> Tensor:
        """A number for each channel."""


class RandomStructured(_Structured):
    """Prunes whole channels, the slices along `dim`, at random."""

    def _importance(self, t: Tensor, dim: int) -> Tensor:
        return rand_like(t[(*[0] * dim, slice(None), *[0] * (t.ndim - dim - 1))])


class LnStructured(_Structured):
    """Prunes the channels, the slices along `dim`, of least norm: (Σ |t|ⁿ)^(1/n)."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _importance(self, t: Tensor, dim: int) -> Tensor:
        return norm(t, self.n, [axis for axis in range(t.ndim) if axis != dim])


class CustomFromMask(BasePruningMethod):
    """Prunes where the given mask is 0."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        if not isinstance(mask, Tensor):
            raise DtypeError(f"CustomFromMask: the mask must be a Tensor; got {type(mask).__name__}")
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if default_mask.shape != self.mask.shape:
            raise ShapeError(
                f"CustomFromMask: a mask of shape {tuple(default_mask.shape)} is expected; got {tuple(self.mask.shape)}"
            )
        return mul(default_mask, self.mask.to(default_mask.dtype))


def identity(module: M, name: str) -> M:
    """Make the mask of the parameter `name`, all 1, without pruning anything. Returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: float) -> M:
    """Prune elements of the parameter `name` at random: `amount` of them, or that share. Returns the module."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor | None = None) -> M:
    """Prune the elements of the parameter `name` of least |w|: `amount` of them, or that share. Returns the module.

    `importance_scores`, of the parameter's shape, take the place of w.
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Prune slices of the parameter `name` along `dim` at random: `amount` of them, or that share."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: M, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None) -> M:
    """Prune the slices of the parameter `name` along `dim` of least n-norm: `amount` of them, or that share.

    `n` is a p of `minidl.norm`: a number, inf, -inf, "fro" or "nuc". `importance_scores`, of the parameter's shape,
    take the place of its values.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune the parameter `name` where the mask, of its shape, is 0. Returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: type[Any], importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune several parameters, pairs of a module and a name, as if they were one vector.

    `pruning_method` is a class such as L1Unstructured, made with `kwargs`; `importance_scores` a dict with a tensor for
    some of the pairs. ArgumentError for a method whose PRUNING_TYPE is not "unstructured".
    """
    if not isinstance(parameters, Iterable):
        raise DtypeError(f"global_unstructured: pairs (module, name) are expected; got {type(parameters).__name__}")
    if not isinstance(importance_scores, dict | None):
        got = type(importance_scores).__name__
        raise DtypeError(f"global_unstructured: importance_scores must be a dict by (module, name); got {got}")
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise ArgumentTypeError(
            "global_unstructured: a method of PRUNING_TYPE 'unstructured' is expected; "
            f"{pruning_method.__name__} has {method.PRUNING_TYPE!r}"
        )
    pairs = list(parameters)
    tensors = [getattr(module, name).detach() for module, name in pairs]
    asked = [(importance_scores or {}).get(pair) for pair in pairs]
    scores = [_scores("global_unstructured", given, t) for given, t in zip(asked, tensors)]
    masks = [getattr(module, f"{name}_mask", ones_like(t)) for (module, name), t in zip(pairs, tensors)]
    container = PruningContainer()
    container._tensor_name = method._tensor_name = "all"
    container.add_pruning_method(method)
    with no_grad():
        mask = container.compute_mask(_joined(scores), _joined(masks))
    start = 0
    for (module, name), t in zip(pairs, tensors):
        custom_from_mask(module, name, reshape(mask[start : start + t.numel()], t.shape))
        start += t.numel()


def remove(module: M, name: str) -> M:
    """Make the pruned tensor `name` an ordinary parameter with zeros in it; nothing is undone. Returns the module.

    ArgumentError if it is not pruned.
    """
    method = _pruning(module, name)
    if method is None:
        raise ArgumentError(f"remove: {name!r} of {type(module).__name__} is not pruned")
    method.remove(module)
    _take_off(module, method)
    return module


def is_pruned(module: Module) -> bool:
    """Whether a tensor of the module, or of one inside it, is pruned."""
    hooks = [hook for inner in module.modules() for hook in inner._forward_pre_hooks.values()]
    return any(isinstance(hook, BasePruningMethod) for hook in hooks)


def _pruning(module: Module, name: str) -> BasePruningMethod | None:
    """The method by which the tensor `name` is pruned."""
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return hook
    return None


def _take_off(module: Module, method: BasePruningMethod) -> None:
    for number, hook in module._forward_pre_hooks.items():
        if hook is method:
            del module._pre_hooks[number]


def _scores(function: str, given: Tensor | None, t: Tensor) -> Tensor:
    """What is judged: the given scores, which must have the shape of the tensor, or the tensor."""
    if given is None:
        return t
    if not isinstance(given, Tensor) or given.shape != t.shape:
        got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise ShapeError(f"{function}: importance_scores must be a Tensor of shape {tuple(t.shape)}; got {got}")
    return given.detach()


def _without_least(importance: Tensor, mask: Tensor, count: int) -> Tensor:
    """A copy of the mask that is 0 also where the `count` least important elements are."""
    if count == 0:
        return mask.clone()
    flat = reshape(mask, (-1,)).clone()
    flat[topk(reshape(importance, (-1,)), count, largest=False).indices] = 0
    return reshape(flat, mask.shape)


def _joined(tensors: list[Tensor]) -> Tensor:
    return cat([reshape(t, (-1,)) for t in tensors])
