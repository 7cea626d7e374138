"""Checks: a verdict on every gradient of a recorded pass, and PyTorch's gradients beside it."""
