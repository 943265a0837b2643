"""Variables of the definition, by AWS's rules: an inner scope reads outer ones, may not assign them and keeps its own.

MiniStack lets a branch's variables out; AWS refuses to create the machine, or fails the run.
"""

import re
from collections.abc import Iterator, Set

import pytest

from tests.support.template import MACHINES, definition, inner_scopes, own, strings

READ = re.compile(r"\$([A-Za-z_]\w*)\b(?!\s*\()")
BOUND = re.compile(r"\$([A-Za-z_]\w*)\s*:=")
LAMBDA = re.compile(r"function\s*\(([^)]*)\)")


def reads(value) -> set[str]:
    """The variables that the JSONata expressions within a value read."""
    found = set()
    for expression in strings(value):
        if expression.startswith("{%"):
            local = set(BOUND.findall(expression))
            local |= {name for names in LAMBDA.findall(expression) for name in READ.findall(names)}
            found |= set(READ.findall(expression)) - local - {"states"}
    return found


def edges(state: dict) -> Iterator[tuple[str, set[str]]]:
    """Where a state can go, and the variables that it assigns on the way."""
    assigned = set(state.get("Assign", {}))
    for rule in state.get("Choices", []):
        yield rule["Next"], set(rule.get("Assign", {}))
    for rule in state.get("Catch", []):
        yield rule["Next"], set(rule.get("Assign", {}))
    for following in ("Next", "Default"):
        if following in state:
            yield state[following], assigned


def assigned_before(scope: dict, outer: set[str]) -> dict[str, set[str]]:
    """The variables that are assigned on every path to each state that can be reached."""
    known = {scope["StartAt"]: set(outer)}
    waiting = [scope["StartAt"]]
    while waiting:
        name = waiting.pop()
        for following, assigned in edges(scope["States"][name]):
            arriving = known[name] | assigned
            if following not in known or not known[following] <= arriving:
                known[following] = known.get(following, arriving) & arriving
                waiting.append(following)
    return known


def mistakes(scope: dict, outer: Set[str] = frozenset(), outer_names: Set[str] = frozenset()) -> list[str]:
    """Reads of what may be unassigned, assignments that AWS refuses and states that nothing leads to."""
    known = assigned_before(scope, set(outer))
    found = [f"nothing leads to {name!r}" for name in scope["States"] if name not in known]
    names = {name for state in scope["States"].values() for _, assigned in edges(state) for name in assigned}
    names |= {name for state in scope["States"].values() for name in state.get("Assign", {})}
    found += [f"${name} is assigned in an inner scope and in an outer one" for name in sorted(names & outer_names)]
    for name, state in scope["States"].items():
        before = known.get(name, set())
        found += [f"{name!r} reads ${variable}, not always assigned" for variable in sorted(reads(own(state)) - before)]
        for inner in inner_scopes(state):
            found += mistakes(inner, before, set(outer_names) | names)
    return found


@pytest.mark.parametrize("machine", MACHINES.values())
def test_every_variable_is_assigned_before_it_is_read_and_stays_in_its_scope(machine):
    assert mistakes(definition(machine)) == []


def test_a_read_before_the_assignment_is_found():
    machine = {
        "StartAt": "A",
        "States": {"A": {"Assign": {"x": 1, "y": "{% $x %}"}, "Next": "B"}, "B": {"Output": "{% $x + $z %}"}},
    }
    assert mistakes(machine) == ["'A' reads $x, not always assigned", "'B' reads $z, not always assigned"]


def test_a_variable_that_one_path_leaves_out_is_found():
    choice = {"Choices": [{"Condition": "{% true %}", "Next": "Set"}], "Default": "Read"}
    machine = {
        "StartAt": "C",
        "States": {"C": choice, "Set": {"Assign": {"x": 1}, "Next": "Read"}, "Read": {"Output": "{% $x %}"}},
    }
    assert mistakes(machine) == ["'Read' reads $x, not always assigned"]


def test_a_catch_sees_what_it_assigns_itself_and_not_what_the_state_assigns():
    caught = {"Assign": {"x": 1}, "Catch": [{"Assign": {"failure": 1}, "Next": "B"}], "End": True}
    machine = {"StartAt": "A", "States": {"A": caught, "B": {"Output": ["{% $failure %}", "{% $x %}"]}}}
    assert mistakes(machine) == ["'B' reads $x, not always assigned"]


def test_a_branchs_variable_neither_leaves_it_nor_shadows_an_outer_one():
    branch = {"StartAt": "In", "States": {"In": {"Assign": {"x": 1, "inner": 1}, "End": True}}}
    around = {"Branches": [branch], "Next": "After"}
    machine = {"StartAt": "P", "States": {"P": around, "After": {"Assign": {"x": "{% $inner %}"}, "End": True}}}
    assert mistakes(machine) == [
        "$x is assigned in an inner scope and in an outer one",
        "'After' reads $inner, not always assigned",
    ]


def test_names_that_an_expression_binds_itself_are_no_variables():
    assert reads("{% ($n := $count($list); $map($list, function($v, $i) { $v + $n })) %}") == {"list"}
