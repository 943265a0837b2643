"""The tables analysts read: explicit schemas, and columns written as Parquet."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stocks.contract import COLUMNS, MODELS, QUANTILES
from stocks.series import Shard
from stocks.track import Said

CRAWLED = (
    "metrics",
    "predictions",
    "prices",
    "runs",
    "tickers",
)  # with a partition of each run; the rest is the template's
ROW_GROUP = 100_000  # rows; files are sorted by ticker, so a query for one ticker skips the other groups

_string, _double, _int32, _int64 = pa.string(), pa.float64(), pa.int32(), pa.int64()
_date, _instant = pa.date32(), pa.timestamp("ms")
_HIVE = {_string: "string", _double: "double", _int32: "int", _int64: "bigint", _date: "date", _instant: "timestamp"}
_rescaled = pa.list_(pa.struct([("upload", _string), ("ratio", _double), ("days", _int64)]))

SCHEMAS = {
    "predictions": pa.schema(
        [("ticker", _string), ("origin_date", _date), ("target_date", _date), ("horizon", _int32), ("split", _string)]
        + [(name, _double) for name in ("actual", *MODELS, *QUANTILES, "expected_move")]
    ),
    "metrics": pa.schema(
        [("ticker", _string), ("model", _string), ("horizon", _int32), ("n", _int64)]
        + [(name, _double) for name in ("rmse", "mae", "rmse_vs_naive", "mae_vs_naive", "mase")]
        + [(name, _double) for name in ("directional_accuracy", "always_up_rate", "dm_t")]
        + [(name, _double) for name in ("coverage80", "coverage95", "pinball", "pinball_vs_constant", "qlike")]
        + [(name, _double) for name in ("rmse_vs_naive_median", "mae_vs_naive_median", "mase_median")]
        + [("pinball_vs_constant_median", _double)]
    ),
    "runs": pa.schema(
        [
            ("term", _int64),
            ("inputs", _string),
            ("files", _int32),
            ("new_files", pa.list_(_string)),
            ("missing", pa.list_(_string)),
            ("base_run", _string),
            ("settings", _string),
            ("table_hash", _string),
            ("code", _string),
            ("training_image", _string),
            ("inference_image", _string),
            ("seed", _int64),
            ("parameters", _string),
            ("source_key", _string),
            ("source_version", _string),
            ("uploaded", _instant),
            ("started", _instant),
            ("finished", _instant),
            ("rows", _int64),
            ("rejected_rows", _int64),
            ("tickers", _int32),
            ("shards", _int32),
            ("train_seconds", _double),
            ("endpoint_seconds", _double),
            ("training_instance_type", _string),
            ("endpoint_instance_type", _string),
            ("cost_usd", _double),
            ("model_uri", _string),
            ("gates", pa.list_(_double)),
            ("light_live", _string),
            ("light_backtest", _string),
            ("schema", _int32),
            ("model_run", _string),
            ("model_reason", _string),
        ]
    ),
    "files": pa.schema(
        [
            ("dataset", _string),
            ("upload", _string),
            ("source_key", _string),
            ("source_version", _string),
            ("uploaded", _instant),
            ("verdict", _string),
            ("reason", _string),
            ("rows", _int64),
            ("rejected_rows", _int64),
            ("tickers", _int32),
            ("first_day", _date),
            ("last_day", _date),
            ("columns", pa.list_(_string)),
            ("ignored", pa.list_(_string)),
            ("settings", _string),
        ]
    ),
    "tickers": pa.schema(
        [
            ("ticker", _string),
            ("rows", _int64),
            ("first_day", _date),
            ("last_day", _date),
            ("status", _string),
            ("reason", _string),
            ("corrections", _int64),
            ("rescaled", _rescaled),
            ("basis", _double),
            ("price_column", _string),
            ("notes", pa.list_(_string)),
            ("calendar", _string),
        ]
    ),
    "prices": pa.schema(
        [("ticker", _string), ("date", _date)]
        + [(name, _double) for name in ("open", "high", "low", "close", "adjclose", "volume")]
    ),
}


def hive(kind: pa.DataType) -> str:
    """A column's type as the Glue catalog writes it. Raises KeyError for one that no table has."""
    if pa.types.is_list(kind):
        return f"array<{hive(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{hive(field.type)}' for field in kind)}>"
    return _HIVE[kind]


def missing(table: str, columns: Collection[str]) -> list[tuple[str, str]]:
    """Names and Hive types of the columns that a table in the catalog does not have yet, in the schema's order."""
    return [(field.name, hive(field.type)) for field in SCHEMAS[table] if field.name not in columns]


