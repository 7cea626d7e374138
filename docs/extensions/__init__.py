"""What Sphinx lacks for these pages, one idea a file."""
