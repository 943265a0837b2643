"""The views of the prices and of the track record on a small lake; 2 November 2026 is a Monday."""

import datetime

import pytest

from tests.support.athena_lake import Lake, metrics_rows, price_rows, run_row, said_rows, ticker_rows
from tools.generate import queries

MON, TUE, WED, THU = "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"
# Today's table. SPLIT was halved by a recorded 2:1 split, OFF corrected by 10 %, NEAR by 0.05 %; GONE is in no row.
TODAY = {
    "A": {MON: 100.0, TUE: 104.0, WED: 101.0},
    "SPLIT": {MON: 50.0, TUE: 51.0},
    "OFF": {MON: 90.0, TUE: 91.8},
    "NEAR": {MON: 100.05, TUE: 100.05},
    "LATE": {MON: 100.0, "2026-11-08": 110.0},
    "LATER": {MON: 100.0, "2026-11-09": 110.0},
    "LOST": {TUE: 100.0, WED: 100.0},
}
BASIS = {"SPLIT": 0.5}  # in the newest run; 1.0 in those before


@pytest.fixture(scope="module")
def lake(laptop):
    """Three runs of a dataset. The second forecast Monday once more, and its file came and was ready before."""
    made = Lake(laptop)
    made.make()
    named = (*TODAY, "GONE")
    first = [(ticker, MON, 1, TUE, 100.0) for ticker in named] + [("A", MON, 5, "2026-11-09", 100.0)]
    said = {
        "first": said_rows(*first),
        "second": said_rows(("A", MON, 1, TUE, 200.0), ("A", TUE, 1, WED, 104.0)),
        "third": said_rows(("SPLIT", TUE, 1, WED, 51.0), ("A", WED, 1, THU, 101.0)),
    }
    finished = {"first": at(MON, 22), "second": at(MON, 20), "third": at(WED, 9)}
    for term, run_id in enumerate(said, 1):
        times = dict.fromkeys(("uploaded", "started", "finished"), finished[run_id])
        made.put("runs", "d", run_id, run_row(term=term, **times))
        made.put("predictions", "d", run_id, said[run_id])
        made.put("metrics", "d", run_id, metrics_rows())
        made.put("tickers", "d", run_id, tickers(BASIS if run_id == "third" else {}))
    made.put("prices", "d", "second", price_rows("GONE", [MON, TUE], [100.0, 102.0]))
    made.put(
        "prices", "d", "third", joined(price_rows(name, list(days), [*days.values()]) for name, days in TODAY.items())
    )
    made.put_file("F1", dataset="d")
    made.register()
    made.make_views()
    return made


def at(day: str, hour: int) -> datetime.datetime:
    return datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(hour))


def tickers(basis: dict[str, float]) -> dict[str, list]:
    rows = ticker_rows(*[name for name in TODAY if name != "A"])
    return rows | {"basis": [basis.get(name, 1.0) for name in rows["ticker"]]}


def joined(parts) -> dict[str, list]:
    first, *others = parts
    return {name: [*values, *(value for part in others for value in part[name])] for name, values in first.items()}


def record(lake: Lake, columns: str, where: str) -> list[list]:
    asked = lake.ask(f"select {columns} from track_record where {where} order by ticker, origin_date, horizon")
    assert asked.state == "SUCCEEDED", asked.reason
    return asked.rows[1:]


def test_the_latest_prices_are_those_of_the_newest_run_alone(lake):
    asked = lake.ask("select ticker, count(*), min(run_id), max(run_id) from latest_prices group by 1 order by 1")
    assert asked.rows[1:] == [[name, str(len(TODAY[name])), "third", "third"] for name in sorted(TODAY)]


def test_of_two_forecasts_of_a_day_the_one_of_the_lower_term_counts_though_it_came_later(lake):
    found = record(lake, "run_id, last_price, state", f"ticker = 'A' and origin_date = date '{MON}' and horizon = 1")
    assert found == [["first", "100.0", "scored"]]


def test_every_forecast_of_a_future_day_is_in_the_record_once(lake):
    found = record(lake, "ticker, origin_date, horizon", "true")
    assert len(found) == len({tuple(row) for row in found}) == 12


