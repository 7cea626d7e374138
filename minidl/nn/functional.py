"""The index of every differentiable function, with PyTorch's names (`import minidl.nn.functional as F`).

Each name leads to the file where its forward stands next to its backward:

    linear                                         ops/linalg.py
    conv1d conv2d conv_transpose1d ...2d           ops/conv.py
    unfold fold                                    ops/unfold.py
    max_pool2d avg_pool2d adaptive_avg_pool2d      ops/pool.py
    batch_norm layer_norm group_norm instance_norm ops/norm.py
    dropout dropout2d                              ops/dropout.py
    embedding one_hot                              ops/embedding.py
    embedding_bag                                  ops/embedding_bag.py
    scaled_dot_product_attention                   ops/attention.py
    multi_head_attention_forward                   ops/multihead.py
    pad                                            ops/join.py
    interpolate pixel_shuffle pixel_unshuffle      ops/resize.py
    max_pool1d avg_pool1d adaptive_avg_pool1d      ops/pool1d.py
    normalize cosine_similarity pairwise_distance  ops/distance.py
    relu elu gelu sigmoid tanh softplus ...        ops/activation.py
    softmax log_softmax                            ops/softmax.py
    cross_entropy nll_loss multi_margin_loss ...   ops/loss/classification.py
    binary_cross_entropy(_with_logits) kl_div      ops/loss/probability.py
    l1_loss mse_loss huber_loss smooth_l1_loss     ops/loss/regression.py

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
from ..ops.distance import cosine_similarity, normalize, pairwise_distance
from ..ops.dropout import dropout, dropout2d
from ..ops.embedding import embedding, one_hot
from ..ops.embedding_bag import embedding_bag
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
from ..ops.resize import interpolate, pixel_shuffle, pixel_unshuffle
from ..ops.softmax import log_softmax, softmax
from ..ops.unfold import fold, unfold

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "batch_norm", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "celu", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d",
    "cosine_similarity", "cross_entropy", "dropout", "dropout2d", "elu", "embedding", "embedding_bag", "fold", "gelu",
    "group_norm", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss", "huber_loss", "instance_norm",
    "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "logsigmoid",
    "max_pool1d", "max_pool2d", "mish", "mse_loss", "multi_head_attention_forward", "multi_margin_loss", "nll_loss",
    "normalize", "one_hot", "pad", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "relu", "relu6",
    "rmse_loss", "scaled_dot_product_attention", "selu", "sigmoid",
    "silu", "smooth_l1_loss", "softmax", "softplus", "softsign", "tanh", "unfold",
]  # fmt: skip

__getattr__ = _of_module(__name__, globals())
