"""What smoke does when something is not as it should be; tests/queries/test_people.py has a whole run."""

import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from tools.aws import Problem, athena, runs, smoke

OUTPUTS = {
    "IncomingBucket": "in",
    "LakeBucket": "lake",
    "StateMachineArn": "arn:machine",
    "DeadLetterQueueUrl": "https://queue",
    "WorkGroupName": "group",
    "DatabaseName": "database",
}
ROW = {"run_id": "smoke-1", "tickers": "10", "minutes": "10.0", "cost_usd": "0.0192", "forecasts": "30"}


class Pages:
    """A client whose operations have one page."""

    def __init__(self, **answers):
        self.answers = answers

    def get_paginator(self, operation):
        return SimpleNamespace(paginate=lambda **given: [self.answers.get(operation, {})])


class World:
    """A stack whose executions end as listed, one for each start."""

    def __init__(self, *ends, left=(), waiting="0", row=ROW, lost=0):
        self.ends, self.lost, self.row = list(ends), lost, row
        self.dropped, self.forced = 0, []
        answers = {
            "list_endpoints": {"Endpoints": [{"EndpointName": one} for one in left]},
            "list_endpoint_configs": {"EndpointConfigs": []},
            "list_models": {"Models": []},
            "list_training_jobs": {"TrainingJobSummaries": []},
            "list_transform_jobs": {"TransformJobSummaries": []},
        }
        attributes = {"Attributes": {"ApproximateNumberOfMessages": waiting}}
        self.clients = {
            "s3": SimpleNamespace(put_object=self.put),
            "stepfunctions": SimpleNamespace(start_execution=self.start),
            "sagemaker": Pages(**answers),
            "sqs": SimpleNamespace(get_queue_attributes=lambda **given: attributes),
            "athena": None,
        }

    def put(self, **_given):
        self.dropped += 1
        return {"VersionId": f"v{self.dropped}"}

    def start(self, **given):
        self.forced.append(json.loads(given["input"]))
        return {"executionArn": "arn:forced"}

    def found(self, _stack, sources, _seconds):
        return ["" if source["version_id"] <= f"v{self.lost}" else "arn:dropped" for source in sources]

    def ended(self, *_given):
        status, output = self.ends.pop(0)
        return {"status": status, "output": json.dumps(output), "error": "TrainingFailed", "cause": "no room"}


@pytest.fixture
def run(monkeypatch, tmp_path):
    """run(WORLD) -> exit code and what was printed."""
    file = tmp_path / "prices.csv"
    file.write_bytes(b"ticker,date,close\n" * 1000)

    def smoked(world):
        monkeypatch.setattr(runs, "find_executions", world.found)
        monkeypatch.setattr(runs, "lead", world.ended)
        monkeypatch.setattr(athena, "records", lambda *given: [world.row] if world.row else [])
        printed = io.StringIO()
        stack = runs.Stack(world.clients.__getitem__, OUTPUTS, 0)
        return smoke.smoke(stack, "stack", "smoke", file, Console(file=printed, width=200)), printed.getvalue()

    return smoked


PUBLISHED = ("SUCCEEDED", {"status": "published", "run_id": "smoke-1", "headline": "10 tickers"})


def test_a_published_run_passes_and_tells_its_cost(run):
    code, printed = run(World(PUBLISHED))
    assert code == 0
    assert "published: 10 tickers" in printed
    assert "0.0192 of it for SageMaker" in printed


def test_a_file_is_dropped_again_while_its_events_are_lost(run):
    world = World(PUBLISHED, lost=3)
    code, printed = run(world)
    assert (code, world.dropped) == (0, 4)
    versions = [one["detail"]["object"].get("version-id") for one in world.forced]
    assert versions == ["v1", "v2", "v3"], "the run waits for files that nobody reads"
    assert printed.count("a new bucket's events need about five minutes") == 3


def test_a_stack_whose_events_never_come_fails(run):
    with pytest.raises(Problem, match="no file starts an execution"):
        run(World(lost=9))


