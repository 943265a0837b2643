"""Least privilege, as far as the template shows it; MiniStack enforces less of it than AWS does."""

import itertools
import json
import re

import pytest

import retire
from tests.support.template import (
    MACHINES,
    definition,
    function_of,
    functions,
    listed,
    principals,
    resources,
    statements,
    states,
    text,
)

# Actions that AWS cannot narrow to a resource, and why.
EVERYWHERE = {
    "logs:CreateLogDelivery": "Step Functions writes its log through vended log delivery, which has no ARN",
    "logs:GetLogDelivery": "as above",
    "logs:UpdateLogDelivery": "as above",
    "logs:DeleteLogDelivery": "as above",
    "logs:ListLogDeliveries": "as above",
    "logs:PutResourcePolicy": "as above",
    "logs:DescribeResourcePolicies": "as above",
    "logs:DescribeLogGroups": "as above",
    "ecr:GetAuthorizationToken": "a registry token names no repository",
    "cloudwatch:PutMetricData": "metrics have no ARN; the namespace is a condition",
    "xray:PutTraceSegments": "X-Ray has no resources to name",
    "xray:PutTelemetryRecords": "as above",
    "xray:GetSamplingRules": "as above",
    "xray:GetSamplingTargets": "as above",
    "sagemaker:ListEndpoints": "lists name no resource",
    "sagemaker:ListEndpointConfigs": "as above",
    "sagemaker:ListModels": "as above",
    "sagemaker:ListTrainingJobs": "as above",
    "sagemaker:ListTransformJobs": "as above",
    "servicequotas:ListServiceQuotas": "as above",
}
ROLES = resources("AWS::IAM::Role")
SERVICES = {
    "MachineRole": "states",
    "CleanUpMachineRole": "states",
    "TrainingRole": "sagemaker",
    "EndpointRole": "sagemaker",
    "CrawlerRole": "glue",
    "ForecastMachineUploadRole": "events",
}  # all others are Lambda's
MACHINE_ROLES = {"ForecastMachine": "MachineRole", "CleanUpMachine": "CleanUpMachineRole"}
ALL = [(name, statement) for name in principals() for statement in statements(name)]


def actions(name: str) -> set[str]:
    return {action for statement in statements(name) for action in listed(statement["Action"])}


def granted(name: str, action: str) -> set[str]:
    """The resources that a role may use an action on."""
    matching = [statement for statement in statements(name) if action in listed(statement["Action"])]
    return {text(resource) for statement in matching for resource in listed(statement["Resource"])}


def test_nothing_is_granted_by_a_pattern_of_actions():
    assert [action for _, statement in ALL for action in listed(statement["Action"]) if "*" in action] == []


def test_every_resource_is_named_where_the_service_allows_it():
    wide = [statement for _, statement in ALL if "*" in listed(statement["Resource"])]
    assert {action for statement in wide for action in listed(statement["Action"])} == set(EVERYWHERE)
    assert all(listed(statement["Resource"]) == ["*"] for statement in wide)


def test_metrics_are_narrowed_by_namespace():
    found = [statement for _, statement in ALL if "cloudwatch:PutMetricData" in listed(statement["Action"])]
    assert [list(statement["Condition"]["StringEquals"]) for statement in found] == [["cloudwatch:namespace"]] * 2


def test_every_function_and_machine_have_a_role_of_their_own():
    """A role that SAM makes holds AWS's managed policies, which let it write to every log."""
    machines = resources("AWS::Serverless::StateMachine")
    roles = {name: properties["Role"] for name, properties in {**functions(), **machines}.items()}
    for name, role in roles.items():
        own = MACHINE_ROLES[name] if name in machines else name.removesuffix("Function") + "Role"
        assert text(role) == f"${{{own}.Arn}}"


def test_a_role_is_assumed_by_its_service_only():
    services = {name: properties["AssumeRolePolicyDocument"]["Statement"] for name, properties in ROLES.items()}
    assert {name: [statement["Principal"] for statement in trust] for name, trust in services.items()} == {
        name: [{"Service": f"{SERVICES.get(name, 'lambda')}.amazonaws.com"}] for name in services
    }


def test_a_function_writes_to_its_own_log():
    for name in functions():
        step = name.removesuffix("Function")
        assert granted(f"{step}Role", "logs:PutLogEvents") == {f"${{{step}Log.Arn}}"}


def test_nothing_is_granted_by_a_managed_policy():
    assert [name for name, properties in ROLES.items() if "ManagedPolicyArns" in properties] == []


