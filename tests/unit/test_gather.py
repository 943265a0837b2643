"""Gather's reading and writing; tests/unit/dataset has what it decides."""

import dataclasses
import datetime
import json

import pytest

import gather
from common import dataset, keys, storage
from common.code import Hashes
from common.errors import NotAdopted, RejectedSettings, Transient
from stocks.dataset import lease as leases
from stocks.dataset import plan
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Run
from tests.support.gathered import MINUTE, OTHER, RUN, drawn_by, drop, hold, judge, rows
from tests.support.plans import EXECUTION, NOON, OURS, draw, lead, published, put_verdict, standing


@pytest.fixture(autouse=True)
def cloud(s3, monkeypatch):
    monkeypatch.setattr(gather.code, "hashes", lambda: Hashes("fold", "code"))
    s3.now = NOON + 10 * MINUTE
    return s3


@pytest.fixture
def call(context):
    return lambda **more: gather.handler({"run": RUN, "execution_arn": OURS, "force": False} | more, context)


def test_who_asks_first_leads_and_goes_on_with_the_plan(call, cloud):
    first, second = put_verdict(rows(), "a.csv"), put_verdict(rows(), "b.csv", 60)
    assert call() == {"status": "fold", "reason": "", "shards": 1, "crawl": False, **RUN}
    drawn = drawn_by()
    assert [one.id for one in drawn.uploads] == [first.upload.id, second.upload.id]
    assert (drawn.term, drawn.execution, drawn.newest, drawn.base) == (1, OURS, 0, "")
    assert (drawn.fold, drawn.code) == ("fold", "code")
    assert standing(cloud) == Lease(term=1, holder=OURS, taken=cloud.now, planned=drawn.seen, unpublished=1)


def test_only_verdicts_are_planned_and_rejected_ones_are_seen_and_left_out(call):
    kept, rejected = put_verdict(rows()), put_verdict(rows(), "b.csv", 1, accepted=False)
    call()
    assert [one.id for one in drawn_by().uploads] == [kept.upload.id]
    assert drawn_by().seen == plan.seen([kept.upload.id, rejected.upload.id], "")


def test_another_dataset_is_another_matter(call, cloud):
    put_verdict(rows())
    hold()
    cloud.objects["lake", "leads/us-tech.json"] = cloud.objects.pop(("lake", keys.lease("us")))
    storage.put("lake", keys.verdict("us-tech", "20261124T120000Z-0123456789ab"), "no JSON")
    assert call()["status"] == "fold"


@pytest.mark.parametrize("age", [9, 60 * 24])
def test_a_lease_that_another_execution_holds_ends_it_green(call, cloud, stub, age):
    put_verdict(rows())
    held = hold(taken=cloud.now - age * MINUTE)
    if age > 10:
        described(stub, "RUNNING")
    answer = call()
    assert (
        answer
        == {"status": "folded", "reason": f"its rows go into the run of {OTHER}", "shards": 0, "crawl": False} | RUN
    )
    assert standing(cloud) == held
    assert dataset.plan(RUN) is None


def described(stub, status: str, **more) -> None:
    answer = {"executionArn": OTHER, "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:stocks",
              "name": "other", "status": status, "startDate": NOON}  # fmt: skip
    stub("stepfunctions").add_response("describe_execution", answer | more, {"executionArn": OTHER})


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT", "SUCCEEDED"])
def test_a_lease_whose_holder_has_ended_is_taken_over(call, cloud, stub, status):
    put_verdict(rows())
    hold(taken=cloud.now - 11 * MINUTE)
    described(stub, status)
    assert call()["status"] == "fold"
    assert (standing(cloud).term, standing(cloud).holder, standing(cloud).failures) == (5, OURS, 1)


def test_a_holder_that_aws_has_forgotten_is_taken_over(call, cloud, stub):
    put_verdict(rows())
    hold(taken=cloud.now - 11 * MINUTE)
    stub("stepfunctions").add_client_error("describe_execution", "ExecutionDoesNotExist")
    assert call()["status"] == "fold"


