"""Files whose columns or lines deceive: tables below each other, titles that are tickers, numbers cut in two."""

import datetime
from collections.abc import Callable, Iterable

from tests.corpus.case import ACCEPTED, PLACE, REJECTED_FILE, REJECTED_ROWS, Case

FIRST = datetime.date(2024, 1, 2)
SECOND_TABLE = "a second table begins here; upload each table as a file of its own"


def weekdays(count: int, first: datetime.date = FIRST) -> list[datetime.date]:
    days = (first + datetime.timedelta(number) for number in range(2 * count))
    return [day for day in days if day.weekday() < 5][:count]


def lines(header: str, line: Callable[[datetime.date, int], str], days: Iterable[datetime.date]) -> str:
    return "\n".join([header, *(line(day, number) for number, day in enumerate(days))]) + "\n"


def file(name: str, body: str, outcome: str = ACCEPTED, says: str = "", rows: int = 0, first=None) -> Case:
    return Case(name, f"{PLACE}prices.csv", body.encode(), outcome, says, rows, first)


def refused(name: str, body: str, says: str) -> Case:
    return file(name, body, REJECTED_FILE, says)


def wide(header: str) -> str:
    """A column per title, each with prices of its own level."""
    levels = range(1, header.count(",") + 1)
    return lines(header, lambda day, n: f"{day}," + ",".join(f"{100 * level + n}.5" for level in levels), weekdays(30))


def at(clock: str, days: int = 60) -> str:
    """Mondays to Fridays as the midnights of an exchange east of Greenwich, in UTC."""
    eve = datetime.timedelta(1)
    return lines("timestamp,close", lambda day, n: f"{day - eve}T{clock}Z,{100 + n}", weekdays(days))


EARLY, LATE = weekdays(30), weekdays(30, datetime.date(2024, 6, 3))
SINGLE = lines("Date,Close", lambda day, n: f"{day},{100 + n}.5", EARLY)
LATER = lines("Date,Close", lambda day, n: f"{day},{200 + n}.5", LATE)

