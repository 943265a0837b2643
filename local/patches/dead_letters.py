"""CloudFormation: a function's DeadLetterConfig, and what a function's dead letter holds.

AWS: "AWS::Lambda::Function" of the CloudFormation Template Reference,
/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html, and "Adding a dead-letter queue" of the
Lambda Developer Guide, /lambda/latest/dg/invocation-async-retain-records.html: the event that three tries could not
work on goes to the queue. MiniStack's CloudFormation leaves the property out.
"""

from collections.abc import Callable
from typing import Any

from local import ministack


def install() -> None:
    handlers = ministack.resource_handlers["AWS::Lambda::Function"]
    handlers["create"] = _keeping(handlers["create"], 1)
    handlers["update"] = _keeping(handlers["update"], 2)


def _keeping(handler: Callable[..., tuple[str, dict]], place: int) -> Callable[..., tuple[str, dict]]:
    """The handler, after which the function has what the properties at this place of its arguments say."""

    def handle(*given: Any, **named: Any) -> tuple[str, dict]:
        name, attributes = handler(*given, **named)
        _, config, _ = ministack.function_record(name)
        if config is not None:
            config["DeadLetterConfig"] = given[place].get("DeadLetterConfig")
        return name, attributes

    return handle
