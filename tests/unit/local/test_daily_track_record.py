"""Daily files with jumps, a split and a ticker that ends: what is told of them, against a recomputation of our own."""

import datetime
import html
import io
import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import summarize
from stocks.health.findings import PREFIX
from tests.support import csv_files, pipeline
from tests.support.athena_lake import BUCKET, Lake
from tools.generate import queries

TICKERS = ("A", "BB", "C-D", "ENDS")  # the last has no rows from the middle day on, on which BB splits
HISTORY, OVERLAP, HORIZONS = 190, 5, (1, 5, 20)
JUMPS = {1: ("A", 1.25), 2: ("BB", 1.3), 3: ("C-D", 0.8), 17: ("A", 0.7), 25: ("BB", 1.4), 38: ("C-D", 1.2)}
PRICES = ["open", "high", "low", "close", "adjclose"]


class Sent(NamedTuple):
    """The lake after history, so many daily files and a correction; all prices as first given; the dates; the last
    report's scores; and by the day that a daily file brought, message and report of its run, of the correction last."""

    days: int
    lake: dict[str, bytes]
    whole: pd.DataFrame
    dates: list[str]
    scores: dict
    told: list[tuple[list[str], str]]


def frame(days: int) -> pd.DataFrame:
    """Prices that jump on some days, by the number of the daily file, far beyond any range, and one that ends."""
    whole = pd.concat([csv_files.bars(name, seed, HISTORY + days) for seed, name in enumerate(TICKERS)])
    dates = sorted(whole["date"].unique())
    for at, (name, factor) in JUMPS.items():
        if at < days:
            later = (whole["ticker"] == name) & (whole["date"] >= dates[HISTORY + at])
            whole.loc[later, PRICES] *= factor
    return whole[(whole["ticker"] != "ENDS") | (whole["date"] < dates[HISTORY + days // 2])]


def daily_file(whole: pd.DataFrame, dates: list[str], at: int, split_at: int) -> bytes:
    """The last days up to a place; from split_at on, the prices of BB are those after a split of 2:1."""
    own = whole[whole["date"].isin(dates[at - OVERLAP : at + 1])].copy()
    if at >= split_at:
        split = own["ticker"] == "BB"
        own.loc[split, PRICES] = own.loc[split, PRICES] / 2
    return csv_files.csv(own)


def correction(whole: pd.DataFrame, dates: list[str]) -> bytes:
    """Some days of old, with another price on one of them."""
    own = whole[whole["date"].isin(dates[90:100]) & (whole["ticker"] == "A")].copy()
    own.loc[own["date"] == dates[95], PRICES] *= 1.01
    return csv_files.csv(own)


def send_all(days: int, monkeypatch) -> Sent:
    whole = frame(days)
    dates = sorted(whole["date"].unique())
    clock, shown, render, runs = [dates[HISTORY - 1]], [], summarize.page.render, []

    def kept(*given):
        shown.append(given[2])
        return render(*given)

    monkeypatch.setattr(summarize, "now", lambda: datetime.datetime.fromisoformat(f"{clock[0]}T21:30:00+00:00"))
    monkeypatch.setattr(summarize.page, "render", kept)
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        cloud.send(csv_files.csv(whole[whole["date"] <= clock[0]]), "history.csv")
        for at in range(HISTORY, HISTORY + days):
            clock[0] = dates[at]
            runs.append(cloud.send(daily_file(whole, dates, at, HISTORY + days // 2), f"{dates[at]}.csv"))
        runs.append(cloud.send(correction(whole, dates), "correction.csv"))
        lake = {key: body for (bucket, key), body in cloud.s3.objects.items() if bucket == "lake"}
    told = [(ran.json("message.json")["lines"], ran.files["reports/report.html"].decode()) for ran in runs]
    return Sent(days, lake, whole, dates, shown[-1].track, told)


def recomputed(lake: dict[str, bytes], whole: pd.DataFrame, dates: list[str]) -> dict[tuple, dict]:
    """By ticker, origin and horizon what was said first and what came of it, with dictionaries and raw prices."""
    said = [pq.read_table(io.BytesIO(body)).to_pylist() for key, body in lake.items() if "/future-" in key]
    raw = {(name, day): price for name, day, price in whole[["ticker", "date", "adjclose"]].to_numpy().tolist()}
    found: dict[tuple, dict] = {}
    for row in (row for rows in said for row in rows):
        origin = row["origin_date"].isoformat()
        place = dates.index(origin) + row["horizon"]
        came = dates[place] if place < len(dates) and (row["ticker"], dates[place]) in raw else None
        move = raw[row["ticker"], came] / raw[row["ticker"], origin] - 1 if came else None
        key = row["ticker"], origin, row["horizon"]
        one = {name: row[name] / row["naive"] - 1 for name in ("forecast", "p025", "p50", "p975")}
        found.setdefault(key, one | {"came": came, "move": move, "last": row["naive"]})  # files come in runs' order
    return found


def beyond(expected: dict[tuple, dict]) -> dict[tuple, float]:
    """By ticker, day that came and horizon the surprise of what lay beyond its range."""
    found: dict[tuple, float] = {}
    for (name, _, horizon), one in expected.items():
        if one["came"] and not one["p025"] <= one["move"] <= one["p975"]:
            bound = one["p975"] if one["move"] > one["p50"] else one["p025"]
            found[name, one["came"], horizon] = (one["move"] - one["p50"]) / (bound - one["p50"])
    return found


@pytest.fixture(scope="module", params=[4, pytest.param(40, marks=pytest.mark.thorough)])
def sent(request):
    with pytest.MonkeyPatch.context() as patch:
        return send_all(request.param, patch)


@pytest.fixture(scope="module")
def athena(laptop, sent):
    made = Lake(laptop)
    made.make()
    for key, body in sent.lake.items():
        laptop("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    made.register()
    made.make_views()
    yield made
    made.remove()


def ask(athena: Lake, sql: str) -> list[dict[str, Any]]:
    asked = athena.ask(sql)
    assert asked.state == "SUCCEEDED", asked.reason
    return [dict(zip(map(str, asked.rows[0]), row, strict=True)) for row in asked.rows[1:]]


def test_49_the_track_record_is_that_of_a_recomputation(athena, sent):
    days, lake, whole, dates, scores, _ = sent
    expected = recomputed(lake, whole, dates)
    origins = (len(TICKERS) - 1) * (days + 1) + days // 2 + 1
    assert len(expected) == len(HORIZONS) * origins
    for horizon in HORIZONS:  # the report's sums, of earlier runs only: the last one's days have not come
        own = [one for (_, _, ahead), one in expected.items() if ahead == horizon and one["came"]]
        assert scores[horizon].forecasts == len(own)
        assert scores[horizon].naive_error == pytest.approx(sum(one["move"] ** 2 for one in own), rel=1e-9)
        errors = sum((one["forecast"] - one["move"]) ** 2 for one in own)
        assert scores[horizon].forecast_error == pytest.approx(errors, rel=1e-9)
    assert {row["state"] for row in view(athena, expected)} == {"scored", "waiting"}


def view(athena: Lake, expected: dict[tuple, dict]) -> list[dict[str, Any]]:
    """The rows of the view track_record, each compared with what is expected."""
    columns = "ticker, origin_date, horizon, state, realised_date, move, live, origin_corrected, inside_80"
    rows = ask(athena, f"select {columns} from track_record")
    assert len(rows) == len(expected)
    for row in rows:
        one = expected[row["ticker"], row["origin_date"], int(row["horizon"])]
        assert row["state"] == ("scored" if one["came"] else "waiting")
        assert row["origin_corrected"] == "false"
        if one["came"]:
            assert (row["realised_date"], row["live"]) == (one["came"], "true")
            assert math.isclose(float(row["move"]), one["move"], rel_tol=1e-9, abs_tol=1e-12)
    return rows


def test_the_view_of_breaches_has_each_once(athena, sent):
    expected = beyond(recomputed(sent.lake, sent.whole, sent.dates))
    rows = ask(athena, "select ticker, realised_date, horizon, surprise from breaches")
    found = {(row["ticker"], row["realised_date"], int(row["horizon"])): float(row["surprise"]) for row in rows}
    assert len(rows) == len(expected)
    assert found == pytest.approx(expected, rel=1e-6)
    planted = {(name, sent.dates[HISTORY + at], 1) for at, (name, _) in JUMPS.items() if at < sent.days}
    assert planted <= set(found)


def test_the_saved_query_puts_the_last_day_and_its_greatest_surprise_first(athena, sent):
    expected = beyond(recomputed(sent.lake, sent.whole, sent.dates))
    last = sorted({day for _, day, horizon in expected if horizon == 1})[-1]
    day = [(name, surprise) for (name, came, horizon), surprise in expected.items() if (came, horizon) == (last, 1)]
    (query,) = (one.text for one in queries.named_queries() if one.name == "14_breaches")
    rows = [row for row in ask(athena, query) if (row["realised_date"], row["horizon"]) == (last, "1")]
    assert [row["ticker"] for row in rows] == [name for name, _ in sorted(day, key=lambda one: -one[1])]
    assert {(row["breaches"], row["prices"]) for row in rows} == {(str(len(day)), str(len(TICKERS) - 1))}


def test_each_message_and_report_tell_the_days_breaches_and_no_other(sent):
    expected = recomputed(sent.lake, sent.whole, sent.dates)
    surprises = beyond(expected)
    for at, (lines, report) in enumerate(sent.told[:-1]):
        day = sent.dates[HISTORY + at]
        told = lines[1 : lines.index("")]
        assert lines[0] == "Prices that came, beside the 95 % ranges published before:"
        heads = [line for line in told if not line.startswith("    ")]
        for horizon, ahead in zip(HORIZONS, ("1 day", "5 days", "20 days"), strict=True):
            prices = sum((one["came"], key[2]) == (day, horizon) for key, one in expected.items())
            own = {name: one for (name, came, h), one in surprises.items() if (came, h) == (day, horizon)}
            counted = f"{ahead} ahead: {len(own)} of {prices} beyond 95 %; {0.05 * prices:.1f} are normal"
            assert sum(line.startswith(f"  {counted}") for line in heads) == (prices > 0)
            assert (counted.replace(":", "", 1) in report) == (prices > 0)
            order = sorted(own, key=lambda name: -own[name])
            if horizon == 1:
                assert [line.split()[0] for line in told if line.startswith("    ")] == order
                assert all(f"{own[name]:.2f} half-widths" in " ".join(told) for name in order)
            elif order:
                assert any(line.endswith(f"normal: {', '.join(order)}") for line in heads)
        assert report.count(f"<td>{day}</td>") == sum(came == day for _, came, _ in surprises)


def test_a_run_without_a_new_day_tells_no_breach(sent):
    lines, report = sent.told[-1]
    assert lines[0] == "Do the ranges hold?"
    assert "beyond their range" not in report


def news(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines[lines.index("What is new:") + 1 :]]


def test_each_message_tells_the_days_split_and_end_and_no_other(sent):
    middle = sent.days // 2
    planted = {
        17: ["data health flags 1 ticker anew: A (a step like a missing split)"],  # to 0.7, like 3:2
        middle: [
            "1 ticker without a row of the newest trading day: ENDS",
            f"older prices rescaled: BB by 0.5 ({sent.dates[HISTORY + middle]}.csv)",
        ],
        middle + 10: [
            "1 ticker without rows for more than ten sessions: ENDS",
            "data health flags 1 ticker anew: ENDS (an end)",
        ],
        sent.days: ["correction.csv corrected 1 of its 10 rows (10.0 %)"],
    }
    files = [f"{day}.csv" for day in sent.dates[HISTORY:]] + ["correction.csv"]
    for at, (lines, _) in enumerate(sent.told):
        assert news(lines) == [f"1 new file: {files[at]}", *planted.get(at, [])]


def test_the_last_report_and_the_table_tell_what_is_wrong_and_of_nothing_else(sent):
    dates, last = sent.dates, sent.days - sent.days // 2
    wrong = {}
    if sent.days > 17:
        wrong["A"] = f"{dates[HISTORY + 17]}: the price stepped to 2/3 of the day before; is a split of 3:2 missing?"
    if last > 10:
        wrong["ENDS"] = f"its last day is {dates[-last - 1]}, the dataset's is {dates[-1]}"
    table = [
        pq.read_table(io.BytesIO(body)).to_pylist() for key, body in sent.lake.items() if key.startswith("tickers/")
    ]
    notes = {row["ticker"]: [one for one in row["notes"] if one.startswith(PREFIX)] for row in table[-1]}
    assert notes == {name: [PREFIX + wrong[name]] if name in wrong else [] for name in TICKERS}
    report = html.unescape(sent.told[-1][1])
    health = report.partition('id="health-title"')[2].partition("</section>")[0]
    assert health.count("<tr>") == (1 + len(wrong) if wrong else 0)
    assert [one for one in wrong.values() if one not in health] == []


def test_the_split_is_recorded_and_halves_what_came_before(sent):
    _, lake, whole, dates, _, _ = sent
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
