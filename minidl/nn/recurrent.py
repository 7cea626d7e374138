"""Recurrent layers: RNN, LSTM and GRU over sequences, and their cells for one step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ..backend import backend_of, to_host
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..ops.dropout import is_probability
from ..ops.gather import index_select
from ..ops.join import cat, stack, unbind
from ..ops.over_time import LAYERS, layer_over_time
from ..ops.recurrent import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from ..ops.shape import reshape, squeeze, transpose, unsqueeze
from ..tensors.creation import empty
from . import init
from ._arguments import as_bool, as_int
from .functional import dropout
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

States = tuple[Tensor, ...]  # (h,) or (h, c)


class RNNBase(Module):
    """What RNN, LSTM and GRU have in common: `mode` is RNN_TANH, RNN_RELU, LSTM or GRU.

    The weights of layer k are weight_ih_l{k}, weight_hh_l{k}, bias_ih_l{k}, bias_hh_l{k} and weight_hr_l{k} (a
    projection), those of the reverse direction end in _reverse. All start from U(-s, s), s = 1 / √hidden_size.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if mode not in LAYERS:
            raise ArgumentError(f"{name}: mode {mode!r} is unknown; use one of {', '.join(LAYERS)}")
        self.mode = mode
        self.input_size = _size(name, "input_size", input_size)
        self.hidden_size = _size(name, "hidden_size", hidden_size)
        self.num_layers = as_int(name, "num_layers", num_layers, 1)
        self.bias, self.batch_first = _flag(name, "bias", bias), _flag(name, "batch_first", batch_first)
        if not is_probability(dropout):
            raise ArgumentError(f"{name}: dropout must be between 0 and 1; got {dropout!r}")
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                f"{name}: dropout={dropout} acts between layers, and there is one layer; use num_layers=2 or more",
                UserWarning,
                stacklevel=3,
            )
        self.dropout, self.bidirectional = float(dropout), as_bool(name, "bidirectional", bidirectional)
        self.proj_size = as_int(name, "proj_size", proj_size)
        if self.proj_size >= self.hidden_size or (self.proj_size and mode != "LSTM"):
            raise ArgumentError(f"{name}: proj_size {proj_size} must be below hidden_size, and 0 unless it is an LSTM")
        self._all_weights = [
            self._make(layer, suffix, device, dtype)
            for layer in range(self.num_layers)
            for suffix in ("", "_reverse")[: self._directions]
        ]
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _output_size(self) -> int:
        return self.proj_size or self.hidden_size

    def _make(self, layer: int, suffix: str, device: Any, dtype: Any) -> list[str]:
        """The parameters of one layer in one direction; their names."""
        gates = LAYERS[self.mode].gates * self.hidden_size
        inputs = self._output_size * self._directions if layer else self.input_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, inputs), "weight_hh": (gates, self._output_size)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            self.register_parameter(f"{name}_l{layer}{suffix}", Parameter(empty(shape, device=device, dtype=dtype)))
        return [f"{name}_l{layer}{suffix}" for name in shapes]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: PyTorch's is about how cuDNN wants the weights in memory."""

    def _run(self, input: Tensor | PackedSequence, given: States | None) -> tuple[Any, States]:
        """The output of the last layer, packed if the input is, and the last states of all layers."""
        if isinstance(input, PackedSequence):
            self._check(input.data, 2, "data")
            sizes = [int(size) for size in to_host(input.batch_sizes._array)]
            given = given and tuple([_reordered(h, input.sorted_indices) for h in given])
            rows, last = self._layers(input.data, sizes, self._initial(input.data, sizes[0], given))
            packed = PackedSequence(rows, *input[1:])
            return packed, tuple([_reordered(h, input.unsorted_indices) for h in last])
        if not isinstance(input, Tensor) or input.ndim not in (2, 3):
            shape = input.shape if isinstance(input, Tensor) else type(input).__name__
            raise ShapeError(f"input must be {self._wanted()}; got {shape}")
        self._check(input, input.ndim, "input")
        if input.ndim == 2:
            given = given and tuple([self._batched(h) for h in given])
            output, last = self._run_batch(unsqueeze(input, 1), given)
            return squeeze(output, 1), tuple([squeeze(h, 1) for h in last])
        if not self.batch_first:
            return self._run_batch(input, given)
        output, last = self._run_batch(transpose(input, 0, 1), given)
        return transpose(output, 0, 1), last

    def _run_batch(self, x: Tensor, given: States | None) -> tuple[Tensor, States]:
        """x (T, N, I) -> (T, N, directions · P) and the last states."""
        steps, n, _ = x.shape
        if steps == 0:
            raise ShapeError(f"input has no time step; expected {self._wanted()} with a length of at least 1")
        rows, last = self._layers(reshape(x, (steps * n, x.shape[2])), [n] * steps, self._initial(x, n, given))
        return reshape(rows, (steps, n, rows.shape[1])), last

    def _layers(self, rows: Tensor, sizes: Sequence[int], states: States) -> tuple[Tensor, States]:
        """All layers, one above the other: (rows, I) -> (rows, directions · P), and the last states."""
        firsts = list(zip(*[unbind(h) for h in states]))  # per layer and direction: (h,) or (h, c)
        lasts: list[States] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                rows = dropout(rows, self.dropout, self.training)
            outputs = []
            for direction in range(self._directions):
                weights = self._weights(len(lasts))
                z, *last = layer_over_time(self.mode, rows, firsts[len(lasts)], weights, sizes, bool(direction))
                outputs.append(z)
                lasts.append(tuple(last))
            rows = cat(outputs, 1) if len(outputs) > 1 else outputs[0]
        return rows, tuple([stack(hs) for hs in zip(*lasts)])

    def _weights(self, number: int) -> list[Tensor | None]:
        """weight_ih, weight_hh, bias_ih, bias_hh, weight_hr of a layer and direction; None for what it lacks."""
        layer, direction = divmod(number, self._directions)
        suffix = f"_l{layer}" + ("_reverse" if direction else "")
        names = [f"{name}{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")]
        return [getattr(self, name) if name in self._all_weights[number] else None for name in names]

    def _initial(self, x: Tensor, n: int, given: States | None) -> States:
        """The states that the layers start from: the given ones, checked, or zeros."""
        names = ("h_0", "c_0")[: 2 if self.mode == "LSTM" else 1]
        layers = self.num_layers * self._directions
        shapes = [(layers, n, self._output_size), (layers, n, self.hidden_size)][: len(names)]
        if given is None:
            zeros = backend_of(x._array).xp.zeros
            return tuple([wrap(zeros(shape, x.dtype)) for shape in shapes])
        for name, h, shape in zip(names, given, shapes):
            if h.shape != shape:
                raise ShapeError(f"{name} must be (layers · directions, batch, size) = {shape}; got {h.shape}")
            if h.dtype != x.dtype:
                raise ArgumentError(f"{name} is {h.dtype} but the input is {x.dtype}; convert it with .to()")
        return given

    def _batched(self, h: Tensor) -> Tensor:
        """The state of a single sequence (layers, size) as that of a batch of one."""
        if h.ndim != 2:
            raise ShapeError(f"a single sequence (T, {self.input_size}) takes states of 2 dimensions; got {h.shape}")
        return unsqueeze(h, 1)

    def _check(self, x: Tensor, ndim: int, what: str) -> None:
        weight = getattr(self, self._all_weights[0][0])
        if x.ndim != ndim or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{what} {x.shape} but input_size is {self.input_size}; expected "
                f"{self._wanted() if what == 'input' else f'(rows, {self.input_size})'}"
            )
        if x.dtype != weight.dtype:
            raise ArgumentError(
                f"{what} is {x.dtype} but the weights are {weight.dtype}; use input.to({weight.dtype}) or "
                f"model.to({x.dtype})"
            )

    def _wanted(self) -> str:
        batch = f"(N, T, {self.input_size})" if self.batch_first else f"(T, N, {self.input_size})"
        return f"{batch}, or (T, {self.input_size}) for a single sequence"

    def extra_repr(self) -> str:
        shown = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False,
        }  # fmt: skip
        others = [f"{name}={getattr(self, name)}" for name, usual in shown.items() if getattr(self, name) != usual]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *others])


