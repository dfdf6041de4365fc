"""Take the README's picture of the demo's report: `make demo`, then `.venv/bin/python docs/images/make_images.py`.

Needs the extra `dev` (playwright) and a Chromium.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "out" / "demo" / "report.html"
PICTURE = Path(__file__).with_name("report.png")
WIDTH_PX = 1100


def main() -> None:
    """Show the report at the sheet of its first strip, and save what is seen."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": 900})
        page.goto(REPORT.as_uri())
        page.locator("#strip-1").screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
