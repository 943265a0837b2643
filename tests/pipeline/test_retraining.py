"""Runs that take the dataset's last model, in one process: files of many kinds, and what made each run train or not."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from local.replay import compare, kept
from tests.support import csv_files, pipeline, replays

ALL = list(compare.PARTS)
FIRST, NEXT = 280, 284  # days of the first file, and of the second
PRICES = ["open", "high", "low", "close", "adjclose"]


def frame(**rows: int) -> pd.DataFrame:
    """The first days of tickers."""
    return pd.concat([csv_files.bars(name, seed, count) for seed, (name, count) in enumerate(rows.items())])


EVERY = frame(A=300, BB=300)
DAYS = sorted(EVERY["date"].unique())


def file(first: int, end: int, rows: pd.DataFrame = EVERY) -> bytes:
    return csv_files.csv(rows[rows["date"].isin(DAYS[first:end])])


def corrected(day: int, factor: float = 1.5) -> pd.DataFrame:
    """The rows, in which the prices of BB are others on a day."""
    made = EVERY.copy()
    made.loc[(made["ticker"] == "BB") & (made["date"] == DAYS[day]), PRICES] *= factor
    return made


def scaled(rows: pd.DataFrame, factor: float, ticker: str = "BB") -> pd.DataFrame:
    """The rows with the ticker's prices times a factor."""
    made = rows.copy()
    made.loc[made["ticker"] == ticker, PRICES] *= factor
    return made


@pytest.fixture
def cloud(monkeypatch):
    with pipeline.cloud(kilobytes=replays.KILOBYTES, model=pipeline.stand_in) as made:
        monkeypatch.setenv("RETRAIN_AFTER_SESSIONS", "5")
        yield made


def row(ran: pipeline.Ran) -> dict:
    return pq.read_table(io.BytesIO(ran.files["runs/00000.parquet"])).to_pylist()[0]


def told(ran: pipeline.Ran) -> list[str]:
    return json.loads(ran.files["message.json"])["lines"]


def test_until_it_is_so_old_every_run_takes_the_first_ones_model(cloud):
    first = row(cloud.send(file(0, FIRST), "a.csv"))
    assert first["model_reason"] == "it is the first run of the dataset"
    for end, reason in ((281, "1 session old"), (284, "4 sessions old")):
        ran = cloud.send(file(end - 6, end), f"{end}.csv")
        later = row(ran)
        assert later["model_run"] == first["model_run"] != f"daily-{later['term']}"
        assert later["model_reason"] == f"the model of {first['model_run']} is {reason}"
        assert (later["model_uri"], later["train_seconds"]) == (first["model_uri"], 0)
        assert f"no model was trained: {later['model_reason']}" in "\n".join(told(ran))
        assert not [key for key in ran.files if key.startswith("models/")]
    last = row(cloud.send(file(279, 285), "285.csv"))
    assert last["model_reason"] == f"the model of {first['model_run']} is 5 sessions old"
    assert last["model_run"] != first["model_run"]
    assert row(cloud.send(file(280, 286), "286.csv"))["model_run"] == last["model_run"]


def test_with_the_default_every_run_trains_and_no_message_speaks_of_it(cloud, monkeypatch):
    monkeypatch.setenv("RETRAIN_AFTER_SESSIONS", "1")
    runs = [cloud.send(file(0, FIRST), "a.csv"), cloud.send(file(275, NEXT), "b.csv")]
    assert [row(ran)["model_reason"] for ran in runs] == ["every run trains"] * 2
    assert len({row(ran)["model_run"] for ran in runs}) == 2
    assert not any("model was trained" in line for ran in runs for line in told(ran))


@pytest.mark.parametrize(
    "second",
    [
        file(FIRST, NEXT),  # new days only
        file(0, NEXT),  # all history once more
        file(0, NEXT, scaled(EVERY, 0.5)),  # all history, on another basis
        file(270, NEXT, scaled(EVERY, 0.5)),  # a split, and ten days that prove it
        file(275, FIRST, corrected(277)),  # days that are known already, of which one is corrected
        file(270, NEXT, scaled(EVERY, 1.02, "A").assign(volume=7)),
        file(260, NEXT, frame(NEW=300)),  # a ticker that begins
    ],
    ids=["new days", "a whole file", "another basis", "a split", "known days", "volumes", "a new ticker"],
)
def test_files_that_leave_what_was_learnt_as_it_is_train_nothing(cloud, second):
    first = row(cloud.send(file(0, FIRST), "a.csv"))
    assert row(cloud.send(second, "b.csv"))["model_run"] == first["model_run"]


