"""What is asked of the endpoint and what it answers; docs/architecture.md, "The endpoint", is the contract.

An instance is one ticker's rows: T rows give the forecasts of the last T - 119 of them. Instances of one request share
T, so shorter ones are padded with 0 on the left and their extra forecasts thrown away.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence

import numpy as np

from stocks import series
from stocks.contract import CLIP, FEWEST_ORIGIN_ROWS, HORIZONS, OUTPUTS, WINDOW, Arrays

CALIBRATION_ORIGINS = 270  # before test_from: 250 days of scores for the first test day, 20 for the longest target
SERIES = ("adjclose", "high", "low")
LOG_ROUNDING = 1e-5  # of a logarithm: the model computes in float32
# 4 MB bound both ways: an answer takes some 216 bytes an origin and never more than 330, a row asks at most 50.
MOST_ORIGINS, MOST_ROWS = 12_000, 75_000
LEAST_FILL = 0.75  # a request whose longest instance is padded into much shorter ones is split instead


class NotAForecast(Exception):
    """What the endpoint answered cannot be a forecast of these prices; the message says why."""


@dataclasses.dataclass(frozen=True)
class Instance:
    """Origins first to last (rows of the ticker) of one ticker of the shard."""

    ticker: int
    first: int
    last: int

    @property
    def origins(self) -> int:
        return self.last - self.first + 1


def requests(shard: Arrays, most_origins: int = MOST_ORIGINS, most_rows: int = MOST_ROWS) -> list[list[Instance]]:
    """Every origin the shard needs, as lists of instances that fit one request, similar lengths together."""
    most_origins = min(most_origins, most_rows - WINDOW + 1)
    longest_first = sorted(_instances(shard, most_origins), key=lambda instance: -instance.origins)
    found: list[list[Instance]] = []
    for instance in longest_first:
        if found:
            width, count = found[-1][0].origins, len(found[-1]) + 1
            fits = width * count <= most_origins and (width + WINDOW - 1) * count <= most_rows
            if fits and instance.origins + WINDOW - 1 >= LEAST_FILL * (width + WINDOW - 1):
                found[-1].append(instance)
                continue
        found.append([instance])
    return found


def body(shard: Arrays, instances: Sequence[Instance]) -> str:
    """The JSON of one request: float32 in their shortest form, always with a decimal point."""
    rows = max(instance.origins for instance in instances) + WINDOW - 1
    asked = [{name: _padded(shard, instance, name, rows) for name in SERIES} for instance in instances]
    return json.dumps({"instances": asked}, separators=(",", ":"), allow_nan=False)


def prices(shard: Arrays, instances: Sequence[Instance], answer: bytes) -> list[np.ndarray]:
    """The forecasts of each instance, float64[origins, 3 horizons, 6]. Raises NotAForecast for anything else."""
    width = max(instance.origins for instance in instances)
    expected = (len(instances), width, len(HORIZONS), len(OUTPUTS))
    try:
        found = np.asarray(json.loads(answer)["predictions"], dtype=object)
        others = {type(value).__name__ for value in found.flat} - {
            "float",
            "int",
        }  # numpy would take True and "1" for 1
        if others:
            raise TypeError(f"it holds {', '.join(sorted(others))}")
        found = found.astype(np.float64)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise NotAForecast(f"the endpoint's answer is not a forecast ({error}): {answer[:200]!r}") from error
    if found.shape != expected:
        raise NotAForecast(f"the endpoint answered with shape {found.shape}, expected {expected}: {answer[:200]!r}")
    kept = [values[width - instance.origins :] for values, instance in zip(found, instances, strict=True)]
    for values, instance in zip(kept, instances, strict=True):
        _check(shard, instance, values)
    return kept


def _check(shard: Arrays, instance: Instance, values: np.ndarray) -> None:
    """Raise NotAForecast where a price cannot be a forecast of this ticker from that origin."""
    last, largest = _origins(shard, instance)
    with np.errstate(all="ignore"):
        change = np.log(values / last[:, None, None])
        furthest = CLIP * np.sqrt(HORIZONS)[:, None] * largest[:, None, None] * (1 + LOG_ROUNDING) + LOG_ROUNDING
        wrong = {
            "no positive, finite price": ~np.isfinite(change),
            "a price further away than its largest move allows": np.abs(change) > furthest,
            "quantiles that fall": np.diff(change[:, :, 1:]) < -LOG_ROUNDING,
        }
    for what, found in wrong.items():
        if found.any():
            row, horizon, _ = np.argwhere(found)[0].tolist()
            day = series.iso(shard["days"][shard["offsets"][instance.ticker] + instance.first + row])
            where = f"{shard['tickers'][instance.ticker]} on {day}, {HORIZONS[horizon]} ahead"
            said = f"{values[row, horizon].tolist()} from {last[row]:g}"
            raise NotAForecast(f"the endpoint answered {where} with {what}: {said}")


def _origins(shard: Arrays, instance: Instance) -> tuple[np.ndarray, np.ndarray]:
    """Of each origin the price, and the largest |log return| among the rows that its forecast reads."""
    begin = max(instance.first - WINDOW + 1, 0)
    offset = int(shard["offsets"][instance.ticker])
    read = shard["adjclose"][offset + begin : offset + instance.last + 1]
    moves = np.abs(np.diff(np.log(read)))
    behind = np.concatenate([np.zeros(WINDOW - 1 - (instance.first - begin)), moves])
    largest = np.lib.stride_tricks.sliding_window_view(behind, WINDOW - 1).max(axis=1)
    return read[instance.first - begin :], largest


def assemble(shard: Arrays, answers: Iterable[tuple[Instance, np.ndarray]]) -> dict[str, np.ndarray]:
    """The forecasts file, by ticker and origin, from every instance's forecasts in any order."""
    ordered = sorted(answers, key=lambda answer: (answer[0].ticker, answer[0].first))
    counts = np.zeros(len(shard["tickers"]), np.int64)
    for instance, _ in ordered:
        counts[instance.ticker] += instance.origins
    origins = [np.arange(instance.first, instance.last + 1) for instance, _ in ordered]
    return {
        "tickers": shard["tickers"],
        "offsets": np.concatenate([[0], counts.cumsum()]),
        "origin": np.concatenate([np.empty(0, np.int64), *origins]),
        "prices": np.concatenate([np.empty((0, len(HORIZONS), len(OUTPUTS))), *(values for _, values in ordered)]),
    }


def _instances(shard: Arrays, most_origins: int) -> list[Instance]:
    """Each ticker's origins: calibration, test and the last row; a long history is cut into several instances."""
    found = []
    for ticker, rows in enumerate(np.diff(shard["offsets"]).tolist()):
        before_test = int(shard["bounds"][ticker, 2])
        first = max(before_test - CALIBRATION_ORIGINS, FEWEST_ORIGIN_ROWS - 1)
        for start in range(first, rows, most_origins):
            found.append(Instance(ticker, start, min(start + most_origins, rows) - 1))
    return found


def _padded(shard: Arrays, instance: Instance, name: str, rows: int) -> list[float]:
    """`rows` numbers ending at the last origin; what the forecasts do not need is 0, like what is missing."""
    offset = int(shard["offsets"][instance.ticker])
    begin = max(instance.first - WINDOW + 1, 0)
    values = shard[name][offset + begin : offset + instance.last + 1].astype(np.float32)
    # through text: the shortest decimal that names the float32 takes half the bytes of the float64 it becomes in Python
    return [0.0] * (rows - len(values)) + values.astype(str).astype(np.float64).tolist()
