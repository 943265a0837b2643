"""A run that is made again: the same bytes, or what differs. SageMaker has a memory and a model that learns nothing."""

import argparse
import io
import os

import pandas as pd
import pyarrow.parquet as pq
import pytest

import clean_up
import forecast
from common import code, telemetry
from local import cloud as laptops
from local import deploy
from local.replay import compare, kept, steps
from local.replay import stack as stacks
from local.replay.stack import Stack
from stockcast import replay as cli
from stocks.contract import PRICES
from tests.support import csv_files, pipeline, replays, results

ALL = list(compare.PARTS)


@pytest.fixture(scope="module")
def published():
    """The buckets after two runs, of which the second begins with the prices of the first."""
    frames = pd.concat([csv_files.bars("A", 0, 300), csv_files.bars("BB", 1, 260)])
    days = sorted(frames["date"].unique())
    with pipeline.cloud(kilobytes=replays.KILOBYTES, model=pipeline.stand_in) as cloud:
        for name, own in (("old.csv", days[:280]), ("new.csv", days[270:])):
            cloud.send(csv_files.csv(frames[frames["date"].isin(own)]), name)
        return cloud.s3


@pytest.fixture
def laptop(published, monkeypatch):
    monkeypatch.setattr(steps, "POLL_SECONDS", 0)
    monkeypatch.setattr(clean_up, "POLL_SECONDS", 0)
    with replays.laptop(published) as made:
        yield made


@pytest.mark.parametrize("run", [0, 1])
def test_a_run_that_is_made_again_gives_the_same_bytes_and_changes_nothing(laptop, run):
    assert len(laptop.runs) == 2
    assert laptop.plan(1).base == laptop.runs[0]
    assert laptop.plan(1).shards > 1
    before = dict(laptop.cloud.s3.objects)
    assert laptop.replay(run) == compare.Compared([], ALL, [])
    assert laptop.cloud.s3.objects == before
    assert not any(laptop.sagemaker.names(kind) for kind in ("Endpoint", "EndpointConfig", "Model"))
    (job,) = laptop.sagemaker.names("TrainingJob")
    assert laptop.sagemaker.status("TrainingJob", job) == "Completed"


def test_a_replay_counts_in_no_metric(laptop, capfd):
    for _ in range(2):
        assert laptop.replay().differs == []
    assert "CloudWatchMetrics" not in capfd.readouterr().out
    assert not telemetry.metrics.metric_set
    assert not telemetry.alone.metric_set


def test_of_a_file_that_changed_in_history_it_says_where_the_run_differs(laptop):
    laptop.raise_last_price(laptop.uploads()[-1])
    found = laptop.replay()
    assert any(one.startswith("runs, column table_hash: ") for one in found.differs)
    prices = [one.partition(" (")[0] for one in found.differs if one.startswith("prices, ")]
    assert sorted(prices) == sorted(f"prices, column {name}: 1 row of 300 differ" for name in PRICES)
    assert not any("volume" in one for one in found.differs)
    assert any(one.startswith("predictions of days to come, column p90: ") for one in found.differs)
    assert found.same == ["tickers"]
    assert laptop.replay(0).differs == []  # the run before had not read it


def test_what_made_the_run_is_taken_from_its_card_and_not_from_the_stack_of_today(laptop, monkeypatch):
    for name in (
        "TRAINING_IMAGE",
        "TRAINING_INSTANCE_TYPE",
        "SHARD_KILOBYTES",
        "TEST_FRACTION",
        "TRAINING_INSTANCE_COUNT",
    ):
        monkeypatch.setenv(
            name, {"TRAINING_INSTANCE_COUNT": "2", "SHARD_KILOBYTES": "64", "TEST_FRACTION": "0.4"}.get(name, "another")
        )
    assert laptop.replay() == compare.Compared([], ALL, [])
    (job,) = laptop.sagemaker.names("TrainingJob")
    asked = laptop.sagemaker.described("TrainingJob", job)
    assert asked["AlgorithmSpecification"]["TrainingImage"].endswith("/tensorflow-training:2")
    assert asked["ResourceConfig"]["InstanceType"] == "ml.m5.large"
    assert asked["ResourceConfig"]["InstanceCount"] == 1


def test_other_code_is_said_with_both_hashes_and_trains_nothing(laptop, monkeypatch):
    monkeypatch.setattr(code, "OURS", ("*.py",))
    ours = kept.changed_code(laptop.plan())
    assert ours
    said = f"code: {laptop.plan().code} in the run, {ours} here"
    assert laptop.replay() == compare.Compared([said], [], [])
    assert laptop.sagemaker.calls == []
    assert laptop.replay(anyway=True) == compare.Compared([said], ALL, [])


def test_a_container_with_other_libraries_is_named(laptop, monkeypatch):
    monkeypatch.setitem(results.CARD, "versions", {"keras": "3", "numpy": "2", "tensorflow": "2.22"})
    assert laptop.replay().differs == ["runs, parameter tensorflow: 2.21 in the run, 2.22 now"]


def test_without_the_first_file_it_begins_with_the_prices_that_the_run_began_with(laptop):
    laptop.delete(f"history/dataset=daily/{laptop.uploads()[0]}/")
    assert laptop.replay() == compare.Compared([], ALL, [])
    assert laptop.said[0] == f"{laptop.runs[1]}: 2 files, on the prices of {laptop.runs[0]}"


