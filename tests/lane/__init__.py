"""Tests of the lane itself: that the emulated device catches what it is there to catch."""
