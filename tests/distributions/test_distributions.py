"""Distributions against PyTorch: formulas with their gradients; samples by their moments."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import distributions as ours
from minidl.errors import ArgumentError, ShapeError, UnsupportedError
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


def multivariate(lib, loc, matrix, name="covariance_matrix"):
    """From any matrix m: m mᵀ + 2 as covariance or precision, its triangle with a positive diagonal as scale_tril."""
    library = minidl if lib is ours else torch
    eye = library.eye(matrix.shape[-1], dtype=matrix.dtype)
    if name == "scale_tril":
        return lib.MultivariateNormal(loc, scale_tril=matrix.tril(-1) + (matrix * matrix + 0.5) * eye)
    return lib.MultivariateNormal(loc, **{name: matrix @ matrix.transpose(-1, -2) + 2 * eye})


@pytest.mark.parametrize("name", ["covariance_matrix", "precision_matrix", "scale_tril"])
@pytest.mark.parametrize(
    ("loc", "matrix"), [((3,), (3, 3)), ((2, 3), (3, 3)), ((3,), (2, 3, 3)), ((4, 1, 2), (3, 2, 2)), ((1,), (1, 1))]
)
def test_multivariate_normal(name, loc, matrix):
    rng = np.random.default_rng(0)

    def call(loc, matrix):
        lib = LIBRARIES[type(loc)]
        made = multivariate(lib, loc, matrix, name)
        one, q = made.mean.detach() * 0 + 0.3, multivariate(lib, 0.5 * loc, 0.5 * matrix, name)
        assert tuple(made.event_shape) == tuple(loc.shape[-1:]) and repr(made).startswith("MultivariateNormal(loc: ")
        assert name in repr(made)
        values = made.log_prob(one), made.log_prob(one[..., None, :, :] if one.ndim > 1 else one[None]), made.entropy()
        matrices = made.covariance_matrix, made.precision_matrix, made.scale_tril
        return *values, *matrices, made.mean, made.mode, made.variance, lib.kl_divergence(made, q)

    check(call, call, rng.uniform(-1, 1, loc), rng.uniform(-1, 1, matrix), tolerance={"float32": 1e-3})


def test_divergence_of_multivariate_normals_with_different_batches():
    rng = np.random.default_rng(1)

    def call(loc, matrix, more):
        lib = LIBRARIES[type(loc)]
        p, q = multivariate(lib, loc, matrix), multivariate(lib, loc, more)
        return lib.kl_divergence(p, q), lib.kl_divergence(q, p)

    check(call, call, *[rng.uniform(-1, 1, s) for s in ((2,), (2, 2), (3, 2, 2))], tolerance={"float32": 1e-3})


def test_samples_of_the_multivariate_normal():
    minidl.manual_seed(0)
    loc = minidl.tensor([1.0, -2.0], requires_grad=True)
    covariance = minidl.tensor([[2.0, 0.9], [0.9, 1.0]])
    drawn = ours.MultivariateNormal(loc, covariance).rsample((20_000,))
    assert drawn.shape == (20_000, 2) and drawn.requires_grad
    np.testing.assert_allclose(to_numpy(drawn.detach()).mean(0), [1, -2], atol=0.05)
    np.testing.assert_allclose(np.cov(to_numpy(drawn.detach()).T), to_numpy(covariance), atol=0.08)
    drawn.mean(0).sum().backward()
    np.testing.assert_allclose(to_numpy(loc.grad), [1, 1], rtol=1e-3)
    assert ours.MultivariateNormal(minidl.zeros(3, 1, 2), minidl.eye(2).expand(4, 2, 2)).sample((5,)).shape == (
        5,
        3,
        4,
        2,
    )
    assert not ours.MultivariateNormal(loc, covariance).sample().requires_grad


@given(arrays(shapes(1, 3, 1, 4)), st.booleans())
def test_one_hot_categorical(x, straight):
    def call(x):
        lib = LIBRARIES[type(x)]
        kind = lib.OneHotCategoricalStraightThrough if straight else lib.OneHotCategorical
        made, other = kind(probs=positive(x)), kind(logits=x * 0.5)
        assert tuple(made.batch_shape) == tuple(x.shape[:-1]) and tuple(made.event_shape) == tuple(x.shape[-1:])
        support, short = made.enumerate_support(), made.enumerate_support(expand=False)
        told = made.mean, made.variance, made.probs, made.logits, made.entropy(), support, short
        return *told, made.log_prob(support), other.log_prob(short), lib.kl_divergence(made, other)

    check(call, call, x, tolerance={"float32": 2e-4})
    assert repr(ours.OneHotCategorical(minidl.ones(2))) == repr(theirs.OneHotCategorical(torch.ones(2)))


def test_samples_of_one_hot_vectors():
    minidl.manual_seed(0)
    probs = minidl.tensor([[0.2, 0.8, 0.0], [0.0, 0.0, 1.0]], requires_grad=True)
    drawn = ours.OneHotCategorical(probs).sample((20_000,))
    assert drawn.shape == (20_000, 2, 3) and drawn.dtype == np.float32 and not drawn.requires_grad
    np.testing.assert_allclose(to_numpy(drawn).mean(0), to_numpy(probs.detach()), atol=0.02)
    np.testing.assert_array_equal(to_numpy(ours.OneHotCategorical(probs).mode), [[0, 1, 0], [0, 0, 1]])
    given = minidl.tensor([0.3, 0.7], requires_grad=True)
    straight = ours.OneHotCategoricalStraightThrough(given).rsample()
    assert sorted(straight.tolist()) == [0, 1]
    (straight * minidl.tensor([1.0, 3.0])).sum().backward()
    leaf = torch.tensor([0.3, 0.7], requires_grad=True)  # probs are divided by their sum, whatever was drawn
    ((leaf / leaf.sum()) * torch.tensor([1.0, 3.0])).sum().backward()
    assert_close(given.grad, leaf.grad)


def mixture(lib, logits, x):
    return lib.MixtureSameFamily(lib.Categorical(logits=logits), lib.Normal(x, positive(x)))


@pytest.mark.parametrize(
    ("batch", "x"), [((), (4,)), ((3,), (3, 4)), ((), (2, 3, 4)), ((3,), (2, 3, 4)), ((1,), (3, 4))]
)
def test_mixture(batch, x):
    rng = np.random.default_rng(0)

    def call(logits, x):
        lib = LIBRARIES[type(x)]
        made = mixture(lib, logits, x)
        vectors = lib.MixtureSameFamily(
            lib.Categorical(logits=logits), lib.Independent(lib.Normal(x[..., None] + x[..., :1, None], 1.5), 1)
        )
        assert tuple(made.batch_shape) == tuple(x.shape[:-1]) and tuple(vectors.event_shape) == (1,)
        at = x.detach()[..., 0]
        told = made.log_prob(at), made.cdf(at), vectors.log_prob(at[..., None])
        return *told, made.mean, made.variance, vectors.mean, vectors.variance

    check(call, call, rng.uniform(-1, 1, (*batch, 4)), rng.uniform(-1, 1, x), tolerance={"float32": 1e-4})


def test_samples_of_a_mixture():
    minidl.manual_seed(0)
    choice = ours.Categorical(minidl.tensor([1.0, 3.0]))
    drawn = ours.MixtureSameFamily(choice, ours.Normal(minidl.tensor([-5.0, 5.0]), 0.1)).sample((20_000,))
    assert drawn.shape == (20_000,) and abs(float((drawn > 0).float().mean()) - 0.75) < 0.02
    planes = ours.MultivariateNormal(minidl.tensor([[-5.0, 0.0], [5.0, 1.0]]).expand(3, 2, 2), minidl.eye(2) * 0.01)
    drawn = ours.MixtureSameFamily(choice, planes).sample((2000, 2))
    assert drawn.shape == (2000, 2, 3, 2)
    right, up = to_numpy(drawn)[..., 0] > 0, to_numpy(drawn)[..., 1] > 0.5
    assert abs(right.mean() - 0.75) < 0.02 and (right == up).mean() > 0.999
    shown = repr(mixture(ours, minidl.zeros(2), minidl.zeros(2)))
    assert shown.startswith("MixtureSameFamily(\n  Categorical(") and "\n  Normal(loc: " in shown


def test_what_these_refuse():
    zeros, eye = minidl.zeros(2), minidl.eye(2)
    with pytest.raises(ArgumentError, match="give one of covariance_matrix, precision_matrix and scale_tril; got none"):
        ours.MultivariateNormal(zeros)
    with pytest.raises(ArgumentError, match="got covariance_matrix and scale_tril"):
        ours.MultivariateNormal(zeros, eye, scale_tril=eye)
    with pytest.raises(ShapeError, match=r"loc must be a Tensor \(..., N\)"):
        ours.MultivariateNormal(minidl.tensor(0.0), eye)
    with pytest.raises(ShapeError, match=r"matrix must be a Tensor \(..., 3, 3\) for loc \(3,\); got \(2, 2\)"):
        ours.MultivariateNormal(minidl.zeros(3), eye)
    with pytest.raises(ShapeError, match=r"got \(2,\)"):
        ours.MultivariateNormal(zeros, zeros)
    for name in ("covariance_matrix", "precision_matrix"):
        for bad in (-eye, eye + eye.cumsum(0)):
            with pytest.raises(ArgumentError, match=f"{name} must be symmetric and positive definite"):
                ours.MultivariateNormal(zeros, **{name: bad})
    for bad in (-eye, eye + eye.cumsum(1)):
        with pytest.raises(ArgumentError, match="scale_tril must be lower triangular, with a diagonal above 0"):
            ours.MultivariateNormal(zeros, scale_tril=bad)
    with pytest.raises(ShapeError, match=r"the value must be \(..., 2\); got \(3,\)"):
        ours.MultivariateNormal(zeros, eye).log_prob(minidl.zeros(3))
    with pytest.raises(ShapeError, match="vectors of one size; got 2 and 3"):
        three = ours.MultivariateNormal(minidl.zeros(3), minidl.eye(3))
        ours.kl_divergence(ours.MultivariateNormal(zeros, eye), three)
    for bad in (zeros, minidl.ones(2), minidl.tensor([0.5, 0.5])):
        with pytest.raises(ArgumentError, match="OneHotCategorical: the value must be 1 at one place and 0 elsewhere"):
            ours.OneHotCategorical(minidl.ones(2)).log_prob(bad)
    with pytest.raises(ShapeError, match=r"OneHotCategorical: the value must be \(..., 2\); got \(3,\)"):
        ours.OneHotCategorical(minidl.ones(2)).log_prob(minidl.ones(3))
    with pytest.raises(UnsupportedError, match="OneHotCategorical has no rsample"):
        ours.OneHotCategorical(minidl.ones(2)).rsample()
    choice, parts = ours.Categorical(minidl.ones(2)), ours.Normal(zeros, 1.0)
    with pytest.raises(ArgumentError, match="mixture_distribution must be a Categorical; got Normal"):
        ours.MixtureSameFamily(parts, parts)
    with pytest.raises(ArgumentError, match="component_distribution must be a Distribution; got Tensor"):
        ours.MixtureSameFamily(choice, zeros)
    with pytest.raises(ShapeError, match=r"must be \(..., 2\), for a choice among 2; got \(3,\)"):
        ours.MixtureSameFamily(choice, ours.Normal(minidl.zeros(3), 1.0))
    with pytest.raises(ShapeError, match=r"a batch of \(3,\), the components of \(4,\), to which it must broadcast"):
        ours.MixtureSameFamily(ours.Categorical(minidl.ones(3, 2)), ours.Normal(minidl.zeros(4, 2), 1.0))
    with pytest.raises(UnsupportedError, match="MixtureSameFamily has no rsample"):
        ours.MixtureSameFamily(choice, parts).rsample()
