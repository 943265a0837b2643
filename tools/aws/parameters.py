"""Parameters of a stack that stands: SAM keeps those that samconfig.toml does not name, whatever their default is."""

import re
from collections.abc import Iterator

from tools.aws.findings import Finding, Target
from tools.template import template


def kept(target: Target) -> dict[str, str]:
    """What the stack was deployed with and keeps; nothing where there is no stack of the name."""
    own = [one for one in target.stacks() if one["StackName"] == target.stack]
    given = {pair["ParameterKey"]: pair["ParameterValue"] for one in own for pair in one.get("Parameters", [])}
    silent = [name for name in template()["Parameters"] if name not in target.overrides]
    return {name: given[name] for name in silent if name in given}


def standing(target: Target, found: dict[str, str]) -> Iterator[Finding]:
    """Values that the template no longer allows, and those that are not its own; what it allows is put into found."""
    for name, value in kept(target).items():
        rules = template()["Parameters"][name]
        what = f"the stack keeps {name}={value}, for samconfig.toml does not name it"
        if not allows(rules, value):
            mend = f"name it in parameter_overrides of samconfig.toml, such as `{name}={rules['Default']}`"
            yield Finding("problem", f"{what}, and this template refuses that", mend)
            continue
        found[name] = value
        if value != str(rules["Default"]):
            yield Finding("ok", f"{what}; the template's own is {rules['Default']}")


def allows(rules: dict, value: str) -> bool:
    """Whether CloudFormation takes the value by these rules of a parameter."""
    if rules["Type"] == "Number":
        number = float(value)
        within = rules.get("MinValue", number) <= number <= rules.get("MaxValue", number)
        return within and number in rules.get("AllowedValues", [number])
    return value in rules.get("AllowedValues", [value]) and bool(re.fullmatch(rules.get("AllowedPattern", ".*"), value))
