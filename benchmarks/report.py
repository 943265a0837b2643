"""How large a report is and how soon a browser shows it, by number of tickers of 250 test days.

    .venv-browser/bin/python -m benchmarks.report

Prints the median of three openings, until the first chart is on the screen. make test-browser sets up .venv-browser.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "functions"))  # where tests find stocks too

from tests.browser import pages

TICKERS = (10, 1_000, 8_000)
DEVICES: dict[str, dict] = {"desktop": pages.DESKTOP, "phone": pages.PHONE}
# Resolves in the frame after the one that drew the chart.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def main() -> None:
    path = pages.program() or sys.exit(pages.NO_BROWSER)
    print(
        f"{os.cpu_count()} cores\n{'tickers':>8} {'MB':>6} {'made s':>7}", *(f"{name + ' s':>10}" for name in DEVICES)
    )
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = pages.launch(playwright, path)
        for tickers in TICKERS:
            began = time.perf_counter()
            text = pages.report(tickers)
            took = time.perf_counter() - began
            file = Path(folder, f"{tickers}.html")
            file.write_text(text, encoding="utf-8")
            opened = [
                statistics.median(seconds(browser, file, device) for _ in range(3)) for device in DEVICES.values()
            ]
            size = file.stat().st_size / 1e6
            print(f"{tickers:>8,} {size:>6.2f} {took:>7.1f}", *(f"{each:>10.2f}" for each in opened))
        browser.close()


def seconds(browser: Browser, file: Path, device: dict) -> float:
    """From the start of the navigation until the chart is on the screen."""
    context = browser.new_context(**device)
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="load")
    page.locator("#chart canvas").wait_for()
    taken = page.evaluate(DRAWN) / 1000
    context.close()
    return taken


if __name__ == "__main__":
    main()
