"""Take the README's pictures of the demo's report: `make demo`, then `.venv/bin/python docs/images/make_images.py`.

On a laptop, on a phone, and on paper. Needs the extra `dev` (playwright) and a Chromium.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "out" / "demo" / "report.html"
FOLDER = Path(__file__).parent
LAPTOP_PX = {"width": 1100, "height": 900}
PHONE_PX = {"width": 390, "height": 844}
PAPER_PX = {"width": 696, "height": 1000}
"""A4 less its margins, at 96 pixels an inch."""


def show_sheet(page: Page) -> None:
    """Show the sheet of the first strip from its top."""
    page.locator("#strip-1").evaluate("sheet => sheet.scrollIntoView()")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def main() -> None:
    """Show the report at the sheet of its first strip, and save what is seen."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport=LAPTOP_PX)
        page.goto(REPORT.as_uri())
        show_sheet(page)
        page.locator("#strip-1").screenshot(path=FOLDER / "report.png")
        page.set_viewport_size(PHONE_PX)
        page.reload()
        page.locator("#overview").evaluate("section => section.scrollIntoView()")
        page.screenshot(path=FOLDER / "report_phone.png")
        page.set_viewport_size(PAPER_PX)
        page.emulate_media(media="print")
        page.reload()
        page.locator("#strip-1").screenshot(path=FOLDER / "report_print.png")
        browser.close()
    for name in ("report", "report_phone", "report_print"):
        path = FOLDER / f"{name}.png"
        Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    main()
