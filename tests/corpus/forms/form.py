"""What a form of files is: how it is written, and how somebody who knows it would read it with pandas."""

import dataclasses
import datetime
import io
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

import pandas as pd

FIRST_DAY = datetime.date(2023, 1, 2)
VALUES = ["open", "high", "low", "close", "adjclose", "volume"]


class Bar(NamedTuple):
    """One day of one ticker, prices with two decimals."""

    ticker: str
    day: datetime.date
    open: float
    high: float
    low: float
    close: float
    adjclose: float
    volume: int


@dataclasses.dataclass(frozen=True)
class Form:
    """The site and the name of the file, its writer, and its reader, which gives ticker, date (ISO) and VALUES it has."""

    site: str
    file: str
    write: Callable[[list[Bar]], str]
    read: Callable[[bytes], pd.DataFrame]
    encoding: str = "utf-8"
    tickers: tuple[str, ...] = ("AAPL",)
    prices: float = 150.0  # about where the first price is

    def bars(self, days: int, first: datetime.date = FIRST_DAY) -> list[Bar]:
        each = (walk(ticker, number, days, self.prices, first) for number, ticker in enumerate(self.tickers))
        return [bar for bars in each for bar in bars]

    def body(self, days: int, first: datetime.date = FIRST_DAY) -> bytes:
        return self.write(self.bars(days, first)).encode(self.encoding)


def walk(ticker: str, seed: int, days: int, price: float, first: datetime.date) -> list[Bar]:
    """Weekdays of a random walk; adjclose is one per cent below close before the 10th day from the end."""
    bars: list[Bar] = []
    chance, day = random.Random(seed), first  # noqa: S311
    while len(bars) < days:
        if day.weekday() < 5:
            price = round(price * (1 + chance.gauss(0, 0.01)), 2)
            opening, above, below = (
                price * (1 + part * 0.01) for part in (chance.gauss(0, 1), chance.random(), -chance.random())
            )
            factor = 0.99 if len(bars) < days - 10 else 1
            high, low = max(above, opening), min(below, opening)
            prices = [round(value, 2) for value in (opening, high, low, price, price * factor)]
            bars.append(Bar._make([ticker, day, *prices, chance.randrange(100_000, 90_000_000)]))
        day += datetime.timedelta(1)
    return bars


def table(
    header: str,
    line: Callable[[Bar], str],
    above: Sequence[str] = (),
    below: Sequence[str] = (),
    newest_first: bool = False,
    end: str = "\n",
) -> Callable[[list[Bar]], str]:
    """The writer of a file with one line per bar."""

    def write(bars: list[Bar]) -> str:
        ordered = bars[::-1] if newest_first else bars
        return end.join([*above, header, *map(line, ordered), *below]) + end

    return write


def known(
    columns: Mapping[str, str] | Mapping[int, str], form: str, ticker: str = "", volume: str = "", **options
) -> Callable[[bytes], pd.DataFrame]:
    """A reader: the titles by what they mean, the form of the days, and the options of pandas.read_csv.

    volume is the letter K or M behind volumes. Blank cells are not read.
    """

    def read(body: bytes) -> pd.DataFrame:
        as_written = {title: str for title, name in columns.items() if name in ("date", "ticker")}
        frame = cast(pd.DataFrame, pd.read_csv(io.BytesIO(body), **{"dtype": as_written} | options))
        return tidy(frame.rename(columns=columns)[list(columns.values())], form, ticker, volume)

    return read


def tidy(frame: pd.DataFrame, form: str, ticker: str = "", volume: str = "") -> pd.DataFrame:
    """Days as ISO dates, values as floats; of epochs the form is their unit."""
    frame = frame.copy()
    dates = frame["date"].astype(str).str.strip()
    days = (
        pd.to_datetime(dates.astype("int64"), unit=form)  # type: ignore[call-overload]  # form is a unit here
        if form in ("s", "ms", "us", "ns")
        else pd.to_datetime(dates, format=form)
    )
    frame["date"] = days.dt.strftime("%Y-%m-%d")
    if ticker:
        frame["ticker"] = ticker
    frame["ticker"] = frame["ticker"].astype(str).str.strip()
    if volume:
        power = {"K": 1e3, "M": 1e6}[volume]
        frame["volume"] = frame["volume"].astype(str).str.rstrip(volume).str.replace(",", ".").astype(float) * power
    for name in frame.columns.intersection(VALUES):
        frame[name] = pd.to_numeric(frame[name]).astype(float)
    return frame.dropna(subset=[name for name in ("close", "adjclose") if name in frame])


def comma(number: float, thousands: str = ".") -> str:
    """A number as most of Europe writes it."""
    return f"{number:,.2f}".replace(",", "_").replace(".", ",").replace("_", thousands)
