"""The CSV contract for all files: what is written in an accepted dialect comes back, the rest is refused."""

import csv
import datetime
import gzip
import io
import random
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocks.reading import lines
from stocks.reading.layout import Layout
from stocks.reading.rejected import LONGEST_REASON, Rejected, Unusable
from stocks.reading.source import Source
from stocks.reading.tickers import complaint, composed
from stocks.series import iso
from tests.corpus.cases import CASES
from tests.support import reading

REPEATED = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
MOST = 20_000  # bytes of a case that is worth mutating
SEEDS = [case.content for case in CASES if isinstance(case.body, bytes) and 0 < len(case.body) <= MOST]
DATES = {
    "iso": lambda day: day.isoformat(),
    "instant": lambda day: f"{day.isoformat()}T16:00:00+05:30",
    "compact": lambda day: f"{day:%Y}".zfill(4) + f"{day:%m%d}",
    "slashes": lambda day: f"{day.year}/{day.month}/{day.day}",
    "names": lambda day: f"{day:%b} {day.day:02d}, {day.year}",
    "India": lambda day: f"{day.day:02d}-{day:%b}-{day.year}",
    "day first": lambda day: f"{day.day:02d}.{day.month:02d}.{day.year}",
    "month first": lambda day: f"{day.month}/{day.day}/{day.year} 16:00:00",
}
CURRENCIES = ("", "$", "€", "£ ")
tickers = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=9).filter(
    lambda name: not complaint(name.strip()) and name == composed(name.strip())
)
days = st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 12, 31))
cents = st.integers(1, 10**9)
rows = st.lists(st.tuples(tickers, days, cents, st.integers(0, 10**12)), min_size=1, max_size=12)


