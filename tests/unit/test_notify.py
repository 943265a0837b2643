import json
import logging
import urllib.parse

import pytest
import requests

import notify
from common import errors, keys, messages, once, rejections, storage, telemetry, working
from stocks.reading import rejected as rejected_rows

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
KEY = "reports/dataset=us/run_id=us-0123456789ab/report.html"
SUMMARY = {"headline": "10 tickers: error 1.000 x naive.", "report_uri": f"s3://lake/{KEY}"}


@pytest.fixture
def tell(topic, context, monkeypatch):
    """tell(event) gives what the step returned and what it published."""
    left = {"message": {"lines": ["What is new:", "  1 new file: p.csv"]}}
    monkeypatch.setattr(working, "get_json", lambda _, kind: left[kind])
    monkeypatch.setattr(rejections, "is_due", lambda _: True)
    monkeypatch.setattr(rejections, "any_wait", lambda _: False)
    monkeypatch.setattr(once, "claim", lambda _: "first")
    monkeypatch.setattr(once, "settle", lambda *_: None)

    def call(**event):
        told = topic()
        return notify.handler({"once": "this state", **event}, context), told[-1]

    return call


def failed(tell, error="States.TaskFailed", cause="it broke", run=RUN, **event):
    return tell(outcome="failed", run=run, key="incoming/us/p.csv", failure={"error": error, "cause": cause}, **event)


def succeeded(tell, **summary):
    return tell(outcome="succeeded", run=RUN, key="incoming/us/p.csv", summary=SUMMARY | summary)


def link(published):
    (found,) = [line for line in published["Message"].splitlines() if line.startswith("https://")]
    return found


