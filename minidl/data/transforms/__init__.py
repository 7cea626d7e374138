"""Image transforms by torchvision's names, over OpenCV and NumPy: RGB in, RGB out.

    transforms.Compose([transforms.RandomRotation(10), transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081)])

Those that see single images (all but ToTensor and Normalize) come before ToTensor. The random ones take a `generator`;
without one, a `DataLoader` gives each batch a stream of its own (see `data.stream`). OpenCV's own threads are left as
they are set; for small images one is enough (`cv2.setNumThreads(1)`).
"""

from .base import BatchTransform, Compose, Lambda, RandomTransform, Transform, batched
from .color import ColorConvert, Grayscale
from .filters import AverageBlur, GaussianBlur, MedianBlur, SaltPepperNoise, Sharpen
from .geometric import CenterCrop, Crop, Flip, Pad, RandomCrop, RandomHorizontalFlip, RandomVerticalFlip, Resize
from .tensor import Normalize, ToTensor
from .warp import Perspective, RandomAffine, RandomPerspective, RandomRotation, Rotate

__all__ = [
    "AverageBlur", "BatchTransform", "CenterCrop", "ColorConvert", "Compose", "Crop", "Flip", "GaussianBlur",
    "Grayscale", "Lambda", "MedianBlur", "Normalize", "Pad", "Perspective", "RandomAffine", "RandomCrop",
    "RandomHorizontalFlip", "RandomPerspective", "RandomRotation", "RandomTransform", "RandomVerticalFlip",
    "Resize", "Rotate", "SaltPepperNoise", "Sharpen", "ToTensor", "Transform", "batched",
]  # fmt: skip
