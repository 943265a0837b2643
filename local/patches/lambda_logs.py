"""Lambda: a function writes to CloudWatch Logs as far as its role may.

AWS: "Working with Lambda function logs" of the Lambda Developer Guide, /lambda/latest/dg/monitoring-logs.html: logs are
sent as long as the execution role has the necessary permissions. MiniStack always writes.
"""

from typing import Any

from local import ministack, permissions

_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def install() -> None:
    ministack.emit_lambda_logs.replace(_emit)


def _emit(function: dict, *rest: Any, **named: Any) -> None:
    config = function.get("config") or function
    place = f"{ministack.get_region()}:{ministack.get_account_id()}"
    arn = f"arn:aws:logs:{place}:log-group:{log_group(config)}:log-stream:new"
    if all(permissions.role_allows(config["Role"], action, arn) for action in _ACTIONS):
        ministack.emit_lambda_logs.original(function, *rest, **named)


def log_group(config: dict) -> str:
    """The function's log group."""
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
