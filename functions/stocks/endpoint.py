"""What is asked of the endpoint and what it answers; docs/architecture.md, "The endpoint", is the contract.

An instance is one ticker's rows: T rows give the forecasts of the last T - 119 of them. Instances of one request share
T, so shorter ones are padded with 0 on the left and their extra forecasts thrown away.
"""

import collections
import dataclasses
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import orjson

from stocks import series
from stocks.contract import CLIP, FEWEST_ORIGIN_ROWS, HORIZONS, OUTPUTS, QUANTILES, WINDOW
from stocks.series import Shard

CALIBRATION_ORIGINS = 270  # before test_from: 250 days of scores for the first test day, 20 for the longest target
SERIES = ("adjclose", "high", "low")
LSTM, EXPECTED_MOVE = OUTPUTS.index("lstm"), OUTPUTS.index("expected_move")
LOG_ROUNDING = 1e-5  # of a logarithm: the model computes in float32
# 4 MB bound both ways: an answer takes some 290 bytes an origin and never more than 392, a row asks at most 50.
MOST_ORIGINS, MOST_ROWS = 9_000, 75_000
IN_FLIGHT = 2  # requests at once: the endpoint computes the next answer while the last one is read
NUMBERS = b"0123456789+-.eE[], \t\r\n"  # what lists of numbers are written with
NAMED = b'{"predictions":}'.translate(None, NUMBERS)  # and what is left of an answer without them
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


def forecasts(shard: Shard, ask: Callable[[bytes], bytes]) -> dict[str, np.ndarray]:
    """The forecasts file of a shard; `ask` takes the body of a request and gives the answer. Raises NotAForecast.

    Threads call `ask`, IN_FLIGHT at once; what it raises ends the others, too.
    """
    return assemble(shard, _answers(shard, ask))


def bodies(shard: Shard) -> Iterator[bytes]:
    """The bodies of all requests of a shard, in order, for whoever asks them at another time."""
    return (body(shard, instances) for instances in requests(shard))


def forecasts_of(shard: Shard, answer: Callable[[int], bytes]) -> dict[str, np.ndarray]:
    """The forecasts file of a shard, as `forecasts` makes it; `answer` gives that to the body of the number.

    Raises NotAForecast.
    """
    answered = (
        zip(instances, prices(shard, instances, answer(number)), strict=True)
        for number, instances in enumerate(requests(shard))
    )
    return assemble(shard, itertools.chain.from_iterable(answered))


def _answers(shard: Shard, ask: Callable[[bytes], bytes]) -> Iterator[tuple[Instance, np.ndarray]]:
    """What came back, in the order of the requests; IN_FLIGHT of them are under way."""
    under_way = collections.deque[tuple[list[Instance], Future[bytes]]]()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for instances in requests(shard):
            if len(under_way) == IN_FLIGHT:
                yield from _first(shard, under_way)
            under_way.append((instances, pool.submit(ask, body(shard, instances))))
        while under_way:
            yield from _first(shard, under_way)


def _first(
    shard: Shard, under_way: collections.deque[tuple[list[Instance], Future[bytes]]]
) -> Iterator[tuple[Instance, np.ndarray]]:
    """The forecasts of the request that was sent first; waits for its answer."""
    instances, answer = under_way.popleft()
    return zip(instances, prices(shard, instances, answer.result()), strict=True)


def requests(shard: Shard, most_origins: int = MOST_ORIGINS, most_rows: int = MOST_ROWS) -> list[list[Instance]]:
    """Every origin the shard needs, as lists of instances that fit one request, similar lengths together."""
    most_origins = min(most_origins, most_rows - WINDOW + 1)
    longest_first = sorted(_instances(shard, most_origins), key=lambda instance: -instance.origins)
    grouped: list[list[Instance]] = []
    for instance in longest_first:
        if grouped:
            width, count = grouped[-1][0].origins, len(grouped[-1]) + 1
            fits = width * count <= most_origins and (width + WINDOW - 1) * count <= most_rows
            if fits and instance.origins + WINDOW - 1 >= LEAST_FILL * (width + WINDOW - 1):
                grouped[-1].append(instance)
                continue
        grouped.append([instance])
    return grouped


def body(shard: Shard, instances: Sequence[Instance]) -> bytes:
    """The JSON of one request: float32 in their shortest form, always with a decimal point or an exponent."""
    rows = max(instance.origins for instance in instances) + WINDOW - 1
    asked = [{name: _padded(shard, instance, name, rows) for name in SERIES} for instance in instances]
    return orjson.dumps({"instances": asked}, option=orjson.OPT_SERIALIZE_NUMPY)


def prices(shard: Shard, instances: Sequence[Instance], answer: bytes) -> list[np.ndarray]:
    """The OUTPUTS of each instance, float64[origins, 3 horizons, 8]. Raises NotAForecast for anything else."""
    width = max(instance.origins for instance in instances)
    expected = (len(instances), width, len(HORIZONS), len(OUTPUTS))
    try:
        predictions = _numbers(answer)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise NotAForecast(f"the endpoint's answer is not a forecast ({error}): {answer[:200]!r}") from error
    if predictions.shape != expected:
        raise NotAForecast(
            f"the endpoint answered with shape {predictions.shape}, expected {expected}: {answer[:200]!r}"
        )
    kept = [values[width - instance.origins :] for values, instance in zip(predictions, instances, strict=True)]
    for values, instance in zip(kept, instances, strict=True):
        _check(shard, instance, values)
    return kept


