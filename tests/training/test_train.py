import functools
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
import decision
import fitting
import hosts
import model
import ranges
import train
import volatility
from tests.training import reference

ALONE = hosts.Hosts()
BOUNDS = [260, 300, 400, 480]
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
    return {ticker: random_walk(480, seed, memory=0.5) for seed, ticker in enumerate("ABCDEF")}


@pytest.fixture(scope="module")
def run(tmp_path_factory, write_shard):
    """run({shard name: series}, bounds) -> job: forecaster, evidence (read from its file), folder, output."""

    def start(shards, bounds=BOUNDS, epochs=2, flags=()):
        folder = tmp_path_factory.mktemp("job")
        for name, part in shards.items():
            write_shard(folder / "train" / name, part, bounds)
        argv = ["--train", str(folder / "train"), "--model-dir", str(folder / "model")]
        with redirect_stdout(StringIO()) as output:
            forecaster, _ = train.main([*argv, "--epochs", str(epochs), "--batch-size", "32", *flags])
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
    return {ticker: random_walk(480, seed) for seed, ticker in enumerate("ABCDEF")}


@pytest.fixture(scope="module")
def walking_job(run, walks):
    return run({"0.npz": walks}, epochs=6)


def block_sample(folder, write_shard, series, block="decision"):
    """Prices, inputs, scale and rows of a block, and what gives their targets, as train.py has them."""
    write_shard(folder / "0.npz", series, BOUNDS)
    prices = data.read_prices(folder)
    inputs = train.features(prices)
    scale = inputs[1].numpy()
    targets = functools.partial(data.targets, prices, scale)
    return prices, inputs, scale, train.usable(prices, scale, block), targets


def request(series):
    return {name: np.stack([one[name] for one in series.values()]).astype(np.float32) for name in model.INPUTS}


def answer(job, series):
    return job.forecaster.serve(**{name: tf.constant(c) for name, c in request(series).items()})["outputs"].numpy()


def test_nothing_from_test_from_on_and_no_order_of_shards_moves_a_byte(run, job, series):
    spoilt = {}
    for ticker, columns in series.items():
        spoilt[ticker] = {name: column.copy() for name, column in columns.items()}
        for name in model.INPUTS:
            spoilt[ticker][name][BOUNDS[2] :] *= 7
    other = run({"9.npz": {t: spoilt[t] for t in "ACE"}, "1.npz": {t: spoilt[t] for t in "BDF"}})
    assert (other.folder / "evidence.json").read_bytes() == (job.folder / "evidence.json").read_bytes()
    weights = [[weight.tobytes() for weight in one.forecaster.network.get_weights()] for one in (job, other)]
    assert weights[0] == weights[1]
    assert answer(other, series).tobytes() == answer(job, series).tobytes()


def test_a_signal_that_is_there_opens_the_gate_and_one_that_is_not_leaves_it_shut(job, walking_job, series, walks):
    assert job.evidence["gates"]["1"] > 0.2
    last = np.stack([one["adjclose"][119:] for one in series.values()]).astype(np.float32)
    assert np.mean(answer(job, series)[:, :, 0, 1] != last) > 0.99  # a move may be too small for float32
    assert walking_job.evidence["gates"] == {"1": 0.0, "5": 0.0, "20": 0.0}
    shut = answer(walking_job, walks)
    last = np.stack([one["adjclose"][119:] for one in walks.values()]).astype(np.float32)
    assert np.all(shut[:, :, :, 1] == last[:, :, None])
    assert np.mean(shut[:, :, :, 0] != last[:, :, None]) > 0.99


def test_the_best_epochs_weights_are_kept_and_compared_with_an_untrained_network(
    tmp_path, walking_job, walks, write_shard
):
    best, losses = walking_job.evidence["best_epoch"], walking_job.evidence["losses"]
    assert 1 <= best < losses[-1]["epoch"]
    _, inputs, _, rows, targets = block_sample(tmp_path, write_shard, walks, "validation")
    args = train.parse(["--train", "x", "--model-dir", "x"])
    for network, epoch in ((walking_job.forecaster.network, best), (model.build_network(), 0)):
        _, measure = fitting.steps(network, inputs, args, ALONE)
        loss = fitting.mean_loss(measure, rows, targets, 50, ALONE)
        assert loss == pytest.approx(losses[epoch]["validation_loss"], rel=1e-5)


