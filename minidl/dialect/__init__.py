"""PyTorch's dialect: its module names, its other spellings of arguments, its look. `minidl.as_torch` speaks it."""
