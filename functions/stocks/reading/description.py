"""How a file was read, in words for people: what Intake.report calls `reading`."""

from collections.abc import Iterable

from stocks.reading.layout import FILE_NAME, shorten

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
ORDERS = {"year": "year first", "day": "day before month", "month": "month before day"}
KINDS = {"long": "one row per ticker and day", "single": "one row per day", "wide": "one column per ticker"}
MOST = 12  # columns or tickers in a list


def form(reading: dict) -> str:
    """Such as "UTF-8, commas, one row per day; days year first, decimal point"."""
    order = reading["order"]
    days = f"counted in {order.removeprefix('epoch ')} since 1970" if order.startswith("epoch") else ORDERS[order]
    separator = SEPARATORS.get(reading["separator"], reading["separator"])
    kind = KINDS[reading["layout"]]
    return f"{reading['encoding']}, {separator}, {kind}; days {days}, decimal {reading['decimal']}"


def columns(reading: dict) -> str:
    """Such as "columns date, close from 'Last'; not read: 'Trades'"."""
    read = ", ".join(
        meaning if title.lower() == meaning else f"{meaning} from {title!r}"
        for meaning, title in reading["columns"].items()
    )
    ignored = f"; not read: {listed(map(repr, reading['ignored']))}" if reading["ignored"] else ""
    return f"columns {read}{ignored}"


def ticker_source(reading: dict) -> str:
    """Where a ticker's name comes from, if that is not a column of the file."""
    return "from the file's name" if reading["ticker_from"] == FILE_NAME else ""


def listed(names: Iterable[str]) -> str:
    """The first names, each cut to what can be seen of 40 characters."""
    every = list(names)
    return ", ".join(map(shorten, every[:MOST])) + (", ..." if len(every) > MOST else "")
