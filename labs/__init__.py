"""Fifteen labs that make the lecture run, in Korean and English: one source a lab, two notebooks made of it."""
