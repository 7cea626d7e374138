"""What `view`, `ravel`, `is_contiguous` and `stride` say of a tensor's order in memory, against PyTorch."""

import itertools

import pytest
import torch

import minidl
from minidl.errors import ShapeError

SOURCES = {
    "as made": lambda T, x: x,
    "transposed": lambda T, x: x.transpose(0, 1),
    "narrowed": lambda T, x: x[:, 1:],
    "with a step": lambda T, x: x[..., ::2],
    "permuted": lambda T, x: x.permute(2, 0, 1),
    "detached": lambda T, x: x.transpose(1, 2).detach(),
    "data": lambda T, x: x.transpose(1, 2).data,
    "a parameter": lambda T, x: T.nn.Parameter(x.transpose(0, 1)),
    "relu of transposed": lambda T, x: x.transpose(1, 2).relu(),
    "sum with transposed": lambda T, x: x.transpose(0, 1) + 1,
    "convolved": lambda T, x: T.nn.functional.conv2d(x[None], T.ones(5, 2, 2, 2)),
    "convolved, activated": lambda T, x: T.nn.functional.conv2d(x[None], T.ones(5, 2, 2, 2)).relu(),
    "convolved, transposed": lambda T, x: T.nn.functional.conv2d(x[None], T.ones(5, 2, 2, 2)).transpose(1, 2),
    "turned back, cropped, activated": lambda T, x: T.nn.functional.conv_transpose2d(x[None], T.ones(2, 1, 3, 3))[
        :, :, 1:4, 1:4
    ].sigmoid(),
    "pooled to a size": lambda T, x: T.nn.functional.adaptive_avg_pool2d(x, (2, 3)),
    "narrowed, transposed, activated": lambda T, x: x[:, 1:].transpose(0, 2).relu(),
    "stretched, transposed, activated": lambda T, x: x[:, :1].expand(2, 3, 4).transpose(0, 2).relu(),
    "stretched": lambda T, x: x[:1].expand(4, 3, 4),
    "with a dimension more": lambda T, x: x.unsqueeze(1),
    "made contiguous": lambda T, x: x.transpose(0, 2).contiguous(),
    "diagonal": lambda T, x: x.diagonal(0, 1, 2),
    "cloned": lambda T, x: x.transpose(0, 1).clone(),
    "empty": lambda T, x: x[:, :0].transpose(0, 1),
}
RESULTS = {
    "itself": lambda x: x,
    "view(-1)": lambda x: x.view(-1),
    "view(n, -1)": lambda x: x.view(x.shape[0], -1),
    "view(..., 1)": lambda x: x.view(*x.shape, 1),
    "view(first two)": lambda x: x.view(x.shape[0] * x.shape[1], -1),
    "ravel": lambda x: x.ravel(),
    "reshape": lambda x: x.reshape(-1),
    "flatten": lambda x: x.flatten(),
    "doubled": lambda x: x * 2,
    "transposed": lambda x: x.transpose(0, 1),
    "summed": lambda x: x.sum(0),
}


def outcome(T, source, result, errors):
    x = T.arange(24.0).reshape(2, 3, 4)
    try:
        z = result(source(T, x))
    except errors:
        return "refused"
    strides = tuple(z.stride()) if z.numel() else None  # of no elements they mean nothing
    return tuple(z.shape), z.flatten().tolist(), z.is_contiguous(), strides


def in_order(source, result):
    """Whether the backend keeps the order in memory: CuPy lays out the results of arithmetic row by row."""
    computed = source.endswith("transposed, activated") or source in ("relu of transposed", "sum with transposed")
    computed = computed or result == "doubled"
    return not computed or minidl.backend.current_backend().name == "numpy"


@pytest.mark.parametrize(("source", "result"), list(itertools.product(SOURCES, RESULTS)))
def test_as_in_pytorch(source, result):
    ours = outcome(minidl, SOURCES[source], RESULTS[result], ShapeError)
    theirs = outcome(torch, SOURCES[source], RESULTS[result], RuntimeError)
    if in_order(source, result):
        assert ours == theirs
    elif theirs != "refused":
        assert ours[:2] == theirs[:2]


def test_the_refusal_says_what_to_do():
    with pytest.raises(ShapeError, match=r"view: strides .* of shape \(3, 2\) allow no view of shape \(6,\).*reshape"):
        minidl.ones(2, 3).t().view(6)


def test_ravel_copies_what_does_not_lie_row_by_row():
    ours, theirs = minidl.zeros(4), torch.zeros(4)
    for a in (ours, theirs):
        a[::2].ravel()[0] = 9
        a.ravel()[1] = 5
    assert ours.tolist() == theirs.tolist() == [0, 5, 0, 0]


@pytest.mark.skipif("minidl.backend.current_backend().name != 'numpy'", reason="shares memory with NumPy")
def test_arrays_keep_their_strides():
    import numpy as np

    array = np.arange(6.0).reshape(2, 3).T
    assert minidl.from_numpy(array).stride() == torch.from_numpy(array).stride() == (1, 3)
    with pytest.raises(ShapeError, match="view"):
        minidl.from_numpy(array).view(6)


def test_a_gradient_can_be_viewed():
    layer = minidl.nn.Conv2d(2, 3, 3)
    layer(minidl.ones(4, 2, 5, 5)).sum().backward()
    assert layer.weight.grad.view(-1).tolist() == layer.weight.grad.reshape(-1).tolist()
