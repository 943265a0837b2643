"""Whether `stockcast check` says that an LSTM would be trained, as training/ decides it."""

import numpy as np
import pytest
import tensorflow as tf

import data
import train
from stockcast import check
from stocks import series
from tests.support import shards
from tests.support.prices import walk


def single(count: int) -> str:
    """A file of one ticker."""
    days = np.busday_offset("2015-01-01", np.arange(count), roll="forward").astype(str).tolist()
    return "date,close\n" + "".join(f"{day},{10 + number % 7}\n" for number, day in enumerate(days))


@pytest.mark.parametrize(
    "rows", [{"A": 700}, {"A": 1000, "B": 300}, {"A": 1200, "FLAT": 1200}, {"FLAT": 3000}, {"A": 70, "B": 900}]
)
def test_windows_are_counted_as_training_counts_them(tmp_path, rows):
    walks = {name: np.full(count, 5.0) if name == "FLAT" else walk(3, count) for name, count in rows.items()}
    longest = max(rows.values())
    shard = shards.shard(walks, test_from=shards.weekdays(longest)[longest * 4 // 5])
    usable = shard.select(series.usable(shard))
    label = {"run_id": "r-0", "kind": "shards", "shard": 0}
    np.savez(tmp_path / "0.npz", allow_pickle=False, **usable.arrays(), **label)
    tf.keras.utils.set_random_seed(1)
    prices = data.read_prices(tmp_path)
    _, scale = train.features(prices)
    counted = {block: len(train.usable(prices, scale.numpy(), block)) for block in ("train", "validation")}
    assert check.windows([shard]) == counted


def test_when_training_trains_is_what_training_says():
    assert check.FEWEST_WINDOWS == {"train": train.MIN_TRAIN, "validation": train.MIN_VALIDATION}
    for counts in ({"train": 999, "validation": 50}, {"train": 1000, "validation": 49}):
        assert train.too_little(counts)
    assert not train.too_little({"train": 1000, "validation": 50})


@pytest.mark.parametrize(("count", "model"), [(1927, "lstm"), (1926, "none")])
def test_whether_the_lstm_is_trained_is_told_with_a_thousand_windows_and_one_fewer(tmp_path, count, model):
    (tmp_path / "p.csv").write_text(single(count))
    answer = check.check(str(tmp_path / "p.csv")).answer
    assert answer["model"] == model
    said = [line for line in check.in_words("p.csv", answer) if "too few rows to train the LSTM" in line]
    assert len(said) == (model == "none")
