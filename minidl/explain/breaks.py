from contextlib import contextmanager
@contextmanager
def mended():
    yield
def breaks_forward(f): return False
