import math
import random

import numpy as np
import pyarrow as pa
import pytest

from stocks.reading import numbers


@pytest.mark.parametrize(
    ("written", "decimal", "value"),
    [
        ("1234.5", ".", 1234.5),
        ("1,234.5", ".", 1234.5),
        ("1,10,30,917", ".", 11030917),
        ("14,47,51,76,030.90", ".", 14475176030.9),
        ("+$1,234", ".", 1234),
        ("€ 12.5", ".", 12.5),
        ("1e3", ".", 1000),
        ("1 234.5", ".", 1234.5),
        ("1'234.50", ".", 1234.5),
        ("R$ 12,50", ",", 12.5),
        ("Rp 1.234,50", ",", 1234.5),
        ("RM12.5", ".", 12.5),
        ("₱1,234.5", ".", 1234.5),
        ("12,50 €", ",", 12.5),
        ("1.234,50 zł", ",", 1234.5),
        ("1310.5 GBp", ".", 1310.5),
        (".5", ".", 0.5),
        ("1234,5", ",", 1234.5),
        ("1.234,5", ",", 1234.5),
        ("1.234", ",", 1234),
        ("1 234,5", ",", 1234.5),
        ("1\u00a0234\u00a0567", ",", 1234567),
        ("1,5e3", ",", 1500),
    ],
)
def test_a_number_is_read_by_the_files_decimal_sign(written, decimal, value):
    assert numbers.number(written, decimal) == value


@pytest.mark.parametrize(
    ("written", "decimal"),
    [
        *(
            (text, ".")
            for text in ("1,23", "1,2345", ",123", "1,234,56", "1.234,5", "1 23", "$$1", "0,125", "12.5K", "0x1f")
        ),
        *((text, ".") for text in ("", "-", "nan", "inf", "1e", "e5", "1_000", "5%", "\u0661", "1.2.3", "1,,234")),
        *((text, ",") for text in ("1.5", "12.34,5", "1,234,5", "1,234.5", "1.23", "nan")),
    ],
)
def test_what_is_no_number_by_that_sign_is_none(written, decimal):
    assert math.isnan(numbers.number(written, decimal))


@pytest.mark.parametrize(
    ("written", "decimal", "value"),
    [
        ("1.23M", ".", 1_230_000),
        ("456.7K", ".", 456_700),
        ("2b", ".", 2e9),
        ("1,5 M", ",", 1.5e6),
        ("1,234K", ".", 1_234_000),
        ("1.2万", ".", 12_000),
        ("3,5 Mio.", ",", 3_500_000),
    ],
)
def test_a_volume_may_end_in_k_m_or_b(written, decimal, value):
    assert numbers.number(written, decimal, volume=True) == value


@pytest.mark.parametrize("written", ["1.5T", "K", "1KM", "1e3K", "$5", "-1K"])
def test_a_volume_has_no_other_letters_and_no_currency(written):
    value = numbers.number(written, ".", volume=True)
    assert math.isnan(value) or value < 0


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (numbers.NO_SIGN, ["1", "20", "x", "", "1_000", "9" * 61, "1e5", "-"]),
        (numbers.FOR_POINT, ["12.5", "0.125", "1234.567", "1,234.5", "1,234,567", "1,10,30,917", "$12.50", "-1.61%"]),
        (numbers.FOR_COMMA, ["12,5", "0,125", "1.234,5", "1.234.567", "€ 12,50", "1,23M", "1 234,5", "-1,61%"]),
        (numbers.UNCLEAR, ["1.234", "1,234", "71,900", "-1.234", "€ 1.234", "1,234 PLN"]),
    ],
)
def test_a_value_says_which_sign_is_the_decimal_one_or_leaves_it_open(kind, written):
    assert [numbers.vote(text) for text in written] == [kind] * len(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [("12.5", 12.5), ("1,234.5", 1234.5), ("12", 12), ("1.234", None), ("1,234", None), ("12,5", None)],
)
def test_where_nothing_is_decided_a_value_that_needs_it_is_none(written, value):
    found = numbers.number(written, numbers.UNDECIDED)
    assert found == value if value else math.isnan(found)


@pytest.mark.parametrize("decimal", [".", ",", ""])
@pytest.mark.parametrize("volume", [False, True])
def test_a_column_and_its_single_values_are_read_alike(decimal, volume):
    choose = random.Random(7)  # noqa: S311
    pieces = [
        *"0123456789",
        "12",
        "345",
        ".",
        ",",
        ",",
        "-",
        "+",
        "e",
        "K",
        "M",
        "$",
        "€ ",
        " ",
        "\u00a0",
        "1.234",
        "1,234",
    ]
    texts = ["".join(choose.choices(pieces, k=choose.randrange(1, 7))).strip() for _ in range(2000)]
    texts = [text for text in texts if text.lower() not in numbers.NO_VALUE]
    together, missing = numbers.numbers(pa.chunked_array([texts]), decimal, volume)
    assert not missing.any()
    alone = np.array([numbers.number(text, decimal, volume) for text in texts])
    assert np.isfinite(alone).sum() > 200
    np.testing.assert_array_equal(together, alone)
