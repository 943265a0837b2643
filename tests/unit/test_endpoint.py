import json
import threading
from unittest import mock

import numpy as np
import pytest

from stocks import endpoint
from stocks.contract import HORIZONS, OUTPUTS
from stocks.endpoint import Instance, NotAForecast
from tests.support import shards
from tests.support.prices import walk


def answered(shard, **limits):
    answers: list = []
    for instances in endpoint.requests(shard, **limits):
        answer = shards.answer(endpoint.body(shard, instances))
        answers += zip(instances, endpoint.prices(shard, instances, answer), strict=True)
    return endpoint.assemble(shard, answers)


def test_origins_are_calibration_test_and_last_row_with_61_rows_behind_them():
    shard = shards.shard({"LONG": walk(1, 400), "ENDED": walk(2, 150)}, test_from=shards.weekdays(351)[-1])
    assert endpoint.requests(shard) == [[Instance(1, 80, 399)], [Instance(0, 60, 149)]]


def test_rows_of_a_request_share_a_length_and_shorter_ones_are_padded_on_the_left():
    shard = shards.shard({"A": walk(1, 270), "B": walk(2, 264)})
    (instances,) = endpoint.requests(shard)
    asked = json.loads(endpoint.body(shard, instances))["instances"]
    assert {len(row[name]) for row in asked for name in ("adjclose", "high", "low")} == {210 + 119}
    for instance, row in zip(instances, asked, strict=True):
        rows = instance.last + 1
        assert row["adjclose"][:-rows] == [0.0] * (329 - rows)
        assert np.float32(row["low"][-rows:]).tolist() == (
            shard.low[shard.offsets[instance.ticker] :][:rows].astype(np.float32).tolist()
        )


def test_numbers_are_short_float32_with_a_point_and_0_is_missing():
    shard = shards.shard({"A": np.full(200, 91973000.0)})
    shard.high[:] = 87.1211
    shard.low[:] = 0.0
    text = endpoint.body(shard, [Instance(0, 198, 199)]).decode()
    assert '"adjclose":[91973000.0,' in text
    assert '"high":[87.1211,87.1211,' in text
    assert '"low":[0.0,0.0,' in text


def test_one_origin_asks_for_its_last_120_rows_only():
    shard = shards.shard({"A": walk(1, 300)})
    (row,) = json.loads(endpoint.body(shard, [Instance(0, 299, 299)]))["instances"]
    assert np.float32(row["adjclose"]).tolist() == shard.adjclose[180:].astype(np.float32).tolist()


def test_cutting_padding_and_grouping_change_no_forecast():
    shard = shards.shard({"A": walk(1, 300), "B": walk(2, 290), "C": walk(3, 120)})
    whole, cut = answered(shard), answered(shard, most_origins=37, most_rows=500)
    assert len(endpoint.requests(shard, most_origins=37, most_rows=500)) > len(endpoint.requests(shard))
    assert whole["origin"].tolist() == [*range(60, 300), *range(60, 290), *range(60, 120)]
    assert whole["offsets"].tolist() == [0, 240, 470, 530]
    for key in whole:
        assert np.array_equal(whole[key], cut[key])


def test_requests_are_under_way_together_and_answers_keep_their_order():
    shard = shards.shard({name: walk(at, 300) for at, name in enumerate("ABCDE")})
    alone = answered(shard)
    both, most, now = threading.Barrier(2, timeout=30), 0, 0

    def ask(body):
        nonlocal most, now
        now += 1
        most = max(most, now)
        both.wait()
        both.wait()  # nobody leaves before the other has counted
        now -= 1
        return shards.answer(body)

    requests = endpoint.requests
    with mock.patch.object(endpoint, "requests", lambda shard: requests(shard, most_origins=150)):
        count = len(endpoint.requests(shard))
        found = endpoint.forecasts(shard, ask)
    assert most == endpoint.IN_FLIGHT == 2
    assert count == 10
    assert all(np.array_equal(alone[name], found[name]) for name in alone)


