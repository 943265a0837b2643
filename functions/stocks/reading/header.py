"""Where a file keeps what: its separator and the meaning of its columns, by the spellings of the common price sites."""

import csv
import dataclasses
import re
import unicodedata

from stocks.reading.dates import LAST_DAY
from stocks.reading.numbers import POINT
from stocks.reading.rejected import FORMULA, Unusable, show

VALUES = ("adjclose", "open", "high", "low", "close", "volume")
SEPARATORS = ",;\t|"
LONGEST_TICKER = 64
RESERVED_TICKER = "*"  # means all tickers in the table of metrics
# Titles in lower case without spaces and punctuation. The German and French ones stand in exports with decimal commas.
SPELLINGS = {
    "ticker": ("ticker", "symbol"),
    "date": ("date", "datetime", "timestamp", "datum"),
    "open": ("open", "openprice", "eröffnung", "eröffn", "erster", "ouv", "ouverture"),
    "high": ("high", "highprice", "hoch", "haut", "plushaut"),
    "low": ("low", "lowprice", "tief", "bas", "plusbas"),
    "close": ("close", "closeprice", "closelast", "schluss", "schlusskurs", "clot", "clôture", "cloture"),
    "adjclose": ("adjclose", "adjustedclose", "adjcloseprice", "adjustedcloseprice"),
    "volume": ("volume", "vol", "totaltradedquantity", "noofshares", "stücke", "stuecke"),
}
# These count only where no better title has the meaning: a company's name beside its symbol, turnover beside shares.
WEAK = {
    "ticker": ("name",),
    "date": ("time",),
    "close": ("price", "last", "zuletzt", "dernier"),
    "volume": ("volumen",),
}
_MEANINGS = {title: (name, True) for name, titles in SPELLINGS.items() for title in titles}
_MEANINGS |= {title: (name, False) for name, titles in WEAK.items() for title in titles}


@dataclasses.dataclass(frozen=True)
class Layout:
    """How many columns, the column and the title of each meaning, and what `reading.dialect` found out about the rows.

    order is "" (year first, or months by name), "day" or "month"; decimal is "." or ","; until is the last day allowed.
    """

    width: int
    columns: dict[str, int]
    titles: dict[str, str]
    separator: str = ","
    ticker: str = ""
    order: str = ""
    short_years: bool = False
    decimal: str = POINT
    until: int = LAST_DAY

    @property
    def price(self) -> str:
        """The column that fills adjclose for every row."""
        return "adjclose" if "adjclose" in self.columns else "close"

    def source(self, value: str) -> int | None:
        return self.columns.get(self.price if value == "adjclose" else value)

    def title(self, value: str) -> str:
        """The column as the file itself calls it."""
        return self.titles.get(self.price if value == "adjclose" else value, value)


def read_header(line: str, stem: str) -> Layout:
    """The layout that a header line announces. Raises Unusable where a column is missing or named twice."""
    if len(line) > csv.field_size_limit():
        raise Unusable(f"the header {show(line)} is longer than {csv.field_size_limit():,} characters", 1)
    found = {separator: fields(line, separator) for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda sign: sum(_meaning(title) is not None for title in found[sign]))
    columns = _columns(found[separator], line)
    if "date" not in columns or not {"adjclose", "close"} & columns.keys():
        missing = "date" if "date" not in columns else "adjclose or close"
        raise Unusable(f"the header {show(line)} has no column {missing}{_hint(found[separator])}", 1, line)
    titles = {name: _shown(found[separator][index]) for name, index in columns.items()}
    ticker = "" if "ticker" in columns else stem.strip()
    if "ticker" not in columns and (complaint := ticker_complaint(ticker)):
        raise Unusable(f"without a ticker column the ticker is the file's name, and {complaint}", 1, line)
    return Layout(len(found[separator]), columns, titles, separator, ticker)


def fields(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [""])


def ticker_complaint(ticker: str, title: str = "ticker") -> str:
    """Why a text is no ticker, or an empty string."""
    if not ticker:
        return f"{title} is empty"
    if len(ticker) > LONGEST_TICKER:
        return f"{title} {show(ticker)} is longer than {LONGEST_TICKER} characters"
    if not ticker.isprintable() or ticker == RESERVED_TICKER:
        return f"{title} {show(ticker)} is not a name"
    if ticker.startswith(FORMULA):
        return f"{title} {show(ticker)} begins with {ticker[0]}, which a spreadsheet takes for a formula"
    return ""


def _meaning(title: str) -> tuple[str, bool] | None:
    """What a title means, and whether it says so by itself."""
    return _MEANINGS.get(re.sub(r"[^\w%]|_", "", unicodedata.normalize("NFKC", title).lower()))


def _shown(title: str) -> str:
    return " ".join("".join(filter(str.isprintable, title)).split())[:40]


def _columns(titles: list[str], line: str) -> dict[str, int]:
    strong: dict[str, int] = {}
    weak: dict[str, int] = {}
    for index, title in enumerate(titles):
        if not (meaning := _meaning(title)):
            continue
        name, sure = meaning
        columns = strong if sure else weak
        if name in columns:
            raise Unusable(f"columns {show(titles[columns[name]])} and {show(title)} both mean {name}", 1, line)
        columns[name] = index
    if "adjclose" in strong:
        weak.pop("close", None)
    return weak | strong


def _hint(titles: list[str]) -> str:
    """What a well-known wrong header needs."""
    if [title.strip().lower() for title in titles[:1]] == ["price"]:
        return "; yfinance writes one header line with multi_level_index=False"
    return ""