def asked(address):
    """What the link's query asks for."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


def test_success_says_what_was_found_and_where(tell):
    result, published = succeeded(tell)
    assert result == {"cause": "10 tickers: error 1.000 x naive."}
    assert published["TopicArn"] == "arn:aws:sns:us-east-1:123456789012:runs"
    assert published["Subject"] == "Forecasts ready: us"
    assert published["Message"].splitlines()[1:5] == ["", "What is new:", "  1 new file: p.csv", ""]
    for word in ("10 tickers: error 1.000 x naive.", f"s3://lake/{KEY}", "incoming/us/p.csv", "us-0123456789ab"):
        assert word in published["Message"]


def test_a_dataset_that_is_too_short_is_told_as_stored_not_as_failed(tell, capsys):
    reason = "too few days: 1 with prices (2024-01-02 to 2024-01-02); upload more history"
    result, published = tell(outcome="too_short", run=RUN, key="incoming/us/p.csv", reason=reason)
    assert result == {"cause": f"incoming/us/p.csv is stored, and us is too short to be forecast: {reason}."}
    assert published["Subject"] == "No new forecasts: us"
    assert published["Message"].splitlines() == [result["cause"], "", "Dataset: us", "File:    incoming/us/p.csv"]
    assert not messages.was_published(result["cause"])
    assert "RejectedFiles" not in capsys.readouterr().out


def test_the_link_opens_the_report_in_a_browser(tell, buckets):
    storage.put("lake", KEY, "<!doctype html>", "text/html; charset=utf-8")
    answer = requests.get(link(succeeded(tell)[1]), timeout=5)
    assert (answer.status_code, answer.text) == (200, "<!doctype html>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("hours", "said"), [("12", "after 12 hours"), ("1", "after 1 hour at")])
def test_the_link_ends_when_the_parameter_says(tell, monkeypatch, hours, said):
    monkeypatch.setenv("REPORT_LINK_HOURS", hours)
    _, published = succeeded(tell)
    assert asked(link(published))["X-Amz-Expires"] == str(int(hours) * 3600)
    assert said in published["Message"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-southeast-5"])
def test_the_link_is_signed_for_the_buckets_own_region(tell, monkeypatch, region):
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    address = link(succeeded(tell)[1])
    assert urllib.parse.urlsplit(address).netloc == f"lake.s3.{region}.amazonaws.com"
    assert asked(address)["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert asked(address)["X-Amz-Credential"].split("/")[2:] == [region, "s3", "aws4_request"]


def test_the_link_is_in_the_message_alone(tell, monkeypatch, capsys, caplog):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t" * 2000)
    result, published = succeeded(tell, headline="h" * 1000)
    assert "X-Amz-Signature" in link(published)
    out, err = capsys.readouterr()
    assert "X-Amz" not in json.dumps(result) + out + err + caplog.text + published["Subject"]
    assert len(published["Message"].encode()) < 262_144


def test_a_failed_run_has_no_link(tell):
    assert "https://" not in failed(tell)[1]["Message"]


def test_failure_says_what_failed_where_and_what_to_do(tell):
    cause = "line 1: no column date: s3://incoming/incoming/us/p.csv"
    result, published = failed(tell, "RejectedFile", cause)
    assert result["cause"] == "Forecasting failed: line 1: no column date: s3://incoming/incoming/us/p.csv"
    assert result["cause"] in published["Message"]
    assert "RejectedFile" in published["Subject"]
    assert published["Message"].count("s3://incoming/") == 1


def test_a_lambda_errors_json_is_unwrapped_to_its_message(tell):
    cause = json.dumps(
        {"errorMessage": "line 1: no column date", "errorType": "RejectedFile", "stackTrace": ["  File x"]}
    )
    result, published = failed(tell, "RejectedFile", cause)
    assert result["cause"] == "Forecasting failed: line 1: no column date"
    assert "stackTrace" not in published["Message"]
    assert "File x" not in published["Message"]


def test_the_rejected_rows_have_their_place_in_the_message(tell):
    source = {"bucket": "incoming", "key": "incoming/us/p.csv", "version_id": "1"}
    _, published = failed(tell, "RejectedFile", "line 1: no column date", run={}, source=source)
    assert f"Rows:    s3://lake/{keys.rejected('us', source)}" in published["Message"].splitlines()
    assert "Dataset: us" in published["Message"].splitlines()
    _, published = failed(tell, "RejectedFile", "no dataset", run={}, source=source | {"key": "incoming/p.csv"})
    assert "Rows: " not in published["Message"]


@pytest.mark.parametrize("error", ["Aborted", "CrawlFailed", "States.Timeout"])
def test_what_ends_a_run_after_its_commit_is_told_as_published(tell, error):
    result, published = failed(tell, error, "somebody stopped the execution", published=True)
    said = "is done and its forecasts are published, but then: somebody stopped the execution."
    assert result["cause"].startswith(f"Forecasting incoming/us/p.csv {said}")
    assert "start the execution again with the same input" in result["cause"]
    assert published["Subject"] == f"Forecasts published, but not finished: incoming/us/p.csv ({error})"
    assert messages.was_published(result["cause"])


def test_what_is_new_in_a_run_that_fails_after_its_commit_is_told_with_the_failure(tell):
    """No later run tells it, and one that only crawls again says nothing."""
    _, published = failed(tell, "CrawlFailed", "the crawler is READY", published=True)
    lines = published["Message"].splitlines()
    place = lines.index("What is new:")
    assert lines[place + 1] == "  1 new file: p.csv"
    assert urllib.parse.unquote(urllib.parse.urlsplit(link(published)).path) == f"/{KEY}"
    assert "What is new" not in failed(tell, "ModelFailed", "it broke", published=False)[1]["Message"]


def test_a_failure_is_told_though_what_is_new_cannot_be_read(tell, monkeypatch):
    def broken(*_):
        raise ValueError("message.json is not that of us-0123456789ab")

    monkeypatch.setattr(working, "get_json", broken)
    _, published = failed(tell, "ValueError", "message.json is damaged", published=True)
    assert "message.json is damaged" in published["Message"]
    assert "What is new in it cannot be read: message.json is not that of us-0123456789ab" in published["Message"]


@pytest.mark.parametrize("cause", [None, "", "{}", "[]", "null", '{"errorMessage": ""}'])
def test_a_cause_that_says_nothing_leaves_the_errors_name(tell, cause):
    result, _ = failed(tell, "States.Timeout", cause)
    assert result["cause"].startswith("Forecasting incoming/us/p.csv failed: ")
    assert "A step took longer than it may." in result["cause"]


def test_a_traceback_keeps_its_last_line_only(tell):
    reason = """Training job j is Failed after 40 s. AlgorithmError: ExecuteUserScriptError:
ExitCode 1
ErrorMessage "Traceback (most recent call last)
   File "/opt/ml/code/train.py", line 9, in <module>
 main()
 File "/opt/ml/code/data.py", line 3, in main
 raise ValueError("no rows")
 ValueError: no rows"
