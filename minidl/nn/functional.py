"""The index of every differentiable function, with PyTorch's names (`import minidl.nn.functional as F`).

Each name leads to the file where its forward stands next to its backward:

    linear                                         ops/linear.py
    bilinear                                       ops/bilinear.py
    conv1d conv2d                                  ops/conv.py
    conv_transpose1d ...2d                         ops/conv_transpose.py
    conv3d conv_transpose3d                        ops/conv3d.py
    unfold fold                                    ops/unfold.py
    max_pool2d avg_pool2d                          ops/pool.py
    adaptive_avg_pool2d                            ops/adaptive_pool.py
    max_pool1d avg_pool1d adaptive_avg_pool1d      ops/pool1d.py
    max_pool3d avg_pool3d adaptive_avg_pool3d      ops/pool3d.py
    adaptive_max_pool1d ...2d ...3d                ops/adaptive_max_pool.py
    fractional_max_pool2d ...3d                    ops/fractional_pool.py
    lp_pool1d ...2d ...3d                          ops/lp_pool.py
    max_unpool1d ...2d ...3d                       ops/unpool.py
    batch_norm layer_norm group_norm instance_norm ops/norm.py
    rms_norm local_response_norm                   ops/rms_norm.py
    dropout dropout1d dropout2d dropout3d          ops/dropout.py
    alpha_dropout feature_alpha_dropout            ops/alpha_dropout.py
    embedding one_hot                              ops/embedding.py
    embedding_bag                                  ops/embedding_bag.py
    scaled_dot_product_attention                   ops/attention.py
    multi_head_attention_forward                   ops/multihead.py
    pad                                            ops/join.py
    interpolate pixel_shuffle pixel_unshuffle      ops/resize.py
    grid_sample affine_grid                        ops/grid_sample.py
    channel_shuffle                                ops/channel_shuffle.py
    normalize cosine_similarity pairwise_distance  ops/distance.py
    pdist                                          ops/distance.py
    relu leaky_relu elu selu celu                  ops/rectifier.py
    gelu sigmoid tanh softplus ...                 ops/activation.py
    relu_ elu_ selu_ ...                           nn/in_place.py
    hardshrink softshrink tanhshrink threshold     ops/shrinkage.py
    glu prelu rrelu                                ops/gated.py
    softmax log_softmax                            ops/softmax.py
    softmin gumbel_softmax                         ops/softmin.py
    cross_entropy nll_loss multi_margin_loss ...   ops/loss/classification.py, cross_entropy.py
    multilabel_margin_loss soft_margin_loss ...    ops/loss/several.py
    binary_cross_entropy(_with_logits) kl_div      ops/loss/probability.py
    gaussian_nll_loss poisson_nll_loss             ops/loss/likelihood.py
    ctc_loss                                       ops/loss/ctc.py
    l1_loss mse_loss huber_loss smooth_l1_loss     ops/loss/regression.py
    triplet_margin_loss margin_ranking_loss ...    ops/loss/ranking.py

The functions that PyTorch keeps outside `functional` (`add`, `sum`, `matmul`, `cat`, ...) are in `minidl` itself.
"""

from ..missing import of_module as _of_module
from ..ops.activation import (
    celu,
    elu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
)
from ..ops.adaptive_pool import adaptive_avg_pool2d
from ..ops.attention import scaled_dot_product_attention
from ..ops.conv import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from ..ops.distance import cosine_similarity, normalize, pairwise_distance, pdist
from ..ops.dropout import dropout, dropout1d, dropout2d, dropout3d
from ..ops.embedding import embedding, one_hot
from ..ops.embedding_bag import embedding_bag
from ..ops.gated import glu, prelu, rrelu
from ..ops.join import pad
from ..ops.linalg import linear
from ..ops.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    multi_margin_loss,
    nll_loss,
    rmse_loss,
    smooth_l1_loss,
)
from ..ops.multihead import multi_head_attention_forward
from ..ops.norm import batch_norm, group_norm, instance_norm, layer_norm
from ..ops.pool import avg_pool2d, max_pool2d
from ..ops.pool1d import adaptive_avg_pool1d, avg_pool1d, max_pool1d
from ..ops.pool3d import adaptive_avg_pool3d, avg_pool3d, max_pool3d
from ..ops.resize import interpolate, pixel_shuffle, pixel_unshuffle
from ..ops.shrinkage import hardshrink, softshrink, tanhshrink, threshold
from ..ops.softmax import log_softmax, softmax
from ..ops.unfold import fold, unfold

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "conv1d", "conv2d",
    "conv_transpose1d", "conv_transpose2d", "cosine_similarity", "cross_entropy", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "elu", "embedding", "embedding_bag", "fold", "gelu", "glu", "group_norm", "hardshrink",
    "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss", "huber_loss", "instance_norm", "interpolate",
    "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "logsigmoid", "max_pool1d",
    "max_pool2d", "max_pool3d", "mish", "mse_loss", "multi_head_attention_forward", "multi_margin_loss", "nll_loss",
    "normalize", "one_hot", "pad", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle", "prelu", "relu",
    "relu6", "rmse_loss", "rrelu", "scaled_dot_product_attention", "selu", "sigmoid", "silu", "smooth_l1_loss",
    "softmax", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "unfold",
]  # fmt: skip

_LATER = {  # files that are loaded when one of these functions is asked for
    "nn.in_place": "celu_ elu_ hardtanh_ leaky_relu_ relu_ rrelu_ selu_ threshold_",
    "ops.adaptive_max_pool": "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
    "ops.alpha_dropout": "alpha_dropout feature_alpha_dropout",
    "ops.bilinear": "bilinear",
    "ops.channel_shuffle": "channel_shuffle",
    "ops.conv3d": "conv3d conv_transpose3d",
    "ops.fractional_pool": "fractional_max_pool2d fractional_max_pool3d",
    "ops.grid_sample": "affine_grid grid_sample",
    "ops.loss.ctc": "ctc_loss",
    "ops.loss.likelihood": "gaussian_nll_loss poisson_nll_loss",
    "ops.loss.ranking": "cosine_embedding_loss margin_ranking_loss triplet_margin_loss "
    "triplet_margin_with_distance_loss",
    "ops.loss.several": "multilabel_margin_loss multilabel_soft_margin_loss soft_margin_loss",
    "ops.lp_pool": "lp_pool1d lp_pool2d lp_pool3d",
    "ops.rms_norm": "local_response_norm rms_norm",
    "ops.softmin": "gumbel_softmax softmin",
    "ops.unpool": "max_unpool1d max_unpool2d max_unpool3d",
}
__all__ += " ".join(_LATER.values()).split()
__all__.sort()

__getattr__ = _of_module(__name__, globals(), _LATER, "minidl")
