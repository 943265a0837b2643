"""A byte stream as blocks of whole UTF-8 lines, whatever its line ends; bounded memory and time for any input."""

import codecs
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from stocks.reading.rejected import Unusable

BLOCK = 4 << 20
BLOCK_LINES = 100_000
LONGEST_LINE = 1 << 20
# What Split can read within its timeout and hold on its disk: a gzip of some MB may unfold to any size.
MOST_BYTES = 4 << 30
MOST_LINES = 50_000_000
BOM = b"\xef\xbb\xbf"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "compressed with gzip, which needs a name ending in .csv.gz and is undone once",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"<!DOCTYPE": "an HTML page",
    b"<html": "an HTML page",
}
_LONGEST_START = max(map(len, BINARY))


class Stream(Protocol):
    """What bytes come from: a file, or the body of an S3 object."""

    def read(self, size: int, /) -> bytes: ...


def blocks(stream: Stream, size: int = BLOCK) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the first line, lines each ended by a line feed) until the stream ends.

    UTF-16 with a byte order mark is turned into UTF-8. Raises Unusable where the bytes are no such text, a line is
    longer than 1 MiB, or there is more than MOST_BYTES or MOST_LINES of it.
    """
    line, rest, total = 1, b"", 0
    pieces = _utf8(stream, size)
    while more := _next(pieces, line, rest):
        total += len(more)
        text, held = _line_feeds(rest + more)
        end = text.rfind(b"\n") + 1
        for first, block in _cut(text[:end], line):
            yield first, block
            line = first + block.count(b"\n")
        if line > MOST_LINES + 1:
            raise Unusable(f"the file has more than {MOST_LINES:,} lines; drop it in parts", line)
        if len(text) - end > LONGEST_LINE:
            raise Unusable("the line is longer than 1 MiB", line)
        if total > MOST_BYTES:
            raise Unusable(f"the file has more than {MOST_BYTES / 2**30:g} GiB of text; drop it in parts", line)
        rest = text[end:] + held
    if rest.strip():
        yield from _cut(_line_feeds(rest + b"\n")[0], line)


def _next(pieces: Iterator[bytes], line: int, rest: bytes) -> bytes:
    """The next piece, empty at the end. Raises Unusable with the line of what is no UTF-16."""
    try:
        return next(pieces, b"")
    except UnicodeDecodeError:
        reason = "a character is not UTF-16; save the file as CSV in UTF-8"
        raise Unusable(reason, line + rest.endswith(b"\r")) from None


def _utf8(stream: Stream, size: int) -> Iterator[bytes]:
    """The stream's text in UTF-8 without a byte order mark. Raises Unusable for binary files, UnicodeDecodeError."""
    more = stream.read(size)
    while len(more) < _LONGEST_START and (further := stream.read(size)):
        more += further
    for magic, kind in BINARY.items():
        if more.startswith(magic):
            raise Unusable(f"the file is {kind}, not CSV text in UTF-8")
    if not more.startswith(UTF16):
        more = more.removeprefix(BOM)
        while more:
            yield more
            more = stream.read(size)
        return
    codec = "utf-16-le" if more.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    yield from _transcoded(more[2:], stream, size, codec)


def _transcoded(more: bytes, stream: Stream, size: int, codec: str) -> Iterator[bytes]:
    """Raises UnicodeDecodeError behind what could be decoded."""
    decoder, final = codecs.getincrementaldecoder(codec)(), False
    while not final:
        final = not more
        try:
            text = decoder.decode(more, final)
        except UnicodeDecodeError as error:
            if before := error.object[: error.start].decode(codec):
                yield before.encode()
            raise
        if text:
            yield text.encode()
        more = stream.read(size)


def _line_feeds(text: bytes) -> tuple[bytes, bytes]:
    """The text with every CRLF and CR as a line feed, and a last CR held back: its line feed may still come."""
    if b"\r" not in text:
        return text, b""
    held = b"\r" if text.endswith(b"\r") else b""
    return text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n"), held


def _cut(text: bytes, line: int) -> Iterator[tuple[int, bytes]]:
    """The text, all whole lines, in blocks of at most BLOCK_LINES. Raises Unusable for what is no text."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    long = np.flatnonzero(np.diff(ends, prepend=0) > LONGEST_LINE + 1)
    if long.size:
        raise Unusable("the line is longer than 1 MiB", line + int(long[0]))
    start = 0
    for first in range(0, len(ends), BLOCK_LINES):
        end = int(ends[min(first + BLOCK_LINES, len(ends)) - 1])
        yield line + first, _checked(text[start:end], line + first)
        start = end


def _checked(block: bytes, line: int) -> bytes:
    """The block. Raises Unusable with the first byte that is no text."""
    nul = block.find(b"\0")
    try:
        (block if nul < 0 else block[:nul]).decode()
    except UnicodeDecodeError as error:
        reason = f"byte 0x{block[error.start]:02x} is not UTF-8; save the file as CSV in UTF-8"
        raise Unusable(reason, _line_at(block, line, error.start)) from None
    if nul >= 0:
        reason = "a NUL byte: this is binary data or UTF-16 without a byte order mark, not CSV text in UTF-8"
        raise Unusable(reason, _line_at(block, line, nul))
    return block


def _line_at(block: bytes, line: int, position: int) -> int:
    return line + block.count(b"\n", 0, position)