def test_every_policy_has_the_version_that_knows_conditions():
    versions = {policy["PolicyDocument"]["Version"] for role in ROLES.values() for policy in role["Policies"]}
    assert versions == {"2012-10-17"}


def test_only_what_starts_something_passes_its_role_and_only_to_sagemaker():
    passing = {name: granted(name, "iam:PassRole") for name in principals() if "iam:PassRole" in actions(name)}
    assert passing == {
        "StartTrainingRole": {"${TrainingRole.Arn}"},
        "CreateEndpointRole": {"${EndpointRole.Arn}"},
        "StartTransformRole": {"${EndpointRole.Arn}"},
    }
    for _, statement in ALL:
        if "iam:PassRole" in listed(statement["Action"]):
            assert statement["Action"] == "iam:PassRole"
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_assumed_for_this_account_only_where_the_service_says_for_whom(name):
    """Lambda assumes a role for its own functions and names no source; Glue documents none for crawlers."""
    (trust,) = ROLES[name]["AssumeRolePolicyDocument"]["Statement"]
    told = SERVICES.get(name, "lambda") in ("states", "sagemaker")
    assert trust["Action"] == "sts:AssumeRole"
    assert trust.get("Condition") == (
        {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}} if told else None
    )


@pytest.mark.parametrize(("machine", "role"), MACHINE_ROLES.items())
def test_a_machine_may_invoke_every_version_of_the_functions_of_its_states_and_nothing_else(machine, role):
    """Older versions, too: an execution goes on with those that its definition named when it started."""
    tasks = [state for _, state in states(definition(MACHINES[machine])) if state["Type"] == "Task"]
    assert granted(role, "lambda:InvokeFunction") == {"${" + function_of(state) + ".Arn}:*" for state in tasks}


def test_nothing_else_invokes_functions():
    invoking = {name for name in principals() if "lambda:InvokeFunction" in actions(name)}
    assert invoking == set(MACHINE_ROLES.values())


@pytest.mark.parametrize("role", MACHINE_ROLES.values())
def test_a_machine_may_deliver_its_log(role):
    """Without these, on every resource, AWS refuses to create a machine that logs."""
    assert {action for action in EVERYWHERE if action.startswith("logs:")} <= actions(role)


def test_a_distributed_map_would_need_more():
    for machine, role in MACHINE_ROLES.items():
        assert "DISTRIBUTED" not in json.dumps(definition(MACHINES[machine]))
        assert "states:StartExecution" not in actions(role)


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("CreateTrainingJob", {"training-job"}),
        ("CreateTransformJob", {"transform-job"}),
        ("CreateModel", {"model"}),
        ("CreateEndpointConfig", {"endpoint-config"}),
        ("CreateEndpoint", {"endpoint", "endpoint-config"}),
        ("InvokeEndpoint", {"endpoint"}),
    ],
)
def test_what_is_made_or_called_in_sagemaker_is_granted_on_its_own_kind(action, kinds):
    arns = [arn for name in principals() for arn in granted(name, f"sagemaker:{action}")]
    assert {kind for arn in arns for kind in re.findall(r":([a-z-]+)/", arn)} == kinds


def test_a_containers_log_is_named():
    """Not every log of SageMaker's: jobs of a kind share one group, endpoints of this stack have theirs."""
    groups = {name: granted(name, "logs:PutLogEvents") for name in ("TrainingRole", "EndpointRole")}
    assert {role: {arn.rpartition("log-group:")[2] for arn in arns} for role, arns in groups.items()} == {
        "TrainingRole": {"/aws/sagemaker/TrainingJobs*"},
        "EndpointRole": {"/aws/sagemaker/Endpoints/${AWS::StackName}-*", "/aws/sagemaker/TransformJobs*"},
    }


def test_tagged_creates_may_tag():
    for name in principals():
        for action in actions(name) & {
            "sagemaker:CreateTrainingJob",
            "sagemaker:CreateTransformJob",
            "sagemaker:CreateModel",
            "sagemaker:CreateEndpoint",
        }:
            assert granted(name, "sagemaker:AddTags") >= granted(name, action)


def test_an_endpoint_is_created_on_its_config_too():
    arns = granted("CreateEndpointRole", "sagemaker:CreateEndpoint")
    assert {kind for arn in arns for kind in re.findall(r":([a-z-]+)/", arn)} >= {"endpoint", "endpoint-config"}


