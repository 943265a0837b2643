"""Whether a run takes the dataset's last model: each condition alone makes it train."""

import dataclasses
import datetime

import pytest

from stocks.dataset import retraining
from stocks.dataset.plan import Model, Run, Stack
from stocks.dataset.retraining import Table
from stocks.dataset.settings import Settings

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
STACK = Stack(60, 64, 90, "f1", "c1", training_hosts=1, retrain_after=5)
SETTINGS = Settings(test_fraction=0.2, bad_row_tolerance=0.01)
MADE = retraining.made_by("c1", SETTINGS, 1)
HELD = Model("us-1", "s3://lake/m", "tag", MADE, newest_day=20_000, test_from=19_000, rows=1_000)
RUN = Run("us-2", 2, NOON, code="c1", model=HELD)
MADE_OTHERWISE = "the code, a container or a setting of training is another"
OTHER_TABLE = "the table is not one of this model's with more files"
TABLE = Table(newest_day=20_004, sessions=4, rows_then=1_000, test_from=19_000, changed=())


def candidate(last=RUN, base=RUN, stack=STACK, settings=SETTINGS, force=False):
    return retraining.candidate(last, base, stack, settings, force)


def changed(thing, **fields):
    return dataclasses.replace(thing, **fields)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"last": changed(RUN, light_live="green")},
        {"base": Run("us-1", 1, NOON, model=HELD)},  # an older run that had the same model
        {"settings": changed(SETTINGS, bad_row_tolerance=0.5, exclude=("x.csv",), version="v2")},  # training sees none
        {"stack": changed(STACK, quiet_seconds=0, shard_kilobytes=1, retention_days=3, fold="f2")},
    ],
)
def test_the_newest_runs_model_may_be_taken(given):
    assert candidate(**given) == (HELD, "")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"stack": changed(STACK, retrain_after=1)}, "every run trains"),
        ({"force": True}, "a person asked for the run"),
        ({"last": None, "base": None}, "it is the first run of the dataset"),
        ({"last": changed(RUN, model=None)}, "the newest run does not say what its model was"),
        ({"stack": changed(STACK, code="c2")}, MADE_OTHERWISE),
        ({"stack": changed(STACK, training_hosts=2)}, MADE_OTHERWISE),
        ({"settings": changed(SETTINGS, test_fraction=0.3)}, MADE_OTHERWISE),
        ({"last": changed(RUN, light_live="yellow")}, "the light of the live record is yellow"),
        ({"last": changed(RUN, light_live="red")}, "the light of the live record is red"),
        ({"base": None}, OTHER_TABLE),
        ({"base": changed(RUN, model=None)}, OTHER_TABLE),
        ({"base": changed(RUN, model=changed(HELD, run_id="us-0"))}, OTHER_TABLE),
    ],
)  # fmt: skip
def test_each_of_these_alone_makes_the_plan_train(given, reason):
    assert candidate(**given) == (None, reason)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (TABLE, "the model of us-1 is 4 sessions old"),
        (changed(TABLE, sessions=1), "the model of us-1 is 1 session old"),
        (changed(TABLE, newest_day=20_000, sessions=0), "the model of us-1 is 0 sessions old"),
        (changed(TABLE, test_from=19_500, rows_then=1_100), "the model of us-1 is 4 sessions old"),
    ],
)
def test_a_table_that_only_grew_at_its_end_takes_the_model(table, why):
    assert retraining.verdict(HELD, table, True, 5) == (True, why)


@pytest.mark.parametrize(
    ("table", "stands", "reason"),
    [
        (changed(TABLE, sessions=5), True, "the model of us-1 is 5 sessions old"),
        (changed(TABLE, newest_day=19_999, sessions=0), True, "the table ends earlier than when the model was trained"),
        (changed(TABLE, test_from=18_999), True, "the test period begins among the days that the model learnt from"),
        (changed(TABLE, rows_then=1_101), True, "the days of the model had 1,000 rows and have 1,101 now"),
        (changed(TABLE, changed=("A",)), True, "prices that the model learnt from have changed: A"),
        (changed(TABLE, changed="ABCDE"), True, "prices that the model learnt from have changed: A, B, C and 2 more"),
        (TABLE, False, "the file of the model of us-1 is gone, or another one"),
    ],
)
def test_each_of_these_alone_makes_check_data_train(table, stands, reason):
    assert retraining.verdict(HELD, table, stands, 5) == (False, reason)
