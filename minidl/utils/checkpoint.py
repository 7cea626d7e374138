"""`torch.utils.checkpoint` by its name: parts of a network that are computed twice, to save memory."""

from ..nn.recompute import checkpoint, checkpoint_sequential

__all__ = ["checkpoint", "checkpoint_sequential"]
