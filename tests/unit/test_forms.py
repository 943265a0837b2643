"""Every form of files that README says is accepted: read as somebody reads it who knows the form."""

import re

import numpy as np
import pandas as pd
import pytest

from stocks.contract import COLUMNS
from stocks.series import day_of, iso
from tests.corpus.forms import FORMS
from tests.corpus.forms.form import Form
from tests.support import reading

DAYS = 260
UNTIL = day_of("2024-06-30")


def rows_of(intake) -> pd.DataFrame:
    rows, refused = intake.part(0, 0)
    assert refused == []
    frame = pd.DataFrame({name: rows[name] for name in COLUMNS})
    frame["ticker"], frame["date"] = rows["tickers"][rows["ticker"]], [iso(day) for day in rows["day"]]
    return frame.sort_values(["ticker", "date"], ignore_index=True)


def names(form: Form) -> str:
    return re.sub(r"\W+", "-", form.site)


def test_there_are_forms_enough_with_names_of_their_own():
    assert len({form.site for form in FORMS}) == len(FORMS) >= 80


@pytest.mark.parametrize("form", FORMS, ids=names)
def test_a_form_is_read_as_an_independent_reader_reads_it_and_holds_the_prices_it_was_made_of(form, tmp_path):
    body = form.body(DAYS)
    intake = reading.taken(tmp_path, body, form.file, until=UNTIL)
    intake.judge()
    assert (intake.bad, intake.kept) == (0, [])
    found = rows_of(intake)
    expected = form.read(body).sort_values(["ticker", "date"], ignore_index=True)
    columns = [name for name in expected.columns if name not in ("ticker", "date")]
    assert found[["ticker", "date"]].to_numpy().tolist() == expected[["ticker", "date"]].to_numpy().tolist()
    np.testing.assert_allclose(found[columns], expected[columns], rtol=1e-12)
    price = "adjclose" if "adjclose" in columns else "close"
    assert (found["adjclose"] == found[price]).all()

    bars = {(bar.ticker if len(form.tickers) > 1 else "", bar.day.isoformat()): bar for bar in form.bars(DAYS)}
    assert 0.9 * len(bars) <= len(found) <= len(bars)
    for row in found.itertuples():
        bar = bars[row.ticker if len(form.tickers) > 1 else "", row.date]
        assert min(abs(row.adjclose / price - 1) for price in (bar.close, bar.adjclose)) < 1e-4
