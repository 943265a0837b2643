"""What comes to Split and is no file: settings.json, the key of a folder; and settings that a verdict obeys."""

import json

import pytest

import split
from common.errors import RejectedFile, RejectedSettings
from stocks.dataset import plan
from stocks.dataset.settings import version_of
from stocks.series import iso
from tests.support.split_runs import DAYS, GOOD, OURS, all_rows, file_row, known, names, verdict

SETTINGS = "incoming/daily/settings.json"
WRONG = '{"mode": "merge", "tolerance": 1, "exclude": "a.csv"}'
ACCEPTED = {"status": "accepted", "reason": "", "run_id": plan.run_id("daily", OURS), "dataset": "daily"}


def test_right_settings_are_a_nudge_and_leave_nothing(drop, context):
    assert split.handler(drop('{"mode": "replace"}', SETTINGS), context) == ACCEPTED
    assert names("lake") == []


def test_wrong_settings_are_refused_with_all_errors_at_once(drop, context):
    with pytest.raises(RejectedSettings) as refused:
        split.handler(drop(WRONG, SETTINGS), context)
    for words in ("has 3 errors", '"mode" is ', "'tolerance' is unknown", '"exclude" is ', f"It is {SETTINGS}."):
        assert words in str(refused.value)


def test_the_newest_settings_count_even_where_the_event_is_of_older_ones(drop, context):
    event = drop(WRONG, SETTINGS)
    drop('{"mode": "append"}', SETTINGS)
    assert split.handler(event, context) == ACCEPTED


@pytest.mark.parametrize("key", ["incoming/daily/", "incoming/DAILY/"])
def test_the_key_of_a_datasets_folder_is_a_nudge(buckets, context, key):
    source = {"bucket": "incoming", "key": key, "version_id": "", "sequencer": ""}
    assert split.handler(source | {"size": 0, "execution_arn": OURS}, context) == ACCEPTED
    assert names("lake") == []


def test_a_nudge_needs_no_right_settings_since_gather_says_what_is_wrong(drop, context):
    drop(WRONG, SETTINGS)
    assert split.handler(drop("", "incoming/daily/"), context) == ACCEPTED


def test_beside_wrong_settings_a_file_gets_no_verdict_until_they_are_mended(drop, context):
    drop(WRONG, SETTINGS)
    event = drop()
    with pytest.raises(RejectedSettings, match="has 3 errors"):
        split.handler(event, context)
    assert (known(event), names("lake")) == (None, [])
    drop("{}", SETTINGS)
    assert split.handler(event, context) == ACCEPTED
    assert verdict(event).accepted


def test_a_file_that_has_its_verdict_does_not_ask_for_settings(drop, context):
    event = drop()
    split.handler(event, context)
    drop(WRONG, SETTINGS)
    assert split.handler(event, context) == ACCEPTED


def test_the_verdict_names_the_version_of_the_settings_it_was_made_by(drop, context):
    content = '{"mode": "append"}'
    drop(content, SETTINGS)
    event = drop()
    split.handler(event, context)
    assert verdict(event).settings == file_row(event)["settings"] == version_of(content.encode())


@pytest.mark.parametrize(("tolerance", "accepted"), [(0.04, False), (0.05, True)])
def test_the_tolerance_is_that_of_the_settings(drop, context, tolerance, accepted):
    drop(json.dumps({"bad_row_tolerance": tolerance}), SETTINGS)
    event = drop(GOOD + "A,2021-01-01,-1\n" * 21)
    if not accepted:
        with pytest.raises(RejectedFile, match=r"21 of 421 rows cannot be used, 4\.00% may be bad"):
            split.handler(event, context)
    else:
        split.handler(event, context)
    assert verdict(event).accepted is accepted


@pytest.mark.parametrize(
    ("order", "days"), [("day", ["2024-02-01", "2024-02-03"]), ("month", ["2024-01-02", "2024-03-02"])]
)
def test_settings_say_what_the_rows_do_not_prove_of_days(drop, context, order, days):
    drop(json.dumps({"date_order": order}), SETTINGS)
    event = drop("date,close\n01/02/2024,5\n03/02/2024,6\n")
    split.handler(event, context)
    assert [iso(day) for _, day, _ in all_rows(event)] == days


@pytest.mark.parametrize(("decimal", "price"), [("comma", 1.234), ("point", 1234.0)])
def test_settings_say_what_the_rows_do_not_prove_of_numbers(drop, context, decimal, price):
    drop(json.dumps({"decimal": decimal}), SETTINGS)
    event = drop("date;close\n" + "".join(f"{day};1,234\n" for day in DAYS))
    split.handler(event, context)
    assert {found for _, _, found in all_rows(event)} == {price}


def test_two_spellings_of_a_folder_are_one_dataset(drop, context):
    events = [drop(GOOD, f"incoming/{folder}/a.csv") for folder in ("US", "us", "uS")]
    answers = [split.handler(event, context) for event in events]
    assert {answer["dataset"] for answer in answers} == {"us"}
    found = [verdict(event) for event in events]
    assert {judged.upload.dataset for judged in found} == {"us"}
    assert len({judged.upload.id for judged in found}) == 3
    assert len([name for name in names("lake") if name.startswith("verdicts/dataset=us/")]) == 3


def test_settings_in_either_spelling_of_the_folder_count(drop, context):
    drop('{"bad_row_tolerance": 0.5}', "incoming/US/settings.json")
    event = drop(GOOD + "A,2021-01-01,-1\n" * 21, "incoming/us/a.csv")
    split.handler(event, context)
    assert verdict(event).accepted
