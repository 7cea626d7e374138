"""Data: sets, the loader that batches them, the transforms of images, and the files they come from."""

from ..missing import of_module as _of_module
from . import datasets, transforms
from .collate import default_collate, default_convert
from .dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from .images import read_image, write_image
from .loader import DataLoader
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler

__all__ = [
    "BatchSampler", "ConcatDataset", "DataLoader", "Dataset", "RandomSampler", "Sampler", "SequentialSampler", "Subset",
    "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "datasets", "default_collate", "default_convert",
    "random_split", "read_image", "transforms", "write_image",
]  # fmt: skip

_LATER = {"distributed_sampler": "DistributedSampler"}
__all__ += ["DistributedSampler"]

__getattr__ = _of_module(__name__, globals(), _LATER)
