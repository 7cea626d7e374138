"""A recurrent classifier that reads an image from top to bottom, one row per step."""

from __future__ import annotations

from .. import nn
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor


class Rows(nn.Module):
    """28 steps of 28 pixels through an LSTM, GRU or RNN; its last state is classified. (N, 1, 28, 28) -> (N, classes).

    With the LSTM 82,186 parameters: 14,336 + 65,536 + 1,024 and 1,290. What the first rows say has to reach the end, 28
    steps later, or little is learned in the first epochs: so the weights from state to state start orthogonal, which
    keeps lengths, and the forget gates of the LSTM start open (bias 1). Sources:
    Saxe et al. 2014, Jozefowicz et al. 2015.
    """

    def __init__(self, classes: int = 10, kind: type[nn.LSTM | nn.GRU | nn.RNN] = nn.LSTM, hidden: int = 128) -> None:
        super().__init__()
        self.rnn = kind(28, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)
        with no_grad():
            for gate in self.rnn.get_parameter("weight_hh_l0").split(hidden):
                nn.init.orthogonal_(gate)
            if kind is nn.LSTM:
                self.rnn.get_parameter("bias_ih_l0")[hidden : 2 * hidden] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.rnn(x.squeeze(1))  # (N, 1, 28, 28) -> (N, 28, 28) -> (N, 28, hidden)
        return self.fc(output[:, -1])
