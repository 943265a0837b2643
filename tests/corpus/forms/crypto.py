"""Exchanges of coins, vendors of market data and charts: days as counts of seconds and of parts of them."""

import calendar
import datetime

from tests.corpus.forms.english import ISO, OHLC, ohlc
from tests.corpus.forms.form import Bar, Form, known, table

LOWER = {name: name for name in ("open", "high", "low", "close", "volume")}


def epoch(bar: Bar, hour: int = 0) -> int:
    return calendar.timegm((*bar.day.timetuple()[:3], hour, 0, 0))


def kline(bar: Bar, unit: int) -> str:
    start = epoch(bar) * unit
    return f"{start},{ohlc(bar)},{bar.volume}.25,{start + 86_400 * unit - 1},1000.5,{bar.volume % 977},10.5,20.5,0"


KLINES = {0: "date", 1: "open", 2: "high", 3: "low", 4: "close", 5: "volume"}

FORMS = (
    Form(
        "Binance's candles without a header",
        "BTCUSDT-1d-2023-01.csv",
        lambda bars: "".join(f"{kline(bar, 1000)}\n" for bar in bars),
        known(KLINES, "ms", "BTCUSDT", header=None, dtype=None),
        prices=16600.0,
    ),
    Form(
        "Binance's candles since 2025, in microseconds",
        "ETHUSDT-1d-2025.csv",
        lambda bars: "".join(f"{kline(bar, 1_000_000)}\n" for bar in bars),
        known(KLINES, "us", "ETHUSDT", header=None, dtype=None),
        prices=3300.0,
    ),
    Form(
        "Binance's futures",
        "futures.csv",
        table(
            "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore",
            lambda b: kline(b, 1000),
        ),
        known({"open_time": "date", **LOWER}, "ms", "futures"),
    ),
    Form(
        "Coinbase",
        "BTC-USD.csv",
        table(
            "time,low,high,open,close,volume",
            lambda b: f"{epoch(b)},{b.low},{b.high},{b.open},{b.close},{b.volume}.5",
            newest_first=True,
        ),
        known({"time": "date", **LOWER}, "s", "BTC-USD"),
    ),
    Form(
        "TradingView",
        "BATS_AAPL, 1D.csv",
        table("time,open,high,low,close,Volume", lambda b: f"{epoch(b, 14)},{ohlc(b)},{b.volume}"),
        known(
            {"time": "date", "open": "open", "high": "high", "low": "low", "close": "close", "Volume": "volume"},
            "s",
            "AAPL",
        ),
    ),
    Form(
        "Polygon's flat files, in nanoseconds",
        "day_aggs.csv",
        table(
            "ticker,volume,open,close,high,low,window_start,transactions",
            lambda b: f"{b.ticker},{b.volume},{b.open},{b.close},{b.high},{b.low},{epoch(b, 5)}000000000,9781",
        ),
        known({"ticker": "ticker", "window_start": "date", **LOWER}, "ns"),
        tickers=("AAPL", "MSFT"),
    ),
    Form(
        "CoinGecko",
        "btc-usd-max.csv",
        table("snapped_at,price,market_cap,total_volume", lambda b: f"{b.day} 00:00:00 UTC,{b.close},9.1e9,{b.volume}"),
        known({"snapped_at": "date", "price": "close", "total_volume": "volume"}, "%Y-%m-%d 00:00:00 UTC", "BTC-USD"),
    ),
    Form(
        "CoinMarketCap",
        "Bitcoin_1_1_2023-12_29_2023_historical_data.csv",
        table(
            "timeOpen;timeClose;timeHigh;timeLow;name;open;high;low;close;volume;marketCap;timestamp",
            lambda b: (
                f'"{b.day}T00:00:00.000Z";"{b.day}T23:59:59.999Z";"{b.day}T07:00:00.000Z";"{b.day}T09:00:00.000Z";"2781";'
                f'{ohlc(b, ";")};{b.volume}.5;9.1E9;"{b.day}T23:59:59.999Z"'
            ),
            newest_first=True,
        ),
        known({"timestamp": "date", **LOWER}, "%Y-%m-%dT%H:%M:%S.%fZ", "Bitcoin", sep=";", encoding="utf-8-sig"),
        "utf-8-sig",
    ),
    Form(
        "CryptoDataDownload",
        "Binance_BTCUSDT_d.csv",
        table(
            "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD",
            lambda b: f"{epoch(b)},{b.day} 00:00:00,{b.ticker},{ohlc(b)},{b.volume}.5,12345.5",
            above=["https://www.CryptoDataDownload.com"],
            newest_first=True,
        ),
        known(
            {"date": "date", "symbol": "ticker", "open": "open", "high": "high", "low": "low", "close": "close"},
            "%Y-%m-%d %H:%M:%S",
            skiprows=1,
        ),
        tickers=("BTC/USDT",),
    ),
    Form(
        "Upbit",
        "KRW-BTC.csv",
        table(
            "market,candle_date_time_utc,candle_date_time_kst,opening_price,high_price,low_price,trade_price,timestamp,"
            "candle_acc_trade_volume",
            lambda b: f"KRW-BTC,{b.day}T00:00:00,{b.day}T09:00:00,{b.open},{b.high},{b.low},{b.close},1,{b.volume}",
            newest_first=True,
        ),
        known(
            {"candle_date_time_kst": "date", "opening_price": "open", "high_price": "high", "low_price": "low"}
            | {"trade_price": "close", "candle_acc_trade_volume": "volume"},
            "%Y-%m-%dT%H:%M:%S",
            "KRW-BTC",
        ),
    ),
    Form(
        "CoinCodex",
        "bitcoin.csv",
        table(
            "Start,End,Open,High,Low,Close,Volume,Market Cap",
            lambda b: f"{b.day},{b.day + datetime.timedelta(1)},{ohlc(b)},{b.volume}.25,8.8e11",
            newest_first=True,
        ),
        known({"Start": "date"} | OHLC, ISO, "bitcoin"),
    ),
    Form(
        "CryptoCompare",
        "BTC.csv",
        table(
            "time,high,low,open,volumefrom,volumeto,close,conversionType",
            lambda b: f"{epoch(b)},{b.high},{b.low},{b.open},{b.volume},9,{b.close},direct",
        ),
        known(
            {"time": "date", "high": "high", "low": "low", "open": "open", "close": "close", "volumefrom": "volume"},
            "s",
            "BTC",
        ),
    ),
    Form(
        "Coin Metrics",
        "btc.csv",
        table(
            "time,AdrActCnt,CapMrktCurUSD,PriceUSD,ReferenceRateUSD,TxCnt",
            lambda b: f"{b.day},523456,1.3e11,{b.close},{b.close + 1},312345",
        ),
        known({"time": "date", "PriceUSD": "close"}, ISO, "btc"),
    ),
)
