import datetime
import json

import pytest

import sweep

KINDS = {
    "endpoint": ("list_endpoints", "Endpoints", "Endpoint", "delete_endpoint"),
    "endpoint-config": ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig", "delete_endpoint_config"),
    "model": ("list_models", "Models", "Model", "delete_model"),
    "training-job": ("list_training_jobs", "TrainingJobSummaries", "TrainingJob", "stop_training_job"),
}
STATUS = {"endpoint": "InService", "training-job": "InProgress"}


def arn(kind, name):
    return f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}"


def one(kind, hours, name="stocks-us-1", **more):
    """How SageMaker lists one resource of this age."""
    field, created = KINDS[kind][2], datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)
    listed = {f"{field}Name": name, f"{field}Arn": arn(kind, name), "CreationTime": created}
    if kind in STATUS:
        listed[f"{field}Status"] = STATUS[kind]
    if kind == "endpoint":
        listed["LastModifiedTime"] = created
    return listed | more


class Cloud:
    """SageMaker scripted: first the lists, then whatever the test expects for each resource in their order."""

    def __init__(self, stub):
        self.sagemaker, self.sns, self.published = stub("sagemaker"), stub("sns"), []
        self.sns.client.meta.events.register(
            "provide-client-params.sns.Publish", lambda params, **_: self.published.append(dict(params))
        )

    def lists(self, **found):
        for kind, (lister, key, _, _) in KINDS.items():
            asked = {"NameContains": "stocks-"} | ({"StatusEquals": "InProgress"} if kind == "training-job" else {})
            self.sagemaker.add_response(lister, {key: found.get(kind.replace("-", "_"), [])}, asked)

    def tagged(self, kind, name="stocks-us-1", stack="stocks"):
        tags = {"Tags": [{"Key": "Run", "Value": "us-1"}, {"Key": "Stack", "Value": stack}]}
        self.sagemaker.add_response("list_tags", tags, {"ResourceArn": arn(kind, name)})

    def ends(self, kind, name="stocks-us-1"):
        self.sagemaker.add_response(KINDS[kind][3], {}, {f"{KINDS[kind][2]}Name": name})

    def refuses(self, call, code="ValidationException", message="Cannot update in-progress endpoint"):
        self.sagemaker.add_client_error(call, code, message)

    def tells(self):
        self.sns.add_response("publish", {"MessageId": "1"})


@pytest.fixture
def cloud(stub):
    return Cloud(stub)


def metric(capsys) -> float:
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "OldestEndpointMinutes" in line]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "StockForecasts"
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    (value,) = line["OldestEndpointMinutes"]
    return value


