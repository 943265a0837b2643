import dataclasses
import datetime
import io

import numpy as np
import pyarrow.parquet as pq
import pytest

from stocks import schemas
from stocks.contract import COLUMNS, SCHEMA
from tests.support import results, shards
from tests.support.prices import walk

RUN: dict[str, list] = {
    "term": [7],
    "inputs": ["0123456789ab"],
    "files": [3],
    "new_files": [["20261123T034001Z-0123456789ab"]],
    "missing": [[]],
    "base_run": [""],
    "settings": [""],
    "table_hash": ["ff"],
    "code": ["c0dec0dec0de"],
    "training_image": ["tensorflow-training:2"],
    "inference_image": ["tensorflow-inference:2"],
    "seed": [1],
    "parameters": ['{"epochs": 6}'],
    "source_key": ["incoming/us/prices.csv"],
    "source_version": ["v1"],
    "uploaded": [datetime.datetime(2026, 11, 23, 3, 40, 1, tzinfo=datetime.UTC)],
    "started": [datetime.datetime(2026, 11, 23, 3, 40, 1, 500_000, datetime.UTC)],
    "finished": [datetime.datetime(2026, 11, 23, 3, 50, tzinfo=datetime.UTC)],
    "rows": [12],
    "rejected_rows": [1],
    "tickers": [2],
    "shards": [1],
    "train_seconds": [30.5],
    "endpoint_seconds": [None],
    "training_instance_type": ["ml.m5.large"],
    "endpoint_instance_type": ["ml.m5.large"],
    "cost_usd": [0.01],
    "model_uri": ["s3://lake/models/m.tar.gz"],
    "gates": [[0.0, 0.1, 0.0]],
    "light_live": [None],
    "light_backtest": ["green"],
    "schema": [SCHEMA],
    "model_run": ["us-0123456789ab"],
    "model_reason": ["every run trains"],
}


def read(body):
    return pq.read_table(io.BytesIO(body))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "predictions",
            "ticker string, origin_date date32[day], target_date date32[day], horizon int32, split string,"
            " actual double, naive double, drift double, random_forest double, lstm double,"
            " forecast double, p025 double, p10 double, p50 double, p90 double, p975 double, expected_move double",
        ),
        (
            "metrics",
            "ticker string, model string, horizon int32, n int64, rmse double, mae double, rmse_vs_naive double,"
            " mae_vs_naive double, mase double, directional_accuracy double, always_up_rate double, dm_t double,"
            " coverage80 double, coverage95 double, pinball double, pinball_vs_constant double, qlike double,"
            " rmse_vs_naive_median double, mae_vs_naive_median double, mase_median double,"
            " pinball_vs_constant_median double",
        ),
        (
            "runs",
            "term int64, inputs string, files int32, new_files list<element: string>, missing list<element: string>,"
            " base_run string, settings string, table_hash string, code string,"
            " training_image string, inference_image string, seed int64, parameters string,"
            " source_key string, source_version string, uploaded timestamp[ms],"
            " started timestamp[ms], finished timestamp[ms], rows int64,"
            " rejected_rows int64, tickers int32, shards int32, train_seconds double,"
            " endpoint_seconds double, training_instance_type string, endpoint_instance_type string, cost_usd double,"
            " model_uri string, gates list<element: double>, light_live string,"
            " light_backtest string, schema int32, model_run string, model_reason string",
        ),
        (
            "files",
            "dataset string, upload string, source_key string, source_version string, uploaded timestamp[ms],"
            " verdict string, reason string, rows int64, rejected_rows int64, tickers int32, first_day date32[day],"
            " last_day date32[day], columns list<element: string>, ignored list<element: string>, settings string",
        ),
        (
            "tickers",
            "ticker string, rows int64, first_day date32[day], last_day date32[day], status string, reason string,"
            " corrections int64, rescaled list<element: struct<upload: string, ratio: double, days: int64>>,"
            " basis double, price_column string, notes list<element: string>, calendar string",
        ),
        (
            "prices",
            "ticker string, date date32[day], open double, high double, low double, close double, adjclose double,"
            " volume double",
        ),
    ],
)
def test_a_table_has_the_designs_columns_and_types(table, expected):
    empty: dict[str, list] = {name: [] for name in schemas.SCHEMAS[table].names}
    schema = read(schemas.to_parquet(table, empty)).schema
    assert ", ".join(f"{field.name} {field.type}" for field in schema) == expected


def test_a_run_survives_writing():
    (row,) = read(schemas.to_parquet("runs", RUN)).to_pylist()
    assert row["started"] == datetime.datetime(2026, 11, 23, 3, 40, 1, 500_000)
    assert row["endpoint_seconds"] is None
    assert (row["new_files"], row["missing"]) == (["20261123T034001Z-0123456789ab"], [])
    assert row["gates"] == [0.0, 0.1, 0.0]
    assert row["schema"] == 2


@pytest.mark.parametrize(
    ("column", "value"), [("cost_usd", [np.nan]), ("train_seconds", [np.inf]), ("gates", [[0.0, np.nan, 0.0]])]
)
def test_nan_and_infinity_are_refused(column, value):
    with pytest.raises(ValueError, match=f"column {column} holds NaN or infinity"):
        schemas.to_parquet("runs", RUN | {column: value})


def test_masked_values_are_null_whatever_lies_under_them():
    columns = {name: RUN[name] for name in RUN} | {"cost_usd": np.ma.masked_array([np.nan], mask=[True])}
    assert read(schemas.to_parquet("runs", columns))["cost_usd"].to_pylist() == [None]


