"""`minidl serve`: a run behind an HTTP interface, and a page on which a digit is drawn."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from ..backend import DEFAULT, backend_names, current_backend, use_backend
from ..training.options import OptionError, flag
from ..training.run import RunFolder
from .console import notice, say
from .exit_codes import DONE
from .parser import add_own_model
from .trusting import say_trusted

HOST, PORT = "127.0.0.1", 8000
FEW = 0.9  # of the validation digits read right: less disappoints whoever draws
LIMITS = {  # of minidl.serve.limits
    "max_body": "MiB of a request",
    "max_pixels": "million pixels of a picture",
    "max_images": "images of a request",
    "max_in_flight": "requests at once; more are told to come back",
    "seconds": "seconds that a request may take",
    "batch": "images that one pass of the network takes",
    "batch_wait": "milliseconds that an image may wait for others to share a pass",
}


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    from ..serve.limits import Limits

    parser = verbs.add_parser(
        "serve",
        help="let people draw digits for a run to read",
        description="Serve a run on this machine: a page on which a digit is drawn and read, and an HTTP interface "
        "(/docs describes it). Only this machine can reach it, unless --host says otherwise. Ctrl-C or SIGTERM stops "
        "it once the requests in work have been answered. Needs pip install 'minidl[serve]'.",
    )
    parser.add_argument("folder", metavar="RUN", help="the run folder, as written by minidl train --out")
    parser.add_argument("--host", default=HOST, help=f"the address to listen on (default: {HOST}, this machine alone)")
    parser.add_argument("--port", type=int, default=PORT, help=f"the port; 0 takes a free one (default: {PORT})")
    parser.add_argument(
        "--collect", metavar="DIR", help="keep the digits that are corrected on the page, for train --data DIR"
    )
    parser.add_argument(
        "--backend", choices=backend_names(), help=f"the array library (default: MINIDL_BACKEND, else {DEFAULT})"
    )
    add_own_model(parser)
    for field in fields(Limits):
        kind = int if field.type == "int" else float
        text = f"{LIMITS[field.name]} (default: {field.default:g})"
        parser.add_argument(flag(field.name), type=kind, default=field.default, metavar="N", help=text)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open the run, listen, answer until a signal."""
    from ..serve.limits import Limits
    from ..serve.packages import require_packages

    limits = Limits(**{field.name: getattr(arguments, field.name) for field in fields(Limits)}).checked()
    if not 0 <= arguments.port < 1 << 16:
        raise OptionError(f"--port must be 0 to 65535, got {arguments.port}")
    require_packages()
    use_backend(arguments.backend or current_backend().name)
    folder = RunFolder(arguments.folder)
    folder.read_config()  # a folder that is no run is told before anything is made
    say_trusted(folder, arguments)
    from ..serve.collection import Collection

    collection = None if arguments.collect is None else Collection(arguments.collect)
    try:
        _serve(arguments, folder, limits, collection)
    finally:
        if collection is not None:
            collection.close()
    return DONE


def _serve(arguments: argparse.Namespace, folder: RunFolder, limits: Any, collection: Any) -> None:
    from threadpoolctl import threadpool_limits

    from ..serve.api import application
    from ..serve.hosts import is_loopback
    from ..serve.opening import opened
    from ..serve.server import listening, serve

    on = listening(arguments.host, arguments.port)
    # The products of one answer are too small to share: the BLAS's threads would only wait for each other.
    with on, threadpool_limits(1, user_api="blas"):
        service = opened(folder, arguments.model, arguments.trust, limits, collection)
        host, port = on.getsockname()[:2]
        if not is_loopback(host):
            notice(
                f"--host {arguments.host}: whoever reaches this machine over its network can ask this server, without "
                "a password and without encryption"
            )
        if collection is not None:
            notice(f"--collect {collection.folder}: digits that are corrected on the page are kept there")
        held = service.reader.thresholds
        notice(f"thresholds from {held.origin}")
        if held.right is not None and held.right < FEW:
            notice(
                f"the network reads {held.right:.0%} of those right: often it will not be sure, or give no answer; "
                "train it longer"
            )
        names = frozenset({arguments.host})
        shown = f"[{host}]" if ":" in host else host
        serve(application(service, names), on, lambda: say(f"http://{shown}:{port}/"))
    answered = sum(service.metrics.requests.values())
    notice(f"stopped; {answered:,} request{'s' * (answered != 1)} answered")
