import numpy as np
import pytest

import scale
from common import storage, working
from stocks import contract, series
from stocks.contract import COLUMNS

RUN: dict = {"run_id": "daily-0123456789ab", "dataset": "daily", "shards": 3}
CUTS = {name: series.iso(day) for name, day in zip(contract.CUTS, (70, 80, 100), strict=True)}
SHARD_KINDS = {"tickers": "U", "offsets": "i8", "days": "i4", "bounds": "i8", "minmax": "f8"} | dict.fromkeys(
    COLUMNS, "f8"
)


@pytest.fixture
def given(s3):
    """Write what Check data leaves, and what Merge leaves for shard 2: sorted rows of (ticker, day, adjclose)."""
    working.put_json(RUN, "data", {"cuts": CUTS, "votes": {}})

    def write(rows):
        rows = sorted(rows)
        tickers, codes = np.unique(np.array([row[0] for row in rows], "U8"), return_inverse=True)
        arrays = {name: np.zeros(len(rows)) for name in COLUMNS} | {
            "tickers": tickers,
            "ticker": codes.astype(np.int32),
            "day": np.array([row[1] for row in rows], np.int32),
            "adjclose": np.array([row[2] for row in rows], float),
        }
        working.put_arrays(RUN, "rows", arrays, 2)

    return write


def written(kind):
    return working.get_arrays(RUN, kind, 2)


def report():
    return working.get_json(RUN, "scaled", 2)


def run(context):
    return scale.handler({"run": RUN, "shard": 2}, context)


LONG = [("LONG", day, day + 1) for day in range(130)]
LATE = [("LATE", day, 5) for day in range(90, 130)]


def test_a_usable_ticker_comes_into_the_shard(given, context):
    given(LONG)
    assert run(context) == {"shard": 2}
    shard = written("shards")
    assert shard["tickers"].tolist() == ["LONG"]
    assert shard["days"].tolist() == list(range(130))
    assert shard["bounds"].tolist() == [[70, 80, 100, 130]]
    assert shard["minmax"].tolist() == [[1, 100]]
    assert report() == {"skipped": [], "health": {}}


def test_a_late_ticker_is_skipped_by_name_and_its_rows_kept_apart(given, context):
    given(LATE + LONG)
    run(context)
    assert written("shards")["tickers"].tolist() == ["LONG"]
    assert written("skipped")["tickers"].tolist() == ["LATE"]
    assert written("skipped")["bounds"].tolist() == [[0, 0, 10, 40]]
    reason = f"10 rows before the test period ({CUTS['test_from']}), 100 are needed"
    assert report() == {"skipped": [{"ticker": "LATE", "rows": 10, "reason": reason}], "health": {}}


def test_what_looks_wrong_is_told_of_every_ticker_even_if_it_is_skipped(given, context):
    given(LONG + [(name, day, price + 0.25 + 31.5 * (day < 110)) for name, day, price in LATE])
    run(context)
    text = f"{series.iso(110)}: the price stepped to 1/7 of the day before; is a split of 7:1 missing?"
    assert report()["health"] == {"LATE": [["step", text]]}


@pytest.mark.parametrize("rows", [[], LONG, LATE, LONG + LATE])
def test_both_files_have_the_same_keys_and_dtypes_even_when_empty(given, context, rows):
    given(rows)
    run(context)
    for kind in ("shards", "skipped"):
        shard = written(kind)
        assert {
            key: value.dtype.str[1:] if value.dtype.kind != "U" else "U" for key, value in shard.items()
        } == SHARD_KINDS
        assert shard["offsets"].tolist()[-1] == len(shard["days"])
        assert len(list(series.Shard.from_arrays(shard))) == len(shard["tickers"])


def test_prices_of_the_test_period_change_neither_bounds_nor_minmax(given, context):
    given(LONG)
    run(context)
    before = written("shards")
    given([(ticker, day, price if day < 100 else 10_000) for ticker, day, price in LONG])
    run(context)
    after = written("shards")
    assert not np.array_equal(before["adjclose"], after["adjclose"])
    assert np.array_equal(before["bounds"], after["bounds"])
    assert np.array_equal(before["minmax"], after["minmax"])


@pytest.mark.parametrize("fatal", [1, 2, 3])
def test_killed_after_any_write_a_retry_gives_the_same_files(given, context, monkeypatch, fatal):
    given([*LONG, *LATE])
    put, count = storage.put, []

    def dying(*arguments, **options):
        count.append(put(*arguments, **options))
        if len(count) == fatal:
            raise MemoryError

    with monkeypatch.context() as killed:
        killed.setattr(storage, "put", dying)
        with pytest.raises(MemoryError):
            run(context)
    run(context)
    assert (written("shards")["tickers"].tolist(), written("skipped")["tickers"].tolist()) == (["LONG"], ["LATE"])
    assert [skip["ticker"] for skip in report()["skipped"]] == ["LATE"]
