"""Uploads for tests of the fold: a stock as a vendor would state it on any day, and what a fold leaves of a ticker."""

import dataclasses
import io
import json

import numpy as np
import pyarrow.parquet as pq

from stocks import schemas
from stocks.contract import COLUMNS, PRICES
from stocks.dataset import parts
from stocks.dataset.fold import fold
from stocks.dataset.table import Facts, Table, Upload
from tests.support import prices

OHLC = {"open": 1.002, "high": 1.01, "low": 0.99, "close": 1.0}


@dataclasses.dataclass
class Stock:
    """What a share of the last day was worth, float64[n] for days 0 to n - 1, and what a vendor adjusts for.

    Until a split of n (2 for 2:1) a share was n of these, and a file made before it says so. A dividend of a share of
    the price on a day is in every adjclose before that day, in files made from then on.
    """

    worth: np.ndarray
    splits: dict[int, float] = dataclasses.field(default_factory=dict)
    dividends: dict[int, float] = dataclasses.field(default_factory=dict)
    decimals: int = 4
    adjusted_decimals: int = 6

    def file(self, first: int, end: int, made: int | None = None, only_close: bool = False) -> dict[str, np.ndarray]:
        """Rows of days first to before end, in a file made on a day: the last of them if it is not given."""
        days, made = np.arange(first, end), end - 1 if made is None else made
        shares = np.prod([n for day, n in self.splits.items() if day > made])
        paid = np.ones(len(days))
        for day, share in self.dividends.items():
            paid[days < day] *= 1 - share if day <= made else 1
        close = self.worth[first:end] * shares
        rows = {name: np.round(close * factor, self.decimals) for name, factor in OHLC.items()}
        adjclose = rows["close"] if only_close else np.round(close * paid, self.adjusted_decimals)
        return rows | {"day": days, "adjclose": adjclose, "volume": np.round(1e6 / shares, 2) + 0 * days}


def walked(seed: int, rows: int, start: float = 100.0, **events) -> Stock:
    return Stock(prices.walk(seed, rows, start), **events)


def rows(**tickers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The form of `rows` of {ticker: its columns and day}; the columns that one lacks are missing."""
    names = sorted(tickers)
    counts = [len(tickers[name]["day"]) for name in names]
    made = {"tickers": np.array(names, "U"), "ticker": np.repeat(np.arange(len(names)), counts).astype(np.int32)}
    for column in ("day", *COLUMNS):
        values = [tickers[name].get(column, np.zeros(count)) for name, count in zip(names, counts, strict=True)]
        made[column] = np.concatenate([np.empty(0), *values]).astype(np.int32 if column == "day" else np.float64)
    return made


def upload(id: str, filled: bool = False, **tickers: dict[str, np.ndarray]) -> Upload:
    return Upload(id, rows(**tickers) | {"filled": np.full(len(tickers), filled)})


def folded(*uploads: Upload, base: Table | None = None) -> Table:
    return fold(base, uploads)


def of(table: Table, ticker: str) -> dict[str, np.ndarray]:
    """A ticker's rows: day and columns."""
    own = table.rows["ticker"] == table.rows["tickers"].tolist().index(ticker)
    return {name: table.rows[name][own] for name in ("day", *COLUMNS)}


def facts(table: Table, ticker: str = "A") -> Facts:
    return next(fact for fact in table.facts if fact.ticker == ticker)


def daily(stock: Stock, first: int, end: int, overlap: int = 5, **options) -> list[Upload]:
    """A file until `first`, then one a day that overlaps."""
    files = [upload(f"{first:04d}", A=stock.file(0, first, **options))]
    return files + [
        upload(f"{day:04d}", A=stock.file(day - overlap - 1, day, **options)) for day in range(first + 1, end + 1)
    ]


def assert_near(
    got: dict[str, np.ndarray], expected: dict[str, np.ndarray], rtol: float = 1e-4, columns: tuple[str, ...] = COLUMNS
) -> None:
    assert got["day"].tolist() == expected["day"].tolist()
    for name in columns:
        np.testing.assert_allclose(got[name], expected[name], rtol=rtol, atol=1e-12, err_msg=name)


def changed(given: dict[str, np.ndarray], factor: float, *at: int) -> dict[str, np.ndarray]:
    """Rows whose prices are multiplied by a factor at some places, with as many decimals as before."""
    made = {name: values.copy() for name, values in given.items()}
    for name in PRICES:
        made[name][list(at)] = np.round(made[name][list(at)] * factor, 6)
    return made


def without(given: dict[str, np.ndarray], *at: int) -> dict[str, np.ndarray]:
    return {name: np.delete(values, at) for name, values in given.items()}


def bits(table: Table) -> dict[str, object]:
    """What two tables must share to be equal to the last bit."""
    made = {name: (values.dtype.str, values.tobytes()) for name, values in table.rows.items()}
    return made | {"facts": table.facts}


def published(table: Table, shards: int = 0) -> Table:
    """The table after its way through the files of `prices`, of 2^shards shards, and its facts through JSON."""
    every = []
    for shard in range(1 << shards):
        own = parts.of_shard([table.rows], shard, shards)
        columns = {"ticker": own["tickers"][own["ticker"]], "date": own["day"]}
        columns |= {name: np.ma.masked_equal(own[name], 0.0) for name in COLUMNS}
        every.append(_read(schemas.to_parquet("prices", columns)))
    told = json.loads(json.dumps([fact.stored() for fact in reversed(table.facts)]))
    return Table.of(parts.of_shard(every, 0, 0), [Facts.of(fact) for fact in told])


def _read(file: bytes) -> dict[str, np.ndarray]:
    stored = pq.read_table(io.BytesIO(file))
    names, ticker = np.unique(np.array(stored["ticker"].to_pylist(), "U"), return_inverse=True)
    made = {"tickers": names, "ticker": ticker.astype(np.int32)}
    made["day"] = stored["date"].cast("int32").to_numpy().astype(np.int32)
    return made | {name: stored[name].fill_null(0.0).to_numpy() for name in COLUMNS}
