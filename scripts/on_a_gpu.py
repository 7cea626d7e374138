"""The parts of `on_a_gpu.sh`: commands, each with a time limit; one that fails is noted, and the rest goes on.

Writes OUT/on_a_gpu.json and OUT/on_a_gpu.png; OUT/NAME.log has the output of each part. Exit status: 0 if all passed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MINIDL = (sys.executable, "-m", "minidl")
PASSED, FAILED, TIMED_OUT, NOTHING = "passed", "failed", "timed out", "nothing ran"
COLOURS = {PASSED: "tab:green", FAILED: "tab:red", TIMED_OUT: "tab:orange", NOTHING: "tab:gray"}
TAIL = 2000  # characters of a part's output in the JSON
TESTS = [f"tests/backend/test_cupy_{name}.py" for name in ("backend", "kernels", "few_launches")]


@dataclass(frozen=True)
class Part:
    """A command, and the seconds that it may take."""

    name: str
    seconds: float
    command: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """What became of a part."""

    name: str
    status: str
    seconds: float
    limit: float
    code: int | None
    output: str


def parts(out: Path, data: Path, quick: bool) -> list[Part]:
    """All parts. Their limits add up to 400 seconds, and setting up packages may take 75 before them."""
    less = ("--limit", "200") if quick else ()
    train = (*MINIDL, "train", "--epochs", "1", "--seed", "0", "--data", str(data), "--quiet", "--json", *less)
    pytest = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m")
    bench = (*MINIDL, "bench", "--suite", "cpu-gpu", "--quick", "--json", str(out / "bench.json"))
    backend = Part("tests of the backend", 60, (*pytest, "not gpu and not slow", *TESTS))
    return [
        Part("tests for a GPU", 60, (*pytest, "gpu", TESTS[0])),
        *([] if quick else [backend]),
        Part("doctor", 25, (*MINIDL, "doctor", "--json")),
        Part("self-test", 65, (*MINIDL, "doctor", "--selftest", "--json", "--out", str(out / "certificate.json"))),
        Part("bench", 80, bench),
        Part("epoch on numpy", 40, (*train, "--backend", "numpy", "--out", str(out / "run-numpy"))),
        Part("epoch on cupy", 70, (*train, "--backend", "cupy", "--out", str(out / "run-cupy"))),
    ]


def run(part: Part, log: Path) -> Done:
    """Run a part to its end or its limit; whatever it has started ends with it."""
    began = time.perf_counter()
    with log.open("w+", encoding="utf-8", errors="replace") as file:
        process = subprocess.Popen(
            part.command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code: int | None = process.wait(part.seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    output = log.read_text(encoding="utf-8", errors="replace")
    return Done(part.name, status(code, output), time.perf_counter() - began, part.seconds, code, output[-TAIL:])


def status(code: int | None, output: str) -> str:
    """What an exit status means; tests that were all skipped have passed nothing.

    >>> status(0, "5 skipped, 2 deselected in 0.1s"), status(0, "4 passed, 1 skipped in 3s"), status(None, "")
    ('nothing ran', 'passed', 'timed out')
    """
    if code is None:
        return TIMED_OUT
    if code == 5 or (re.search(r"\d+ skipped", output) and not re.search(r"\d+ (passed|failed|error)", output)):
        return NOTHING
    return PASSED if code == 0 else FAILED


def read(path: Path) -> Any:
    """A JSON file; None if a part has not come to writing it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def epoch(out: Path, backend: str) -> dict[str, Any] | None:
    """The seconds of an epoch, its images per second and the accuracy on the test set."""
    metrics = read(out / f"run-{backend}" / "metrics.json")
    if not metrics or not metrics.get("history"):
        return None
    record = metrics["history"][-1]
    return {
        "seconds": record["seconds"],
        "images_per_second": record["images_per_second"],
        "train_loss": record["train_loss"],
        "test_accuracy": metrics.get("test_accuracy"),
    }


def collected(out: Path, done: Sequence[Done], quick: bool) -> dict[str, Any]:
    """All that was found, as JSON values."""
    certificate = read(out / "certificate.json") or {}
    names = ("numpy", "torch", "cupy-cuda12x", "cupy-cuda13x")
    versions = {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"] in names}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "device": certificate.get("device"),
        "rehearsal": bool(certificate.get("emulated")),
        "quick": quick,
        "machine": {"system": platform.platform(), "python": platform.python_version(), "versions": versions},
        "seconds": sum(one.seconds for one in done),
        "parts": [asdict(one) for one in done],
        "certificate": certificate or None,
        "bench": (read(out / "bench.json") or {}).get("found"),
        "epochs": {backend: epoch(out, backend) for backend in ("numpy", "cupy")},
    }


