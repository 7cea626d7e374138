"""The operations that are timed, each at three sizes, written once for both libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]
Run = Callable[..., Any]


@dataclass(frozen=True)
class Input:
    """One input: its shape at each size, and how it is drawn.

    `draw`: normal; positive (0.5 to 1.5); unit (0.05 to 0.95); signs (-1 or 1); labels (whole numbers below `below`
    at that size); bools; log (logarithms of probabilities along the last dimension). All but the first four are
    constants; `wants_grad=False` makes those constants too.
    """

    shapes: tuple[Shape, Shape, Shape]
    draw: str = "normal"
    below: tuple[int, ...] = (1, 1, 1)
    wants_grad: bool = True

    def is_leaf(self) -> bool:
        """Whether a gradient is asked for."""
        return self.wants_grad and self.draw in ("normal", "positive", "unit", "log")


@dataclass(frozen=True)
class Case:
    """An operation `run(T, F, *inputs)`. `images`: whether the order in memory can matter; `random`: results differ."""

    name: str
    inputs: tuple[Input, ...]
    run: Run
    images: bool = False
    random: bool = False

    def shown(self, size: int) -> str:
        """The shapes of the inputs at a size."""
        return ", ".join("x".join(map(str, one.shapes[size])) for one in self.inputs)


FLAT = ((1_000,), (100, 1_000), (2_000, 1_000))
TABLE = ((32, 10), (100, 1_000), (1_000, 2_000))
SQUARE = ((16, 16), (128, 128), (512, 512))
IMAGES = ((8, 8, 14, 14), (32, 16, 28, 28), (64, 32, 56, 56))
LABELS = ((100,), (10_000,), (100_000,))
FIRST = ((4, 1, 28, 28), (32, 1, 28, 28), (100, 1, 28, 28))
COLUMNS = tuple(shape[-1] for shape in TABLE)
ROWS = tuple(shape[0] for shape in TABLE)


def _three(f: Callable[[Shape], Shape], shapes: Sequence[Shape]) -> tuple[Shape, Shape, Shape]:
    a, b, c = map(f, shapes)
    return a, b, c


def _elementwise() -> list[Case]:
    normal, positive = Input(FLAT), Input(FLAT, "positive")
    names = (
        "abs neg square exp expm1 sin cos erf sign floor ceil round trunc sigmoid tanh relu celu selu positive clone"
    )
    cases = [Case(name, (normal,), _called(name)) for name in names.split()]
    names = "log log1p log2 log10 sqrt rsqrt reciprocal"
    cases += [Case(name, (positive,), _called(name)) for name in names.split()]
    names = "elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu6 rrelu silu softplus"
    names += " softshrink softsign tanhshrink"
    cases += [Case(name, (normal,), _called(name, functional=True)) for name in names.split()]
    names = "acos asin atan atanh asinh cosh exp2 sinh tan"
    cases += [Case(name, (Input(FLAT, "unit"),), _called(name)) for name in names.split()]
    cases.append(Case("acosh", (positive,), lambda T, F, x: T.acosh(x + 1)))
    names = "add sub mul maximum minimum atan2"
    cases += [Case(name, (normal, normal), _called(name)) for name in names.split()]
    names = "div pow fmod remainder"
    cases += [Case(name, (positive, positive), _called(name)) for name in names.split()]
    names = "eq ne lt le gt ge isclose floor_divide"
    constant = Input(FLAT, "positive", wants_grad=False)
    cases += [Case(name, (constant, constant), _called(name)) for name in names.split()]
    cases += [Case(name, (constant,), _called(name)) for name in ("isnan", "isinf", "isfinite", "logical_not")]
    bools = Input(FLAT, "bools")
    names = "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor"
    cases += [Case(name, (bools, bools), _called(name)) for name in names.split()]
    return cases + [
        Case("bitwise_not", (bools,), _called("bitwise_not")),
        Case("add a row", (Input(TABLE), Input(_three(lambda s: s[1:], TABLE))), lambda T, F, x, b: x + b),
        Case("mul by a column", (Input(TABLE), Input(_three(lambda s: (s[0], 1), TABLE))), lambda T, F, x, b: x * b),
        Case("mul by a number", (normal,), lambda T, F, x: x * 2.5),
        Case("pow 3", (normal,), lambda T, F, x: x**3),
        Case("clamp", (normal,), lambda T, F, x: T.clamp(x, -0.5, 0.5)),
        Case("lerp", (normal, normal), lambda T, F, x, y: T.lerp(x, y, 0.3)),
        Case("where", (bools, normal, normal), lambda T, F, m, x, y: T.where(m, x, y)),
        Case("masked_fill", (normal, bools), lambda T, F, x, m: T.masked_fill(x, m, 1.5)),
        Case("masked_select", (normal, bools), lambda T, F, x, m: T.masked_select(x, m)),
        Case("nonzero", (bools,), lambda T, F, m: T.nonzero(m)),
        Case("argwhere", (bools,), lambda T, F, m: T.argwhere(m)),
        Case("allclose", (constant, constant), lambda T, F, x, y: T.tensor(T.allclose(x, x))),
        Case("equal", (constant, constant), lambda T, F, x, y: T.tensor(T.equal(x, x))),
        Case("threshold", (normal,), lambda T, F, x: F.threshold(x, 0.1, 0.5)),
        Case("prelu", (normal, Input(((1,), (1,), (1,)))), lambda T, F, x, w: F.prelu(x, w)),
        Case("glu", (Input(TABLE),), lambda T, F, x: F.glu(x)),
        Case("softmin", (Input(TABLE),), lambda T, F, x: F.softmin(x, dim=1)),
        Case("gumbel_softmax", (Input(TABLE),), lambda T, F, x: F.gumbel_softmax(x), random=True),
        Case("dropout", (normal,), lambda T, F, x: F.dropout(x, 0.5), random=True),
        Case("alpha_dropout", (normal,), lambda T, F, x: F.alpha_dropout(x, 0.5, True), random=True),
    ]


def _reductions() -> list[Case]:
    table, positive, constant = Input(TABLE), Input(TABLE, "positive"), Input(TABLE, wants_grad=False)
    names = "sum mean var std norm amax amin max min median"
    cases = [Case(name, (table,), _called(name)) for name in names.split()]
    names = "sum mean var std norm amax amin logsumexp softmax log_softmax cumsum"
    for name in names.split():
        cases.append(Case(f"{name} dim=1", (table,), _called(name, dim=1)))
    for name in ("sum", "mean", "var", "amax", "softmax"):
        cases.append(Case(f"{name} dim=0", (table,), _called(name, dim=0)))
    for name in ("max", "min", "median", "sort"):
        cases.append(Case(f"{name} dim=1", (table,), _first_of(name, dim=1)))
    for name in ("argmax", "argmin", "argsort"):
        cases.append(Case(f"{name} dim=1", (constant,), _called(name, dim=1)))
    return cases + [
        Case("prod dim=1", (Input(TABLE, "positive"),), lambda T, F, x: T.prod(x, dim=1)),
        Case("count_nonzero", (constant,), lambda T, F, x: T.count_nonzero(x)),
        Case("all", (Input(TABLE, "bools"),), lambda T, F, x: T.all(x)),
        Case("any", (Input(TABLE, "bools"),), lambda T, F, x: T.any(x)),
        Case("topk 5", (table,), lambda T, F, x: T.topk(x, 5, dim=1)[0]),
        Case("log of a mean", (positive,), lambda T, F, x: x.mean(dim=1).log()),
    ]


def _shapes() -> list[Case]:
    table = Input(TABLE)
    rows = Input(_three(lambda s: (s[0],), TABLE), "labels", ROWS)
    places = Input(TABLE, "labels", COLUMNS)
    bags = Input(((20, 5), (2_000, 5), (20_000, 5)), "labels", (50, 1_000, 5_000))
    vectors = Input(((50, 16), (1_000, 64), (5_000, 64)))
    return [
        Case("transpose, copied", (table,), lambda T, F, x: T.transpose(x, 0, 1).contiguous()),
        Case("permute, copied", (Input(IMAGES),), lambda T, F, x: T.permute(x, (0, 2, 3, 1)).contiguous(), images=True),
        Case("reshape", (table,), lambda T, F, x: T.reshape(x, (-1,))),
        Case("flatten", (Input(IMAGES),), lambda T, F, x: T.flatten(x, 1), images=True),
        Case("broadcast_to", (Input(_three(lambda s: s[1:], TABLE)),), lambda T, F, x: T.broadcast_to(x, (50, len(x)))),
        Case("slice", (table,), lambda T, F, x: x[2:, ::2]),
        Case("index by rows", (table, rows), lambda T, F, x, i: x[i]),
        Case("narrow", (table,), lambda T, F, x: T.narrow(x, 1, 2, 5)),
        Case("select", (table,), lambda T, F, x: T.select(x, 1, 3)),
        Case("diagonal", (Input(SQUARE),), lambda T, F, x: T.diagonal(x)),
        Case("cat", (table, table), lambda T, F, x, y: T.cat([x, y], 1)),
        Case("stack", (table, table), lambda T, F, x, y: T.stack([x, y])),
        Case("hstack", (table, table), lambda T, F, x, y: T.hstack([x, y])),
        Case("vstack", (table, table), lambda T, F, x, y: T.vstack([x, y])),
        Case("split, joined", (table,), lambda T, F, x: T.cat(T.split(x, 4, 1)[::-1], 1)),
        Case("chunk, joined", (table,), lambda T, F, x: T.cat(T.chunk(x, 2, 1)[::-1], 1)),
        Case("unbind, added", (Input(((4, 1000), (4, 100_000), (4, 500_000))),), lambda T, F, x: sum(T.unbind(x))),
        Case("flip", (table,), lambda T, F, x: T.flip(x, (1,))),
        Case("roll", (table,), lambda T, F, x: T.roll(x, 3, 1)),
        Case("tile", (table,), lambda T, F, x: T.tile(x, (2, 1))),
        Case("tril", (Input(SQUARE),), lambda T, F, x: T.tril(x)),
        Case("triu", (Input(SQUARE),), lambda T, F, x: T.triu(x)),
        Case("pad", (Input(IMAGES),), lambda T, F, x: F.pad(x, (1, 1, 1, 1)), images=True),
        Case("index_select", (table, rows), lambda T, F, x, i: T.index_select(x, 0, i)),
        Case("gather", (table, places), lambda T, F, x, i: T.gather(x, 1, i)),
        Case("take_along_dim", (table, places), lambda T, F, x, i: T.take_along_dim(x, i, 1)),
        Case("scatter_add", (table, places, table), lambda T, F, x, i, y: T.scatter_add(x, 1, i, y)),
        Case("scatter a number", (table, rows), lambda T, F, x, i: T.scatter(x, 0, i.reshape(-1, 1), 0.5)),
        Case(
            "embedding",
            (Input(LABELS, "labels", (50, 1_000, 5_000)), vectors),
            lambda T, F, i, w: F.embedding(i, w),
        ),
        Case("embedding_bag", (bags, vectors), lambda T, F, i, w: F.embedding_bag(i, w)),
        Case("one_hot", (Input(LABELS, "labels", (10, 10, 10)),), lambda T, F, i: F.one_hot(i, 10)),
    ]  # fmt: skip


def _rearranged() -> list[Case]:
    table, row = Input(TABLE), Input(_three(lambda s: s[1:], TABLE))
    wide, signals = Input(FLAT, wants_grad=False), Input(_three(lambda s: s[:3], IMAGES))
    numbers, threes = Input(LABELS, "labels", (10, 100, 1_000)), Input(_three(lambda s: (s[0], 3), TABLE))
    halves = Input(((4, 4), (8, 8), (16, 16)))
    return [
        Case("broadcast_tensors", (table, row), lambda T, F, x, y: T.stack(T.broadcast_tensors(x, y))),
        Case("meshgrid", (row, row), lambda T, F, x, y: T.stack(T.meshgrid(x, y[:20], indexing="ij"))),
        Case("diag", (Input(_three(lambda s: s[:1], SQUARE)),), lambda T, F, x: T.diag(x)),
        Case("trace", (Input(SQUARE),), lambda T, F, x: T.trace(x)),
        Case("repeat_interleave", (table,), lambda T, F, x: T.repeat_interleave(x, 2, 0)),
        Case("cross", (threes, threes), lambda T, F, x, y: T.cross(x, y, dim=1)),
        Case("kron", (halves, halves), lambda T, F, x, y: T.kron(x, y)),
        Case("tensordot", (Input(SQUARE), Input(SQUARE)), lambda T, F, x, y: T.tensordot(x, y, 1)),
        Case("diff", (table,), lambda T, F, x: T.diff(x)),
        Case("std_mean", (table,), lambda T, F, x: T.std_mean(x)[0]),
        Case("var_mean", (table,), lambda T, F, x: T.var_mean(x)[0]),
        Case("cumprod", (Input(TABLE, "positive"),), lambda T, F, x: T.cumprod(x, 0)),
        Case("unique", (numbers,), lambda T, F, x: T.unique(x)),
        Case("isin", (numbers,), lambda T, F, x: T.isin(x, x[:20])),
        Case("bincount", (numbers,), lambda T, F, x: T.bincount(x)),
        Case("searchsorted", (wide,), lambda T, F, x: T.searchsorted(T.linspace(-2, 2, 100), x)),
        Case("bucketize", (wide,), lambda T, F, x: T.bucketize(x, T.linspace(-2, 2, 100))),
        Case("normalize", (table,), lambda T, F, x: F.normalize(x)),
        Case("cosine_similarity", (table, table), lambda T, F, x, y: F.cosine_similarity(x, y)),
        Case("pairwise_distance", (table, table), lambda T, F, x, y: F.pairwise_distance(x, y)),
        Case("interpolate nearest", (Input(IMAGES),), lambda T, F, x: F.interpolate(x, scale_factor=2), images=True),
        Case(
            "interpolate bilinear",
            (Input(IMAGES),),
            lambda T, F, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
            images=True,
        ),
        Case("pixel_shuffle", (Input(IMAGES),), lambda T, F, x: F.pixel_shuffle(x, 2), images=True),
        Case("pixel_unshuffle", (Input(IMAGES),), lambda T, F, x: F.pixel_unshuffle(x, 2), images=True),
        Case("max_pool1d", (signals,), lambda T, F, x: F.max_pool1d(x, 2)),
        Case("avg_pool1d", (signals,), lambda T, F, x: F.avg_pool1d(x, 2)),
        Case("adaptive_avg_pool1d", (signals,), lambda T, F, x: F.adaptive_avg_pool1d(x, 7)),
    ]  # fmt: skip


def _breadth() -> list[Case]:
    """What few networks use, and no one has tuned."""
    table, positive, constant = Input(TABLE), Input(TABLE, "positive"), Input(TABLE, wants_grad=False)
    unit, square, whole = Input(TABLE, "unit"), Input(SQUARE), Input(TABLE, "labels", (5, 9, 9))
    vector = Input(_three(lambda s: s[:1], SQUARE))
    many = Input(((4, 8, 8), (16, 64, 64), (32, 128, 128)))
    points = Input(((10, 3), (100, 16), (300, 16)))
    places = Input(TABLE, "labels", COLUMNS)
    rows = Input(_three(lambda s: s[:1], TABLE), "labels", ROWS)
    bools = Input(TABLE, "bools")
    names = "sinc frac logit deg2rad rad2deg lgamma digamma erfc erfinv nan_to_num nansum nanmean msort diagflat"
    cases = [Case(name, (unit if name != "diagflat" else vector,), _called(name)) for name in names.split()]
    names = "sgn signbit isreal isposinf isneginf unique_consecutive histc"
    cases += [Case(name, (constant,), _called(name)) for name in names.split()]
    names = "logaddexp logaddexp2 hypot copysign fmax fmin xlogy float_power ldexp dist"
    cases += [Case(name, (positive, positive), _called(name)) for name in names.split()]
    names = "bitwise_left_shift bitwise_right_shift gcd lcm"
    cases += [Case(name, (whole, whole), _called(name)) for name in names.split()]
    names = "fliplr flipud atleast_1d atleast_2d atleast_3d diag_embed corrcoef cov nanmedian rot90 trapezoid"
    cases += [Case(name, (points,), _called(name)) for name in names.split()]
    names = "cummax cummin logcumsumexp mode cumulative_trapezoid"
    for name in names.split():
        run = _first_of(name, dim=1) if name in ("cummax", "cummin", "mode") else _called(name, dim=1)
        cases.append(Case(f"{name} dim=1", (table,), run))
    for name in ("column_stack", "dstack"):
        cases.append(Case(name, (table, table), lambda T, F, x, y, name=name: getattr(T, name)((x, y))))
    for name in ("hsplit", "vsplit", "tensor_split"):
        cases.append(Case(name, (square,), lambda T, F, x, name=name: getattr(T, name)(x, 2)[1]))
    return cases + [
        Case("heaviside", (constant, constant), _called("heaviside")),
        Case("is_nonzero", (constant,), lambda T, F, x: T.tensor(T.is_nonzero(x[0, 0]))),
        Case("polygamma", (unit,), lambda T, F, x: T.polygamma(1, x)),
        Case("mvlgamma", (positive,), lambda T, F, x: T.mvlgamma(x + 1, 2)),
        Case("scatter_reduce", (table, places), lambda T, F, x, i: T.scatter_reduce(x, 1, i, x, "amax")),
        Case("index_add", (table, rows), lambda T, F, x, i: T.index_add(x, 0, i, x)),
        Case("index_copy", (table,), lambda T, F, x: T.index_copy(x, 0, T.arange(len(x)), x * 2)),
        Case("index_fill", (table, rows), lambda T, F, x, i: T.index_fill(x, 0, i[:5], 2.0)),
        Case("index_put", (table, rows), lambda T, F, x, i: T.index_put(x, (i,), x, accumulate=True)),
        Case("masked_scatter", (table, bools), lambda T, F, x, m: T.masked_scatter(x, m, x * 2)),
        Case("put", (table, places), lambda T, F, x, i: T.put(x, i, x, accumulate=True)),
        Case("take", (table, places), lambda T, F, x, i: T.take(x, i)),
        Case("inner", (square, square), _called("inner")),
        Case("vdot", (vector, vector), _called("vdot")),
        Case("addmv", (vector, square, vector), _called("addmv")),
        Case("addr", (square, vector, vector), _called("addr")),
        Case("baddbmm", (many, many, many), _called("baddbmm")),
        Case("addbmm", (many, many), lambda T, F, x, y: T.addbmm(x[0], x, y)),
        Case("addcmul", (table, table, table), _called("addcmul")),
        Case("addcdiv", (table, table, positive), _called("addcdiv")),
        Case("cdist", (points, points), lambda T, F, x, y: T.cdist(x, y + 1)),
        Case("renorm", (table,), lambda T, F, x: T.renorm(x, 2, 0, 1.0)),
        Case("quantile", (table,), lambda T, F, x: T.quantile(x, 0.3, dim=1)),
        Case("nanquantile", (table,), lambda T, F, x: T.nanquantile(x, 0.3, dim=1)),
        Case("kthvalue", (table,), lambda T, F, x: T.kthvalue(x, 3)[0]),
        Case("aminmax", (table,), lambda T, F, x: T.aminmax(x)[0]),
        Case("block_diag", (points, points), lambda T, F, x, y: T.block_diag(x, y)),
        Case("tril_indices", (constant,), lambda T, F, x: T.tril_indices(len(x), len(x))),
        Case("triu_indices", (constant,), lambda T, F, x: T.triu_indices(len(x), len(x))),
        Case("vander", (Input(vector.shapes, "unit", wants_grad=False),), lambda T, F, x: T.vander(x, 4)),
        Case("dsplit", (many,), lambda T, F, x: T.dsplit(x, 2)[1]),
        Case("cartesian_prod", (vector, vector), lambda T, F, x, y: T.cartesian_prod(x[:20], y)),
        Case("combinations", (vector,), lambda T, F, x: T.combinations(x[:30])),
        Case("Tensor.unfold", (table,), lambda T, F, x: x.unfold(1, 3, 2)),
    ]


def _products() -> list[Case]:
    square, vector = Input(SQUARE), Input(_three(lambda s: s[:1], SQUARE))
    many = Input(((4, 8, 8), (16, 64, 64), (32, 128, 128)))
    x = Input(((4, 16), (128, 784), (512, 1024)))
    w = Input(((8, 16), (512, 784), (1024, 1024)))
    b = Input(((8,), (512,), (1024,)))
    flat = Input(((1_000,), (100_000,), (1_000_000,)))
    return [
        Case("matmul", (square, square), _called("matmul")),
        Case("mm", (square, square), _called("mm")),
        Case("bmm", (many, many), _called("bmm")),
        Case("mv", (square, vector), _called("mv")),
        Case("dot", (flat, flat), _called("dot")),
        Case("outer", (vector, vector), _called("outer")),
        Case("addmm", (square, square, square), _called("addmm")),
        Case("einsum bij,bjk", (many, many), lambda T, F, x, y: T.einsum("bij,bjk->bik", x, y)),
        Case("linear", (x, w, b), _called("linear", functional=True)),
    ]


def _layers() -> list[Case]:
    images = Input(IMAGES)
    channels = Input(_three(lambda s: s[1:2], IMAGES))
    cases = [_convolution("conv2d 3x3", 3, padding=1), _convolution("conv2d 1x1", 1)]
    cases += [_convolution("conv2d 5x5", 5, padding=2), _convolution("conv2d 3x3, stride 2", 3, stride=2, padding=1)]
    cases += [_convolution("conv2d 3x3, dilation 2", 3, dilation=2, padding=2)]
    depthwise = Input(_three(lambda s: (s[1], 1, 3, 3), IMAGES))
    kernels = Input(_three(lambda s: (s[1], s[1], 3, 3), IMAGES))
    strips = Input(_three(lambda s: (s[0], s[1], s[2] * s[3]), IMAGES))
    strip_kernels = Input(_three(lambda s: (s[1], s[1], 3), IMAGES))
    few = ((4, 4, 14, 14), (16, 8, 28, 28), (16, 16, 56, 56))
    taps = Input(_three(lambda s: (s[0], s[1] * 9, s[2] * s[3]), few))
    return cases + [
        Case("conv2d, first layer 1 to 10, 5x5",
             (Input(FIRST, wants_grad=False), Input(((10, 1, 5, 5), (10, 1, 5, 5), (10, 1, 5, 5)))),
             lambda T, F, x, w: F.conv2d(x, w, padding=3), images=True),
        Case("conv2d depthwise 3x3", (images, depthwise),
             lambda T, F, x, w: F.conv2d(x, w, padding=1, groups=x.shape[1]), images=True),
        Case("conv1d", (strips, strip_kernels), lambda T, F, x, w: F.conv1d(x, w, padding=1)),
        Case("conv_transpose2d", (images, kernels),
             lambda T, F, x, w: F.conv_transpose2d(x, w, stride=2, padding=1), images=True),
        Case("conv_transpose1d", (strips, strip_kernels), lambda T, F, x, w: F.conv_transpose1d(x, w, stride=2)),
        Case("max_pool2d 2", (images,), lambda T, F, x: F.max_pool2d(x, 2), images=True),
        Case("max_pool2d 3, stride 2", (images,), lambda T, F, x: F.max_pool2d(x, 3, 2, 1), images=True),
        Case("avg_pool2d 2", (images,), lambda T, F, x: F.avg_pool2d(x, 2), images=True),
        Case("adaptive_avg_pool2d 1", (images,), lambda T, F, x: F.adaptive_avg_pool2d(x, 1), images=True),
        Case("unfold 3x3", (Input(few),), lambda T, F, x: F.unfold(x, 3, padding=1)),
        Case("fold 3x3", (taps,), lambda T, F, x: F.fold(x, _side(x), 3, padding=1)),
        Case("batch_norm", (images, channels, channels),
             lambda T, F, x, w, b: F.batch_norm(x, None, None, w, b, training=True), images=True),
        Case("instance_norm", (images,), lambda T, F, x: F.instance_norm(x), images=True),
        Case("group_norm 4", (images,), lambda T, F, x: F.group_norm(x, 4), images=True),
        Case("layer_norm", (Input(TABLE),), lambda T, F, x: F.layer_norm(x, (x.shape[1],))),
        Case("dropout2d", (images,), lambda T, F, x: F.dropout2d(x, 0.5), images=True, random=True),
    ]  # fmt: skip


def _volumes() -> list[Case]:
    volumes = Input(((2, 4, 8, 8, 8), (8, 8, 16, 16, 16), (16, 16, 24, 24, 24)))
    kernels = Input(_three(lambda s: (s[1], s[1], 3, 3, 3), volumes.shapes))
    return [
        Case("conv3d", (volumes, kernels), lambda T, F, x, w: F.conv3d(x, w, padding=1)),
        Case("conv_transpose3d", (volumes, kernels), lambda T, F, x, w: F.conv_transpose3d(x, w, padding=1)),
        Case("max_pool3d", (volumes,), lambda T, F, x: F.max_pool3d(x, 2)),
        Case("avg_pool3d", (volumes,), lambda T, F, x: F.avg_pool3d(x, 2)),
        Case("adaptive_avg_pool3d", (volumes,), lambda T, F, x: F.adaptive_avg_pool3d(x, 3)),
        Case("adaptive_max_pool3d", (volumes,), lambda T, F, x: F.adaptive_max_pool3d(x, 3)),
        Case(
            "fractional_max_pool3d",
            (volumes,),
            lambda T, F, x: F.fractional_max_pool3d(x, 2, 3, _random_samples=x.detach()[:, :, 0, 0, :3] * 0),
        ),
        Case("lp_pool3d", (volumes,), lambda T, F, x: F.lp_pool3d(x, 2, 2)),
        Case("max_unpool3d", (volumes,), lambda T, F, x: F.max_unpool3d(*F.max_pool3d(x, 2, return_indices=True), 2)),
        Case("dropout3d", (volumes,), lambda T, F, x: F.dropout3d(x, 0.5), random=True),
    ]


def _more_layers() -> list[Case]:
    images, signals, table = Input(IMAGES), Input(_three(lambda s: s[:3], IMAGES)), Input(TABLE)
    weights = Input(_three(lambda s: (8, s[1] // 5, s[1] // 5), TABLE))
    vectors = Input(_three(lambda s: (s[0], s[1] // 5), TABLE))
    grids = Input(_three(lambda s: (s[0], 9, 9, 2), IMAGES))
    maps = Input(_three(lambda s: (s[0], 2, 3), IMAGES))
    return [
        Case("adaptive_max_pool1d", (signals,), lambda T, F, x: F.adaptive_max_pool1d(x, 5)),
        Case("adaptive_max_pool2d", (images,), lambda T, F, x: F.adaptive_max_pool2d(x, 5), images=True),
        Case(
            "fractional_max_pool2d",
            (images,),
            lambda T, F, x: F.fractional_max_pool2d(x, 2, 5, _random_samples=x.detach()[:, :, 0, :2] * 0),
        ),
        Case("lp_pool1d", (signals,), lambda T, F, x: F.lp_pool1d(x, 2, 2)),
        Case("lp_pool2d", (images,), lambda T, F, x: F.lp_pool2d(x, 2, 2), images=True),
        Case("max_unpool1d", (signals,), lambda T, F, x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2)),
        Case("max_unpool2d", (images,), lambda T, F, x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)),
        Case("rms_norm", (table,), lambda T, F, x: F.rms_norm(x, (x.shape[1],))),
        Case("local_response_norm", (images,), lambda T, F, x: F.local_response_norm(x, 3), images=True),
        Case("dropout1d", (signals,), lambda T, F, x: F.dropout1d(x, 0.5), random=True),
        Case("feature_alpha_dropout", (images,), lambda T, F, x: F.feature_alpha_dropout(x, 0.5, True), random=True),
        Case("bilinear", (vectors, vectors, weights), lambda T, F, x, y, w: F.bilinear(x, y, w)),
        Case("channel_shuffle", (images,), lambda T, F, x: F.channel_shuffle(x, 2), images=True),
        Case("grid_sample", (images, grids), lambda T, F, x, g: F.grid_sample(x, g, align_corners=False), images=True),
        Case("affine_grid", (maps,), lambda T, F, t: F.affine_grid(t, (len(t), 1, 28, 28), align_corners=False)),
        Case("pdist", (Input(SQUARE),), lambda T, F, x: F.pdist(x)),
    ]


def _convolution(name: str, kernel: int, **options: int) -> Case:
    weights = Input(_three(lambda s: (s[1], s[1], kernel, kernel), IMAGES))
    biases = Input(_three(lambda s: s[1:2], IMAGES))
    return Case(name, (Input(IMAGES), weights, biases), lambda T, F, x, w, b: F.conv2d(x, w, b, **options), images=True)


def _side(taps: Any) -> tuple[int, int]:
    side = round(taps.shape[-1] ** 0.5)
    return side, side


def _recurrent() -> list[Case]:
    x, h = Input(((4, 8), (100, 64), (100, 128))), Input(((4, 16), (100, 128), (100, 256)))

    def weights(gates: int) -> tuple[Input, Input, Input, Input]:
        ih = Input(_three(lambda s: (gates * s[1], s[1] // 2), h.shapes))
        hh = Input(_three(lambda s: (gates * s[1], s[1]), h.shapes))
        b = Input(_three(lambda s: (gates * s[1],), h.shapes))
        return ih, hh, b, b

    return [
        Case("rnn_tanh_cell", (x, h, *weights(1)), _called("rnn_tanh_cell")),
        Case("rnn_relu_cell", (x, h, *weights(1)), _called("rnn_relu_cell")),
        Case("lstm_cell", (x, h, h, *weights(4)), lambda T, F, x, h, c, *w: T.cat(T.lstm_cell(x, (h, c), *w), 1)),
        Case("gru_cell", (x, h, *weights(3)), _called("gru_cell")),
    ]


def _attention() -> list[Case]:
    heads = Input(((2, 2, 8, 8), (8, 4, 64, 32), (32, 4, 64, 32)))
    x = Input(((8, 2, 16), (64, 8, 128), (64, 32, 128)))
    packed = Input(_three(lambda s: (3 * s[2], s[2]), x.shapes))
    out = Input(_three(lambda s: (s[2], s[2]), x.shapes))
    return [
        Case("scaled_dot_product_attention", (heads, heads, heads), _called("scaled_dot_product_attention", True)),
        Case("scaled_dot_product_attention, causal", (heads, heads, heads),
             _called("scaled_dot_product_attention", True, is_causal=True)),
        Case("multi_head_attention_forward", (x, packed, out), _self_attention),
    ]  # fmt: skip


def _self_attention(T: Any, F: Any, x: Any, w: Any, v: Any) -> Any:
    size = x.shape[2]
    return F.multi_head_attention_forward(
        x, x, x, size, 2, w, None, None, None, False, 0.0, v, None, need_weights=False
    )[0]  # fmt: skip


def _losses() -> list[Case]:
    scores, targets = Input(TABLE), Input(TABLE, wants_grad=False)
    labels = Input(_three(lambda s: s[:1], TABLE), "labels", COLUMNS)
    units, truths = Input(TABLE, "unit"), Input(TABLE, "unit", wants_grad=False)
    logs, probabilities = Input(TABLE, "log"), Input(TABLE, "unit", wants_grad=False)
    signs = Input(TABLE, "signs")
    few, classes = Input(((8, 5), (100, 10), (500, 20))), Input(((8, 5), (100, 10), (500, 20)), "labels", (5, 10, 20))
    steps, words = (
        Input(((8, 2, 5), (30, 16, 20), (60, 32, 30))),
        Input(((2, 3), (16, 10), (32, 20)), "labels", (4, 19, 29)),
    )
    cases = [
        Case(name, (scores, targets), _called(name, functional=True))
        for name in ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss")
    ]
    return cases + [
        Case("cross_entropy", (scores, labels), _called("cross_entropy", functional=True)),
        Case("nll_loss", (logs, labels), _called("nll_loss", functional=True)),
        Case("multi_margin_loss", (scores, labels), _called("multi_margin_loss", functional=True)),
        Case("binary_cross_entropy", (units, truths), _called("binary_cross_entropy", functional=True)),
        Case("binary_cross_entropy_with_logits", (scores, truths),
             _called("binary_cross_entropy_with_logits", functional=True)),
        Case("kl_div", (logs, probabilities), lambda T, F, x, y: F.kl_div(x, y, reduction="batchmean")),
        Case("hinge_embedding_loss", (scores, signs), _called("hinge_embedding_loss", functional=True)),
        Case("soft_margin_loss", (scores, signs), _called("soft_margin_loss", functional=True)),
        Case("multilabel_margin_loss", (few, classes), _called("multilabel_margin_loss", functional=True)),
        Case("multilabel_soft_margin_loss", (scores, truths),
             _called("multilabel_soft_margin_loss", functional=True)),
        Case("margin_ranking_loss", (scores, targets, signs), _called("margin_ranking_loss", functional=True)),
        Case("cosine_embedding_loss", (scores, targets, labels), _called("cosine_embedding_loss", functional=True)),
        Case("triplet_margin_loss", (scores, targets, truths), _called("triplet_margin_loss", functional=True)),
        Case("triplet_margin_with_distance_loss", (scores, targets, truths),
             _called("triplet_margin_with_distance_loss", functional=True)),
        Case("poisson_nll_loss", (scores, truths), _called("poisson_nll_loss", functional=True)),
        Case("gaussian_nll_loss", (scores, targets, units), _called("gaussian_nll_loss", functional=True)),
        Case("ctc_loss", (steps, words), _ctc),
    ]  # fmt: skip


def _ctc(T: Any, F: Any, x: Any, words: Any) -> Any:
    n, length = words.shape
    return F.ctc_loss(x.log_softmax(2), words + 1, (x.shape[0],) * n, (length,) * n)


def _called(name: str, functional: bool = False, **options: Any) -> Run:
    return lambda T, F, *inputs: getattr(F if functional else T, name)(*inputs, **options)


def _first_of(name: str, **options: Any) -> Run:
    return lambda T, F, *inputs: getattr(T, name)(*inputs, **options)[0]


CASES = {
    case.name: case
    for cases in (
        _elementwise(),
        _reductions(),
        _shapes(),
        _rearranged(),
        _breadth(),
        _products(),
        _layers(),
        _more_layers(),
        _volumes(),
        _recurrent(),
        _attention(),
        _losses(),
    )
    for case in cases
}

# Why an operation may take more than three times as long as PyTorch's.
_FMOD = "NumPy calls the C library's fmod for one element after the other; PyTorch's loop is vectorised"
_OWN_GRADIENT = (
    "no arithmetic: minidl copies the gradient it is given, so that no two tensors share one; PyTorch keeps it"
)
_ERF = "NumPy has no erf; ours is a Taylor series around the nearest knot, one pass for each term"
_HALVES = (
    "minidl copies the two halves of the gradient it is given, 8 MB each, so that no two tensors share one; PyTorch "
    "hands out views of it"
)
_TAPS = (
    "images are turned batch last and back, then each tap of the window is a few NumPy calls over strided views, whose "
    "innermost loop is one batch (8 to 64 floats) long"
)
_FEW_ROWS = (
    "products of 10 or 16 rows are a quarter to a half of it; the rest is turning images batch last, copying columns "
    "and results, and Python for each tile"
)
_RESIDUES = (
    "a stride of 2 splits the kernel into {} smaller ones, each a convolution of its own of {} taps, whose copies take "
    "as long as its products"
)
_CALL = "next to no arithmetic: a call and its checks in Python take 5 µs, PyTorch's in C 2 µs"


def _passes(calls: int) -> str:
    return f"{calls} NumPy calls, each a pass over all elements; PyTorch makes one pass forward and one backward"


REASONS: dict[str, str] = {
    "fmod": _FMOD,
    "erf": _ERF,
    "gelu": _ERF,
    "celu": _passes(14),
    "elu": _passes(14),
    "selu": _passes(18),
    "hardsigmoid": _passes(8),
    "hardswish": _passes(15),
    "hardtanh": _passes(6),
    "relu6": _passes(6),
    "leaky_relu": _passes(8),
    "silu": _passes(10),
    "softplus": _passes(15),
    "softmax dim=1": _passes(8),
    "log_softmax dim=1": _passes(8),
    "layer_norm": _passes(11),
    "group_norm 4": (
        "11 NumPy calls, each a pass over all elements, 4 of them with one number per group, which takes 1.7 times as "
        "long as two full arrays do; PyTorch makes two or three passes, one group at a time"
    ),
    "huber_loss": _passes(9),
    "smooth_l1_loss": _passes(9),
    "cumsum dim=1": (
        "np.cumsum takes 3.3 ns per element and holds the interpreter meanwhile, so that a second thread gains nothing"
    ),
    "prod dim=1": (
        "products of 2,000 numbers too small for all digits of float32, which dividing by one of them would lose: two "
        "np.cumprod of 3.3 ns per element instead of a division"
    ),
    "count_nonzero": _CALL,
    "all": _CALL,
    "any": _CALL,
    "bitwise_and": _CALL,
    "bitwise_or": _CALL,
    "bitwise_xor": _CALL,
    "bitwise_not": _CALL,
    "floor_divide": (
        "of 1,000 elements, NumPy's divmod alone takes 8 µs and minidl's call 15, PyTorch's whole call 4; of more, in "
        "double precision, because single would round some quotients up"
    ),
    "stack": _HALVES,
    "vstack": _HALVES,
    "split, joined": "each strip is an operation of its own in Python: 5 µs forward and 6 backward, "
    "of which 2.7 add 100 rows of 4 elements in place; PyTorch's take 1.2 and 1.4",
    "gather": "the backward is NumPy's add.at, which one thread runs at 2 ns per element: 4 ms for the large table; "
    "PyTorch's takes 2 ms on two",
    "sign": _passes(7),
    "sigmoid": _passes(7),
    "masked_select": (
        "four operations of the engine (two expansions, an index, a flattening), 38 µs forward for 1,000 elements, of "
        "which NumPy's x[mask] is 2.5"
    ),
    "conv2d 1x1": _FEW_ROWS,
    "conv2d 3x3": _FEW_ROWS,
    "conv2d 5x5": _FEW_ROWS,
    "conv2d 3x3, stride 2": _FEW_ROWS,
    "conv2d, first layer 1 to 10, 5x5": _FEW_ROWS,
    "batch_norm": _passes(12),
    "masked_fill": "np.where, which branches at each element, in the forward pass; PyTorch's loop is vectorised",
    "conv2d 3x3, dilation 2": (
        "dilated windows of neighbouring rows share no rows of columns, so that each pixel is copied 9 times, not 3; "
        "for 16 kernels, the copies take two thirds of the time of the products"
    ),
    "conv2d depthwise 3x3": (
        "a product of one row of 9 taps for each channel, which reads nine copies of the image once: more is moved "
        "than multiplied"
    ),
    "conv1d": (
        "three copies of the signal for products of 16 rows and 48 taps, which take no longer than the copies do"
    ),
    "conv_transpose1d": _RESIDUES.format("two", "1 or 2"),
    "conv_transpose2d": _RESIDUES.format("four", "1, 2 or 4"),
    "max_pool2d 2": _TAPS,
    "max_pool2d 3, stride 2": _TAPS,
    "avg_pool2d 2": _TAPS,
    "reshape": _OWN_GRADIENT,
    "flatten": _OWN_GRADIENT,
}