class _OneState(RNNBase):
    """A layer whose state is h alone."""

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        if hx is not None and not isinstance(hx, Tensor):
            raise ArgumentTypeError(f"h_0 must be a Tensor; got {type(hx).__name__}")
        output, (h,) = self._run(input, None if hx is None else (hx,))
        return output, h


class RNN(_OneState):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or max(·, 0) with nonlinearity="relu", in `num_layers` layers.

    Input (T, N, input_size), (N, T, input_size) with `batch_first`, (T, input_size) for a single sequence, or a
    `PackedSequence`; h_0 (layers · directions, N, hidden_size), zeros if not given. Returns h_t of the last layer for
    all t, (T, N, directions · hidden_size) or as the input is, and the last h of all layers, shaped as h_0.
    In training, `dropout` acts on the output of every layer but the last. Source: Elman 1990.

    >>> import minidl
    >>> output, h = RNN(10, 20, num_layers=2)(minidl.zeros(5, 3, 10))
    >>> output.shape, h.shape
    ((5, 3, 20), (2, 3, 20))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _check_nonlinearity("RNN", nonlinearity)
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: besides h it carries c, which its gates i, f, g, o fill, empty and read.

    i, f, o = σ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), g the same with tanh; c_t = f c_{t-1} + i g; h_t = o tanh c_t.
    With `proj_size`, h_t is W_hr times that. Shapes as in `RNN`, but the states are a pair (h_0, c_0), and
    h has proj_size numbers if there is a projection. Source: Hochreiter & Schmidhuber 1997, Gers et al. 2000.

    >>> import minidl
    >>> output, (h, c) = LSTM(10, 20, bidirectional=True)(minidl.zeros(5, 3, 10))
    >>> output.shape, h.shape, c.shape
    ((5, 3, 40), (2, 3, 20), (2, 3, 20))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device,
            dtype,
        )  # fmt: skip

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        if hx is not None and (not isinstance(hx, tuple | list) or len(hx) != 2):
            raise ArgumentTypeError(f"the state must be a pair (h_0, c_0); got {type(hx).__name__}")
        output, (h, c) = self._run(input, None if hx is None else tuple(hx))
        return output, (h, c)