def test_features_and_measures_of_training_are_those_of_the_graph(tmp_path, write_shard, series):
    prices, inputs, *_ = block_sample(tmp_path, write_shard, series)
    rows = np.array([130, 200, 339])
    padded = [np.concatenate([np.zeros(50), series["C"][name]]).astype(np.float32) for name in model.INPUTS]
    served_channels, served_scale = model.normalise(*padded)
    expected = model.windows(served_channels, served_scale, rows + 50)
    np.testing.assert_allclose(model.windows(*inputs, rows + prices.offsets[2]), expected, rtol=1e-6)
    measured, served = train.measures(prices), volatility.measure(*padded, rows=rows + 50)
    own = rows + prices.offsets[2]
    np.testing.assert_allclose(measured.features[own], served.features, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(measured.variance[own], served.variance, rtol=1e-9)
    assert measured.moving[own].all()
    assert not measured.moving[prices.offsets[:-1]].any()


def test_points_the_decision_judges_are_those_that_are_served(tmp_path, write_shard, job, series):
    prices, inputs, scale, rows, targets = block_sample(tmp_path, write_shard, series)
    points, moves = fitting.predict(job.forecaster.network, inputs, rows), targets(rows)
    tickers = np.repeat(np.arange(6), len(rows) // 6)
    for i, h in enumerate(data.HORIZONS):
        judged = decision.gate(points[:, i], moves[:, i], scale[rows], tickers, prices.days[rows], h)
        for name in ("slope", "slope_se", "gate"):
            assert job.evidence["horizons"][str(h)][name] == pytest.approx(judged[name], rel=1e-6)
        assert job.evidence["gates"][str(h)] == job.evidence["horizons"][str(h)]["gate"]
    served = answer(job, {"A": series["A"]})[0, rows[0] - 119]
    moves = points[0] * scale[rows[0]] * np.sqrt([1, 5, 20])
    np.testing.assert_allclose(served[:, 0], np.exp(moves) * series["A"]["adjclose"][rows[0]], rtol=1e-6)
    gates = [job.evidence["gates"][str(h)] for h in data.HORIZONS]
    np.testing.assert_allclose(served[:, 1], np.exp(gates * moves) * series["A"]["adjclose"][rows[0]], rtol=1e-6)


def test_the_saved_model_answers_a_fresh_process_alike(job, series):
    np.savez(job.folder / "request.npz", **request(series))
    subprocess.run([sys.executable, "-c", LOAD, str(job.folder)], check=True, capture_output=True, timeout=120)
    np.testing.assert_allclose(np.load(job.folder / "answer.npy"), answer(job, series), rtol=1e-6)


def test_evidence_tells_what_was_decided_and_from_what(job):
    evidence = job.evidence
    assert evidence["windows"] == {"train": 1080, "validation": 120, "decision": 480}
    assert (evidence["tickers"], evidence["rows"], evidence["fallback"]) == (6, 2400, [])
    assert [loss["epoch"] for loss in evidence["losses"]] == [0, 1, 2]
    assert evidence["losses"][evidence["best_epoch"]]["validation_loss"] == min(
        loss["validation_loss"] for loss in evidence["losses"][1:]
    )
    assert {h: found["blocks"] for h, found in evidence["horizons"].items()} == {"1": 80, "5": 16, "20": 4}
    assert [evidence["gates"][h] for h in ("5", "20")] == [0, 0]
    assert [evidence["horizons"][h]["gate_reason"] for h in ("1", "5", "20")] == ["", "few_blocks", "few_blocks"]
    assert {name: np.shape(value) for name, value in evidence["ranges"]["20"].items()} == {
        "coefficient": (14,),
        "level": (),
        "shape": (5,),
        "drift": (),
        "move": (),
    }
    assert list(evidence) == sorted(evidence)
    assert "NaN" not in (job.folder / "evidence.json").read_text()


def test_ranges_are_fitted_on_all_rows_before_the_test(tmp_path, job, series, write_shard):
    prices, *_ = block_sample(tmp_path, write_shard, series)
    fitted = ranges.fit(prices, train.measures(prices), prices.offsets[1:])
    assert job.evidence["ranges"] == fitted.evidence()
    assert job.evidence["ranges_of"] == {"rows": 2400, "tickers": 6}


def test_ranges_of_a_large_file_are_fitted_on_drawn_tickers_and_the_network_on_all(tmp_path, run, job, series):
    limited = run({"0.npz": series}, flags=("--range-rows", "1300"))
    assert limited.evidence["ranges_of"] == {"rows": 1200, "tickers": 3}
    prices = data.some(data.read_prices(limited.folder.parent / "train"), 1300, seed=1)
    fitted = ranges.fit(prices, train.measures(prices), prices.offsets[1:])
    assert limited.evidence["ranges"] == fitted.evidence() != job.evidence["ranges"]
    for name in ("losses", "gates", "windows", "rows", "tickers"):
        assert limited.evidence[name] == job.evidence[name]


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ([70, 80, 100, 125], ["train block has 0 windows, 1000 are needed", "validation block has 0 windows, 50 are"]),
        ([243, 277, 345, 377], ["train block has 163 windows, 1000 are needed", "validation block has 14 windows, 50"]),
    ],
)
def test_fewer_than_a_thousand_windows_leave_the_ranges_to_har_alone(run, random_walk, bounds, said):
    columns = {name: column.astype(np.float32) for name, column in random_walk(bounds[3], 1).items()}
    job = run({"0.npz": {"A": columns}}, bounds)
    assert [sentence[: len(start)] for sentence, start in zip(job.evidence["fallback"], said, strict=True)] == said
    assert (job.evidence["best_epoch"], job.evidence["losses"]) == (None, [])
    assert set(job.evidence["gates"].values()) == {0.0}
    assert {found["gate_reason"] for found in job.evidence["horizons"].values()} == {"no_move"}
    outputs = answer(job, {"A": columns})[0]
    np.testing.assert_array_equal(outputs[:, :, 0], 0)
    np.testing.assert_array_equal(outputs[:, :, 1], np.repeat(columns["adjclose"][119:, None], 3, 1))
    before = [columns[name][: bounds[2]].tolist() for name in ("days", *model.INPUTS)]
    fits = reference.fit([before])
    for row in (119, bounds[3] - 1):
        expected = reference.forecast(*reference.window([columns[name] for name in model.INPUTS], row), fits)
        np.testing.assert_allclose(outputs[row - 119, :, 2:], expected, rtol=1e-5)


