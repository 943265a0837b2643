"""Results of a run made for the tests of its report: prices, forecasts and what is measured of them."""

import dataclasses
import datetime
from typing import Any

import numpy as np

from stocks import metrics, predictions, track, traffic_light
from stocks.contract import FEW_BLOCKS, HORIZONS, UNPROVEN
from stocks.dataset import calendars
from stocks.reporting import charts, glance
from stocks.reporting import page as report
from stocks.reporting.facts import FileRead, RunFacts
from tests.support import shards as made
from tests.support.prices import walk

READING = {
    "encoding": "UTF-8",
    "separator": ",",
    "layout": "long",
    "order": "year",
    "decimal": "point",
    "columns": {"date": "date", "ticker": "ticker", "adjclose": "adjclose"},
    "ignored": ["dividends"],
    "ticker_from": "column",
    "notes": [],
}


# What training says of how it was made.
CARD: Any = {
    "seed": 1,
    "hyperparameters": {"batch_size": 512, "epochs": 6, "learning_rate": 0.001},
    "versions": {"keras": "3", "numpy": "2", "tensorflow": "2.21"},
}
NONE = np.zeros(0, np.int64)
HELD = traffic_light.held(dict.fromkeys(HORIZONS, (NONE, NONE)), NONE)  # of no days
EXPECTED_MOVE = (0.01, 0.02, 0.04)


STARTED = datetime.datetime(2026, 11, 23, 3, 40, tzinfo=datetime.UTC)
IDENTITY: Any = {
    "dataset": "us",
    "run_id": "us-0123456789ab",
    "term": 7,
    "inputs": "0123456789ab",
    "files": 12,
    "new_files": ["20261123T033959Z-0123456789ab"],
    "missing": [],
    "base_run": "us-ba9876543210",
    "settings": "",
    "table_hash": "f" * 64,
    "code": "c0dec0dec0de",
    "source_key": "incoming/us/prices.csv",
    "source_version": "v1",
    "uploaded": STARTED - datetime.timedelta(seconds=1),
    "started": STARTED,
    "finished": STARTED + datetime.timedelta(seconds=400),
}
MACHINES: Any = {
    "training_image": "tensorflow-training:2",
    "inference_image": "tensorflow-inference:2",
    "inference_digest": "",
    "training_instance_type": "ml.m5.large",
    "endpoint_instance_type": "ml.m5.large",
    "train_seconds": 61,
    "endpoint_seconds": 200.5,
    "cost_usd": 0.0084,
    "model_uri": "s3://lake/models/m/output/model.tar.gz",
    "model_run": "us-0123456789ab",
    "model_reason": "every run trains",
    "seed": 1,
    "parameters": "{}",
    "shards": 2,
}


def rows(shard, forecast=1.001, lstm=1.002, forest=0.8, wild=1.0, ended=()):
    """The prediction rows of a shard: every origin from test_from, the models a factor of the naive price; 0: none.

    Each ticker's expected move is `wild` times that of the ticker before it. Tickers that have ended have no forecast.
    """
    starts = [int(bounds[2]) for bounds in shard.bounds]
    origins = [np.arange(start, end) for start, end in zip(starts, np.diff(shard.offsets), strict=True)]
    origin = np.concatenate(origins)
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in origins])])
    last = np.concatenate([shard.adjclose[o + at] for o, at in zip(shard.offsets, origins, strict=False)])
    naive = np.repeat(last[:, None], 3, axis=1)
    baseline = np.stack([naive, naive * 1.0001, naive * forest], axis=2)
    own_wildness = wild ** np.repeat(np.arange(len(shard)), np.diff(offsets))
    expected = np.array(EXPECTED_MOVE) * own_wildness[:, None]
    quantiles = [naive * (1 + z * expected) for z in (-2, -1.28, 0, 1.28, 2)]
    common = {"tickers": shard.tickers, "offsets": offsets, "origin": origin}
    forecasts = common | {"outputs": np.stack([naive * lstm, naive * forecast, *quantiles, expected], axis=2)}
    days = np.unique(shard.days)
    calibration = {"day": days, "stretch": np.ones((len(days), 3, 2))}
    kept = [calendars.infer(ticker.rows["days"], {}) for ticker in shard]
    stale = np.isin(shard.tickers, ended)
    return predictions.join(shard, common | {"prices": baseline}, forecasts, calibration, kept, stale)


