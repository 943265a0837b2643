"""Scenarios of what runs beside the machine, with the grants that they need, and of messages on rejected files."""

import contextlib
import json
from collections.abc import Iterator

from common import keys
from common.events import NamedRun
from common.versions import KEPT
from retire import GOING
from start_training import SOURCE
from tests.permissions import deletion, leases
from tests.permissions.replay import DATASET, Replay
from tests.support.cloud import RUN_SECONDS
from tests.support.eventually import eventually
from tests.support.template import functions

UNASKED = "the quota is not asked"
PUBLISHED = [name for name, function in functions().items() if function["AutoPublishAlias"]]

# As in grants.py.
NEEDED = {
    "SweepRole": {
        "sweep_versions": "\n".join(
            [
                "states:DescribeStateMachine states:stateMachine:<stack>",
                "states:DescribeStateMachine states:stateMachine:<stack>-clean-up",
                "states:ListExecutions states:stateMachine:<stack>",
                "states:ListExecutions states:stateMachine:<stack>-clean-up",
                *(f"lambda:ListVersionsByFunction {name}" for name in PUBLISHED),
                *(f"lambda:DeleteFunction {name}:*" for name in PUBLISHED),
            ]
        ),
        "sweep": """
            sagemaker:ListEndpoints *
            sagemaker:ListEndpointConfigs *
            sagemaker:ListModels *
            sagemaker:ListTrainingJobs *
            sagemaker:ListTags sagemaker:endpoint/<stack>-*
            sagemaker:ListTags sagemaker:endpoint-config/<stack>-*
            sagemaker:ListTags sagemaker:model/<stack>-*
            sagemaker:ListTags sagemaker:training-job/<stack>-*
            sagemaker:DeleteEndpoint sagemaker:endpoint/<stack>-*
            sagemaker:DeleteEndpointConfig sagemaker:endpoint-config/<stack>-*
            sagemaker:DeleteModel sagemaker:model/<stack>-*
            sagemaker:StopTrainingJob sagemaker:training-job/<stack>-*
            logs:DescribeLogGroups *
            logs:ListTagsForResource logs:log-group:/aws/sagemaker/Endpoints/<stack>-*
            logs:DeleteLogGroup logs:log-group:/aws/sagemaker/Endpoints/<stack>-*
            sns:Publish Topic""",
        **deletion.NEEDED,
    },
    "ResumeRole": {
        "resume_a_dead_holder": """
            s3:ListBucket IncomingBucket
            s3:ListBucketVersions IncomingBucket
            s3:GetObject IncomingBucket/incoming/*/settings.json
            s3:GetObject LakeBucket/leads/*
            s3:ListBucket LakeBucket leads/*
            s3:ListBucket LakeBucket published/*
            s3:ListBucket LakeBucket untold/*
            s3:ListBucket LakeBucket verdicts/*
            s3:PutObject LakeBucket/leads/*
            states:DescribeExecution states:execution:<stack>:*""",
        "resume_without_leader": "states:StartExecution states:stateMachine:<stack>",
        "resume_the_first_version": """
            s3:GetObject LakeBucket/runs/*
            s3:GetObject LakeBucket/verdicts/*
            s3:ListBucket LakeBucket runs/*""",
        "resume_and_tell": """
            s3:DeleteObject LakeBucket/untold/*
            s3:GetObject LakeBucket/told/*
            s3:GetObject LakeBucket/untold/*
            s3:ListBucket LakeBucket told/*
            s3:PutObject LakeBucket/told/*
            sns:Publish Topic""",
    },
    "RetireRole": {
        "retire": """
            s3:ListBucket IncomingBucket
            s3:GetObject LakeBucket/latest/*
            s3:GetObject LakeBucket/leads/*
            s3:GetObject LakeBucket/plans/*
            s3:GetObject LakeBucket/published/*
            s3:ListBucket LakeBucket facts/*
            s3:ListBucket LakeBucket latest/*
            s3:ListBucket LakeBucket leads/*
            s3:ListBucket LakeBucket metrics/*
            s3:ListBucket LakeBucket models/*
            s3:ListBucket LakeBucket plans/*
            s3:ListBucket LakeBucket predictions/*
            s3:ListBucket LakeBucket prices/*
            s3:ListBucket LakeBucket published/*
            s3:ListBucket LakeBucket reports/*
            s3:ListBucket LakeBucket verdicts/*
            s3:ListBucket LakeBucket runs/*
            s3:DeleteObject LakeBucket/facts/*
            s3:DeleteObject LakeBucket/metrics/*
            s3:DeleteObject LakeBucket/models/*
            s3:DeleteObject LakeBucket/predictions/*/test-*
            s3:DeleteObject LakeBucket/prices/*
            s3:DeleteObject LakeBucket/reports/*
            glue:DeletePartition glue:database/Database""",
    },
}
OLD: NamedRun = {"run_id": f"{DATASET}-000000000000", "dataset": DATASET}


