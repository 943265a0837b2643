"""Tables of the benchmark, in Markdown."""

from collections.abc import Iterable, Sequence


def markdown(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join([f"## {title}", "", *("| " + " | ".join(line) + " |" for line in lines)])


def number(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def mean_and_worst(values: Sequence[float | None], digits: int = 4) -> str:
    """`mean (worst)` over years, worst being the greatest; nothing where any year has none."""
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return ""
    return f"{sum(known) / len(known):.{digits}f} ({max(known):.{digits}f})"