def test_where_nothing_is_new_the_run_is_forced(run):
    world = World(("SUCCEEDED", {"status": "unchanged"}), PUBLISHED)
    assert run(world)[0] == 0
    detail = {"bucket": {"name": "in"}, "object": {"key": "incoming/smoke/"}}
    assert world.forced == [{"detail": detail, "force": True}]


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (World(("FAILED", {})), "the run ended as FAILED TrainingFailed: no room"),
        (World(("SUCCEEDED", {"status": "unchanged"}), ("SUCCEEDED", {"status": "unchanged"})), "ended as SUCCEEDED"),
        (World(PUBLISHED, row=None), "Athena does not show the run smoke-1"),
        (World(PUBLISHED, row={**ROW, "run_id": "smoke-0"}), "Athena does not show the run smoke-1"),
        (World(PUBLISHED, row={**ROW, "forecasts": "0"}), "Athena does not show the run smoke-1"),
        (World(PUBLISHED, left=["stack-smoke-1a"]), "Endpoints has stack-smoke-1a"),
        (World(PUBLISHED, waiting="2"), "2 events are in the dead-letter queue"),
    ],
)
def test_what_is_wrong_is_told(run, world, words):
    with pytest.raises(Problem, match=words):
        run(world)


def test_what_other_datasets_and_stacks_have_is_not_left_by_this_one(run):
    assert run(World(PUBLISHED, left=["stack-other-1a", "my-stack-smoke-1a"]))[0] == 0


def test_a_run_without_a_price_of_its_instances_tells_the_rest():
    assert smoke.price({**ROW, "cost_usd": None}, 0.8).startswith("cost: about 0.")
    assert "without SageMaker" in smoke.price({**ROW, "cost_usd": None}, 0.8)


class States:
    """Step Functions with these executions, of which the first can be described at the second look only."""

    exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError)

    def __init__(self, inputs):
        self.inputs, self.looks, self.described = inputs, 0, 0

    def get_paginator(self, _operation):
        return SimpleNamespace(paginate=self.pages)

    def pages(self, **_given):
        self.looks += 1
        arns = list(self.inputs)
        for begin in range(0, len(arns), 100):
            yield {"executions": [{"executionArn": arn} for arn in arns[begin : begin + 100]]}

    def describe_execution(self, executionArn):
        self.described += 1
        if executionArn == "arn:0" and self.looks == 1:
            raise KeyError(executionArn)
        return {"input": json.dumps(self.inputs[executionArn])}


def of(version):
    return {"detail": {"object": {"key": "incoming/smoke/a.csv", "version-id": version}}}


def test_an_execution_is_found_by_the_version_that_it_was_started_for():
    states = States({"arn:0": of("v1"), "arn:1": of("v2"), "arn:2": {}})
    stack = runs.Stack(lambda service: states, OUTPUTS, 0)
    source = {"bucket": "in", "key": "incoming/smoke/a.csv", "version_id": "v1"}
    assert runs.find_executions(stack, [source], 5) == ["arn:0"]
    assert states.looks == 2
    assert runs.find_executions(stack, [{**source, "version_id": "v3"}, source], 0) == ["", "arn:0"]


def test_the_executions_of_five_hundred_files_are_found_and_each_is_described_once():
    """The newest is listed first, and others have started some since."""
    states = States({f"arn:{number}": of(f"v{number}") for number in range(540, 0, -1)})
    stack = runs.Stack(lambda service: states, OUTPUTS, 0)
    sources = [{"bucket": "in", "key": "incoming/smoke/a.csv", "version_id": f"v{number}"} for number in range(1, 501)]
    assert runs.find_executions(stack, sources, 0) == [f"arn:{number}" for number in range(1, 501)]
    assert states.described == 540


def test_an_execution_that_is_not_known_yet_is_waited_for():
    looks = []

    class Late:
        exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError)

        def describe_execution(self, **_given):
            looks.append("look")
            if len(looks) < 3:
                raise KeyError("arn")
            return {"status": "SUCCEEDED"}

        def get_paginator(self, _operation):
            return SimpleNamespace(paginate=lambda **given: [{"events": []}])

    stack = runs.Stack(lambda service: Late(), OUTPUTS, 0)
    assert runs.follow(stack, "arn", Console(file=io.StringIO()))["status"] == "SUCCEEDED"
    assert len(looks) == 3
