"""The laptop's stack with other parameters or another template, as `sam deploy` updates it, in a second."""

import functools
import re

from tests.support.cloud import Cloud
from tests.support.eventually import eventually

STACK = "stock-forecasts-local"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def deploy(cloud: Cloud, template: str, **parameters: str) -> None:
    """Update the stack as SAM does once it has packed what it deploys."""
    formation = cloud.client("cloudformation")
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]} | parameters
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    bucket, _ = bundle(template)
    cloud.client("s3").put_object(Bucket=bucket, Key="test.template", Body=template.encode())
    url = f"https://s3.us-east-1.amazonaws.com/{bucket}/test.template"
    formation.update_stack(StackName=STACK, TemplateURL=url, Parameters=given, Capabilities=CAPABILITIES)
    described = functools.partial(formation.describe_stacks, StackName=STACK)
    status = eventually(
        lambda: described()["Stacks"][0]["StackStatus"], 120, done=lambda status: not status.endswith("IN_PROGRESS")
    )
    assert status == "UPDATE_COMPLETE", described()


def bundle(template: str) -> tuple[str, str]:
    """Bucket and key of the code that all functions share."""
    ((bucket, key),) = set(re.findall(r"CodeUri: s3://([^/\s]+)/(\S+)", template))
    return bucket, key


def standing(cloud: Cloud) -> str:
    """The template as it is deployed."""
    return cloud.client("cloudformation").get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
