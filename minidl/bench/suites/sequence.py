"""Networks that read sequences, LSTM, GRU and Transformer: measured as those of `lecture` are."""

from __future__ import annotations

from typing import Any

from . import Options
from .lecture import rows_of


def run(options: Options) -> list[dict[str, Any]]:
    """A row for each work that reads sequences."""
    return rows_of("sequence", options)