def test_of_two_that_take_a_dead_lease_one_leads(call, cloud, stub, monkeypatch):
    """The other has written between our reading and our writing."""
    put_verdict(rows())
    held = hold(taken=cloud.now - 11 * MINUTE)
    described(stub, "FAILED")
    take = leases.take

    def late(*arguments):
        storage.put("lake", keys.lease("us"), take(held, f"{EXECUTION}third", cloud.now, "").to_json())
        return take(*arguments)

    monkeypatch.setattr(leases, "take", late)
    assert call()["reason"] == f"its rows go into the run of {EXECUTION}third"
    assert standing(cloud).term == 5


def test_a_lease_that_never_stands_still_is_tried_again_later(call, cloud, monkeypatch):
    put_verdict(rows())
    monkeypatch.setattr(dataset, "write_lease", lambda *_: False)
    with pytest.raises(Transient, match="us keeps changing"):
        call()


def test_it_waits_for_a_young_upload_without_a_verdict_and_then_goes_on(call, cloud):
    upload = drop(cloud)
    put_verdict(rows(), "other.csv")
    cloud.now += MINUTE
    answer = call()
    assert (answer["status"], answer["shards"]) == ("wait", 0)
    assert answer["reason"] == f"1 uploads have no verdict yet, one is {upload.key}"
    assert (standing(cloud).holder, dataset.plan(RUN)) == (OURS, None)
    storage.put(
        "lake", keys.verdict("us", upload.id), dataclasses.replace(put_verdict(rows()), upload=upload).to_json()
    )
    cloud.now += MINUTE
    assert call()["status"] == "fold"
    assert upload.id in {one.id for one in drawn_by().uploads}
    assert standing(cloud).term == 1


def test_it_waits_until_the_newest_upload_is_quiet_by_the_clock_of_s3(call, cloud, monkeypatch):
    monkeypatch.setenv("QUIET_SECONDS", "60")
    upload = drop(cloud)
    storage.put(
        "lake", keys.verdict("us", upload.id), dataclasses.replace(put_verdict(rows()), upload=upload).to_json()
    )
    cloud.now = upload.modified + datetime.timedelta(seconds=59)
    assert call()["reason"] == "the newest upload is younger than 60 seconds"
    cloud.now = upload.modified + datetime.timedelta(seconds=60)
    assert call()["status"] == "fold"


def test_a_poll_reads_no_verdict_and_the_plan_reads_each_once(call, cloud):
    for number in range(3):
        put_verdict(rows(), f"{number}.csv", number)
    late = drop(cloud)
    for _ in range(3):
        cloud.calls.clear()
        assert call()["status"] == "wait"
        assert [key for name, key in cloud.calls if name == "get_object" and key.startswith("verdicts/")] == []
    judge(late)
    cloud.calls.clear()
    assert call()["status"] == "fold"
    read = sorted(key for name, key in cloud.calls if name == "get_object" and key.startswith("verdicts/"))
    assert read == sorted(keys.verdict("us", upload) for upload in dataset.verdict_ids("us"))
    assert len(read) > 3


def test_a_poll_lists_the_incoming_folders_once_and_who_does_not_lead_never(call, cloud):
    def lists() -> int:
        cloud.calls.clear()
        call()
        return cloud.calls.count(("list_objects_v2", "incoming/"))

    drop(cloud)
    assert [lists(), lists()] == [1, 1]  # the first takes the lease, too
    hold(taken=cloud.now)
    assert lists() == 0


def test_after_its_patience_it_goes_on_and_names_what_is_missing(call, cloud):
    put_verdict(rows(), "other.csv")
    late = drop(cloud, "late.csv", "US")
    assert call()["status"] == "wait"
    cloud.now += datetime.timedelta(minutes=30)
    assert call()["status"] == "fold"
    assert drawn_by().missing == (late.key,)


def test_folders_and_settings_are_no_uploads_to_wait_for(call, cloud):
    put_verdict(rows())
    for name in ("settings.json", "", "old/a.csv"):
        drop(cloud, name, body=b"{}")
    assert call()["status"] == "fold"


def test_a_step_that_is_tried_again_has_the_same_plan_though_verdicts_have_come(call, cloud):
    put_verdict(rows())
    first = call()
    put_verdict(rows(), "b.csv", 1)
    assert call() == first
    assert len(drawn_by().uploads) == 1
    assert standing(cloud).planned == drawn_by().seen