def only_this_dataset(replayed: Replay) -> None:
    """Others are led, so Resume does nothing about what tests before left in them."""
    incoming = replayed.cloud.keys("IncomingBucket", "incoming/")
    for name in {key.split("/")[1] for key in incoming} - {DATASET}:
        leases.hold(replayed, replayed.aborted, dataset=name)


def resume_a_dead_holder(replayed: Replay, function: str) -> str:
    """The lease is that of an execution that was stopped long ago."""
    leases.hold(replayed, replayed.aborted, taken=leases.LONG_AGO)
    return replayed.call(function)[0]


def resume_without_leader(replayed: Replay, function: str) -> str:
    """Nobody has settled what came; who is started finds nothing to do."""
    leases.free(replayed)
    return resumed(replayed, function)


def resume_the_first_version(replayed: Replay, function: str) -> str:
    """The newest run is of the first version and its file has no verdict, so Resume has it read."""
    leases.hold(replayed, replayed.aborted)
    with leases.nothing_published(replayed), leases.gone(replayed, [leases.verdict_key(replayed)]):
        return resumed(replayed, function)


def resumed(replayed: Replay, function: str) -> str:
    """Calls Resume, which must start one execution, and waits for its end."""
    refused, answer = replayed.call(function)
    if refused:
        return refused
    (name,) = json.loads(answer)["started"]
    machine = replayed.outputs["StateMachineArn"]
    replayed.cloud.ended(f"{machine.replace(':stateMachine:', ':execution:')}:{name}")
    return ""


def resume_and_tell(replayed: Replay, function: str) -> str:
    """A rejected file waits to be told of, and the last message was long ago."""
    leases.hold(replayed, replayed.aborted)
    told(replayed, leases.LONG_AGO.isoformat())
    waiting = keys.untold(DATASET, replayed.source)  # type: ignore[arg-type]
    leases.put(replayed, waiting, json.dumps({"key": replayed.source["key"], "reason": "it holds no rows"}))
    refused = replayed.call(function)[0]
    return refused or ("it still waits" if replayed.cloud.keys("LakeBucket", waiting) else "")


def told(replayed: Replay, at: str) -> None:
    """The dataset's last message on rejected files was sent then."""
    leases.put(replayed, keys.told(DATASET), json.dumps({"at": at}))


def reject_first(replayed: Replay, function: str) -> str:
    """Nothing waits, and the dataset's last message was long ago."""
    waiting = keys.untold(DATASET, replayed.source)  # type: ignore[arg-type]
    replayed.client("s3").delete_object(Bucket=replayed.outputs["LakeBucket"], Key=waiting)
    told(replayed, leases.LONG_AGO.isoformat())
    return replayed.call(function, **rejection(replayed))[0]


def reject_again(replayed: Replay, function: str) -> str:
    """The dataset's last message is younger than an hour."""
    told(replayed, leases.now().isoformat())
    return replayed.call(function, **rejection(replayed))[0]


