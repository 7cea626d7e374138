"""Functions of PyTorch's that few networks use, by kind; a file is imported when one of its names is first asked for.

`FUNCTIONS` tells which file holds which function of `torch`; those in `METHODS` are methods of its tensors too, and
those in `IN_PLACE` have a form `name_` that changes the tensor.
"""

FUNCTIONS = {
    "bits": "bitwise_left_shift bitwise_right_shift gcd lcm",
    "diagonals": "block_diag diag_embed diagflat tril_indices triu_indices vander",
    "distances": "cdist dist renorm",
    "gamma": "digamma lgamma mvlgamma polygamma",
    "indexed": "index_add index_copy index_fill index_put index_reduce masked_scatter put take",
    "integrals": "cumulative_trapezoid trapezoid",
    "normal": "erfc erfinv",
    "numbers": "deg2rad float_power frac heaviside is_nonzero isneginf isposinf isreal ldexp logit nan_to_num nanmean "
    "nansum rad2deg sgn signbit sinc",
    "pairs": "copysign fmax fmin hypot logaddexp logaddexp2 xlogy",
    "pieces": "atleast_1d atleast_2d atleast_3d cartesian_prod column_stack combinations dsplit dstack fliplr flipud "
    "hsplit rot90 tensor_split unique_consecutive vsplit",
    "products": "addbmm addcdiv addcmul addmv addr baddbmm inner vdot",
    "running": "cummax cummin logcumsumexp",
    "scatter": "scatter scatter_add scatter_reduce",
    "statistics": "aminmax corrcoef cov histc kthvalue mode msort nanmedian nanquantile quantile",
}

METHODS = {
    **FUNCTIONS,
    "diagonals": "diag_embed diagflat",
    "distances": "dist renorm",
    "gamma": "digamma lgamma mvlgamma",
    "integrals": "",
    "pieces": "dsplit fliplr flipud hsplit rot90 tensor_split unique_consecutive vsplit",
    "products": "addbmm addcdiv addcmul addmv addr baddbmm inner vdot",
    "windows": "unfold",
}

IN_PLACE = {
    "bits": "bitwise_left_shift bitwise_right_shift gcd lcm",
    "distances": "renorm",
    "gamma": "digamma lgamma mvlgamma",
    "indexed": "index_add index_copy index_fill index_put index_reduce masked_scatter put",
    "normal": "erfc erfinv",
    "numbers": "deg2rad float_power frac heaviside ldexp logit nan_to_num rad2deg sgn sinc",
    "pairs": "copysign hypot xlogy",
    "products": "addbmm addcdiv addcmul addmv addr baddbmm",
    "scatter": "scatter scatter_add scatter_reduce",
}
