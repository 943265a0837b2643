"""Scenarios of the contract by number: who dies, who is stopped, answers that are lost, settings that change."""

import datetime

import pytest

from stocks.dataset import lease, plan
from tests.support import dataset_steps
from tests.support.dataset_world import MINUTE, World, exhaust

STATES = ("gather", "merge", "train", "summarize", "crawl", "hand_over", "notify")
ELEVEN = 11 * MINUTE


def resumed(world: World) -> list:
    return [execution for execution in world.executions.values() if "-resume-" in execution.arn]


def led_to(world: World, state: str, followers: int = 5):
    """A leader in this state after so many others were folded."""
    leader = world.until(world.drop("0.csv", "c0"), "gather")
    while world.lease().holder != leader.arn:
        world.advance(leader)
    for number in range(1, followers + 1):
        assert world.finish(world.drop(f"{number}.csv", f"c{number}")).outcome == "folded"
    return leader if state == "gather" else world.until(leader, state)


@pytest.mark.parametrize("state", STATES)
def test_11_a_leader_killed_in_each_of_its_states_after_5_folded_and_resume_publishes_all_6(state):
    world = World()
    leader = led_to(world, state)
    world.die(leader)
    world.settle()
    assert world.table() == [f"c{number}" for number in range(6)]
    assert world.newest().run_id in world.crawled
    shown = plan.run_id("us", leader.arn) in [run.run_id for run in world.runs()]
    assert shown == (state in ("crawl", "hand_over", "notify"))  # after its row it was published
    assert len(world.trained) == (2 if state == "summarize" else 1)  # the one before it died, and the one of Resume


@pytest.mark.parametrize("mend", ["upload", "nudge"])
def test_12_a_leader_aborted_by_a_person_is_not_restarted_and_the_next_upload_or_a_nudge_publishes_all(mend):
    world = World()
    leader = led_to(world, "train")
    world.die(leader, "ABORTED", "")
    world.settle()
    assert resumed(world) == []
    if mend == "upload":
        world.drop("6.csv", "c6")
    else:
        world.start()
    world.settle()
    assert world.table() == [f"c{number}" for number in range(7 if mend == "upload" else 6)]
    assert resumed(world) == []


def test_12_an_abort_that_the_clean_up_machine_missed_is_respected_by_resume():
    world = World()
    world.die(led_to(world, "train"), "ABORTED", "")
    world.unclean.clear()
    world.settle()
    assert (resumed(world), world.lease().holder, world.lease().error) == ([], "", "Aborted")