def test_what_asking_raises_is_raised_and_nothing_more_is_asked():
    shard, asked = shards.shard({name: walk(at, 300) for at, name in enumerate("ABCDEFGH")}), []

    def ask(body):
        asked.append(body)
        raise TimeoutError("no answer")

    requests = endpoint.requests
    cut = mock.patch.object(endpoint, "requests", lambda shard: requests(shard, most_origins=240))
    with cut, pytest.raises(TimeoutError, match="no answer"):
        endpoint.forecasts(shard, ask)
    assert len(asked) <= endpoint.IN_FLIGHT


def test_much_shorter_tickers_get_a_request_of_their_own():
    shard = shards.shard({"LONG": walk(1, 1000), "SHORT": walk(2, 100)})
    assert [len(instances) for instances in endpoint.requests(shard)] == [1, 1]


def test_requests_and_answers_stay_under_4_mb():
    rng = np.random.default_rng(0)
    lengths = {f"T{i:02d}": int(rows) for i, rows in enumerate(rng.integers(262, 1500, 60))}
    shard = shards.shard({name: np.full(rows, 1.2345678e-5) for name, rows in lengths.items()})
    wanted = 0
    for instances in endpoint.requests(shard):
        assert len(endpoint.body(shard, instances)) < 4e6
        wanted += sum(instance.origins for instance in instances)
    assert wanted == sum(rows - 60 for rows in lengths.values())
    many = endpoint.MOST_ROWS // 120
    one_origin_each = shards.shard({f"T{i:04d}": np.full(120, 1.2345678e-5) for i in range(many)})
    assert len(endpoint.body(one_origin_each, [Instance(i, 119, 119) for i in range(many)])) < 4e6


def test_the_longest_answer_that_tf_serving_can_write_stays_under_4_mb():
    """json_tensor.cc writes nine digits at most ("%.9g"), and PrettyWriter a blank after each comma of a list."""
    random = np.random.default_rng(0)
    positive = random.integers(0, 0x7F80_0000, 100_000, dtype=np.uint32).view(np.float32)
    near = random.uniform(1e-4, 1e-3, 100_000).astype(np.float32)  # the last that are not in powers of ten
    widest = max((f"{value:.9g}" for value in np.concatenate([positive, near])), key=len)
    assert len(widest) == len("0.000123456789")
    row = f"[{', '.join([widest] * len(OUTPUTS))}]"
    origin = f"[{', '.join([row] * len(HORIZONS))}], "
    assert len(origin) * endpoint.MOST_ORIGINS < 4e6
    long = shards.shard({name: walk(0, 12_000) for name in "AB"}, shards.weekdays(101)[-1])
    asked = endpoint.requests(long)
    assert max(sum(instance.origins for instance in instances) for instances in asked) == endpoint.MOST_ORIGINS


