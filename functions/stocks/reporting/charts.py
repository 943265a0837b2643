"""What the report's charts draw: every ticker's test days one day ahead, and the ranges after its last day."""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_ROWS = 250_000  # ticker-days in one page: some 8 MB, which a browser opens in under three seconds
FEWEST_DAYS = 60  # of a ticker; with more tickers than that allows, the rest has no chart
COLUMNS = (
    "ticker", "origin_date", "target_date", "horizon", "split", "actual", "naive", "random_forest",
    "lstm", "lstm_p025", "lstm_p10", "lstm_p90", "lstm_p975",
)  # fmt: skip
AHEAD = ("lstm", "lstm_p025", "lstm_p10", "lstm_p90", "lstm_p975")
STEPS = 100_000  # forecasts are whole hundred-thousandths of the naive price: half the characters of a price


def room(tickers: int) -> tuple[int, int]:
    """How many tickers get a chart, and of how many days at most."""
    days = max(MOST_ROWS // max(tickers, 1), FEWEST_DAYS)
    return min(tickers, MOST_ROWS // days), days


def collect(parts: Iterable[bytes], tickers: int) -> list[dict]:
    """The charts of the predictions table's files, read one at a time and only as far as there is room."""
    most, days = room(tickers)
    found = itertools.chain.from_iterable(_charts(part, days) for part in parts)
    return sorted(itertools.islice(found, most), key=lambda chart: chart["ticker"])


def _charts(part: bytes, days: int) -> Iterator[dict]:
    table = pq.ParquetFile(pa.BufferReader(part)).read(columns=list(COLUMNS))
    kept = table.filter(pc.or_(pc.equal(table["split"], "future"), pc.equal(table["horizon"], 1)))
    columns = {name: _plain(kept[name]) for name in COLUMNS}
    names = columns["ticker"]
    edges = np.flatnonzero(names[1:] != names[:-1]) + 1
    for low, high in itertools.pairwise([0, *edges.tolist(), len(names)] if len(names) else []):
        yield _chart({name: column[low:high] for name, column in columns.items()}, days)


def _plain(column: pa.ChunkedArray) -> np.ndarray:
    days = pa.types.is_date(column.type)
    return (column.cast(pa.int32()) if days else column).to_numpy(zero_copy_only=False)


def _chart(rows: dict[str, np.ndarray], days: int) -> dict:
    """One ticker: `day` counts from 1970, `gaps` are the days between; forecasts in STEPS above or below naive."""
    future = rows["split"] == "future"
    test = {name: column[~future][-days:] for name, column in rows.items()}
    ahead = {name: column[future] for name, column in rows.items()}
    chart = {
        "ticker": str(rows["ticker"][0]),
        "day": int(test["target_date"][0]) if len(test["target_date"]) else None,
        "gaps": np.diff(test["target_date"]).tolist(),
        "before": _short(test["naive"][:1]),
        "actual": _short(test["actual"]),
        "ahead": [
            [int(day), *prices]
            for day, *prices in zip(ahead["target_date"], *(_short(ahead[name]) for name in AHEAD), strict=True)
        ],
        "last": [int(ahead["origin_date"][0]), *_short(ahead["naive"][:1])] if future.any() else None,
    }
    for key, name in (("forest", "random_forest"), ("lstm", "lstm"), ("low", "lstm_p10"), ("high", "lstm_p90")):
        chart[key] = np.rint((test[name] / test["naive"] - 1) * STEPS).astype(np.int64).tolist()
    return chart


def _short(prices: np.ndarray) -> list[float]:
    """Six digits: a chart shows no more, and the page stays small."""
    return [float(f"{price:.6g}") for price in prices]