Command "/usr/local/bin/python3.12 train.py", exit code: 1"""
    result, _ = failed(tell, "TrainingFailed", reason)
    assert "ValueError: no rows" in result["cause"]
    assert "ExecuteUserScriptError" in result["cause"]
    for noise in ("Traceback", "train.py", "raise ValueError", "main()"):
        assert noise not in result["cause"]


def test_split_may_fail_before_there_is_a_run(tell):
    result, published = failed(tell, "RejectedFile", "a .xlsx file", run={})
    assert "a .xlsx file" in result["cause"]
    assert "Dataset" not in published["Message"]


def test_what_could_not_be_cleaned_up_is_said_too(tell):
    left = json.dumps({"errorMessage": "endpoint e is Creating", "errorType": "StillCreating"})
    result, _ = failed(tell, clean_up_failure=left)
    assert "it broke." in result["cause"]
    assert "Cleaning up failed too" in result["cause"]
    assert result["cause"].endswith("endpoint e is Creating.")


def test_an_aborted_run_is_told_with_what_became_of_its_resources(tell):
    why = "somebody stopped the execution: wrong file"
    result, published = failed(tell, "Aborted", why, cleaned_up=True)
    assert result["cause"].startswith(f"Forecasting incoming/us/p.csv failed: {why}. ")
    assert result["cause"].endswith("Nothing of it is left in SageMaker.")
    assert result["cause"] in published["Message"]


def test_nothing_is_said_to_be_gone_where_cleaning_up_failed(tell):
    result, _ = failed(tell, "Aborted", "stopped", cleaned_up=True, clean_up_failure="endpoint e is Creating")
    assert "Nothing of it is left" not in result["cause"]
    assert result["cause"].endswith("endpoint e is Creating.")


def test_what_was_told_before_is_not_wrapped_again(tell):
    told, _ = failed(tell, "ModelFailed", "it broke")
    result, _ = failed(tell, "ModelFailed", told["cause"], clean_up_failure="endpoint e is Creating")
    assert result["cause"].startswith(told["cause"])
    assert result["cause"].count("Forecasting ") == 1


def test_subject_and_cause_keep_the_services_limits(tell):
    result, published = tell(
        outcome="failed", run=RUN, key=f"incoming/é\n{'x' * 900}.csv", failure={"error": "E", "cause": "ü" * 100_000}
    )
    assert len(result["cause"]) <= 32_768
    assert len(published["Message"].encode()) <= 262_144
    assert len(published["Subject"]) <= 100
    assert published["Subject"].isascii()
    assert "\n" not in published["Subject"]


def test_every_error_that_the_machine_tells_apart_has_its_advice():
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes - {"RejectedFile"} <= set(messages.ADVICE)  # its own message says what to do


def metrics_of(capsys) -> list[dict]:
    """What CloudWatch would take from the log: one JSON line per handler that counted something."""
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    return [line for line in found if line.get("_aws")]


def test_a_rejected_file_is_counted_under_the_stack_alone(tell, capsys, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stocks")
    failed(tell, "RejectedFile", "line 1: no column date")
    (line,) = metrics_of(capsys)
    assert line["RejectedFiles"] == [1.0]
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


def test_no_other_failure_and_no_success_counts_as_a_rejected_file(tell, capsys):
    failed(tell, "TrainingFailed")
    assert "RejectedFiles" not in capsys.readouterr().out


def test_the_words_of_a_lambda_error_that_was_cut_off_are_found():
    cut = (
        '{"errorMessage": "the \\"model\\" answered 500", "errorType": "ModelFailed", "stackTrace": ["  File \\"/var/ta'
    )
    assert messages.plain(cut) == 'the "model" answered 500'


@pytest.mark.parametrize("outcome", ["succeeded", "too_short", "failed"])
@pytest.mark.parametrize("sign", ["\n", "\x1b[31m", "\u202e", "\u2069", "\u200b"], ids=ascii)
def test_no_sign_of_a_key_or_a_cause_forges_a_line_or_turns_one(tell, outcome, sign):
    key = f"incoming/us/a{sign}Run: forged.csv"
    more = {
        "succeeded": {"run": RUN, "summary": SUMMARY},
        "too_short": {"run": RUN, "reason": "too few days"},
        "failed": {"run": RUN, "failure": {"error": "ModelFailed", "cause": f"it broke{sign}"}},
    }[outcome]
    result, published = tell(outcome=outcome, key=key, **more)
    shown = rejected_rows.visible(key)
    assert all(
        line.isprintable() for line in [result["cause"], published["Subject"], *published["Message"].split("\n")]
    )
    assert [line for line in published["Message"].split("\n") if shown in line and line.startswith("File: ")]
    assert not [line for line in published["Message"].split("\n") if line.startswith("Run: forged")]


def test_a_log_shows_a_key_escaped():
    record = logging.makeLogRecord({"msg": "a key", "key": "incoming/us/\u202ea\x1bb\nc.csv"})
    line = telemetry.logger.registered_formatter.format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["key"] == "incoming/us/\u202ea\x1bb\nc.csv"