def test_999_windows_are_too_few_and_1000_are_enough():
    assert train.too_little({"train": 1000, "validation": 50}) == []
    assert len(train.too_little({"train": 999, "validation": 49})) == 2


def test_a_file_of_constant_prices_only_is_forecast_as_they_are(run):
    still = {name: np.full(377, 5.0) for name in model.INPUTS} | {"days": np.arange(377, dtype=np.int32)}
    job = run({"0.npz": {"A": still}}, [243, 277, 345, 377])
    assert job.evidence["windows"] == {"train": 0, "validation": 0, "decision": 0}
    outputs = answer(job, {"A": still})
    np.testing.assert_array_equal(outputs[..., 1:7], np.full((1, 258, 3, 6), 5.0, np.float32))
    np.testing.assert_array_equal(outputs[..., [0, 7]], np.zeros((1, 258, 3, 2)))


def test_a_constant_ticker_does_not_spoil_the_others(run, series):
    still = {name: np.full(480, 5.0) for name in model.INPUTS} | {"days": series["A"]["days"]}
    job = run({"0.npz": series | {"Z": still}}, epochs=1)
    assert job.evidence["windows"]["train"] == 1080
    outputs = answer(job, {"Z": still})
    np.testing.assert_array_equal(outputs[..., :7], np.full((1, 361, 3, 7), 5.0, np.float32))
    np.testing.assert_array_equal(outputs[..., 7], np.zeros((1, 361, 3)))
    assert np.all(np.diff(answer(job, {"A": series["A"]})[..., 2:7]) > 0)


def test_each_epoch_prints_a_line(job):
    line = r"^epoch (\d)/2 train_loss=\d+\.\d{4} validation_loss=\d+\.\d{4} seconds=\d+\.\d$"
    assert re.findall(line, job.output, re.MULTILINE) == ["1", "2"]


def test_training_that_diverges_says_so(run, series, monkeypatch):
    monkeypatch.setattr(fitting, "mean_loss", lambda *_: float("nan"))
    with pytest.raises(FloatingPointError, match=r"diverged in epoch 1: try .* below 0\.001"):
        run({"0.npz": series})


def test_directories_come_from_sagemakers_variables(monkeypatch):
    monkeypatch.setenv("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train")
    monkeypatch.setenv("SM_MODEL_DIR", "/opt/ml/model")
    args = train.parse(["--epochs", "3"])
    assert (args.train, args.model_dir, args.epochs) == ("/opt/ml/input/data/train", "/opt/ml/model", 3)