def to_parquet(table: str, columns: Mapping[str, Sequence | np.ndarray | pa.Array]) -> bytes:
    """The file of a table from its columns: arrays, masked arrays (masked = null) or lists (None = null).

    Days are int32 since 1970 or dates, instants are datetimes. Raises ValueError for a column too many or too few,
    and for NaN or infinity: a table says null, and SQL's averages must not turn NaN.
    """
    return written([arrow(table, columns)], SCHEMAS[table])


def arrow(table: str, columns: Mapping[str, Sequence | np.ndarray | pa.Array]) -> pa.Table:
    """What `to_parquet` writes, or a piece of it."""
    schema = SCHEMAS[table]
    if set(columns) != set(schema.names):
        raise ValueError(f"{table}: columns differ from the schema: {sorted(set(columns) ^ set(schema.names))}")
    return pa.table([_column(columns[field.name], field) for field in schema], schema=schema)


def written(pieces: Iterable[pa.Table], schema: pa.Schema) -> bytes:
    """A table as a Parquet file; its pieces are written one by one, each in row groups of its own.

    Floats have no dictionaries: hardly any number comes twice, and zstd makes less of places in a list than of prices.
    """
    repeated = [field.name for field in schema if not pa.types.is_floating(field.type)]
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, compression="zstd", use_dictionary=repeated) as writer:
        for piece in pieces:
            writer.write_table(piece, ROW_GROUP)
    return sink.getvalue().to_pybytes()


def predictions(rows: Mapping[str, np.ndarray], tickers: np.ndarray) -> bytes:
    """The predictions file of one shard, from the columns of stocks.predictions.join."""
    columns = {name: rows[name] for name in SCHEMAS["predictions"].names if name in rows}
    return to_parquet(
        "predictions",
        columns
        | {
            "ticker": _words(tickers, rows["ticker"]),
            "origin_date": rows["origin_day"],
            "target_date": rows["target_day"],
            "split": _words(("test", "future"), rows["future"]),
            "actual": np.ma.masked_array(rows["actual"], mask=rows["future"]),
            "lstm": np.ma.masked_invalid(rows["lstm"]),
        },
    )


def prices(*shards: Shard) -> bytes:
    """The prices file of a shard and of its skipped tickers: accepted rows by ticker and day, null where missing."""
    columns = {
        name: np.concatenate([getattr(shard, name) for shard in shards])
        for name in ("open", "high", "low", "close", "volume")
    }
    adjclose = np.concatenate([shard.adjclose for shard in shards])
    days = np.concatenate([shard.days for shard in shards])
    names, place = np.unique(np.concatenate([shard.tickers for shard in shards]), return_inverse=True)
    ticker = np.repeat(place, np.concatenate([np.diff(shard.offsets) for shard in shards]))
    order = np.lexsort((days, ticker))
    return to_parquet(
        "prices",
        {name: np.ma.masked_equal(values[order], 0.0) for name, values in columns.items()}
        | {"ticker": _words(names, ticker[order]), "date": days[order], "adjclose": adjclose[order]},
    )


def price_rows(prices: pa.Table) -> dict[str, np.ndarray]:
    """A file of prices as `parts.of_shard` takes it: what is null is 0."""
    names, ticker = np.unique(prices["ticker"].to_numpy().astype("U"), return_inverse=True)
    columns = {name: prices[name].fill_null(0.0).to_numpy() for name in COLUMNS}
    days = prices["date"].cast(_int32).to_numpy()
    return {"tickers": names, "ticker": ticker.astype(np.int32), "day": days, **columns}


def said(future: pa.Table) -> Said:
    """The future rows of a run, as the track record takes them."""
    days = {name: future[name].cast(_int32).to_numpy() for name in ("origin_date", "target_date")}
    prices = {name: future[name].to_numpy() for name in ("horizon", "naive", "forecast", *QUANTILES)}
    return Said(ticker=future["ticker"].to_numpy().astype("U"), **days, **prices)


def _words(words: Sequence[str] | np.ndarray, at: np.ndarray) -> pa.Array:
    """string[n]: the words at places int[n]; numpy's text, which has one width, takes pyarrow many times as long."""
    return pa.DictionaryArray.from_arrays(pa.array(at.astype(np.int32)), pa.array(words, _string)).cast(_string)


def _column(values: Sequence | np.ndarray | pa.Array, field: pa.Field) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    plain = np.ma.getdata(values) if mask is not None else values
    array = pa.array(plain, type=field.type, mask=mask, from_pandas=False)
    if not np.isfinite(_floats(array)).all():
        raise ValueError(f"column {field.name} holds NaN or infinity")
    return array


def _floats(array: pa.Array) -> np.ndarray:
    """The numbers of a float column or of a list column of floats, nulls left out."""
    flat = array.flatten() if pa.types.is_list(array.type) else array
    return flat.drop_null().to_numpy(zero_copy_only=False) if pa.types.is_floating(flat.type) else np.empty(0)
