"""Sites of Europe, Turkey, Russia and Latin America, each with its own titles, decimals and encoding."""

from collections.abc import Sequence

from tests.corpus.forms.english import ISO, ohlc
from tests.corpus.forms.form import Bar, Form, comma, known, table

QUOTED = {"decimal": ",", "thousands": ".", "encoding": "utf-8-sig"}
CELLS = {"sep": ";", "decimal": ",", "thousands": "."}


def investing(site: str, file: str, ticker: str, titles: Sequence[str], day: str = "%d.%m.%Y") -> Form:
    """Investing.com's export: date, price, open, high, low, volume and change, every cell in quotes."""

    def line(b: Bar) -> str:
        cells = [
            f"{b.day:{day}}",
            *map(comma, (b.close, b.open, b.high, b.low)),
            f"{b.volume / 1e6:.2f}M".replace(".", ","),
            "-0,55%",
        ]
        return ",".join(f'"{cell}"' for cell in cells)

    meanings = dict(zip(titles, ("date", "close", "open", "high", "low", "volume"), strict=False))
    header = ",".join(f'"{title}"' for title in titles)
    reader = known(meanings, day, ticker, "M", **QUOTED)
    return Form(
        f"Investing.com {site}", file, table(header, line, newest_first=True), reader, "utf-8-sig", prices=1234.5
    )


def cells(b: Bar, thousands: str = ".") -> str:
    return ";".join(comma(value, thousands) for value in b[2:6])


def whole(number: int, thousands: str = ".") -> str:
    return f"{number:,}".replace(",", thousands)


def named(*titles: str, first: str) -> dict[str, str]:
    """The titles of open, high, low, close and volume behind the one of the date."""
    return {first: "date", **dict(zip(titles, ("open", "high", "low", "close", "volume"), strict=False))}


