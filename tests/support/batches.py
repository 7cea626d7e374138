"""Each test of recurrent layers twice: with batches whole, and in halves."""

import pytest

from minidl.backend.numpy import matmul as products


@pytest.fixture(autouse=True, scope="module", params=["whole", "halves"])
def batches(request):
    """On the CPU, a large batch walks through time in two halves: here each batch does."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "halves":
            patch.setattr(products, "WAKING", 0)
        yield
