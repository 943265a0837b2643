"""Binance's files of candles, which have twelve columns and no header: their values must prove them."""

import math

from stocks.reading.cells import BrokenLine, cells
from stocks.reading.dates import is_epoch
from stocks.reading.layout import FILE_NAME, SINGLE, Layout, Panel
from stocks.reading.tickers import complaint, from_file_name

TITLES = (
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count", "taker_buy_volume",
    "taker_buy_quote_volume", "ignore",
)  # fmt: skip
SAMPLE = 200


def klines(lines: list[str], stem: str, until: int) -> Layout | None:
    """The layout of candles, or None where one of the first lines is none."""
    first = [line for line in lines[:SAMPLE] if line.strip()]
    ticker = from_file_name(stem)
    if not first or complaint(ticker) or not all(_is_candle(line, until) for line in first):
        return None
    columns = {title: TITLES.index(title) for title in ("open", "high", "low", "close", "volume")}
    return Layout(SINGLE, ",", TITLES, 0, (Panel(ticker, columns),), ticker_from=FILE_NAME, body=1, until=until)


def _is_candle(line: str, until: int) -> bool:
    try:
        row = cells(line, ",")
        opened, *rest = row
        first, high, low, last, volume, closed = map(float, rest[:6])
        trades = int(rest[7])
    except (BrokenLine, ValueError, IndexError):
        return False
    prices = all(math.isfinite(price) and low <= price <= high for price in (first, last)) and 0 < low <= high
    return (
        len(row) == len(TITLES)
        and is_epoch(opened, until)
        and closed > float(opened)
        and prices
        and volume >= 0 <= trades
    )
