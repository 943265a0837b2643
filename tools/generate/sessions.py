"""Print the sessions that exchange_calendars knows, as JSON. tools/generate/calendars.py runs it in .venv-calendars.

    sessions.py <exchange>... <first day> <last day>

The answer has each exchange's first and last known day and, between them, its sessions. It takes the days from the
package's rules: whole calendars, with hours of opening that nobody needs here, take twenty times as long.
"""

import json
import sys
from typing import Any

import exchange_calendars
import numpy as np


def main(exchanges: list[str], first: str, last: str) -> None:
    json.dump({exchange: known(exchange, first, last) for exchange in exchanges}, sys.stdout)


def known(exchange: str, first: str, last: str) -> dict[str, Any]:
    made = exchange_calendars.calendar_utils._default_calendar_factories[exchange]
    bounds = made.bound_min(), made.bound_max()
    since = np.datetime64(max(first, str(bounds[0].date()) if bounds[0] else first))
    until = np.datetime64(min(last, str(bounds[1].date()) if bounds[1] else last))
    days = np.arange(since, until + np.timedelta64(1, "D"))
    sessions = days[is_session(made.__new__(made).day, days)]
    return {"since": str(since), "until": str(until), "sessions": sessions.astype(str).tolist()}


def is_session(rule: Any, days: np.ndarray) -> np.ndarray:
    """bool[n]: by a pandas offset, whose `business_days`, if it has any, are other rules for some spans of days."""
    open_ = np.is_busday(days, busdaycal=rule.calendar)
    for since, until, other in getattr(rule, "business_days", ()):
        within = np.ones(len(days), bool)
        within &= days >= day(since) if since is not None else True
        within &= days <= day(until) if until is not None else True
        open_ = np.where(within, np.is_busday(days, busdaycal=other.calendar), open_)
    return open_


def day(timestamp: Any) -> np.datetime64:
    return np.datetime64(timestamp.date(), "D")


if __name__ == "__main__":
    main(sys.argv[1:-2], *sys.argv[-2:])
