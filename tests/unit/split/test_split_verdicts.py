"""An upload gets its verdict once and for all, whoever reads it, how often and when."""

import contextlib

import pytest
from botocore.exceptions import ClientError

import split
from common import aws, keys, storage
from common.errors import RejectedFile, Transient
from stocks.dataset import plan, uploads
from tests.support.split_runs import (
    DAYS,
    GOOD,
    OTHER,
    OURS,
    all_rows,
    file_row,
    kinds,
    known,
    listed,
    names,
    verdict,
)  # fmt: skip

BAD = GOOD + "A,2021-01-01,-1\n" * 21
SETTINGS = "incoming/daily/settings.json"


def accepted(arn=OURS, name="daily"):
    return {"status": "accepted", "reason": "", "run_id": plan.run_id(name, arn), "dataset": name}


@pytest.fixture
def unread(monkeypatch):
    """unread() lets the test fail if a file is read from then on."""
    return lambda: monkeypatch.setattr(split, "opened", lambda *_: pytest.fail("the file is read again"))


@pytest.mark.parametrize("fatal", range(1, 5))
def test_killed_after_any_write_a_retry_gives_the_normal_result(drop, context, monkeypatch, fatal):
    event, put, written = drop(GOOD + "A,2021-01-01,-1\n"), aws.s3().put_object, []
    monkeypatch.setattr("stocks.dataset.sizes.PART_ROWS", 201)

    def dying(**arguments):
        written.append(put(**arguments))
        if len(written) == fatal:
            raise MemoryError
        return written[-1]

    with monkeypatch.context() as killed:
        killed.setattr(aws.s3(), "put_object", dying)
        with pytest.raises(MemoryError):
            split.handler(event, context)
    assert split.handler(event, context) == accepted()
    assert len(list(all_rows(event))) == verdict(event).rows == 400
    assert len(listed(event)) == 2
    assert kinds() == ["files", "history", "history", "rejected", "verdicts"]


def test_the_verdict_is_written_last_since_it_is_the_commit(drop, context, monkeypatch):
    event, put, written = drop(GOOD + "A,2021-01-01,-1\n"), aws.s3().put_object, []
    monkeypatch.setattr(aws.s3(), "put_object", lambda **asked: written.append(asked) or put(**asked))
    split.handler(event, context)
    assert [asked["Key"].partition("/")[0] for asked in written] == ["history", "rejected", "files", "verdicts"]
    assert [asked.get("IfNoneMatch") for asked in written] == [None, None, None, "*"]


@pytest.mark.parametrize("content", [GOOD, BAD])
def test_an_upload_that_has_a_verdict_is_not_read_again_and_its_execution_goes_on(drop, context, unread, content):
    event = drop(content)
    if content == GOOD:
        split.handler(event, context)
    else:
        with pytest.raises(RejectedFile):
            split.handler(event, context)
    before = {name: storage.get("lake", name) for name in names("lake")}
    unread()
    assert split.handler(event | {"execution_arn": OTHER}, context) == accepted(OTHER)
    assert {name: storage.get("lake", name) for name in names("lake")} == before


def test_a_rejection_is_raised_again_where_its_own_execution_tries_again(drop, context, unread):
    event, said = drop(BAD), []
    for _ in range(2):
        with pytest.raises(RejectedFile, match="21 of 421 rows cannot be used") as refused:
            split.handler(event, context)
        said.append(str(refused.value))
        unread()
    assert said[0] == said[1]


def test_an_answer_that_was_lost_is_given_again(drop, context, monkeypatch):
    event, put = drop(), storage.put_if

    def lost(*arguments):
        assert put(*arguments)
        raise Transient("the answer is lost")

    with monkeypatch.context() as once:
        once.setattr(storage, "put_if", lost)
        with pytest.raises(Transient):
            split.handler(event, context)
    assert split.handler(event, context) == accepted()
    assert verdict(event).execution == OURS


@pytest.fixture
def overtaken(monkeypatch, context):
    """overtaken(event): while our execution reads the file, the other one comes to the end."""

    def let(event, between=lambda: None):
        read = split.read

        def slow(*arguments):
            found = read(*arguments)
            monkeypatch.setattr(split, "read", read)
            between()
            with contextlib.suppress(RejectedFile):
                split.handler(event | {"execution_arn": OTHER}, context)
            assert verdict(event).execution == OTHER
            return found

        monkeypatch.setattr(split, "read", slow)

    return let


def test_of_two_executions_that_read_at_once_the_first_verdict_stands(drop, context, overtaken):
    event = drop()
    overtaken(event)
    assert split.handler(event, context) == accepted()
    assert verdict(event).execution == OTHER
    folders = {name.rpartition("/")[0] + "/" for name in names("lake") if name.startswith("history/")}
    assert folders == {uploads.folder(verdict(event).upload, arn) for arn in (OURS, OTHER)}
    assert len(list(all_rows(event))) == 400


def test_what_read_by_other_settings_first_stands_in_the_table_of_files_too(drop, context, overtaken):
    event = drop(BAD)
    overtaken(event, lambda: drop('{"bad_row_tolerance": 0.5}', SETTINGS))
    assert split.handler(event, context) == accepted()
    assert verdict(event).accepted
    assert file_row(event)["verdict"] == "accepted"
    assert file_row(event)["settings"] == verdict(event).settings != ""


def test_a_verdict_of_another_execution_that_rejects_does_not_fail_ours(drop, context, overtaken):
    event = drop(BAD)
    overtaken(event)
    assert split.handler(event, context) == accepted()
    assert (verdict(event).accepted, verdict(event).execution) == (False, OTHER)


