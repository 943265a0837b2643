"""MiniStack's IAM evaluator, asked for a role instead of for a request's caller."""

import hashlib
import json
import secrets
import threading
from typing import Any

from local import ministack

_sessions = threading.Lock()  # whenever one is added MiniStack goes through all, which must not change meanwhile


def role_allows(role_arn: str, action: str, resource: str, **context: Any) -> bool:
    """Whether the role's own policies allow the action."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    request = ministack.RequestToEvaluate(
        principal_arn=session_arn(role_arn, "local"),
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=ministack.get_region(),
        secure_transport=True,
        service_context={key.lower(): value for key, value in context.items()},
    )
    return ministack.evaluate_policies(request, ministack.policies_of_role(name, account)).decision == "Allow"


def role_trusts(role_arn: str, service: str) -> bool:
    """Whether the role exists and its trust policy lets the service principal assume it."""
    role = ministack.roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    document = role["AssumeRolePolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement["Effect"] == "Allow" and service in ([services] if isinstance(services, str) else services):
            return True
    return False


def session_arn(role_arn: str, session: str) -> str:
    return f"arn:aws:sts::{role_arn.split(':')[4]}:assumed-role/{role_arn.rsplit('/', 1)[-1]}/{session}"


def role_credentials(role_arn: str, session: str) -> dict[str, str]:
    """Environment variables with temporary credentials of the role, valid in this cloud only."""
    key = f"ASIA{secrets.token_hex(8).upper()}"
    secret = secrets.token_hex(20)
    token = hashlib.sha256(secret.encode()).hexdigest()
    session_of = {
        "Arn": session_arn(role_arn, session),
        "UserId": f"{role_arn.rsplit('/', 1)[-1]}:{session}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    with _sessions:
        ministack.register_session(key, session_of)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
