"""Files as sites, libraries and sellers write them, whole and large, through the laptop cloud to the table of prices.

The two small ones run in `make test`, behind a script in place of TensorFlow; the others in `make test-files`.
"""

import dataclasses
import datetime
import json

import numpy as np
import pytest

from tests.corpus.forms import FORMS
from tests.corpus.forms.form import FIRST_DAY, Form

SECONDS = 1800  # for the largest of them, on two cores
TWENTY_YEARS, TEN_YEARS, YEAR = 5_040, 2_520, 250
LONG_AGO, DECADE_AGO = datetime.date(2006, 1, 2), datetime.date(2014, 1, 2)


@dataclasses.dataclass(frozen=True)
class File:
    """A form with its own number of tickers and days, and how many shards it must take at least."""

    site: str
    tickers: int
    days: int
    first: datetime.date = FIRST_DAY
    shards: int = 1
    quick: bool = False

    @property
    def form(self) -> Form:
        form = next(form for form in FORMS if form.site == self.site)
        if self.tickers == len(form.tickers):
            return form
        return dataclasses.replace(form, tickers=tuple(f"T{number:03d}" for number in range(self.tickers)))


EVERY = [
    File("yfinance, several tickers", 2, YEAR, quick=True),
    File("Chinese data sellers, in GB18030 with a line above", 2, YEAR, quick=True),
    File("Yahoo Finance", 1, TWENTY_YEARS, LONG_AGO, shards=2),
    File("Coinbase", 1, TWENTY_YEARS, LONG_AGO),
    File("Investing.com in Germany", 1, TWENTY_YEARS, LONG_AGO, shards=2),
    File("Kaggle's S&P 500", 99, 5_200, LONG_AGO, shards=101),
    File("yfinance, several tickers", 40, TEN_YEARS, DECADE_AGO, shards=4),
    File("yfinance's closing prices", 40, TEN_YEARS, DECADE_AGO, shards=2),
    File("R merged prices of several tickers", 12, TEN_YEARS, DECADE_AGO),
    File("Polygon's flat files, in nanoseconds", 20, TEN_YEARS, DECADE_AGO, shards=4),
    File("Chinese data sellers, in GB18030 with a line above", 20, TEN_YEARS, DECADE_AGO, shards=4),
    File("NSE's bhavcopies of a year in one file", 200, YEAR, shards=4),
]


def named(file: File) -> str:
    return f"{file.site}-{file.tickers}x{file.days}"


@pytest.fixture(scope="module", autouse=True)
def scripted(cloud):
    cloud.faults(scripted={"match": "-quick-"})
    yield
    cloud.faults()


EACH = [
    pytest.param(file, id=named(file), marks=() if file.quick else (pytest.mark.files, pytest.mark.timeout(SECONDS)))
    for file in EVERY
]


@pytest.mark.parametrize("file", EACH)
def test_a_file_is_forecast_and_its_prices_are_those_of_an_independent_reader(cloud, file):
    form = file.form
    body, dataset = form.body(file.days, file.first), f"{'quick' if file.quick else 'large'}-{EVERY.index(file)}"
    ended = cloud.ended(cloud.upload(f"incoming/{dataset}/{form.file}", body), SECONDS)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    run = dataset, json.loads(ended["output"])["run_id"]
    (row,) = cloud.table("runs", *run).to_dict("records")
    assert row["shards"] >= file.shards
    assert row["rejected_rows"] == 0

    expected = form.read(body).sort_values(["ticker", "date"], ignore_index=True)
    found = cloud.table("prices", *run).sort_values(["ticker", "date"], ignore_index=True)
    assert (found["ticker"] + found["date"].astype(str)).tolist() == (expected["ticker"] + expected["date"]).tolist()
    values = [name for name in expected.columns if name not in ("ticker", "date")]
    np.testing.assert_allclose(found[values], expected[values].replace(0, np.nan), rtol=1e-12)

    future = cloud.table("predictions", *run).query("split == 'future'")
    tickers = sorted(set(expected["ticker"]))
    assert sorted(zip(future["ticker"], future["horizon"], strict=True)) == [
        (ticker, horizon) for ticker in tickers for horizon in (1, 5, 20)
    ]
    assert (future["p10"] <= future["p90"]).all()
    assert cloud.left_in_sagemaker(f"-{dataset}-") == {}
