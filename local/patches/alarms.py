"""CloudWatch calls the functions that an alarm names, if their policies let it; MiniStack tells topics only."""

import datetime
import logging

from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_region
from ministack.services import cloudwatch, lambda_svc

from local import paths

CALLER = "lambda.alarms.cloudwatch.amazonaws.com"
ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}

_log = logging.getLogger("alarms")
_tell_topics = cloudwatch._dispatch_alarm_actions


def install() -> None:
    cloudwatch._dispatch_alarm_actions = _act


def _act(alarm: dict, old: str, new: str, reason: str) -> None:
    _tell_topics(alarm, old, new, reason)
    if alarm.get("ActionsEnabled", True):
        for arn in alarm.get(ACTIONS[new]) or []:
            if parse_arn(arn).service == "lambda":
                _call(arn, alarm, _event(alarm, old, new, reason))


def _call(function_arn: str, alarm: dict, event: dict) -> None:
    """Invoke asynchronously, as CloudWatch does. It says nothing where it may not; the log here does."""
    function, config, _ = lambda_svc._get_func_record_for_ref(function_arn)
    if not function or not _allows(function["policy"], function_arn, alarm["AlarmArn"]):
        _log.warning("%s may not call %s, or there is none", alarm["AlarmArn"], function_arn)
        return
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


def _allows(policy: dict, function_arn: str, alarm_arn: str) -> bool:
    ask = iam_evaluator.EvalContext(
        principal_arn="*",  # a service, no principal of the account
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=get_region(),
        service_context={"aws:sourcearn": alarm_arn, "aws:sourceaccount": paths.ACCOUNT},
    )
    return iam_evaluator.evaluate_resource_policy(policy, ask, service=CALLER).decision == "Allow"


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
        "region": get_region(),
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": state,
            "previousState": {"value": old},
            "configuration": {"description": alarm.get("AlarmDescription", "")},
        },
    }
