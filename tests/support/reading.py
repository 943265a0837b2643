"""Bytes as a file that the reader opens."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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


def taken(folder: Path, body: bytes, name: str = "FILE.csv", shards: int = 1, **rules) -> Intake:
    intake = Intake(folder, shards, Rules(**rules))
    intake.read(source(body, name))
    return intake
