"""The plain loops agree with the fast operations, in value and in every gradient."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.ops import conv, linalg, loss, norm, pool
from minidl.proof import reference
from tests.support.compare import to_numpy

pairs = st.tuples(st.integers(1, 2), st.integers(1, 2))
sides = st.tuples(st.integers(0, 1), st.integers(0, 1))
RNG = np.random.default_rng


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def run(function, *arrays, **options):
    """The value of a fast operation, a random gradient of it, and the gradients of its floating inputs."""
    tensors = [minidl.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    z = function(*tensors, **options)
    dz = RNG(1).standard_normal(z.shape)
    z.backward(minidl.tensor(dz))
    return to_numpy(z), dz, [to_numpy(x.grad) for x in tensors if x.requires_grad]


def same_gradients(found, expected):
    for mine, plain in zip(found, expected, strict=True):
        same(mine, plain)


def test_linear():
    x, w, b = RNG(0).standard_normal((3, 4)), RNG(1).standard_normal((2, 4)), RNG(2).standard_normal(2)
    z, dz, gradients = run(linalg.linear, x, w, b)
    same(z, reference.linear(x, w, b))
    same_gradients(gradients, reference.linear_gradients(dz, x, w))


@given(pairs, sides, pairs, st.sampled_from([1, 2]))
def test_conv2d(stride, padding, dilation, groups):
    x, w = RNG(0).standard_normal((2, 2, 6, 5)), RNG(1).standard_normal((4, 2 // groups, 3, 2))
    b, geometry = RNG(2).standard_normal(4), (stride, padding, dilation)
    z, dz, gradients = run(conv.conv2d, x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
    same(z, reference.conv2d(x, w, b, *geometry, groups))
    same_gradients(gradients, reference.conv2d_gradients(dz, x, w, *geometry, groups))


@given(pairs, sides, pairs, st.sampled_from([1, 2]), st.booleans())
def test_conv_transpose2d(stride, padding, dilation, groups, wide):
    x, w = RNG(0).standard_normal((2, 2, 3, 4)), RNG(1).standard_normal((2, 2, 3, 2))
    b = RNG(2).standard_normal(2 * groups)
    extra = tuple(max(s, d) - 1 if wide else 0 for s, d in zip(stride, dilation))
    z, dz, gradients = run(
        conv.conv_transpose2d, x, w, b,
        stride=stride, padding=padding, output_padding=extra, groups=groups, dilation=dilation,
    )  # fmt: skip
    same(z, reference.conv_transpose2d(x, w, b, stride, padding, extra, dilation, groups))
    same_gradients(gradients, reference.conv_transpose2d_gradients(dz, x, w, stride, padding, dilation, groups))


@given(st.tuples(st.integers(2, 3), st.integers(2, 3)), pairs, sides, st.booleans())
def test_pooling(kernel, stride, padding, ties):
    x = RNG(0).standard_normal((2, 2, 6, 5))
    x = np.round(x) if ties else x
    options = {"kernel_size": kernel, "stride": stride, "padding": padding}
    z, dz, (dx,) = run(pool.max_pool2d, x, **options)
    same(z, reference.max_pool2d(x, kernel, stride, padding))
    same(dx, reference.max_pool2d_gradient(dz, x, kernel, stride, padding))
    z, dz, (dx,) = run(pool.avg_pool2d, x, **options)
    same(z, reference.avg_pool2d(x, kernel, stride, padding))
    same(dx, reference.avg_pool2d_gradient(dz, x.shape, kernel, stride, padding))


def test_batch_norm():
    x, w, b = RNG(0).standard_normal((3, 2, 2, 4)), RNG(1).standard_normal(2), RNG(2).standard_normal(2)
    z, dz, gradients = run(lambda x, w, b: norm.batch_norm(x, None, None, w, b, training=True), x, w, b)
    same(z, reference.batch_norm(x, w, b))
    same_gradients(gradients, reference.batch_norm_gradients(dz, x, w))


def test_cross_entropy():
    x, labels = RNG(0).standard_normal((5, 4)) * 10, np.array([0, 3, 1, 1, 2])
    x[2] += 1000
    z, dz, (dx,) = run(loss.cross_entropy, x, labels)
    same(z, reference.cross_entropy(x, labels))
    same(dx, dz * reference.cross_entropy_gradient(x, labels))


def test_a_network_of_plain_loops_learns_what_the_engine_learns():
    """Convolution, pooling, a linear layer and cross-entropy, chained by hand: one step of each must agree."""
    rng = RNG(0)
    x, labels = rng.standard_normal((2, 1, 6, 6)), np.array([1, 0])
    w1, b1 = rng.standard_normal((2, 1, 3, 3)), rng.standard_normal(2)
    w2, b2 = rng.standard_normal((2, 8)), rng.standard_normal(2)

    tensors = [minidl.tensor(a, requires_grad=True) for a in (w1, b1, w2, b2)]
    image = pool.max_pool2d(conv.conv2d(minidl.tensor(x), tensors[0], tensors[1]), 2)
    scores = linalg.linear(image.reshape(2, 8), tensors[2], tensors[3])
    cost = loss.cross_entropy(scores, minidl.tensor(labels))
    cost.backward()

    maps = reference.conv2d(x, w1, b1)
    pooled = reference.max_pool2d(maps, (2, 2), (2, 2))
    plain = reference.linear(pooled.reshape(2, 8), w2, b2)
    same(to_numpy(cost), reference.cross_entropy(plain, labels))
    dpooled, dw2, db2 = reference.linear_gradients(
        reference.cross_entropy_gradient(plain, labels), pooled.reshape(2, 8), w2
    )
    dmaps = reference.max_pool2d_gradient(dpooled.reshape(pooled.shape), maps, (2, 2), (2, 2))
    _, dw1, db1 = reference.conv2d_gradients(dmaps, x, w1)
    same_gradients([to_numpy(t.grad) for t in tensors], [dw1, db1, dw2, db2])
