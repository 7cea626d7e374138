"""What operations do with their arguments before the mathematics begins: dtypes, dims, windows."""
