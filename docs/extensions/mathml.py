"""Formulas as MathML, which browsers set themselves: no script, no font, no network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def known(formula: str) -> str:
    """The formula in the words that docutils knows: brackets grow by themselves, a fraction has braces.

    >>> known(r"\\big(\\tfrac12\\big)")
    '(\\\\tfrac{1}{2})'
    """
    formula = re.sub(r"\\[bB]igg?[lrm]?(?![a-zA-Z])", "", formula)
    formula = re.sub(r"\\(hat|bar|tilde)\s*(\{[^{}]*\}|\w)", r"\\\1{\2}{}", formula)  # an index is the whole letter's
    formula = re.sub(r"\\dots(?![a-zA-Z])", r"\\ldots", formula)
    return re.sub(r"(\\[td]?frac)\s*(\d)\s*(\d)", r"\1{\2}{\3}", formula)


def write(translator: Any, node: nodes.Element) -> None:
    """The formula of the node; a warning, and its source as code, if it cannot be set."""
    block = isinstance(node, nodes.math_block)
    try:
        html = tex2mathml(known(node.astext()), as_block=block)
    except MathError as error:
        logger.warning("a formula cannot be set: %s: %s", error, node.astext(), location=node)
        html = f"<code>{translator.encode(node.astext())}</code>"
    translator.body.append(f'<div class="math">{html}</div>\n' if block else html)
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", inline_renderers=(write, None), block_renderers=(write, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