def forecasts(shard, change=lambda outputs: outputs, trained=True):
    """What shards.answer says to the last two origins of the shard's tickers, changed."""
    instances = [Instance(ticker, 198, 199) for ticker in range(len(shard.tickers))]
    good = np.array(json.loads(shards.answer(endpoint.body(shard, instances), trained))["predictions"])
    return instances, json.dumps({"predictions": change(good).tolist()}).encode()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>502</html>", "is not a forecast"),
        (b'{"error": "Malformed request"}', "Malformed request"),
        (b'{"predictions": [[[1, 2, 3]]]}', r"shape \(1, 1, 3\), expected \(1, 2, 3, 8\)"),
        (
            json.dumps({"predictions": [[[[1.0] * 6] * 3] * 2]}).encode(),
            r"shape \(1, 2, 3, 6\), expected",
        ),
        (json.dumps({"predictions": [[[[1.0] * 8] * 3, [[1.0] * 8] * 2]]}).encode(), "is not a forecast"),
        (b'{"predictions": [[1%s]]}' % (b"0" * 400), "is not a forecast"),
        (b'{"predictions": ' + b"[" * 100_000, "is not a forecast"),
        (b'{"predictions": [[[[1 2]]]]}', "is not a forecast"),
        (b'{"predictions": [[[[1e999]]]]}', "is not a forecast"),
        (b'{"predictions": [[[[1.0,]]]]}', "is not a forecast"),
        (b'{"predictions": []}', r"shape \(0,\), expected"),
        (json.dumps({"predictions": [[[["1.0"] * 8] * 3] * 2]}).encode(), "it holds str"),
        (json.dumps({"predictions": [[[[None] * 8] * 3] * 2]}).encode(), "it holds NoneType"),
        (json.dumps({"predictions": [[[[True] * 8] * 3] * 2]}).encode(), "it holds bool"),
        (json.dumps({"predictions": [[[[True] + [1.0] * 7] * 3] * 2]}).encode(), "it holds bool"),
        (
            json.dumps({"predictions": [[[[float("nan")] * 8] * 3] * 2]}).encode(),
            "A on 2020-10-05, 1 ahead with no pos",
        ),
    ],
)
def test_an_answer_that_is_no_forecast_is_refused_with_what_came_back(answer, said):
    with pytest.raises(NotAForecast, match=said):
        endpoint.prices(shards.shard({"A": walk(1, 200)}), [Instance(0, 198, 199)], answer)


def last(name, value):
    """A change of one output of the last origin and the longest horizon."""

    def change(outputs):
        outputs[-1, -1, -1, OUTPUTS.index(name)] = value
        return outputs

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (last("forecast", -1.0), "B on 2020-10-06, 20 ahead with no positive, finite price"),
        (last("forecast", 0.0), "B on 2020-10-06, 20 ahead with no positive, finite price"),
        (last("lstm", 0.0), "B on 2020-10-06, 20 ahead with no positive, finite price"),
        (last("lstm", 1e300), "B on 2020-10-06, 20 ahead with a price further away"),
        (last("p975", 1e300), "B on 2020-10-06, 20 ahead with a price further away"),
        (last("p975", 20.0), "B on 2020-10-06, 20 ahead with quantiles that fall"),
        (last("expected_move", -1e-9), "B on 2020-10-06, 20 ahead with an expected move that none can be"),
        (last("expected_move", 1e300), "B on 2020-10-06, 20 ahead with an expected move that none can be"),
        (last("expected_move", np.nan), "B on 2020-10-06, 20 ahead with an expected move that none can be"),
        (last("expected_move", np.inf), "B on 2020-10-06, 20 ahead with an expected move that none can be"),
        (np.ones_like, "A on 2020-10-05, 1 ahead with a price further away"),
        (lambda prices: prices * 1000, "A on 2020-10-05, 1 ahead with a price further away"),
        (lambda prices: prices / 1000, "A on 2020-10-05, 1 ahead with a price further away"),
        (lambda prices: prices[::-1], "A on 2020-10-05, 1 ahead with a price further away"),
        (lambda prices: prices[..., [0, 1, 6, 5, 4, 3, 2, 7]], "A on 2020-10-05, 1 ahead with quantiles that fall"),
    ],
)
def test_what_cannot_be_a_forecast_of_the_ticker_is_refused(change, said):
    shard = shards.shard({"A": walk(1, 200), "B": walk(2, 200, start=30.0)})
    endpoint.prices(shard, *forecasts(shard))
    with pytest.raises(NotAForecast, match=said):
        endpoint.prices(shard, *forecasts(shard, change))


