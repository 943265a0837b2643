import dataclasses
import datetime

import pytest

from stocks.dataset import coordination, lease, plan
from stocks.dataset.coordination import Read, Refuse, Situation, Wait
from stocks.dataset.lease import Asked, Lease
from stocks.dataset.plan import Plan, Run, Stack
from stocks.dataset.settings import Settings, WrongSettings
from stocks.dataset.uploads import Upload, Verdict

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
DEFAULTS = Settings(test_fraction=0.2, bad_row_tolerance=0.01)
STACK = Stack(quiet_seconds=60, shard_kilobytes=64, retention_days=90, fold="f1", code="c1")
HELD = Lease(term=4, holder="arn:other", taken=NOON - 11 * MINUTE, settled="s0", crawled=3, failures=1)


def upload(name="a", age=10 * MINUTE):
    return Upload("incoming", f"incoming/us/{name}.csv", "v1", NOON - age)


def accepted(name="a", age=10 * MINUTE, rows=2000):
    return Verdict(upload(name, age), "arn", "", True, folder=f"history/{name}/", bits=1, rows=rows)


def situation(**other):
    ours = Lease(term=5, holder="arn:us", taken=NOON - MINUTE)
    usual = {"lease": ours, "verdicts": (accepted(),), "uploads": (upload(),), "settings": DEFAULTS, "runs": ()}
    known = {"dataset": "us", "execution": "arn:us", "now": NOON, "stack": STACK} | usual | other
    return Situation(**{"judged": tuple(one.upload.id for one in known["verdicts"] or ())} | known)


def drawn(**other) -> Plan:
    found = coordination.gather(situation(**other))
    assert isinstance(found, Plan)
    return found


def published(planned, **other):
    ids = tuple(one.id for one in planned.uploads)
    row = {"uploads": ids, "inputs": planned.inputs, "settings": planned.settings.effective, "table_hash": "t"}
    return Run(planned.run_id, planned.term, NOON, **row | {"code": planned.code, "fold": planned.fold} | other)


@pytest.mark.parametrize(
    ("standing", "asked", "expected"),
    [
        (Lease(), None, "take"),
        (dataclasses.replace(HELD, holder=""), None, "take"),
        (dataclasses.replace(HELD, holder="arn:us"), None, "ours"),
        (dataclasses.replace(HELD, taken=NOON - 10 * MINUTE + MINUTE / 60), None, "folded"),
        (dataclasses.replace(HELD, taken=NOON), Asked("arn:other", "FAILED"), "folded"),
        (HELD, None, "ask"),
        (HELD, Asked("arn:third", "FAILED"), "ask"),
        (HELD, Asked("arn:other", "RUNNING"), "folded"),
        (HELD, Asked("arn:other", "FAILED"), "take"),
        (HELD, Asked("arn:other", "SUCCEEDED"), "take"),
        (HELD, Asked("arn:other", ""), "take"),
    ],
)
def test_who_comes_to_the_lease_leads_follows_or_asks(standing, asked, expected):
    assert coordination.approach(standing, "arn:us", NOON, asked) == expected


def test_taking_adds_a_term_and_leaves_nothing_settled():
    taken = lease.take(HELD, "arn:us", NOON, "s1")
    assert (taken.term, taken.holder, taken.taken, taken.planned, taken.settled) == (5, "arn:us", NOON, "s1", "")
    assert (taken.crawled, taken.failures) == (3, 2)  # a holder that is still named has died
    assert lease.take(dataclasses.replace(HELD, holder=""), "arn:us", NOON, "s1").failures == 1
    assert Lease.from_json(taken.to_json()) == taken


def test_only_who_ended_badly_and_holds_the_lease_is_taken_out_of_it():
    cleaned = lease.clean_up(HELD, "arn:other", "ModelFailed", NOON)
    assert cleaned == dataclasses.replace(HELD, holder="", failures=2, error="ModelFailed", failed=NOON)
    assert lease.clean_up(HELD, "arn:us", "ModelFailed", NOON) is None
    assert lease.clean_up(Lease(), "", "ModelFailed", NOON) is None


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"uploads": (upload(), upload("b", 59 * MINUTE))}, "1 uploads have no verdict yet, one is incoming/us/b.csv"),
        ({"uploads": (upload(age=MINUTE / 2),), "verdicts": (accepted(age=MINUTE / 2),)}, "younger than 60 seconds"),
    ],
)
def test_gather_waits_for_stragglers_and_for_quiet_at_most_30_minutes_from_taking(other, reason):
    waits = coordination.gather(situation(**other))
    assert isinstance(waits, Wait)
    assert reason in waits.reason
    long_ago = Lease(term=5, holder="arn:us", taken=NOON - 30 * MINUTE)
    assert isinstance(coordination.gather(situation(**other, lease=long_ago)), Plan)