def _numbers(answer: bytes) -> np.ndarray:
    """The predictions as float64 of any shape. Raises what the caller takes for no forecast."""
    if answer.translate(None, NUMBERS) == NAMED:
        return np.array(orjson.loads(answer)["predictions"], np.float64)
    # It holds something else, which is told by its kind: numpy would take True and "1" for 1, and orjson knows no NaN.
    predictions = np.asarray(json.loads(answer)["predictions"], dtype=object)
    others = {type(value).__name__ for value in predictions.flat} - {"float", "int"}
    if others:
        raise TypeError(f"it holds {', '.join(sorted(others))}")
    return predictions.astype(np.float64)


def _check(shard: Shard, instance: Instance, values: np.ndarray) -> None:
    """Raise NotAForecast where a price cannot be a forecast of this ticker from that origin."""
    last, largest = _origins(shard, instance)
    prices, expected = values[:, :, :EXPECTED_MOVE], values[:, :, EXPECTED_MOVE:]
    if not prices[:, :, LSTM].any():  # no LSTM was trained
        prices = prices[:, :, LSTM + 1 :]
    with np.errstate(all="ignore"):
        change = np.log(prices / last[:, None, None])
        furthest = CLIP * np.sqrt(HORIZONS)[:, None] * largest[:, None, None] * (1 + LOG_ROUNDING) + LOG_ROUNDING
        wrong = {
            "no positive, finite price": ~np.isfinite(change),
            "a price further away than its largest move allows": np.abs(change) > furthest,
            "quantiles that fall": np.diff(change[:, :, -len(QUANTILES) :]) < -LOG_ROUNDING,
            "an expected move that none can be": ~((expected >= 0) & (expected <= furthest)),
        }
    for what, where_wrong in wrong.items():
        if where_wrong.any():
            row, horizon, _ = np.argwhere(where_wrong)[0].tolist()
            ticker = shard.of(instance.ticker)
            where = (
                f"{ticker.name} on {series.iso(ticker.rows['days'][instance.first + row])}, {HORIZONS[horizon]} ahead"
            )
            said = f"{values[row, horizon].tolist()} from {last[row]:g}"
            raise NotAForecast(f"the endpoint answered {where} with {what}: {said}")


def _origins(shard: Shard, instance: Instance) -> tuple[np.ndarray, np.ndarray]:
    """Of each origin the price, and the largest |log return| among the rows that its forecast reads."""
    begin = max(instance.first - WINDOW + 1, 0)
    read = shard.of(instance.ticker).rows["adjclose"][begin : instance.last + 1]
    moves = np.abs(np.diff(np.log(read)))
    behind = np.concatenate([np.zeros(WINDOW - 1 - (instance.first - begin)), moves])
    largest = np.lib.stride_tricks.sliding_window_view(behind, WINDOW - 1).max(axis=1)
    return read[instance.first - begin :], largest


def assemble(shard: Shard, answers: Iterable[tuple[Instance, np.ndarray]]) -> dict[str, np.ndarray]:
    """The forecasts file, by ticker and origin, from every instance's forecasts in any order.

    Raises NotAForecast where some have an LSTM's forecast, 0 being none, and others have not.
    """
    ordered = sorted(answers, key=lambda answer: (answer[0].ticker, answer[0].first))
    counts = np.zeros(len(shard), np.int64)
    for instance, _ in ordered:
        counts[instance.ticker] += instance.origins
    origins = [np.arange(instance.first, instance.last + 1) for instance, _ in ordered]
    trained = {bool(values[:, :, LSTM].any()) for _, values in ordered if values.size}
    if len(trained) > 1:
        raise NotAForecast("the endpoint answered with an LSTM's forecast for some tickers only")
    return {
        "tickers": shard.tickers,
        "offsets": np.concatenate([[0], counts.cumsum()]),
        "origin": np.concatenate([np.empty(0, np.int64), *origins]),
        "outputs": np.concatenate([np.empty((0, len(HORIZONS), len(OUTPUTS))), *(values for _, values in ordered)]),
    }


def _instances(shard: Shard, most_origins: int) -> list[Instance]:
    """Each ticker's origins: calibration, test and the last row; a long history is cut into several instances."""
    instances = []
    for ticker, (_, _, before_test, rows) in enumerate(shard.bounds.tolist()):
        first = max(before_test - CALIBRATION_ORIGINS, FEWEST_ORIGIN_ROWS - 1)
        for start in range(first, rows, most_origins):
            instances.append(Instance(ticker, start, min(start + most_origins, rows) - 1))
    return instances


def _padded(shard: Shard, instance: Instance, name: str, rows: int) -> np.ndarray:
    """float32[rows] ending at the last origin; what the forecasts do not need is 0, like what is missing."""
    begin = max(instance.first - WINDOW + 1, 0)
    values = shard.of(instance.ticker).rows[name][begin : instance.last + 1]
    padded = np.zeros(rows, np.float32)
    padded[rows - len(values) :] = values
    if not np.isfinite(padded).all():  # orjson would write null
        raise ValueError(f"{name} of {shard.tickers[instance.ticker]} has a value that is no number")
    return padded
