"""Which scenario needs which grants."""

from tests.permissions import grants, transforming
from tests.permissions.policies import Grant
from tests.support.template import functions

# A function's own log: without either the invocation goes on, here as on AWS, and its log is lost.
LOGGED = ("logs:CreateLogStream", "logs:PutLogEvents")


def scenarios() -> dict[str, dict[str, list[str]]]:
    """By role and scenario the lines of the grants that it needs."""
    found: dict[str, dict[str, list[str]]] = {}
    for role, needs in (*grants.NEEDED.items(), *transforming.NEEDED.items()):
        found.setdefault(role, {}).update({name: lines(block) for name, block in needs.items()})
    for role in [f"{name.removesuffix('Function')}Role" for name in functions()]:
        log = f"{role.removesuffix('Role')}Log"
        found.setdefault(role, {})["log"] = [f"{action} {log}" for action in LOGGED]
    return found


def lines(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines()]


def scenario_of(grant: Grant) -> str:
    """The scenario that a removal of the grant makes fail, or an empty string."""
    names = [name for name, needed in scenarios().get(grant.role, {}).items() if grant.line in needed]
    return names[0] if names else ""
