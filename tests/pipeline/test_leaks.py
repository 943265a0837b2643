"""Whatever happens after a day changes nothing that was issued by then, from the file to the tables."""

import datetime

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import data
import model
import ranges
import train
from stocks.baseline import FIRST_ORIGIN, forest_inputs
from stocks.contract import HORIZONS, MODELS, QUANTILES
from tests.support import csv_files, pipeline

# The last days before the file's cuts, which a test below holds to be so.
TRAINED, HELD, DECIDED = "2021-02-16", "2021-04-13", "2021-08-02"
IN_TEST = ["2021-08-03", "2021-10-13", "2021-12-27"]  # the first day, one inside, and the last but one
INSIDE_A_BLOCK = ["2020-11-02", "2021-06-01"]
QUICK = [TRAINED, HELD, DECIDED, IN_TEST[1]]  # each needs a run of its own


def each(*days):
    """The days as parameters; those that are not quick run in make test-thorough only."""
    return [pytest.param(day, marks=() if day in QUICK else pytest.mark.thorough) for day in days]


def frame(shuffled=False):
    """Six tickers with a signal: one starts late, one ends inside the test period."""
    rows = {"A": 520, "B": 520, "C": 520, "D": 520, "ENDS": 480}
    made = [csv_files.bars(name, seed, count, shuffled=shuffled) for seed, (name, count) in enumerate(rows.items())]
    return pd.concat([*made, csv_files.bars("LATE", 7, 420, first="2020-05-20", shuffled=shuffled)])


@pytest.fixture(scope="module")
def original():
    return pipeline.run(csv_files.csv(frame()), kilobytes=50)


@pytest.fixture(scope="module")
def changed():
    """changed(day): the run of the file whose every value after the day is another one."""
    runs = {}

    def ran(day):
        if day not in runs:
            runs[day] = pipeline.run(csv_files.csv(csv_files.changed_after(frame(), day)), kilobytes=50)
        return runs[day]

    return ran


