"""The site: its pages, its Korean, and what builds both (`python -m docs`)."""
