import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import data
import model
import train

BOUNDS = [220, 260, 340, 420]
LOAD = """
import sys, numpy as np, tensorflow as tf
serve = tf.saved_model.load(sys.argv[1] + "/1").signatures["serving_default"]
with np.load(sys.argv[1] + "/request.npz") as request:
    answer = serve(**{name: tf.constant(request[name]) for name in request.files})
np.save(sys.argv[1] + "/answer.npy", answer["outputs"].numpy())
"""


@pytest.fixture(scope="module")
def series(random_walk):
    """Returns that carry over half of the day before: something to learn, which no real price offers."""
    return {ticker: random_walk(420, seed, memory=0.5) for seed, ticker in enumerate("ABCDEFGH")}


@pytest.fixture(scope="module")
def run(tmp_path_factory, write_shard):
    """run({shard name: series}, bounds) -> job: forecaster, evidence (read from its file), folder, output."""

    def start(shards, bounds=BOUNDS, epochs=2):
        folder = tmp_path_factory.mktemp("job")
        for name, part in shards.items():
            write_shard(folder / "train" / name, part, bounds)
        argv = ["--train", str(folder / "train"), "--model-dir", str(folder / "model")]
        with redirect_stdout(StringIO()) as output:
            forecaster, _ = train.main([*argv, "--epochs", str(epochs), "--batch-size", "32"])
        evidence = json.loads((folder / "model/evidence.json").read_text())
        return SimpleNamespace(
            forecaster=forecaster, evidence=evidence, folder=folder / "model", output=output.getvalue()
        )

    return start


@pytest.fixture(scope="module")
def job(run, series):
    return run({"0.npz": series})


@pytest.fixture(scope="module")
def walks(random_walk):
    return {ticker: random_walk(420, seed) for seed, ticker in enumerate("ABCDEFGH")}


@pytest.fixture(scope="module")
def walking_job(run, walks):
    return run({"0.npz": walks}, epochs=6)


def block_sample(folder, write_shard, series, block="decision"):
    """Channels, scale, rows and targets of a block, as train.py has them."""
    write_shard(folder / "0.npz", series, BOUNDS)
    prices = data.read_prices(folder)
    channels, scale = train.features(prices)
    return prices, channels, scale, *train.sample(prices, scale, block)


def request(series):
    return {name: np.stack([one[name] for one in series.values()]).astype(np.float32) for name in model.INPUTS}


def answer(job, series):
    return job.forecaster.serve(**{name: tf.constant(c) for name, c in request(series).items()})["outputs"].numpy()


def test_nothing_from_test_from_on_and_no_order_of_shards_moves_a_thing(run, job, series):
    spoilt = {}
    for ticker, columns in series.items():
        spoilt[ticker] = {name: column.copy() for name, column in columns.items()}
        for name in model.INPUTS:
            spoilt[ticker][name][BOUNDS[2] :] *= 7
    other = run({"9.npz": {t: spoilt[t] for t in "ACEG"}, "1.npz": {t: spoilt[t] for t in "BDFH"}})
    assert other.evidence == job.evidence
    np.testing.assert_array_equal(answer(other, series), answer(job, series))


def test_a_signal_that_is_there_opens_the_gate_and_one_that_is_not_leaves_it_shut(job, walking_job, series):
    assert job.evidence["gates"]["1"] > 0.2
    last = np.stack([one["adjclose"][119:] for one in series.values()]).astype(np.float32)
    assert np.any(answer(job, series)[:, :, 0, 1] != last)
    assert walking_job.evidence["gates"] == {"1": 0.0, "5": 0.0, "20": 0.0}


def test_the_weights_of_the_best_epoch_are_kept(tmp_path, walking_job, walks, write_shard):
    best, losses = walking_job.evidence["best_epoch"], walking_job.evidence["losses"]
    assert 1 <= best < losses[-1]["epoch"]
    _, channels, scale, rows, targets = block_sample(tmp_path, write_shard, walks, "validation")
    _, measure = train.steps(walking_job.forecaster.network, channels, scale, 1e-3)
    assert train.mean_loss(measure, rows, targets, 50) == pytest.approx(losses[best]["validation_loss"], rel=1e-5)


def test_features_of_training_are_those_of_the_graph(tmp_path, write_shard, series):
    prices, channels, scale, _, _ = block_sample(tmp_path, write_shard, series)
    rows = np.array([130, 200, 339])
    padded = [np.concatenate([np.zeros(50), series["C"][name]]).astype(np.float32) for name in model.INPUTS]
    served_channels, served_scale = model.normalise(*padded)
    expected = model.windows(served_channels, served_scale, rows + 50)
    np.testing.assert_allclose(model.windows(channels, scale, rows + prices.offsets[2]), expected, rtol=1e-6)


