"""Image transforms by torchvision's names, over OpenCV and NumPy: RGB in, RGB out.

    transforms.Compose([transforms.RandomRotation(10), transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081)])

Those that see images take a tensor `(C, H, W)` too, and Pillow's pictures. The random ones take a `generator`;
without one, a `DataLoader` gives each batch a stream of its own (see `data.stream`). OpenCV's own threads are left as
they are set; for small images one is enough (`cv2.setNumThreads(1)`).
"""

from .base import BatchTransform, Compose, Lambda, RandomTransform, Transform, batched
from .color import ColorConvert, Grayscale
from .erasing import ConvertImageDtype, LinearTransformation, PILToTensor, RandomErasing
from .filters import AverageBlur, GaussianBlur, MedianBlur, SaltPepperNoise, Sharpen
from .geometric import (
    CenterCrop,
    Crop,
    FiveCrop,
    Flip,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    TenCrop,
)
from .jitter import (
    ColorJitter,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomChoice,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomOrder,
    RandomPosterize,
    RandomSolarize,
)
from .policies import RandAugment, TrivialAugmentWide
from .tensor import Normalize, ToTensor
from .warp import Perspective, RandomAffine, RandomPerspective, RandomRotation, Rotate

__all__ = [
    "AverageBlur", "BatchTransform", "CenterCrop", "ColorConvert", "ColorJitter", "Compose", "ConvertImageDtype",
    "Crop", "FiveCrop", "Flip", "GaussianBlur", "Grayscale", "Lambda", "LinearTransformation", "MedianBlur",
    "Normalize", "PILToTensor", "Pad", "Perspective", "RandAugment", "RandomAdjustSharpness", "RandomAffine",
    "RandomAutocontrast", "RandomChoice", "RandomCrop", "RandomEqualize", "RandomErasing", "RandomGrayscale",
    "RandomHorizontalFlip", "RandomInvert", "RandomOrder", "RandomPerspective", "RandomPosterize",
    "RandomResizedCrop", "RandomRotation", "RandomSolarize", "RandomTransform", "RandomVerticalFlip", "Resize",
    "Rotate", "SaltPepperNoise", "Sharpen", "TenCrop", "ToTensor", "Transform", "TrivialAugmentWide", "batched",
]  # fmt: skip