def test_the_state_says_why_a_forecast_has_no_score(lake):
    found = record(lake, "ticker, state, realised_date, price, move, live, inside_80", "state <> 'scored'")
    none = [None] * 5
    assert (
        found
        == [
            ["A", "waiting", *none],  # five days on
            ["A", "waiting", *none],  # from the table's last day
            ["GONE", "no_origin", *none],
            ["LATER", "gap", "2026-11-09", "110.0", *found[3][4:]],
            ["LOST", "no_origin", *none],
            ["SPLIT", "waiting", *none],
        ]
    )


def test_a_row_five_days_after_the_day_that_was_meant_is_scored_and_one_of_six_is_not(lake):
    found = record(lake, "ticker, state, realised_date", "ticker in ('LATE', 'LATER')")
    assert found == [["LATE", "scored", "2026-11-08"], ["LATER", "gap", "2026-11-09"]]


def test_a_forecast_is_live_when_it_was_published_before_the_day_began(lake):
    found = record(lake, "origin_date, live, hours_before", "ticker = 'A' and state = 'scored'")
    assert found == [[MON, "true", "2.0"], [TUE, "true", "28.0"]]


@pytest.mark.parametrize(("moment", "live", "hours"), [(-1, "true", 1 / 60), (0, "false", 0.0), (540, "false", -9.0)])
def test_who_publishes_on_the_day_itself_is_not_live(lake, moment, live, hours):
    """One minute before midnight, at midnight, and at nine in the morning."""
    time = at(TUE, 0) + datetime.timedelta(minutes=moment)
    lake.put("runs", "d", "first", run_row(term=1, **dict.fromkeys(("uploaded", "started", "finished"), time)))
    ((found, before),) = record(lake, "live, hours_before", "ticker = 'NEAR'")
    earlier = dict.fromkeys(("uploaded", "started", "finished"), at(MON, 22))
    lake.put("runs", "d", "first", run_row(term=1, **earlier))
    assert (found, float(before)) == (live, pytest.approx(hours))


def test_a_price_is_told_on_the_basis_of_its_forecast_and_a_recorded_split_corrects_nothing(lake):
    columns = "last_price, price, forecast_error, origin_corrected, inside_80"
    found = record(lake, columns, f"ticker = 'SPLIT' and origin_date = date '{MON}'")
    assert found == [["100.0", "102.0", "0.0", "false", "true"]]


def test_an_origin_that_was_corrected_since_is_marked_and_a_rounding_is_not(lake):
    found = record(lake, "ticker, origin_corrected, price", "ticker in ('NEAR', 'OFF')")
    assert [(ticker, corrected) for ticker, corrected, _ in found] == [("NEAR", "false"), ("OFF", "true")]
    assert [float(price) for *_, price in found] == pytest.approx([100.0, 102.0])


def test_a_run_without_its_row_has_said_nothing(lake):
    lake.put("predictions", "d", "failed", said_rows(("A", "2026-10-30", 1, MON, 99.0)))
    lake.register()
    assert record(lake, "run_id", "run_id = 'failed'") == []


def test_the_query_of_the_track_record_sums_what_is_live_scored_and_uncorrected(lake):
    """A on Monday +4 % and on Tuesday -3/104, SPLIT +2 %, NEAR 0 and LATE +10 %, each forecast to rise by 2 %."""
    (query,) = (one for one in queries.named_queries() if one.name == "11_track_record")
    names, row = lake.ask(query.text).rows
    found = dict(zip(names, row, strict=True))
    moves = [0.04, -3 / 104, 0.02, 0.0, 0.10]
    ratio = (sum((0.02 - move) ** 2 for move in moves) / sum(move**2 for move in moves)) ** 0.5
    assert (found["dataset"], found["horizon"], found["forecasts"], found["days"]) == ("d", "1", "5", "2")
    assert float(found["rmse_vs_naive"]) == pytest.approx(ratio)
    assert float(found["mean_move"]) == pytest.approx(sum(map(abs, moves)) / 5)
    assert (float(found["coverage80"]), float(found["coverage95"])) == pytest.approx((0.6, 0.8))
