"""What is taken in of a file: accepted rows wait on disk by shard, so memory does not grow with the file."""

import dataclasses
import errno
import gzip
import zlib
from binascii import crc32
from pathlib import Path

import numpy as np

from stocks import series
from stocks.reading import prices, rejected
from stocks.reading.dates import FIRST_DAY, LAST_DAY
from stocks.reading.lines import Stream

MOST_TICKERS = 200_000
MOST_SHARD_ROWS = 2_000_000  # what this step and Scale can hold at once


@dataclasses.dataclass
class Intake:
    """What has been read of a file: counts, days, the first rejected rows and, on disk, each shard's rows."""

    folder: Path
    shards: int
    rows: int = 0
    bad: int = 0
    kept: list[rejected.Rejected] = dataclasses.field(default_factory=list)
    tickers: dict[str, int] = dataclasses.field(default_factory=dict)
    shard_of: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.uint8))
    days: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(LAST_DAY - FIRST_DAY + 1, np.int64))

    def read(self, stream: Stream, ticker: str, until: int = LAST_DAY) -> None:
        """Take in the whole stream; days after `until` are bad rows. Raises Unusable."""
        try:
            for block in prices.read(stream, ticker, self.tickers, until=until):
                self.rows += len(block.rows) + len(block.rejected)
                self.bad += len(block.rejected)
                self.kept += block.rejected[: rejected.KEEP - len(self.kept)]
                self.days += np.bincount(block.rows["day"] - FIRST_DAY, minlength=len(self.days))
                self.route(block.rows)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise rejected.Unusable("the file is named .gz but is no gzip data, or is damaged or cut short") from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise rejected.Unusable(f"the file has more rows than fit ({self.rows}); drop it in parts") from None
            raise

    def route(self, rows: np.ndarray) -> None:
        """Append each row to the file of its shard, which the ticker alone decides."""
        if len(self.tickers) > MOST_TICKERS:
            raise rejected.Unusable(f"the file has more than {MOST_TICKERS:,} tickers; drop it in parts")
        new = list(self.tickers)[len(self.shard_of) :]
        self.shard_of = np.append(self.shard_of, np.array([crc32(t.encode()) % self.shards for t in new], np.uint8))
        target = self.shard_of[rows["ticker"]]
        for shard in np.unique(target).tolist():
            with self.file(shard).open("ab") as file:
                rows[target == shard].tofile(file)
                if file.tell() > MOST_SHARD_ROWS * rows.itemsize:
                    raise rejected.Unusable(self.crowded(shard))

    def crowded(self, shard: int) -> str:
        names = [ticker for ticker, of in zip(self.tickers, self.shard_of.tolist(), strict=True) if of == shard]
        return (
            f"{rejected.show(names[0])} and the {len(names) - 1} tickers that share its shard have more than "
            f"{MOST_SHARD_ROWS:,} rows; a ticker has one row a day, so drop tickers in files of their own"
        )

    def file(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}"

    def shard(self, shard: int) -> series.Arrays:
        """The shard's accepted rows in file order, as docs/architecture.md describes `rows`."""
        rows = np.fromfile(self.file(shard), prices.ROW) if self.file(shard).exists() else np.empty(0, prices.ROW)
        numbers, ticker = np.unique(rows["ticker"], return_inverse=True)
        every = list(self.tickers)
        names, place = np.unique(np.array([every[number] for number in numbers], "U"), return_inverse=True)
        arrays = {"tickers": names, "ticker": place[ticker].astype(np.int32)}
        return arrays | {name: rows[name].copy() for name in ("line", "day", *prices.VALUES)}

    def has_too_many(self, tolerance: float) -> bool:
        return self.bad > tolerance * self.rows

    def cuts(self, test_fraction: float) -> dict[str, str]:
        days = np.flatnonzero(self.days)
        return series.cuts(days + FIRST_DAY, self.days[days], test_fraction)