def test_13_a_model_that_fails_each_time_is_tried_3_times_15_60_240_minutes_apart_then_one_message():
    world = World()
    world.model_fails = True
    world.finish(world.drop("a.csv", "a"))
    world.settle(ticks=60)
    failed = [execution.ended for execution in world.executions.values()]
    waited = [(tried.started - ended) / MINUTE for tried, ended in zip(resumed(world), failed[:-1], strict=True)]
    assert [minutes // 15 * 15 for minutes in waited] == [15, 60, 240]  # ticks are 15 minutes apart
    assert [message.split(".")[0] for message in world.messages] == [
        "Dataset us: 3 new starts have not published what was uploaded; the last error was ModelFailed"
    ]
    world.model_fails = False
    assert world.finish(world.drop("b.csv", "b")).outcome == "published"
    assert world.table() == ["a", "b"]
    assert world.lease().failures == 0


def late_row(world: World):
    """A dead leader whose Summarize is between its look at the lease and its row, and which the lease has lost."""
    leader = world.until(world.drop("a.csv", "a2"), "summarize")
    world.advance(leader)
    world.advance(leader)
    world.die(leader)
    world.clean(leader)
    return world.zombies.pop()


def test_14_a_row_that_is_written_after_term_2_was_published_does_not_hide_it():
    world = World()
    zombie = late_row(world)
    world.finish(world.drop("b.csv", "b"))
    assert world.newest().term == 2
    exhaust(zombie)
    assert [run.term for run in sorted(world.runs(), key=lambda run: run.finished)] == [2, 1]
    assert world.newest().term == 2
    world.settle()
    assert world.table() == ["a2", "b"]


def test_14_a_row_that_may_still_come_keeps_a_run_from_ending_as_current():
    world = World()
    world.finish(world.drop("first.csv", "first"))
    zombie = late_row(world)
    (published,) = world.runs()
    second = world.finish(world.put_settings('{"exclude": ["a.csv"]}'))
    assert second.plan.inputs == published.inputs
    assert (second.outcome, second.plan.insist) == ("published", True)
    exhaust(zombie)
    world.settle()
    assert world.table() == ["first"]
    assert world.newest().run_id in world.crawled


def test_15_a_lease_taken_a_second_ago_whose_holder_aws_does_not_know_yet_is_not_taken_over():
    world = World()
    world.lag = datetime.timedelta(minutes=5)
    leader = led_to(world, "gather", followers=0)
    second = world.finish(world.drop("b.csv", "b"))
    assert world.describe(leader.arn) == ("", "")
    assert (second.outcome, second.calls, world.lease().holder) == ("folded", 0, leader.arn)


@pytest.mark.parametrize("end", ["FAILED", "SUCCEEDED", "unknown"])
def test_16_a_lease_11_minutes_old_whose_holder_failed_did_not_release_or_is_unknown_is_taken(end):
    world = World()
    leader = led_to(world, "train", followers=0)
    world.die(leader, end)
    if end == "unknown":
        world.lag = datetime.timedelta(days=90)
    world.now += ELEVEN
    second = world.drop("b.csv", "b")
    assert world.finish(second).outcome == "published"
    assert (second.plan.term, second.calls) == (2, 1)
    assert world.table() == ["c0", "b"]


def test_16_a_lease_11_minutes_old_whose_holder_runs_is_not_taken():
    world = World()
    leader = led_to(world, "train", followers=0)
    world.now += ELEVEN
    second = world.finish(world.drop("b.csv", "b"))
    assert (second.outcome, second.calls, world.lease().holder) == ("folded", 1, leader.arn)


def test_17_of_two_that_take_a_dead_lease_at_once_one_wins_and_the_other_is_folded():
    world = World(resume=False)
    world.die(led_to(world, "train", followers=0))
    world.now += ELEVEN
    both = [world.until(world.drop(f"{number}.csv", f"c{number}"), "gather") for number in (1, 2)]
    world.run()
    assert [execution.calls for execution in both] == [1, 1]
    assert sorted(execution.outcome for execution in both) == ["folded", "published"]
    assert world.terms == [0, 1, 2]
    assert world.table() == ["c0", "c1", "c2"]


@pytest.mark.parametrize("state", ["split", "gather", "hand_over"])
@pytest.mark.parametrize("answered", [True, False], ids=["first call ends first", "second call ends first"])
def test_18_answers_that_are_lost_change_neither_term_nor_plan_nor_successor_nor_verdict(state, answered):
    lost = 0
    while True:
        world = World()
        leader = world.until(world.drop("a.csv", "a"), state)
        if state == "hand_over":
            world.finish(world.drop("b.csv", "b"))
        for _ in range(lost):
            world.advance(leader)
        if leader.state != state:
            break
        before = world.verdicts()
        world.retry(leader)
        if answered and world.zombies:
            exhaust(world.zombies.pop())
        world.finish(leader)
        for zombie in world.zombies:
            exhaust(zombie)
        world.run()
        assert leader.plan.term == 1
        assert world.verdicts()[: len(before)] == before
        assert len([key for key in world.s3.objects if key.startswith("verdicts/")]) == len(world.incoming)
        assert world.terms == [0, 1, 2] if state == "hand_over" else [0, 1]
        assert len([name for name in world.executions if "-after-" in name]) == (state == "hand_over")
        world.settle()
        assert world.table() == ["a", "b"] if state == "hand_over" else ["a"]
        lost += 1
    assert lost > 3


def test_29_an_excluded_file_leaves_the_table_and_comes_back_as_before():
    world = World()
    for name in "abc":
        world.drop(f"{name}.csv", name)
        world.run()
    before = world.newest()
    excluded = world.finish(world.put_settings('{"exclude": ["b.csv"]}'))
    assert world.table() == ["a", "c"]
    assert (excluded.plan.base_uploads, excluded.plan.earlier) == (1, (before.uploads[1],))
    back = world.finish(world.put_settings("{}"))
    assert world.table() == ["a", "b", "c"]
    assert (world.newest().inputs, back.plan.new_files) == (before.inputs, ())


def test_30_replace_leaves_the_last_file_only_and_append_brings_back_all():
    world = World()
    for name in "abc":
        world.drop(f"{name}.csv", name)
    world.run()
    world.finish(world.put_settings('{"mode": "replace"}'))
    world.finish(world.drop("d.csv", "d"))
    assert world.table() == ["d"]
    world.finish(world.put_settings('{"mode": "append"}'))
    assert world.table() == ["a", "b", "c", "d"]


def test_31_settings_that_change_while_a_run_is_in_merge_are_those_of_its_successor():
    world = World(resume=False)
    leader = world.until(world.drop("a.csv", "a"), "merge")
    assert world.finish(world.put_settings('{"test_fraction": 0.3}')).outcome == "folded"
    world.run()
    assert leader.plan.settings.test_fraction == 0.2
    successor = list(world.executions.values())[-1]
    assert (successor.outcome, successor.plan.settings.test_fraction) == ("published", 0.3)
    assert successor.plan.settings.version == world.settings().version


def test_32_settings_with_three_errors_fail_at_upload_rows_stay_and_resume_is_silent():
    world = World()
    world.finish(world.drop("a.csv", "a"))
    wrong = world.finish(world.put_settings('{"mod": "append", "test_fraction": 2, "exclude": "a.csv"}'))
    assert (wrong.status, wrong.error) == ("FAILED", "RejectedSettings")
    assert len(world.settings().errors) == 3
    later = world.finish(world.drop("b.csv", "b"))
    assert (later.error, world.table()) == ("RejectedSettings", ["a"])
    world.finish(world.start())  # a person's nudge leads, and fails
    count = len(world.executions)
    world.settle(ticks=20)
    assert (len(resumed(world)), len(world.messages)) == (0, 0)
    assert len(world.executions) == count
    world.put_settings("{}")
    world.now += 120 * MINUTE
    world.settle()
    assert world.table() == ["a", "b"]


@pytest.mark.parametrize("then", ["nothing", "the same event", "another file"])
def test_53_a_crawl_that_fails_after_the_commit_is_made_up_for_without_training_or_with_the_next_run(then):
    world = World()
    world.crawl_fails = True
    first = world.finish(world.drop("a.csv", "a"))
    assert (first.error, len(world.runs()), world.crawled) == ("CrawlFailed", 1, set())
    world.clean(first)
    world.crawl_fails = False
    if then == "nothing":
        world.settle()
    else:
        next_one = world.start(upload=first.upload) if then == "the same event" else world.drop("b.csv", "b")
        assert world.finish(next_one).outcome == ("current" if then == "the same event" else "published")
    assert len(world.trained) == (2 if then == "another file" else 1)
    assert world.newest().run_id in world.crawled
    assert world.shown().run_id == world.newest().run_id
    assert world.lease().crawled == world.newest().term
    assert world.lease().settled == world.seen()


def test_18_a_lost_write_of_resume_starts_nothing_twice():
    world = World()
    world.die(world.until(world.drop("a.csv", "a"), "gather"))
    world.unclean.clear()
    for calls in (1, 2, 3, 4):
        crashed = dataset_steps.resume(world)
        for _ in range(calls):
            next(crashed)
    world.tick()
    assert len(resumed(world)) == 1
    assert world.lease() == lease.Lease(tried=world.seen(), tries=1, tried_at=world.lease().tried_at)
