"""The browser, two screens and the reports that the tests and the benchmark open."""

import shutil
from collections import Counter

from stocks import track
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


def report(
    tickers: int | list[str], days: int = 250, lstm: float = 1.002, ended: tuple[str, ...] = (), **changed
) -> str:
    """The report of random walks with so many test days; it has every section, but nothing was ever published before.

    lstm is a factor of naive, 0 is none. The first ticker by name may move least.
    """
    names = tickers if isinstance(tickers, list) else [f"T{number:04d}" for number in range(tickers)]
    rows = shards.TEST_FROM + 1 + days
    shard = shards.shard({name: walk(number, rows) for number, name in enumerate(names)})
    wild = 6 ** (1 / len(names))  # from the first to the last
    return results.page([shard], changed, forecast=1.001, lstm=lstm, forest=0.98, wild=wild, ended=ended)


def recorded(names: list[str]) -> dict[int, track.Score]:
    """A live record: each name's last price a little higher in its range than the one's before it."""
    places = [-2.5 + 5 * at / max(len(names) - 1, 1) for at in range(len(names))]
    standings = {
        name: track.Standing(40, 40 - at % 20, place, beyond=abs(place) > 1.5)
        for at, (name, place) in enumerate(zip(names, places, strict=True))
    }
    days = Counter(dict.fromkeys(range(18_700, 18_740), len(names)))
    held = sum(one.inside for one in standings.values())
    score = track.Score(40 * len(names), 1.1, 1.0, held, held, days, Counter(), standings=standings)
    return track.empty() | {1: score}


def drawn(page, chart="#chart"):
    """Whether the chart holds more than one colour."""
    return page.locator(f"{chart} canvas").evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size > 9;
        }"""
    )


def over(page):
    """Where the lines are drawn, in the middle of the screen."""
    page.locator("#chart").evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    return page.locator("#chart .u-over").bounding_box()
