"""What may be a ticker, and which one the name of a file without a ticker column gives."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from stocks.reading.rejected import FORMULA, show

LONGEST = 64
MISREAD = frozenset("¦¬±¶ˇ")  # what letters of ISO 8859-2 look like in cp1250
RESERVED = "*"  # means all tickers in the table of metrics

# The names that sites give their downloads, with the ticker in them; the first that fits counts.
_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<ticker>.+?) (Historical Data|Stock Price History)",  # Investing.com
        r"(?P<ticker>.+?) (Historische (Daten|Data)|Dados Históricos|Dati Storici|Geçmiş Verileri|Data Historis)",
        r"(?P<ticker>.+?) (過去データ|과거 데이터|내역)",
        r"(Dados Históricos|Datos históricos( de)?|Прошлые данные)( -)? (?P<ticker>.+)",
        r"(Dane historyczne dla|Data Historis)( -)? (?P<ticker>.+)",
        r"(?P<ticker>.+?) ?(- Données Historiques|历史数据)",
        r"daily(_adjusted)?_(?P<ticker>.+)",  # Alpha Vantage
        r"Download Data - [A-Z]+_[A-Z]+_([A-Z0-9]+_)?(?P<ticker>[^_]+)",  # MarketWatch
        r"MacroTrends_Data_Download_(?P<ticker>.+)",
        r"Quote-Equity-(?P<ticker>.+?)-[A-Z]{2}-.*",  # NSE
        r"[\d-]+-TO-[\d-]+-?(?P<ticker>[A-Z&-]+?)-?(EQ|ALL)-?N",  # NSE's archive
        r"(?P<ticker>[^_]+)_(daily_historical-data|price-history)-.*",  # Barchart
        r"(?P<ticker>[A-Z0-9]+)-1d-\d{4}(-\d\d){0,2}",  # Binance
        r"(?P<ticker>[a-z0-9]+-[a-z]{3,4})-max",  # CoinGecko
        r"(?P<ticker>[^_]+)_\d+_\d+_\d{4}-\d+_\d+_\d{4}_historical_data(_coinmarketcap)?",  # whose name is a number
        r"(?P<ticker>.+?)_Candlestick_1_D_(BID|ASK).*",  # Dukascopy
        r"(?P<ticker>.+?)_historical_price",  # Euronext
        r"(WIKI|EOD)-(?P<ticker>.+)",  # Nasdaq Data Link
        r"wkn_(?P<ticker>\w+)_historic",  # Ariva
        r"[A-Z]+_(?P<ticker>[^,_]+), 1D.*",  # TradingView
    )
)
_STOOQ = re.compile(r"(?P<ticker>[\^a-z0-9.-]+?)(_(?P<market>[a-z]{2}))?_[dwm]")
_COPY = re.compile(r" ?\(\d+\)$")  # a browser's second download

# Greek and Cyrillic letters that are drawn as a Latin one.
_LOOK_ALIKES = str.maketrans("АВЕЅІЈКМНОРСТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTXYABEZHIKMNOPTYX")


def complaint(ticker: str, title: str = "ticker") -> str:
    """Why a text is no ticker, or an empty string."""
    if not ticker:
        return f"{title} is empty"
    if len(ticker) > LONGEST:
        return f"{title} {show(ticker)} is longer than {LONGEST} characters"
    if strange := MISREAD.intersection(ticker):
        return f"{title} {show(ticker)} holds {show(min(strange))}: the encoding is another one; save the file in UTF-8"
    if not ticker.isprintable() or ticker == RESERVED:
        return f"{title} {show(ticker)} is not a name"
    if ticker.startswith(FORMULA):
        return f"{title} {show(ticker)} begins with {ticker[0]}, which a spreadsheet takes for a formula"
    return ""


def composed(name: str) -> str:
    """The name in Unicode's form NFC: a Mac writes an umlaut as two signs, which look like one."""
    return unicodedata.normalize("NFC", name)


def written(cell: str) -> str:
    """The ticker in a cell: what keeps a spreadsheet from reading '000001 or ="0050" as a number is no part of it."""
    if excel := re.fullmatch(r'="([^"=]+)"', cell):
        return composed(excel[1].strip())
    return cell[1:] if re.fullmatch(r"'[0-9A-Z.]+", cell) else composed(cell)


def from_file_name(stem: str) -> str:
    """The ticker in a download's name where its site's pattern is known, else the whole name."""
    name = _COPY.sub("", composed(stem.strip()))
    for pattern in _NAMES:
        if found := pattern.fullmatch(name):
            ticker = found["ticker"].strip()
            return ticker.upper() if ticker.islower() else ticker
    if found := _STOOQ.fullmatch(name):
        return ".".join(filter(None, (found["ticker"], found["market"]))).upper()
    return name


def look_alikes(tickers: Iterable[str]) -> list[list[str]]:
    """Groups of tickers that differ only in case, accents or letters of other alphabets that look the same."""
    groups = defaultdict(list)
    for ticker in sorted(tickers):
        groups[_drawn(ticker)].append(ticker)
    return [group for group in groups.values() if len(group) > 1]


def _drawn(ticker: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", ticker).upper())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LOOK_ALIKES).strip()
