"""`python -m minidl.as_torch SCRIPT.py ARGS`: run a PyTorch script on minidl as it is."""

import runpy
import sys
from pathlib import Path

from . import install as install  # minidl.as_torch itself is the line that the script lacks


def main() -> None:
    """Run the script that the command line names, with the rest of the command line as its own."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.stderr.write(f"{__doc__}\n")
        sys.exit(2 if len(sys.argv) < 2 else 0)
    script = Path(sys.argv[1])
    if not script.is_file():
        sys.stderr.write(f"minidl.as_torch: {script}: no such file; expected a Python script\n")
        sys.exit(2)
    del sys.argv[0]
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(str(script), run_name="__main__")


main()
