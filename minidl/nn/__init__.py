"""Layers, containers, losses and initial weights."""

from . import init
from .container import ModuleDict, ModuleList, ParameterList, Sequential
from .module import Module
from .parameter import Parameter
from .running import current_module_path

__all__ = [
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ParameterList",
    "Sequential",
    "current_module_path",
    "init",
]
