"""Bytes as a file that the reader opens."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stocks.reading import lines
from stocks.reading.intake import Intake
from stocks.reading.prices import Block, PricesFile
from stocks.reading.source import Rules, Source


def source(body: bytes, name: str = "FILE.csv", stream: Callable = io.BytesIO) -> Source:
    return Source(name, len(body), lambda: stream(body))


class Whole(NamedTuple):
    """All blocks of a file in UTF-8 or UTF-16, the names of its tickers by their number, and the file."""

    blocks: list[Block]
    tickers: list[str]
    file: PricesFile


def whole(file: Source, block_bytes: int = lines.BLOCK, rules: Rules | None = None) -> Whole:
    names: dict[str, int] = {}
    opened = PricesFile(file, rules or Rules(), block_bytes=block_bytes)
    try:
        return Whole(list(opened.blocks(names, {})), list(names), opened)
    finally:
        opened.close()


def read(content: bytes, stem="FILE", block_bytes=lines.BLOCK):
    """(ticker, line, day, adjclose) of the accepted rows, and the rejected rows."""
    blocks, tickers, _ = whole(source(content, f"{stem}.csv"), block_bytes)
    rows = np.concatenate([block.rows for block in blocks])
    accepted = [(tickers[row["ticker"]], row["line"].item(), row["day"].item(), row["adjclose"].item()) for row in rows]
    return accepted, list(itertools.chain(*(block.rejected for block in blocks)))


def taken(folder: Path, body: bytes, name: str = "FILE.csv", **rules) -> Intake:
    intake = Intake(folder, Rules(**rules))
    intake.read(source(body, name))
    return intake
