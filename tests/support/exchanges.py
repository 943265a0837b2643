"""Days on which exchanges traded, by lists that were written by hand: calendars.csv has no part in them."""

import numpy as np

FIRST, CUT, END = "2024-01-01", "2025-04-11", "2025-06-01"
# The full holidays on weekdays from FIRST to END, as the exchanges announced them, and sessions on other days.
HOLIDAYS = {
    "XNYS": "240101 240115 240219 240329 240527 240619 240704 240902 241128 241225 250101 250109 250120 250217 250418 "
    "250526",
    "XTSE": "240101 240219 240329 240520 240701 240805 240902 241014 241225 241226 250101 250217 250418 250519",
    "BVMF": "240101 240212 240213 240329 240501 240530 241115 241120 241224 241225 241231 250101 250303 250304 250418 "
    "250421 250501",
    "XLON": "240101 240329 240401 240506 240527 240826 241225 241226 250101 250418 250421 250505 250526",
    "XETR": "240101 240329 240401 240501 241224 241225 241226 241231 250101 250418 250421 250501",
    "XPAR": "240101 240329 240401 240501 241225 241226 250101 250418 250421 250501",
    "XTKS": "240101 240102 240103 240108 240212 240223 240320 240429 240503 240506 240715 240812 240916 240923 241014 "
    "241104 241231 250101 250102 250103 250113 250211 250224 250320 250429 250505 250506",
    "XHKG": "240101 240212 240213 240329 240401 240404 240501 240515 240610 240701 240906 240918 241001 241011 241225 "
    "241226 250101 250129 250130 250131 250404 250418 250421 250501 250505",
    "XSHG": "240101 240209 240212 240213 240214 240215 240216 240404 240405 240501 240502 240503 240610 240916 240917 "
    "241001 241002 241003 241004 241007 250101 250128 250129 250130 250131 250203 250204 250404 250501 250502 250505",
    "XNSE": "240122 240126 240308 240325 240329 240411 240417 240501 240520 240617 240717 240815 241002 241115 241120 "
    "241225 250226 250314 250331 250410 250414 250418 250501",
    "XASX": "240101 240126 240329 240401 240425 240610 241225 241226 250101 250127 250418 250421 250425",
}
SATURDAYS = {"XNSE": ("2024-01-20", "2025-02-01")}


def day(iso: str) -> int:
    return int(np.datetime64(iso, "D").astype(int))


def iso(days: np.ndarray) -> list[str]:
    return days.astype("datetime64[D]").astype(str).tolist()


def span(first: str, last: str) -> np.ndarray:
    return np.arange(day(first), day(last) + 1, dtype=np.int32)


def weekdays(first: str, last: str) -> np.ndarray:
    days = span(first, last)
    return days[np.is_busday(days.astype("datetime64[D]"))]


def written(exchange: str, first: str = FIRST, last: str = END) -> np.ndarray:
    """The sessions of an exchange by the lists above."""
    closed = [day(f"20{text[:2]}-{text[2:4]}-{text[4:]}") for text in HOLIDAYS[exchange].split()]
    days = np.setdiff1d(weekdays(FIRST, END), closed)
    days = np.union1d(days, [day(saturday) for saturday in SATURDAYS.get(exchange, ())])
    return days[(days >= day(first)) & (days <= day(last))].astype(np.int32)
