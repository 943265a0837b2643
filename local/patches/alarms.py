"""CloudWatch: an alarm calls the functions that it names, if their policies let it.

AWS: "Invoke a Lambda function from an alarm" of the CloudWatch User Guide,
/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html: the call is asynchronous, the principal
lambda.alarms.cloudwatch.amazonaws.com, and the event as there. MiniStack tells topics only.
"""

import datetime
import logging

from local import ministack, paths

CALLER = "lambda.alarms.cloudwatch.amazonaws.com"
ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}

_log = logging.getLogger("alarms")


def install() -> None:
    ministack.act_on_alarm.replace(_act)


def _act(alarm: dict, old: str, new: str, reason: str) -> None:
    ministack.act_on_alarm.original(alarm, old, new, reason)  # topics
    if alarm.get("ActionsEnabled", True):
        for arn in alarm.get(ACTIONS[new]) or []:
            if ministack.parse_arn(arn).service == "lambda":
                _call(arn, alarm, _event(alarm, old, new, reason))


def _call(function_arn: str, alarm: dict, event: dict) -> None:
    """Invoke asynchronously, as CloudWatch does. It says nothing where it may not; the log here does."""
    function, config, _ = ministack.function_record(function_arn)
    if not function or not _allows(function["policy"], function_arn, alarm["AlarmArn"]):
        _log.warning("%s may not call %s, or there is none", alarm["AlarmArn"], function_arn)
        return
    ministack.invoke_asynchronously(ministack.execution_record(function, config), event)


def _allows(policy: dict, function_arn: str, alarm_arn: str) -> bool:
    request = ministack.RequestToEvaluate(
        principal_arn="*",  # a service, no principal of the account
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=ministack.get_region(),
        service_context={"aws:sourcearn": alarm_arn, "aws:sourceaccount": paths.ACCOUNT},
    )
    return ministack.evaluate_resource_policy(policy, request, service=CALLER).decision == "Allow"


def _event(alarm: dict, old: str, new: str, reason: str) -> dict:
    """What AWS hands to the function, except what MiniStack does not keep: the earlier state's reason and time."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    state = {"value": new, "reason": reason, "timestamp": now}
    if alarm.get("StateReasonData"):
        state["reasonData"] = alarm["StateReasonData"]
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": paths.ACCOUNT,
        "time": now,
        "region": ministack.get_region(),
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": state,
            "previousState": {"value": old},
            "configuration": {"description": alarm.get("AlarmDescription", "")},
        },
    }
