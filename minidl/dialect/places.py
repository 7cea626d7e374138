"""Which modules of minidl stand behind each module of PyTorch's and torchvision's, in the order of looking."""

from __future__ import annotations

OWN = "minidl.dialect.names"  # what minidl has under no name of its own, or under another

PLACES: dict[str, tuple[str, ...]] = {
    "torch": (f"{OWN}.torch", "minidl"),
    "torch.accelerator": (f"{OWN}.accelerator",),
    "torch.amp": (f"{OWN}.amp",),
    "torch.autograd": (f"{OWN}.autograd", f"{OWN}.anomaly", "minidl.autograd"),
    "torch.autograd.anomaly_mode": (f"{OWN}.anomaly",),
    "torch.autograd.function": ("minidl.autograd.function",),
    "torch.autograd.functional": ("minidl.autograd.functional",),
    "torch.autograd.variable": (f"{OWN}.autograd",),
    "torch.backends": (f"{OWN}.backends",),
    "torch.cuda": (f"{OWN}.cuda", "minidl.cuda"),
    "torch.cuda.amp": (f"{OWN}.cuda_amp",),
    "torch.distributed": ("minidl.distributed",),
    "torch.distributed.distributed_c10d": ("minidl.distributed",),
    "torch.distributions": ("minidl.distributions",),
    "torch.func": ("minidl.func",),
    "torch.functional": (f"{OWN}.torch", "minidl"),
    "torch.hub": (f"{OWN}.hub",),
    "torch.linalg": ("minidl.linalg",),
    "torch.nn": ("minidl.nn",),
    "torch.nn.functional": (f"{OWN}.functional", "minidl.nn.functional"),
    "torch.nn.init": (f"{OWN}.init", "minidl.nn.init"),
    "torch.nn.modules": ("minidl.nn",),
    "torch.nn.parallel": ("minidl.nn.parallel",),
    "torch.nn.parallel.distributed": ("minidl.nn.parallel.distributed",),
    "torch.nn.parameter": ("minidl.nn.parameter", "minidl.nn.lazy"),
    "torch.nn.utils": (f"{OWN}.nn_utils", "minidl.nn.utils"),
    "torch.nn.utils.clip_grad": (f"{OWN}.nn_utils", "minidl.nn.utils"),
    "torch.nn.utils.parametrizations": ("minidl.nn.utils.parametrizations",),
    "torch.nn.utils.parametrize": ("minidl.nn.utils.parametrize",),
    "torch.nn.utils.prune": ("minidl.nn.utils.prune",),
    "torch.nn.utils.rnn": ("minidl.nn.utils.rnn",),
    "torch.onnx": (f"{OWN}.onnx",),
    "torch.optim": ("minidl.optim",),
    "torch.optim.lr_scheduler": (f"{OWN}.lr_scheduler", "minidl.optim.lr_scheduler"),
    "torch.optim.optimizer": ("minidl.optim.optimizer",),
    "torch.optim.swa_utils": ("minidl.optim.swa_utils",),
    "torch.random": (f"{OWN}.random", f"{OWN}.torch", "minidl.random"),
    "torch.serialization": (f"{OWN}.serialization", f"{OWN}.torch"),
    "torch.special": (f"{OWN}.special",),
    "torch.types": (f"{OWN}.torch", "minidl"),
    "torch.testing": (f"{OWN}.testing",),
    "torch.utils": (f"{OWN}.utils",),
    "torch.utils.checkpoint": ("minidl.utils.checkpoint",),
    "torch.utils.data": (f"{OWN}.data", "minidl.data"),
    "torch.utils.data.dataloader": (f"{OWN}.data", "minidl.data"),
    "torch.utils.data.dataset": (f"{OWN}.data", "minidl.data"),
    "torch.utils.data.distributed": ("minidl.data.distributed_sampler",),
    "torch.utils.data.sampler": (f"{OWN}.data", "minidl.data"),
    "torch.utils.model_zoo": (f"{OWN}.hub",),
    "torch.utils.tensorboard": ("minidl.utils.tensorboard",),
    "torch.utils.tensorboard.writer": ("minidl.utils.tensorboard",),
    "torch.version": (f"{OWN}.version",),
    "torchvision": (f"{OWN}.torchvision",),
    "torchvision.datasets": (f"{OWN}.datasets", "minidl.data.datasets"),
    "torchvision.datasets.folder": (f"{OWN}.datasets",),
    "torchvision.datasets.mnist": (f"{OWN}.datasets",),
    "torchvision.datasets.vision": (f"{OWN}.datasets",),
    "torchvision.io": (f"{OWN}.io",),
    "torchvision.models": ("minidl.models",),
    "torchvision.models.mobilenetv2": ("minidl.models.mobilenetv2",),
    "torchvision.models.resnet": ("minidl.models.resnet",),
    "torchvision.models.squeezenet": ("minidl.models.squeezenet",),
    "torchvision.models.vgg": ("minidl.models.vgg",),
    "torchvision.transforms": (f"{OWN}.transforms", "minidl.data.transforms"),
    "torchvision.transforms.functional": (f"{OWN}.transforms_functional",),
    "torchvision.transforms.transforms": (f"{OWN}.transforms", "minidl.data.transforms"),
    "torchvision.utils": ("minidl.data.grid",),
}

# Each of these files of PyTorch's holds a part of `torch.nn`, `torch.optim` or `torch.distributions`.
_PARTS = {
    "torch.nn.modules": "activation adaptive batchnorm channelshuffle container conv distance dropout flatten fold "
    "instancenorm lazy linear loss module normalization padding pixelshuffle pooling rnn sparse transformer upsampling "
    "utils",
    "torch.optim": "adadelta adafactor adagrad adam adamax adamw asgd lbfgs muon nadam radam rmsprop rprop sgd",
    "torch.distributions": "bernoulli categorical distribution independent kl mixture_same_family multivariate_normal "
    "normal one_hot_categorical uniform",
}
for _parent, _names in _PARTS.items():
    PLACES |= {f"{_parent}.{name}": PLACES[_parent] for name in _names.split()}
PLACES["torch.nn.modules.linear"] = (f"{OWN}.linear", "minidl.nn")
