"""How operations treat their arguments before the mathematics begins: dtypes, dims, windows."""
