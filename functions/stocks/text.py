"""A byte stream as blocks of whole UTF-8 lines, whatever its line ends; bounded memory for any input."""

from collections.abc import Iterator
from typing import Protocol

from stocks.rejected import Unusable

BLOCK = 4 << 20
LONGEST_LINE = 1 << 20
BOM = b"\xef\xbb\xbf"
BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "compressed with gzip, which needs a name ending in .csv.gz",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class Stream(Protocol):
    """What bytes come from: a file, or the body of an S3 object."""

    def read(self, size: int, /) -> bytes: ...


def blocks(stream: Stream, size: int = BLOCK) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the first line, lines each ended by a line feed) until the stream ends.

    Raises Unusable where the bytes are not UTF-8 text or a line is longer than 1 MiB.
    """
    line, rest = 1, b""
    while more := stream.read(size):
        if line == 1 and not rest:
            _refuse_binary(more)
            more = more.removeprefix(BOM)
        text, held = _line_feeds(rest + more)
        end = text.rfind(b"\n") + 1
        if len(text) - end > LONGEST_LINE:
            raise Unusable("the line is longer than 1 MiB", line + text.count(b"\n"))
        if end:
            yield line, _checked(text[:end], line)
            line += text.count(b"\n", 0, end)
        rest = text[end:] + held
    if rest.strip():
        yield line, _checked(_line_feeds(rest + b"\n")[0], line)


def _refuse_binary(start: bytes) -> None:
    for magic, kind in BINARY.items():
        if start.startswith(magic):
            raise Unusable(f"the file is {kind}, not CSV text in UTF-8")


def _line_feeds(text: bytes) -> tuple[bytes, bytes]:
    """The text with every CRLF and CR as a line feed, and a last CR held back: its line feed may still come."""
    if b"\r" not in text:
        return text, b""
    held = b"\r" if text.endswith(b"\r") else b""
    return text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n"), held


def _checked(block: bytes, line: int) -> bytes:
    nul = block.find(b"\0")
    if nul >= 0:
        reason = "a NUL byte: this is binary data or UTF-16, not CSV text in UTF-8"
        raise Unusable(reason, _line_at(block, line, nul))
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError as error:
            reason = f"byte 0x{block[error.start]:02x} is not UTF-8; save the file as CSV in UTF-8"
            raise Unusable(reason, _line_at(block, line, error.start)) from None
    return block


def _line_at(block: bytes, line: int, position: int) -> int:
    return line + block.count(b"\n", 0, position)
