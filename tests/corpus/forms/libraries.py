"""Files that libraries write: pandas and yfinance, R, and data sets of people who use them."""

import io
from collections.abc import Callable

import pandas as pd

from tests.corpus.forms.english import ISO, OHLC, ohlc
from tests.corpus.forms.form import Bar, Form, known, table, tidy

LOWER = {name: name for name in ("open", "high", "low", "close", "volume")}
FIELDS = {"Close": "close", "High": "high", "Low": "low", "Open": "open", "Volume": "volume"}
TWO = ("AAPL", "BRK-B")


def by_day(bars: list[Bar]) -> dict:
    """The bars of each day by ticker."""
    days: dict = {}
    for bar in bars:
        days.setdefault(bar.day, {})[bar.ticker] = bar
    return days


def yfinance(ticker_first: bool = False, labels: tuple[str, str] = ("Price", "Ticker"), third: bool = True) -> Callable:
    """download(...).to_csv(): two lines of titles, and one that names the days."""

    def write(bars: list[Bar]) -> str:
        tickers = sorted({bar.ticker for bar in bars})
        columns = [(field, ticker) for field in FIELDS for ticker in tickers]
        columns = sorted(columns, key=lambda column: column[1]) if ticker_first else columns
        values, names = [field for field, _ in columns], [ticker for _, ticker in columns]
        lines = [",".join([labels[0], *values]), ",".join([labels[1], *names])]
        lines = lines[::-1] if ticker_first else lines
        lines += ["Date" + "," * len(columns)] if third else []
        for day, found in by_day(bars).items():
            lines.append(
                ",".join([str(day), *(str(getattr(found[ticker], FIELDS[field])) for field, ticker in columns)])
            )
        return "\n".join(lines) + "\n"

    return write


def stacked(ticker_first: bool = False, skiprows: tuple = (2,)) -> Callable[[bytes], pd.DataFrame]:
    def read(body: bytes) -> pd.DataFrame:
        frame = pd.read_csv(io.BytesIO(body), header=[0, 1], index_col=0, skiprows=skiprows)
        long = frame.stack(0 if ticker_first else 1, future_stack=True).rename_axis(["date", "ticker"]).reset_index()
        return tidy(long.rename(columns=FIELDS), ISO)

    return read


def wide(bars: list[Bar]) -> str:
    """One column of closing prices per ticker; the second ticker begins ten days later."""
    tickers = sorted({bar.ticker for bar in bars})
    lines = [",".join(["Date", *tickers])]
    for number, (day, found) in enumerate(by_day(bars).items()):
        cells = [str(found[ticker].close) if place != 1 or number >= 10 else "" for place, ticker in enumerate(tickers)]
        lines.append(",".join([str(day), *cells]))
    return "\n".join(lines) + "\n"


def melted(**options) -> Callable[[bytes], pd.DataFrame]:
    def read(body: bytes) -> pd.DataFrame:
        frame = pd.read_csv(io.BytesIO(body), **options)
        return tidy(frame.melt("Date", var_name="ticker", value_name="close").rename(columns={"Date": "date"}), ISO)

    return read


def joined(title: Callable[[str, str], str], first: str = "Date") -> Callable[[list[Bar]], str]:
    """Titles made of a ticker and a value."""

    def write(bars: list[Bar]) -> str:
        tickers = sorted({bar.ticker for bar in bars})
        columns = [(field, ticker) for ticker in tickers for field in FIELDS]
        lines = [",".join([first, *(title(field, ticker) for field, ticker in columns)])]
        for day, found in by_day(bars).items():
            lines.append(
                ",".join([str(day), *(str(getattr(found[ticker], FIELDS[field])) for field, ticker in columns)])
            )
        return "\n".join(lines) + "\n"

    return write


def cut(sign: str, ticker_last: bool) -> Callable[[bytes], pd.DataFrame]:
    def read(body: bytes) -> pd.DataFrame:
        frame = pd.read_csv(io.BytesIO(body), index_col=0)
        parts = [name.split(sign) if ticker_last else name.rsplit(sign, 1)[::-1] for name in frame.columns]
        frame.columns = pd.MultiIndex.from_tuples(map(tuple, parts))
        return tidy(
            frame.stack(1, future_stack=True).rename_axis(["date", "ticker"]).reset_index().rename(columns=FIELDS), ISO
        )

    return read


