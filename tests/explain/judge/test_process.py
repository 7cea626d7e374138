"""A student's file in a process of its own: whatever it does, the judge goes on and says what happened."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from minidl.explain.teaching.judge.exercises import find
from minidl.explain.teaching.judge.session import Judged, judge_file

RELU = "import numpy as np\n\ndef backward(dz, x):\n    return dz * (x > 0)\n"


def judged(folder: Path, code: str | bytes, seconds: float = 10.0) -> Judged:
    path = folder / "answer.py"
    path.write_bytes(code if isinstance(code, bytes) else code.encode())
    return judge_file(find("relu"), str(path), seconds)


def kind(found: Judged) -> str:
    assert found.verdict.problem is not None and not found.verdict.right
    return found.verdict.problem.kind


def test_a_right_answer_is_right_and_its_prints_are_shown_apart(tmp_path: Path) -> None:
    code = RELU.replace("return", "print('dz 는', dz.shape)\n    return")
    found = judged(tmp_path, code)
    assert found.verdict.right and "dz 는 (2, 5)" in found.printed
    assert [path.name for path in tmp_path.iterdir()] == ["answer.py"], "nothing is left behind"


def test_a_wrong_answer_has_the_cause_that_it_has_in_this_process(tmp_path: Path) -> None:
    found = judged(tmp_path, RELU.replace("x > 0", "dz > 0"))
    assert [cause.key for cause in found.verdict.causes] == ["mask_of_dz"]


def test_what_runs_for_ever_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\nprint('before', flush=True)\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        + RELU.replace("return", "while True: pass\n    return")
    )
    start = time.monotonic()
    found = judged(tmp_path, code, seconds=2.0)
    assert kind(found) == "time" and time.monotonic() - start < 15
    assert found.verdict.case is find("relu").cases[0]
    assert found.printed.strip() == "before"
    if os.name == "posix":
        pid = int((tmp_path / "child").read_text())
        time.sleep(0.2)
        state = Path(f"/proc/{pid}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"


def test_endless_printing_is_cut(tmp_path: Path) -> None:
    found = judged(tmp_path, RELU.replace("return", "while True: print('x' * 1000)\n    return"), seconds=1.5)
    assert kind(found) == "time" and 1000 < len(found.printed) < 5000 and found.printed.endswith("...")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_what_takes_too_much_memory_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, RELU.replace("return", "big = np.ones(10**10)\n    return"))
    assert kind(found) == "memory" and found.verdict.problem is not None
    assert found.verdict.problem.about["line"] == 4


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("syntax", "def backward(dz, x)\n    return dz\n"),
        ("encoding", "def backward(dz, x):\n    '한글'\n    return dz\n".encode("cp949")),
        ("raised", "import no_such_module\n"),
        ("exit", "raise SystemExit\n"),
        ("died", RELU.replace("return", "import os; os._exit(7)\n    return")),
        ("raised", RELU.replace("return", "input()\n    return")),
    ],
)
def test_what_ends_early_is_told(tmp_path: Path, wanted: str, code: str | bytes) -> None:
    found = judged(tmp_path, code)
    assert kind(found) == wanted
    assert found.verdict.problem is not None
    if wanted == "syntax":
        assert found.verdict.problem.about["line"] == 1
    if wanted == "died":
        assert found.verdict.problem.about["code"] == 7


def test_files_beside_it_can_be_imported_and_its_main_part_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def mask(x):\n    return x > 0\n", encoding="utf-8")
    code = RELU.replace("(x > 0)", "helper.mask(x)").replace("import numpy", "import helper\nimport numpy")
    found = judged(tmp_path, code + "\nif __name__ == '__main__':\n    print('main')\n")
    assert found.verdict.right and found.printed == ""


def test_numpy_of_the_judge_is_not_the_student_s(tmp_path: Path) -> None:
    """What the file does to NumPy has no effect on the verdict."""
    code = "import numpy as np\nnp.abs = np.maximum = lambda *a: 0\n" + RELU.replace("dz * (x > 0)", "dz * 0")
    assert not judged(tmp_path, code).verdict.right
