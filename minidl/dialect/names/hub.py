"""`torch.hub`, of which minidl has weights from an address; code from an address it does not run."""

from __future__ import annotations

import math
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ...data.download import download
from ...errors import UnsupportedError
from ..saving import load as load_file

__all__ = ["download_url_to_file", "get_dir", "load", "load_state_dict_from_url", "load_url", "set_dir"]

DIGEST = re.compile(r"-([a-f0-9]+)\.")  # resnet18-5c106cde.pth: the beginning of its SHA-256
_chosen: list[str] = []


def get_dir() -> str:
    """The folder of what was downloaded: that of `set_dir`, else `hub` in TORCH_HOME or in ~/.cache/torch."""
    if _chosen:
        return _chosen[-1]
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.join(os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep downloads in that folder from now on."""
    _chosen.append(os.path.expanduser(os.fspath(d)))


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """The file at `url` as `dst`; DataError if its SHA-256 does not begin with `hash_prefix`, or it cannot be had."""
    download([url], dst, hash_prefix or "", size=sys.maxsize, deadline=math.inf, progress=progress)


def load_state_dict_from_url(
    url: str,
    model_dir: str | os.PathLike[str] | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> Any:
    """What is saved at `url`, or was kept before in `model_dir` (by itself `checkpoints` in `get_dir()`)."""
    folder = Path(model_dir) if model_dir is not None else Path(get_dir()) / "checkpoints"
    name = file_name or os.path.basename(urlparse(url).path)
    path = folder / name
    if not path.exists():
        digest = DIGEST.search(name) if check_hash else None
        download_url_to_file(url, str(path), digest.group(1) if digest else None, progress)
    return load_file(str(path), map_location=map_location, weights_only=weights_only)


load_url = load_state_dict_from_url  # its name in torch.utils.model_zoo


def load(repo_or_dir: str, model: str, *args: Any, **options: Any) -> Any:
    """UnsupportedError: it would run code of others, written for PyTorch."""
    raise UnsupportedError(
        f"torch.hub.load is left out of minidl; download {repo_or_dir}, import its model {model!r} from a file, and "
        "load its weights with load_state_dict"
    )
