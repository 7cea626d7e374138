"""`torch.utils`: `data` and `tensorboard` are modules of their own."""

__all__: list[str] = []
