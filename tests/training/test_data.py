import numpy as np
import pytest

import data


def test_origins_and_their_longest_target_lie_inside_the_block(tmp_path, random_walk, write_shard):
    write_shard(tmp_path / "0.npz", {"A": random_walk(400, 1), "B": random_walk(400, 2)}, [200, 240, 300, 400])
    prices = data.read_prices(tmp_path)
    b = 300  # B's first row: the test rows of A are not there
    assert data.origins(prices, "train").tolist() == [*range(60, 180), *range(b + 60, b + 180)]
    assert data.origins(prices, "validation").tolist() == [*range(200, 220), *range(b + 200, b + 220)]
    assert data.origins(prices, "decision").tolist() == [*range(240, 280), *range(b + 240, b + 280)]


def test_blocks_shorter_than_a_horizon_have_no_origin(tmp_path, random_walk, write_shard):
    write_shard(tmp_path / "0.npz", {"A": random_walk(100, 1)}, [70, 75, 90, 100])
    prices = data.read_prices(tmp_path)
    assert [len(data.origins(prices, block)) for block in data.BLOCKS] == [0, 0, 0]


def test_rows_from_test_from_on_are_not_even_read(tmp_path, random_walk, write_shard):
    write_shard(tmp_path / "0.npz", {"A": random_walk(400, 1)}, [200, 240, 300, 400])
    prices = data.read_prices(tmp_path)
    assert [len(column) for column in (prices.days, prices.adjclose, prices.high, prices.low)] == [300] * 4


def test_names_and_number_of_shards_do_not_matter(tmp_path, random_walk, write_shard):
    series = {ticker: random_walk(150, seed) for seed, ticker in enumerate("DACB")}
    bounds = [100, 110, 130, 150]
    write_shard(tmp_path / "one/all.npz", series, bounds)
    write_shard(tmp_path / "two/9.npz", {t: series[t] for t in "AC"}, bounds)
    write_shard(tmp_path / "two/1.npz", {t: series[t] for t in "BD"}, bounds)
    one, two = data.read_prices(tmp_path / "one"), data.read_prices(tmp_path / "two")
    assert one.tickers == two.tickers == ["A", "B", "C", "D"]
    for column in ("offsets", "days", "adjclose", "high", "low", "cuts"):
        np.testing.assert_array_equal(getattr(one, column), getattr(two, column))


def test_targets_are_log_returns_in_units_of_scale_and_root_of_the_horizon(tmp_path, random_walk, write_shard):
    series = random_walk(130, 1)
    series["adjclose"] = np.exp(np.arange(130) * 0.01)
    write_shard(tmp_path / "0.npz", {"A": series}, [100, 110, 130, 130])
    prices = data.read_prices(tmp_path)
    scale = np.full(130, 0.02, np.float32)
    expected = [[0.5, 0.05 / 0.02 / 5**0.5, 0.2 / 0.02 / 20**0.5]]
    np.testing.assert_allclose(data.targets(prices, scale, np.array([70])), np.minimum(expected, 8), rtol=1e-6)
    np.testing.assert_array_equal(data.targets(prices, scale / 1000, np.array([70])), [[8, 8, 8]])


def test_an_empty_channel_says_where_it_looked(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"no .npz shard in {tmp_path}"):
        data.read_prices(tmp_path)


def test_a_ticker_in_two_shards_is_named(tmp_path, random_walk, write_shard):
    for name in ("0.npz", "1.npz"):
        write_shard(tmp_path / name, {"A": random_walk(100, 1)}, [70, 80, 90, 100])
    with pytest.raises(ValueError, match=r"ticker A is in more than one shard, the second is 1\.npz"):
        data.read_prices(tmp_path)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ({"run_id": "us-ba9876543210"}, r"1\.npz says it is \('us-ba9876543210', 'shards', 1\); 0\.npz is \('us-0123"),
        ({"kind": "skipped"}, r"1\.npz says it is \('us-0123456789ab', 'skipped', 1\)"),
        ({"shard": 0}, r"1\.npz and 0\.npz both say they are \('us-0123456789ab', 'shards', 0\)"),
    ],
)
def test_files_that_are_not_the_shards_of_one_run_are_named(tmp_path, random_walk, write_shard, label, said):
    bounds = [70, 80, 90, 100]
    write_shard(tmp_path / "0.npz", {"A": random_walk(100, 1)}, bounds, shard=0)
    write_shard(tmp_path / "1.npz", {"B": random_walk(100, 2)}, bounds, **({"shard": 1} | label))
    with pytest.raises(ValueError, match=said):
        data.read_prices(tmp_path)


