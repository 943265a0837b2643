"""How the traffic light judges simulated prices whose ranges are known to be right, or too narrow.

    .venv/bin/python -m benchmarks.light [--write]

Windows have 250 days. Of each kind of prices the ranges hold 95 % in the long run; too narrow ones have 70 % of their
width. A second table has the share that the intervals of a coverage hold. --write puts both into docs/results.md.
"""

import argparse
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from benchmarks import tables
from stocks import traffic_light
from stocks.contract import HORIZONS
from stocks.traffic_light import DAYS, SHARE
from tools import sections

type Draw = Callable[[np.random.Generator, int, int], np.ndarray]  # (rng, windows, tickers) to float64[windows, d, k]

SEED, WINDOWS, TICKERS, NARROW = 1, 1_000, (1, 10, 500), 0.7
AT_ONCE = 4_000_000  # prices that are held
LONG = 2_000  # windows by which the long run is known
GARCH, MEMORY, WARM = (0.08, 0.9), 0.94, 250  # alpha and beta; decay of the ranges' volatility; days before a window
NORMAL = NormalDist().inv_cdf(1 - SHARE / 2)
_ROOT = math.sqrt(SHARE * (2 - SHARE))
STUDENT = 2 * math.sqrt(math.cos(math.acos(_ROOT) / 3) / _ROOT - 1)  # of four degrees, in closed form


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=WINDOWS, help="of each kind of prices")
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    args = parser.parse_args(argv)
    for name, lines in (("light", lights(args.windows)), ("light-intervals", intervals(args.windows))):
        text = "".join(f"{line}\n" for line in lines)
        print(text)
        if args.write:
            sections.write(tables.DOCUMENT, name, text)


def lights(windows: int) -> Iterator[str]:
    yield "| prices | tickers | right: green | right: red | too narrow: beyond | too narrow: green | too narrow: red |"
    yield "|---|---|---|---|---|---|---|"
    for name, draw in KINDS.items():
        for tickers in TICKERS if name not in ALONE else TICKERS[-1:]:
            if tickers == 1 and name not in OF_ONE:
                continue
            right, narrow, beyond = judged(draw, tickers, windows)
            cells = [right["green"], right["red"], beyond, narrow["green"], narrow["red"]]
            yield f"| {name} | {tickers} | {' | '.join(f'{100 * cell:.1f} %' for cell in cells)} |"


