"""Whether who asks may deploy, as IAM's simulator says, and whether Lake Formation keeps roles from the tables."""

import re
from collections.abc import Iterator

from tools.aws.findings import Finding, Target
from tools.aws.policies import Place, deployer

SHOWN = 5  # refused actions that are named


def deploying(target: Target) -> Iterator[Finding]:
    """Each named action of the deployer's policy on a resource of its statement, asked of IAM's simulator.

    Patterns of actions cannot be asked. The root user can do everything and cannot be simulated.
    """
    if target.caller.endswith(":root"):
        yield Finding("warning", "this is the root user, who may do everything", "deploy as a role of docs/policies/")
        return
    principal = _principal(target)
    refused: list[str] = []
    place = Place(target.stack, target.partition, target.region, target.account)
    for statement in deployer(place)["Statement"]:
        refused += _refused(target, principal, statement)
    if refused:
        more = f" and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
        give = f"`python -m tools.aws policy --stack {target.stack} > deployer.json`, and attach it"
        yield Finding("problem", f"{principal} may not {', '.join(refused[:SHOWN])}{more}", give)
    else:
        yield Finding("ok", f"{principal} may deploy")


def _principal(target: Target) -> str:
    """The user or role behind the caller: a session's ARN lacks the path of its role."""
    session = re.fullmatch(r"arn:[\w-]+:sts::\d+:assumed-role/([^/]+)/.+", target.caller)
    return target.client("iam").get_role(RoleName=session[1])["Role"]["Arn"] if session else target.caller


def _refused(target: Target, principal: str, statement: dict) -> list[str]:
    """The named actions of a statement that the principal may not use on its first resource."""
    actions = [action for action in _listed(statement["Action"]) if "*" not in action]
    context = [
        {"ContextKeyName": key, "ContextKeyValues": values[:1], "ContextKeyType": "string"}
        for conditions in statement.get("Condition", {}).values()
        for key, values in conditions.items()
    ]
    first = _listed(statement["Resource"])[0]
    resource = first if first == "*" else first.replace("*", "preflight")
    pages = (
        target.client("iam")
        .get_paginator("simulate_principal_policy")
        .paginate(PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource], ContextEntries=context)
    )
    results = [one for page in pages for one in page["EvaluationResults"]]
    return [_worded(one) for one in results if one["EvalDecision"] != "allowed"]


def _worded(result: dict) -> str:
    by_others = not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    return f"{result['EvalActionName']}{' (the organisation refuses it)' if by_others else ''}"


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def lake_formation(target: Target) -> Iterator[Finding]:
    """Where Lake Formation governs new tables, a role's own rights are not enough to read them."""
    settings = target.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    for kind in ("Database", "Table"):
        defaults = settings.get(f"Create{kind}DefaultPermissions", [])
        named = {one.get("Principal", {}).get("DataLakePrincipalIdentifier") for one in defaults}
        if "IAM_ALLOWED_PRINCIPALS" not in named:
            break
    else:
        yield Finding("ok", "Lake Formation leaves new tables to IAM")
        return
    database = target.stack.replace("-", "_")
    whom = "--principal DataLakePrincipalIdentifier=IAM_ALLOWED_PRINCIPALS --permissions ALL"
    on = f'\'{{"Database": {{"Name": "{database}"}}}}\''
    grant = f"lakeformation grant-permissions {whom} --resource {on}"
    what = "Lake Formation governs new databases and tables: crawler and analysts are refused whatever IAM says"
    yield Finding("problem", what, f"docs/deploy.md#lake-formation; after the deployment {target.command(grant)}")
