"""A dataset is one table that files add to: whatever files the days come in, the results are those of one file."""

import itertools

import pandas as pd
import pytest

from stocks.dataset import sizes
from tests.support import csv_files, pipeline

TABLES = ("predictions", "metrics", "prices", "tickers")
LENGTHS = {"A": 260, "BB": 260, "C-D": 230, "E.E": 160}
CUTS = ("2020-09-01", "2020-10-14", "2020-12-07")  # where the days of the files end


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.concat([csv_files.bars(name, seed, rows) for seed, (name, rows) in enumerate(LENGTHS.items())])


def spans(frame: pd.DataFrame, overlap: int = 0) -> list[bytes]:
    """The rows in files of days that follow each other, each with so many days of the one before."""
    days, made = sorted(frame["date"].unique()), []
    edges = [0, *(days.index(day) for day in CUTS), len(days)]
    for first, end in itertools.pairwise(edges):
        own = days[max(0, first - overlap) : end]
        made.append(csv_files.csv(frame[frame["date"].isin(own)]))
    return made


@pytest.fixture(scope="module")
def whole(frame) -> pipeline.Ran:
    return pipeline.run(csv_files.csv(frame))


def assert_equal(found: pipeline.Ran, expected: pipeline.Ran) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(found.table(name), expected.table(name), check_exact=True, obj=name)
    for kind in ("rows/", "shards/", "skipped/", "baseline/"):
        assert found.below(kind).keys() == expected.below(kind).keys()
        for key in found.below(kind):
            one, other = found.arrays(key), expected.arrays(key)
            assert {name: array.tobytes() for name, array in one.items()} == {
                name: array.tobytes() for name, array in other.items()
            }, key
    assert found.json("data.json")["table_hash"] == expected.json("data.json")["table_hash"]
    assert found.evidence() == expected.evidence()


@pytest.mark.parametrize("overlap", [0, 5])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_files_that_come_at_once_are_one_run_and_give_what_one_file_gives(frame, whole, order, overlap):
    files = spans(frame, overlap)
    with pipeline.cloud() as cloud:
        first, *others = [cloud.drop(files[at], f"{at}.csv") for at in order]
        ran = cloud.go_on(first)
        for execution in others:  # whose rows are in that run
            with pytest.raises(pipeline.Ended, match="current"):
                cloud.go_on(execution)
        assert cloud.successors == []
    assert ran.table("runs")["files"].tolist() == [4]
    assert_equal(ran, whole)


def test_files_that_come_one_after_the_other_end_as_one_file_and_short_ones_train_nothing(frame, whole):
    with pipeline.cloud() as cloud:
        cloud.model = pipeline.stand_in
        files, ends = spans(frame, 5), []
        days = csv_files.csv(frame[frame["date"] < "2020-02-01"])
        for number, body in enumerate([days, *files[:-1]]):
            try:
                ends.append(cloud.send(body, f"{number}.csv"))
            except pipeline.Ended as ended:
                ends.append(ended.args[0])
        cloud.model = None
        last = cloud.send(files[-1], "last.csv")
        assert ends[0] == "too_short"
        published = [end for end in ends if isinstance(end, pipeline.Ran)]
        assert len(published) == 3
        (row,) = last.table("runs").to_dict("records")
        assert (row["files"], len(row["new_files"])) == (5, 1)
        assert row["base_run"].startswith("daily-")
        terms = [end.table("runs")["term"][0] for end in published]
        assert terms == sorted(set(terms))
        assert terms[-1] < row["term"]
    assert_equal(last, whole)


def test_a_file_again_changes_nothing_and_trains_nothing(frame):
    body = csv_files.csv(frame)
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        cloud.send(body)
        with pytest.raises(pipeline.Ended, match="unchanged"):
            cloud.send(body)


def test_a_file_that_comes_during_a_run_starts_a_successor_that_has_it(frame, whole):
    files = spans(frame)

    def during(run):
        late = cloud.drop(files[3], "late.csv")
        with pytest.raises(pipeline.Ended, match="folded"):
            cloud.go_on(late)
        return pipeline.stand_in(run)

    with pipeline.cloud(model=during) as cloud:
        uploads = [cloud.drop(body, f"{at}.csv") for at, body in enumerate(files[:3])]
        ran = cloud.go_on(uploads[0])
        assert ran.table("runs")["files"].tolist() == [3]
        (successor,) = cloud.successors
        cloud.model = None
        assert_equal(cloud.go_on(f"{pipeline.EXECUTION}{successor}"), whole)


def test_a_base_of_other_shards_gives_the_same_results(frame, whole, monkeypatch):
    files = spans(frame, 5)
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        monkeypatch.setattr(sizes, "run_bits", lambda *_: 3)
        cloud.send(csv_files.csv(frame[frame["date"] < CUTS[2]]), "0.csv")
        monkeypatch.setattr(sizes, "run_bits", lambda *_: 0)
        cloud.model = None
        last = cloud.send(files[-1], "1.csv")
        assert last.table("runs")["base_run"][0]
    assert_equal(last, whole)
