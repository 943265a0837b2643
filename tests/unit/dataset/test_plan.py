import dataclasses
import datetime
import unicodedata

import pytest

from stocks.dataset import plan
from stocks.dataset.plan import Run, Stack
from stocks.dataset.settings import Settings
from stocks.dataset.uploads import Upload, Verdict

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
STACK = Stack(quiet_seconds=60, shard_kilobytes=64, retention_days=90, fold="f1", code="c1")
DEFAULTS = Settings(test_fraction=0.2, bad_row_tolerance=0.01)


def run(term, uploads="", **other):
    return Run(
        **{"run_id": f"us-{term}", "term": term, "finished": NOON, "fold": "f1", "uploads": tuple(uploads)} | other
    )


def verdict(name, minutes=0, accepted=True):
    upload = Upload("incoming", f"incoming/us/{name}.csv", "v1", NOON + datetime.timedelta(minutes=minutes))
    fate = {"folder": "history/", "rows": 10} if accepted else {"reason": "bad"}
    return Verdict(upload, "arn", "", accepted, **fate)


def names(verdicts):
    return [one.upload.name.removesuffix(".csv") for one in verdicts]


def test_what_is_folded_is_accepted_not_excluded_and_in_order():
    verdicts = [verdict("c", 2), verdict("b", 1, accepted=False), verdict("a", 0), verdict("d", 3)]
    assert names(plan.folded(verdicts, DEFAULTS)) == ["a", "c", "d"]
    excluding = dataclasses.replace(DEFAULTS, exclude=("d.csv",))
    assert names(plan.folded(verdicts, excluding)) == ["a", "c"]
    assert names(plan.folded(verdicts, dataclasses.replace(excluding, mode="replace"))) == ["c"]
    assert plan.folded([], dataclasses.replace(DEFAULTS, mode="replace")) == []


def test_a_name_in_exclude_that_no_upload_has_is_known_for_a_slip():
    verdicts = [verdict("may"), verdict("june", accepted=False)]
    excluding = dataclasses.replace(DEFAULTS, exclude=("May.csv", "may.csv", "june.csv", "gone.csv@v9"))
    assert plan.unmatched(verdicts, excluding) == ("May.csv",)
    assert plan.unmatched(verdicts, DEFAULTS) == ()


def test_an_upload_after_the_settings_that_its_name_excludes_is_known_for_a_corrected_one():
    verdicts = [verdict("may", 1), verdict("june", 3), verdict("may", 3), verdict("july", 3, accepted=False)]
    excluding = dataclasses.replace(DEFAULTS, exclude=("may.csv", "june.csv@v1", "july.csv"))
    after = {minutes: (NOON + datetime.timedelta(minutes=minutes)).isoformat() for minutes in (2, 3)}
    assert plan.late(verdicts, dataclasses.replace(excluding, since=after[2])) == ("may.csv",)
    assert plan.late(verdicts, dataclasses.replace(excluding, since=after[3])) == ()
    assert plan.late(verdicts, excluding) == ()


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_in_exclude_is_that_of_a_file_however_its_umlauts_are_written(forms):
    uploaded, listed = (unicodedata.normalize(form, "März") for form in forms)
    excluding = dataclasses.replace(DEFAULTS, exclude=(f"{listed}.csv",))
    assert plan.folded([verdict(uploaded)], excluding) == []
    assert plan.folded([verdict(uploaded)], dataclasses.replace(excluding, exclude=(f"{listed}.csv@v1",))) == []
    assert plan.unmatched([verdict(uploaded)], excluding) == ()


def test_seen_is_of_names_in_any_order_and_the_settings():
    assert plan.seen(["a", "b"], "v") == plan.seen(["b", "a"], "v")
    assert len({plan.seen(*what) for what in ((["a"], ""), ([], "a"), (["a"], "b"), (["a", "b"], ""), ([], ""))}) == 5


def test_inputs_are_ordered_ids_and_what_else_the_run_depends_on():
    other = dataclasses.replace(DEFAULTS, test_fraction=0.3)
    assert plan.inputs(["a", "b"], DEFAULTS) == plan.inputs(["a", "b"], dataclasses.replace(DEFAULTS, version="x"))
    assert (
        len({plan.inputs(["a", "b"], DEFAULTS), plan.inputs(["b", "a"], DEFAULTS), plan.inputs(["a", "b"], other)}) == 3
    )


def test_the_run_is_named_by_the_execution_and_not_by_the_file():
    assert plan.run_id("us", "arn:1") != plan.run_id("us", "arn:2")
    assert plan.run_id("us", "arn:1") == f"us-{plan.run_id('de', 'arn:1').removeprefix('de-')}"


def test_the_newest_run_has_the_highest_term_and_in_the_first_version_the_youngest_file():
    old, young = (run(0, run_id=name, uploaded=NOON + days * DAY) for name, days in (("old", 0), ("young", 9)))
    assert plan.newest([]) is None
    assert plan.newest([young, old]) is young
    assert plan.newest([young, run(2, finished=NOON), run(1, finished=NOON + 9 * DAY), old]).term == 2


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], None),
        ([run(1, "a"), run(2, "ab")], 2),
        ([run(1, "ab"), run(2, "a")], 1),  # the longest, though an older one
        ([run(1, "abc"), run(2, "abc")], 2),
        ([run(1, "ac"), run(2, "b"), run(3, "abcd")], None),  # none is the beginning
        ([run(1, "ab", fold="f0")], None),
        ([run(1, "")], None),
        ([run(0)], None),
        ([run(1, "ab", finished=NOON - 88 * DAY), run(2, "x")], None),  # retention may delete it while it is read
        ([run(1, "ab", finished=NOON - 87 * DAY), run(2, "x")], 1),
        ([run(1, "ab", finished=NOON - 400 * DAY)], 1),  # the newest is never deleted
    ],
)
def test_the_base_is_the_longest_beginning_by_the_same_code_that_stays(runs, expected):
    base = plan.base(runs, ["a", "b", "c"], STACK, NOON)
    assert (base.term if base else None) == expected


def test_missing_names_what_the_day_brought_without_a_verdict():
    uploads = [verdict(name, minutes).upload for name, minutes in (("c", 0), ("b", -1440), ("a", -1441), ("d", 0))]
    assert plan.missing(uploads, {uploads[3].id}, NOON) == ("incoming/us/b.csv", "incoming/us/c.csv")
