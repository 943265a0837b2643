"""Preflight names what is wrong with an account in one line, with its remedy, and changes nothing."""

import functools
import os
import re
import shutil
import subprocess
import sys

import botocore.client
import pytest

from tests.support import account
from tests.support.account import ENDPOINT, FAULTS, TRAINING, Refusal, quota
from tests.support.template import ROOT, template
from tools.aws import __main__ as program
from tools.aws import session

TRANSFORM = "ml.m5.large for transform job usage"
READING = re.compile(r"(Get|BatchGet|List|Describe|Simulate|Head)[A-Z]")


@functools.cache
def shared(profile, region, made=session.session):
    """A session whose clients are kept: reading the models of ten services takes seconds."""
    own = made(profile, region)
    own.client = functools.cache(own.client)
    return own


@pytest.fixture
def preflight(monkeypatch, capsys):
    """preflight(ARGUMENT..., WORD=ANSWER...) -> exit code and lines of a run in an account with these faults."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(session, "session", shared)

    def run(*arguments, region="eu-central-1", now=None, **faults):
        world = account.Account(account.healthy() | faults)
        world.now = now or world.now
        monkeypatch.setattr(
            botocore.client.BaseClient, "_make_api_call", lambda client, *given: world.call(client, *given)
        )
        code = program.main(["preflight", *(["--region", region] if region else []), *arguments])
        assert [one for one in world.called if not READING.match(one)] == []
        run.called = world.called
        return code, capsys.readouterr().out.splitlines()

    return run


def bad(lines):
    return [line for line in lines if not line.startswith("ok: ")]


def test_a_healthy_account_passes_and_everything_is_looked_at(preflight):
    code, lines = preflight()
    assert (code, bad(lines)) == (0, [])
    assert set(preflight.called) == set(account.healthy())
    assert len(lines) >= 8


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_in_one_line_with_its_remedy(preflight, fault):
    answers, words, remedy, expected = FAULTS[fault]
    code, lines = preflight(**answers)
    (line,) = bad(lines)
    what, _, mend = line.partition(" -> ")
    assert words in what
    assert remedy in mend
    assert code == expected


@pytest.mark.parametrize("name", ["TrainingImage", "InferenceImage"])
def test_a_pinned_container_is_looked_for_by_its_digest(preflight, monkeypatch, name):
    pinned = f"{template()['Parameters'][name]['Default'].partition(':')[0]}@{account.DIGEST}"
    monkeypatch.setattr(program.preflight, "configured", lambda environment: (account.STACK, {name: pinned}))
    asked = []

    def answer(given):
        asked.extend(given["imageIds"])
        return account.HAVING

    code, lines = preflight(BatchGetImage=answer)
    assert code == 0
    assert f"ok: container {pinned}" in lines
    assert {"imageDigest": account.DIGEST} in asked
    assert len([line for line in lines if line.endswith("`make pin` keeps what it means")]) == 1


def standing(**parameters):
    """The answer of CloudFormation where the stack stands with these."""
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"Stacks": [one | {"Parameters": given} for one in account.stacks(stock_forecasts_dev="OK")["Stacks"]]}


def test_a_parameter_that_samconfig_does_not_name_counts_as_the_stack_has_it(preflight, monkeypatch):
    code, lines = preflight(DescribeStacks=standing(EndpointInstanceCount="3", PollSeconds="30", Gone="1"))
    assert [f"{ENDPOINT} is 1, and a run needs 3" in line for line in bad(lines)] == [True]
    told = [line for line in lines if "the stack keeps" in line]
    words = "the stack keeps EndpointInstanceCount=3, for samconfig.toml does not name it; the template's own is 1"
    assert (code, told) == (1, [f"ok: {words}"])

    named = (account.STACK, {"EndpointInstanceCount": "1"})
    monkeypatch.setattr(program.preflight, "configured", lambda environment: named)
    assert preflight(DescribeStacks=standing(EndpointInstanceCount="3"))[0] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TrainingImage", "tensorflow-training:2.19-cpu-py312"),
        ("EndpointMode", "serverless"),
        ("LogRetentionDays", "2"),
        ("MaxConcurrency", "4"),
        ("MaxConcurrency", "41"),
    ],
)
def test_a_parameter_that_the_stack_keeps_and_this_template_refuses_is_told(preflight, name, value):
    code, lines = preflight(DescribeStacks=standing(**{name: value}))
    refused = [line for line in bad(lines) if "this template refuses that" in line]
    default = template()["Parameters"][name]["Default"]
    assert [f"problem: the stack keeps {name}={value}, " in line for line in refused] == [True]
    assert refused[0].endswith(f"name it in parameter_overrides of samconfig.toml, such as `{name}={default}`")
    assert code == 1


@pytest.mark.parametrize(("instances", "answer"), [(1.0, 0), (0.0, 1)])
def test_where_transform_jobs_answer_their_quota_counts_and_that_of_endpoints_does_not(
    preflight, monkeypatch, instances, answer
):
    parameters = {"EndpointMode": "transform"}
    monkeypatch.setattr(program.preflight, "configured", lambda environment: (account.STACK, parameters))
    quotas = [quota(TRAINING, 1.0, "L-1"), quota(ENDPOINT, 0.0, "L-2"), quota(TRANSFORM, instances, "L-3")]
    code, lines = preflight(ListServiceQuotas={"Quotas": quotas})
    assert code == answer
    told = [f"problem: the quota {TRANSFORM} is 0, and a run needs 1" in line and "L-3" in line for line in bad(lines)]
    assert told == [True] * answer


def test_a_clock_that_is_off_is_told(preflight):
    late = account.Account({}).now.replace(year=2020)
    code, lines = preflight(now=late)
    assert code == 1
    assert "clock is off by" in bad(lines)[0]
    assert "timedatectl" in bad(lines)[0]


@pytest.mark.parametrize("missing", ["sam", "python3.13", "make"])
def test_what_is_not_installed_is_named(preflight, monkeypatch, missing):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else name)
    code, lines = preflight()
    assert code == 1
    assert [line.startswith(f"problem: {missing} is not on the path -> install") for line in bad(lines)] == [True]


@pytest.mark.parametrize(
    ("arguments", "region", "words"),
    [
        ([], None, "no region is chosen -> --region"),
        ([], "eu-nowhere-1", "eu-nowhere-1 has no containers of TensorFlow -> choose"),
        (["--stack", "a" * 46], "us-east-1", "is longer than 45 characters"),
        (["--stack", "Capitals"], "us-east-1", "has other characters than"),
        (["--profile", "absent"], "us-east-1", "error: The config profile (absent) could not be found"),
    ],
)
def test_what_was_chosen_wrongly_is_told(preflight, arguments, region, words):
    code, lines = preflight(*arguments, region=region)
    assert code == 1
    assert [words in line for line in bad(lines)] == [True]


@pytest.mark.parametrize("region", ["ap-east-2", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "mx-central-1"])
def test_a_region_without_the_instance_types_is_told_though_no_quota_can_be_read(preflight, region):
    code, lines = preflight(region=region, ListServiceQuotas=Refusal("AccessDeniedException"))
    told = [line for line in lines if line.startswith(f"problem: {region} has no ml.m5.large -> ")]
    assert (code, len(told)) == (1, 2)
    assert all("another region" in line for line in told)


def test_a_quota_that_was_never_asked_for_counts_with_its_default(preflight):
    defaults = {"Quotas": [quota(TRAINING, 1.0, "L-611FA074"), quota(ENDPOINT, 0.0, "L-2F737F8D")]}
    code, lines = preflight(ListServiceQuotas={"Quotas": []}, ListAWSDefaultServiceQuotas=defaults)
    assert [f"the quota {ENDPOINT} is 0" in line for line in bad(lines)] == [True]
    assert code == 1


def test_the_parameters_of_the_environment_count(preflight, monkeypatch):
    from tools.aws import preflight as module

    monkeypatch.setattr(module, "configured", lambda _: ("some-stack", {"EndpointInstanceCount": "3"}))
    _, lines = preflight()
    assert [f"{ENDPOINT} is 1, and a run needs 3" in line for line in bad(lines)] == [True]


def test_every_instance_of_a_training_job_counts(preflight, monkeypatch):
    from tools.aws import preflight as module

    monkeypatch.setattr(module, "configured", lambda _: ("some-stack", {"TrainingInstanceCount": "8"}))
    _, lines = preflight()
    assert [f"{TRAINING} is 2, and a run needs 8" in line for line in bad(lines)] == [True]


@pytest.mark.parametrize(
    ("reserved", "free", "level", "words"),
    [
        (0, 10, "ok", "no Lambdas are reserved for Clean up, Sweep and Resume (ReservedCleanUps is 0)"),
        (5, 10, "problem", "ReservedCleanUps=5 reserves 7 Lambdas and leaves 3 unreserved; AWS refuses that -> "),
        (5, 5, "problem", "ReservedCleanUps=5 reserves 7 Lambdas and leaves 0 unreserved; AWS refuses that -> "),
        (1, 13, "warning", "ReservedCleanUps=1 reserves 3 Lambdas and leaves 10 unreserved; AWS may want 100 -> "),
        (5, 106, "warning", "ReservedCleanUps=5 reserves 7 Lambdas and leaves 99 unreserved; AWS may want 100 -> "),
        (5, 107, "ok", "ReservedCleanUps=5 reserves 7 Lambdas and leaves 100 unreserved"),
    ],
)
def test_lambdas_are_reserved_only_where_aws_lets_them_be(preflight, monkeypatch, reserved, free, level, words):
    from tools.aws import preflight as module

    monkeypatch.setattr(module, "configured", lambda _: ("some-stack", {"ReservedCleanUps": str(reserved)}))
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": free}
    code, lines = preflight(GetAccountSettings={"AccountLimit": limit})
    (line,) = [one for one in lines if "reserve" in one]
    assert line.startswith(f"{level}: {words}")
    assert ("ReservedCleanUps=0`, or `aws service-quotas request" in line) == (level != "ok")
    assert code == (1 if level == "problem" else 0)


def test_a_user_is_simulated_as_such_and_the_root_user_is_advised_against(preflight):
    user = "arn:aws:iam::123456789012:user/me"
    identity = account.healthy()["GetCallerIdentity"]
    asked = []

    def simulate(given):
        asked.append(given["PolicySourceArn"])
        return account.simulated(given)

    preflight(GetCallerIdentity={**identity, "Arn": user}, SimulatePrincipalPolicy=simulate)
    assert set(asked) == {user}
    code, lines = preflight(GetCallerIdentity={**identity, "Arn": "arn:aws:iam::123456789012:root"})
    assert [line.startswith("warning: this is the root user") for line in bad(lines)] == [True]
    assert code == 0


def test_what_the_organisation_refuses_is_said_so(preflight):
    def answer(given):
        made = account.simulated(given)
        for one in made["EvaluationResults"]:
            if one["EvalActionName"] == "glue:CreateDatabase":
                one |= {
                    "EvalDecision": "explicitDeny",
                    "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
                }
        return made

    _, lines = preflight(SimulatePrincipalPolicy=answer)
    assert ["glue:CreateDatabase (the organisation refuses it)" in line for line in bad(lines)] == [True]


def test_an_account_without_credentials_is_told_by_the_program_itself(tmp_path):
    """Nothing is replaced here: botocore finds no credentials before it calls anybody."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.aws", "preflight", "--region", "eu-central-1"],
        env={**own, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("problem: no credentials: Unable to locate credentials -> ")
