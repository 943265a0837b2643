import binascii

import numpy as np
import pytest

from stocks.dataset import parts
from tests.support import folding

NAMES = [f"{number:06d}.SS" for number in range(600000, 605000)]


def test_a_ticker_goes_to_the_part_of_the_leading_bits_of_its_names_crc():
    names = ["AAPL", "ÆØÅ", "平安银行", "BRK-B"]
    bits = [f"{binascii.crc32(name.encode()):032b}" for name in names]
    assert parts.numbers(names, 3).tolist() == [int(name[:3], 2) for name in bits]
    assert parts.numbers(np.array(names), 7).tolist() == [int(name[:7], 2) for name in bits]
    assert parts.numbers(names, 0).tolist() == [0] * 4


def test_names_that_count_up_spread_evenly():
    assert np.bincount(parts.numbers(NAMES, 7), minlength=128).min() > 30
    assert np.bincount(parts.numbers(NAMES, 7)).max() < 50


@pytest.mark.parametrize("shard_bits", range(8))
@pytest.mark.parametrize("part_bits", range(8))
def test_a_shard_reads_the_one_part_that_covers_it_or_those_that_it_covers(shard_bits, part_bits):
    held = {}
    for name in NAMES:
        shard, part = (int(parts.numbers([name], bits)[0]) for bits in (shard_bits, part_bits))
        held.setdefault(shard, set()).add(part)
    for shard, needed in held.items():
        read = parts.read_by(shard, shard_bits, part_bits)
        assert set(read) == needed
        assert len(read) == max(1, 2 ** (part_bits - shard_bits))


def three():
    days = np.arange(3)
    names = ("C", "A", "BB", "D")
    return folding.upload("u", **{name: {"day": days, "adjclose": days + ord(name[0])} for name in names}).rows


@pytest.mark.parametrize(("part_bits", "shard_bits"), [(0, 1), (2, 1), (1, 1), (7, 0), (0, 7)])
def test_the_shards_have_every_row_once_whatever_the_parts_of_the_upload(part_bits, shard_bits):
    whole = three()
    stored = [parts.of_shard([whole], part, part_bits) for part in range(1 << part_bits)]
    seen = []
    for shard in range(1 << shard_bits):
        got = parts.of_shard([stored[at] for at in parts.read_by(shard, shard_bits, part_bits)], shard, shard_bits)
        assert got["tickers"].tolist() == sorted(got["tickers"].tolist())
        assert set(parts.numbers(got["tickers"], shard_bits)) <= {shard}
        assert len(got["filled"]) == len(got["tickers"])
        names = got["tickers"][got["ticker"]].tolist()
        seen += list(zip(names, got["day"].tolist(), got["adjclose"].tolist(), strict=True))
    names = whole["tickers"][whole["ticker"]].tolist()
    assert sorted(seen) == list(zip(names, whole["day"].tolist(), whole["adjclose"].tolist(), strict=True))


def test_a_shard_without_a_ticker_has_the_same_arrays_without_rows():
    none, some = parts.of_shard([], 0, 0), parts.of_shard([three()], 0, 0)
    assert {name: values.dtype.kind for name, values in none.items()} == {
        name: values.dtype.kind for name, values in some.items()
    }
    assert all(len(values) == 0 for values in none.values())


def test_two_parts_with_one_ticker_are_refused():
    with pytest.raises(ValueError, match="the same ticker"):
        parts.of_shard([three(), three()], 0, 0)
