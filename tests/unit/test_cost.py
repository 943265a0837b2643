import pytest

from common import cost


def test_an_hour_of_each_costs_the_sum_of_both_prices():
    assert cost.estimate(3600, "ml.m5.large", 3600, "ml.m5.xlarge") == pytest.approx(0.345)


def test_every_instance_of_the_endpoint_is_paid():
    assert cost.estimate(0, "ml.m5.large", 3600, "ml.m5.large", 3) == pytest.approx(0.345)


def test_seconds_are_seconds():
    assert cost.estimate(360, "ml.m5.large", 0, "ml.m5.large") == pytest.approx(0.0115)


@pytest.mark.parametrize("types", [("ml.m5.large", "ml.unknown"), ("ml.unknown", "ml.m5.large")])
def test_a_type_without_a_price_has_no_estimate(types):
    assert cost.estimate(60, types[0], 60, types[1]) is None