def test_lstm_is_0_everywhere_where_none_was_trained_or_nowhere():
    shard = shards.shard({"A": walk(1, 200), "B": walk(2, 200)})
    instances, answer = forecasts(shard, trained=False)
    without = list(zip(instances, endpoint.prices(shard, instances, answer), strict=True))
    assert (endpoint.assemble(shard, without)["outputs"][:, :, 0] == 0).all()
    assert (endpoint.assemble(shard, without)["outputs"][:, :, 1:] > 0).all()
    for origins, horizons in ((0, 1), (1, 2), (slice(None), 2), (0, slice(None))):

        def zero(outputs, at=(1, origins, horizons, 0)):
            outputs[at] = 0.0
            return outputs

        with pytest.raises(NotAForecast, match=r"answered B on 2020-10-0[56], .* ahead with no positive, finite price"):
            endpoint.prices(shard, *forecasts(shard, zero))
    trained = list(zip(instances, endpoint.prices(shard, *forecasts(shard)), strict=True))
    for mixed in ([trained[0], without[1]], [without[0], trained[1]]):
        with pytest.raises(NotAForecast, match="an LSTM's forecast for some tickers only"):
            endpoint.assemble(shard, mixed)


def test_without_an_lstm_the_other_prices_are_held_to_the_same_bounds():
    shard = shards.shard({"A": walk(1, 200), "B": walk(2, 200)})
    for name, value, said in (("forecast", 0.0, "no positive"), ("p025", 1e300, "further"), ("p10", 1e-9, "further")):
        with pytest.raises(NotAForecast, match=said):
            endpoint.prices(shard, *forecasts(shard, last(name, value), trained=False))


def test_the_bound_is_eight_times_the_largest_move_among_the_rows_that_the_forecast_reads():
    walk = np.full(200, 50.0)
    walk[:80] = 5.0  # a tenfold move that origin 198 reads for the first time and 199 does not
    shard = shards.shard({"A": walk})

    def times(factor):
        def change(outputs):
            outputs[:, 1] = outputs[:, 0]
            outputs[:, 0, :, :-1] *= factor
            return outputs

        return change

    endpoint.prices(shard, *forecasts(shard, times(9.9e7)))
    for factor in (1.02e8, 0.99e-8):
        with pytest.raises(NotAForecast, match="further away"):
            endpoint.prices(shard, *forecasts(shard, times(factor)))
    with pytest.raises(NotAForecast, match="2020-10-06, 1 ahead with a price further away"):
        endpoint.prices(shard, *forecasts(shard, lambda prices: prices * np.array([1, 1.001])[None, :, None, None]))


def test_the_expected_move_is_a_logarithm_within_the_same_bound():
    walk = np.full(200, 50.0)
    walk[150:] = 55.0
    shard = shards.shard({"A": walk})
    most = 8 * np.sqrt(20) * np.log(1.1)
    endpoint.prices(shard, *forecasts(shard, last("expected_move", most)))
    with pytest.raises(NotAForecast, match="2020-10-06, 20 ahead with an expected move that none can be"):
        endpoint.prices(shard, *forecasts(shard, last("expected_move", most * 1.001)))


def test_forecasts_of_padding_are_not_looked_at():
    shard = shards.shard({"A": walk(1, 200), "B": walk(2, 200)})
    instances, answer = forecasts(shard)
    junk = json.loads(answer)
    junk["predictions"][1][0] = [[0.0] * 8] * 3
    asked = [instances[0], Instance(1, 199, 199)]
    assert [values.shape for values in endpoint.prices(shard, asked, json.dumps(junk).encode())] == [
        (2, 3, 8),
        (1, 3, 8),
    ]


def test_a_later_day_changes_no_earlier_forecast():
    shard = shards.shard({"A": walk(7, 300), "B": walk(8, 280)})
    changed = shards.changed_after(shard, shard.days[270])
    before, after = answered(shard), answered(changed)
    issued = np.concatenate([np.arange(60, 300), np.arange(60, 280)]) <= 270
    assert np.array_equal(before["outputs"][issued], after["outputs"][issued])
    assert not np.isclose(before["outputs"][~issued], after["outputs"][~issued]).any()


def test_a_shard_without_tickers_asks_nothing():
    shard = shards.shard({})
    assert endpoint.requests(shard) == []
    assert endpoint.assemble(shard, [])["outputs"].shape == (0, 3, 8)
