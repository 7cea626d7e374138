"""Other paths to minidl's modules: those of version 0.1 (`minidl.graph`), and PyTorch's (`minidl.utils.data`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED = {
    "minidl.backend.cpu.layout": "minidl.backend.numpy.memory",
    "minidl.backend.cpu.workspace": "minidl.backend.numpy.memory",
    "minidl.backend.cpu": "minidl.backend.numpy",
    "minidl.backend.cupy_backend": "minidl.backend.cupy.backend",
    "minidl.backend.cupy_kernels": "minidl.backend.cupy.kernels",
    "minidl.backend.numpy_backend": "minidl.backend.numpy.backend",
    "minidl.checkpoint": "minidl.tensors.saving",
    "minidl.conversion": "minidl.tensors.conversion",
    "minidl.creation": "minidl.tensors.creation",
    "minidl.digits": "minidl.data.photo",
    "minidl.explain.breaks": "minidl.explain.teaching.breaks",
    "minidl.explain.differences": "minidl.explain.checks.differences",
    "minidl.explain.export": "minidl.explain.views.export",
    "minidl.explain.formulas": "minidl.explain.views.formulas",
    "minidl.explain.mathml": "minidl.explain.views.mathml",
    "minidl.explain.mistakes": "minidl.explain.teaching.mistakes",
    "minidl.explain.page": "minidl.explain.views.page",
    "minidl.explain.passes": "minidl.explain.teaching.passes",
    "minidl.explain.replay": "minidl.explain.recording.replay",
    "minidl.explain.sources": "minidl.explain.recording.sources",
    "minidl.explain.text": "minidl.explain.views.text",
    "minidl.explain.torch_column": "minidl.explain.checks.torch_column",
    "minidl.explain.trace": "minidl.explain.recording.trace",
    "minidl.explain.values": "minidl.explain.recording.values",
    "minidl.explain.verify": "minidl.explain.checks.verify",
    "minidl.explain.worksheet": "minidl.explain.teaching.worksheet",
    "minidl.grad_mode": "minidl.engine.grad_mode",
    "minidl.gradcheck": "minidl.proof.gradcheck",
    "minidl.gradients": "minidl.tensors.gradients",
    "minidl.graph": "minidl.engine.backward",
    "minidl.inplace": "minidl.engine.inplace",
    "minidl.methods": "minidl.tensors.methods",
    "minidl.plots": "minidl.training.plots",
    "minidl.reference": "minidl.proof.reference",
    "minidl.sampling": "minidl.tensors.sampling",
    "minidl.storage": "minidl.engine.memory",
    "minidl.summary": "minidl.models.summary",
}
PYTORCH = {
    "minidl.nn.modules.activation": "minidl.nn.activation",
    "minidl.nn.modules.batchnorm": "minidl.nn.normalization",
    "minidl.nn.modules.container": "minidl.nn.container",
    "minidl.nn.modules.conv": "minidl.nn.conv",
    "minidl.nn.modules.dropout": "minidl.nn.dropout",
    "minidl.nn.modules.linear": "minidl.nn.linear",
    "minidl.nn.modules.loss": "minidl.nn.loss",
    "minidl.nn.modules.module": "minidl.nn.module",
    "minidl.nn.modules.normalization": "minidl.nn.normalization",
    "minidl.nn.modules.pooling": "minidl.nn.pooling",
    "minidl.nn.modules.sparse": "minidl.nn.sparse",
    "minidl.nn.modules": "minidl.nn",
    "minidl.utils.data.dataloader": "minidl.data.loader",
    "minidl.utils.data.dataset": "minidl.data.dataset",
    "minidl.utils.data.sampler": "minidl.data.sampler",
    "minidl.utils.data": "minidl.data",
}
PATHS = MOVED | PYTORCH


class OtherPaths(MetaPathFinder, Loader):
    """Loads the module that such a path leads to, under both names."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("minidl."):
            return None
        other = next((other for other in PATHS if name == other or name.startswith(other + ".")), None)
        return None if other is None else ModuleSpec(name, self, loader_state=PATHS[other] + name[len(other) :])

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(spec.loader_state)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: Any) -> None:
        """The module has already run; Python has replaced its spec with that of the other path."""
        module.__spec__ = module.__spec__.loader_state


def install() -> None:
    """Make these paths importable. `minidl.gradcheck` is also a function, which importing must not replace."""
    sys.modules.setdefault("minidl.gradcheck", import_module(MOVED["minidl.gradcheck"]))
    if not any(isinstance(finder, OtherPaths) for finder in sys.meta_path):
        sys.meta_path.insert(0, OtherPaths())  # before the file of the same name beside the module that is meant