def number(day):
    return (datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days


def split_at(day, days, values):
    """The values of days up to `day`, and of those after it."""
    known = days <= number(day)
    return values[known], values[~known]


def shards(ran):
    return [ran.arrays(key) for key in ran.below("shards/")]


def of_training(ran, folder, day):
    """What the training code makes of the run's shards: (known by the day, not yet known), each a dict of arrays."""
    for key, body in ran.below("shards/").items():
        (folder / key.replace("shards/", "")).write_bytes(body)
    prices = data.read_prices(folder)
    channels, scale = (part.numpy() for part in train.features(prices))
    measured = train.measures(prices)
    by_row = {"channels": channels, "scale": scale, "features": measured.features, "variance": measured.variance}
    found = {name: split_at(day, prices.days, part) for name, part in by_row.items()}
    for block in data.BLOCKS:
        rows = train.usable(prices, scale, block)
        targets = data.targets(prices, scale, rows)
        found[f"{block} windows"] = split_at(day, prices.days[rows], model.windows(channels, scale, rows).numpy())
        for i, horizon in enumerate(HORIZONS):
            found[f"{block} {horizon}"] = split_at(day, prices.days[rows + horizon], targets[:, i])
    for horizon in HORIZONS:
        rows = ranges.origins(prices, prices.cuts[:, -1], horizon)
        volatility = ranges.realised(measured.variance, rows, horizon)
        found[f"volatility {horizon}"] = split_at(day, prices.days[rows + horizon], volatility)
    return tuple({name: parts[side] for name, parts in found.items()} for side in (0, 1))


def of_forest(shard, day):
    """The forest's inputs of every ticker: (known by the day, not yet known)."""
    known, later = [], []
    for low, high in zip(shard["offsets"][:-1], shard["offsets"][1:], strict=True):
        inputs = forest_inputs(shard["adjclose"][low:high])
        before, after = split_at(day, shard["days"][low + FIRST_ORIGIN : high], inputs)
        known.append(before)
        later.append(after)
    return np.concatenate(known), np.concatenate(later)


def issued(ran, kind, day):
    """A working file's forecasts of all shards, by origin: (issued by the day, later)."""
    parts: tuple[list, list] = ([], [])
    for number_, shard in enumerate(shards(ran)):
        found = ran.arrays(f"{kind}/{number_:05d}.npz")
        ticker = np.repeat(np.arange(len(found["tickers"])), np.diff(found["offsets"]))
        days = shard["days"][shard["offsets"][ticker] + found["origin"]]
        outputs = found["prices" if kind == "baseline" else "outputs"]
        for part, values in zip(parts, split_at(day, days, outputs), strict=True):
            part.append(values)
    return tuple(np.concatenate(part) for part in parts)


def weights(ran, folder):
    """Every variable of the run's SavedModel."""
    for name, body in pipeline.unpack(ran.files["models/model.tar.gz"]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    checkpoint = tf.train.load_checkpoint(folder / "1/variables/variables")
    names = [name for name in checkpoint.get_variable_to_shape_map() if not name.startswith("_CHECKPOINTABLE")]
    return {name: checkpoint.get_tensor(name) for name in names}


def equal(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_the_days_of_these_tests_are_the_edges_of_the_blocks(original):
    days = np.unique(np.concatenate([shard["days"] for shard in shards(original)]))
    cuts = original.json("data.json")["cuts"]
    for cut, last in zip(("validation_from", "decision_from", "test_from"), (TRAINED, HELD, DECIDED), strict=True):
        assert days[np.searchsorted(days, number(cuts[cut])) - 1] == number(last)
    assert number(IN_TEST[0]) == number(cuts["test_from"])
    assert number(IN_TEST[-1]) == days[-2]


@pytest.mark.parametrize("day", each(*INSIDE_A_BLOCK, TRAINED, HELD, DECIDED, *IN_TEST))
def test_a_later_day_moves_no_cut_row_bound_feature_scale_or_target(original, changed, tmp_path, day):
    assert original.json("data.json")["cuts"] == changed(day).json("data.json")["cuts"]
    for shard, other in zip(shards(original), shards(changed(day)), strict=True):
        for key in ("tickers", "offsets", "days", "bounds"):
            np.testing.assert_array_equal(shard[key], other[key])
        (known, later), (other_known, other_later) = of_forest(shard, day), of_forest(other, day)
        np.testing.assert_array_equal(known, other_known)
        assert (later != other_later).any(axis=1).all()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    features, unknown = of_training(original, tmp_path / "one", day)
    other_features, other_unknown = of_training(changed(day), tmp_path / "other", day)
    equal(features, other_features)
    for name in ("scale", "variance"):
        assert (unknown[name] != other_unknown[name]).all()
        assert len(unknown[name]) == 0 or day < DECIDED


@pytest.mark.parametrize("day", each(DECIDED, *IN_TEST))
def test_nothing_of_the_test_period_reaches_what_was_learnt(original, changed, tmp_path, day):
    """Network, losses, gates, what the ranges are made of, the forest's bounds."""
    assert original.evidence() == changed(day).evidence()
    assert original.evidence()["ranges"].keys() == {"1", "5", "20"}
    one, other = (weights(ran, tmp_path / name) for ran, name in ((original, "one"), (changed(day), "other")))
    assert len(one) == 5  # of the LSTM and its head; the ranges stand in evidence.json
    equal(one, other)
    for shard, twin in zip(shards(original), shards(changed(day)), strict=True):
        np.testing.assert_array_equal(shard["minmax"], twin["minmax"])


@pytest.mark.parametrize("day", each(DECIDED, *IN_TEST))
def test_a_later_day_moves_no_forecast_score_or_stretch_issued_by_then(original, changed, day):
    for kind in ("baseline", "forecasts"):
        (known, later), (other_known, other_later) = (issued(ran, kind, day) for ran in (original, changed(day)))
        np.testing.assert_array_equal(known, other_known)
        assert (later != other_later).any(axis=(1, 2)).all()
    stretches = [original.arrays("calibration.npz"), changed(day).arrays("calibration.npz")]
    known, other_known = (split_at(day, found["day"], found["stretch"])[0] for found in stretches)
    assert len(known) > 250
    np.testing.assert_array_equal(known, other_known)
    for key in original.below("histograms/"):
        found = [original.arrays(key), changed(day).arrays(key)]
        equal(*({name: split_at(day, one["day"], values)[0] for name, values in one.items()} for one in found))


@pytest.mark.parametrize("day", each(*IN_TEST))
def test_a_later_day_moves_no_published_row_issued_by_then(original, changed, day):
    tables = [ran.table("predictions").drop(columns="actual") for ran in (original, changed(day))]
    known = [table[table["origin_date"] <= datetime.date.fromisoformat(day)] for table in tables]
    assert len(known[0]) >= 6 * 3
    pd.testing.assert_frame_equal(known[0], known[1], check_exact=True)
    later = [table[table["origin_date"] > datetime.date.fromisoformat(day)] for table in tables]
    moved = {name: (later[0][name] != later[1][name]).mean() for name in (*MODELS, *QUANTILES, "expected_move")}
    assert moved.pop("random_forest") > 0.5  # beyond the prices that it learnt from it says the same one
    assert set(moved.values()) == {1}


def test_the_ranges_and_the_gate_learn_from_the_decision_block(original, changed):
    """So the tests above would see a later day in either."""
    one, other = original.evidence(), changed(HELD).evidence()
    for horizon in map(str, HORIZONS):
        assert one["ranges"][horizon] != other["ranges"][horizon]
        assert one["horizons"][horizon]["slope"] != other["horizons"][horizon]["slope"]


def test_a_later_day_moves_nothing_that_was_issued_without_an_lstm():
    short = pd.concat([csv_files.bars(name, seed, 300) for seed, name in enumerate("AB")])
    day = short["date"].iloc[280]
    ran = [pipeline.run(csv_files.csv(frame)) for frame in (short, csv_files.changed_after(short, day))]
    assert len(ran[0].evidence()["fallback"]) > 0
    assert ran[0].evidence() == ran[1].evidence()
    tables = [one.table("predictions").drop(columns="actual") for one in ran]
    known, other_known = (table[table["origin_date"] <= datetime.date.fromisoformat(day)] for table in tables)
    assert len(known) >= 2 * 3 * 20
    pd.testing.assert_frame_equal(known, other_known, check_exact=True)


def test_training_sees_no_row_after_its_block(original, changed):
    """Blocks are purged: the longest target lies inside, too."""
    losses, other = (ran.evidence()["losses"] for ran in (original, changed(TRAINED)))
    assert losses[1]["train_loss"] == other[1]["train_loss"]
    assert losses[1]["validation_loss"] != other[1]["validation_loss"]


def test_early_stopping_sees_no_row_of_the_decision_block(original, changed):
    one, other = original.evidence(), changed(HELD).evidence()
    assert (one["losses"], one["best_epoch"]) == (other["losses"], other["best_epoch"])
    assert one["horizons"] != other["horizons"]


def test_there_is_skill_to_lose(original):
    """Otherwise forecasts would be the last price, and the tests above would compare prices with themselves."""
    evidence = original.evidence()
    assert evidence["gates"]["1"] > 0.2
    lstm, forecast = (original.metrics()["*", model, 1]["rmse_vs_naive"] for model in ("lstm", "forecast"))
    assert lstm < forecast < 0.97  # the gate is open by half at most


def test_shuffled_returns_give_no_skill():
    ran = pipeline.run(csv_files.csv(frame(shuffled=True)))
    evidence = ran.evidence()
    assert evidence["fallback"] == []
    assert set(evidence["gates"].values()) == {0.0}
    one_day = evidence["horizons"]["1"]  # the others have too few independent blocks for their errors to be believed
    assert abs(one_day["slope"]) < 3 * one_day["slope_se"]
    for horizon in HORIZONS:
        assert ran.metrics()["*", "forecast", horizon]["rmse_vs_naive"] == 1.0
        assert ran.metrics()["*", "lstm", horizon]["rmse_vs_naive"] != 1.0
        assert ran.metrics()["*", "random_forest", horizon]["rmse_vs_naive"] > 0.99
