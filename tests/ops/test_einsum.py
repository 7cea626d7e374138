"""einsum against PyTorch: named equations, random ones, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentError, DtypeError, ShapeError
from tests.support.compare import check
from tests.support.strategies import arrays

SIZES = {"i": 2, "j": 3, "k": 4, "b": 2, "A": 3}

EQUATIONS = [
    "ij,jk->ik", "ij,jk", "ij->ji", "ij", "ji", "ij->", "ij->i", "ii", "ii->i", "iij->ji", "iji->j", "i,i",
    "i,j->ij", "i,j->ji", "bij,bjk->bik", "bij,bkj->bik", "ij,kj,bk->ib", "bAi,Ai->b", "ij,ij,ij->",
    "ijk,jiA->kA", " i j , j k -> k i ", "bA,Ak", "ij,ji", "ij,k->", "i,j,k->kji", "iii->i", "ik,i->k",
]  # fmt: skip


def run(library):
    return lambda *xs, equation: library.einsum(equation, *xs)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_equations(equation):
    rng = np.random.default_rng(0)
    terms = equation.replace(" ", "").split("->")[0].split(",")
    xs = [rng.standard_normal([SIZES[c] for c in term]) for term in terms]
    check(run(minidl), run(torch), *xs, equation=equation)


@given(st.data())
def test_random_equations(data):
    terms = data.draw(st.lists(st.text("ijkb", max_size=4), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    equation = ",".join(terms)
    if data.draw(st.booleans()):
        count = data.draw(st.integers(0, len(used)))
        equation += "->" + "".join(data.draw(st.permutations(used))[:count])
    sizes = {c: data.draw(st.integers(0, 3)) for c in used}
    xs = []
    for term in terms:
        stretched = {c for c in term if data.draw(st.integers(0, 5)) == 0}  # a letter of length 1 is broadcast
        xs.append(data.draw(arrays(tuple(1 if c in stretched else sizes[c] for c in term))))
    check(run(minidl), run(torch), *xs, equation=equation)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("...ij,...jk->...ik", [(2, 3, 4), (4, 2)]),
        ("...ij,...jk", [(5, 1, 2, 3), (2, 3, 4)]),
        ("...i->i", [(2, 3, 4)]),
        ("i...->...", [(3,)]),
        ("...,...->...", [(2, 3), (3,)]),
        ("...,...", [(2, 1), (3,)]),
        ("i...j->j...i", [(2, 3, 4, 5)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("i->i...", [(3,)]),
        ("b...i,i->b...", [(2, 3, 1, 4), (4,)]),
        ("", [()]),
        (",", [(), ()]),
        (",i->i", [(), (3,)]),
    ],
)
def test_ellipsis(equation, shapes):
    rng = np.random.default_rng(0)
    check(run(minidl), run(torch), *(rng.standard_normal(s) for s in shapes), equation=equation)


def test_lists_of_numbers_and_lists_of_operands():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))

    def both(library):
        return lambda a, b: (
            library.einsum(a, [0, 1], b, [1, 2], [2, 0]),
            library.einsum(a, [0, 26], b, [26, 1]),
            library.einsum(a, [..., 1], [1, ...]),
            library.einsum("ij,jk->ik", [a, b]),
        )

    check(both(minidl), both(torch), x, y)


def test_a_permuted_operand_is_a_view_as_in_pytorch():
    x = minidl.zeros(2, 3)
    minidl.einsum("ij->ji", x)[0].fill_(1)
    assert x.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_float16_and_integers():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    check(run(minidl), run(torch), x, y, equation="ij,jk->ik", dtypes=("float16",))
    check(run(minidl), run(torch), np.arange(6).reshape(2, 3), np.ones((3, 4), int), equation="ij,jk", gradients=False)


@pytest.mark.parametrize(
    ("equation", "shapes", "error", "says"),
    [
        ("ij,jk", [(2, 3)], ArgumentError, "2 operands; got 1"),
        ("ij->k", [(2, 3)], ArgumentError, "'k' in the output"),
        ("ij->ii", [(2, 3)], ArgumentError, "'i' in the output"),
        ("i1", [(2, 3)], ArgumentError, "letters a-z"),
        ("i.j", [(2, 3)], ArgumentError, "letters a-z"),
        ("......", [(2, 3)], ArgumentError, "one `...` at most"),
        ("i", [(2, 3)], ShapeError, r"does not fit an operand of shape \(2, 3\)"),
        ("ijk", [(2, 3)], ShapeError, "does not fit"),
        ("ii", [(2, 3)], ShapeError, "lengths 2 and 3"),
        ("ii", [(3, 1)], ShapeError, "lengths 3 and 1"),
        ("i,i", [(2,), (3,)], ShapeError, "lengths 2 and 3"),
        (3, [(2,)], ArgumentError, "must be a string"),
    ],
)
def test_a_wrong_equation_is_named(equation, shapes, error, says):
    with pytest.raises(error, match=says):
        minidl.einsum(equation, *(minidl.zeros(s) for s in shapes))


def test_dtypes_must_agree():
    with pytest.raises(DtypeError, match="float32, int64"):
        minidl.einsum("i,i", minidl.zeros(2), minidl.zeros(2, dtype=minidl.int64))
    with pytest.raises(DtypeError, match="bool"):
        minidl.einsum("i,i", minidl.zeros(2) > 0, minidl.zeros(2) > 0)


@pytest.mark.parametrize("equation", ["ij->", "ij->i", "ij,kl->ik", "ij,ij->i"])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_integers_summed_over_one_operand_give_int64(equation, dtype):
    x = np.full((2, 3), 100, dtype)
    operands = [x] * (equation.count(",") + 1)
    check(lambda *xs: minidl.einsum(equation, *xs), lambda *xs: torch.einsum(equation, *xs), *operands)
