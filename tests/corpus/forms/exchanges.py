"""Exchanges in languages and with titles of their own, and sites that show their prices."""

from tests.corpus.forms.english import ISO, OHLC, ohlc
from tests.corpus.forms.form import Form, known, table

FORMS = (
    Form(
        "NSE in Kenya",
        "NSE_data_all_stocks_2023.csv",
        table(
            "Date,Code,Name,12m Low,12m High,Day Low,Day High,Day Price,Previous,Change,Change%,Volume,Adjusted Price",
            lambda b: (
                f'{b.day.day}-{b.day:%b-%Y},{b.ticker},A name Plc,1,9,{b.low},{b.high},{b.close},9,-,-,"{b.volume:,}",-'
            ),
        ),
        known(
            {"Date": "date", "Code": "ticker", "Day Low": "low", "Day High": "high", "Day Price": "close"}
            | {"Volume": "volume"},
            "%d-%b-%Y",
            thousands=",",
        ),
        tickers=("SCOM", "EQTY"),
    ),
    Form(
        "GSE in Ghana",
        "gse.csv",
        table(
            "Daily Date,Share Code,Year High (GH¢),Year Low (GH¢),Previous Closing Price - VWAP (GH¢),"
            "Opening Price (GH¢),Last Transaction Price (GH¢),Closing Price - VWAP (GH¢),Price Change (GH¢),"
            "Closing Bid Price (GH¢),Closing Offer Price (GH¢),Total Shares Traded,Total Value Traded (GH¢)",
            lambda b: (
                f'{b.day:%d/%m/%Y},{b.ticker},9,1,8,{b.open},7,{b.close},0.01,,6,"{b.volume:,}","{b.volume * 2:,}.50"'
            ),
            newest_first=True,
        ),
        known(
            {"Daily Date": "date", "Share Code": "ticker", "Opening Price (GH¢)": "open"}
            | {"Closing Price - VWAP (GH¢)": "close", "Total Shares Traded": "volume"},
            "%d/%m/%Y",
            thousands=",",
        ),
        tickers=("MTNGH", "GCB"),
    ),
    Form(
        "TASE, in Hebrew",
        "604611.csv",
        table(
            "תאריך,שער נעילה מתואם,שער נעילה (באגורות),שינוי(%),שער פתיחה,שער בסיס,שער גבוה,שער נמוך,"
            'שווי שוק (אלפי ש"ח),מחזור מסחר(ש"ח),מחזור ביחידות,מספר עסקאות',
            lambda b: (
                f"{b.day:%d/%m/%Y},{b.adjclose},{b.close},0.52,{b.open},7,{b.high},{b.low},8000,9000,{b.volume},99"
            ),
            newest_first=True,
        ),
        known(
            {"תאריך": "date", "שער נעילה מתואם": "adjclose", "שער נעילה (באגורות)": "close", "שער פתיחה": "open"}
            | {"שער גבוה": "high", "שער נמוך": "low", "מחזור ביחידות": "volume"},
            "%d/%m/%Y",
            "604611",
        ),
        prices=2500.0,
    ),
    Form(
        "SET, in Thai",
        "PTT.csv",
        table(
            "วันที่,ราคาเปิด,ราคาสูงสุด,ราคาต่ำสุด,ราคาเฉลี่ย,ราคาปิด,เปลี่ยนแปลง,เปลี่ยนแปลง(%),ปริมาณ(พันหุ้น),มูลค่า(ล้านบาท)",
            lambda b: (
                f'{b.day:%d/%m/%Y},{b.open},{b.high},{b.low},7,{b.close},0.25,0.54,"{b.volume:,}.5","{b.volume:,}.10"'
            ),
        ),
        known(
            {"วันที่": "date", "ราคาเปิด": "open", "ราคาสูงสุด": "high", "ราคาต่ำสุด": "low", "ราคาปิด": "close"}
            | {"ปริมาณ(พันหุ้น)": "volume"},
            "%d/%m/%Y",
            "PTT",
            thousands=",",
        ),
        prices=46.5,
    ),
    Form(
        "BVB",
        "istoric.csv",
        table(
            '"Simbol","Data","Piata","Tranzactii","Volum","Valoare","Pret minim","Pret maxim","Pret mediu",'
            '"Pret deschidere","Pret inchidere"',
            lambda b: (
                f'"{b.ticker}","{b.day:%d.%m.%Y}","REGS","99","{b.volume}","9","{b.low}","{b.high}","9","{b.open}",'
                f'"{b.close}"'
            ),
            newest_first=True,
        ),
        known(
            {"Simbol": "ticker", "Data": "date", "Volum": "volume", "Pret minim": "low", "Pret maxim": "high"}
            | {"Pret deschidere": "open", "Pret inchidere": "close"},
            "%d.%m.%Y",
        ),
        tickers=("TLV", "SNP"),
    ),
    Form(
        "KMarket in Romania",
        "TLV.csv",
        table(
            "data,pret inchidere,pret inchidere ajustat,volum", lambda b: f"{b.day},{b.close},{b.adjclose},{b.volume}"
        ),
        known(
            {"data": "date", "pret inchidere": "close", "pret inchidere ajustat": "adjclose", "volum": "volume"},
            ISO,
            "TLV",
        ),
    ),
    Form(
        "TSETMC, whose OPEN is the price of the day before",
        "Foolad.csv",
        table(
            "<TICKER>,<DTYYYYMMDD>,<FIRST>,<HIGH>,<LOW>,<CLOSE>,<VALUE>,<VOL>,<OPENINT>,<PER>,<OPEN>,<LAST>",
            lambda b: (
                f"{b.ticker},{b.day:%Y%m%d},{b.open},{b.high},{b.low},{b.close},5e11,{b.volume},95,D,{b.close + 1},"
                f"{b.close + 2}"
            ),
        ),
        known(
            {"<TICKER>": "ticker", "<DTYYYYMMDD>": "date", "<FIRST>": "open", "<HIGH>": "high", "<LOW>": "low"}
            | {"<CLOSE>": "close", "<VOL>": "volume"},
            "%Y%m%d",
        ),
        tickers=("Foolad",),
        prices=4300.0,
    ),
    Form(
        "NEPSE, by ShareSansar",
        "NABIL.csv",
        table(
            "S.N.,Date,Open,High,Low,Ltp,% Change,Qty,Turnover",
            lambda b: f'1,{b.day},{ohlc(b)},-1.23,"{b.volume:,}.00","{b.volume * 5:,}.10"',
            newest_first=True,
        ),
        known(
            {"Date": "date", "Open": "open", "High": "high", "Low": "low", "Ltp": "close", "Qty": "volume"},
            ISO,
            "NABIL",
            thousands=",",
        ),
        prices=560.0,
    ),
    Form(
        "AmarStock in Bangladesh",
        "amarstock.csv",
        table("Date,Scrip,Open,High,Low,Close,Volume", lambda b: f"{b.day},{b.ticker},{ohlc(b)},{b.volume}"),
        known({"Date": "date", "Scrip": "ticker"} | OHLC, ISO),
        tickers=("GP", "BATBC"),
    ),
    Form(
        "BVC in Colombia",
        "acciones.csv",
        table(
            "Nemotecnico,Fecha,Cantidad,Volumen,Precio Cierre,Precio Mayor,Precio Medio,Precio Menor,Variacion%",
            lambda b: f'{b.ticker},{b.day},"{b.volume:,}.00",9,"{b.close:,}","{b.high:,}",9,"{b.low:,}",1.05',
        ),
        known(
            {"Nemotecnico": "ticker", "Fecha": "date", "Cantidad": "volume", "Precio Cierre": "close"}
            | {"Precio Mayor": "high", "Precio Menor": "low"},
            ISO,
            thousands=",",
        ),
        tickers=("ECOPETROL", "ISA"),
        prices=3370.0,
    ),
    Form(
        "NSE, by Nasdaq Data Link",
        "NSE-TATAGLOBAL.csv",
        table(
            "Date,Open,High,Low,Last,Close,Total Trade Quantity,Turnover (Lacs)",
            lambda b: f"{b.day},{b.open},{b.high},{b.low},{b.close + 1},{b.close},{b.volume}.0,10062.83",
            newest_first=True,
        ),
        known(
            {"Date": "date", "Open": "open", "High": "high", "Low": "low", "Close": "close"}
            | {"Total Trade Quantity": "volume"},
            ISO,
            "NSE-TATAGLOBAL",
        ),
    ),
    Form(
        "B3's fields, by users of pandas",
        "PETR4.csv",
        table(
            "dia,cod_bdi,cod_neg,tp_merc,moeda,pre_abe,pre_max,pre_min,pre_med,pre_ult,tot_neg,qua_tot,vol_tot,dat_ven",
            lambda b: f"{b.day},02,{b.ticker},10,R$,{b.open},{b.high},{b.low},9,{b.close},99,{b.volume},8,99991231",
        ),
        known(
            {"dia": "date", "cod_neg": "ticker", "pre_abe": "open", "pre_max": "high", "pre_min": "low"}
            | {"pre_ult": "close", "qua_tot": "volume"},
            ISO,
        ),
        tickers=("PETR4", "VALE3"),
    ),
)
