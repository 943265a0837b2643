"""A file that can be read from its beginning more than once, and what the reader of the whole file is told."""

import contextlib
import dataclasses
import gzip
import re
from collections.abc import Callable, Iterator
from typing import Protocol

from stocks.reading.dates import LAST_DAY
from stocks.reading.rejected import show, unseen

TOLERANCE = 0.01
# What to do with a file of another kind, by the end of its name.
OTHER_KINDS = {
    (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"): "a spreadsheet; save its sheet as CSV",
    (".zip", ".7z", ".rar", ".tar", ".tgz", ".tar.gz"): "an archive; unpack it and upload the CSV",
    (".xz", ".bz2", ".zst", ".lz4", ".br"): "compressed in another way than gzip; upload .csv or .csv.gz",
    (".parquet", ".feather", ".h5", ".pkl", ".npz"): "binary; write it as CSV",
    (".json", ".xml", ".html", ".htm"): "no table; write it as CSV",
    (".txt", ".tsv", ".dat", ".tab", ".gz"): "neither .csv nor .csv.gz; rename it if it is such a table",
    (".pdf", ".doc", ".docx"): "a document; export its table as CSV",
}


class Stream(Protocol):
    """What bytes come from: a file, or the body of an S3 object."""

    def read(self, size: int, /) -> bytes: ...


@dataclasses.dataclass(frozen=True)
class Source:
    """A file by its name, its size in bytes as it is stored, and a function that opens it from the beginning."""

    name: str
    size: int
    open: Callable[[], Stream]

    @property
    def stem(self) -> str:
        return re.sub(r"\.csv(\.gz)?$", "", self.name, flags=re.IGNORECASE)

    @property
    def is_gzipped(self) -> bool:
        return self.name.lower().endswith(".gz")

    @contextlib.contextmanager
    def stream(self) -> Iterator[Stream]:
        """The bytes of the text, unpacked."""
        raw = self.open()
        try:
            yield gzip.GzipFile(fileobj=raw) if self.is_gzipped else raw  # type: ignore[call-overload]  # it only reads
        finally:
            if close := getattr(raw, "close", None):
                close()


def refused_by_name(name: str) -> str:
    """Why a file of this name is not read, and what to do, or an empty string."""
    if sign := unseen(name):
        return f"the name {show(name)} holds a line break or another sign that cannot be seen ({sign}); rename the file"
    if name.lower().endswith((".csv", ".csv.gz")):
        return ""
    for endings, kind in OTHER_KINDS.items():
        if name.lower().endswith(endings):
            return f"{show(name)} is by its name {kind}"
    return f"{show(name)} does not end in .csv or .csv.gz; save the prices as CSV"


@dataclasses.dataclass(frozen=True)
class Rules:
    """until: the last day allowed. tolerance: the share of bad rows that a file may have.

    date_order ("day" or "month") and decimal ("." or ","), where given, are believed; rows against them are bad rows.
    """

    until: int = LAST_DAY
    tolerance: float = TOLERANCE
    date_order: str = ""
    decimal: str = ""