def test_gather_asks_for_the_verdicts_only_when_it_has_waited_long_enough():
    unread = {"judged": (upload().id,), "verdicts": None}
    assert isinstance(coordination.gather(situation(**unread, uploads=(upload(age=MINUTE / 2),))), Wait)
    assert coordination.gather(situation(**unread)) == Read()
    drawn_by = coordination.gather(situation())
    assert isinstance(drawn_by, Plan)


def test_a_run_of_the_first_version_needs_the_verdicts_at_once():
    old = Run("us-0", 0, NOON, NOON, "incoming/us/old.csv", "v1")
    young = (upload(age=MINUTE / 2),)
    assert coordination.gather(situation(runs=(old,), uploads=young, judged=(), verdicts=None)) == Read()


def test_gather_does_not_wait_for_what_is_an_hour_old_and_names_it():
    assert drawn(uploads=(upload(), upload("b", 60 * MINUTE))).missing == ("incoming/us/b.csv",)


def test_wrong_settings_are_refused_before_any_wait():
    wrong = WrongSettings(["e1", "e2"], "v")
    refused = coordination.gather(situation(settings=wrong, uploads=(upload(age=MINUTE / 2),)))
    assert refused == Refuse("RejectedSettings", str(wrong))


def test_a_plan_names_all_that_the_run_needs():
    verdicts = (accepted("b", rows=100), accepted("a"), Verdict(upload("c"), "arn", "", False, reason="bad"))
    first = drawn(verdicts=verdicts)
    assert [one.key for one in first.uploads] == ["incoming/us/a.csv", "incoming/us/b.csv"]
    assert [(one.folder, one.bits, one.rows) for one in first.uploads] == [
        ("history/a/", 1, 2000),
        ("history/b/", 1, 100),
    ]
    assert (first.run_id, first.term, first.execution) == (plan.run_id("us", "arn:us"), 5, "arn:us")
    assert (first.outcome, first.base, first.base_uploads, first.shards) == ("fold", "", 0, 4)
    assert first.seen == plan.seen([verdict.upload.id for verdict in verdicts], "")
    assert first.new_files == tuple(one.id for one in first.uploads)
    assert Plan.from_json(first.to_json()) == first


def test_a_plan_goes_on_from_the_longest_run_and_counts_its_rows():
    base = published(drawn(verdicts=(accepted("a"),)), earlier=("gone",), rows=1000)
    second = drawn(verdicts=(accepted("a", rows=9999), accepted("b", rows=24)), runs=(base,))
    assert (second.base, second.base_uploads, second.shards) == (base.run_id, 1, 1)
    assert second.new_files == (upload("b").id,)
    assert second.earlier == ("gone",)
    assert second.newest == 5


def test_equal_inputs_and_code_end_as_current_unless_a_person_or_a_dead_run_forbids_it():
    run = published(drawn())
    assert drawn(runs=(run,)).outcome == "current"
    assert drawn(runs=(dataclasses.replace(run, code="c0"),)).outcome == "fold"
    assert drawn(runs=(dataclasses.replace(run, inputs="x"),)).outcome == "fold"
    assert drawn(runs=(run,), force=True).outcome == "fold"
    for unpublished, outcome in ((0, "current"), (5, "current"), (6, "fold")):
        held = Lease(term=7, holder="arn:us", taken=NOON - MINUTE, unpublished=unpublished)
        found = drawn(runs=(run,), lease=held)
        assert (found.outcome, found.insist) == (outcome, outcome == "fold")


def test_a_plan_without_any_upload_is_empty():
    assert drawn(verdicts=(), uploads=()).outcome == "empty"
    assert drawn(settings=dataclasses.replace(DEFAULTS, exclude=("a.csv",)), force=True).outcome == "empty"


