"""A softmax over very many classes that computes most of them only where they are the target."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ..engine.tensor import Tensor
from ..errors import ArgumentError, RangeError, ShapeError
from ..ops.breadth.indexed import index_copy
from ..ops.gather import gather, index_select, nonzero
from ..ops.join import cat
from ..tensors.creation import zeros
from ._arguments import as_int
from .container import ModuleList, Sequential
from .functional import log_softmax
from .linear import Linear
from .module import Module


class ASMoutput(NamedTuple):
    """The log probability of each target, and the loss: minus their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Classes in clusters, the frequent ones first: the head knows these and one score for each further cluster.

    (N, in_features), targets (N,) -> the log probabilities (N,) of the targets, and the loss; the batch may be missing.
    Classes below cutoffs[0] are in the head; those from cutoffs[i] on are in cluster i, whose own softmax is computed
    for the samples alone whose target lies there, from in_features / div_value^(i + 1) features.
    Source: Grave et al. 2017, arXiv:1609.04309. Raises `ArgumentError`, `ShapeError`, `RangeError` for a target that is
    no class.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = "AdaptiveLogSoftmaxWithLoss"
        self.in_features = as_int(name, "in_features", in_features)
        self.n_classes = as_int(name, "n_classes", n_classes)
        known = list(cutoffs)
        if (
            not known
            or any(isinstance(c, bool) or int(c) != c or not 0 < c < n_classes for c in known)
            or any(a >= b for a, b in pairwise(known))
        ):
            raise ArgumentError(
                f"{name}: cutoffs must be at least one integer, increasing, from 1 to n_classes - 1 = {n_classes - 1}; "
                f"got {cutoffs!r}"
            )
        self.cutoffs, self.div_value, self.head_bias = [*known, n_classes], div_value, head_bias
        self.shortlist_size, self.n_clusters = known[0], len(known)
        self.head_size = self.shortlist_size + self.n_clusters
        made = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **made)
        self.tail = ModuleList()
        for i, (first, last) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // (div_value ** (i + 1)))
            project, score = Linear(in_features, width, False, **made), Linear(width, last - first, False, **made)
            self.tail.append(Sequential(project, score))

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        for layer in (self.head, *(layer for cluster in self.tail for layer in cluster)):
            layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> ASMoutput:
        if target_.ndim > 1 or input_.ndim != target_.ndim + 1 or input_.shape[:-1] != target_.shape:
            raise ShapeError(
                f"input must be (N, {self.in_features}) and targets (N,), or ({self.in_features},) and (); got "
                f"{input_.shape} and {target_.shape}"
            )
        x, target = (input_, target_) if target_.ndim else (input_[None], target_[None])
        if bool(((target < 0) | (target >= self.n_classes)).any()):
            raise RangeError(
                f"targets must be classes from 0 to {self.n_classes - 1}; got some from {int(target.min())} to "
                f"{int(target.max())}"
            )
        within: Tensor = zeros(len(target), dtype=x.dtype, device=x.device)  # log probability in the target's cluster
        place = target.clone()  # which score of the head
        for i, (first, last) in enumerate(pairwise(self.cutoffs)):
            inside = (target >= first) & (target < last)
            rows = nonzero(inside)[:, 0]
            if not len(rows):
                continue
            place[inside] = self.shortlist_size + i
            scores = log_softmax(self.tail[i](index_select(x, 0, rows)), 1)
            own = (index_select(target, 0, rows) - first).unsqueeze(1)
            within = index_copy(within, 0, rows, gather(scores, 1, own).squeeze(1))
        output = within + gather(log_softmax(self.head(x), 1), 1, place.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return ASMoutput(output if target_.ndim else output[0], loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        head = log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            at = self.shortlist_size + i
            parts.append(log_softmax(cluster(input), 1) + head[:, at : at + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable classes: (N, in_features) -> (N,); other clusters are asked only where the head says so."""
        best = self.head(input).argmax(1)
        rows = nonzero(best >= self.shortlist_size)[:, 0]
        if len(rows):
            best[rows] = self.log_prob(index_select(input, 0, rows)).argmax(1)
        return best
