"""Into how many parts an upload and a run are cut, as powers of two. Standard library only: Gather has no numpy."""

PART_BITS = 7  # of a ticker's CRC-32 at most, by which an upload is cut
SHARD_BITS = 9  # and a run: test_limits.py counts what a state machine's history has room for
PART_ROWS = 250_000
ROW_BYTES = 64  # of a row in a shard: a day, six values and what belongs to its ticker


def upload_bits(rows: int) -> int:
    """An upload of so many rows has 2^bits parts, of about PART_ROWS rows or fewer."""
    return _bits(rows, PART_ROWS, PART_BITS)


def run_bits(rows: int, shard_kilobytes: int) -> int:
    """A run whose table may have so many rows has 2^bits shards, at most 512."""
    return _bits(rows * ROW_BYTES, shard_kilobytes * 1024, SHARD_BITS)


def _bits(size: int, room: int, most: int) -> int:
    return next((bits for bits in range(most) if size <= room << bits), most)
