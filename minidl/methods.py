"""Which functions are also methods and operators of Tensor: `x.relu()` is `relu(x)`, `x + y` is `add(x, y)`."""
