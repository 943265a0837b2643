"""What benchmarks/ computes of measured figures: histories, limits and costs on paper, and if rivals did the job."""

import dataclasses
import datetime
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from benchmarks import children, files, history, invented, lambdas, market, paper, performance, prepare, work
from benchmarks.children import Cost
from benchmarks.learned import Learned
from benchmarks.paper import Line, Market, Speeds, Training
from stocks.dataset import sizes
from stocks.health import alike
from tools import sections
from tools.template import template

NOON = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)
FAST = Line(0, 1e-6)


class History:
    """Events as Step Functions writes them; each follows the one before it, or the one that is named."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.add("ExecutionStarted", 0)

    def add(self, kind: str, at: float, state: str = "", after: int | None = None) -> int:
        place, when = len(self.events), NOON + datetime.timedelta(seconds=at)
        event = {"id": place + 1, "type": kind, "timestamp": when, "previousEventId": place if after is None else after}
        self.events.append(event | ({"stateEnteredEventDetails": {"name": state}} if state else {}))
        return place + 1

    def task(self, state: str, begin: float, end: float, after: int | None = None) -> int:
        self.add("TaskStateEntered", begin, state, after)
        self.add("TaskScheduled", begin)
        self.add("TaskStarted", begin)
        self.add("TaskSucceeded", end)
        return self.add("TaskStateExited", end)

    def told(self, end: float) -> history.Told:
        self.add("ExecutionSucceeded", end)
        return history.told(self.events)


def test_the_time_of_an_execution_is_work_waiting_and_orchestration():
    found = History()
    found.task("Split", 1, 4)
    found.add("WaitStateEntered", 4, "Wait for uploads")
    found.add("WaitStateExited", 9)
    found.task("Check training", 9, 9.5)
    told = found.told(12)
    assert (told.at_work(), told.awaited(), told.orchestrated()) == (3, 5, 4)
    assert told.transitions == 3
    assert [(call.state, call.seconds) for call in told.calls] == [("Split", 3), ("Check training", 0.5)]


def test_shards_at_once_count_once_by_the_clock_and_each_by_itself():
    found = History()
    entered = found.add("MapStateEntered", 0, "Merge shards")
    tasks = []
    for begin, end in ((0, 4), (1, 3), (3, 6)):
        iteration = found.add("MapIterationStarted", begin, after=entered)
        tasks.append(found.task("Merge", begin, end, after=iteration))
    found.add("MapStateSucceeded", 6, after=tasks[-1])
    told = found.told(6)
    assert told.at_work() == 6
    assert sum(call.seconds for call in told.calls) == 9
    assert told.transitions == 4


def test_a_wait_beside_a_step_at_work_waits_for_nothing():
    found = History()
    entered = found.add("ParallelStateEntered", 0, "Fit models")
    found.task("Baseline", 0, 10, after=entered)
    found.add("WaitStateEntered", 0, "Wait for training", after=entered)
    found.add("WaitStateExited", 12)
    told = found.told(12)
    assert (told.at_work(), told.awaited(), told.orchestrated()) == (10, 2, 0)


def test_a_call_that_is_made_again_is_a_transition_more():
    found = History()
    found.add("TaskStateEntered", 0, "Split")
    found.add("TaskScheduled", 0)
    found.add("TaskFailed", 2)
    found.add("TaskScheduled", 4)
    found.add("TaskSucceeded", 5)
    told = found.told(5)
    assert told.transitions == 2
    assert [call.seconds for call in told.calls] == [2, 1]


def test_a_history_without_an_end_tells_nothing():
    with pytest.raises(ValueError, match="which has ended"):
        history.told(History().events)


def test_a_functions_bill_is_its_memory_by_its_time():
    found = History()
    found.task("Split", 0, 2.0001)
    computing, calls, transitions = history.costs(found.told(3))
    assert computing.amount == pytest.approx(3008 / 1024 * 2.001)
    assert (calls.amount, transitions.amount) == (1, 1)


def test_a_function_has_a_processor_at_1769_megabytes_and_never_more_for_one_thread():
    assert lambdas.of("check_data") == lambdas.of("Check data")
    assert lambdas.of("split").seconds(10) == 10
    assert lambdas.of("check_data").seconds(10) == pytest.approx(10 * 1769 / 1024)
    assert lambdas.of("split").disk == 4096


STEPS = ("split", *paper.WHOLE, *paper.MAPS)
SPEEDS = Speeds(
    cpu=dict.fromkeys(STEPS, FAST),
    memory=dict.fromkeys(STEPS, Line(100, 1e-5)),
    training=Training(1e-5, 1e-7, Line(10, 1e-7), Line(600, 1e-6), 1e-5),
    characters=70,
)


def test_a_line_goes_through_both_figures_and_never_falls():
    assert Line.through((10, 5), (30, 9)).at(50) == pytest.approx(13)
    assert Line.through((10, 9), (30, 5)).at(50) == 5


def test_an_epoch_costs_by_its_windows_and_by_the_rows_that_validate_it():
    few, many = (
        Learned(rows, windows, epoch=2e-5 * windows + 3e-6 * rows, other=5, peak_mib=700, origin=1e-5)
        for rows, windows in ((1_000, 500), (100_000, 900))
    )
    found = Training.of(few, many)
    assert (found.by_window, found.by_row) == pytest.approx((2e-5, 3e-6))
    stage = paper.training(Market(10_000, 1_000), dataclasses.replace(SPEEDS, training=found))
    assert stage.each == pytest.approx(6 * (2e-5 * 1_000_000 + 3e-6 * 10_000_000) + 5)


def test_a_large_market_is_dropped_in_as_many_files_as_split_asks_for():
    few, many = (paper.split(Market(tickers, 5_000), SPEEDS) for tickers in (1_000, 60_000))
    assert (few.calls, many.calls) == (1, 6)
    assert max(many.limits.values()) <= 1


def test_the_limit_that_comes_first_is_met_where_it_is_said_to_be():
    slow = dataclasses.replace(SPEEDS, cpu={**SPEEDS.cpu, "summarize": Line(0, 1e-3)})  # 900 s are over at 900,000 rows
    tickers, limit = paper.first(Market(1, 1_000), slow)
    assert limit == "summarize: time"
    assert tickers == pytest.approx(900, rel=0.02)
    assert not paper.over(Market(tickers, 1_000), slow)


def test_steps_that_read_all_shards_grow_as_they_were_measured_of_a_market():
    costs = ({step: Cost(9, cpu, mib) for step in market.STEPS} for cpu, mib in ((2, 300), (10, 340)))
    found = dict(zip((Market(100, 7_000), Market(900, 7_000)), costs, strict=True))
    speeds = market.of_market(SPEEDS, found)
    assert paper.whole("calibrate", Market(1_700, 7_000), speeds).each == pytest.approx(18)
    assert paper.whole("calibrate", Market(1_700, 7_000), speeds).limits["memory"] == pytest.approx(380 / 2048)
    assert (speeds.memory["gather"], speeds.cpu["merge"]) == (SPEEDS.memory["gather"], FAST)
    assert list(market.lines(found))[3] == ["Calibrate", "900", "10.0", "340", "2048", "17 %"]


def test_a_copied_shard_has_tickers_of_its_own(tmp_path):
    label = {"run_id": "us-1", "shard": 0}
    names, months = ["T00000", "T00001"], ["00000000000000aa00000000000000bb", "00000000000000cc00000000000000dd"]
    reports = {
        "charts": {"glances": [{"ticker": name} for name in names]},
        "tickers": {"status": dict.fromkeys(names, "forecast")},
        "merged": {"facts": [{"ticker": name} for name in names], "months": months},
    }
    for kind, report in reports.items():
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "00000.json").write_text(json.dumps(label | {"kind": kind} | report))
    for kind, arrays in {"histograms": {"bin": np.array([3])}, "scores": {"tickers": np.array(names)}}.items():
        (tmp_path / kind).mkdir()
        files.save(tmp_path / kind / "00000.npz", arrays | {"shard": np.array(0)})
    (tmp_path / "future").mkdir()
    pq.write_table(pa.table({"ticker": names, "horizon": [1, 1]}), tmp_path / "future" / "00000.parquet")
    for number in (1, 12):
        market.copy(tmp_path, number)
        charts, tickers, merged = (json.loads((tmp_path / kind / f"{number:05d}.json").read_text()) for kind in reports)
        own = [f"{name}.{number}" for name in names]
        assert [one["ticker"] for one in charts["glances"]] == list(tickers["status"]) == own
        assert [one["ticker"] for one in merged["facts"]] == own
        assert {one["shard"] for one in (charts, tickers, merged)} == {number}
        assert files.load(tmp_path / "histograms" / f"{number:05d}.npz") == {"bin": [3], "shard": number}
        assert files.load(tmp_path / "scores" / f"{number:05d}.npz")["tickers"].tolist() == own
        assert pq.read_table(tmp_path / "future" / f"{number:05d}.parquet")["ticker"].to_pylist() == own
        assert [len(text) for text in merged["months"]] == [32, 32]
        months += merged["months"]
    assert alike.pairs({f"N{place}x": text for place, text in enumerate(months)}) == {}


@pytest.mark.parametrize("limit", ["memory", "rows of a shard", "time"])
def test_a_shard_has_limits_of_its_own(limit):
    memory = {**SPEEDS.memory, "merge": Line(0, 1 if limit == "memory" else 0)}
    cpu = {**SPEEDS.cpu, "merge": Line(0, 1 if limit == "time" else 0)}
    stage = paper.mapped("merge", Market(1_000, 5_000), dataclasses.replace(SPEEDS, cpu=cpu, memory=memory), shards=1)
    assert stage.nearest[0] == limit


def test_the_history_of_an_execution_is_a_limit_too():
    most = paper.rest(1 << sizes.SHARD_BITS).limits["history of the execution"]
    assert most == pytest.approx(7 * 5 * (1 << sizes.SHARD_BITS) / 25_000)


def test_calls_of_the_endpoint_wait_for_its_processors():
    busy = dataclasses.replace(SPEEDS, training=dataclasses.replace(SPEEDS.training, origin=1.0))
    market = Market(1_000, 2_500)
    stage = paper.serving(market, busy, shards=32)
    assert stage.wall == pytest.approx(market.origins / 2 + 300)
    assert stage.limits["time"] > 1


def test_branches_at_once_take_as_long_as_the_slower():
    stages = paper.run(Market(1_000, 2_500), SPEEDS)
    walls = {stage.name: stage.wall for stage in stages}
    assert walls["baseline"] < walls["training"]
    assert paper.hours(stages) == pytest.approx((sum(walls.values()) - walls["baseline"]) / 3600)


def test_invented_prices_are_the_same_twice_and_have_rows_twice(tmp_path):
    bodies = []
    for name in ("one.csv", "other.csv"):
        assert invented.write(tmp_path / name, 3, 1_000) == 3_003
        bodies.append((tmp_path / name).read_bytes())
    assert bodies[0] == bodies[1]
    table = pyarrow.csv.read_csv(tmp_path / "one.csv")
    assert table.column_names == list(invented.COLUMNS)
    assert len(set(zip(table["Ticker"].to_pylist(), table["Date"].to_pylist(), strict=True))) == 3_000


def test_the_memory_of_a_process_is_its_own_and_not_that_of_who_measures():
    held = bytearray(b"x") * (200 << 20)
    small, large = (children.run("-S", "-c", f"held = bytearray(b'x') * ({size} << 20)") for size in (1, 100))
    assert small.peak_mib < 100 < large.peak_mib < len(held) >> 20
    assert small.cpu > 0


def test_a_process_that_fails_is_told_with_its_last_words():
    with pytest.raises(RuntimeError, match="ended with 3: the end"):
        children.run("-S", "-c", "import sys; print('the end'); sys.exit(3)")


def left(folder, days=(1, 2), tickers=("A", "A"), low=(1.0,)):
    """What a rival writes of one ticker."""
    columns = {"Ticker": list(tickers), "Date": pa.array(days, pa.int32()).cast(pa.date32())}
    pq.write_table(pa.table(columns | {name: [1.0, 2.0] for name in prepare.VALUES}), folder / "prices.parquet")
    pq.write_table(pa.table({"Ticker": ["A"], "low": list(low), "high": [2.0]}), folder / "bounds.parquet")
    return prepare.left_in_parquet(folder)


@pytest.mark.parametrize("days", [(2, 1), (1, 1)])
def test_a_rival_that_does_not_sort_or_leaves_a_day_twice_has_not_done_the_job(tmp_path, days):
    with pytest.raises(ValueError, match="not sorted"):
        left(tmp_path, days)


def test_a_rival_with_other_bounds_has_not_done_the_job(tmp_path):
    found = left(tmp_path)
    prepare.compare({"ours": found, "theirs": left(tmp_path)})
    with pytest.raises(ValueError, match="theirs has other rows or bounds than ours"):
        prepare.compare({"ours": found, "theirs": left(tmp_path, low=(1.000001,))})
    with pytest.raises(ValueError, match="other tickers"):
        prepare.compare({"ours": found, "theirs": prepare.Bounds(np.array(["B"]), found.figures)})


def test_figures_beside_others_are_medians_and_spreads():
    chosen = prepare.ways()
    found = {"ours": [Cost(9, cpu, 200) for cpu in (4, 2, 3)], "polars": [Cost(1, cpu, 800) for cpu in (6, 9, 3)]}
    ours, polars = prepare.rows(found, chosen)
    assert ours[1:] == ["3.0", "2.0 to 4.0", "9.0", "200", "1.00"]
    assert polars[1:] == ["6.0", "3.0 to 9.0", "1.0", "800", "2.00"]


def test_every_section_that_the_command_measures_has_its_place_on_the_page():
    names = "machine prepare growth steps sizes cost market paper laptop laptop-other large"
    for name in names.split():
        sections.read(performance.DOCUMENT, name)


def test_the_page_has_each_step_of_the_machine_that_computes():
    assert {name.capitalize().replace("_", " ") for name in ("split", *paper.WHOLE, *paper.MAPS)} == set(
        history.WORKING
    )
    assert all(lambdas.of(state).timeout for state in history.WORKING)
    assert int(template()["Parameters"]["ShardKilobytes"]["MaxValue"]) == performance.CROWDED
    assert set(work.STEPS) | {"publish", "summarize"} == set(STEPS)
