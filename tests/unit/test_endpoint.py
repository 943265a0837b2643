import json

import numpy as np
import pytest

from errors import ModelFailed
from stocks import endpoint
from stocks.endpoint import Instance
from tests.unit import made


def answered(shard, **limits):
    answers: list = []
    for instances in endpoint.requests(shard, **limits):
        answer = made.answer(endpoint.body(shard, instances))
        answers += zip(instances, endpoint.prices(shard, instances, answer), strict=True)
    return endpoint.assemble(shard, answers)


def test_origins_are_calibration_test_and_last_row_with_61_rows_behind_them():
    shard = made.shard({"LONG": made.walk(1, 400), "ENDED": made.walk(2, 150)}, test_from=made.weekdays(351)[-1])
    assert endpoint.requests(shard) == [[Instance(1, 80, 399)], [Instance(0, 60, 149)]]


def test_rows_of_a_request_share_a_length_and_shorter_ones_are_padded_on_the_left():
    shard = made.shard({"A": made.walk(1, 270), "B": made.walk(2, 264)})
    (instances,) = endpoint.requests(shard)
    asked = json.loads(endpoint.body(shard, instances))["instances"]
    assert {len(row[name]) for row in asked for name in ("adjclose", "high", "low")} == {210 + 119}
    for instance, row in zip(instances, asked, strict=True):
        rows = instance.last + 1
        assert row["adjclose"][:-rows] == [0.0] * (329 - rows)
        assert np.float32(row["low"][-rows:]).tolist() == (
            shard["low"][shard["offsets"][instance.ticker] :][:rows].astype(np.float32).tolist()
        )


def test_numbers_are_short_float32_with_a_point_and_0_is_missing():
    shard = made.shard({"A": np.full(200, 91973000.0)})
    shard["high"][:] = 87.1211
    shard["low"][:] = 0.0
    text = endpoint.body(shard, [Instance(0, 198, 199)])
    assert '"adjclose":[91973000.0,' in text
    assert '"high":[87.1211,87.1211,' in text
    assert '"low":[0.0,0.0,' in text


def test_one_origin_asks_for_its_last_120_rows_only():
    shard = made.shard({"A": made.walk(1, 300)})
    (row,) = json.loads(endpoint.body(shard, [Instance(0, 299, 299)]))["instances"]
    assert np.float32(row["adjclose"]).tolist() == shard["adjclose"][180:].astype(np.float32).tolist()


def test_cutting_padding_and_grouping_change_no_forecast():
    shard = made.shard({"A": made.walk(1, 300), "B": made.walk(2, 290), "C": made.walk(3, 120)})
    whole, cut = answered(shard), answered(shard, most_origins=37, most_rows=500)
    assert len(endpoint.requests(shard, most_origins=37, most_rows=500)) > len(endpoint.requests(shard))
    assert whole["origin"].tolist() == [*range(60, 300), *range(60, 290), *range(60, 120)]
    assert whole["offsets"].tolist() == [0, 240, 470, 530]
    for key in whole:
        assert np.array_equal(whole[key], cut[key])


def test_much_shorter_tickers_get_a_request_of_their_own():
    shard = made.shard({"LONG": made.walk(1, 1000), "SHORT": made.walk(2, 100)})
    assert [len(instances) for instances in endpoint.requests(shard)] == [1, 1]


def test_requests_and_answers_stay_under_4_mb():
    rng = np.random.default_rng(0)
    lengths = {f"T{i:02d}": int(rows) for i, rows in enumerate(rng.integers(262, 1500, 60))}
    shard = made.shard({name: np.full(rows, 1.2345678e-5) for name, rows in lengths.items()})
    longest = [[[0.000123456789] * 6] * 3]
    wanted = 0
    for instances in endpoint.requests(shard):
        assert len(endpoint.body(shard, instances)) < 4e6
        width = max(instance.origins for instance in instances)
        assert len(json.dumps(longest)) * width * len(instances) < 4e6
        wanted += sum(instance.origins for instance in instances)
    assert wanted == sum(rows - 60 for rows in lengths.values())
    many = endpoint.MOST_ROWS // 120
    one_origin_each = made.shard({f"T{i:04d}": np.full(120, 1.2345678e-5) for i in range(many)})
    assert len(endpoint.body(one_origin_each, [Instance(i, 119, 119) for i in range(many)])) < 4e6


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>502</html>", "is not a forecast"),
        (b'{"error": "Malformed request"}', "Malformed request"),
        (b'{"predictions": [[[1, 2, 3]]]}', r"shape \(1, 1, 3\), expected \(1, 2, 3, 6\)"),
        (json.dumps({"predictions": [[[[1.0] * 6] * 3, [[1.0] * 6] * 2]]}).encode(), "is not a forecast"),
        (json.dumps({"predictions": [[[[1.0] * 6] * 3, [[1.0] * 5 + [-1.0]] * 3]]}).encode(), "A, row 199"),
        (json.dumps({"predictions": [[[[float("nan")] * 6] * 3] * 2]}).encode(), "A, row 198"),
        (b'{"predictions": [[1%s]]}' % (b"0" * 400), "is not a forecast"),
        (b'{"predictions": ' + b"[" * 100_000, "is not a forecast"),
        (json.dumps({"predictions": [[[["1.0"] * 6] * 3] * 2]}).encode(), "it holds text"),
        (json.dumps({"predictions": [[[[None] * 6] * 3] * 2]}).encode(), "A, row 198"),
    ],
)
def test_an_answer_that_is_no_forecast_is_refused_with_what_came_back(answer, said):
    with pytest.raises(ModelFailed, match=said):
        endpoint.prices(made.shard({"A": made.walk(1, 200)}), [Instance(0, 198, 199)], answer)


def test_forecasts_of_padding_are_not_looked_at():
    shard = made.shard({"A": made.walk(1, 200), "B": made.walk(2, 200)})
    junk, good = [[0.0] * 6] * 3, [[5.0] * 6] * 3
    answer = json.dumps({"predictions": [[good, good], [junk, good]]}).encode()
    instances = [Instance(0, 198, 199), Instance(1, 199, 199)]
    assert [values.shape for values in endpoint.prices(shard, instances, answer)] == [(2, 3, 6), (1, 3, 6)]


def test_a_later_day_changes_no_earlier_forecast():
    shard = made.shard({"A": made.walk(7, 300), "B": made.walk(8, 280)})
    changed = made.changed_after(shard, shard["days"][270])
    before, after = answered(shard), answered(changed)
    issued = np.concatenate([np.arange(60, 300), np.arange(60, 280)]) <= 270
    assert np.array_equal(before["prices"][issued], after["prices"][issued])
    assert not np.isclose(before["prices"][~issued], after["prices"][~issued]).all()


def test_a_shard_without_tickers_asks_nothing():
    shard = made.shard({})
    assert endpoint.requests(shard) == []
    assert endpoint.assemble(shard, [])["prices"].shape == (0, 3, 6)