def test_a_shard_without_a_label_is_named(tmp_path):
    np.savez(tmp_path / "0.npz", tickers=np.array(["A"]))
    with pytest.raises(ValueError, match=r"0\.npz says it is \(None, None, None\)"):
        data.read_prices(tmp_path)


def test_a_shard_without_a_key_is_named(tmp_path):
    label = {"run_id": "us-0123456789ab", "kind": "shards", "shard": 0}
    np.savez(tmp_path / "0.npz", tickers=np.array(["A"]), days=np.zeros(1, np.int32), **label)
    with pytest.raises(ValueError, match=r"0\.npz lacks offsets, adjclose, high, low, bounds"):
        data.read_prices(tmp_path)


def test_bounds_that_go_backwards_are_named(tmp_path, random_walk, write_shard):
    write_shard(tmp_path / "0.npz", {"A": random_walk(100, 1)}, [80, 70, 90, 100])
    with pytest.raises(ValueError, match=r"0\.npz: bounds of A are \[80, 70, 90, 100\] for 100 rows"):
        data.read_prices(tmp_path)


def test_a_price_of_zero_is_refused_by_name(tmp_path, random_walk, write_shard):
    series = random_walk(100, 1)
    series["adjclose"][10] = 0
    write_shard(tmp_path / "0.npz", {"A": series}, [70, 80, 90, 100])
    with pytest.raises(ValueError, match="adjclose of A is not positive everywhere"):
        data.read_prices(tmp_path)


@pytest.fixture
def ten(tmp_path, random_walk, write_shard):
    """Ten tickers of 110 to 200 rows before the test, known by their lengths."""
    for i in range(10):
        rows = 110 + 10 * i
        write_shard(tmp_path / f"ten/{i}.npz", {f"T{i}": random_walk(rows + 20, i)}, [80, 90, rows, rows + 20])
    return data.read_prices(tmp_path / "ten")


@pytest.mark.parametrize("most", [1550, 10**6])
def test_prices_that_are_no_more_than_wanted_stay_as_they_are(ten, most):
    assert len(ten.days) == 1550
    assert data.some(ten, most, seed=1) is ten


@pytest.mark.parametrize("most", [1549, 700, 210])
def test_whole_tickers_are_drawn_until_no_more_rows_fit(ten, most):
    few = data.some(ten, most, seed=1)
    assert most - 200 < len(few.days) <= most
    for i, ticker in enumerate(few.tickers):
        own, whole = slice(*few.offsets[i : i + 2]), slice(*ten.offsets[int(ticker[1:]) :][:2])
        for column in ("days", "adjclose", "high", "low"):
            np.testing.assert_array_equal(getattr(few, column)[own], getattr(ten, column)[whole])
        assert (few.cuts[i] - few.offsets[i]).tolist() == [0, 80, 90, 110 + 10 * int(ticker[1:])]
    assert few.tickers == sorted(few.tickers)
    assert data.some(ten, len(few.days), seed=1).tickers == few.tickers


def test_the_seed_alone_decides_which_tickers_are_drawn_and_each_may_be(ten):
    drawn = [data.some(ten, 700, seed).tickers for seed in range(30)]
    assert drawn[1] == data.some(ten, 700, seed=1).tickers != drawn[2]
    assert {ticker for tickers in drawn for ticker in tickers} == {*ten.tickers}


def test_one_ticker_is_drawn_though_it_has_more_rows_than_wanted(ten):
    assert len(data.some(ten, 5, seed=1).tickers) == 1