def test_the_lease_announces_the_plan_before_the_run_goes_on():
    held = situation().lease
    announced = coordination.announce(held, drawn())
    assert (announced.planned, announced.unpublished) == (drawn().seen, 5)
    assert coordination.announce(announced, drawn()) is None
    higher = dataclasses.replace(held, unpublished=9)
    assert coordination.announce(higher, drawn()).unpublished == 9
    assert coordination.announce(held, drawn(verdicts=(), uploads=())).unpublished == 0


def test_only_the_holder_of_the_plan_s_term_publishes():
    held = situation().lease
    assert coordination.may_publish(held, drawn())
    assert not coordination.may_publish(dataclasses.replace(held, term=6), drawn())
    assert not coordination.may_publish(dataclasses.replace(held, holder=""), drawn())


def test_a_run_is_unchanged_by_table_settings_and_code_of_the_newest():
    run = published(drawn(), inputs="other")
    planned = drawn(runs=(run,))
    assert coordination.is_unchanged(planned, run, "t")
    assert not coordination.is_unchanged(planned, run, "other")
    assert not coordination.is_unchanged(planned, None, "t")
    for change in ({"settings": "x"}, {"code": "x"}, {"term": 4}):
        assert not coordination.is_unchanged(planned, dataclasses.replace(run, **change), "t")
    assert not coordination.is_unchanged(drawn(runs=(run,), force=True), run, "t")


def test_release_settles_the_plan_and_forgets_failures():
    held = dataclasses.replace(situation().lease, failures=3, error="x", failed=NOON, unpublished=5, tried="s", tries=2)
    released = coordination.release(held, drawn(), published=True)
    assert released == Lease(term=5, taken=held.taken, planned=drawn().seen, settled=drawn().seen, crawled=5)
    assert coordination.release(released, drawn(), published=True) is None
    run = published(drawn())
    current = coordination.release(dataclasses.replace(held, crawled=7), drawn(runs=(run,)), published=False)
    assert (current.crawled, current.unpublished) == (7, 0)


def test_a_run_too_short_to_publish_leaves_the_guard_against_a_dead_run_s_row():
    held = Lease(term=7, holder="arn:us", taken=NOON - MINUTE, unpublished=6)
    planned = drawn(lease=held)
    announced = coordination.announce(held, planned)
    assert planned.insist
    assert coordination.release(announced, planned, published=False).unpublished == 7
    assert coordination.release(announced, planned, published=True).unpublished == 0


def test_a_crawl_is_due_while_the_newest_run_was_in_none():
    planned = drawn(runs=(published(drawn()),))
    assert coordination.needs_crawl(Lease(crawled=4), planned)
    assert not coordination.needs_crawl(Lease(crawled=5), planned)
    assert not coordination.needs_crawl(Lease(), drawn())


def test_a_successor_starts_where_something_came_and_has_the_run_s_name():
    assert coordination.successor(drawn(), drawn().seen) == ""
    assert coordination.successor(drawn(), "other") == coordination.successor(drawn(), "another")
    assert coordination.successor(drawn(), "other").startswith("us-after-")


def adopt(uploads=(), verdicts=(), settings=DEFAULTS, **run):
    old = Run("us-old", 0, NOON, NOON, "incoming/us/full.csv", "v1")
    return coordination.adoption((dataclasses.replace(old, **run),), tuple(verdicts), tuple(uploads), settings)


def test_the_file_of_the_newest_run_of_the_first_version_is_to_be_adopted():
    full, excluding = upload("full", 900 * MINUTE), dataclasses.replace(DEFAULTS, exclude=("full.csv@v1",))
    assert adopt([upload(), full]) == full
    assert adopt([full], [accepted("full")]) is None
    assert adopt([], [accepted("full")]) is None
    assert adopt([full], settings=excluding) is adopt([], settings=excluding) is None
    assert adopt([], term=1) is adopt([], key="") is None
    gone = adopt([upload()])
    assert gone.error == "NotAdopted"
    assert "incoming/us/full.csv, version v1, which is gone" in gone.cause
    assert 'write "exclude": ["full.csv@v1"] into settings.json' in gone.cause
