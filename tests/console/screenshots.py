"""Takes a screenshot of every page of the console, wide and narrow, dark and light: `make screenshots`.

It starts its own stack under load, waits some minutes, and makes an alert fire.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from console_browser import HOW_TO_GET, NARROW, WIDE, chromium, launched, window  # noqa: E402
from console_live import ConsoleStack, console_stack  # noqa: E402
from console_pages import pages_of, settled  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

MAX_HEIGHT_PX = 2600
VARIANTS = (("wide", "dark"), ("wide", "light"), ("narrow", "dark"), ("narrow", "light"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder for the screenshots")
    parser.add_argument("--minutes", type=float, default=6.0, help="minutes of load before (default: %(default)s)")
    options = parser.parse_args()
    if chromium() is None:
        print(HOW_TO_GET)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        console_stack(Path(scratch) / "state", SCRAPE_INTERVAL="5s") as stack,
    ):
        _generate_data(stack, options.minutes * 60)
        count = _take(stack, options.folder)
    print(f"{count} screenshots in {options.folder}")
    return 0


def _generate_data(stack: ConsoleStack, seconds: float) -> None:
    """A few failures all the time, and many failures in the last 90 s."""
    print(f"load for {seconds / 60:.0f} minutes …", flush=True)
    stack.set_fault("rate_limit", probability=0.04, duration_s=3600)
    stack.set_fault("content_filter", probability=0.02, mode="reject", duration_s=3600)
    time.sleep(max(0.0, seconds - 90))
    stack.set_fault("content_filter", probability=0.5, mode="reject", duration_s=3600)
    time.sleep(min(seconds, 90))


def _take(stack: ConsoleStack, folder: Path) -> int:
    pages = pages_of(stack)
    count = 0
    with sync_playwright() as playwright, launched(playwright) as browser:
        for size, theme in VARIANTS:
            screen = WIDE if size == "wide" else NARROW
            with window(browser, stack.url, size=screen, dark=theme == "dark") as opened:
                for name, address in pages:
                    page = opened.open(address)
                    settled(page)
                    height = min(page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT_PX)
                    page.screenshot(
                        path=folder / f"{name}-{size}-{theme}.png",
                        full_page=True,
                        clip={"x": 0, "y": 0, "width": screen[0], "height": height},
                    )
                    count += 1
            for complaint in opened.complaints:
                print(f"{size} {theme}: {complaint}")
    return count


if __name__ == "__main__":
    sys.exit(main())
