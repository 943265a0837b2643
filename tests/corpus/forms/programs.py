"""Databases, programs, central banks, and data sets that many people share."""

import io

import pandas as pd

from tests.corpus.forms.english import ISO, ohlc
from tests.corpus.forms.form import Form, known, table, tidy
from tests.corpus.forms.libraries import LOWER, wide


def melted(body: bytes) -> pd.DataFrame:
    """A column of closing prices per ticker, the other columns left out."""
    return tidy(
        pd.read_csv(io.BytesIO(body)).rename(columns={"Date": "date"}).melt("date", None, "ticker", "close"), ISO
    )


FORMS = (
    Form(
        "kdb+",
        "daily.csv",
        table("date,sym,open,high,low,close,vol", lambda b: f"{b.day:%Y.%m.%d},{b.ticker},{ohlc(b)},{b.volume}"),
        known(
            {"date": "date", "sym": "ticker", "open": "open", "high": "high", "low": "low", "close": "close"}
            | {"vol": "volume"},
            "%Y.%m.%d",
        ),
        tickers=("AAPL", "MSFT"),
    ),
    Form(
        "DoltHub",
        "ohlcv.csv",
        table("date,act_symbol,open,high,low,close,volume", lambda b: f"{b.day},{b.ticker},{ohlc(b)},{b.volume}"),
        known({"date": "date", "act_symbol": "ticker"} | LOWER, ISO),
        tickers=("AAPL", "MSFT"),
    ),
    Form(
        "Hive",
        "prices_by_dt.csv",
        table("symbol,open,high,low,close,volume,dt", lambda b: f"{b.ticker},{ohlc(b)},{b.volume},{b.day}"),
        known({"dt": "date", "symbol": "ticker"} | LOWER, ISO),
        tickers=("AAPL", "MSFT"),
    ),
    Form(
        "gretl",
        "djia.csv",
        table("obs,close,volume", lambda b: f"{b.day},{b.close},{b.volume}"),
        known({"obs": "date", "close": "close", "volume": "volume"}, ISO, "djia"),
    ),
    Form(
        "Infochimps' NYSE",
        "NYSE_daily_prices_A.csv",
        table(
            "exchange,stock_symbol,date,stock_price_open,stock_price_high,stock_price_low,stock_price_close,"
            "stock_volume,stock_price_adj_close",
            lambda b: f"NYSE,{b.ticker},{b.day},{ohlc(b)},{b.volume},{b.adjclose}",
            newest_first=True,
        ),
        known(
            {"stock_symbol": "ticker", "date": "date", "stock_price_open": "open", "stock_price_high": "high"}
            | {"stock_price_low": "low", "stock_price_close": "close", "stock_volume": "volume"}
            | {"stock_price_adj_close": "adjclose"},
            ISO,
        ),
        tickers=("AEA", "AEE"),
    ),
    Form(
        "ECB's rates",
        "EXR.csv",
        table(
            "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,OBS_CONF",
            lambda b: f"EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,{b.day},{b.close},A,F",
        ),
        known({"TIME_PERIOD": "date", "OBS_VALUE": "close"}, ISO, "EXR"),
    ),
    Form(
        "Portfolio Performance",
        "Apple.csv",
        table("Date;Quote", lambda b: f"{b.day};{b.close}"),
        known({"Date": "date", "Quote": "close"}, ISO, "Apple", sep=";"),
    ),
    Form(
        "settlement prices of futures",
        "CLZ4.csv",
        table("Date,Settlement Price,Volume", lambda b: f"{b.day},{b.close},{b.volume}"),
        known({"Date": "date", "Settlement Price": "close", "Volume": "volume"}, ISO, "CLZ4"),
    ),
    Form(
        "yfinance without its line of tickers",
        "GOOG.csv",
        table("Price,Close,High,Low,Open,Volume", lambda b: f"{b.day},{b.close},{b.high},{b.low},{b.open},{b.volume}"),
        known(
            {"Price": "date", "Close": "close", "High": "high", "Low": "low", "Open": "open", "Volume": "volume"},
            ISO,
            "GOOG",
        ),
    ),
    Form(
        "Bloomberg's keys, a column each",
        "bloomberg.csv",
        wide,
        melted,
        tickers=("AAPL US Equity", "CL1 Comdty", "EURUSD Curncy", "SPX Index"),
    ),
    Form(
        "NSE's longest tickers, a column each", "nifty.csv", wide, melted, tickers=("BAJAJ-AUTO.NS", "M&M.NS", "TCS.NS")
    ),
    Form("a ticker that means days elsewhere, a column each", "etfs.csv", wide, melted, tickers=("DIA",)),
    Form("a ticker that means tickers elsewhere, a column each", "stocks.csv", wide, melted, tickers=("SYM",)),
    Form(
        "NSE's longest tickers, value first",
        "flat.csv",
        table("Date,Close_BAJAJ-AUTO.NS,Volume_BAJAJ-AUTO.NS", lambda b: f"{b.day},{b.close},{b.volume}"),
        known({"Date": "date", "Close_BAJAJ-AUTO.NS": "close", "Volume_BAJAJ-AUTO.NS": "volume"}, ISO, "BAJAJ-AUTO.NS"),
    ),
)
