"""Checks of the rest: gradients against differences, and the same mathematics in plain loops."""
