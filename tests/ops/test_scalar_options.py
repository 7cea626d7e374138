"""Options that are numbers: a NumPy scalar or a 0-dimensional tensor counts as its number, anything else is refused."""

from __future__ import annotations

import numpy as np
import pytest

import minidl
import minidl.nn.functional as F
from minidl.errors import MinidlError
from tests.support.compare import to_numpy

X, Y = minidl.tensor([[1.0, -2.0], [0.5, 4.0]]), minidl.tensor([[0.5, 1.0], [-2.0, 3.0]])
LABELS = minidl.tensor([0, 1])

OPTIONS = {
    "leaky_relu negative_slope": lambda n: F.leaky_relu(X, n),
    "elu alpha": lambda n: F.elu(X, n),
    "celu alpha": lambda n: F.celu(X, n),
    "softplus beta": lambda n: F.softplus(X, n),
    "softplus threshold": lambda n: F.softplus(X, 1.0, n),
    "hardtanh min_val": lambda n: F.hardtanh(X, n, 3.0),
    "hardtanh max_val": lambda n: F.hardtanh(X, -1.0, n),
    "add alpha": lambda n: minidl.add(X, Y, alpha=n),
    "sub alpha": lambda n: minidl.sub(X, Y, alpha=n),
    "lerp weight": lambda n: minidl.lerp(X, Y, n),
    "addmm alpha": lambda n: minidl.addmm(X, X, Y, alpha=n),
    "addmm beta": lambda n: minidl.addmm(X, X, Y, beta=n),
    "var correction": lambda n: minidl.var(X, correction=n),
    "std correction": lambda n: minidl.std(X, correction=n),
    "norm p": lambda n: minidl.norm(X, n),
    "cross_entropy label_smoothing": lambda n: F.cross_entropy(X, LABELS, label_smoothing=n),
    "multi_margin_loss margin": lambda n: F.multi_margin_loss(X, LABELS, margin=n),
    "hinge_embedding_loss margin": lambda n: F.hinge_embedding_loss(X, Y.sign(), margin=n),
    "huber_loss delta": lambda n: F.huber_loss(X, Y, delta=n),
    "smooth_l1_loss beta": lambda n: F.smooth_l1_loss(X, Y, beta=n),
    "batch_norm momentum": lambda n: F.batch_norm(X, minidl.zeros(2), minidl.ones(2), training=True, momentum=n),
    "batch_norm eps": lambda n: F.batch_norm(X, None, None, training=True, eps=n),
    "layer_norm eps": lambda n: F.layer_norm(X, (2,), eps=n),
    "group_norm eps": lambda n: F.group_norm(X, 1, eps=n),
    "instance_norm eps": lambda n: F.instance_norm(X[None], eps=n),
    "clamp min": lambda n: minidl.clamp(X, n),
    "pow exponent": lambda n: minidl.pow(X.abs(), n),
    "masked_fill value": lambda n: minidl.masked_fill(X, X > 0, n),
    "pad value": lambda n: F.pad(X, (1, 1), value=n),
    "full fill_value": lambda n: minidl.full((2,), n, dtype=minidl.float32),
    "fill_ value": lambda n: X.clone().fill_(n),
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", [np.float64, np.float32, minidl.tensor])
def test_a_numpy_scalar_or_a_tensor_counts_as_its_number(option, kind):
    expected, found = OPTIONS[option](0.75), OPTIONS[option](kind(0.75))
    assert found.dtype == expected.dtype == minidl.float32
    np.testing.assert_allclose(to_numpy(found), to_numpy(expected), rtol=1e-6)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("value", ["2", [2.0], {}], ids=repr)
def test_anything_else_is_refused_by_name(option, value):
    with pytest.raises(MinidlError, match=f"{option.split()[0]}|tensor"):
        OPTIONS[option](value)


@pytest.mark.parametrize("option", [name for name in OPTIONS if name != "lerp weight"])
def test_a_tensor_that_wants_a_gradient_is_no_number(option):
    if option in ("clamp min", "pow exponent", "masked_fill value", "fill_ value", "full fill_value"):
        return  # these have a gradient for it
    with pytest.raises(MinidlError):
        OPTIONS[option](minidl.tensor(0.75, requires_grad=True))


@pytest.mark.parametrize("old", ["size_average", "reduce"])
@pytest.mark.parametrize("value", [True, False])
def test_older_names_of_reduction_are_refused_also_where_they_are_false(old, value):
    with pytest.raises(MinidlError, match=old):
        F.mse_loss(X, Y, **{old: value})
    with pytest.raises(MinidlError, match=old):
        minidl.nn.CrossEntropyLoss(**{old: value})


def test_rounding_takes_a_numpy_integer():
    assert to_numpy(minidl.round(minidl.tensor([1.255]), decimals=np.int64(1))).tolist() == [np.float32(1.3)]
