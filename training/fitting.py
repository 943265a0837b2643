"""Fit the network: early stopping on the validation block, each step over the windows of all hosts."""

import argparse
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import data
import model
from hosts import Hosts

PATIENCE = 2  # epochs without improvement; the best epoch is usually the first or second
CHUNK = 4096  # windows per step where nothing is learnt
STEPS = 16  # in one call: at each call hosts agree anew on how they add up
NOT_TRAINED: dict[str, Any] = {"best_epoch": None, "losses": []}

type Inputs = tuple[tf.Tensor, tf.Tensor]  # channels [n, 2] and scale [n] of all rows
type Targets = Callable[[np.ndarray], np.ndarray]  # of windows at rows [...], float32 [..., 3]
# Takes k steps, of m windows each: at rows [k, m] with targets [k, m, 3], which have these places [m] among those of
# all hosts, so many, in the steps of these numbers [k]. Returns each step's loss [k], summed over its windows.
type Steps = Callable[[np.ndarray, np.ndarray, np.ndarray, int, np.ndarray], tf.Tensor]


def fit(
    inputs: Inputs, blocks: Mapping[str, np.ndarray], targets: Targets, args: argparse.Namespace, hosts: Hosts
) -> tuple[keras.Model, dict]:
    """Train with early stopping: (network with the best epoch's weights, the losses of every epoch).

    blocks: of train and validation the rows [m] of their windows. All hosts have all windows, draw the same batches and
    take their shares of each, so they take the same steps.
    """
    train, held = blocks["train"], blocks["validation"]
    _must_agree(hosts, len(train), len(held))
    with hosts.scope():
        network = model.build_network()
        learn, measure = steps(network, inputs, args, hosts)
    shuffle = np.random.default_rng(args.seed)
    # Epoch 0, the untrained network, is for comparison only: validation is short, and the decision block judges.
    losses: list[dict[str, Any]]
    losses = [{"epoch": 0, "train_loss": None, "validation_loss": mean_loss(no_change, held, targets, CHUNK, hosts)}]
    best_epoch, best_weights = 0, network.get_weights()
    done = 0
    for epoch in range(1, args.epochs + 1):
        started = time.monotonic()
        order = draw(shuffle, len(train), args.epoch_windows * len(hosts.names))
        train_loss = mean_loss(learn, train[order], targets, args.batch_size, hosts, done)
        held_loss = mean_loss(measure, held, targets, CHUNK, hosts)
        done += len(order)
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
    # One outside the scope: what is judged and exported knows nothing of other hosts.
    network = model.build_network()
    network.set_weights(best_weights)
    return network, {"best_epoch": best_epoch, "losses": losses}


def _must_agree(hosts: Hosts, *counts: int) -> None:
    """Raise ValueError where hosts see other data: they would take other steps, and wait for each other in vain."""
    for count in counts:
        if hosts.total(count) != count * len(hosts.names):
            raise ValueError(f"hosts see different data: {hosts.names[hosts.own]} has a block of {count} windows")


def draw(shuffle: np.random.Generator, count: int, most: int) -> np.ndarray:
    """In random order, all of `count` windows, or `most` of them: one of each of so many equal stretches.

    Windows stand by ticker and day, so every ticker and every time of it gives its share.
    """
    if count <= most:
        return shuffle.permutation(count)
    edges = np.arange(most + 1) * count // most
    chosen = shuffle.integers(edges[:-1], edges[1:])
    shuffle.shuffle(chosen)
    return chosen


def steps(network: keras.Model, inputs: Inputs, args: argparse.Namespace, hosts: Hosts) -> tuple[Steps, Steps]:
    """Compiled (learn, measure); windows never pile up. Within the hosts' scope."""
    optimizer = keras.optimizers.Adam(args.learning_rate)
    optimizer.build(network.trainable_variables)

    def learn(rows: tf.Tensor, target: tf.Tensor, places: tf.Tensor, count: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        keep = tf.gather(model.dropout(count, args.seed, step), places)
        with tf.GradientTape() as tape:
            points = model.learning_points(network, model.windows(*inputs, rows), keep)
            total = model.loss(target, points)
            # Of the mean over the windows of all hosts: the optimizer adds up the hosts' gradients.
            value = total / tf.cast(count, tf.float32)
        gradients = tape.gradient(value, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return total

    def measure(rows: tf.Tensor, target: tf.Tensor, places: tf.Tensor, count: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        return model.loss(target, network(model.windows(*inputs, rows), training=False))

    return compiled(learn, hosts), compiled(measure, hosts)


def compiled(step: Callable[..., tf.Tensor], hosts: Hosts) -> Steps:
    """Steps of a step, one after the other on all hosts; a call of its own for each would cost hosts a message more."""
    signature = [
        tf.TensorSpec([None, None], tf.int32),
        tf.TensorSpec([None, None, len(data.HORIZONS)], tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([None], tf.int64),
    ]

    @tf.function(input_signature=signature)
    def call(rows: tf.Tensor, target: tf.Tensor, places: tf.Tensor, count: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda own: hosts.run(step, own[0], own[1], places, count, own[2]),
            (rows, target, numbers),
            fn_output_signature=tf.float32,
            parallel_iterations=1,
        )

    return call


def no_change(rows: np.ndarray, target: np.ndarray, places: np.ndarray, count: int, numbers: np.ndarray) -> tf.Tensor:
    """The steps that measure the untrained network, whose points are 0: no network is needed."""
    return tf.stack([model.loss(own, tf.zeros_like(own)) for own in target])


def mean_loss(steps: Steps, rows: np.ndarray, targets: Targets, size: int, hosts: Hosts, before: int = 0) -> float:
    """Take steps of `size` windows of all hosts, those at rows [m] in this order; the mean loss of a window.

    before: how many windows earlier calls had, which tells this call's steps from theirs.
    """
    losses: list[float] = []
    full = len(rows) // size * size
    groups = [slice(begin, min(begin + STEPS * size, full)) for begin in range(0, full, STEPS * size)]
    for group in [*groups, slice(full, len(rows))] if full < len(rows) else groups:
        batches = rows[group].reshape(-1, min(size, group.stop - group.start))
        count = batches.shape[1]
        places = np.arange(count, dtype=np.int32)[hosts.share(count)]
        own = batches[:, places]
        numbers = before + group.start + size * np.arange(len(own))
        losses += steps(own, targets(own), places, count, numbers).numpy().tolist()
    return hosts.total(math.fsum(losses)) / len(rows)


def predict(network: keras.Model, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """Scaled points float64 [m, 3] of the windows at rows [m], clipped as they are served."""
    call = tf.function(
        lambda part: network(model.windows(*inputs, part), training=False),
        input_signature=[tf.TensorSpec([None], tf.int32)],
    )
    points = np.empty((len(rows), len(data.HORIZONS)))
    for begin in range(0, len(rows), CHUNK):
        part = slice(begin, begin + CHUNK)
        points[part] = np.clip(call(rows[part]), -data.CLIP, data.CLIP)
    return points