def test_the_same_bytes_are_another_upload_under_another_key_or_version(drop, context):
    """A, B, A again must restore A; AAPL.csv and MSFT.csv of equal bytes are two tickers."""
    body = "date,close\n" + "".join(f"{day},1\n" for day in DAYS)
    events = [drop(body, f"incoming/daily/{name}.csv") for name in ("AAPL", "MSFT", "AAPL")]
    for event in events:
        split.handler(event, context)
    assert len({verdict(event).upload.id for event in events}) == 3
    assert [{ticker for ticker, _, _ in all_rows(event)} for event in events] == [{"AAPL"}, {"MSFT"}, {"AAPL"}]


def test_a_version_that_is_gone_without_a_verdict_is_rejected_and_gets_none(drop, context, buckets):
    event = drop()
    buckets.delete_object(Bucket="incoming", Key=event["key"], VersionId=event["version_id"])
    with pytest.raises(
        RejectedFile, match="before it was read, or its bucket was made minutes ago; upload it again: s3://incoming/"
    ):
        split.handler(event, context)
    assert names("lake") == []


def test_a_version_that_goes_while_split_begins_is_rejected_and_gets_no_verdict(drop, context, buckets, monkeypatch):
    event, opened = drop(), split.opened

    def late(*arguments):
        buckets.delete_object(Bucket="incoming", Key=event["key"], VersionId=event["version_id"])
        return opened(*arguments)

    monkeypatch.setattr(split, "opened", late)
    with pytest.raises(RejectedFile, match="the file was deleted before it was read"):
        split.handler(event, context)
    assert "verdicts" not in kinds()


@pytest.mark.parametrize("content", [GOOD, BAD])
def test_a_version_that_has_expired_keeps_its_verdict(drop, context, buckets, content):
    other, event = drop("date,close\n2024-01-02,1\n", "incoming/daily/AAPL.csv"), drop(content)
    split.handler(other, context)
    try:
        split.handler(event, context)
    except RejectedFile as error:
        said = str(error)
    buckets.delete_object(Bucket="incoming", Key=event["key"], VersionId=event["version_id"])
    assert split.handler(event | {"execution_arn": OTHER}, context) == accepted(OTHER)
    if content == BAD:
        with pytest.raises(RejectedFile) as refused:
            split.handler(event, context)
        assert str(refused.value) == said


def test_what_came_before_the_bucket_kept_versions_is_read(context, buckets, request):
    """Its version is null, and so does the machine call that of an event without one."""
    buckets.put_object(Bucket="incoming", Key="incoming/daily/old.csv", Body=GOOD.encode())
    event = request.getfixturevalue("drop")() | {"key": "incoming/daily/old.csv", "version_id": "null"}
    split.handler(event, context)
    assert verdict(event).accepted


def test_a_deleted_key_whose_version_still_stands_is_read(drop, context, buckets):
    event = drop()
    buckets.delete_object(Bucket="incoming", Key=event["key"])
    split.handler(event, context)
    assert verdict(event).accepted


@pytest.mark.parametrize("content", [GOOD, BAD])
def test_s3_is_asked_once_what_the_file_is(drop, context, monkeypatch, content):
    event, head, asked = drop(content), aws.s3().head_object, []
    monkeypatch.setattr(aws.s3(), "head_object", lambda **of: asked.append(of) or head(**of))
    with contextlib.suppress(RejectedFile):
        split.handler(event, context)
    assert len(asked) == 1
    assert verdict(event).accepted == (content == GOOD)


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        ("head_object", "403", "the file was deleted before it was read, or S3 does not let Split read it; "),
        ("get_object", "AccessDenied", "the file was deleted before it was read, or S3 does not let Split read it; "),
        ("head_object", "405", "the file was deleted before it was read; upload it again: s3://incoming/"),
        ("get_object", "InvalidObjectState", "the file lies in an archive of S3; "),
    ],
)
def test_what_s3_does_not_show_is_told_so_and_gets_no_verdict(drop, context, refusing, call, code, said):
    event = drop()
    refusing(call, code)
    with pytest.raises(RejectedFile, match=said) as refused:
        split.handler(event, context)
    assert str(refused.value).endswith(f": s3://incoming/{event['key']}")
    assert len(str(refused.value).partition(": s3://")[0]) <= 200
    assert "verdicts" not in kinds()


@pytest.mark.parametrize("call", ["head_object", "get_object"])
def test_another_refusal_of_aws_is_no_verdict(drop, context, refusing, call):
    event = drop()
    refusing(call, "InvalidArgument")
    with pytest.raises(ClientError, match="InvalidArgument"):
        split.handler(event, context)
    assert "verdicts" not in kinds()


def test_a_verdict_is_found_though_s3_does_not_show_the_version_any_more(drop, context, refusing):
    event = drop()
    split.handler(event, context)
    refusing("head_object", "403")
    assert split.handler(event | {"execution_arn": OTHER}, context) == accepted(OTHER)


@pytest.fixture
def refusing(monkeypatch):
    """refusing(call, code): S3 answers the call with this error, if it is about the file."""

    def refuse(call, code):
        calls = getattr(aws.s3(), call)

        def asked(**of):
            if of["Key"].endswith("prices.csv"):
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, call)
            return calls(**of)

        monkeypatch.setattr(aws.s3(), call, asked)

    return refuse


def test_a_conflict_of_two_verdicts_in_flight_is_transient(drop, context, monkeypatch):
    event, put = drop(), aws.s3().put_object

    def conflict(**asked):
        if "IfNoneMatch" in asked:
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")
        return put(**asked)

    monkeypatch.setattr(aws.s3(), "put_object", conflict)
    with pytest.raises(Transient, match=f"another request is writing {keys.verdict('daily', '')[:-5]}"):
        split.handler(event, context)
    assert known(event) is None
