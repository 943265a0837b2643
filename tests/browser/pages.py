"""The browser, two screens and the reports that the tests and the benchmark open."""

import shutil

from tests.support import results, shards
from tests.support.prices import walk

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = f"no browser found: install one of {', '.join(PROGRAMS)} (Debian: apt-get install chromium)"
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def program() -> str | None:
    """The installed browser's path."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def launch(playwright, path):
    """Without its sandbox, so that it runs in containers too; all it opens is a file of ours."""
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


def report(tickers: int | list[str], days: int = 250, lstm: float = 1.002, **changed) -> str:
    """The report of random walks with so many test days; it has every section. lstm is a factor of naive, 0 is none."""
    names = tickers if isinstance(tickers, list) else [f"T{number:04d}" for number in range(tickers)]
    rows = shards.TEST_FROM + 1 + days
    shard = shards.shard({name: walk(number, rows) for number, name in enumerate(names)})
    return results.page([shard], changed, forecast=1.001, lstm=lstm, forest=0.98)
