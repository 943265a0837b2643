"""functions/stocks/dataset/calendars.csv: the days on which exchanges are closed, year by year, by exchange_calendars.

The package runs in .venv-calendars. Its answer stays there, because it takes a quarter of a minute.
"""

import csv
import datetime
import hashlib
import io
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import ROOT

FILE = ROOT / "functions" / "stocks" / "dataset" / "calendars.csv"
ENVIRONMENT = ROOT / ".venv-calendars"
SCRIPT = ROOT / "tools" / "generate" / "sessions.py"
FIRST, LAST = datetime.date(2000, 1, 1), datetime.date(2035, 12, 31)
HEADER = ["exchange", "year", "week", "closed", "more"]
# From the most traded to the least: where a ticker's days leave several, the first of them is taken. XPAR stands for
# all of Euronext and Madrid, XETR for Vienna: no 500 rows tell them apart. Jakarta and Karachi are left out, since the
# package lists their holidays to 2025 only.
EXCHANGES = (
    "XNYS", "XSHG", "XTKS", "XHKG", "XNSE", "XLON", "XPAR", "XETR", "XTSE", "XSAU", "XSWX", "XKRX", "XTAI", "XASX",
    "XSTO", "XJSE", "BVMF", "XMIL", "XCSE", "XSES", "XBKK", "XMEX", "XKLS", "XIST", "XTAE", "XOSL", "XHEL", "XPHS",
    "XWAR", "XSGO", "XDUB", "XNZE", "ASEX", "XBUD", "XPRA", "XBUE", "XLIM", "XBOG", "XICE", "XMOS", "CMES",
)  # fmt: skip
SOURCE = {"XNSE": "XBOM"}  # India's two exchanges trade on the same days, and the package has one of them
# The package goes on past these years, but the holidays of the moon that it lists end with them.
LAST_YEAR = {"XPHS": 2027, "XBKK": 2029, "XKLS": 2029}
# Evenings of Diwali: an hour of trade on days that the package, from 2014 on, has among the holidays.
MUHURAT = (
    "2014-10-23", "2015-11-11", "2017-10-19", "2018-11-07", "2021-11-04", "2022-10-24", "2024-11-01", "2025-10-21",
)  # fmt: skip
OPENED = {"XNSE": MUHURAT}

type Sessions = set[datetime.date]


def text() -> str:
    """The whole file: a line for each exchange and year."""
    known = answer()
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(HEADER)
    for exchange in EXCHANGES:
        entry = known[SOURCE.get(exchange, exchange)]
        first, last = (datetime.date.fromisoformat(entry[name]).year for name in ("since", "until"))
        sessions = {datetime.date.fromisoformat(day) for day in (*entry["sessions"], *OPENED.get(exchange, ()))}
        for year in range(first, min(last, LAST_YEAR.get(exchange, last)) + 1):
            lines.writerow([exchange, year, *columns(year, sessions)])
    return written.getvalue()


def columns(year: int, sessions: Sessions) -> tuple[str, str, str]:
    """The year's week from Monday on as ones and zeros, the days of it without a session, and sessions on other days.

    Days are MMDD. A day is of the week if a third of the year's have a session.
    """
    days = list(_days(year))
    of_all, of_sessions = (Counter(day.weekday() for day in some) for some in (days, sessions & set(days)))
    week = [3 * of_sessions[weekday] >= of_all[weekday] for weekday in range(7)]
    closed = [f"{day:%m%d}" for day in days if week[day.weekday()] and day not in sessions]
    more = [f"{day:%m%d}" for day in days if not week[day.weekday()] and day in sessions]
    return "".join("01"[trades] for trades in week), " ".join(closed), " ".join(more)


def answer() -> dict[str, Any]:
    """What the package knows of each exchange: `since`, `until` and `sessions`, all of them ISO dates."""
    if not (ENVIRONMENT / "bin" / "python").exists():
        raise FileNotFoundError(f"there is no {ENVIRONMENT.name}; make setup installs requirements/calendars.txt")
    asked = [*(SOURCE.get(exchange, exchange) for exchange in EXCHANGES), str(FIRST), str(LAST)]
    kept = ENVIRONMENT / f"{hashlib.sha256(SCRIPT.read_bytes() + repr(asked).encode()).hexdigest()[:12]}.json"
    if not kept.exists():
        command: list[Path | str] = [ENVIRONMENT / "bin" / "python", "-W", "ignore", SCRIPT, *asked]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603
        new = kept.with_suffix(f".{hashlib.sha256(said).hexdigest()[:12]}")
        new.write_bytes(said)
        new.replace(kept)
    return json.loads(kept.read_bytes())


def _days(year: int) -> Iterator[datetime.date]:
    first = datetime.date(year, 1, 1)
    return (first + datetime.timedelta(days) for days in range((datetime.date(year + 1, 1, 1) - first).days))
