"""A small lake with a workgroup on a laptop cloud, and SQL on it through Athena's API."""

import base64
import dataclasses
import datetime
import functools
import io
from typing import Any

import pyarrow.parquet as pq

from common import keys
from stocks import schemas
from stocks.contract import QUANTILES, SCHEMA
from stocks.dataset.latest import Latest
from tests.support import glue_tables
from tests.support.eventually import eventually
from tools.generate import queries

DATABASE, BUCKET, GROUP = "forecasts", "lake", "analysts"
PRICES = ("naive", "drift", "random_forest", "lstm", "forecast", *QUANTILES)
START = datetime.datetime(2026, 11, 23, 3, 40, 1, 500_000)


def ended_query(athena, sql: str, group: str, database: str, seconds: float = 60, **arguments) -> dict:
    """The query's execution once it has ended, well or not."""
    context = {"Database": database}
    query = athena.start_query_execution(QueryString=sql, WorkGroup=group, QueryExecutionContext=context, **arguments)[
        "QueryExecutionId"
    ]
    return eventually(
        lambda: athena.get_query_execution(QueryExecutionId=query)["QueryExecution"],
        seconds,
        pause=0.02,
        done=lambda execution: execution["Status"]["State"] not in ("QUEUED", "RUNNING"),
    )


@dataclasses.dataclass
class Asked:
    state: str
    reason: str
    rows: list[list[str | None]]  # the header first
    types: list[str]
    location: str
    execution: dict


@dataclasses.dataclass
class Lake:
    client: Any

    def __post_init__(self) -> None:
        self.client = functools.cache(self.client)  # a client takes longer to make than an object to put

    def make(self) -> None:
        self.client("s3").create_bucket(Bucket=BUCKET)
        self.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        result = {"OutputLocation": f"s3://{BUCKET}/athena/"}
        configuration = {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": result}
        self.client("athena").create_work_group(Name=GROUP, Configuration=configuration)

    def put(self, table: str, dataset: str, run_id: str, columns: dict) -> None:
        key = f"{table}/dataset={dataset}/run_id={run_id}/00000.parquet"
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=schemas.to_parquet(table, columns))

    def put_file(self, upload: str, **changed) -> None:
        """A row of the table of files."""
        row = file_row(upload) | changed
        body = schemas.to_parquet("files", {name: [value] for name, value in row.items()})
        self.client("s3").put_object(Bucket=BUCKET, Key=f"files/{upload}.parquet", Body=body)

    def put_of_schema_1(self, table: str, dataset: str, run_id: str, columns: dict) -> None:
        """A file as the first version of the tables had it, as far as its names go."""
        known = pq.read_table(io.BytesIO(schemas.to_parquet(table, columns)))
        first = known.drop_columns([name for name in ("schema", "forecast", "expected_move") if name in columns])
        sink = io.BytesIO()
        pq.write_table(first.rename_columns([f"lstm_{n}" if n in QUANTILES else n for n in first.column_names]), sink)
        key = f"{table}/dataset={dataset}/run_id={run_id}/00000.parquet"
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=sink.getvalue())

    def show(self, dataset: str, run_id: str, term: int = 1, schema: int = SCHEMA) -> None:
        """Have the views show this run, as Hand over does."""
        text = Latest(dataset, run_id, term, schema).to_json()
        self.client("s3").put_object(Bucket=BUCKET, Key=keys.latest(dataset), Body=text)

    def make_latest(self) -> None:
        self.client("glue").create_table(DatabaseName=DATABASE, TableInput=glue_tables.latest(BUCKET))

    def register(self) -> None:
        glue_tables.register(self.client("glue"), self.client("s3"), DATABASE, BUCKET)

    def make_views(self) -> None:
        for view in queries.views():
            text = base64.b64encode(queries.definition(view).replace("${Database}", DATABASE).encode()).decode()
            self.client("glue").create_table(
                DatabaseName=DATABASE,
                TableInput={
                    "Name": view.name,
                    "TableType": "VIRTUAL_VIEW",
                    "Parameters": {"presto_view": "true"},
                    "StorageDescriptor": {"Columns": [{"Name": one.name, "Type": one.hive} for one in view.columns]},
                    "ViewOriginalText": f"/* Presto View: {text} */",
                },
            )

    def remove(self) -> None:
        """Let another lake be made in the same cloud."""
        self.client("glue").delete_database(Name=DATABASE)
        self.client("athena").delete_work_group(WorkGroup=GROUP, RecursiveDeleteOption=True)
        for page in self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for item in page.get("Contents", []):
                self.client("s3").delete_object(Bucket=BUCKET, Key=item["Key"])
        self.client("s3").delete_bucket(Bucket=BUCKET)

    def ask(self, sql: str, group: str = GROUP, **arguments) -> Asked:
        athena = self.client("athena")
        execution = ended_query(athena, sql, group, DATABASE, **arguments)
        query = execution["QueryExecutionId"]
        status, location = execution["Status"], execution["ResultConfiguration"]["OutputLocation"]
        if status["State"] != "SUCCEEDED":
            return Asked(status["State"], status["StateChangeReason"], [], [], location, execution)
        found = athena.get_query_results(QueryExecutionId=query)["ResultSet"]
        rows = [[value.get("VarCharValue") for value in row["Data"]] for row in found["Rows"]]
        kinds = [column["Type"] for column in found["ResultSetMetadata"]["ColumnInfo"]]
        return Asked("SUCCEEDED", "", rows, kinds, location, execution)

    def read(self, location: str) -> bytes:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def run_row(uploaded_minutes: int = 0, finished_minutes: int = 10, **changed) -> dict[str, list]:
    """A row of the runs table whose file came, and started a run, and that finished so long after START."""
    row = {
        "term": 1, "inputs": "0123456789ab", "files": 2, "new_files": ["F1", "E2"], "missing": [], "base_run": "",
        "settings": "", "table_hash": "00", "code": "ba9876543210",
        "training_image": "tensorflow-training:2", "inference_image": "tensorflow-inference:2", "seed": 1,
        "parameters": '{"epochs": 6, "test_fraction": 0.2}',
        "source_key": "incoming/us/prices.csv", "source_version": "v1",
        "uploaded": START + datetime.timedelta(minutes=uploaded_minutes),
        "started": START + datetime.timedelta(minutes=uploaded_minutes),
        "finished": START + datetime.timedelta(minutes=finished_minutes),
        "rows": 200, "rejected_rows": 1, "tickers": 2, "shards": 1,
        "train_seconds": 30.5, "endpoint_seconds": None, "training_instance_type": "ml.m5.large",
        "endpoint_instance_type": "ml.m5.large", "cost_usd": 0.01, "model_uri": "s3://lake/models/m.tar.gz",
        "gates": [0.0, 0.25, 1.0], "light_live": None, "light_backtest": "green", "schema": SCHEMA,
        "model_run": "r1", "model_reason": "every run trains",
    }  # fmt: skip
    return {name: [value] for name, value in (row | changed).items()}


