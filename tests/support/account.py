"""An account of AWS as preflight meets it: every call is checked against botocore's model, noted and answered."""

import datetime
import email.utils
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, UnauthorizedSSOTokenError
from botocore.validate import validate_parameters

from tools.aws.needs import MANAGED

STACK = "stock-forecasts-dev"
ROLE = "arn:aws:iam::123456789012:role/teams/Deployer"
DIGEST = "sha256:" + "0f" * 32
ALLOWED = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]


class Refusal(Exception):
    """An error of AWS's, by its code."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def quota(name: str, value: float, code: str) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value, "QuotaCode": code}


def absent(code: str) -> Callable:
    def answer(_given: dict) -> dict:
        raise Refusal(code)

    return answer


def simulated(given: dict) -> dict:
    results = [{"EvalActionName": one, "EvalDecision": "allowed"} for one in given["ActionNames"]]
    return {"EvaluationResults": results, "IsTruncated": False}


def healthy() -> dict[str, Any]:
    """What each operation answers, or a function of what it is given."""
    quotas = [
        quota("ml.m5.large for training job usage", 2.0, "L-611FA074"),
        quota("ml.m5.large for endpoint usage", 1.0, "L-2F737F8D"),
    ]
    caller = {"Arn": "arn:aws:sts::123456789012:assumed-role/Deployer/me", "Account": "123456789012", "UserId": "A:me"}
    return {
        "GetCallerIdentity": caller,
        "DescribeRegions": lambda given: {
            "Regions": [{"RegionName": given["Filters"][0]["Values"][0], "OptInStatus": "opt-in-not-required"}]
        },
        "ListAWSDefaultServiceQuotas": {"Quotas": [{**one, "Value": 0.0} for one in quotas]},
        "ListServiceQuotas": {"Quotas": quotas},
        "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}},
        "GetRole": {"Role": {"Arn": ROLE}},
        "SimulatePrincipalPolicy": simulated,
        "DescribeStacks": {"Stacks": []},
        "BatchGetImage": lambda given: {"images": [{"imageId": {**given["imageIds"][0], "imageDigest": DIGEST}}]},
        "GetDatabase": absent("EntityNotFoundException"),
        "GetWorkGroup": absent("InvalidRequestException"),
        "DescribeStateMachine": absent("StateMachineDoesNotExist"),
        "DescribeLogGroups": {"logGroups": []},
        "GetDataLakeSettings": {
            "DataLakeSettings": {
                "CreateDatabaseDefaultPermissions": ALLOWED,
                "CreateTableDefaultPermissions": ALLOWED,
            }
        },
    }


class Account:
    """Takes the place of botocore's way to the network; `called` has every operation."""

    def __init__(self, answers: dict[str, Any]):
        self.answers, self.called = answers, list[str]()
        self.now = datetime.datetime.now(datetime.UTC)  # AWS's clock

    def call(self, client: Any, operation: str, given: dict) -> dict:
        model = client.meta.service_model.operation_model(operation)
        if model.input_shape:
            validate_parameters(given, model.input_shape)
        self.called.append(operation)
        answer = self.answers[operation]
        if isinstance(answer, Refusal):
            raise _error(answer.code, operation)
        if isinstance(answer, Exception):
            raise answer
        try:
            made = answer(given) if callable(answer) else answer
        except Refusal as refusal:
            raise _error(refusal.code, operation) from None
        assert set(made) <= set(model.output_shape.members), operation
        return {
            **made,
            "ResponseMetadata": {"HTTPHeaders": {"date": email.utils.format_datetime(self.now, usegmt=True)}},
        }


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"the words of {code}"}}, operation)


def stacks(**states):
    return {
        "Stacks": [
            {"StackName": name.replace("_", "-"), "StackStatus": state, "CreationTime": 0}
            for name, state in states.items()
        ]
    }


