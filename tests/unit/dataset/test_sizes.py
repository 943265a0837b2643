import pytest

from stocks.dataset import sizes


@pytest.mark.parametrize(
    ("rows", "bits"), [(0, 0), (1, 0), (250_000, 0), (250_001, 1), (2_500_000, 4), (32_000_000, 7), (10**9, 7)]
)
def test_a_part_of_an_upload_has_250000_rows_or_fewer_until_there_are_128(rows, bits):
    assert sizes.upload_bits(rows) == bits


@pytest.mark.parametrize(
    ("rows", "bits"), [(0, 0), (131_072, 0), (131_073, 1), (2_500_000, 5), (12_600_000, 7), (67_108_864, 9), (10**9, 9)]
)
def test_a_shard_has_8192_kilobytes_of_rows_until_there_are_512(rows, bits):
    assert sizes.run_bits(rows, 8192) == bits


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(0, 1), (1024, 1), (1025, 2), (2048, 2), (2049, 4), (131_072, 128), (524_288, 512), (10**9, 512)],
)
def test_shards_are_a_power_of_two_by_rows_of_64_bytes(rows, expected):
    assert 1 << sizes.run_bits(rows, 64) == expected
