"""Train the one global LSTM of a dataset, decide how much of it to believe, and export it for TF Serving."""

import argparse
import ctypes
import functools
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import data
import decision
import fitting
import hosts
import model
import ranges
import volatility

MIN_TRAIN = 1000  # windows; with fewer there is nothing to learn that would not be chance
MIN_VALIDATION = 50
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of <malloc.h>
HYPERPARAMETERS = ("batch_size", "epoch_windows", "epochs", "learning_rate", "range_rows")


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Hyperparameters arrive as flags, directories in SageMaker's environment variables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"), help="directory of .npz shards")
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"), help="where the model is written")
    parser.add_argument("--image", default=os.environ.get("TRAINING_IMAGE", ""), help="container, for evidence.json")
    parser.add_argument("--epochs", type=int, default=6, help="at most so many (default %(default)s)")
    parser.add_argument("--batch-size", type=int, default=512, help="windows a step (default %(default)s)")
    parser.add_argument(
        "--epoch-windows",
        type=int,
        default=1_000_000,
        help="an epoch takes at most so many for each host, evenly over tickers and time (default %(default)s)",
    )
    parser.add_argument(
        "--range-rows",
        type=int,
        default=1_000_000,
        help="ranges are fitted on at most so many rows, of whole tickers (default %(default)s)",
    )
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of Adam (default %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="same data, seed and number of hosts, same model (default %(default)s)"
    )
    args = parser.parse_args(argv)
    for flag, value in (("--train or SM_CHANNEL_TRAIN", args.train), ("--model-dir or SM_MODEL_DIR", args.model_dir)):
        if not value:
            parser.error(f"{flag} is required")
    return args


def main(argv: Sequence[str] | None = None) -> tuple[model.Forecaster, dict] | None:
    """Read, fit, decide, export: leaves <model_dir>/1/ and <model_dir>/evidence.json; None on a host that only fits."""
    args = parse(argv)
    keras.utils.set_random_seed(args.seed)
    tf.config.experimental.enable_op_determinism()
    joined = hosts.join(os.environ)
    prices = data.read_prices(args.train)
    inputs = features(prices)
    scale = inputs[1].numpy()
    blocks = {block: usable(prices, scale, block) for block in data.BLOCKS}
    counts = {block: len(rows) for block, rows in blocks.items()}
    targets = functools.partial(data.targets, prices, scale)
    print(
        f"{len(prices.tickers)} tickers, {len(prices.days)} rows before the test period, {counts} windows", flush=True
    )

    fallback = too_little(counts)
    network, epochs = (None, fitting.NOT_TRAINED) if fallback else fitting.fit(inputs, blocks, targets, args, joined)
    made = None
    if joined.is_chief:
        horizons = decide(network, inputs, prices, blocks["decision"], targets)
        few = data.some(prices, args.range_rows, args.seed)
        spread = ranges.fit(few, measures(few), few.cuts[:, -1])
        forecaster = model.Forecaster(network, [judged["gate"] for judged in horizons.values()], spread)
        model.export(forecaster, args.model_dir)
        found = {"fallback": fallback, "horizons": horizons, "ranges": spread.evidence(), "windows": counts, **epochs}
        found["ranges_of"] = {"rows": len(few.days), "tickers": len(few.tickers)}
        made = forecaster, write_evidence(args, prices, joined, found)
    joined.part()
    return made


def write_evidence(args: argparse.Namespace, prices: data.Prices, joined: hosts.Hosts, found: dict) -> dict:
    """What was found, with what it was found from, as <model_dir>/evidence.json."""
    evidence = {
        **found,
        "gates": {h: judged["gate"] for h, judged in found["horizons"].items()},
        "hosts": len(joined.names),
        "hyperparameters": {name: getattr(args, name) for name in HYPERPARAMETERS},
        "image": args.image,
        "rows": len(prices.days),
        "seed": args.seed,
        "tickers": len(prices.tickers),
        "versions": {"keras": keras.__version__, "numpy": np.__version__, "tensorflow": tf.__version__},
    }
    text = json.dumps(evidence, indent=2, sort_keys=True, allow_nan=False)
    (Path(args.model_dir) / "evidence.json").write_text(text + "\n")
    return evidence


