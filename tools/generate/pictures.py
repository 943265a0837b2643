"""The pictures of docs/forecasting.md, one for each thing it explains. Their prices are invented."""

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import NormalDist, mean

from tools import ROOT
from tools.generate import svg
from tools.generate.svg import BLUE, GREEN, INK, ORANGE, RULE, SOFT

FOLDER = ROOT / "docs" / "pictures"
POSSIBLE = [NormalDist().inv_cdf((number + 0.5) / 40) for number in range(40)]  # forty equally likely moves
INNER, OUTER = (NormalDist().inv_cdf(share) for share in (0.9, 0.975))  # half-widths of 80 % and 95 % ranges
CALM, WILD = 0.7, 2.6  # percent a day
LOOK_BACK = {1: 0.1, 5: 0.35, 22: 0.4, 66: 0.15}  # days and their weight in the expected move that is drawn
DAYS, FIRST = 150, 66
QUARTERS, LISTED = 32, 6  # of the companies; how many are large in the end


def moves() -> list[float]:
    """Percent of 216 days: calm, then thirty wild ones, then calm again."""
    chance = random.Random(4)  # noqa: S311
    wild = range(FIRST + 60, FIRST + 90)
    return [chance.gauss(0, WILD if day in wild else CALM) for day in range(FIRST + DAYS)]


def expected(moved: Sequence[float], day: int) -> float:
    """What the days before one let expect of it: root of weighted mean squares over a day, a week, a month and more."""
    squares = [move**2 for move in moved[:day]]
    return math.sqrt(sum(weight * mean(squares[-days:]) for days, weight in LOOK_BACK.items()))


def expected_move() -> str:
    moved = moves()
    days = range(FIRST, FIRST + DAYS)
    said = [expected(moved, day) for day in days]
    base, tall, left, wide = 212.0, 26.0, 48.0, 3.9

    def at(number: int, percent: float) -> svg.Point:
        return left + wide * number, base - tall * percent

    sizes = [at(i, abs(moved[day])) for i, day in enumerate(days)]
    scale = [svg.words((left - 8, at(0, p)[1] + 4), f"{p} %", SOFT, "end") for p in (0, 2, 4, 6)]
    calm, wild = said[55], max(said)
    return svg.card(
        "Bars of daily moves, small, then large, then small again; a line, the expected move, follows them.",
        236,
        svg.bars(sizes, base, "#c5ccd2", 2.6),
        svg.line([at(i, value) for i, value in enumerate(said)], BLUE, 2.2),
        *scale,
        svg.words((left, 24), "Each day's move, up or down", SOFT),
        svg.words((left + 290, 24), "The move expected the day before", BLUE, bold=True),
        svg.words((at(28, 0)[0], at(0, calm + 1.3)[1]), f"quiet weeks: ± {calm:.1f} %", BLUE, "middle"),
        svg.words((at(said.index(wild) + 12, 0)[0], at(0, wild)[1] + 4), f"wild weeks: ± {wild:.1f} %", BLUE),
    )


def price_range() -> str:
    days, sigma = 20, 1.6
    left, right, middle, tall = 230.0, 440.0, 118.0, 5.4
    x = [left + (right - left) * day / days for day in range(days + 1)]

    def bounds(half: float, sign: int) -> list[float]:
        return [middle - sign * tall * half * sigma * math.sqrt(day) for day in range(days + 1)]

    past = [0.0]
    chance = random.Random(10)  # noqa: S311
    for _ in range(60):
        past.append(past[-1] + chance.gauss(0, sigma))
    line = [(left - 3.4 * (60 - i), middle - tall * (value - past[-1])) for i, value in enumerate(past)]
    ends = [(right + 8 + 7 * (i % 3), middle - tall * z * sigma * math.sqrt(days)) for i, z in enumerate(POSSIBLE)]
    colours = [BLUE if abs(z) < INNER else "#66a9d0" if abs(z) < OUTER else ORANGE for z in POSSIBLE]
    inside = [sum(abs(z) < half for z in POSSIBLE) for half in (INNER, OUTER)]
    return svg.card(
        "A price until today, then two bands that widen with the days; forty dots at their end.",
        236,
        svg.band(x, bounds(OUTER, -1), bounds(OUTER, 1), BLUE, 0.14),
        svg.band(x, bounds(INNER, -1), bounds(INNER, 1), BLUE, 0.26),
        svg.line(line, INK, 1.8),
        svg.line([(left, middle), (right, middle)], BLUE, 2, "3 3"),
        *(svg.dot(at, colour) for at, colour in zip(ends, colours, strict=True)),
        svg.words((left, 226), "today", SOFT, "middle"),
        svg.words((right, 226), "in 20 days", SOFT, "middle"),
        svg.words((478, middle + 4), f"{inside[0]} of 40 in the 80 % range", BLUE, bold=True),
        svg.words((478, 62), f"{inside[1]} of 40 in the 95 % range", "#3d7fa6"),
        svg.words((478, 24), f"{len(POSSIBLE) - inside[1]} of 40 outside", ORANGE),
        svg.words((24, 24), "Forty prices that are equally likely", SOFT),
    )