@pytest.mark.parametrize(
    ("begins", "second", "reason"),
    [
        (0, file(0, NEXT, corrected(100)), "prices that the model learnt from have changed: BB"),
        (60, file(0, 100), "the test period begins among the days that the model learnt from"),
        (0, file(0, NEXT, frame(C=300, D=300)), "the days of the model had 560 rows and have 1,120 now"),
        (0, file(0, NEXT, frame(C=300)), "the days of the model had 560 rows and have 840 now"),
    ],
    ids=["a correction", "older history", "other tickers", "one ticker more of two"],
)
def test_files_that_change_what_there_is_to_learn_train(cloud, begins, second, reason):
    first = row(cloud.send(file(begins, FIRST), "a.csv"))
    last = row(cloud.send(second, "b.csv"))
    assert last["model_reason"] == reason
    assert last["model_run"] != first["model_run"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"test_fraction": 0.3}, "the code, a container or a setting of training is another"),
        ({"mode": "replace"}, "the table is not one of this model's with more files"),
        ({"exclude": ["a.csv"]}, "the table is not one of this model's with more files"),
    ],
)
def test_other_settings_train(cloud, said, reason):
    cloud.send(file(0, FIRST), "a.csv")
    cloud.put_settings(**said)
    assert row(cloud.send(file(0, NEXT), "b.csv"))["model_reason"] == reason


def test_a_model_that_was_deleted_or_exchanged_trains(cloud):
    first = row(cloud.send(file(0, FIRST), "a.csv"))
    key = first["model_uri"].removeprefix("s3://lake/")
    reason = f"the file of the model of {first['model_run']} is gone, or another one"
    cloud.s3.put_object(Bucket="lake", Key=key, Body=b"another")
    second = row(cloud.send(file(275, 282), "b.csv"))
    assert second["model_reason"] == reason
    cloud.s3.delete_object(Bucket="lake", Key=second["model_uri"].removeprefix("s3://lake/"))
    assert row(cloud.send(file(276, 283), "c.csv"))["model_reason"] == reason.replace(
        first["model_run"], second["model_run"]
    )


def test_the_forecasts_are_those_that_the_model_makes(cloud):
    """A model that has learnt nothing forecasts by the last days alone, so trained or taken gives the same bytes."""
    cloud.send(file(0, FIRST), "a.csv")
    taken = cloud.send(file(275, NEXT), "b.csv")
    with pipeline.cloud(kilobytes=replays.KILOBYTES, model=pipeline.stand_in) as other:
        other.send(file(0, FIRST), "a.csv")
        trained = other.send(file(275, NEXT), "b.csv")
    assert row(taken)["model_run"] != row(trained)["model_run"]
    for name in ("predictions", "metrics"):
        pd.testing.assert_frame_equal(taken.table(name), trained.table(name), check_exact=True)
    assert np.isfinite(taken.table("predictions")["p90"]).all()


@pytest.fixture
def laptop(cloud, monkeypatch):
    """Three runs: the first and the last trained, the second took the first one's model."""
    import clean_up
    from local.replay import steps

    monkeypatch.setattr(steps, "POLL_SECONDS", 0)
    monkeypatch.setattr(clean_up, "POLL_SECONDS", 0)
    for end in (FIRST, NEXT, 290):
        cloud.send(file(max(0, end - 15) if end > FIRST else 0, end), f"{end}.csv")
    with replays.laptop(cloud.s3) as made:
        yield made


@pytest.mark.parametrize(("run", "trains"), [(0, True), (1, False), (2, True)])
def test_a_replay_takes_the_model_that_the_run_took_and_trains_where_it_trained(laptop, monkeypatch, run, trains):
    monkeypatch.setenv("RETRAIN_AFTER_SESSIONS", "1")  # the stack of today
    assert laptop.replay(run) == compare.Compared([], ALL, [])
    assert len(laptop.sagemaker.names("TrainingJob")) == trains


def test_a_replay_says_that_the_model_is_gone_that_the_run_took(laptop):
    laptop.delete(f"models/dataset=daily/run_id={laptop.runs[0]}/")
    with pytest.raises(kept.NotReplayed, match="it took an earlier model and cannot do so again: the file of"):
        laptop.replay(1)
    assert laptop.replay(0) == compare.Compared([], ALL, [])
