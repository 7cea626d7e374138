"""Measure how `minidl predict` reads generated photos, and write docs/PHOTOS.md: `python scripts/photo_table.py RUN`.

RUN is a run folder of `minidl train` on MNIST or on the bundled sample.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from minidl.data.photo import judge, light  # noqa: E402
from minidl.training.run import RunFolder  # noqa: E402
from tests.support.photo_table import KINDS, markdown, measure  # noqa: E402
from tests.support.photos import NO_DIGIT, OTHER_INK  # noqa: E402

HEAD = """# Photos: what `minidl predict` promises, measured

Written by `python scripts/photo_table.py RUN`; the photos are drawn by `tests/support/photos.py`, seed {seed}, from
test digits that no part of the reader has seen; titles, stamps, letters and words in eighteen fonts. The network:
`{model}`, {epochs} epochs on {train:,} digits.

* **right**: the answer is right, without a warning.
* **right, warned** and **wrong, warned**: answered, with the reason for doubt.
* **abstained**: no answer, only the reason: photos without a digit should end here.
* **confidently wrong**: a wrong answer without a warning. On a photo without a digit every answer counts as wrong.

"""
FOOT = """

Settings: a picture is refused if its ink stands out from the paper's grain by less than {clearance:g} standard
deviations, if nothing on it is steeper than {steep:g} of the full ink per pixel, if the cosine distance to the nearest
known digit exceeds {unlike:g}, if a printed letter is nearer than {letter:g} of that, or if {row} or more parts stand
in a row. An answer gets a warning if the ink is in two large parts, if a digit with a mark upon it is nearer than the
nearest plain digit, if fewer than {agree} of the five nearest digits agree, or if its probability is below {sure:.0%}.
"""


def main() -> None:
    """Measure every kind, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--count", type=int, default=40, help="photos of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "PHOTOS.md")
    arguments = parser.parse_args()
    folder = RunFolder(arguments.run)
    config, model = folder.read_config(), folder.load_model()
    rows = []
    for kind in KINDS:
        rows.append(measure(model, kind, arguments.count, arguments.seed))
        print(rows[-1], flush=True)
    options = config["options"]
    head = HEAD.format(
        seed=arguments.seed, model=options["model"], epochs=options["epochs"], train=config["data"]["train"]
    )
    foot = FOOT.format(
        clearance=light.LEAST_CLEARANCE, steep=light.LEAST_STEEPNESS, unlike=judge.UNLIKE, letter=judge.LETTER,
        agree=judge.AGREE, sure=judge.SURE, row=judge.ROW,
    )  # fmt: skip
    inked = [row for row in rows if row.kind in OTHER_INK]
    refused = [row for row in rows if row.kind in NO_DIGIT]
    total = sum(row.photos for row in rows)
    summary = (
        f"\n\nOther ink: {sum(row.confidently_wrong for row in inked)} of {sum(row.photos for row in inked)} "
        f"confidently wrong. No digit: {sum(row.abstained for row in refused)} of {sum(row.photos for row in refused)} "
        f"refused. All kinds: {sum(row.confidently_wrong for row in rows)} of {total} confidently wrong."
    )
    arguments.out.write_text(head + markdown(rows) + summary + foot)


if __name__ == "__main__":
    main()