def test_sagemakers_resources_are_the_stacks_own():
    for _, statement in ALL:
        if any(re.match(r"sagemaker:(?!List(?!Tags))", action) for action in listed(statement["Action"])):
            assert all(text(arn).endswith("/${AWS::StackName}-*") for arn in listed(statement["Resource"]))


def test_the_sweep_lists_everything_and_ends_the_stacks_own():
    own = {action for action in actions("SweepRole") if action.startswith("sagemaker:") and action not in EVERYWHERE}
    assert own == {"sagemaker:ListTags", "sagemaker:StopTrainingJob", "sagemaker:StopTransformJob"} | {
        f"sagemaker:Delete{kind}" for kind in ("Endpoint", "EndpointConfig", "Model")
    }
    assert len(granted("SweepRole", "sagemaker:ListTags")) == 5


def test_what_signs_a_link_in_a_notification_reads_reports_and_messages_and_nothing_else():
    """Whoever has a link may do what its signer may do to that one object."""
    services = {action for action in actions("NotifyRole") if not action.startswith(("logs:", "xray:"))}
    assert services == {"sns:Publish", "s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    assert granted("NotifyRole", "s3:GetObject") == {
        "${LakeBucket.Arn}/reports/*",
        "${LakeBucket.Arn}/told/*",
        "${WorkBucket.Arn}/runs/*/message.json",
        "${WorkBucket.Arn}/sent/*",
    }
    assert granted("NotifyRole", "s3:PutObject") == {
        "${LakeBucket.Arn}/told/*",
        "${LakeBucket.Arn}/untold/*",
        "${WorkBucket.Arn}/sent/*",
    }


@pytest.mark.parametrize(("role", "repository"), [("TrainingRole", "training"), ("EndpointRole", "inference")])
def test_sagemaker_pulls_its_container_from_the_account_that_owns_it(role, repository):
    pulls = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"}
    assert pulls | {"ecr:GetAuthorizationToken"} <= actions(role)
    for action in pulls:
        (arn,) = granted(role, action)
        assert arn.endswith(f"${{Account}}:repository/tensorflow-{repository}")


def test_an_execution_of_this_machine_is_started_by_hand_over_and_resume_only():
    starting = {name: granted(name, "states:StartExecution") for name in principals()}
    starting = {name: resources for name, resources in starting.items() if resources}
    assert starting.pop("ForecastMachineUploadRole") == {"${ForecastMachine}"}, "in the name of uploads"
    assert set(starting) == {"HandOverRole", "ResumeRole"}
    for (resource,) in starting.values():
        assert resource.endswith(":stateMachine:${AWS::StackName}")


def test_the_sweep_stops_executions_of_this_machine_only():
    stopping = {name for name in principals() if "states:StopExecution" in actions(name)}
    assert stopping == {"SweepRole"}
    (arn,) = granted("SweepRole", "states:StopExecution")
    assert arn.endswith(":execution:${AWS::StackName}:*")


def test_logs_of_this_stacks_endpoints_are_made_and_deleted_only():
    made, deleted = (
        "logs:CreateLogGroup logs:PutRetentionPolicy logs:TagResource",
        "logs:DeleteLogGroup logs:ListTagsForResource",
    )
    for role, needed in {"CreateEndpointRole": made, "SweepRole": deleted}.items():
        arns = {arn for action in needed.split() for arn in granted(role, action)}
        assert {arn.rpartition("log-group:")[2] for arn in arns} == {"/aws/sagemaker/Endpoints/${AWS::StackName}-*"}
    assert {name for name in principals() if "logs:DeleteLogGroup" in actions(name)} == {"SweepRole"}


def test_retire_forgets_partitions_of_the_tables_that_it_empties_only():
    deleting = {name for name in principals() if any(action.startswith("glue:Delete") for action in actions(name))}
    assert deleting == {"RetireRole"}
    assert {action for action in actions("RetireRole") if action.startswith("glue:")} == {"glue:DeletePartition"}
    tables = {arn for arn in granted("RetireRole", "glue:DeletePartition") if ":table/" in arn}
    assert {arn.rpartition("/")[2] for arn in tables} == set(retire.PARTITIONED)


def test_no_statement_repeats_what_another_grants():
    for name in principals():
        pairs = [
            (action, text(arn))
            for statement in statements(name)
            for action, arn in itertools.product(listed(statement["Action"]), listed(statement["Resource"]))
        ]
        assert len(pairs) == len(set(pairs)), name
