"""Tests that need the emulated device in their own process: `test_inside.py` runs them under the launcher."""
