"""training/ runs without functions/ and says again what stocks/contract.py says; here the two are held together."""

import data
import decision
import model
import ranges
import train
import volatility
from stocks import contract
from stocks import volatility as measured


def test_training_forecasts_the_same_horizons_and_quantiles():
    assert data.HORIZONS == contract.HORIZONS
    assert tuple(contract.QUANTILES.values()) == model.QUANTILES == ranges.QUANTILES
    assert len(contract.OUTPUTS) == model.OUTPUTS


def test_training_starts_from_the_same_rows():
    assert data.MIN_ROWS == contract.FEWEST_ORIGIN_ROWS
    assert model.KERNEL == contract.VOLATILITY_ROWS
    assert {"train": train.MIN_TRAIN, "validation": train.MIN_VALIDATION} == contract.FEWEST_WINDOWS


def test_volatility_is_measured_as_it_is_forecast():
    for name in ("EPSILON", "CAP", "FILL_DAYS"):
        assert getattr(measured, name) == getattr(volatility, name)


def test_the_endpoint_is_asked_for_as_many_rows_as_its_graph_reads():
    assert contract.WINDOW == model.WINDOW


def test_training_clips_where_the_caller_does():
    assert data.CLIP == contract.CLIP


def test_training_gives_the_reasons_that_the_report_words():
    codes = ("FEW_BLOCKS", "NO_MOVE", "UNPROVEN")
    assert [getattr(decision, code) for code in codes] == [getattr(contract, code) for code in codes]
    assert decision.MIN_BLOCKS == contract.FEWEST_BLOCKS