def quantmod(bars: list[Bar]) -> str:
    """write.csv(as.data.frame(AAPL)): the days are the names of the rows."""
    titles = [f"AAPL.{name}" for name in ("Open", "High", "Low", "Close", "Volume", "Adjusted")]
    lines = [",".join(f'"{title}"' for title in ["", *titles])]
    lines += [f'"{bar.day}",{ohlc(bar)},{bar.volume},{bar.adjclose}' for bar in bars]
    return "\n".join(lines) + "\n"


QUANTMOD = {f"AAPL.{title}": name for title, name in OHLC.items()} | {"AAPL.Adjusted": "adjclose"}

FORMS = (
    Form("yfinance, one ticker", "data.csv", yfinance(), stacked()),
    Form("yfinance, several tickers", "stocks.csv", yfinance(), stacked(), tickers=TWO),
    Form("yfinance by ticker", "stocks.csv", yfinance(ticker_first=True), stacked(ticker_first=True), tickers=TWO),
    Form(
        "yfinance without the third line",
        "data.csv",
        yfinance(third=False),
        stacked(skiprows=()),
        tickers=("600519.SS",),
    ),
    Form("yfinance before it named its levels", "stocks.csv", yfinance(labels=("", "")), stacked(), tickers=TWO),
    Form("pandas-datareader", "stocks.csv", yfinance(labels=("Attributes", "Symbols")), stacked(), tickers=TWO),
    Form("yfinance's closing prices", "prices.csv", wide, melted(), tickers=("AAPL", "LOW", "OPEN")),
    Form(
        "flattened titles, value first",
        "prices.csv",
        joined(lambda value, ticker: f"{value}_{ticker}"),
        cut("_", True),
        tickers=TWO,
    ),
    Form(
        "flattened titles, ticker first",
        "prices.csv",
        joined(lambda value, ticker: f"{ticker}_{value}"),
        cut("_", False),
        tickers=TWO,
    ),
    Form(
        "yfinance's history with zones",
        "MSFT.csv",
        table(
            "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits",
            lambda b: f"{b.day} 00:00:00-05:00,{ohlc(b)},{b.volume},0.0,0.0",
        ),
        known({"Date": "date", **OHLC}, "%Y-%m-%d %H:%M:%S%z", "MSFT"),
    ),
    Form(
        "pandas with its row numbers",
        "AAPL.csv",
        lambda bars: (
            ",Date,Open,High,Low,Close,Volume\n"
            + "".join(f"{n},{b.day},{ohlc(b)},{b.volume}\n" for n, b in enumerate(bars))
        ),
        known({"Date": "date", **OHLC}, ISO, "AAPL"),
    ),
    Form(
        "pandas with the days as its index",
        "AAPL.csv",
        table(",open,high,low,close,volume", lambda b: f"{b.day},{ohlc(b)},{b.volume}"),
        known({"Unnamed: 0": "date", **LOWER}, ISO, "AAPL"),
    ),
    Form("R quantmod", "prices.csv", quantmod, known({"Unnamed: 0": "date"} | QUANTMOD, ISO, "AAPL")),
    Form(
        "R zoo",
        "prices.csv",
        lambda bars: quantmod(bars).replace('""', '"Index"', 1),
        known({"Index": "date"} | QUANTMOD, ISO, "AAPL"),
    ),
    Form(
        "R write.table, which names no column of row names",
        "prices.csv",
        lambda bars: quantmod(bars).replace('"",', "", 1),
        lambda body: known({"index": "date"} | QUANTMOD, ISO, "AAPL")(b'"index",' + body),
    ),
    Form(
        "R merged prices of several tickers",
        "prices.csv",
        joined(lambda value, ticker: f"{ticker}.{value}", '"Index"'),
        cut(".", False),
        tickers=("AAPL", "BRK.B"),
    ),
    Form(
        "R tidyquant",
        "prices.csv",
        lambda bars: (
            '"","symbol","date","open","high","low","close","volume","adjusted"\n'
            + "".join(f'"{n}","{b.ticker}",{b.day},{ohlc(b)},{b.volume},{b.adjclose}\n' for n, b in enumerate(bars, 1))
        ),
        known({"symbol": "ticker", "date": "date", **LOWER, "adjusted": "adjclose"}, ISO),
        tickers=TWO,
    ),
    Form(
        "Kaggle's S&P 500",
        "all_stocks_5yr.csv",
        table("date,open,high,low,close,volume,Name", lambda b: f"{b.day},{ohlc(b)},{b.volume},{b.ticker}"),
        known({"date": "date", **LOWER, "Name": "ticker"}, ISO),
        tickers=("AAL", "ALL"),
    ),
    Form(
        "Kaggle with a column Stock",
        "stocks.csv",
        table("Date,Open,High,Low,Close,Volume,Stock", lambda b: f"{b.day},{ohlc(b)},{b.volume},{b.ticker}"),
        known({"Date": "date", **OHLC, "Stock": "ticker"}, ISO),
        tickers=TWO,
    ),
    Form(
        "Kaggle with symbol and company name",
        "prices.csv",
        table("Date,Symbol,Name,Close", lambda b: f'{b.day},{b.ticker},"{b.ticker}, Inc.",{b.close}'),
        known({"Date": "date", "Symbol": "ticker", "Close": "close"}, ISO),
        tickers=TWO,
    ),
    Form(
        "Kaggle's JPX competition",
        "stock_prices.csv",
        table(
            "RowId,Date,SecuritiesCode,Open,High,Low,Close,Volume,AdjustmentFactor,ExpectedDividend,SupervisionFlag",
            lambda b: f"{b.day:%Y%m%d}_{b.ticker},{b.day},{b.ticker},{ohlc(b)},{b.volume},1.0,,False",
        ),
        known({"Date": "date", "SecuritiesCode": "ticker", **OHLC}, ISO),
        tickers=("1301", "1332"),
    ),
    Form(
        "Qlib",
        "export.csv",
        table(
            "instrument,date,open,high,low,close,volume,amount",
            lambda b: f"{b.ticker},{b.day},{ohlc(b)},{b.volume},1.23e8",
        ),
        known({"instrument": "ticker", "date": "date", **LOWER}, ISO),
        tickers=("SH600000", "SZ000001"),
    ),
    Form(
        "tushare",
        "daily.csv",
        lambda bars: (
            ",ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n"
            + "".join(
                f"{n},{b.ticker},{b.day:%Y%m%d},{ohlc(b)},1.5,-0.02,-0.23,{b.volume},4606.4\n"
                for n, b in enumerate(bars)
            )
        ),
        known(
            {
                "ts_code": "ticker",
                "trade_date": "date",
                "open": "open",
                "high": "high",
                "low": "low",
                "close": "close",
                "vol": "volume",
            },
            "%Y%m%d",
        ),
        tickers=("000001.SZ", "600000.SH"),
    ),
    Form(
        "baostock",
        "history_A_stock_k_data.csv",
        table(
            "date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST",
            lambda b: f"{b.day},{b.ticker},{ohlc(b)},1.5,{b.volume},634262121.48,2,0.197,1,-1.71,0",
        ),
        known({"date": "date", "code": "ticker", **LOWER}, ISO),
        tickers=("sh.600000", "sz.000001"),
    ),
    Form(
        "long, with stock and value",
        "values.csv",
        table("date,stock,value", lambda b: f"{b.day},{b.ticker},{b.close}"),
        known({"date": "date", "stock": "ticker", "value": "close"}, ISO),
        tickers=TWO,
    ),
    Form(
        "long, with ISIN",
        "funds.csv",
        table("isin,date,price", lambda b: f"{b.ticker},{b.day},{b.close}"),
        known({"isin": "ticker", "date": "date", "price": "close"}, ISO),
        tickers=("DE0008404005", "DE0005552004"),
    ),
)