@pytest.mark.parametrize("lost", ["lease", "plan"])
def test_an_answer_that_was_lost_changes_nothing(call, cloud, monkeypatch, lost):
    put_verdict(rows())
    put, dropped = storage.put_if, []

    def lossy(bucket, key, *rest):
        written = put(bucket, key, *rest)
        if not dropped and (key == keys.lease("us")) == (lost == "lease"):
            dropped.append(key)
            raise Transient("the answer is lost")
        return written

    monkeypatch.setattr(storage, "put_if", lossy)
    with pytest.raises(Transient, match="lost"):
        call()
    assert call()["status"] == "fold"
    assert (standing(cloud).term, drawn_by().term) == (1, 1)


def test_nothing_new_ends_green_as_current(call, cloud):
    verdict = put_verdict(rows())
    published(draw(verdict, execution=OTHER))
    hold(term=1, holder="", crawled=1)
    answer = call()
    assert (answer["status"], answer["shards"], answer["crawl"]) == ("current", 1, False)
    assert (drawn_by().newest, drawn_by().new_files) == (1, ())


def test_nothing_new_after_a_failed_crawl_crawls_first(call):
    published(draw(put_verdict(rows()), execution=OTHER))
    hold(term=1, holder="", crawled=0)
    assert (call()["status"], drawn_by().newest) == ("current", 1)
    assert call()["crawl"] is True


def test_a_person_may_insist(call):
    published(draw(put_verdict(rows()), execution=OTHER))
    hold(term=1, holder="", crawled=1)
    assert (call(force=True)["status"], drawn_by().force, drawn_by().insist) == ("fold", True, True)


def test_new_code_folds_the_same_files_again(call):
    published(draw(put_verdict(rows()), execution=OTHER, code="older"))
    assert call()["status"] == "fold"


def test_a_dataset_without_files_is_empty(call):
    assert call()["status"] == "empty"


def test_wrong_settings_fail_the_run_by_their_name(call, cloud):
    drop(cloud, "settings.json", body=b'{"mode": "merge"}')
    with pytest.raises(RejectedSettings, match='"mode" is '):
        call()


def test_settings_are_pinned_by_the_plan(call, cloud):
    put_verdict(rows(), "a.csv")
    put_verdict(rows(), "b.csv", 1)
    drop(cloud, "settings.json", body=b'{"exclude": ["a.csv"], "test_fraction": 0.3}')
    call()
    drop(cloud, "settings.json", body=b"{}")
    call()
    assert [one.key for one in drawn_by().uploads] == ["incoming/us/b.csv"]
    assert drawn_by().settings.test_fraction == 0.3


def test_a_name_that_no_text_can_hold_does_not_end_the_run(call, cloud):
    put_verdict(rows())
    drop(cloud, "settings.json", body=b'{"exclude": ["\\ud83d.csv", "\\u202e.csv"]}')
    answer = call()
    json.dumps(answer, ensure_ascii=False).encode()  # as Lambda sends it
    assert answer["reason"] == "no file has a name that settings.json excludes: \\ud83d.csv, \\u202e.csv"


def test_the_stacks_parameters_are_the_defaults(call, monkeypatch):
    monkeypatch.setenv("TEST_FRACTION", "0.35")
    monkeypatch.setenv("SHARD_KILOBYTES", "1")
    put_verdict(rows(100))
    assert call()["shards"] == 8  # 100 rows of 64 bytes
    assert drawn_by().settings.test_fraction == 0.35


def test_a_dataset_of_the_first_version_whose_file_is_gone_fails_and_names_it(call, monkeypatch):
    put_verdict(rows())
    old = Run("us-0123456789ab", 0, NOON, NOON, "incoming/us/old.csv", "v9")
    monkeypatch.setattr(dataset, "runs", lambda _: (old,))
    with pytest.raises(
        NotAdopted, match=r"run us-0123456789ab was made of incoming/us/old\.csv, version v9, which is gone"
    ):
        call()


def test_its_own_lease_is_kept_however_old(call, cloud):
    put_verdict(rows())
    lead(draw(put_verdict(rows())))
    cloud.now += datetime.timedelta(hours=5)
    assert (call()["status"], standing(cloud).term) == ("fold", 1)
