"""How operations check and convert their arguments before the mathematics begins: dtypes, dims, windows."""
