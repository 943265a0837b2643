"""Figures as the report and its messages write them, and text that cannot become markup."""

import datetime
import html

NOTHING = "\u2013"  # an en dash
TIMES = "\u00d7"


def text(value: object) -> str:
    return html.escape(str(value))


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ratio(value: float) -> str:
    return f"{value:.3f}" if value < 2 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def times(value: float | None) -> str:
    return NOTHING if value is None else f"{ratio(value)}{TIMES}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.1f} %"


def ahead(horizon: int) -> str:
    return count(horizon, "day")


def day(instant: datetime.datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


def instant(instant: datetime.datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