def judged(draw: Draw, tickers: int, windows: int) -> tuple[Mapping[str, float], Mapping[str, float], float]:
    """The shares of lights where ranges are right and too narrow, and what lies beyond the latter.

    Prices are in half-widths of ranges that are right; NaN where a ticker has no price on a day.
    """
    rng = np.random.default_rng(SEED)
    found: list[list[str]] = [[], []]
    beyond, counted = 0, 0
    at_once = max(1, AT_ONCE // (tickers * DAYS))
    for begin in range(0, windows, at_once):
        prices = draw(rng, min(at_once, windows - begin), tickers)
        known = np.isfinite(prices).sum(axis=2)
        for lights, width in zip(found, (1.0, NARROW), strict=True):
            outside = (np.abs(prices) > width).sum(axis=2)
            verdicts = (traffic_light.judge(*window) for window in zip(known, outside, strict=True))
            lights += [verdict.light or "" for verdict in verdicts]
        beyond, counted = beyond + int(outside.sum()), counted + int(known.sum())
    right, narrow = ({light: own.count(light) / windows for light in ("green", "yellow", "red")} for own in found)
    return right, narrow, beyond / counted


def factor(correlation: float) -> Draw:
    """Normal moves, of which a common factor makes a part."""

    def draw(rng: np.random.Generator, windows: int, tickers: int) -> np.ndarray:
        return _moves(rng, (windows, DAYS, tickers), correlation) / NORMAL

    return draw


def heavy(correlation: float, together: bool) -> Draw:
    """Moves of Student's t of four degrees: each ticker has wild days of its own, or all the same ones."""

    def draw(rng: np.random.Generator, windows: int, tickers: int) -> np.ndarray:
        wild = np.sqrt(4 / rng.chisquare(4, (windows, DAYS, 1 if together else tickers)))
        return _moves(rng, (windows, DAYS, tickers), correlation) * wild / STUDENT

    return draw


def bunched(correlation: float, followed: bool) -> Draw:
    """A common volatility that comes in bunches (GARCH). Ranges follow the past of all tickers, or are constant."""

    def draw(rng: np.random.Generator, windows: int, tickers: int) -> np.ndarray:
        return _bunched(rng, windows, tickers, correlation, followed) / _half(tickers, correlation, followed)

    return draw


def uneven(rng: np.random.Generator, windows: int, tickers: int) -> np.ndarray:
    """Half of the tickers join in the middle; two days of seven have a twentieth of them."""
    prices = factor(0.6)(rng, windows, tickers)
    prices[:, : DAYS // 2, tickers // 2 :] = np.nan
    prices[:, np.arange(DAYS) % 7 > 4, tickers // 20 :] = np.nan
    return prices


def _moves(rng: np.random.Generator, shape: tuple[int, int, int], correlation: float) -> np.ndarray:
    windows, days, _ = shape
    common = rng.standard_normal((windows, days, 1))
    return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * rng.standard_normal(shape)


def _bunched(
    rng: np.random.Generator, windows: int, tickers: int, correlation: float, followed: bool, days: int = DAYS
) -> np.ndarray:
    """Moves over the volatility that the ranges go by, which is known the day before."""
    alpha, beta = GARCH
    moves = _moves(rng, (windows, WARM + days, tickers), correlation)
    squared = np.ones((windows, 1))
    seen = np.ones((windows, 1))
    for day in range(WARM + days):
        own = moves[:, day] * np.sqrt(squared)
        moves[:, day] = own / np.sqrt(seen) if followed else own
        square = (own**2).mean(axis=1, keepdims=True)
        squared = 1 - alpha - beta + alpha * square + beta * squared
        seen = MEMORY * seen + (1 - MEMORY) * square
    return moves[:, WARM:]


@functools.cache
def _half(tickers: int, correlation: float, followed: bool) -> float:
    """The half-width that holds 95 % in the long run, of many windows other than those that are judged."""
    rng, at_once = np.random.default_rng(SEED + 1), max(1, AT_ONCE // (tickers * DAYS))
    parts = [_bunched(rng, at_once, tickers, correlation, followed) for _ in range(math.ceil(LONG / at_once))]
    return float(np.quantile(np.abs(np.concatenate([part[:, :, :10] for part in parts])), 1 - SHARE))


KINDS: dict[str, Draw] = {
    "independent": factor(0.0),
    "a common factor, correlation .3": factor(0.3),
    "a common factor, correlation .6": factor(0.6),
    "a common factor, correlation .9": factor(0.9),
    "heavy tails (t of 4), wild days of each ticker, .3": heavy(0.3, together=False),
    "heavy tails (t of 4), wild days of all, .3": heavy(0.3, together=True),
    "heavy tails (t of 4), wild days of all, .9": heavy(0.9, together=True),
    "volatility in bunches, ranges follow it, .3": bunched(0.3, followed=True),
    "volatility in bunches, constant ranges, .3": bunched(0.3, followed=False),
    "tickers that join, and weekends of few, .6": uneven,
}
OF_ONE = (
    "independent",
    "heavy tails (t of 4), wild days of each ticker, .3",
    "volatility in bunches, constant ranges, .3",
)
ALONE = ("tickers that join, and weekends of few, .6",)


def intervals(windows: int) -> Iterator[str]:
    yield "| days ahead | days | tickers | correlation | intervals that hold 95 % | mean width |"
    yield "|---|---|---|---|---|---|"
    rng = np.random.default_rng(SEED)
    for horizon in HORIZONS:
        for days in (DAYS, 2 * DAYS):
            for tickers, correlation in ((1, 0.0), (10, 0.3), (100, 0.6), (100, 0.9)):
                found = []
                for _ in range(windows):
                    moves = _moves(rng, (1, days + horizon, tickers), correlation)[0].cumsum(axis=0)
                    ahead = (moves[horizon:] - moves[:-horizon]) / math.sqrt(horizon)
                    inside = (np.abs(ahead) <= NORMAL).sum(axis=1)
                    found.append(traffic_light.interval(np.full(days, tickers), inside, horizon) or (0.0, 1.0))
                held = sum(low <= 1 - SHARE <= high for low, high in found) / windows
                width = sum(high - low for low, high in found) / windows
                shares = f"{100 * held:.1f} % | {100 * width:.1f} points"
                yield f"| {horizon} | {days} | {tickers} | {correlation:.1f} | {shares} |"


if __name__ == "__main__":
    main()