class GRU(_OneState):
    """Gated recurrent unit: r, u = σ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), PyTorch's r and z.

    n = tanh(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn)); h_t = (1 - u) n + u h_{t-1}. Shapes as in `RNN`.
    Source: Cho et al. 2014; r acts after the product, as in cuDNN.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )


class RNNCellBase(Module):
    """What the cells have in common: weight_ih (chunks · H, I), weight_hh (chunks · H, H), bias_ih and bias_hh."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.input_size = inputs = as_int(name, "input_size", input_size)
        self.hidden_size = hidden = as_int(name, "hidden_size", hidden_size)
        self.bias = as_bool(name, "bias", bias)
        rows = num_chunks * hidden
        self.weight_ih = Parameter(empty(rows, inputs, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(rows, hidden, device=device, dtype=dtype))
        for key in ("bias_ih", "bias_hh"):
            self.register_parameter(key, Parameter(empty(rows, device=device, dtype=dtype)) if self.bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _state(self, input: Tensor, hx: Any, what: str = "hidden") -> Tensor:
        """The given state, or zeros."""
        if not isinstance(input, Tensor) or input.ndim not in (1, 2):
            shape = input.shape if isinstance(input, Tensor) else type(input).__name__
            raise ShapeError(f"input must be (N, {self.input_size}) or ({self.input_size},); got {shape}")
        if hx is None:
            return wrap(backend_of(input._array).xp.zeros((*input.shape[:-1], self.hidden_size), input.dtype))
        if not isinstance(hx, Tensor) or hx.ndim not in (1, 2):
            shape = hx.shape if isinstance(hx, Tensor) else type(hx).__name__
            raise ShapeError(f"{what} must be (N, {self.hidden_size}) or ({self.hidden_size},); got {shape}")
        return hx

    def _parts(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def extra_repr(self) -> str:
        bias = "" if self.bias else f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        other = "" if nonlinearity == "tanh" else f", nonlinearity={nonlinearity}"
        return f"{self.input_size}, {self.hidden_size}{bias}{other}"


class RNNCell(RNNCellBase):
    """One step of `RNN`: input (N, input_size), hidden (N, hidden_size), zeros if not given -> the new hidden."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _check_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        cell = rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell
        return cell(input, self._state(input, hx), *self._parts())


class LSTMCell(RNNCellBase):
    """One step of `LSTM`: input (N, input_size), states (h, c), (N, hidden_size) each -> the new (h, c).

    >>> import minidl
    >>> h, c = LSTMCell(10, 20)(minidl.zeros(3, 10))
    >>> h.shape, c.shape
    ((3, 20), (3, 20))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        if hx is not None and (not isinstance(hx, tuple | list) or len(hx) != 2):
            raise ArgumentTypeError(f"the state must be a pair (h, c); got {type(hx).__name__}")
        h, c = (None, None) if hx is None else hx
        return lstm_cell(input, (self._state(input, h, "hx[0]"), self._state(input, c, "hx[1]")), *self._parts())


class GRUCell(RNNCellBase):
    """One step of `GRU`: input (N, input_size), hidden (N, hidden_size), zeros if not given -> the new hidden."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return gru_cell(input, self._state(input, hx), *self._parts())


def _size(layer: str, name: str, value: Any) -> int:
    """A length of at least 1; ArgumentTypeError, as in PyTorch, for what is no integer."""
    if not hasattr(value, "__index__"):
        raise ArgumentTypeError(f"{layer}: {name} must be an integer of at least 1; got {value!r}")
    return as_int(layer, name, value, 1)


def _flag(layer: str, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ArgumentTypeError(f"{layer}: {name} must be True or False; got {value!r}")
    return value


def _check_nonlinearity(layer: str, nonlinearity: Any) -> None:
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f"{layer}: nonlinearity must be 'tanh' or 'relu'; got {nonlinearity!r}")


def _reordered(h: Tensor, order: Tensor | None) -> Tensor:
    """The batch of a state in another order."""
    return h if order is None else index_select(h, 1, order)
