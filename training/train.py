"""Train the one global LSTM of a dataset, decide how much of it to believe, and export it for TF Serving."""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import data
import decision
import model
import ranges
import volatility

MIN_TRAIN = 1000  # windows; with fewer there is nothing to learn that would not be chance
MIN_VALIDATION = 50
PATIENCE = 2  # epochs without improvement; the best epoch is usually the first or second
CHUNK = 4096  # windows per step where nothing is learnt
NOT_TRAINED: dict[str, Any] = {"best_epoch": None, "losses": []}

type Sample = tuple[np.ndarray, np.ndarray]  # origins [m] and their targets [m, 3]
type Step = Callable[[np.ndarray, np.ndarray], tf.Tensor]  # the loss of windows at rows [m] with targets [m, 3]


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Hyperparameters arrive as flags, directories in SageMaker's environment variables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"), help="directory of .npz shards")
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"), help="where the model is written")
    parser.add_argument("--image", default=os.environ.get("TRAINING_IMAGE", ""), help="container, for evidence.json")
    parser.add_argument("--epochs", type=int, default=6, help="at most so many (default %(default)s)")
    parser.add_argument("--batch-size", type=int, default=512, help="windows a step (default %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of Adam (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="same data and seed, same model (default %(default)s)")
    args = parser.parse_args(argv)
    for flag, value in (("--train or SM_CHANNEL_TRAIN", args.train), ("--model-dir or SM_MODEL_DIR", args.model_dir)):
        if not value:
            parser.error(f"{flag} is required")
    return args


def main(argv: Sequence[str] | None = None) -> tuple[model.Forecaster, dict]:
    """Read, fit, decide, export: leaves <model_dir>/1/ and <model_dir>/evidence.json."""
    args = parse(argv)
    keras.utils.set_random_seed(args.seed)
    tf.config.experimental.enable_op_determinism()
    prices = data.read_prices(args.train)
    channels, scale = features(prices)
    samples = {block: sample(prices, scale, block) for block in data.BLOCKS}
    counts = {block: len(rows) for block, (rows, _) in samples.items()}
    print(
        f"{len(prices.tickers)} tickers, {len(prices.days)} rows before the test period, {counts} windows", flush=True
    )

    fallback = too_little(counts)
    network, epochs = (None, NOT_TRAINED) if fallback else fit(channels, scale, samples, args)
    horizons = decide(network, channels, scale, prices, samples["decision"])
    spread = ranges.fit(prices, measures(prices), prices.cuts[:, -1])
    forecaster = model.Forecaster(network, [judged["gate"] for judged in horizons.values()], spread)
    model.export(forecaster, args.model_dir)
    evidence = {
        **epochs,
        "fallback": fallback,
        "gates": {h: judged["gate"] for h, judged in horizons.items()},
        "horizons": horizons,
        "ranges": spread.evidence(),
        "hyperparameters": {"batch_size": args.batch_size, "epochs": args.epochs, "learning_rate": args.learning_rate},
        "image": args.image,
        "rows": len(prices.days),
        "seed": args.seed,
        "tickers": len(prices.tickers),
        "versions": {"keras": keras.__version__, "numpy": np.__version__, "tensorflow": tf.__version__},
        "windows": counts,
    }
    text = json.dumps(evidence, indent=2, sort_keys=True, allow_nan=False)
    (Path(args.model_dir) / "evidence.json").write_text(text + "\n")
    return forecaster, evidence


def features(prices: data.Prices) -> tuple[np.ndarray, np.ndarray]:
    """Channels [n, 2] and scale [n] of all rows, by the very function that serves."""
    normalise = tf.function(model.normalise, input_signature=[tf.TensorSpec([None], tf.float32)] * 3)
    channels = np.empty((len(prices.days), 2), np.float32)
    scale = np.empty(len(prices.days), np.float32)
    for begin, end in zip(prices.offsets[:-1], prices.offsets[1:], strict=True):
        series = [column[begin:end].astype(np.float32) for column in (prices.adjclose, prices.high, prices.low)]
        channels[begin:end], scale[begin:end] = (part.numpy() for part in normalise(*series))
    return channels, scale


def measures(prices: data.Prices) -> ranges.Measured:
    """Of all rows, by the very function that serves."""
    measure = tf.function(
        lambda adjclose, high, low: volatility.measure(adjclose, high, low, tf.range(tf.size(adjclose))),
        input_signature=[tf.TensorSpec([None], tf.float32)] * 3,
    )
    count = len(prices.days)
    features = np.empty((count, volatility.FEATURES), np.float32)
    variance, moving = np.empty(count), np.empty(count, bool)
    for begin, end in zip(prices.offsets[:-1], prices.offsets[1:], strict=True):
        series = [column[begin:end].astype(np.float32) for column in (prices.adjclose, prices.high, prices.low)]
        own = measure(*series)
        features[begin:end], variance[begin:end], moving[begin:end] = own.features, own.variance, own.largest > 0
    return ranges.Measured(features, variance, moving)


def sample(prices: data.Prices, scale: np.ndarray, block: str) -> Sample:
    """Origins [m] of a block and their targets [m, 3]; where the price stands still nothing can be scaled."""
    rows = data.origins(prices, block)
    rows = rows[scale[rows] > model.FLOOR]
    return rows, data.targets(prices, scale, rows)


def too_little(counts: Mapping[str, int]) -> list[str]:
    """Reasons, if any, not to train."""
    needs = {"train": MIN_TRAIN, "validation": MIN_VALIDATION}
    return [
        f"{block} block has {counts[block]} windows, {needed} are needed to train: the LSTM is left out"
        for block, needed in needs.items()
        if counts[block] < needed
    ]


def fit(
    channels: np.ndarray, scale: np.ndarray, samples: Mapping[str, Sample], args: argparse.Namespace
) -> tuple[keras.Model, dict]:
    """Train with early stopping: (network with the best epoch's weights, the losses of every epoch)."""
    (train_rows, train_targets), (held_rows, held_targets) = samples["train"], samples["validation"]
    network = model.build_network()
    learn, measure = steps(network, channels, scale, args.learning_rate)
    shuffle = np.random.default_rng(args.seed)
    # Epoch 0, the untrained network, is for comparison only: validation is short, and the decision block judges.
    losses: list[dict[str, Any]]
    losses = [{"epoch": 0, "train_loss": None, "validation_loss": mean_loss(measure, held_rows, held_targets, CHUNK)}]
    best_epoch, best_weights = 0, network.get_weights()
    for epoch in range(1, args.epochs + 1):
        started = time.monotonic()
        order = shuffle.permutation(len(train_rows))
        train_loss = mean_loss(learn, train_rows[order], train_targets[order], args.batch_size)
        held_loss = mean_loss(measure, held_rows, held_targets, CHUNK)
        seconds = time.monotonic() - started
        print(
            f"epoch {epoch}/{args.epochs} train_loss={train_loss:.4f} validation_loss={held_loss:.4f} {seconds=:.1f}",
            flush=True,
        )
        if not np.isfinite(train_loss + held_loss):
            raise FloatingPointError(
                f"training diverged in epoch {epoch}: try a learning rate below {args.learning_rate}"
            )
        losses.append({"epoch": epoch, "train_loss": train_loss, "validation_loss": held_loss})
        if epoch == 1 or held_loss < losses[best_epoch]["validation_loss"]:
            best_epoch, best_weights = epoch, network.get_weights()
        if epoch - best_epoch >= PATIENCE:
            break
    network.set_weights(best_weights)
    return network, {"best_epoch": best_epoch, "losses": losses}


def steps(network: keras.Model, channels: np.ndarray, scale: np.ndarray, learning_rate: float) -> tuple[Step, Step]:
    """Compiled (learn, measure): each takes rows [m] and targets [m, 3] and returns the loss; windows never pile up."""
    all_channels, all_scale = tf.constant(channels), tf.constant(scale)
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(network.trainable_variables)
    signature = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, len(data.HORIZONS)], tf.float32)]

    @tf.function(input_signature=signature)
    def learn(rows: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = model.loss(target, network(model.windows(all_channels, all_scale, rows), training=True))
        gradients = tape.gradient(value, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return value

    @tf.function(input_signature=signature)
    def measure(rows: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        return model.loss(target, network(model.windows(all_channels, all_scale, rows), training=False))

    return learn, measure


def mean_loss(step: Step, rows: np.ndarray, targets: np.ndarray, size: int) -> float:
    """Apply a step to `size` windows at a time and return the mean loss of a window."""
    total = 0.0
    for begin in range(0, len(rows), size):
        part = slice(begin, begin + size)
        total += float(step(rows[part], targets[part])) * len(rows[part])
    return total / len(rows)


def predict(network: keras.Model, channels: np.ndarray, scale: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Scaled points [m, 3], clipped as they are served."""
    all_channels, all_scale = tf.constant(channels), tf.constant(scale)
    call = tf.function(
        lambda part: network(model.windows(all_channels, all_scale, part), training=False),
        input_signature=[tf.TensorSpec([None], tf.int32)],
    )
    parts = [call(rows[begin : begin + CHUNK]) for begin in range(0, len(rows), CHUNK)]
    return np.clip(np.concatenate([np.zeros((0, len(data.HORIZONS))), *parts]), -data.CLIP, data.CLIP)


def decide(
    network: keras.Model | None, channels: np.ndarray, scale: np.ndarray, prices: data.Prices, block: Sample
) -> dict[str, dict]:
    """The gate of each horizon ("1", "5", "20") with its evidence; 0 where no network was trained (None)."""
    rows, targets = block
    points = np.zeros(targets.shape) if network is None else predict(network, channels, scale, rows)
    tickers = np.searchsorted(prices.offsets, rows, side="right") - 1
    where = (scale[rows], tickers, prices.days[rows])
    return {str(h): decision.gate(points[:, i], targets[:, i], *where, h) for i, h in enumerate(data.HORIZONS)}


if __name__ == "__main__":
    # One thread is as fast for so small a network, leaves the other core alone, and repeats bit by bit.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    main()
