"""CTC: the loss and gradient of PyTorch, and of all paths listed one by one."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, GraphError, RangeError, ShapeError
from minidl.nn.functional import ctc_loss
from tests.support.compare import check, to_numpy


@st.composite
def problems(draw):
    """Scores (T, N, C), targets (N, L), the lengths of both, and the blank: impossible and empty targets too."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps, n, classes = draw(st.integers(1, 7)), draw(st.integers(1, 3)), draw(st.integers(2, 4))
    blank = draw(st.integers(0, classes - 1))
    lengths, times = rng.integers(0, 4, n), rng.integers(0, steps + 1, n)
    labels = rng.choice([c for c in range(classes) if c != blank], (n, max(1, lengths.max())))
    return rng.standard_normal((steps, n, classes)), labels, times, lengths, blank


@given(problems(), st.sampled_from(["none", "mean", "sum"]), st.booleans(), st.booleans())
def test_values_and_gradients(problem, reduction, zero_infinity, in_a_row):
    x, labels, times, lengths, blank = problem
    if in_a_row:
        labels = np.concatenate([row[:length] for row, length in zip(labels, lengths)])
    options = {"blank": blank, "reduction": reduction, "zero_infinity": zero_infinity}

    def loss(library, function):
        given = (library.tensor(np.array(value)) for value in (labels, times, lengths))
        targets, inputs, outputs = given
        return lambda x: function(x.log_softmax(2), targets, inputs, outputs, **options)

    check(loss(minidl, ctc_loss), loss(torch, F.ctc_loss), x, tolerance={"float64": 1e-9, "float32": 3e-4})


def spelt(path, blank):
    return [c for c, _ in itertools.groupby(path) if c != blank]


@pytest.mark.parametrize("target", [[], [1], [1, 1], [1, 2], [2, 1, 2]])
def test_against_all_paths(target):
    p = np.random.default_rng(0).dirichlet(np.ones(3), 4)  # 4 times, 3 classes, 0 is the blank
    total = sum(
        np.prod([p[t, c] for t, c in enumerate(path)])
        for path in itertools.product(range(3), repeat=4)
        if spelt(path, 0) == target
    )
    z = ctc_loss(minidl.tensor(np.log(p)), minidl.tensor(np.array(target, int)), (4,), (len(target),), reduction="sum")
    np.testing.assert_allclose(z.item(), -np.log(total), rtol=1e-12)


def test_long_sequences_do_not_overflow():
    x = np.random.default_rng(0).standard_normal((400, 1, 5)) * 5
    labels = np.random.default_rng(1).integers(1, 5, (1, 60))
    found = [
        function(library.tensor(x).log_softmax(2), library.tensor(labels), (400,), (60,)).item()
        for library, function in ((minidl, ctc_loss), (torch, F.ctc_loss))
    ]
    np.testing.assert_allclose(*found, rtol=1e-10)


def test_what_has_no_time_and_no_batch():
    x = np.log(np.full((3, 4), 0.25))
    for library, function in ((minidl, ctc_loss), (torch, F.ctc_loss)):
        z = function(library.tensor(x), library.tensor([1, 2]), (3,), (2,), reduction="none")
        assert tuple(z.shape) == () and abs(z.item() + np.log(5 / 64)) < 1e-12


def test_second_derivatives_are_refused_by_name():
    x = minidl.tensor(np.zeros((3, 1, 3)), requires_grad=True)
    z = ctc_loss(x.log_softmax(2), minidl.tensor([[1]]), (3,), (1,))
    with pytest.raises(GraphError, match=r"create_graph: .* so this backward cannot be differentiated"):
        minidl.grad(z, x, create_graph=True)


def test_errors():
    x, good = minidl.zeros(4, 2, 3), minidl.tensor([[1, 2], [1, 1]])
    for call, error, words in (
        (lambda: ctc_loss(minidl.zeros(4), good, (4, 4), (2, 2)), ShapeError, r"log_probs must be \(T, N, C\)"),
        (
            lambda: ctc_loss(x, good, (4, 4), (2, 2), blank=3),
            ArgumentError,
            "blank must be a class, from 0 to 2; got 3",
        ),
        (lambda: ctc_loss(x, good, (4,), (2, 2)), ShapeError, "input_lengths must be one number for each of 2"),
        (lambda: ctc_loss(x, good, (4, 5), (2, 2)), ArgumentError, "at most 4, the length of log_probs"),
        (lambda: ctc_loss(x, good, (4, 4), (2, -1)), ArgumentError, "target_lengths must not be negative"),
        (lambda: ctc_loss(x, good, (4, 4), (2, 3)), ShapeError, r"targets must be \(2, 3 or more\), or \(5,\)"),
        (lambda: ctc_loss(x, good * 2, (4, 4), (2, 2)), RangeError, r"targets must be in 0 \.\.\. 2; got 2 to 4"),
        (lambda: ctc_loss(x, good.float(), (4, 4), (2, 2)), DtypeError, "of an integer dtype; got float32"),
        (lambda: ctc_loss(x, good, minidl.ones(2), (2, 2)), DtypeError, "input_lengths must be integers"),
        (lambda: ctc_loss(x.long(), good, (4, 4), (2, 2)), DtypeError, "floating dtype"),
        (lambda: ctc_loss(x, good, (4, 4), (2, 2), reduction="max"), ArgumentError, "reduction must be one of"),
    ):
        with pytest.raises(error, match=words):
            call()


def test_padding_of_the_targets_does_not_matter():
    x = minidl.tensor(np.random.default_rng(0).standard_normal((5, 2, 4))).log_softmax(2)
    short, long = [[1, 2], [3, 0]], [[1, 2, 99], [3, -5, 99]]
    values = [to_numpy(ctc_loss(x, minidl.tensor(t), (5, 4), (2, 1), reduction="none")) for t in (short, long)]
    np.testing.assert_array_equal(*values)
