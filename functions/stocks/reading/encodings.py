"""Which encoding a file that is no UTF-8 has: proven by its titles and by all of its bytes, never guessed.

An encoding is proven when the whole file decodes, a header is found, and every title of it that is not ASCII is one of
titles.csv, letter by letter. Where two encodings are proven, the cells that are read must be the same in both.
"""

import itertools
import re
from collections.abc import Iterator

from stocks.reading import header, lines, titles
from stocks.reading.cells import BrokenLine, cells
from stocks.reading.layout import Layout
from stocks.reading.rejected import Unusable, show
from stocks.reading.source import Rules, Source, Stream

# Codecs of Python by the name that people know, in the order in which they are tried.
CODECS = {
    "cp1252": "cp1252",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1254": "cp1254",
    "gb18030": "GB18030",
    "cp932": "Shift-JIS",
    "cp949": "cp949",
    "cp950": "Big5",
}
NAMES = CODECS | {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
HEAD = 1 << 16  # bytes in which the header stands
MOST_LINES = 10_000_000  # each takes up to 16 µs
_CONTROLS = re.compile("[\x80-\x9f]")  # no text holds them, though GB18030 can write them


def prove(source: Source, rules: Rules, fault: lines.NotUtf8) -> str:
    """The codec of the file. Raises Unusable with the fault where none is proven, or where two are."""
    with source.stream() as stream:
        head = lines.start(stream, HEAD)
    codecs: tuple[str, ...] = tuple(CODECS)
    if b"\0" in head:
        codecs = ("utf-16-le",) if head.find(b"\0") % 2 else ("utf-16-be",)
    layouts = {codec: layout for codec in codecs if (layout := _layout(head, codec, source.stem, rules.until))}
    if b"\0" not in head:
        layouts = _decoded(source, layouts)
    if not layouts:
        raise Unusable(fault.reason, fault.line)
    return next(iter(layouts))


def _layout(head: bytes, codec: str, stem: str, until: int) -> Layout | None:
    """The layout of the first lines, or None where they are no header in this encoding."""
    width = 2 if codec.startswith("utf-16") else 1
    end = len(head) // width * width if len(head) < HEAD else (head.rfind(b"\n") + 1) // width * width
    try:
        text = head[: end or len(head)].decode(codec)
        found = header.find(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), stem, until)
    except (UnicodeDecodeError, Unusable):
        return None
    return found if all(title.isascii() or titles.is_known(title) for title in found.titles) else None


def _decoded(source: Source, layouts: dict[str, Layout]) -> dict[str, Layout]:
    """Those that decode the whole file. Raises Unusable where they disagree on a cell that is read."""
    left = tuple(layouts)
    apart: dict[tuple[str, str], Unusable] = {}
    with source.stream() as stream:
        for line, block in _raw(stream):
            texts = {codec: text for codec in left if (text := _text(block, codec)) is not None}
            left = tuple(texts)
            if len(set(texts.values())) > 1:
                if all(pair in apart for pair in itertools.combinations(texts, 2)):
                    continue
                read = {codec: dict(_read_cells(text, layouts[codec], line)) for codec, text in texts.items()}
                for pair in itertools.combinations(read, 2):
                    if pair not in apart and read[pair[0]] != read[pair[1]]:
                        apart[pair] = _contradiction({codec: read[codec] for codec in pair})
    for (one, other), contradiction in apart.items():
        if one in left and other in left:
            raise contradiction
    return {codec: layouts[codec] for codec in left}


def _contradiction(read: dict[str, dict[tuple[int, int], str]]) -> Unusable:
    """The first cell that two encodings read differently."""
    one, other = read.values()
    at = min(at for at in one | other if one.get(at) != other.get(at))
    ways = " or ".join(
        f"{show(found[at]) if at in found else 'nothing'} in {CODECS[name]}" for name, found in read.items()
    )
    return Unusable(f"the file is not UTF-8, and a value is {ways}; save the file as CSV in UTF-8", at[0])


def _raw(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Blocks of whole lines, not decoded: no byte below 0x30 is part of a character in any of CODECS."""
    line, rest, total = 1, b"", 0
    while more := stream.read(lines.BLOCK):
        text, total = rest + more, total + len(more)
        if line > MOST_LINES or total > lines.MOST_BYTES:
            raise Unusable(f"the file is not UTF-8 and has more than {MOST_LINES:,} lines; save it in UTF-8", line)
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if len(text) - end > lines.LONGEST_LINE:
            raise Unusable("the line is longer than 1 MiB; end each row with a line feed", line)
        yield line, text[:end]
        line += max(text.count(b"\n", 0, end), text.count(b"\r", 0, end))
        rest = text[end:]
    yield line, rest


def _text(block: bytes, codec: str) -> str | None:
    try:
        text = block.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _read_cells(text: str, layout: Layout, line: int) -> Iterator[tuple[tuple[int, int], str]]:
    """The cells that are read and not ASCII, each with its line and column."""
    for number, row in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), line):
        if row.isascii():
            continue
        try:
            found = cells(row, layout.separator)
        except BrokenLine:
            continue
        if len(found) == layout.width:
            yield from (((number, at), found[at]) for at in layout.columns if not found[at].isascii())