def refusing(*actions):
    def answer(given):
        made = simulated(given)
        for one in made["EvaluationResults"]:
            one["EvalDecision"] = "implicitDeny" if one["EvalActionName"] in actions else "allowed"
        return made

    return answer


TRAINING, ENDPOINT = "ml.m5.large for training job usage", "ml.m5.large for endpoint usage"
NEW = {"Quotas": [quota(TRAINING, 0.0, "L-611FA074"), quota(ENDPOINT, 0.0, "L-2F737F8D")]}
RAISE = "aws service-quotas request-service-quota-increase --service-code"
HIDDEN: dict = {"DataLakeSettings": {"CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}}
DENIED = refusing("iam:CreateRole", "lambda:CreateFunction")
HAVING = {"images": [{"imageId": {"imageDigest": DIGEST}}]}
UNREACHED = EndpointConnectionError(endpoint_url="https://sts.example")
# What is broken, the words of the only bad line, its remedy, and the exit code.
FAULTS = {
    "no credentials": ({"GetCallerIdentity": NoCredentialsError()}, "problem: no credentials", "aws configure", 1),
    "an SSO session that has ended": (
        {"GetCallerIdentity": UnauthorizedSSOTokenError()},
        "problem: no credentials",
        "aws sso login",
        1,
    ),
    "no network": ({"GetCallerIdentity": UNREACHED}, "problem: no credentials: Could not connect", "aws configure", 1),
    "an expired token": ({"GetCallerIdentity": Refusal("ExpiredToken")}, "have expired", "aws sso login", 1),
    "an unknown key": (
        {"GetCallerIdentity": Refusal("InvalidClientTokenId")},
        "does not know the access key",
        "aws configure",
        1,
    ),
    "a signature of another time": (
        {"GetCallerIdentity": Refusal("SignatureDoesNotMatch")},
        "wrong clock",
        "timedatectl",
        1,
    ),
    "a region that is not enabled": (
        {"DescribeRegions": {"Regions": [{"RegionName": "eu-central-1", "OptInStatus": "not-opted-in"}]}},
        "eu-central-1 is not enabled",
        "aws account enable-region --region-name eu-central-1",
        1,
    ),
    "a quota of training of 0": (
        {"ListServiceQuotas": {"Quotas": [NEW["Quotas"][0], quota(ENDPOINT, 1.0, "L-2F737F8D")]}},
        f"the quota {TRAINING} is 0",
        f"{RAISE} sagemaker --quota-code L-611FA074 --desired-value 1 --region eu-central-1",
        1,
    ),
    "a quota of endpoints of 0": (
        {"ListServiceQuotas": {"Quotas": [quota(TRAINING, 1.0, "L-611FA074"), NEW["Quotas"][1]]}},
        f"the quota {ENDPOINT} is 0",
        f"{RAISE} sagemaker --quota-code L-2F737F8D --desired-value 1",
        1,
    ),
    "an instance type that the region lacks": (
        {
            "ListServiceQuotas": {"Quotas": [quota(ENDPOINT, 1.0, "L-2F737F8D")]},
            "ListAWSDefaultServiceQuotas": {"Quotas": [quota(ENDPOINT, 0.0, "L-2F737F8D")]},
        },
        "eu-central-1 has no ml.m5.large for training job usage",
        "another region",
        1,
    ),
    "ten Lambdas": (
        {"GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 10}}},
        "warning: the account runs 10 Lambdas at once",
        f"{RAISE} lambda --quota-code L-B99A9384",
        0,
    ),
    "no right to deploy": (
        {"SimulatePrincipalPolicy": DENIED},
        f"{ROLE} may not iam:CreateRole, lambda:CreateFunction",
        "python -m tools.aws policy --stack stock-forecasts-dev",
        1,
    ),
    "a failed first deployment": (
        {"DescribeStacks": stacks(stock_forecasts_dev="ROLLBACK_COMPLETE")},
        "stock-forecasts-dev is in ROLLBACK_COMPLETE",
        "aws cloudformation delete-stack --stack-name stock-forecasts-dev",
        1,
    ),
    "a failed update": (
        {"DescribeStacks": stacks(stock_forecasts_dev="UPDATE_ROLLBACK_FAILED")},
        "is in UPDATE_ROLLBACK_FAILED",
        "aws cloudformation continue-update-rollback --stack-name stock-forecasts-dev",
        1,
    ),
    "another deployment": (
        {"DescribeStacks": stacks(stock_forecasts_dev="UPDATE_IN_PROGRESS")},
        "is in UPDATE_IN_PROGRESS",
        "aws cloudformation describe-stack-events --stack-name stock-forecasts-dev",
        1,
    ),
    "SAM's own stack in a bad state": (
        {"DescribeStacks": stacks(aws_sam_cli_managed_default="ROLLBACK_COMPLETE")},
        f"{MANAGED} is in ROLLBACK_COMPLETE",
        f"aws cloudformation delete-stack --stack-name {MANAGED}",
        1,
    ),
    "a stack whose name begins with this one's": (
        {"DescribeStacks": stacks(stock_forecasts_dev_two="CREATE_COMPLETE")},
        "share a beginning",
        "choose a name",
        1,
    ),
    "a database of that name": (
        {"GetDatabase": {"Database": {"Name": "stock_forecasts_dev"}}},
        "the database stock_forecasts_dev exists",
        "aws glue delete-database --name stock_forecasts_dev",
        1,
    ),
    "a workgroup of that name": (
        {"GetWorkGroup": {"WorkGroup": {"Name": "stock-forecasts-dev"}}},
        "the workgroup stock-forecasts-dev exists",
        "aws athena delete-work-group --work-group stock-forecasts-dev",
        1,
    ),
    "a log group of that name": (
        {
            "DescribeLogGroups": lambda given: (
                {"logGroups": [{"logGroupName": f"{given['logGroupNamePrefix']}split"}]}
                if given["logGroupNamePrefix"].startswith("/aws/lambda/")
                else {"logGroups": []}
            )
        },
        "/aws/lambda/stock-forecasts-dev/split exists",
        "aws logs delete-log-group --log-group-name /aws/lambda/stock-forecasts-dev/split",
        1,
    ),
    "Lake Formation": (
        {"GetDataLakeSettings": HIDDEN},
        "Lake Formation governs new databases",
        "aws lakeformation grant-permissions",
        1,
    ),
    "Lake Formation of tables only": (
        {"GetDataLakeSettings": {"DataLakeSettings": {"CreateDatabaseDefaultPermissions": ALLOWED}}},
        "Lake Formation governs new databases",
        "docs/deploy.md#lake-formation",
        1,
    ),
    "quotas that may not be read": (
        {"ListServiceQuotas": Refusal("AccessDeniedException")},
        "unknown: SageMaker's quotas: ListServiceQuotas was refused with AccessDeniedException",
        "checker.json",
        2,
    ),
    "a simulator that may not be asked": (
        {"SimulatePrincipalPolicy": Refusal("AccessDenied")},
        "unknown: the rights to deploy",
        "checker.json",
        2,
    ),
    "a container that the region lacks": (
        {"BatchGetImage": lambda given: {"images": []} if "training" in given["repositoryName"] else HAVING},
        "problem: eu-central-1 has no container tensorflow-training:2.21-cpu-py312, which TrainingImage names",
        "make pin",
        1,
    ),
    "a registry that may not be asked": (
        {"BatchGetImage": Refusal("AccessDeniedException")},
        "unknown: the containers: BatchGetImage was refused with AccessDeniedException",
        "checker.json",
        2,
    ),
    "a service that the region lacks": (
        {"GetDataLakeSettings": UNREACHED},
        "unknown: Lake Formation: Could not connect",
        "eu-central-1",
        2,
    ),
}