def test_a_column_too_many_or_too_few_is_refused_by_name():
    with pytest.raises(ValueError, match=r"runs: columns differ from the schema: .*'profit'"):
        schemas.to_parquet("runs", RUN | {"profit": [1.0]})
    with pytest.raises(ValueError, match="'gates'"):
        schemas.to_parquet("runs", {name: value for name, value in RUN.items() if name != "gates"})


@pytest.mark.parametrize("trained", [True, False])
def test_an_lstm_that_was_not_trained_is_null_and_nothing_else_is(trained):
    rows = results.rows(shards.shard({"A": walk(1, 270)}), lstm=1.002 if trained else 0)
    table = read(schemas.predictions(rows, np.array(["A"])))
    nulls = {name: table[name].null_count for name in table.column_names if table[name].null_count}
    assert nulls == {"actual": 3} | ({} if trained else {"lstm": table.num_rows})
    assert table["lstm"].to_pylist()[0] == (pytest.approx(1.002 * table["naive"].to_pylist()[0]) if trained else None)
    assert table["expected_move"].to_pylist()[:1] == [0.01]


def test_prices_of_a_shard_and_its_skipped_tickers_are_sorted_and_0_is_null():
    shard = shards.shard({"A": [1.0, 2.0], "C": [5.0]}, test_from=10**6)
    skipped = shards.shard({"B": [3.0]}, test_from=10**6)
    shard.volume[1] = 0.0
    shard.open[2] = 0.0
    rows = read(schemas.prices(shard, skipped)).to_pylist()
    assert [(row["ticker"], row["date"].isoformat(), row["adjclose"]) for row in rows] == [
        ("A", "2020-01-01", 1.0),
        ("A", "2020-01-02", 2.0),
        ("B", "2020-01-01", 3.0),
        ("C", "2020-01-01", 5.0),
    ]
    assert [row["volume"] for row in rows] == [1e6, None, 1e6, 1e6]
    assert [row["open"] for row in rows] == [1.0, 2.0, 3.0, None]


def test_numbers_have_no_dictionary_and_a_row_of_prices_takes_30_bytes():
    names = [f"T{ticker:02d}" for ticker in range(20)]
    shard = shards.shard({name: np.round(walk(at, 2500), 4) for at, name in enumerate(names)})
    noise = np.random.default_rng(1)
    columns = {name: np.round(shard.adjclose * noise.normal(1, 0.01, len(shard.adjclose)), 4) for name in COLUMNS}
    shard = dataclasses.replace(shard, **columns | {"volume": noise.integers(10**5, 10**6, len(shard.adjclose)) * 1.0})
    body = schemas.prices(shard)
    assert len(body) < 30 * len(shard.adjclose)
    kinds = pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0)
    kept = {kinds.column(at).path_in_schema for at in range(8) if "RLE_DICTIONARY" in kinds.column(at).encodings}
    assert kept == {"ticker", "date"}


def test_prices_of_no_ticker_are_an_empty_table():
    assert read(schemas.prices(shards.shard({}), shards.shard({}))).num_rows == 0


def test_prices_are_read_again_as_the_rows_that_they_were_to_the_last_bit():
    shard = shards.shard({"B": walk(1, 30), "A": walk(2, 20)}, test_from=10**6)
    shard.volume[3] = shard.open[7] = 0.0
    rows = schemas.price_rows(read(schemas.prices(shard)))
    assert rows["tickers"].tolist() == ["A", "B"]
    assert rows["ticker"].tolist() == [0] * 20 + [1] * 30
    assert (rows["ticker"].dtype, rows["day"].dtype) == (np.int32, np.int32)
    np.testing.assert_array_equal(rows["day"], shard.days)
    for name in COLUMNS:
        assert rows[name].tobytes() == getattr(shard, name).tobytes(), name


def test_prices_of_no_ticker_are_read_as_rows_of_none():
    rows = schemas.price_rows(read(schemas.prices(shards.shard({}))))
    assert {name: (len(values), values.dtype.kind) for name, values in rows.items()} == {
        "tickers": (0, "U"), "ticker": (0, "i"), "day": (0, "i"), **dict.fromkeys(COLUMNS, (0, "f")),
    }  # fmt: skip


def test_tickers_survive_writing():
    row = {
        "ticker": "A", "rows": 3, "first_day": 19_000, "last_day": 19_004, "status": "forecast", "reason": "",
        "corrections": 1, "rescaled": [{"upload": "u", "ratio": 0.5, "days": 2}], "basis": 0.5,
        "price_column": "adjclose", "notes": ["x"], "calendar": "XNYS",
    }  # fmt: skip
    (found,) = read(schemas.to_parquet("tickers", {name: [value] for name, value in row.items()})).to_pylist()
    assert found == row | {"first_day": datetime.date(2022, 1, 8), "last_day": datetime.date(2022, 1, 12)}


def test_the_columns_that_a_table_in_the_catalog_lacks():
    had = [name for name in schemas.SCHEMAS["tickers"].names if name not in ("rescaled", "first_day", "rows")]
    assert schemas.missing("tickers", had) == [
        ("rows", "bigint"),
        ("first_day", "date"),
        ("rescaled", "array<struct<upload:string,ratio:double,days:bigint>>"),
    ]
    assert schemas.missing("tickers", [*schemas.SCHEMAS["tickers"].names, "own"]) == []


def test_every_type_of_a_table_has_its_name_in_the_catalog():
    of_runs = dict(schemas.missing("runs", []))
    assert {of_runs[name] for name in ("files", "new_files", "uploaded", "cost_usd", "gates", "settings")} == {
        "int", "array<string>", "timestamp", "double", "array<double>", "string",
    }  # fmt: skip
    for table in schemas.SCHEMAS:
        assert len(schemas.missing(table, [])) == len(schemas.SCHEMAS[table])
