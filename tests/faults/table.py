"""The table of docs/operations.md: faults injected and survived, bad inputs tried and handled."""

from collections import Counter
from pathlib import Path

from tests.corpus import files, keys, rows, shapes, sites
from tests.faults.catalogue import RUNS
from tests.faults.model import CALLS
from tools import sections

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
SECTION = "faults"  # of that page, between markers
COLUMNS = {
    "passing error": ("throttled", "Lambda busy", "Lambda broken", "SNS unreachable"),
    "denied": ("denied",),
    "time-out": ("function timeout", "task timeout", "execution timeout"),
    "killed mid-write": ("crash mid-write",),
    "stopped by a person": ("stopped by a person",),
}
OWN = "its service's own"
INPUTS = {
    "exports of price sites": sites.CASES,
    "whole files: encodings, separators, archives, sizes": files.CASES,
    "columns and tables that deceive": shapes.CASES,
    "rows: prices, dates, tickers, quotes": rows.CASES,
    "names of objects": keys.CASES,
}

type Count = Counter[tuple[str, str]]


def column(kind: str) -> str:
    return next((name for name, kinds in COLUMNS.items() if kind in kinds), OWN)


def injected(failed: frozenset[str] = frozenset()) -> tuple[Count, Count]:
    """All faults by state and column, and those whose run is not among the failed ones."""
    every = [(run.name, (fault.state, column(fault.kind))) for run in RUNS.values() for fault in run.faults]
    return Counter(cell for _, cell in every), Counter(cell for name, cell in every if name not in failed)


def render(failed: frozenset[str] = frozenset(), leaked: int = 0, green: int = 0) -> str:
    """The lines of the section. `failed` names runs and inputs whose tests failed."""
    tried, survived = injected(failed)
    names = [*COLUMNS, OWN]
    states = sorted({state for state, _ in tried}, key=lambda state: ([*CALLS, state].index(state), state))
    lines = [f"| state | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for state in states:
        cells = [f"{survived[state, name]} of {tried[state, name]}" if tried[state, name] else "" for name in names]
        lines.append(f"| {state} | {' | '.join(cells)} |")
    lines += ["", "| dropped files | handled as documented |", "|---|---|"]
    handled = {group: [case.name for case in cases if case.name not in failed] for group, cases in INPUTS.items()}
    lines += [f"| {group} | {len(handled[group])} of {len(cases)} |" for group, cases in INPUTS.items()]
    inputs, good = sum(map(len, INPUTS.values())), sum(map(len, handled.values()))
    return "\n".join(
        [
            *lines,
            "",
            f"{tried.total()} faults injected in {len(RUNS)} runs, {survived.total()} survived; "
            f"{inputs} bad or odd inputs tried, {good} handled; {leaked} resources leaked; "
            f"{green} executions green after a failure.",
            "",
            f"The services' own: {'; '.join(own_kinds())}.",
            "",
        ]
    )


def own_kinds() -> list[str]:
    return sorted(
        {fault.kind for run in RUNS.values() for fault in run.faults if column(fault.kind) == OWN}, key=str.lower
    )


def write(lines: str) -> None:
    sections.write(PAGE, SECTION, lines)


def written() -> str:
    """The section as the page has it."""
    return sections.read(PAGE, SECTION)
