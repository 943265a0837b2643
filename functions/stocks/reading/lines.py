"""A byte stream as blocks of whole UTF-8 lines, whatever its encoding and line ends; bounded memory and time."""

import codecs
import re
from collections.abc import Iterator

import numpy as np

from stocks.reading.rejected import Unusable
from stocks.reading.source import Stream

BLOCK = 4 << 20
BLOCK_LINES = 100_000
LONGEST_LINE = 1 << 20
# What Split can read within its timeout and hold on its disk: a gzip of some MB may unfold to any size.
MOST_BYTES = 4 << 30
MOST_LINES = 50_000_000
UTF8 = "utf-8"
MARKS = (b"\xef\xbb\xbf", "\u00ef\u00bb\u00bf".encode())  # of byte order: as it is, and as another encoding shows it
UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
WORKBOOK = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")  # how the first file in one is called
BINARY = {
    b"%PDF": "a PDF document; export the table as CSV",
    b"\x1f\x8b": "compressed with gzip; name it .csv.gz, and compress it once only",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save its sheet as CSV",
    b"PAR1": "a Parquet file; write it as CSV",
    b"\xfd7zXZ\0": "compressed with xz; compress the CSV with gzip instead",
    b"BZh": "compressed with bzip2; compress the CSV with gzip instead",
    b"(\xb5/\xfd": "compressed with zstd; compress the CSV with gzip instead",
    b"7z\xbc\xaf": "a 7z archive; unpack it and upload the CSV",
    b"<!DOCTYPE": "an HTML page; download the data as CSV",
    b"<!doctype": "an HTML page; download the data as CSV",
    b"<html": "an HTML page; download the data as CSV",
    b"<table": "an HTML page; download the data as CSV",
    b"<?xml": "an XML document; export the table as CSV",
    b'{"': "JSON; write it as CSV",
    b"[{": "JSON; write it as CSV",
    b"version https://git-lfs": "a pointer of Git LFS; download the file itself",
}
_START = 64  # bytes that tell what a file is


class NotUtf8(Exception):
    """Bytes that are no UTF-8, or no text: the line, and whether a NUL byte shows it."""

    def __init__(self, reason: str, line: int, nul: bool = False):
        super().__init__(reason)
        self.reason, self.line, self.nul = reason, line, nul


def blocks(stream: Stream, size: int = BLOCK, codec: str = UTF8) -> tuple[str, Iterator[tuple[int, bytes]]]:
    """The codec of the text, which is UTF-16 where a byte order mark says so, and its blocks until the stream ends.

    A block is (number of its first line, lines in UTF-8, each ended by a line feed). Raises NotUtf8, and Unusable where
    the bytes are binary or no text in another encoding, a line is longer than 1 MiB, or there is more than MOST_BYTES
    or MOST_LINES of it.
    """
    first = start(stream, size)
    codec = UTF16.get(first[:2], codec)
    return codec, _blocks(_utf8(first, stream, size, codec))


def _blocks(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    line, rest, total = 1, b"", 0
    while more := _next(pieces, line, rest):
        total += len(more)
        text, held = _line_feeds(rest + more)
        end = text.rfind(b"\n") + 1
        for first, block in _cut(text[:end], line):
            yield first, block
            line = first + count_lines(block)
        if line > MOST_LINES + 1:
            raise Unusable(f"the file has more than {MOST_LINES:,} lines; drop it in parts", line)
        if len(text) - end > LONGEST_LINE:
            raise Unusable("the line is longer than 1 MiB; end each row with a line feed", line)
        if total > MOST_BYTES:
            raise Unusable(f"the file has more than {MOST_BYTES / 2**30:g} GiB of text; drop it in parts", line)
        rest = text[end:] + held
    if rest.strip():
        yield from _cut(_line_feeds(rest + b"\n")[0], line)


def count_lines(block: bytes) -> int:
    """How many lines end in a block; bytes.count takes ten times as long."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))


def _next(pieces: Iterator[bytes], line: int, rest: bytes) -> bytes:
    """The next piece, empty at the end. Raises Unusable with the line of what cannot be decoded."""
    try:
        return next(pieces, b"")
    except UnicodeDecodeError as error:
        name = error.encoding.upper().removesuffix("-LE").removesuffix("-BE")
        reason = f"a character is not {name}; save the file as CSV in UTF-8"
        raise Unusable(reason, line + rest.endswith(b"\r")) from None


def start(stream: Stream, size: int) -> bytes:
    """The first bytes, enough to tell what they are. Raises Unusable for binary files."""
    more = stream.read(size)
    while len(more) < _START and (further := stream.read(size)):
        more += further
    if more.startswith(b"PK\x03\x04"):
        kind = "an Excel workbook; save its sheet as CSV"
        archive = "a zip archive; unpack it and upload the CSV"
        raise Unusable(f"the file is {kind if more[30:].startswith(WORKBOOK) else archive}")
    head = re.sub(rb"^([\[{])\s+", rb"\1", more[:_START])  # JSON with a line for each name
    for magic, kind in BINARY.items():
        if head.startswith(magic):
            raise Unusable(f"the file is {kind}")
    return more


def _utf8(more: bytes, stream: Stream, size: int, codec: str) -> Iterator[bytes]:
    """The text in UTF-8 without a byte order mark, from its first bytes on. Raises UnicodeDecodeError."""
    if codec != UTF8:
        yield from _transcoded(more[2:] if more[:2] in UTF16 else more, stream, size, codec)
    else:
        while more.startswith(MARKS):  # some programs write one before the other's
            more = more.removeprefix(MARKS[more.startswith(MARKS[1])])
        while more:
            yield more
            more = stream.read(size)


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
        raise Unusable("the line is longer than 1 MiB; end each row with a line feed", line + int(long[0]))
    start = 0
    for first in range(0, len(ends), BLOCK_LINES):
        end = int(ends[min(first + BLOCK_LINES, len(ends)) - 1])
        yield line + first, _checked(text[start:end], line + first)
        start = end


def _checked(block: bytes, line: int) -> bytes:
    """The block. Raises NotUtf8 with the first byte that is no text."""
    nul = block.find(b"\0")
    try:
        (block if nul < 0 else block[:nul]).decode()
    except UnicodeDecodeError as error:
        reason = f"byte 0x{block[error.start]:02x} is not UTF-8; save the file as CSV in UTF-8"
        raise NotUtf8(reason, _line_at(block, line, error.start)) from None
    if nul >= 0:
        reason = "a NUL byte: this is binary data or damaged text; save the file as CSV in UTF-8"
        raise NotUtf8(reason, _line_at(block, line, nul), nul=True)
    return block


def _line_at(block: bytes, line: int, position: int) -> int:
    return line + block.count(b"\n", 0, position)