def test_what_is_gone_is_named(laptop):
    new = laptop.uploads()[-1]
    laptop.delete(f"history/dataset=daily/{new}/")
    with pytest.raises(kept.NotReplayed, match=f"is gone: history/dataset=daily/{new}/[0-9a-f]{{8}}/00000.npz"):
        laptop.replay()
    assert laptop.replay(0).differs == []


@pytest.mark.parametrize("prefix", ["prices/{}00001", "facts/{}00001", "plans/{}"])
def test_a_base_that_is_not_whole_is_none(laptop, prefix):
    laptop.delete(f"history/dataset=daily/{laptop.uploads()[0]}/")
    laptop.delete(prefix.format(f"dataset=daily/run_id={laptop.runs[0]}/"))
    with pytest.raises(kept.NotReplayed, match="is gone: history/dataset=daily/"):
        laptop.replay()


def test_a_run_that_was_retired_is_compared_with_what_is_left_of_it(laptop):
    for prefix in ("prices/", "facts/", "metrics/", "predictions/"):
        laptop.delete(f"{prefix}dataset=daily/run_id={laptop.runs[0]}/", but="future-")
    gone = ["prices", "metrics", "predictions of the test period"]
    assert laptop.replay(0) == compare.Compared([], ["tickers", "predictions of days to come"], gone)


def test_a_file_that_the_run_has_lost_is_named(laptop):
    laptop.delete(f"prices/dataset=daily/run_id={laptop.runs[1]}/00001")
    assert laptop.replay().differs == ["prices, file 00001.parquet: now only"]


def test_a_table_that_is_too_short_now_is_said(laptop):
    for upload in laptop.uploads():
        laptop.shorten(upload, 60)
    found = laptop.replay()
    assert found.differs[0].startswith("it would publish nothing now: ")
    assert laptop.sagemaker.calls == []


def test_a_file_in_history_that_cannot_be_read_is_said_in_words(laptop):
    (key, *_) = laptop.lake(f"history/dataset=daily/{laptop.uploads()[0]}/")
    laptop.cloud.s3.put_object(Bucket="lake", Key=key, Body=b"not an archive")
    with pytest.raises(kept.NotReplayed, match=r"^Merge failed: \w+: "):
        laptop.replay()


def test_a_job_that_fails_is_said_and_cleaned_up(laptop, monkeypatch):
    before = dict(laptop.cloud.s3.objects)
    monkeypatch.setattr(laptop.sagemaker, "jobs_end", "Failed")
    with pytest.raises(kept.NotReplayed, match="Check training says Failed: no luck"):
        laptop.replay()
    assert laptop.cloud.s3.objects == before


def test_who_interrupts_it_leaves_nothing(laptop, monkeypatch):
    before = dict(laptop.cloud.s3.objects)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(forecast, "handler", interrupt)
    with pytest.raises(KeyboardInterrupt):
        laptop.replay()
    assert not any(laptop.sagemaker.names(kind) for kind in ("Endpoint", "EndpointConfig", "Model"))
    assert laptop.cloud.s3.objects == before


def test_a_row_that_is_older_than_the_card_goes_by_the_stack(laptop):
    key = f"runs/dataset=daily/run_id={laptop.runs[1]}/00000.parquet"
    row = pq.read_table(io.BytesIO(laptop.cloud.s3.objects["lake", key]))
    sink = io.BytesIO()
    pq.write_table(row.drop_columns(["seed", "parameters", "training_image", "inference_image"]), sink)
    laptop.cloud.s3.put_object(Bucket="lake", Key=key, Body=sink.getvalue())
    assert laptop.replay() == compare.Compared([], ALL, [])


@pytest.mark.parametrize("run_id", ["daily", "daily-123", "../daily-0123456789ab", "", "DAILY-0123456789ab", "*"])
def test_what_is_no_runs_id_is_said(laptop, run_id):
    with pytest.raises(kept.NotReplayed, match="is no run's id; run_history lists them"):
        laptop.replay(run_id)


def test_a_run_that_was_never_published_is_said(laptop):
    laptop.delete(f"runs/dataset=daily/run_id={laptop.runs[1]}/")
    for run_id in (laptop.runs[1], "daily-0123456789ab"):
        with pytest.raises(kept.NotReplayed, match=f"no run {run_id} was published"):
            laptop.replay(run_id)


def test_a_run_without_a_plan_is_said(laptop):
    laptop.delete(f"plans/dataset=daily/run_id={laptop.runs[1]}/")
    with pytest.raises(kept.NotReplayed, match="no plan of"):
        laptop.replay()


def typed(laptop, monkeypatch, *arguments: str) -> int:
    """The exit code of the command, whose stack is this one."""
    monkeypatch.setattr(laptops, "variables", lambda: dict(os.environ))
    monkeypatch.setattr(deploy, "stack_name", lambda: "stocks")
    monkeypatch.setattr(stacks, "named", lambda name: Stack(dict(os.environ), laptop.client))
    return cli.command(argparse.Namespace(run_id=arguments[0], anyway="--anyway" in arguments, stack=None))


def test_the_command_ends_with_0_1_or_2(laptop, monkeypatch, capsys):
    assert typed(laptop, monkeypatch, laptop.runs[1]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"the same bytes: {', '.join(ALL)}"
    laptop.delete(f"tickers/dataset=daily/run_id={laptop.runs[1]}/00000")
    assert typed(laptop, monkeypatch, laptop.runs[1]) == 1
    assert "differs: tickers, file 00000.parquet: now only" in capsys.readouterr().out
    assert typed(laptop, monkeypatch, "daily-0123456789ab") == 2
    assert capsys.readouterr().out.startswith("cannot be replayed: no run daily-0123456789ab was published")
