"""PyTorch's names for a script that says `import torch`: one line at its top, the rest untouched.

    import minidl.as_torch
    import torch
    import torch.nn as nn
    from torchvision import datasets, transforms

From there on, `torch` and `torchvision` are minidl in this process, and tensors look as PyTorch's do:
`torch.Size([2])`, `torch.float32`, `<MulBackward0>`. `python -m minidl.as_torch SCRIPT.py` runs a script without that
line. What minidl leaves out is an ImportError or AttributeError that says so; if the real PyTorch was imported before,
importing this is an ImportError.
"""

from ..dialect.install import install

install()