def examples(thorough: int) -> settings:
    """So many examples in make test-thorough, and a fifth of them otherwise; the same ones every time."""
    few = settings.get_current_profile_name() == "quick"
    return settings(REPEATED, max_examples=thorough // 5 if few else thorough)


class Dribble(io.BytesIO):
    """A stream that gives less than it is asked for."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size > 0 else size)


class Read(NamedTuple):
    """Accepted rows by line and ticker as (day, adjclose, volume), rejected ones, and what became of the lines."""

    accepted: dict[tuple[int, str], tuple[str, float, float]]
    rejected: list[Rejected]
    rows: int
    foot: list[Rejected]
    layout: Layout
    left: int


def read(body: bytes, block_bytes=lines.BLOCK, stream=io.BytesIO, name="FILE.csv") -> Read | str:
    """What is read of a file, or the reason for refusing it. Every line that is a row counts once."""
    try:
        blocks, listed, file = reading.whole(Source(name, len(body), lambda: stream(body)), block_bytes)
    except Unusable as error:
        return str(error)
    except lines.NotUtf8 as error:
        return f"line {error.line}: {error.reason}"
    accepted = {
        (int(row["line"]), listed[row["ticker"]]): (iso(row["day"]), float(row["adjclose"]), float(row["volume"]))
        for block in blocks
        for row in block.rows
    }
    rejected = [row for block in blocks for row in block.rejected]
    rows = sum(block.lines for block in blocks)
    assert len(accepted) == sum(len(block.rows) for block in blocks)
    assert sum(block.bad for block in blocks) == len({row.line for row in rejected})
    held = {line for line, _ in accepted} | {row.line for row in rejected}
    assert rows == len(held) + sum(block.empty for block in blocks)
    return Read(accepted, rejected, rows, file.foot, file.layout, file.others)


def grouped(number: str, decimal: str, thousands: str) -> str:
    whole, _, fraction = number.partition(".")
    return f"{int(whole):,}".replace(",", thousands) + (decimal + fraction if fraction else "")


@st.composite
def dialects(draw):
    """A way of writing a table down, and whether its thousands are in groups."""
    comma = draw(st.booleans())
    return {
        "separator": draw(st.sampled_from(";\t|" if comma else ",;\t|")),
        "ending": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
        "date": DATES[draw(st.sampled_from(sorted(DATES)))],
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "decimal": "," if comma else ".",
        "thousands": draw(st.sampled_from(["", ".", "\u00a0"] if comma else ["", ","])),
        "currency": draw(st.sampled_from(CURRENCIES)),
        "order": draw(st.permutations(["Symbol", "Date", "Close/Last", "Volume", "Change %", "Note"])),
        "blank": draw(st.booleans()),
    }


def written(table, dialect) -> bytes:
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=dialect["separator"], lineterminator=dialect["ending"], quoting=dialect["quoting"]
    )
    writer.writerow(dialect["order"])
    for ticker, day, price, volume in table:
        values = {
            "Symbol": ticker,
            "Date": dialect["date"](day),
            "Close/Last": dialect["currency"]
            + grouped(f"{price // 100}.{price % 100:02d}", dialect["decimal"], dialect["thousands"]),
            "Volume": grouped(str(volume), dialect["decimal"], dialect["thousands"]),
            "Change %": f"-0{dialect['decimal']}5%",
            "Note": 'a "quoted" word; a, b | c\td',
        }
        writer.writerow([values[title] for title in dialect["order"]])
        if dialect["blank"]:
            out.write(dialect["ending"])
    return out.getvalue().encode(dialect["encoding"])


@examples(200)
@given(rows, dialects(), st.booleans())
def test_a_table_written_in_any_accepted_dialect_comes_back(table, dialect, zipped):
    # days that can be no months, and prices that prove the decimal sign
    table = [*table, *(("LAST", datetime.date(2024, 1, day), 1250, 5) for day in (29, 30, 31))]
    body = written(table, dialect)
    found = read(gzip.compress(body), name="FILE.csv.gz") if zipped else read(body)
    assert not isinstance(found, str), found
    assert found.rejected == []
    assert [(ticker, *row) for (_, ticker), row in found.accepted.items()] == [
        (ticker, day.isoformat(), price / 100, volume) for ticker, day, price, volume in table
    ]
    step = 2 if dialect["blank"] else 1
    assert [line for line, _ in found.accepted] == list(range(2, 2 + step * len(table), step))


def lines_of(body: bytes) -> list[str]:
    for mark, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            body = body.decode(codec).encode()
    body = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body.decode().split("\n")


def check(body: bytes) -> None:
    """Only Unusable or blocks come out, every line counts once, and the size of blocks changes nothing."""
    whole = read(body)
    for size in (1, 16, 100):
        assert read(body, size) == whole
    assert read(body, stream=Dribble) == whole
    if isinstance(whole, str):
        assert whole.isprintable()
        assert len(whole) <= LONGEST_REASON
    else:
        below = lines_of(body)[whole.layout.body - 1 :]
        held = [line for line in below if line.replace(whole.layout.separator, "").replace('"', "").strip()]
        assert whole.rows + len(whole.foot) + whole.left == len(held)
        assert all(row.reason.isprintable() for row in whole.rejected)


@examples(100)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_rows_or_a_reason(body):
    check(body)


@examples(150)
@given(
    st.text(st.characters(), max_size=60),
    st.lists(st.text(st.sampled_from('A1;,"\n\r\t |.-0/$K é\x1f\x85\u2028'), max_size=30)),
)
def test_arbitrary_text_below_a_header_is_rows_or_a_reason(start, lines):
    check(("ticker,date,close\n" + "\n".join([start, *lines])).encode("utf-8", "surrogatepass"))


@examples(150)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_corpus_file_with_random_changes_is_rows_or_a_reason(body, chance: random.Random, changes):
    for _ in range(changes):
        at, width = chance.randrange(len(body) + 1), chance.choice([0, 1, 1, 2, 8])
        donor = chance.choice(SEEDS)
        cut = chance.randrange(len(donor))
        piece = chance.choice([donor[cut : cut + 9], bytes([chance.randrange(256)]), b"", b'"', b"\n", b",", b"\r"])
        body = body[:at] + piece + body[at + width :]
    check(body)
