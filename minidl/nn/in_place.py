"""Activations that put their result into their input: `relu_(x)`. No memory is saved where a gradient has to flow."""

from __future__ import annotations

from ..ops.activation import celu, elu, hardtanh, leaky_relu, relu, selu
from ..ops.gated import rrelu
from ..ops.shrinkage import threshold
from ..tensors.writing import in_place

celu_, elu_, selu_, relu_ = in_place(celu), in_place(elu), in_place(selu), in_place(relu)
hardtanh_, leaky_relu_, rrelu_ = in_place(hardtanh), in_place(leaky_relu), in_place(rrelu)
threshold_ = in_place(threshold)
