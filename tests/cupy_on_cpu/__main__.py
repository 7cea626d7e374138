"""`python -m tests.cupy_on_cpu COMMAND...`: run COMMAND where `import cupy` is the real package on host memory.

A command is looked for beside this Python first (`minidl`, `pytest`), then on the PATH. Exit code: the command's own;
77 where the lane cannot run here, with the reason on stderr; 1 instead of 77 when `CI` is set: there it must run.
"""

import os
import shutil
import sys
from pathlib import Path

from tests.cupy_on_cpu.build import HERE, LaneUnavailable, build

SKIPPED = 77  # the exit code that test harnesses read as "skipped"


def environment(folder: Path) -> dict[str, str]:
    """The environment in which every Python process, and each of its children, gets the emulated device."""
    env = dict(os.environ)
    env["CUPY_ON_CPU_BUILD"] = str(folder)
    env["CUPY_ACCELERATORS"] = ""  # CUB's compiled kernels cannot run on a host: CuPy's own take their place
    env["CUPY_CACHE_DIR"] = str(folder / "unused")  # nothing is written to the user's real kernel cache
    root = HERE.parent.parent
    paths = [str(HERE / "site"), str(root), *filter(None, [env.get("PYTHONPATH")])]
    env["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(os.pathsep.join(paths).split(os.pathsep)))
    return env


def find_command(name: str) -> str | None:
    if name in ("python", "python3"):
        return sys.executable
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.is_file() else shutil.which(name)


def main(command: list[str]) -> int:
    """Become the command; return an exit code only where that cannot be."""
    if not command:
        print("usage: python -m tests.cupy_on_cpu COMMAND...", file=sys.stderr)
        return 2
    try:
        folder = build()
    except LaneUnavailable as reason:
        in_ci = os.environ.get("CI", "").lower() in ("1", "true")
        print(f"cupy_on_cpu: {'FAILED' if in_ci else 'SKIPPED'}: {reason}", file=sys.stderr)
        return 1 if in_ci else SKIPPED
    program = find_command(command[0])
    if program is None:
        print(f"cupy_on_cpu: no command {command[0]!r} beside {sys.executable} or on the PATH", file=sys.stderr)
        return 127
    sys.stdout.flush()
    return os.execve(program, [program, *command[1:]], environment(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