def prediction_rows(price: float = 100.0, ticker: str = "A") -> dict[str, list]:
    """One test row and one future row, one day ahead."""
    days = [datetime.date(2024, 1, 2), datetime.date(2024, 1, 3)]
    forecasts = {
        "naive": 1.0, "drift": 1.01, "random_forest": 0.8, "lstm": 1.03125, "forecast": 1.02,
        "p025": 0.95, "p10": 0.97, "p50": 1.0, "p90": 1.03, "p975": 1.05,
    }  # fmt: skip
    found: dict[str, list] = {
        "ticker": [ticker, ticker], "origin_date": days, "target_date": [days[1], datetime.date(2024, 1, 4)],
        "horizon": [1, 1], "split": ["test", "future"], "actual": [price * 1.04, None], "expected_move": [0.025] * 2,
    }  # fmt: skip
    return found | {name: [price * factor] * 2 for name, factor in forecasts.items()}


def said_rows(*said: tuple[str, str, int, str, float]) -> dict[str, list]:
    """Forecasts of days to come: ticker, origin, horizon, target and last price, each expected to rise by 2 %."""
    one = prediction_rows(1.0)
    rows = [
        {name: values[1] for name, values in one.items()}
        | {"ticker": ticker, "horizon": horizon, "expected_move": 0.025}
        | {"origin_date": datetime.date.fromisoformat(origin), "target_date": datetime.date.fromisoformat(target)}
        | {name: one[name][1] * price for name in schemas.SCHEMAS["predictions"].names if name in PRICES}
        for ticker, origin, horizon, target, price in said
    ]
    return {name: [row[name] for row in rows] for name in one}


def file_row(upload: str) -> dict:
    """A file that was accepted."""
    return {
        "dataset": "us", "upload": upload, "source_key": f"incoming/us/{upload}.csv", "source_version": "v1",
        "uploaded": START, "verdict": "accepted", "reason": "", "rows": 100, "rejected_rows": 0, "tickers": 1,
        "first_day": START.date(), "last_day": START.date(), "columns": ["Date"], "ignored": ["Open Interest", "Id"],
        "settings": "",
    }  # fmt: skip


def price_rows(ticker: str, days: list[str], prices: list[float]) -> dict[str, list]:
    """Rows of one ticker with nothing but the adjusted close."""
    rows: dict[str, list] = {name: [None] * len(days) for name in schemas.SCHEMAS["prices"].names}
    dates = [datetime.date.fromisoformat(day) for day in days]
    return rows | {"ticker": [ticker] * len(days), "date": dates, "adjclose": prices}


def ticker_rows(*skipped: str) -> dict[str, list]:
    """One ticker that is forecast, whose older prices one upload has halved, and some that are not."""
    split = {"upload": "E2", "ratio": 0.5, "days": 40}
    rows = [
        {
            "ticker": name, "rows": 100, "first_day": START.date(), "last_day": START.date(), "status": "skipped",
            "reason": "too short", "corrections": 0, "rescaled": [], "basis": 1.0, "price_column": "adjclose",
            "notes": [], "calendar": "",
        }
        for name in ("A", *skipped)
    ]  # fmt: skip
    rows[0]["notes"] = ["E2: close moved by 0.5, adjclose did not", "health: 2024-01-03: a gap", "health: an end"]
    rows[0] |= {"status": "forecast", "reason": "", "rescaled": [split], "basis": 0.5, "calendar": "XNYS"}
    return {name: [row[name] for row in rows] for name in schemas.SCHEMAS["tickers"].names}


def metrics_rows() -> dict[str, list]:
    """The pooled rows of four models, of which one has no figure, and a ticker's own."""
    rows: dict[str, list] = {name: [None] * 5 for name in schemas.SCHEMAS["metrics"].names}
    return rows | {
        "ticker": ["*", "*", "*", "*", "A"],
        "model": ["naive", "lstm", "drift", "forecast", "forecast"],
        "horizon": [1, 1, 1, 1, 1],
        "n": [2, 0, 2, 2, 1],
        "rmse_vs_naive": [1.0, None, 1.1, 0.99, 0.98],
        "rmse_vs_naive_median": [1.0, None, 1.05, 0.995, None],
        "dm_t": [None, None, -3.0, -2.5, None],
        "pinball_vs_constant": [None, None, None, 0.97, 0.96],
    }
