"""Seeded random changes of known inputs."""

import gzip
import random
from collections.abc import Sequence

RARELY = 1 / 500
MOST_REPEATED = 1 << 20
TOKENS = (
    *(b"\n", b"\r", b"\r\n", b"\0", b'"', b'""', b",", b";", b"\t", b"|", b" ", b"\xc2\xa0", b"\xe2\x80\xaf", b"\xff"),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
        b"\xe2\x80\xa8",
        b"\x1f\x8b\x08",
    ),
    *(b"nan", b"inf", b"-", b"-0", b"1e999", b"1e-400", b"1,234.5", b"1.234,5", b"$1", b"1.2M", b"0x1", b"9" * 400),
    *(b"2024-01-02", b"31/12/2024", b"12/31/2024", b"10.09.08", b"29-Feb-2023", b"20240105", b"9999-99-99", b"24:00"),
    *(b"[", b"]", b"{", b"}", b":", b"null", b"true", b"NaN", b"Infinity", b'"\\ud800"', b"[[]]", b"{}", b"1" * 30),
    *(b"[" * 3000, b'{"predictions":' * 2000, b'"instances"', b'"inputs"', b'"predictions"', b'"signature_name"'),
)


def changed(choose: random.Random, seeds: Sequence[bytes], large: int) -> bytes:
    """A seed after one to eight changes; rarely one that repeats itself for up to `large` bytes, to test memory."""
    body = choose.choice(seeds)
    for _ in range(choose.choice([1, 1, 2, 3, 8])):
        body = choose.choice(CHANGES)(choose, body, seeds)
    if body and choose.random() < RARELY:
        start = body.find(b"\n") + 1 if choose.random() < 0.7 else 0
        body = body[:start] + body[start:] * (choose.randrange(large) // max(len(body) - start, 1))
    return body


def _replace_byte(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    at = choose.randrange(len(body) + 1)
    return body[:at] + bytes([choose.randrange(256)]) + body[at + 1 :]


def _put_token(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    at, width = choose.randrange(len(body) + 1), choose.choice([0, 0, 1, 4, 12])
    return body[:at] + choose.choice(TOKENS) + body[at + width :]


def _cut(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted(choose.randrange(len(body) + 1) for _ in range(2))
    return body[:start] + body[end:] if choose.random() < 0.8 else body[:start]


def _repeat(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted(choose.randrange(len(body) + 1) for _ in range(2))
    return (
        body[:start] + body[start:end] * choose.choice([2, 3, 20]) + body[end:] if len(body) < MOST_REPEATED else body
    )


def _splice(choose: random.Random, body: bytes, seeds: Sequence[bytes]) -> bytes:
    other = choose.choice(seeds)
    return body[: choose.randrange(len(body) + 1)] + other[choose.randrange(len(other) + 1) :]


def _swap_separator(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    return body.replace(choose.choice([b",", b";", b"\t", b"."]), choose.choice([b",", b";", b"\t", b"|", b"."]))


def _recode(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    return body.decode("utf-8", "replace").encode(
        choose.choice(["utf-16", "utf-8-sig", "utf-16-le", "latin-1"]), "replace"
    )


def _press(choose: random.Random, body: bytes, _: Sequence[bytes]) -> bytes:
    return gzip.compress(body, choose.choice([0, 1, 9]), mtime=0)


CHANGES = (
    *(_replace_byte, _put_token, _put_token, _put_token, _cut, _repeat, _splice),
    _swap_separator,
    _recode,
    _press,
)