def rejection(replayed: Replay) -> dict:
    failure = {"error": "RejectedFile", "cause": "it holds no rows"}
    once = replayed.new()
    return {"outcome": "failed", "once": once, "run": {}, "failure": failure, "source": replayed.source}


def retire(replayed: Replay, function: str) -> str:
    """The dataset has a run of long ago, and its newest one still leads."""
    leases.hold(replayed, replayed.arn)
    with old_run(replayed) as going:
        refused = replayed.call(function)[0]
        left = [key for key in going if replayed.cloud.keys("LakeBucket", key)]
    return refused or (f"it kept {left}" if left else "")


@contextlib.contextmanager
def old_run(replayed: Replay) -> Iterator[list[str]]:
    """The keys that retiring the run must delete; nothing of the run is left afterwards."""
    facts = {"run_id": OLD["run_id"], "term": 0, "finished": leases.LONG_AGO.isoformat()}
    folders = {**GOING, "models": ""}
    going = [keys.lake(folder, OLD, f"{beginning}00000") for folder, beginning in folders.items()]
    staying = {
        keys.published_run(DATASET, 0, OLD["run_id"]): json.dumps(facts),
        keys.lake("runs", OLD, keys.part(0)): "",
    }
    try:
        for key, body in (dict.fromkeys(going, "") | staying).items():
            leases.put(replayed, key, body)
        yield going
    finally:
        for key in (*going, *staying):
            replayed.client("s3").delete_object(Bucket=replayed.outputs["LakeBucket"], Key=key)


def sweep_versions(replayed: Replay, function: str) -> str:
    """Each function has a version more than the newest, which no machine names; executions of others are over."""
    states, machine = replayed.client("stepfunctions"), replayed.outputs["StateMachineArn"]

    def rests() -> bool:
        running = {"statusFilter": "RUNNING"}
        both = [states.list_executions(stateMachineArn=arn, **running) for arn in (machine, f"{machine}-clean-up")]
        return not any(listed["executions"] for listed in both)

    eventually(rests, RUN_SECONDS)
    client = replayed.client("lambda")
    for name in map(replayed.function, PUBLISHED):
        description = client.get_function_configuration(FunctionName=name)["Description"]
        while len(client.list_versions_by_function(FunctionName=name)["Versions"]) < KEPT + 3:  # with the one named
            client.update_function_configuration(FunctionName=name, Description=description)
            client.publish_version(FunctionName=name)
    return replayed.call(function)[0]


RESUMING = ("resume_a_dead_holder", "resume_without_leader", "resume_the_first_version", "resume_and_tell")
BEFORE = {**dict.fromkeys(RESUMING, only_this_dataset), **deletion.BEFORE}


def ask_quota(replayed: Replay, function: str) -> str:
    """A run whose question is refused goes on, so what shows is whether it heard that the quota is 0."""
    term = leases.plan_of(replayed)["term"]
    leases.hold(replayed, replayed.arn, term)
    source = keys.work(replayed.payloads[function]["run"]["run_id"], SOURCE)
    replayed.client("s3").delete_object(Bucket=replayed.outputs["WorkBucket"], Key=source)  # the first try asks
    scripted = {"match": f"-{DATASET}-"}
    replayed.cloud.faults(scripted=scripted, endpoint_quota={"quota": 0})
    try:
        refused, _ = replayed.call(function, execution_name=replayed.new())
    finally:
        replayed.cloud.faults(scripted=scripted)
    return "" if "for endpoint usage' is 0" in refused else UNASKED


SCENARIOS = {
    "ask_quota": ask_quota,
    "resume_a_dead_holder": resume_a_dead_holder,
    "resume_without_leader": resume_without_leader,
    "resume_the_first_version": resume_the_first_version,
    "resume_and_tell": resume_and_tell,
    "reject_first": reject_first,
    "reject_again": reject_again,
    "retire": retire,
    **deletion.SCENARIOS,
    "sweep_versions": sweep_versions,
}
