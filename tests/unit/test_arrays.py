import io

import numpy as np
import pytest

from common import arrays

LABEL = {"upload": "20261124T124223Z-0123456789ab", "part": 3}
VALUES = {
    "tickers": np.array(["A", "ÜBER"]),
    "day": np.arange(1000, dtype=np.int32),
    "adjclose": np.round(np.random.default_rng(1).uniform(1, 9, 1000), 2),
    "filled": np.array([True, False]),
}


def deflated(values, label):
    """A part as versions up to 0.2 wrote it."""
    body = io.BytesIO()
    np.savez_compressed(body, **values, **{name: np.array(value) for name, value in label.items()})
    return body.getvalue()


@pytest.mark.parametrize("write", [arrays.pack, arrays.pack_to_keep, deflated])
@pytest.mark.parametrize("values", [VALUES, {name: array[:0] for name, array in VALUES.items()}], ids=["rows", "none"])
def test_what_this_and_older_versions_wrote_is_read(write, values):
    found = arrays.unpack(write(values, LABEL), LABEL, "key")
    assert {name: (array.dtype, array.tolist()) for name, array in found.items()} == {
        name: (array.dtype, array.tolist()) for name, array in values.items()
    }


@pytest.mark.parametrize("write", [arrays.pack, arrays.pack_to_keep, deflated])
def test_a_part_that_is_another_is_refused(write):
    with pytest.raises(ValueError, match="the file key says upload 20261124T124223Z-0123456789ab, part 4"):
        arrays.unpack(write(VALUES, LABEL | {"part": 4}), LABEL, "key")


def test_what_is_kept_is_smaller_and_a_part_cut_short_is_no_part():
    kept = arrays.pack_to_keep(VALUES, LABEL)
    assert len(kept) < len(arrays.pack(VALUES, LABEL)) / 2
    assert kept == arrays.pack_to_keep(VALUES, LABEL)
    with pytest.raises((OSError, ValueError)):
        arrays.unpack(kept[:-9], LABEL, "key")
