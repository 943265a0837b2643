"""What Summarize says beside the tables: the message, and metrics and signs of the traffic light."""

import datetime
import json

import summarize
from common import dataset, keys, storage, working
from common.events import NamedRun
from stocks import schemas
from stocks.health.findings import Said
from tests.support import results
from tests.support.plans import EXECUTION, draw, put_verdict, upload_rows
from tests.support.summarized import AT, DATA, EVENT, RUN, read


def test_the_message_tells_what_may_move_most_and_what_is_new(run, context):
    """A run before this one had one ticker less, and none that has ended."""
    tickers = sorted(name for shard in results.shards() for name in shard.tickers.tolist())
    before = draw(put_verdict(upload_rows(), "old.csv"), execution=f"{EXECUTION}before")
    columns = {name: [None] * (len(tickers) - 1) for name in schemas.SCHEMAS["tickers"].names}
    gap = Said("gap", "2020-03-02: a gap")
    known = columns | {"ticker": tickers[1:], "status": ["forecast"] * (len(tickers) - 1)}
    known |= {"notes": [[gap.note]] * (len(tickers) - 1), "last_day": [datetime.date(1970, 1, 11)] * (len(tickers) - 1)}
    earlier: NamedRun = {"run_id": before.run_id, "dataset": "us"}
    storage.put("lake", keys.lake("tickers", earlier, keys.part(0)), schemas.to_parquet("tickers", known))
    working.put_json(RUN, "data", DATA | {"previous": before.run_id})
    first = working.get_json(RUN, "tickers", 0)
    (upload,) = dataset.planned(RUN).new_files
    ended = next(name for name in first["status"] if first["status"][name] == "forecast" and name != tickers[0])
    told = {"status": first["status"] | {ended: "stale"}, "corrected": {upload: 3}}
    told |= {"missed": {tickers[0]: 11, tickers[1]: 10}}  # of the second the run before has told
    told |= {"health": {tickers[1]: [gap], tickers[0]: [gap], ended: [gap, Said("end", "it ended")]}}
    working.put_json(RUN, "tickers", first | told | {"rescaled": [(ended, upload, 0.5, 9)]}, 0)
    summarize.handler(EVENT, context)
    lines = working.get_json(RUN, "message")["lines"]
    assert lines[:2] == ["Do the ranges hold?", "  Live record: no light yet, 0 of 250 days."]
    lines = lines[lines.index("Widest expected moves, 20 trading days ahead:") :]
    new = lines[lines.index("What is new:") + 1 :]
    assert new[0] == "  1 new file: KO.csv"
    assert new[1] == f"  3 new tickers: {', '.join(sorted([tickers[0], 'NEW0', 'NEW1']))}"
    assert f"  1 ticker without a row of the newest trading day: {tickers[0]}" in new
    assert f"  1 ticker without rows for more than ten sessions: {ended}" in new
    assert f"  older prices rescaled: {ended} by 0.5 (KO.csv)" in new
    flagged = ", ".join(sorted([f"{tickers[0]} (a gap)", f"{ended} (an end)"]))
    assert f"  data health flags 2 tickers anew: {flagged}" in new
    assert new[-1] == "  not read in time, so the next run takes them: incoming/us/late.csv"
    moves = [float(line.partition("± ")[2].partition(" %")[0]) for line in lines[1 : lines.index("")]]
    assert moves == sorted(moves, reverse=True)
    page = storage.get("lake", AT.format("reports", "report.html")).decode()
    assert "corrected 3 of its" in page
    assert "KO.csv multiplied its older prices by 0.5" in page


def test_a_red_light_is_a_metric_of_all_datasets_and_stands_in_row_message_and_report(
    run, context, monkeypatch, capsys
):
    """As if 59 days of the test period were enough, on which no price stayed in a range that is a point."""
    monkeypatch.setattr(summarize.traffic_light, "DAYS", 59)
    for number, shard in enumerate(results.shards()):
        scores = results.scores(shard, forecast=1.0)
        working.put_arrays(RUN, "scores", scores | {"day_beyond": scores["day_n"]}, number)
    summarize.handler(EVENT, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    (recorded,) = [line for line in lines if "RedLights" in line]
    assert recorded["RedLights"] == [1]
    assert recorded["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert "dataset" not in recorded
    (row,) = read("runs")
    assert (row["light_live"], row["light_backtest"]) == (None, "red")
    told = working.get_json(RUN, "message")["lines"]
    assert any(line.startswith("  Backtest: red, the ranges are too narrow. Of 157 prices") for line in told)
    assert (
        "Backtest: red, the ranges are too narrow" in storage.get("lake", AT.format("reports", "report.html")).decode()
    )


def test_without_a_red_light_the_metric_is_0(run, context, capsys):
    summarize.handler(EVENT, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    assert [line["RedLights"] for line in lines if "RedLights" in line] == [[0]]