CASES: tuple[Case, ...] = (
    file(
        "a decimal comma that cuts prices in two",
        SINGLE.replace(".5", ",50"),
        REJECTED_ROWS,
        "line 2: 3 columns instead of 2; a",
    ),
    file(
        "thousands that cut prices in two",
        lines("date,volume,close", lambda day, n: f"{day},12,345,71.5", EARLY),
        REJECTED_ROWS,
        "line 2: 4 columns instead of 3; a comma in a number needs quotes",
    ),
    refused(
        "prices cut in two below a title that is empty",
        lines("Datum,Kurs,", lambda day, n: f"{day:%d.%m.%Y},100,08", EARLY),
        "the last column has numbers and no title",
    ),
    file("tickers of one letter in a wide file", wide("Date,A,C,V"), first=("A", "2024-01-02", 100.5)),
    file(
        "all of an index in a wide file",
        wide("Date,AAPL,BAC,DIS,F,GE,IBM,KO,XOM,O,H,L,C,T,V,LOW"),
        first=("AAPL", "2024-01-02", 100.5),
    ),
    refused(
        "letters that may be values or tickers", wide("Date,AAPL,BAC,O,H,L,C"), "line 1: columns AAPL, BAC and O may be"
    ),
    refused(
        "a title of a price beside tickers",
        wide("Date,AAPL,MSFT,PRICE"),
        "line 1: column PRICE is no ticker beside AAPL and MSFT; rename or delete it",
    ),
    refused("a ticker twice", wide("Date,AAPL,MSFT,AAPL"), "line 1: columns 'AAPL' and 'AAPL' both mean AAPL"),
    refused("bid and ask", wide("Date,BID_Close,ASK_Close"), "BID_Close, ASK_Close are neither prices nor tickers"),
    file(
        "Alpha Vantage through pandas",
        lines(
            "date,1. open,2. high,3. low,4. close,5. volume",
            lambda day, n: f"{day},{100 + n},{101 + n},{99 + n},{100 + n}.5,1000",
            EARLY,
        ),
        rows=30,
        first=("prices", "2024-01-02", 100.5),
    ),
    refused(
        "another order of the columns further below", SINGLE + "Close,Date\n2024-06-03,7\n", f"line 32: {SECOND_TABLE}"
    ),
    refused("a table of another value below", SINGLE + "Date,Volume\n2024-06-03,700\n", f"line 32: {SECOND_TABLE}"),
    refused("tables of two tickers, each below its name", f"AAPL\n{SINGLE}\nMSFT\n{LATER}", f"line 35: {SECOND_TABLE}"),
    refused(
        "R's prices of two tickers below each other",
        SINGLE.replace("Close", "AAPL.Close") + LATER.replace("Close", "MSFT.Close"),
        f"line 32: {SECOND_TABLE}",
    ),
    file("years of a ticker below each other", SINGLE + LATER, rows=60, first=("prices", "2024-01-02", 100.5)),
    refused(
        "rows above the titles",
        "\n".join(LATER.splitlines()[1:]) + "\n" + SINGLE,
        "line 1: a row stands above the titles; move the titles to the first line",
    ),
    file(
        "codes of two tickers that share no day",
        lines("date,code,close", lambda day, n: f"{day},{'OLD' if n < 20 else 'NEW'},{10 + n}", EARLY),
        rows=30,
        first=("prices", "2024-01-02", 10),
    ),
    file(
        "a flag in a column called adjusted",
        lines("date,close,adjusted", lambda day, n: f"{day},{100 + n}.5,1", EARLY),
        rows=30,
        first=("prices", "2024-01-02", 100.5),
    ),
    file(
        "errors of a spreadsheet",
        SINGLE.replace("101.5", "#REF!"),
        REJECTED_ROWS,
        "line 3: Close '#REF!' is not a",
        rows=29,
    ),
    refused(
        "two currencies",
        lines("date,close", lambda day, n: f"{day},{'71.5GBP' if n % 7 else '7150.0GBX'}", EARLY),
        "write one currency per ticker",
    ),
    refused(
        "pence on some days",
        lines("date,close", lambda day, n: f"{day},{'71.5' if n % 7 else 'GBX 7150.0'}", EARLY),
        "write one currency per ticker",
    ),
    file(
        "a currency for each ticker",
        lines(
            "ticker,date,close", lambda day, n: f"{'A' if n % 2 else 'B'},{day},{'$' if n % 2 else '€'}{10 + n}", EARLY
        ),
        rows=30,
        first=("B", "2024-01-02", 10),
    ),
    refused("midnights of Tokyo in UTC", at("15:00:00"), "is Sunday evening in UTC, the eve of an exchange's Monday"),
    file(
        "an exchange that trades on Sundays",
        lines(
            "timestamp,close",
            lambda day, n: f"{day}T12:00:00Z,{100 + n}",
            (day - datetime.timedelta(1) for day in weekdays(30)),
        ),
        rows=30,
        first=("prices", "2024-01-01", 100),
    ),
    refused("a separator that none is", "sep=é\n" + SINGLE, "line 1: 'sep=é' names no separator"),
    file(
        "rows of another width below a note",
        SINGLE + "Note of the seller\n" + "".join(f"{day},7,8\n" for day in LATE[:19]),
        REJECTED_ROWS,
        "line 32: 1 columns instead of 2",
        rows=30,
    ),
    refused("a header of 10,001 columns", "x," * 10_000 + "\n" + SINGLE, "has more than 10,000 columns"),
    file(
        "a word above a group of columns",
        ",Price,,,\n" + lines("Date,Open,High,Low,Close", lambda day, n: f"{day},1,{102 + n},1,{100 + n}.5", EARLY),
        rows=30,
        first=("prices", "2024-01-02", 100.5),
    ),
    file(
        "a word above a table of one price",
        '"OBSERVATIONS"\n' + lines('"date","FXUSDCAD"', lambda day, n: f'"{day}","1.{100 + n}"', EARLY),
        rows=30,
        first=("FXUSDCAD", "2024-01-02", 1.1),
    ),
    file(
        "a line of signs below the titles",
        lines("| date | close |\n+------+-------+", lambda day, n: f"| {day} | {100 + n}.5 |", EARLY),
        rows=30,
        first=("prices", "2024-01-02", 100.5),
    ),
    file(
        "tickers in merged cells",
        lines(",AAPL,,MSFT,\nDate,Open,Close,Open,Close", lambda day, n: f"{day},1,{100 + n}.5,2,{200 + n}.5", EARLY),
        first=("AAPL", "2024-01-02", 100.5),
    ),
    file(
        "values in merged cells",
        lines(
            "Price,Close,,Open,\nTicker,AAPL,MSFT,AAPL,MSFT\nDate,,,,",
            lambda day, n: f"{day},{100 + n}.5,{200 + n}.5,1,2",
            EARLY,
        ),
        first=("AAPL", "2024-01-02", 100.5),
    ),
    refused(
        "kinds of a price in merged cells",
        lines(",BID,,ASK,\nDate,Open,Close,Open,Close", lambda day, n: f"{day},1,{100 + n}.5,2,{101 + n}", EARLY),
        "both mean open",
    ),
    refused("a ticker twice, numbered by pandas", wide("Date,AAPL,AAPL.1"), "'AAPL' and 'AAPL.1' both mean AAPL"),
    file("an ampersand in a ticker", wide("Date,M&M.NS,TCS.NS"), first=("M&M.NS", "2024-01-02", 100.5)),
    refused("ratios of a share", wide("Date,BPS,PER,PBR,EPS,DIV,DPS"), "columns BPS, PBR, EPS, ... are neither"),
    refused(
        "a column of days for each ticker",
        lines("Date,AAPL,Date,MSFT", lambda day, n: f"{day},{100 + n}.5,{day},{200 + n}.5", EARLY),
        "line 1: columns Date, Date hold days; keep one column of days",
    ),
    file(
        "hundredths of a currency in titles",
        lines(
            "Trade Date,Adjusted Closing Price (0.01 NIS),Closing Price (0.01 NIS)",
            lambda day, n: f"{day},{100 + n}.5,{110 + n}",
            EARLY,
        ),
        rows=30,
        first=("prices", "2024-01-02", 100.5),
    ),
    refused(
        "a melted table",
        "Date,name,value\n"
        + "".join(f"{day},{name},10{n}\n" for name in ("Open", "Close", "Volume") for n, day in enumerate(EARLY)),
        "line 1: column name holds 'Close' and 'Open', which are no tickers; give each value a column of its own",
    ),
    file(
        "tickers that are words for values",
        "Date,ticker,close\n"
        + "".join(f"{day},{name},10{n}\n" for name in ("OPEN", "LOW") for n, day in enumerate(EARLY)),
        first=("OPEN", "2024-01-02", 100),
    ),
    refused(
        "a list of deals",
        lines("Date,Action,Symbol,Quantity,Price,Fees & Comm", lambda day, n: f"{day},Buy,AAPL,5,{100 + n}.5,", EARLY),
        "line 1: column Fees & Comm is of a list of deals; upload prices of days",
    ),
    refused(
        "a list of deals without fees",
        lines(
            "Date,Ticker,Side,Qty,Value", lambda day, n: f"{day},AAPL,{'Sell' if n % 3 else 'Buy'},5,{100 + n}.5", EARLY
        ),
        "line 1: column Side is of a list of deals; upload prices of days",
    ),
    file(
        "signals beside the prices of a day",
        lines("Date,Open,Close,Action", lambda day, n: f"{day},{100 + n}.5,{101 + n}.5,BUY", EARLY),
        rows=30,
    ),
    refused(
        "lines in quotes",
        lines('"Date,Close"', lambda day, n: f'"{day},{100 + n}.5"', EARLY),
        "line 1: each line stands in quotes as one cell",
    ),
    refused(
        "R's table with blanks",
        lines('"Index" "AAPL.Close"', lambda day, n: f'"{day}" {100 + n}.5', EARLY),
        "line 1: cells are separated by blanks; write commas between them",
    ),
    refused(
        "days beside each other",
        "Ticker," + ",".join(map(str, EARLY)) + "\nAAPL" + ",100.5" * 30 + "\n",
        "line 1: the days stand beside each other in the titles; write one row per day",
    ),
    refused(
        "years of the Buddhist calendar",
        lines("Date,Close", lambda day, n: f"{day:%d/%m}/{day.year + 543},{100 + n}.5", EARLY),
        "is no day from 1900 until today, whatever comes first; write YYYY-MM-DD",
    ),
    file(
        "a date and time of SAS",
        lines("DATE,CLOSE", lambda day, n: f"{day:%d%b%Y}:00:00:00,{100 + n}.5".upper(), EARLY),
        rows=30,
        first=("prices", "2024-01-02", 100.5),
    ),
)
