"""MultiheadAttention and the Transformer against PyTorch's: outputs, weights, every gradient, state dicts."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.errors import ArgumentError, DtypeError, ShapeError
from minidl.models.summary import summarize
from tests.nn.pairs import check_layer, same_weights
from tests.support.compare import assert_close, same_tensor, to_numpy

pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched", "ignore:enable_nested_tensor is True")


def compare(kind, options, inputs, masks, distinct=True, train=True, dtypes=("float64", "float32")):
    """Both libraries: floating inputs with gradients, masks by name, outputs in order (None among them)."""
    for dtype in dtypes:
        mine, reference = getattr(nn, kind)(**options), getattr(torch.nn, kind)(**options)
        assert repr(mine) == repr(reference)
        mine.to(getattr(minidl, dtype)).train(train)
        reference.to(getattr(torch, dtype)).train(train)
        same_weights(mine, reference, seed=0)
        pairs = [same_tensor(x.astype(dtype)) for x in inputs]
        for pair in pairs:
            for x in pair:
                x.requires_grad_()
        if not distinct:  # self-attention: one tensor three times
            pairs = [pairs[0]] * len(pairs)
        given_masks = {
            name: same_tensor(m if m.dtype == bool else m.astype(dtype)) if isinstance(m, np.ndarray) else (m, m)
            for name, m in masks.items()
        }
        outputs = []
        for i, layer in enumerate((mine, reference)):
            named = {name: pair[i] for name, pair in given_masks.items()}
            z = layer(*[pair[i] for pair in pairs], **named)
            outputs.append([*z] if isinstance(z, tuple) else [z])
        found, expected = outputs
        rng = np.random.default_rng(1)
        for z, t in zip(found, expected, strict=True):
            assert (z is None) == (t is None)
            if t is not None:
                assert_close(z, t, "output")
        seeds = [rng.standard_normal(tuple(t.shape)).astype(dtype) for t in expected if t is not None]
        sum((z * minidl.tensor(s)).sum() for z, s in zip(found, seeds)).backward()
        sum((t * torch.tensor(s)).sum() for t, s in zip(expected, seeds)).backward()
        for x, t in pairs:
            assert_close(x.grad, t.grad, "gradient of an input", floor=1.0)
        for (name, p), q in zip(mine.named_parameters(), reference.parameters()):
            assert_close(p.grad, q.grad, f"gradient of {name}", floor=1.0)


@st.composite
def attention(draw):
    """Options, inputs and masks of MultiheadAttention, every row with a key to look at."""
    heads = draw(st.integers(1, 3))
    e = heads * draw(st.integers(1, 3))
    options = {
        "embed_dim": e,
        "num_heads": heads,
        "bias": draw(st.booleans()),
        "add_bias_kv": draw(st.booleans()),
        "add_zero_attn": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
    }
    same = draw(st.sampled_from(["query", "key", "none"]))  # one tensor for all; for key and value; three
    if same == "none":
        options |= {"kdim": draw(st.integers(1, 4)), "vdim": draw(st.integers(1, 4))}
    n, length, source = (draw(st.integers(1, 3)) for _ in range(3))
    source = length if same == "query" else source
    single = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 99)))

    def batch(steps, size):
        shape = (steps, size) if single else (n, steps, size) if options["batch_first"] else (steps, n, size)
        return rng.uniform(-1, 1, shape)

    inputs = [batch(length, e), batch(source, options.get("kdim", e)), batch(source, options.get("vdim", e))]
    masks = {"need_weights": draw(st.booleans()), "average_attn_weights": draw(st.booleans())}
    kind = draw(st.sampled_from(["none", "bool", "float", "per head"]))
    if kind != "none":
        shape = (heads * (1 if single else n), length, source) if kind == "per head" else (length, source)
        mask = rng.random(shape) < 0.4
        mask[..., 0] = False
        masks["attn_mask"] = np.where(mask, -np.inf, rng.uniform(-1, 1, shape)) if kind == "float" else mask
    if draw(st.booleans()):
        padding = rng.random((source,) if single else (n, source)) < 0.4
        padding[..., 0] = False
        masks["key_padding_mask"] = np.where(padding, -np.inf, 0.5) if kind == "float" else padding
    return options, inputs, masks, same


@given(attention())
def test_multihead_attention(case):
    options, inputs, masks, same = case
    compare("MultiheadAttention", options, inputs, masks, distinct=same != "query")


@pytest.mark.parametrize("need_weights", [True, False])
def test_causal_and_fully_masked_rows(need_weights):
    x = np.random.default_rng(0).uniform(-1, 1, (3, 2, 4))
    options = {"embed_dim": 4, "num_heads": 2}
    triangle = np.triu(np.ones((3, 3), bool), 1)
    masks = {"attn_mask": triangle, "is_causal": True, "need_weights": need_weights}
    compare("MultiheadAttention", options, [x] * 3, masks, distinct=False)
    padding = np.array([[False, False, True], [True, True, True]])  # of the second sample, nothing is left
    mine, reference = nn.MultiheadAttention(**options), torch.nn.MultiheadAttention(**options)
    same_weights(mine, reference, 0)
    ours, theirs = minidl.tensor(x.astype(np.float32)), torch.tensor(x.astype(np.float32))
    found = mine(ours, ours, ours, minidl.tensor(padding), need_weights=need_weights)
    expected = reference(theirs, theirs, theirs, torch.tensor(padding), need_weights=need_weights)
    assert_close(found[0], expected[0])
    assert np.isnan(to_numpy(found[0])[:, 1]).all() == need_weights
    if need_weights:
        assert_close(found[1], expected[1])


def test_dropout_acts_in_training_alone():
    x = minidl.rand(2, 6, 8)
    layer = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
    assert not np.allclose(to_numpy(layer(x, x, x)[0]), to_numpy(layer(x, x, x)[0]))
    layer.eval()
    assert np.allclose(to_numpy(layer(x, x, x)[0]), to_numpy(layer(x, x, x, need_weights=False)[0]), atol=1e-6)
    zeros = np.random.default_rng(0).uniform(-1, 1, (3, 2, 4))
    for need_weights in (True, False):
        compare("MultiheadAttention", {"embed_dim": 4, "num_heads": 2, "dropout": 1.0}, [zeros] * 3,
                {"need_weights": need_weights}, distinct=False, dtypes=("float64",))  # fmt: skip


LAYER = {"d_model": 6, "nhead": 2, "dim_feedforward": 5, "dropout": 0.0}


@given(st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["relu", "gelu"]), st.booleans())
def test_transformer_layers(norm_first, batch_first, bias, activation, masked):
    rng = np.random.default_rng(0)
    options = LAYER | {"norm_first": norm_first, "batch_first": batch_first, "bias": bias, "activation": activation}
    src, tgt = rng.uniform(-1, 1, (3, 3, 6)), rng.uniform(-1, 1, (3, 3, 6))
    padding = np.array([[False, False, True]] * 3)
    triangle = np.triu(np.full((3, 3), -np.inf), 1)
    masks = {"src_mask": triangle, "src_key_padding_mask": np.where(padding, -np.inf, 0)} if masked else {}
    compare("TransformerEncoderLayer", options, [src], masks, dtypes=("float64",))
    masks = {"tgt_mask": triangle, "tgt_is_causal": True, "memory_key_padding_mask": padding} if masked else {}
    compare("TransformerDecoderLayer", options, [tgt, src], masks, dtypes=("float64",))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("train", [True, False])
def test_transformer(batch_first, train):
    rng = np.random.default_rng(0)
    options = LAYER | {"num_encoder_layers": 2, "num_decoder_layers": 2, "batch_first": batch_first}
    src, tgt = rng.uniform(-1, 1, (2, 4, 6)), rng.uniform(-1, 1, (2, 3, 6))
    if not batch_first:
        src, tgt = src.swapaxes(0, 1), tgt.swapaxes(0, 1)
    mask = to_numpy(nn.Transformer.generate_square_subsequent_mask(3))
    assert_close(minidl.tensor(mask), torch.nn.Transformer.generate_square_subsequent_mask(3))
    padding = np.array([[False] * 4, [False, False, True, True]])
    masks = {"tgt_mask": mask, "src_key_padding_mask": padding, "memory_key_padding_mask": padding}
    compare("Transformer", options, [src, tgt], masks, train=train)
    compare("Transformer", options, [src, tgt], {}, train=train, dtypes=("float64",))


def test_stacks_copy_their_layer():
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    stack = nn.TransformerEncoder(layer, 3, nn.LayerNorm(4))
    first, second = stack.layers[0].linear1.weight, stack.layers[1].linear1.weight
    assert first is not second and np.array_equal(to_numpy(first), to_numpy(second))
    assert len(list(stack.parameters())) == 3 * 12 + 2
    reference = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 3,
                                            torch.nn.LayerNorm(4))  # fmt: skip
    same_weights(stack, reference, 0)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2)
    same_weights(decoder, torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(4, 2, 8), 2), 0)


def test_an_activation_may_be_a_layer():
    check_layer("TransformerEncoderLayer", LAYER | {"activation": "gelu"}, np.ones((2, 3, 6)), float64=1e-8)
    layer = nn.TransformerEncoderLayer(4, 2, 8, activation=nn.SiLU())
    assert "(activation): SiLU()" in repr(layer)
    assert layer(minidl.rand(3, 2, 4)).shape == (3, 2, 4)


def test_xavier_weights_and_zero_biases():
    layer = nn.MultiheadAttention(30, 3)
    bound = np.sqrt(6 / (90 + 30))
    assert bound * 0.98 < np.abs(to_numpy(layer.in_proj_weight)).max() <= bound
    assert not layer.in_proj_bias.any() and not layer.out_proj.bias.any()
    model = nn.Transformer(8, 2, 1, 1, 16)
    assert np.abs(to_numpy(model.encoder.layers[0].linear1.weight)).max() <= np.sqrt(6 / 24)


def test_summary_counts_the_products():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

        def forward(self, x):
            return self.block(x)

    found = summarize(Net(), (3, 5, 8))
    attention = 3 * 5 * (8 * 24 + 8 * 8) + 2 * 3 * 5 * 5 * 8
    assert found.multiply_adds == attention + 3 * 5 * 2 * 8 * 16
    (row,) = [row for row in found.layers if row.name == "block.self_attn"]
    assert row.multiply_adds == attention
    assert row.output == (3, 5, 8)


X = minidl.ones(3, 2, 4)


def attend(*inputs, **options):
    return nn.MultiheadAttention(4, 2)(*inputs, **options)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.MultiheadAttention(4, 3), ShapeError, "num_heads 3 must divide embed_dim 4"),
        (lambda: nn.MultiheadAttention(0, 1), ArgumentError, "embed_dim must be an integer of at least 1"),
        (lambda: nn.MultiheadAttention(4, 2, dropout=2), ArgumentError, "dropout must be between"),
        (lambda: attend(X, X[0], X[0]), ShapeError, r"expected \(L, N, E\)"),
        (lambda: attend(X, X[:, :1], X[:, :1]), ShapeError, "expected"),
        (lambda: attend(X, X[:2], X), ShapeError, "expected"),
        (lambda: attend(X, X, X, is_causal=True), ArgumentError, "generate_square_subsequent_mask"),
        (lambda: attend(X, X, X, attn_mask=minidl.zeros(2, 3)), ShapeError, r"\(L, S\) = \(3, 3\)"),
        (lambda: attend(X, X, X, minidl.zeros(3, 2)), ShapeError, r"key_padding_mask must be \(N, S\) = \(2, 3\)"),
        (lambda: attend(X, X, X, minidl.zeros(2, 3).long()), DtypeError, "True: not to be looked at"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), ArgumentError, "'relu', 'gelu'"),
        (lambda: nn.Transformer(4, 2, 1, 1, 8)(X, X[:, :1]), ShapeError, "one batch size"),
        (lambda: nn.Transformer(8, 2, 1, 1, 8)(X, X), ShapeError, "d_model = 8"),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), -1), ArgumentError, "num_layers"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()
