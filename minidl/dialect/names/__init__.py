"""One file per module of PyTorch's: the names that minidl keeps elsewhere, or has no use for itself."""
