"""The built site: the one that MINIDL_SITE names, or one that is built for these tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..explain.page.browser import chromium

PACKAGES = ("sphinx", "myst_nb", "furo", "sphinx_intl")


@pytest.fixture(scope="session")
def sphinx() -> None:
    """Skips without the extra `docs`; fails under CI."""
    for name in PACKAGES:
        try:
            __import__(name)
        except ImportError as error:
            lack = f"needs the packages of the docs extra: {error}"
            if os.environ.get("CI") == "true":
                pytest.fail(f"the site's tests must run here: {lack}")
            pytest.skip(lack)


@pytest.fixture(scope="session")
def site(sphinx: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    if ready := os.environ.get("MINIDL_SITE"):
        return Path(ready).resolve()
    from docs.build import build

    build(folder := tmp_path_factory.mktemp("site"))
    return folder


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    with chromium() as found:
        yield found
