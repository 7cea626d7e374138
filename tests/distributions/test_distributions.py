"""Distributions against PyTorch: formulas with their gradients; samples by their moments."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import distributions as ours
from minidl.errors import ArgumentError, UnsupportedError
from tests.support.compare import assert_close, check, to_numpy
from tests.support.strategies import arrays, broadcast_pairs, shapes

theirs = torch.distributions
LIBRARIES = {minidl.Tensor: ours, torch.Tensor: theirs}


def positive(x):
    return x * x + 0.5


def normal(lib, x, y):
    return lib.Normal(x, positive(y))


def uniform(lib, x, y):
    return lib.Uniform(x, x + positive(y))


def bernoulli(lib, x, y):
    return lib.Bernoulli(logits=x + y)


def of_probs(lib, x, y):
    return lib.Bernoulli(probs=(x + y).sigmoid())


MAKERS = [normal, uniform, bernoulli, of_probs]
ASK = ["log_prob", "entropy", "mean", "variance", "stddev", "cdf", "kl"]


def asked(make, what):
    def call(x, y):
        lib = LIBRARIES[type(x)]
        made = make(lib, x, y)
        if what == "log_prob":
            value = (x.detach() > 0).to(x.dtype) if "Bern" in type(made).__name__ else made.mean.detach() + 0 * x
            return made.log_prob(value)
        if what == "kl":
            return (
                lib.kl_divergence(make(lib, x * 0.5, y), made)
                if make is not uniform
                else lib.kl_divergence(made, make(lib, x - 3, y + 9))
            )
        if what == "cdf":
            return made.cdf(made.mean.detach() + 0.1)
        return made.entropy() if what == "entropy" else getattr(made, what)

    return call


@pytest.mark.parametrize("what", ASK)
@pytest.mark.parametrize("make", MAKERS)
@given(broadcast_pairs(max_dims=2))
def test_formulas(make, what, pair):
    if what == "cdf" and make in (bernoulli, of_probs):
        return
    check(asked(make, what), asked(make, what), *pair, tolerance={"float32": 2e-4, "float64": 1e-8})


@given(arrays(shapes(1, 3, 1, 4)), st.booleans())
def test_categorical(x, as_probs):
    def call(what):
        def ask(x):
            lib = LIBRARIES[type(x)]
            made = lib.Categorical(positive(x)) if as_probs else lib.Categorical(logits=x)
            other = lib.Categorical(logits=x * 0.5)
            assert tuple(made.batch_shape) == tuple(x.shape[:-1]) and tuple(made.event_shape) == ()
            return {
                "log_prob": lambda: made.log_prob(made.probs.detach().argmin(-1)), "entropy": made.entropy,
                "probs": lambda: made.probs, "logits": lambda: made.logits,
                "kl": lambda: lib.kl_divergence(made, other), "mode": lambda: made.mode,
                "all": lambda: made.log_prob(made.enumerate_support()),
            }[what]()  # fmt: skip

        return ask

    for what in ("log_prob", "entropy", "probs", "logits", "kl", "mode", "all"):
        check(call(what), call(what), x, tolerance={"float32": 2e-4})


def test_independent_sums_over_the_event():
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4))

    def call(x):
        lib = LIBRARIES[type(x)]
        p, q = lib.Independent(lib.Normal(x, 1.0), 2), lib.Independent(lib.Normal(x * 2, 1.5), 2)
        assert (tuple(p.batch_shape), tuple(p.event_shape)) == ((2,), (3, 4))
        return p.log_prob(x.detach() + 1), p.entropy(), lib.kl_divergence(p, q), p.mean, p.variance

    check(call, call, x)


def test_samples():
    minidl.manual_seed(0)
    n = 20_000
    loc = minidl.tensor([0.0, 5.0], requires_grad=True)
    drawn = ours.Normal(loc, minidl.tensor([1.0, 0.1])).rsample((n,))
    assert drawn.shape == (n, 2) and drawn.requires_grad
    np.testing.assert_allclose(to_numpy(drawn.detach()).mean(0), [0, 5], atol=0.05)
    np.testing.assert_allclose(to_numpy(drawn.detach()).std(0), [1, 0.1], rtol=0.05)
    drawn.mean(0).sum().backward()
    np.testing.assert_allclose(to_numpy(loc.grad), [1, 1], rtol=1e-3)
    assert not ours.Normal(loc, 1.0).sample().requires_grad
    uniform = to_numpy(ours.Uniform(-1.0, 3.0).sample((n,)))
    assert uniform.min() >= -1 and uniform.max() < 3 and abs(uniform.mean() - 1) < 0.05
    ones = to_numpy(ours.Bernoulli(0.3).sample((n,)))
    assert set(ones) == {0.0, 1.0} and abs(ones.mean() - 0.3) < 0.02
    places = ours.Categorical(minidl.tensor([[0.2, 0.8, 0.0], [0.0, 0.0, 1.0]])).sample((n,))
    assert places.shape == (n, 2) and places.dtype == np.int64
    assert abs(to_numpy(places)[:, 0].mean() - 0.8) < 0.02 and (to_numpy(places)[:, 1] == 2).all()
    assert ours.Categorical(logits=minidl.zeros(4)).sample().shape == ()


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="Normal: scale must be above 0"):
        ours.Normal(0.0, -1.0)
    assert ours.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    with pytest.raises(ArgumentError, match="Bernoulli: give probs or logits"):
        ours.Bernoulli()
    with pytest.raises(ArgumentError, match="Bernoulli: probs must be from 0 to 1"):
        ours.Bernoulli(1.5)
    with pytest.raises(ArgumentError, match="Categorical: the value must be 0 to 1"):
        ours.Categorical(minidl.ones(2)).log_prob(minidl.tensor(2))
    with pytest.raises(UnsupportedError, match="Categorical has no rsample"):
        ours.Categorical(minidl.ones(2)).rsample()
    with pytest.raises(UnsupportedError, match="no formula for Normal and Uniform; there is: Bernoulli and Bernoulli"):
        ours.kl_divergence(ours.Normal(0.0, 1.0), ours.Uniform(0.0, 1.0))


def test_repr_and_edges():
    for lib, library in ((ours, minidl), (theirs, torch)):
        assert repr(lib.Normal(0.0, 1.0)) == "Normal(loc: 0.0, scale: 1.0)"
        assert lib.Bernoulli(library.tensor([0.0, 1.0])).log_prob(library.tensor([0.0, 1.0])).abs().max() < 1e-5
    p = np.array([0.0, 1.0, 0.5])
    assert_close(ours.Bernoulli(minidl.tensor(p)).logits, theirs.Bernoulli(torch.tensor(p)).logits)
    assert_close(ours.Categorical(minidl.tensor(p)).entropy(), theirs.Categorical(torch.tensor(p)).entropy())