def features(prices: data.Prices) -> fitting.Inputs:
    """Channels [n, 2] and scale [n] of all rows, by the very function that serves.

    Tensors, since TensorFlow copies an array wherever it takes one.
    """
    normalise = tf.function(model.normalise, input_signature=[tf.TensorSpec([None], tf.float32)] * 3)
    channels, scale = zip(*(normalise(*series) for _, series in by_ticker(prices)), strict=True)
    return tf.concat(channels, 0), tf.concat(scale, 0)


def by_ticker(prices: data.Prices) -> Iterator[tuple[slice, list[np.ndarray]]]:
    """Of each ticker its rows, and adjclose, high and low as float32."""
    for begin, end in itertools.pairwise(prices.offsets):
        own = slice(begin, end)
        yield own, [column[own].astype(np.float32) for column in (prices.adjclose, prices.high, prices.low)]


def measures(prices: data.Prices) -> ranges.Measured:
    """Of all rows, by the very function that serves."""
    measure = tf.function(
        lambda adjclose, high, low: volatility.measure(adjclose, high, low, tf.range(tf.size(adjclose))),
        input_signature=[tf.TensorSpec([None], tf.float32)] * 3,
    )
    count = len(prices.days)
    features = np.empty((count, volatility.FEATURES), np.float32)
    variance, moving = np.empty(count), np.empty(count, bool)
    for own, series in by_ticker(prices):
        found = measure(*series)
        features[own], variance[own], moving[own] = found.features, found.variance, found.largest > 0
    return ranges.Measured(features, variance, moving)


def usable(prices: data.Prices, scale: np.ndarray, block: str) -> np.ndarray:
    """Origins int32 [m] of a block; where the price stands still nothing can be scaled."""
    rows = data.origins(prices, block)
    return rows[scale[rows] > model.FLOOR]


def too_little(counts: Mapping[str, int]) -> list[str]:
    """Reasons, if any, not to train."""
    needs = {"train": MIN_TRAIN, "validation": MIN_VALIDATION}
    return [
        f"{block} block has {counts[block]} windows, {needed} are needed to train: the LSTM is left out"
        for block, needed in needs.items()
        if counts[block] < needed
    ]


def decide(
    network: keras.Model | None,
    inputs: fitting.Inputs,
    prices: data.Prices,
    rows: np.ndarray,
    targets: fitting.Targets,
) -> dict[str, dict]:
    """The gate of each horizon ("1", "5", "20") with its evidence; 0 where no network was trained (None)."""
    moves = targets(rows)
    points = np.zeros(moves.shape) if network is None else fitting.predict(network, inputs, rows)
    tickers = np.searchsorted(prices.offsets, rows, side="right") - 1
    where = (tf.gather(inputs[1], rows).numpy(), tickers, prices.days[rows])
    return {str(h): decision.gate(points[:, i], moves[:, i], *where, h) for i, h in enumerate(data.HORIZONS)}


def keep_freed_memory() -> None:
    """Let malloc keep up to 256 MiB that are free, and take arrays below 32 MiB from them.

    By default glibc gives the memory of a step back to the kernel, which clears it for the next: at some batch sizes a
    tenth of the time or more, and of several hosts all wait for the one that it hits.
    """
    libc = ctypes.CDLL(None)
    for parameter, value in ((M_TRIM_THRESHOLD, 256 << 20), (M_MMAP_THRESHOLD, 32 << 20)):
        if not libc.mallopt(parameter, value):
            raise OSError(f"mallopt({parameter}, {value}) was refused")


if __name__ == "__main__":
    keep_freed_memory()
    # One thread is as fast for so small a network, leaves the other core alone, and repeats bit by bit.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    main()
