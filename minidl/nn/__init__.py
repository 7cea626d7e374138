"""Layers, containers, losses and initial weights, with PyTorch's names."""

from importlib import import_module as _import_module
from typing import Any as _Any

from ..missing import of_module as _of_module
from . import functional, init, utils
from .activation import (
    CELU,
    ELU,
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from .attention import MultiheadAttention
from .container import ModuleDict, ModuleList, ParameterList, Sequential
from .conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from .dropout import Dropout, Dropout1d, Dropout2d, Dropout3d
from .linear import Flatten, Identity, Linear, Unflatten
from .loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeEmbeddingLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    MultiMarginLoss,
    NLLLoss,
    RMSELoss,
    SmoothL1Loss,
)
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, LayerNorm
from .parameter import Parameter
from .pooling import AdaptiveAvgPool2d, AvgPool2d, Fold, MaxPool2d, Unfold
from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNBase, RNNCell, RNNCellBase
from .running import current_module_path
from .sparse import Embedding, EmbeddingBag
from .transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "Flatten",
    "Fold",
    "GRUCell",
    "GroupNorm",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiMarginLoss",
    "MultiheadAttention",
    "NLLLoss",
    "Parameter",
    "ParameterList",
    "RMSELoss",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Unflatten",
    "Unfold",
    "current_module_path",
    "functional",
    "init",
    "utils",
]

_LATER = {  # files that are loaded when one of these layers is asked for
    "adaptive_max_pooling": "AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d",
    "adaptive_softmax": "AdaptiveLogSoftmaxWithLoss",
    "alpha_dropout": "AlphaDropout FeatureAlphaDropout",
    "bilinear": "Bilinear",
    "channel_shuffle": "ChannelShuffle",
    "conv3d": "Conv3d ConvTranspose3d",
    "distance": "CosineSimilarity PairwiseDistance",
    "fractional_pooling": "FractionalMaxPool2d FractionalMaxPool3d",
    "gated": "GLU PReLU RReLU",
    "instance_norm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d",
    "lazy": "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d "
    "LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear",
    "loss_likelihood": "CTCLoss GaussianNLLLoss PoissonNLLLoss",
    "loss_ranking": "CosineEmbeddingLoss MarginRankingLoss TripletMarginLoss TripletMarginWithDistanceLoss",
    "loss_several": "MultiLabelMarginLoss MultiLabelSoftMarginLoss SoftMarginLoss",
    "lp_pooling": "LPPool1d LPPool2d LPPool3d",
    "padding": "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
    "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d",
    "parallel.data_parallel": "DataParallel",
    "parameter_dict": "ParameterDict",
    "pooling1d": "AdaptiveAvgPool1d AvgPool1d MaxPool1d",
    "pooling3d": "AdaptiveAvgPool3d AvgPool3d MaxPool3d",
    "rms_norm": "LocalResponseNorm RMSNorm",
    "shrinkage": "Hardshrink Softshrink Tanhshrink Threshold",
    "softmin": "Softmax2d Softmin",
    "sync_batch_norm": "SyncBatchNorm",
    "unpooling": "MaxUnpool1d MaxUnpool2d MaxUnpool3d",
    "upsampling": "PixelShuffle PixelUnshuffle Upsample UpsamplingBilinear2d UpsamplingNearest2d",
}
__all__ += " ".join(_LATER.values()).split()

_absent = _of_module(__name__, globals(), _LATER)


def __getattr__(name: str) -> _Any:
    """Layers that few networks use are loaded on first use, and so is `parallel`."""
    return _import_module(f"{__name__}.parallel") if name == "parallel" else _absent(name)