def test_without_leftovers_nothing_is_told_and_the_oldest_endpoint_is_0_minutes_old(cloud, context, capsys):
    cloud.lists()
    assert sweep.handler({}, context) == {"swept": []}
    assert metric(capsys) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_too_old_goes_and_is_told_with_its_name_and_age(cloud, context, caplog, kind):
    cloud.lists(**{kind.replace("-", "_"): [one(kind, 13)]})
    cloud.tagged(kind)
    cloud.ends(kind)
    cloud.tells()
    sweep.handler({}, context)
    (message,) = cloud.published
    named = f"{kind.replace('-', ' ')} stocks-us-1, 13.0 hours old"
    assert named in message["Message"]
    assert message["Subject"] == "Leftovers of stocks: 1 deleted, 0 still there"
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [f"swept up {named}"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_run_may_still_need_stays(cloud, context, kind):
    cloud.lists(**{kind.replace("-", "_"): [one(kind, 11.9)]})
    if kind == "endpoint":  # its age is counted; of the others nothing more is asked
        cloud.tagged(kind)
    assert sweep.handler({}, context) == {"swept": []}


def test_the_age_is_a_parameter(cloud, context, monkeypatch):
    monkeypatch.setenv("SWEEP_AFTER_HOURS", "6")
    cloud.lists(model=[one("model", 7)])
    cloud.tagged("model")
    cloud.ends("model")
    cloud.tells()
    assert len(sweep.handler({}, context)["swept"]) == 1


def test_the_oldest_endpoint_of_the_stack_is_measured_whatever_becomes_of_it(cloud, context, capsys):
    others = one("endpoint", 50, "stocks-b-us-1")
    cloud.lists(endpoint=[one("endpoint", 1), one("endpoint", 2, "stocks-us-2"), others])
    cloud.tagged("endpoint")
    cloud.tagged("endpoint", "stocks-us-2")
    cloud.tagged("endpoint", "stocks-b-us-1", stack="stocks-b")
    sweep.handler({}, context)
    assert metric(capsys) == pytest.approx(120, abs=1)


def test_another_stacks_resources_stay(cloud, context):
    """NameContains finds the prefix anywhere, and the stack `stocks-b` has the prefix of `stocks`."""
    cloud.lists(model=[one("model", 99, "my-stocks-1"), one("model", 99, "stocks-b-us-1")])
    cloud.tagged("model", "stocks-b-us-1", stack="stocks-b")
    assert sweep.handler({}, context) == {"swept": []}


def test_an_endpoint_that_does_not_get_on_with_being_deleted_keeps_its_config_and_is_told(cloud, context):
    cloud.lists(endpoint=[one("endpoint", 13, EndpointStatus="Deleting")], endpoint_config=[one("endpoint-config", 13)])
    cloud.tagged("endpoint")
    cloud.tagged("endpoint-config")
    cloud.tells()
    with pytest.raises(sweep.NotSwept, match=r"stocks-us-1, 13\.0 hours old: SageMaker has begun to delete it"):
        sweep.handler({}, context)


def test_a_young_endpoint_whose_tags_are_not_told_is_no_leftover(cloud, context, caplog):
    cloud.lists(endpoint=[one("endpoint", 1)])
    cloud.refuses("list_tags", "ThrottlingException", "Rate exceeded")
    assert sweep.handler({}, context) == {"swept": []}
    assert "of which SageMaker tells no tags" in caplog.text


def test_one_failure_does_not_keep_the_rest_and_is_told_and_raised(cloud, context):
    cloud.lists(endpoint=[one("endpoint", 13), one("endpoint", 14, "stocks-us-2")])
    cloud.tagged("endpoint")
    cloud.refuses("delete_endpoint")
    cloud.tagged("endpoint", "stocks-us-2")
    cloud.ends("endpoint", "stocks-us-2")
    cloud.tells()
    with pytest.raises(sweep.NotSwept, match=r"stocks-us-1, 13\.0 hours old: Cannot update in-progress endpoint"):
        sweep.handler({}, context)
    (message,) = cloud.published
    assert message["Subject"] == "Leftovers of stocks: 1 deleted, 1 still there"
    assert "still there, and it may cost money: endpoint stocks-us-1" in message["Message"]
    assert "deleted or stopped: endpoint stocks-us-2" in message["Message"]


def test_what_a_stuck_endpoint_uses_stays_with_it(cloud, context):
    cloud.lists(endpoint=[one("endpoint", 13)], endpoint_config=[one("endpoint-config", 13)], model=[one("model", 13)])
    cloud.tagged("endpoint")
    cloud.refuses("delete_endpoint")
    cloud.tagged("endpoint-config")
    cloud.tagged("model")
    cloud.tells()
    with pytest.raises(sweep.NotSwept):
        sweep.handler({}, context)


def test_tags_that_cannot_be_read_are_a_failure_and_no_permission_to_delete(cloud, context):
    cloud.lists(model=[one("model", 13)])
    cloud.refuses("list_tags", "AccessDeniedException", "not authorized")
    cloud.tells()
    with pytest.raises(sweep.NotSwept, match="not authorized"):
        sweep.handler({}, context)


def test_what_vanished_since_it_was_listed_is_no_failure(cloud, context):
    cloud.lists(model=[one("model", 13)], training_job=[one("training-job", 13)])
    cloud.tagged("model")
    cloud.refuses("delete_model", message="Could not find model")
    cloud.tagged("training-job")
    cloud.refuses("stop_training_job", message="The request was rejected because the training job is in status Stopped")
    assert sweep.handler({}, context) == {"swept": []}


def test_every_page_of_a_list_is_read(cloud, context):
    lister, key, _, _ = KINDS["endpoint"]
    first, second = one("endpoint", 1), one("endpoint", 13, "stocks-us-2")
    cloud.sagemaker.add_response(lister, {key: [first], "NextToken": "2"}, {"NameContains": "stocks-"})
    cloud.sagemaker.add_response(lister, {key: [second]}, {"NameContains": "stocks-", "NextToken": "2"})
    for kind in ("endpoint-config", "model", "training-job"):
        cloud.sagemaker.add_response(KINDS[kind][0], {KINDS[kind][1]: []})
    cloud.tagged("endpoint")
    cloud.tagged("endpoint", "stocks-us-2")
    cloud.ends("endpoint", "stocks-us-2")
    cloud.tells()
    assert len(sweep.handler({}, context)["swept"]) == 1


def test_a_list_that_fails_is_raised_before_anything_is_deleted(cloud, context):
    cloud.sagemaker.add_response("list_endpoints", {"Endpoints": [one("endpoint", 13)]})
    cloud.refuses("list_endpoint_configs", "AccessDeniedException", "not authorized to list")
    with pytest.raises(cloud.sagemaker.client.exceptions.ClientError, match="not authorized to list"):
        sweep.handler({}, context)
