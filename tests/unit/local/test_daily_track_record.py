"""The track record of daily files, one of which rescales a ticker, against a recomputation outside the product."""

import datetime
import io
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import summarize
from tests.support import csv_files, pipeline
from tests.support.athena_lake import BUCKET, Lake

TICKERS = ("A", "BB", "C-D")
HISTORY, OVERLAP, HORIZONS = 190, 5, (1, 5, 20)


def frame(days: int) -> pd.DataFrame:
    return pd.concat([csv_files.bars(name, seed, HISTORY + days) for seed, name in enumerate(TICKERS)])


def daily_file(whole: pd.DataFrame, dates: list[str], at: int, split_at: int) -> bytes:
    """The last days up to a place; from split_at on, the prices of BB are those after a split of 2:1."""
    own = whole[whole["date"].isin(dates[at - OVERLAP : at + 1])].copy()
    if at >= split_at:
        split = own["ticker"] == "BB"
        prices = ["open", "high", "low", "close", "adjclose"]
        own.loc[split, prices] = own.loc[split, prices] / 2
    return csv_files.csv(own)


def send_all(days: int, monkeypatch) -> tuple[dict[str, bytes], pd.DataFrame, list[str], object]:
    """The lake after history and so many daily files; all prices as first given; the dates; the last report's facts."""
    whole = frame(days)
    dates = sorted(whole["date"].unique())
    clock, shown, render = [dates[HISTORY - 1]], [], summarize.page.render

    def kept(*given):
        shown.append(given[2])
        return render(*given)

    monkeypatch.setattr(summarize, "now", lambda: datetime.datetime.fromisoformat(f"{clock[0]}T21:30:00+00:00"))
    monkeypatch.setattr(summarize.page, "render", kept)
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        cloud.send(csv_files.csv(whole[whole["date"] <= clock[0]]), "history.csv")
        for at in range(HISTORY, HISTORY + days):
            clock[0] = dates[at]
            cloud.send(daily_file(whole, dates, at, HISTORY + days // 2), f"{dates[at]}.csv")
        lake = {key: body for (bucket, key), body in cloud.s3.objects.items() if bucket == "lake"}
    return lake, whole, dates, shown[-1].track


def recomputed(lake: dict[str, bytes], whole: pd.DataFrame, dates: list[str]) -> dict[tuple, dict]:
    """By ticker, origin and horizon what was said first and what came of it, with dictionaries and raw prices."""
    said = [pq.read_table(io.BytesIO(body)).to_pylist() for key, body in lake.items() if "/future-" in key]
    raw = {(name, day): price for name, day, price in whole[["ticker", "date", "adjclose"]].to_numpy().tolist()}
    found = {}
    for row in (row for rows in said for row in rows):
        origin = row["origin_date"].isoformat()
        place = dates.index(origin) + row["horizon"]
        came = dates[place] if place < len(dates) else None
        move = raw[row["ticker"], came] / raw[row["ticker"], origin] - 1 if came else None
        key = row["ticker"], origin, row["horizon"]
        assert key not in found, "each run says what no other has said"
        found[key] = {"came": came, "move": move, "forecast": row["forecast"] / row["naive"] - 1}
    return found


@pytest.fixture(scope="module", params=[4, pytest.param(40, marks=pytest.mark.thorough)])
def sent(request):
    with pytest.MonkeyPatch.context() as patch:
        return request.param, *send_all(request.param, patch)


def test_the_track_record_is_that_of_a_recomputation(laptop, sent):
    days, lake, whole, dates, scores = sent
    expected = recomputed(lake, whole, dates)
    assert len(expected) == len(TICKERS) * len(HORIZONS) * (days + 1)
    for horizon in HORIZONS:  # the report's sums, of earlier runs only: the last one's days have not come
        own = [one for (_, _, ahead), one in expected.items() if ahead == horizon and one["came"]]
        assert scores[horizon].forecasts == len(own)
        assert scores[horizon].naive_error == pytest.approx(sum(one["move"] ** 2 for one in own), rel=1e-9)
        errors = sum((one["forecast"] - one["move"]) ** 2 for one in own)
        assert scores[horizon].forecast_error == pytest.approx(errors, rel=1e-9)
    assert {row["state"] for row in view(laptop, lake, expected)} == {"scored", "waiting"}


def view(laptop, lake: dict[str, bytes], expected: dict[tuple, dict]) -> list[dict[str, Any]]:
    """The rows of the view track_record, each compared with what is expected."""
    athena = Lake(laptop)
    athena.make()
    for key, body in lake.items():
        laptop("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    athena.register()
    athena.make_views()
    columns = "ticker, origin_date, horizon, state, realised_date, move, live, origin_corrected, inside_80"
    asked = athena.ask(f"select {columns} from track_record")
    assert asked.state == "SUCCEEDED", asked.reason
    rows: list[dict[str, Any]] = [dict(zip(map(str, asked.rows[0]), row, strict=True)) for row in asked.rows[1:]]
    assert len(rows) == len(expected)
    for row in rows:
        one = expected[row["ticker"], row["origin_date"], int(row["horizon"])]
        assert row["state"] == ("scored" if one["came"] else "waiting")
        assert row["origin_corrected"] == "false"
        if one["came"]:
            assert (row["realised_date"], row["live"]) == (one["came"], "true")
            assert math.isclose(float(row["move"]), one["move"], rel_tol=1e-9, abs_tol=1e-12)
    return rows


def test_the_split_is_recorded_and_halves_what_came_before(sent):
    _, lake, whole, dates, _ = sent
    tables = [pq.read_table(io.BytesIO(body)).to_pylist() for key, body in lake.items() if key.startswith("tickers/")]
    last = {row["ticker"]: row for row in tables[-1]}
    assert [entry["ratio"] for entry in last["BB"]["rescaled"]] == [0.5]
    assert last["BB"]["basis"] == 0.5
    assert last["A"]["rescaled"] == []
    prices = [pq.read_table(io.BytesIO(body)).to_pandas() for key, body in lake.items() if key.startswith("prices/")]
    halved = prices[-1][prices[-1]["ticker"] == "BB"]["adjclose"].to_numpy()
    given = whole[whole["ticker"] == "BB"]["adjclose"].to_numpy()
    np.testing.assert_allclose(halved, given / 2, rtol=1e-12)
    assert len(halved) == len(dates)
