"""Whether a dataset that had files on its trading days has none any more. numpy and standard library only.

Its trading days are those on which its files came: their week, and the exchange whose holidays they keep.
"""

import datetime
import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from stocks.dataset import calendars
from stocks.dataset.uploads import instant_of
from stocks.series import EPOCH

RECENT = 20  # sessions up to the last file
FEWEST = 10  # of them had files, or nobody expects one each session
MISSED = 2  # whole sessions without a file, so that a holiday alone is no silence
ENDED = datetime.timedelta(days=30)  # without a file: a dataset that has ended, of which nothing is said any more


class Silence(NamedTuple):
    """A dataset's last upload, and on how many of its RECENT sessions up to then files came."""

    upload: str
    last: datetime.datetime
    files_on: int


def silence(uploads: Collection[str], now: datetime.datetime, days: int) -> Silence | None:
    """The silence of a dataset with uploads of these ids; None where none is. 0 days switch this off.

    It is one from so many days after the last upload on.
    """
    last = max(uploads, default="")
    wait = datetime.timedelta(days=days)
    if not days or not last or not wait <= now - instant_of(last) < max(ENDED, 3 * wait):
        return None
    came = np.array(sorted({(instant_of(upload).date() - EPOCH).days for upload in uploads}), np.int32)
    calendar = calendars.infer(came)
    yesterday = (now.date() - EPOCH).days - 1
    if calendar == calendars.IRREGULAR or _sessions(calendar, came[-1], yesterday) < MISSED:
        return None
    files_on = _on_recent(calendar, came)
    return Silence(last, instant_of(last), files_on) if files_on >= FEWEST else None


def _sessions(calendar: str, first: int, last: int) -> int:
    """How many sessions there are after a day and up to another."""
    return int(calendars.sessions_between(calendar, np.array([first]), np.array([max(first, last)]))[0])


def _on_recent(calendar: str, came: np.ndarray) -> int:
    """On how many of the last sessions, up to the last file, files came."""
    week = max(int(calendars.of(calendar).week.sum()), 1)
    span = np.arange(int(came[-1]) - math.ceil(2 * RECENT / week) * 7, int(came[-1]) + 1, dtype=np.int32)
    sessions = span[calendars.sessions_between(calendar, span - 1, span) > 0][-RECENT:]
    return int(np.isin(sessions, came).sum())