def last_price() -> str:
    spread, bold = 1.5, 2.0
    left, base, wide, tall = 340.0, 182.0, 92.0, 46.0

    def miss(guess: float) -> float:
        return math.sqrt(mean((spread * z - guess) ** 2 for z in POSSIBLE))

    def at(guess: float, value: float) -> svg.Point:
        return left + wide * guess, base - tall * value

    curve = [at(step / 20, miss(step / 20)) for step in range(-50, 51)]
    ticks = [
        svg.words((at(g, 0)[0], base + 48), f"{g:+d} %" if g else "today's price", SOFT, "middle") for g in (-2, 0, 2)
    ]
    possible = [svg.dot((at(spread * z, 0)[0], base + 16), INK, 2.4) for z in POSSIBLE]
    return svg.card(
        "The typical miss by the guess for tomorrow: a valley whose lowest point is today's price.",
        240,
        svg.line([at(-3, 0), at(3, 0)], RULE, 1),
        svg.line(curve, BLUE, 2.2),
        *possible,
        *ticks,
        svg.dot(at(0, miss(0)), GREEN, 5),
        svg.dot(at(bold, miss(bold)), ORANGE, 5),
        svg.words(
            (at(0, 0)[0], at(0, miss(0))[1] + 22), f"guess today's price: miss {miss(0):.1f} %", GREEN, "middle", True
        ),
        svg.words(
            (at(bold, 0)[0] - 14, at(0, miss(bold))[1] - 4), f"guess + 2 %: miss {miss(bold):.1f} %", ORANGE, "end"
        ),
        svg.words((24, 24), "How far a guess usually misses, if tomorrow may be any of the forty dots", SOFT),
    )


def survivors() -> str:
    chance = random.Random(89)  # noqa: S311
    paths = []
    for _ in range(10):
        logs = [0.0]
        for _ in range(QUARTERS):
            logs.append(logs[-1] + chance.gauss(0.005, 0.14))
        paths.append([math.exp(value) for value in logs])
    kept = sorted(paths, key=lambda path: -path[-1])[:LISTED]
    left, right, base, tall = 32.0, 410.0, 206.0, 52.0

    def drawn(path: Sequence[float]) -> list[svg.Point]:
        step = (right - left) / (len(path) - 1)
        return [(left + step * quarter, base - tall * value) for quarter, value in enumerate(path)]

    def average(chosen: Sequence[Sequence[float]]) -> list[float]:
        return [mean(values) for values in zip(*chosen, strict=True)]

    def yearly(path: Sequence[float]) -> float:
        return 100 * (path[-1] ** (4 / QUARTERS) - 1)

    everyone, listed = average(paths), average(kept)
    return svg.card(
        "Ten companies over eight years; the six that are large in the end did better than the ten.",
        236,
        *(svg.line(drawn(path), "#b9c6cf" if path in kept else "#e5b99a", 1) for path in paths),
        svg.line(drawn(everyone), GREEN, 2.6),
        svg.line(drawn(listed), BLUE, 2.6),
        svg.words((left, 226), "eight years ago", SOFT),
        svg.words((right, 226), "today", SOFT, "middle"),
        svg.words((420, drawn(listed)[-1][1] + 4), f"on today's list: {yearly(listed):+.1f} % a year", BLUE, bold=True),
        svg.words((420, drawn(everyone)[-1][1] + 4), f"all ten: {yearly(everyone):+.1f} % a year", GREEN, bold=True),
        svg.words((24, 24), "Ten companies, of which four are no longer large enough for the list", SOFT),
    )


PICTURES: dict[str, Callable[[], str]] = {
    "expected-move.svg": expected_move,
    "range.svg": price_range,
    "last-price.svg": last_price,
    "survivors.svg": survivors,
}


def file(name: str) -> Path:
    return FOLDER / name