FORMS = (
    investing("in Germany", "DAX Historische Daten.csv", "DAX", ("Datum", "Zuletzt", "Eröffn.", "Hoch", "Tief", "Vol.", "+/- %")),
    investing(
        "in France", "CAC 40 - Données Historiques.csv", "CAC 40",
        ("Date", "Dernier", "Ouv.", " Plus Haut", "Plus Bas", "Vol.", "Variation %"), "%d/%m/%Y",
    ),
    investing(
        "in Spain", "Datos históricos de IBEX 35.csv", "IBEX 35",
        ("Fecha", "Último", "Apertura", "Máximo", "Mínimo", "Vol.", "% var."),
    ),
    investing("in Italy", "FTSE MIB Dati Storici.csv", "FTSE MIB", ("Data", "Ultimo", "Apertura", "Massimo", "Minimo", "Vol.", "Var. %")),
    investing(
        "in Brazil", "Dados Históricos - Ibovespa.csv", "Ibovespa",
        ("Data", "Último", "Abertura", "Máxima", "Mínima", "Vol.", "Var%"),
    ),
    investing(
        "in Poland", "Dane historyczne dla WIG20.csv", "WIG20",
        ("Data", "Ostatnio", "Otwarcie", "Max.", "Min.", "Wol.", "Zmiana%"),
    ),
    investing("in the Netherlands", "AEX Historische Data.csv", "AEX", ("Datum", "Laatste", "Open", "Hoog", "Laag", "Vol.", "+/- %"), "%d-%m-%Y"),
    investing("in Sweden", "OMXS30.csv", "OMXS30", ("Datum", "Senaste", "Öppen", "Högst", "Lägst", "Vol.", "+/- %"), ISO),
    investing(
        "in Turkey", "XU100 Geçmiş Verileri.csv", "XU100",
        ("Tarih", "Şimdi", "Açılış", "Yüksek", "Düşük", "Hac.", "Fark %"),
    ),
    investing(
        "in Russia", "Прошлые данные - SBER.csv", "SBER",
        ("Дата", "Цена", "Откр.", "Макс.", "Мин.", "Объём", "Изм. %"),
    ),
    investing(
        "in Indonesia", "Data Historis BBCA.csv", "BBCA",
        ("Tanggal", "Terakhir", "Pembukaan", "Tertinggi", "Terendah", "Vol.", "Perubahan%"), "%d/%m/%Y",
    ),
    Form(
        "Ariva",
        "wkn_840400_historic.csv",
        table("Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen", lambda b: f"{b.day};{cells(b)};{whole(b.volume)};13.260"),
        known(named("Erster", "Hoch", "Tief", "Schlusskurs", "Stuecke", first="Datum"), ISO, "840400", **CELLS),
    ),
    Form(
        "onvista",
        "history.csv",
        table("Datum;Eröffnung;Hoch;Tief;Schluss;Währung;Volumen", lambda b: f"{b.day:%d.%m.%Y};{cells(b)};EUR;{b.volume}", end="\r\n"),
        known(named("Eröffnung", "Hoch", "Tief", "Schluss", "Volumen", first="Datum"), "%d.%m.%Y", "history", encoding="utf-8-sig", **CELLS),
        "utf-8-sig",
    ),
    Form(
        "comdirect, in cp1252 with a line above",
        "wkn.csv",
        table(
            "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen",
            lambda b: f"{b.day:%d.%m.%Y};{cells(b)};{b.volume},00",
            above=['"ISHARES TECDAX (DE)(WKN: 593397 Börse: Xetra)"', ""],
        ),
        known(named("Eröffnung", "Hoch", "Tief", "Schluss", "Volumen", first="Datum"), "%d.%m.%Y", "wkn", encoding="cp1252", skiprows=2, **CELLS),
        "cp1252",
    ),
    Form(
        "Wiener Börse",
        "historische-daten.csv",
        table(
            "Datum;Eröffnungspreis;Tageshoch;Tagestief;Schlusspreis;Diff.%;Geldumsatz1;Stückumsatz1;",
            lambda b: f'"{b.day:%d.%m.%Y}";' + ";".join(f'"{comma(value)}"' for value in b[2:6]) + f';"0 %";"4.100";"{b.volume}";',
        ),
        known(
            named("Eröffnungspreis", "Tageshoch", "Tagestief", "Schlusspreis", "Stückumsatz1", first="Datum"),
            "%d.%m.%Y", "historische-daten", encoding="utf-8-sig", **CELLS,
        ),
        "utf-8-sig",
    ),
    Form(
        "Boursorama",
        "AIR.csv",
        table("date\touv\thaut\tbas\tclot\tvol\tdevise\t", lambda b: f"{b.day:%d/%m/%Y} 00:00\t{ohlc(b, chr(9))}\t{b.volume}\tEUR\t"),
        known(named("ouv", "haut", "bas", "clot", "vol", first="date"), "%d/%m/%Y 00:00", "AIR", sep="\t"),
    ),
    Form(
        "French spreadsheets with narrow spaces",
        "MC.csv",
        table("Date;Ouverture;Plus haut;Plus bas;Clôture;Volume", lambda b: f"{b.day:%d/%m/%Y};{cells(b, chr(0x202F))};{whole(b.volume, chr(0x202F))}"),
        lambda body: known(named("Ouverture", "Plus haut", "Plus bas", "Clôture", "Volume", first="Date"), "%d/%m/%Y", "MC", sep=";", decimal=",")(body.replace("\u202f".encode(), b"")),
        prices=1234.5,
    ),
    Form(
        "Bolsa de Madrid, in cp1252",
        "BBVA.csv",
        table("Fecha;Cierre;Referencia;Volumen;Efectivo;Último;Máximo;Mínimo;Medio", lambda b: f"{b.day:%d/%m/%Y};{comma(b.close)};1,0;{b.volume};2,5;{comma(b.close)};{comma(b.high)};{comma(b.low)};1,0"),
        known({"Fecha": "date", "Cierre": "close", "Volumen": "volume", "Máximo": "high", "Mínimo": "low"}, "%d/%m/%Y", "BBVA", encoding="cp1252", **CELLS),
        "cp1252",
    ),
    Form(
        "Borsa Italiana",
        "ENI.csv",
        table("Data;Apertura;Massimo;Minimo;Chiusura;Quantità", lambda b: f"{b.day:%d/%m/%Y};{cells(b)};{b.volume}"),
        known(named("Apertura", "Massimo", "Minimo", "Chiusura", "Quantità", first="Data"), "%d/%m/%Y", "ENI", **CELLS),
    ),
    Form(
        "B3, by users of pandas",
        "PETR4.csv",
        table("Data,Open,High,Low,Close,Volume", lambda b: f"{b.day},{ohlc(b)},{b.volume}"),
        known(named("Open", "High", "Low", "Close", "Volume", first="Data"), ISO, "PETR4"),
    ),
    Form(
        "Profit, in cp1252",
        "profit.csv",
        table(
            "Ativo;Data;Abertura;Máximo;Mínimo;Fechamento;Volume;Quantidade",
            lambda b: f"{b.ticker};{b.day:%d/%m/%Y};{cells(b)};{comma(b.volume * 10.5)};{b.volume}",
        ),
        known(
            {"Ativo": "ticker", "Data": "date", "Abertura": "open", "Máximo": "high", "Mínimo": "low", "Fechamento": "close"},
            "%d/%m/%Y", encoding="cp1252", **CELLS,
        ),
        "cp1252",
        tickers=("PETR4", "VALE3"),
    ),
    Form(
        "Stooq in Poland",
        "wig20_d.csv",
        table("Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen", lambda b: f"{b.day},{ohlc(b)},{b.volume}", end="\r\n"),
        known(named("Otwarcie", "Najwyzszy", "Najnizszy", "Zamkniecie", "Wolumen", first="Data"), ISO, "WIG20"),
    ),
    Form(
        "Bankier, in cp1250",
        "PKO.csv",
        table("Data;Otwarcie;Maksimum;Minimum;Zamknięcie;Wolumen;Obrót", lambda b: f"{b.day};{cells(b, ' ')};{whole(b.volume, ' ')};1 234,50"),
        known(named("Otwarcie", "Maksimum", "Minimum", "Zamknięcie", "Wolumen", first="Data"), ISO, "PKO", sep=";", decimal=",", thousands=" ", encoding="cp1250"),
        "cp1250",
        prices=1234.5,
    ),
    Form(
        "IEX",
        "ASML.csv",
        table("Datum;Open;Hoog;Laag;Slot;Volume", lambda b: f"{b.day:%d-%m-%Y};{cells(b)};{b.volume}"),
        known(named("Open", "Hoog", "Laag", "Slot", "Volume", first="Datum"), "%d-%m-%Y", "ASML", **CELLS),
    ),
    Form(
        "Nasdaq Nordic, with Excel's sep=;",
        "ERIC-B-2023.csv",
        table(
            "Date;Bid;Ask;Opening price;High price;Low price;Closing price;Average price;Total volume;Turnover;Trades;",
            lambda b: f"{b.day};1,0;1,0;{cells(b, '')};1,0;{b.volume};8451395,5;488;",
            above=["sep=;"],
            newest_first=True,
        ),
        known(
            named("Opening price", "High price", "Low price", "Closing price", "Total volume", first="Date"), ISO, "ERIC-B-2023",
            sep=";", decimal=",", skiprows=1, index_col=False,
        ),
    ),
    Form(
        "Swedish titles, in cp1252",
        "VOLV.csv",
        table("Datum;Öppningskurs;Högstakurs;Lägstakurs;Stängningskurs;Tot.vol.", lambda b: f"{b.day};{cells(b, '')};{b.volume}"),
        known(named("Öppningskurs", "Högstakurs", "Lägstakurs", "Stängningskurs", "Tot.vol.", first="Datum"), ISO, "VOLV", sep=";", decimal=",", encoding="cp1252"),
        "cp1252",
    ),
    Form(
        "Turkish titles, in cp1254",
        "THYAO.csv",
        table("Tarih;Açılış;Yüksek;Düşük;Kapanış;Hacim", lambda b: f"{b.day:%d.%m.%Y};{cells(b)};{b.volume}"),
        known(named("Açılış", "Yüksek", "Düşük", "Kapanış", "Hacim", first="Tarih"), "%d.%m.%Y", "THYAO", encoding="cp1254", **CELLS),
        "cp1254",
    ),
    Form(
        "KASE, in cp1251",
        "KZAP.csv",
        table("Дата;Открытие;Максимум;Минимум;Закрытие;Объём", lambda b: f"{b.day:%d.%m.%Y};{cells(b)};{b.volume}"),
        known(named("Открытие", "Максимум", "Минимум", "Закрытие", "Объём", first="Дата"), "%d.%m.%Y", "KZAP", encoding="cp1251", **CELLS),
        "cp1251",
    ),
    Form(
        "MOEX, in cp1251 with names in it",
        "SBER.csv",
        table(
            "BOARDID;TRADEDATE;SHORTNAME;SECID;NUMTRADES;VALUE;OPEN;LOW;HIGH;LEGALCLOSEPRICE;WAPRICE;CLOSE;VOLUME",
            lambda b: f"TQBR;{b.day};Сбербанк;{b.ticker};50123;2987654321.1;{b.open};{b.low};{b.high};1.5;1.5;{b.close};{b.volume}",
            above=["history", ""],
            below=["", "history.cursor", "", "INDEX;TOTAL;PAGESIZE", "0;254;100"],
        ),
        lambda body: known(
            {"TRADEDATE": "date", "SECID": "ticker", "OPEN": "open", "HIGH": "high", "LOW": "low", "CLOSE": "close", "VOLUME": "volume"},
            ISO, sep=";", encoding="cp1251", skiprows=2,
        )(body.partition(b"\nhistory.cursor")[0]),
        "cp1251",
        tickers=("SBER",),
    ),
    Form(
        "Finam",
        "SBER_230102_231229.csv",
        table(
            "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>",
            lambda b: f"{b.ticker};D;{b.day:%Y%m%d};000000;" + ";".join(f"{value:.7f}" for value in b[2:6]) + f";{b.volume}",
        ),
        known(
            {"<TICKER>": "ticker", "<DATE>": "date", "<OPEN>": "open", "<HIGH>": "high", "<LOW>": "low", "<CLOSE>": "close", "<VOL>": "volume"},
            "%Y%m%d", sep=";",
        ),
        tickers=("GAZP", "SBER"),
    ),
    Form(
        "a spreadsheet in UTF-16 with a title",
        "Kurse.csv",
        table("Symbol\tDatum\tKurs", lambda b: f"{b.ticker}\t{b.day:%d.%m.%Y}\t{comma(b.close)} €", above=["Meine Kurse, Stand 29.12.2023", ""], end="\r\n"),
        lambda body: known(
            {"Symbol": "ticker", "Datum": "date", "Kurs": "close"}, "%d.%m.%Y", sep="\t", decimal=",", thousands=".", encoding="utf-16", skiprows=2,
        )(body.decode("utf-16").replace(" €", "").encode("utf-16")),
        "utf-16",
        tickers=("ALV", "SAP"),
    ),
    Form(
        "CVM's daily reports of funds",
        "inf_diario_fi.csv",
        table(
            "TP_FUNDO;CNPJ_FUNDO;DT_COMPTC;VL_TOTAL;VL_QUOTA;VL_PATRIM_LIQ;CAPTC_DIA;RESG_DIA;NR_COTST",
            lambda b: f"FI;{b.ticker};{b.day};9.12;{b.close:.8f};9.00;0.00;0.00;1",
        ),
        known({"CNPJ_FUNDO": "ticker", "DT_COMPTC": "date", "VL_QUOTA": "close"}, "%Y-%m-%d", sep=";"),
        tickers=("00.017.024/0001-53",),
    ),
)  # fmt: skip