def shards():
    """Two shards of three tickers."""
    first = made.shard({"AAA": walk(1, 320), "JAJIL.CQ": walk(2, 300)})
    return [first, made.shard({"BBB": walk(3, 320)})]


def drawn(shard, tickers, **factors):
    """The shard's charts for the page of a run of so many tickers."""
    return charts.of_shard(rows(shard, **factors), shard, tickers)


def glances(shard, **factors):
    """What the first table says of the shard's tickers."""
    return glance.of_shard(rows(shard, **factors), shard)


def scores(shard, **factors):
    return metrics.score(rows(shard, **factors), shard)


def believed():
    """What training's evidence says of a horizon whose gate opened."""
    return {"gate": 0.12, "gate_reason": "", "blocks": 182, "slope": 0.5, "slope_se": 0.19}


def doubted():
    return {"gate": 0.0, "gate_reason": UNPROVEN, "blocks": 36, "slope": 0.65, "slope_se": 0.73}


def unjudged():
    return {"gate": 0.0, "gate_reason": FEW_BLOCKS, "blocks": 9, "slope": 1.6, "slope_se": 1.4}


def facts(**changed) -> RunFacts:
    known = RunFacts(
        **IDENTITY,
        **MACHINES,
        cuts={"test_from": "2020-12-30"},
        read=[FileRead("incoming/us/prices.csv", 2, READING)],
        rows=940,
        rejected_rows=2,
        rejected_uri="s3://lake/rejected/dataset=us/",
        tickers=3,
        track=track.empty(),
        live=HELD,
        backtest=HELD,
        corrected=[],
        rescaled=[],
        health=[("A", ["2020-06-09: the price stepped to 1/7 of the day before; is a split of 7:1 missing?"])],
        left_out=[{"ticker": "NEW", "reason": "61 rows before the test period, 100 are needed"}],
        prices_of="2026-11-23",
        gates=[0.12, 0.0, 0.0],
        evidence={
            "fallback": [],
            "gates": {"1": 0.12, "5": 0.0, "20": 0.0},
            "horizons": {"1": believed(), "5": doubted(), "20": unjudged()},
            "seed": CARD["seed"],
            "hyperparameters": CARD["hyperparameters"],
            "versions": CARD["versions"],
        },
    )
    return dataclasses.replace(known, **changed)


def page(all_shards=None, changed=None, **factors):
    """The report of the shards."""
    all_shards = all_shards or shards()
    pooled = metrics.pool([scores(shard, **factors) for shard in all_shards])
    known = facts(**{"tickers": len(pooled["tickers"])} | (changed or {}))
    every = [chart for shard in all_shards for chart in drawn(shard, known.tickers, **factors)]
    charted = charts.chosen(every, set())
    seen = glance.Glances([one for shard in all_shards for one in glances(shard, **factors)])
    measured = metrics.rows(metrics.columns(pooled))
    return report.render(measured, metrics.direction_intervals(pooled), known, seen, charted)


def pooled(forecast=1.0, lstm=1.004, forest=6.9, coverage=0.798, dm_t=0.0, n=2490, constant=0.97):
    """Pooled metrics with the figures that the words are made of."""
    ratios = {"naive": 1.0, "drift": 1.0, "random_forest": forest, "lstm": lstm, "forecast": forecast}
    known = dict.fromkeys(metrics.MEASURES) | {"ticker": "*", "n": n, "dm_t": dm_t, "coverage80": coverage}
    known |= {"pinball_vs_constant": constant, "pinball_vs_constant_median": constant and constant - 0.01}
    return metrics.pooled_rows(
        known | {"model": model, "horizon": horizon, "rmse_vs_naive": ratio, "rmse_vs_naive_median": ratio}
        for model, ratio in ratios.items()
        for horizon in (1, 5, 20)
    )


FALLBACK = ["train block has 9 windows, 1000 are needed to train <b>"]


def untrained():
    """What changes in the facts of a run that trained no LSTM."""
    return {"evidence": facts().evidence | {"fallback": FALLBACK}}
