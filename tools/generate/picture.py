"""The forecast machine as a Mermaid flowchart: the way of a run that succeeds, and the way out of one that fails.

A Choice is followed along its first rule, and Wait and Pass are passed by, so that the picture has one node per step.
Within a Parallel, another rule that leads on to a later step by way of steps of its own is drawn, too.
"""

import itertools
from collections.abc import Iterable, Iterator

from tools.generate import machines
from tools.generate.machines import Fields

STEPS = ("Task", "Map", "Parallel", "Succeed", "Fail")


def section() -> str:
    """The flowchart in a fenced block of Markdown."""
    machine = machines.definition("forecast")
    states = machine["States"]
    lines, chain = ['upload(["a file in incoming/"])'], ["upload"]
    failing: dict[str, list[str]] = {}  # rows by the step that follows their failure
    for handler, row in _rows(states, machine["StartAt"]):
        lines += _row(states, row)
        chain.append(_id(_of(row)))
        if handler:
            failing.setdefault(handler, []).append(chain[-1])
    lines.append(" --> ".join(chain))
    lines.append(_chain(states, max((list(_way(states, handler)) for handler in failing), key=len)))
    lines += [f"{' & '.join(names)} -. an error .-> {_id(handler)}" for handler, names in failing.items()]
    return "\n".join(["```mermaid", "flowchart TD", *(f"    {line}" for line in lines), "```", ""])


def _rows(states: Fields, start: str) -> Iterator[tuple[str | None, list[str]]]:
    """The way of a success, cut into rows that fail alike; a Parallel is a row of its own."""

    def alike(name: str) -> tuple[str | None, bool]:
        return _handler(states, name), states[name]["Type"] == "Parallel"

    for (handler, _), names in itertools.groupby(_way(states, start), alike):
        yield handler, list(names)


def _way(states: Fields, name: str | None) -> Iterator[str]:
    """The steps from a state on."""
    while name:
        state = states[name]
        if state["Type"] in STEPS:
            yield name
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next")


def _handler(states: Fields, name: str) -> str | None:
    """The step that follows an error of this one."""
    catch = states[name].get("Catch")
    return next(_way(states, catch[-1]["Next"])) if catch else None


def _row(states: Fields, names: list[str]) -> list[str]:
    """The steps of a row: a Parallel's branches, or a chain, in a box if it is longer than one step."""
    if states[names[0]]["Type"] == "Parallel":
        branches = [_branch(branch["States"], branch["StartAt"]) for branch in states[names[0]]["Branches"]]
        return _box(_of(names), names[0], itertools.chain(*branches))
    return _box(_of(names), " ", [_chain(states, names)]) if len(names) > 1 else [_chain(states, names)]


def _of(row: list[str]) -> str:
    """What the picture calls a row."""
    return row[0] if len(row) == 1 else f"{row[0]} to {row[-1]}"


def _chain(states: Fields, names: list[str]) -> str:
    """The steps as nodes, with an arrow from each to the next."""
    return " --> ".join(_node(name, states[name]) for name in names)


def _node(name: str, state: Fields) -> str:
    if state["Type"] == "Map":
        return f'{_id(name)}[["{state["ItemProcessor"]["StartAt"]}<br>for each shard"]]'
    return f'{_id(name)}(["{name}"])' if state["Type"] in ("Succeed", "Fail") else f'{_id(name)}["{name}"]'


def _branch(states: Fields, start: str) -> list[str]:
    """The chain of a branch, and the ways round a part of it."""
    chain = list(_way(states, start))
    lines = [_chain(states, chain)]
    for before, after in itertools.pairwise(chain):
        for aside in _asides(states, states[before].get("Next"), chain, chain.index(after) + 1):
            lines.append(" --> ".join([_id(before), _chain(states, aside[:-1]), _id(aside[-1])]))
    return lines


def _asides(states: Fields, name: str | None, chain: list[str], later: int) -> Iterator[list[str]]:
    """The steps of other rules of the Choices that follow, and the later step of the chain that they lead to."""
    while name and states[name]["Type"] not in STEPS:
        state = states[name]
        for rule in state.get("Choices", [])[1:]:
            way = _way(states, rule["Next"])
            steps = list(itertools.takewhile(lambda step: step not in chain, way))
            joined = next((step for step in chain[later:] if steps and step in _way(states, steps[-1])), "")
            if joined:
                yield [*steps, joined]
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next")


def _box(name: str, title: str, lines: Iterable[str]) -> list[str]:
    return [f'subgraph {_id(name)}["{title}"]', "    direction LR", *(f"    {line}" for line in lines), "end"]


def _id(name: str) -> str:
    return name.lower().replace(" ", "_")