def test_points_the_decision_judges_are_those_that_are_served(tmp_path, write_shard, job, series):
    _, channels, scale, rows, _ = block_sample(tmp_path, write_shard, series)
    points = train.predict(job.forecaster.network, channels, scale, rows)
    served = answer(job, {"A": series["A"]})[0, rows[0] - 119, :, 0]
    expected = np.exp(points[0] * scale[rows[0]] * np.sqrt(data.HORIZONS)) * series["A"]["adjclose"][rows[0]]
    np.testing.assert_allclose(served, expected, rtol=1e-6)


def test_the_saved_model_answers_a_fresh_process_alike(job, series):
    np.savez(job.folder / "request.npz", **request(series))
    subprocess.run([sys.executable, "-c", LOAD, str(job.folder)], check=True, capture_output=True, timeout=120)
    np.testing.assert_allclose(np.load(job.folder / "answer.npy"), answer(job, series), rtol=1e-6)


def test_evidence_tells_what_was_decided_and_from_what(job):
    evidence = job.evidence
    assert evidence["windows"] == {"train": 1120, "validation": 160, "decision": 480}
    assert (evidence["tickers"], evidence["rows"], evidence["fallback"]) == (8, 2720, [])
    assert [loss["epoch"] for loss in evidence["losses"]] == [0, 1, 2]
    assert evidence["losses"][evidence["best_epoch"]]["validation_loss"] == min(
        loss["validation_loss"] for loss in evidence["losses"][1:]
    )
    assert {h: found["blocks"] for h, found in evidence["horizons"].items()} == {"1": 60, "5": 12, "20": 3}
    assert [evidence["gates"][h] for h in ("5", "20")] == [0, 0]
    assert list(evidence) == sorted(evidence)
    assert "NaN" not in (job.folder / "evidence.json").read_text()


def test_too_little_data_still_gives_an_honest_model(run, random_walk):
    columns = random_walk(125, 1)
    job = run({"0.npz": {"A": columns}}, [70, 80, 100, 125])
    assert job.evidence["fallback"][0] == "train block has 0 windows, 1,000 are needed to train: the LSTM is left out"
    assert set(job.evidence["gates"].values()) == {0.0}
    outputs = answer(job, {"A": columns})[0]
    assert not outputs[..., 0].any()
    np.testing.assert_array_equal(outputs[..., 1], np.repeat(columns["adjclose"][119:, None], 3, 1).astype(np.float32))
    assert np.all(np.diff(outputs[..., 2:7]) > 0)
    assert np.all(outputs[..., 7] > 0)


@pytest.mark.parametrize(("tickers", "trained"), [(7, False), (8, True)])
def test_a_thousand_windows_are_needed_to_train(run, random_walk, tickers, trained):
    """140 windows a ticker."""
    walks = {ticker: random_walk(420, seed) for seed, ticker in enumerate("ABCDEFGH"[:tickers])}
    job = run({"0.npz": walks}, epochs=1)
    assert (job.evidence["fallback"] == []) == trained
    assert answer(job, walks)[..., 0].any() == trained


def test_a_constant_ticker_does_not_spoil_the_others(run, series):
    still = {name: np.full(420, 5.0) for name in model.INPUTS} | {"days": series["A"]["days"]}
    job = run({"0.npz": series | {"Z": still}}, epochs=1)
    assert job.evidence["windows"]["train"] == 1120
    np.testing.assert_array_equal(answer(job, {"Z": still})[..., :7], np.full((1, 301, 3, 7), 5.0, np.float32))


def test_each_epoch_prints_a_line(job):
    line = r"^epoch (\d)/2 train_loss=\d+\.\d{4} validation_loss=\d+\.\d{4} seconds=\d+\.\d$"
    assert re.findall(line, job.output, re.MULTILINE) == ["1", "2"]


def test_training_that_diverges_says_so(run, series, monkeypatch):
    monkeypatch.setattr(train, "mean_loss", lambda *_: float("nan"))
    with pytest.raises(FloatingPointError, match=r"diverged in epoch 1: try .* below 0\.001"):
        run({"0.npz": series})


def test_directories_come_from_sagemakers_variables(monkeypatch):
    monkeypatch.setenv("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train")
    monkeypatch.setenv("SM_MODEL_DIR", "/opt/ml/model")
    args = train.parse(["--epochs", "3"])
    assert (args.train, args.model_dir, args.epochs) == ("/opt/ml/input/data/train", "/opt/ml/model", 3)