def draw(found: dict[str, Any], path: Path) -> None:
    """The parts and their times; the self-test; a step over the batch; an epoch."""
    from minidl.training.drawing import Figure, save

    figure = Figure(figsize=(11, 7), layout="constrained")
    axes = figure.subplots(2, 2)
    _draw_parts(axes[0, 0], found["parts"])
    _draw_certificate(axes[0, 1], found["certificate"])
    _draw_steps(axes[1, 0], found["bench"])
    _draw_epochs(axes[1, 1], found["epochs"])
    rehearsal = "REHEARSAL on an imitated device: no time here says anything\n" if found["rehearsal"] else ""
    figure.suptitle(f"{rehearsal}{found['device'] or 'no GPU could be used'}, {found['date']}")
    save(figure, path, dpi=110)


def _draw_parts(axis: Any, done: Sequence[dict[str, Any]]) -> None:
    for i, part in enumerate(done):
        axis.barh(i, part["limit"], color="0.93", height=0.6)
        axis.barh(i, part["seconds"], color=COLOURS[part["status"]], height=0.6)
        axis.text(2, i, f"{part['status']}, {part['seconds']:.0f} of {part['limit']:.0f} s", va="center", size=9)
    axis.set_yticks(range(len(done)), [part["name"] for part in done])
    axis.invert_yaxis()
    axis.set(xlabel="seconds, and the limit in grey", title="parts")


def _draw_certificate(axis: Any, certificate: dict[str, Any] | None) -> None:
    every = (certificate or {}).get("checks", ())
    checks = [check for check in every if check["difference"] is not None]
    if not checks:
        _nothing(axis, "self-test")
        return
    for k, dtype in enumerate(("float32", "float64")):
        those = [check for check in checks if check["dtype"] == dtype]
        shares = sorted(max(check["difference"], 1e-17) / check["tolerance"] for check in those)
        axis.plot(shares, range(1, len(shares) + 1), ".", color=f"C{k}", label=dtype)
    axis.axvline(1, color="tab:red", linewidth=1)
    axis.set(xscale="log", xlabel="difference from NumPy, by what is allowed", ylabel="checks")
    axis.set_title(f"self-test: {sum(check['passed'] for check in every)} of {len(every)} passed")
    axis.legend()
    axis.grid(alpha=0.3)


def _draw_steps(axis: Any, bench: dict[str, Any] | None) -> None:
    if not bench:
        _nothing(axis, "a training step of the lecture's CNN")
        return
    batches = [row["batch"] for row in bench["rows"]]
    for name in bench["rows"][0]["contestants"]:
        times = [1e3 * row["contestants"][name]["seconds"]["median"] for row in bench["rows"]]
        axis.plot(batches, times, ".-", label=name)
    axis.set_xscale("log", base=2)
    axis.set(yscale="log", xlabel="batch", ylabel="ms per step")
    launches = bench["rows"][0]["launches"]  # or a sentence that says why they were not counted
    axis.set_title(
        "a training step of the lecture's CNN" + (f", {launches} launches" if isinstance(launches, int) else "")
    )
    axis.legend()
    axis.grid(alpha=0.3)


def _draw_epochs(axis: Any, epochs: dict[str, dict[str, Any] | None]) -> None:
    done = {name: one for name, one in epochs.items() if one}
    if not done:
        _nothing(axis, "one epoch")
        return
    axis.barh(list(done), [one["seconds"] for one in done.values()], color="tab:blue", alpha=0.4, height=0.5)
    for i, one in enumerate(done.values()):
        accuracy = "" if one["test_accuracy"] is None else f", {one['test_accuracy']:.2%} of the test images"
        axis.text(
            0, i, f"  {one['seconds']:.2f} s, {one['images_per_second']:,.0f} images/s{accuracy}", va="center", size=9
        )
    axis.set_ylim(-0.6, len(done) - 0.4)
    axis.invert_yaxis()
    axis.set(xlabel="seconds", title="one epoch of minidl train")


def _nothing(axis: Any, title: str) -> None:
    axis.set_axis_off()
    axis.set_title(title)
    axis.text(0.5, 0.5, "not measured: see parts", ha="center", va="center", color="0.4", transform=axis.transAxes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="on_a_gpu.sh", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder for what is found")
    parser.add_argument("--data", type=Path, default=ROOT / "minidl/data/sample", help="a folder with MNIST's files")
    parser.add_argument("--quick", action="store_true", help="less of everything, to see that it works")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    done = []
    for part in parts(out, arguments.data.resolve(), arguments.quick):
        done.append(run(part, out / f"{part.name.replace(' ', '-')}.log"))
        print(f"{done[-1].name}: {done[-1].status}, {done[-1].seconds:.0f} s", flush=True)
    found = collected(out, done, arguments.quick)
    (out / "on_a_gpu.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(f"written: {out / 'on_a_gpu.json'}")
    try:
        draw(found, out / "on_a_gpu.png")
    except ImportError as error:
        print(f"not drawn: {error}")
        return 1
    print(f"written: {out / 'on_a_gpu.png'}")
    return int(any(one.status != PASSED for one in done))


if __name__ == "__main__":
    sys.exit(main())
