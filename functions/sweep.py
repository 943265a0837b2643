"""Delete what no run cleaned up: this stack's resources in SageMaker that are older than any run can be.

Every kind goes on its own and nothing is waited for; what cannot go now is named, and the next sweep tries again.
Old versions of the steps' functions go, too.
When the stack is deleted, CloudFormation asks first, and everything goes (common.deletion).
"""

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from common import deletion, endpoint_logs, leftovers, messages, telemetry, versions
from common.events import LambdaContext, SweepEvent, SweepResult
from common.leftovers import Resource
from common.settings import Settings, settings


class NotSwept(Exception):
    """Something of ours is too old and could not be deleted; the message names it."""


@telemetry.step
def handler(event: SweepEvent, context: LambdaContext) -> SweepResult:
    if "RequestType" in event:
        deletion.serve(event, context.get_remaining_time_in_millis() / 1000)
        return {"swept": []}
    setting = settings()
    resources = list(leftovers.alike(setting.stack_name))  # a failing list deletes nothing
    oldest, swept, failed = sweep(setting, resources)
    telemetry.metrics.add_metric("OldestEndpointMinutes", MetricUnit.Count, oldest / 60)
    if swept or failed:
        report(setting, swept, failed)
    # A line expires so many days after it was written, and an endpoint lives for some hours.
    logs = endpoint_logs.delete(setting.stack_name, setting.log_retention_days + 1)
    telemetry.logger.info("deleted log groups that are empty by now", groups=logs)
    failed += versions.sweep([setting.state_machine_arn, f"{setting.state_machine_arn}-clean-up"])
    if failed:
        raise NotSwept("; ".join(failed))
    return {"swept": swept}


def sweep(setting: Settings, resources: list[Resource]) -> tuple[float, list[str], list[str]]:
    """Seconds of the stack's oldest endpoint, what was deleted, and what should have been, with the reason."""
    oldest, swept, failed = 0.0, [], {}
    for resource in resources:
        old = resource.age > setting.sweep_after_hours * 3600
        if not old and resource.kind is not leftovers.ENDPOINT:
            continue
        try:
            if not leftovers.is_ours(resource, setting.stack_name):
                continue
            if resource.kind is leftovers.ENDPOINT:
                oldest = max(oldest, resource.age)
            # What a stuck endpoint uses stays with it: without its config SageMaker no longer tells its instances.
            if old and resource.status == "Deleting":
                failed[resource.name] = f"{resource}: SageMaker has begun to delete it and does not get on"
            elif old and resource.name not in failed:
                leftovers.end(resource)
                telemetry.logger.warning(f"swept up {resource}")
                swept.append(str(resource))
        except ClientError as error:
            if not old:
                telemetry.logger.warning(f"{resource}, of which SageMaker tells no tags: {error}")
            elif not leftovers.is_over(resource, error):
                failed[resource.name] = f"{resource}: {error.response['Error'].get('Message', error)}"
    return oldest, swept, list(failed.values())


def report(setting: Settings, swept: list[str], failed: list[str]) -> None:
    """One message for the topic's subscribers about everything that this sweep did and could not do."""
    lines = [f"Older than {setting.sweep_after_hours} hours, which no run takes, and therefore swept up:"]
    lines += [f"- deleted or stopped: {resource}" for resource in swept]
    lines += [f"- still there, and it may cost money: {reason}" for reason in failed]
    if failed:
        lines += ["", "The next sweep tries again; what stays can be deleted in the SageMaker console."]
    subject = f"Leftovers of {setting.stack_name}: {len(swept)} deleted, {len(failed)} still there"
    messages.publish(setting.topic_arn, subject, "\n".join(lines))
