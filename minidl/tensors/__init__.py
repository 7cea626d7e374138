"""Tensors as their user sees them: making, drawing, converting, printing, saving, and their methods."""
