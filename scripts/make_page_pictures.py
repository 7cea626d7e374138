"""Make the pictures that README.md and docs/LESSON.md show, from the page itself: docs/explain.png, docs/lesson/.

    python scripts/make_page_pictures.py

Needs the browser extra (selenium), chromium and chromedriver. The digit, the weights and the cell are those that
`minidl explain --sample 0` chooses, so the same source gives the same pictures.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
SIZE = 1280, 720
README = "conv1.dx"  # the screen that README shows
SCREENS = {"en": ("overview", "conv1", "softmax1.dx"), "ko": ("conv1.dw", "pool1.dx", "update")}  # of docs/LESSON.md


def main() -> int:
    driver = chromium()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for lang, screens in SCREENS.items():
                page = Path(folder) / f"{lang}.html"
                command = [sys.executable, "-m", "minidl", "explain", "--sample", "0", "--lang", lang]
                subprocess.run([*command, "-o", str(page)], check=True)
                for screen in screens:
                    take(driver, f"{page.as_uri()}#{screen}", DOCS / "lesson" / f"{screen}.{lang}.png")
                if lang == "en":
                    take(driver, f"{page.as_uri()}#{README}", DOCS / "explain.png")
    finally:
        driver.quit()
    return 0


def chromium() -> Any:
    """A headless chromium, one CSS pixel a pixel."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    view = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", view)
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    return driver


def take(driver: Any, address: str, path: Path) -> None:
    """Open the address anew and keep what is seen. SystemExit if the page does not know the screen."""
    driver.get("about:blank")
    driver.get(address)
    if (shown := driver.execute_script("return location.hash")) != (asked := "#" + address.rpartition("#")[2]):
        raise SystemExit(f"the page has no screen {asked}: it opened at {shown}; mend SCREENS in {Path(__file__).name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    driver.save_screenshot(str(path))
    print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    sys.exit(main())
