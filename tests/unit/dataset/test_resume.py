import dataclasses
import datetime

import pytest

from stocks.dataset import plan
from stocks.dataset.lease import Asked, Lease
from stocks.dataset.resume import FOR_A_PERSON, Ask, Free, Start, Tell, decide, overdue
from stocks.dataset.uploads import Upload

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
SEEN = plan.seen(["u1"], "")
FREE = Lease(term=3, settled="other", planned="other", taken=NOON - 60 * MINUTE)
HELD = dataclasses.replace(FREE, holder="arn:1")


def decided(lease, asked=None, now=NOON):
    return decide("us", lease, ["u1"], "", now, asked)


def test_a_dataset_that_is_settled_or_held_or_unknown_is_left_alone():
    assert decided(dataclasses.replace(FREE, settled=SEEN)) is None
    assert decided(dataclasses.replace(HELD, taken=NOON - 9 * MINUTE)) is None
    assert decided(HELD, Asked("arn:1", "RUNNING")) is None
    assert decide("us", Lease(), [], "", NOON) is None


def test_what_is_not_settled_starts_at_once_and_is_counted():
    assert decided(FREE) == Start(
        f"us-resume-3-{SEEN}-1", dataclasses.replace(FREE, tried=SEEN, tries=1, tried_at=NOON)
    )
    assert isinstance(decided(Lease()), Start)
    assert isinstance(decide("us", Lease(term=1), [], "", NOON), Start)  # a leader that died before any verdict


@pytest.mark.parametrize(
    ("status", "error", "counted"),
    [
        ("FAILED", "ModelFailed", "ModelFailed"),
        ("FAILED", "", "Unknown"),
        ("ABORTED", "", "Aborted"),
        ("TIMED_OUT", "", "TimedOut"),
        ("SUCCEEDED", "", "Unreleased"),
        ("", "", "Unknown"),
    ],
)
def test_a_holder_that_has_ended_is_asked_for_and_counts_as_a_failure(status, error, counted):
    assert decided(HELD) == Ask("arn:1")
    assert decided(HELD, Asked("arn:2", "FAILED")) == Ask("arn:1")
    freed = dataclasses.replace(HELD, holder="", failures=1, error=counted, failed=NOON)
    assert decided(HELD, Asked("arn:1", status, error)) == Free(freed)


@pytest.mark.parametrize("error", FOR_A_PERSON)
def test_what_a_person_has_to_mend_is_not_started_until_something_came(error):
    stopped = dataclasses.replace(FREE, planned=SEEN, error=error, failures=1, failed=NOON - 600 * MINUTE)
    assert decided(stopped) is None
    assert isinstance(decided(dataclasses.replace(stopped, planned="before")), Start)


@pytest.mark.parametrize(("tries", "minutes"), [(0, 15), (1, 60), (2, 240)])
def test_starts_for_one_seen_keep_their_distance_from_failure_and_start(tries, minutes):
    failed = dataclasses.replace(FREE, planned=SEEN, failures=1, error="ModelFailed", tried=SEEN, tries=tries)
    for field in ("failed", "tried_at"):
        for early, expected in ((MINUTE, type(None)), (0 * MINUTE, Start)):
            past = {"failed": NOON - 999 * MINUTE, "tried_at": NOON - 999 * MINUTE}
            lease = dataclasses.replace(failed, **past | {field: NOON - minutes * MINUTE + early})
            assert type(decided(lease)) is expected


def test_after_three_starts_there_is_one_message_and_something_new_starts_again():
    tried = dataclasses.replace(FREE, planned=SEEN, failures=4, error="ModelFailed", failed=NOON, tried=SEEN, tries=3)
    tell = decided(tried)
    assert isinstance(tell, Tell)
    assert tell.message == (
        "Dataset us: 3 new starts have not published what was uploaded; the last error was ModelFailed. "
        "The next upload, or a nudge, tries again."
    )
    assert decided(tell.lease, now=NOON + 9999 * MINUTE) is None
    assert isinstance(decide("us", tell.lease, ["u1", "u2"], "", NOON), Start)


def upload(name, age):
    return Upload("incoming", f"incoming/us/{name}.csv", "v1", NOON - age)


def test_uploads_two_hours_to_a_day_old_without_a_verdict_are_started_by_a_fixed_name():
    uploads = [upload(name, minutes * MINUTE) for name, minutes in (("a", 119), ("b", 120), ("c", 1440), ("d", 1441))]
    started = overdue(uploads, [], "", NOON)
    assert [one.name for _, one in started] == ["c.csv", "b.csv"]
    assert started[1][0] == f"us-late-{uploads[1].id.split('-')[1]}-none"
    assert [one.name for _, one in overdue(uploads, [uploads[1].id], "", NOON)] == ["c.csv"]
    assert overdue(uploads, [], "abc", NOON)[0][0].endswith("-abc")  # once for each version of the settings


def test_the_file_of_the_first_version_is_started_whatever_its_age():
    old = upload("full", 99999 * MINUTE)
    assert [one for _, one in overdue([old], [], "", NOON, adopted=old)] == [old]
    due = upload("b", 130 * MINUTE)
    assert [one for _, one in overdue([due], [], "", NOON, adopted=due)] == [due]


def test_names_of_executions_are_short_enough_for_step_functions():
    long = "a" * 40
    start = decide(long, dataclasses.replace(FREE, term=10**6), ["u1"], "", NOON)
    late = Upload("incoming", f"incoming/{long}/a.csv", "v1", NOON - 180 * MINUTE)
    ((name, _),) = overdue([late], [], "0" * 12, NOON)
    assert max(len(start.name), len(name)) <= 80
