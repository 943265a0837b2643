"""Named inputs that people, price sites and attackers may drop, each with what must become of it."""

import dataclasses
from collections.abc import Callable

ACCEPTED, REJECTED_FILE, REJECTED_ROWS, IGNORED = "accepted", "rejected file", "rejected rows", "ignored"


@dataclasses.dataclass(frozen=True)
class Case:
    """One object in the incoming bucket.

    outcome: "accepted" (every row), "rejected rows" (some, the others are used), "rejected file" or "ignored".
    says: text that the message must contain, with the line where there is one. rows: how many rows are accepted.
    first: ticker, ISO day and adjclose of the first accepted row.
    """

    name: str
    key: str
    body: bytes | Callable[[], bytes]
    outcome: str
    says: str = ""
    rows: int = 0
    first: tuple[str, str, float] | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else self.body()


CASES: tuple[Case, ...] = (
    Case(
        "plain",
        "incoming/daily/prices.csv",
        b"ticker,date,adjclose\nA,2024-01-02,10\nB,2024-01-02,2\n",
        ACCEPTED,
        rows=2,
        first=("A", "2024-01-02", 10.0),
    ),
    Case("zero bytes", "incoming/daily/prices.csv", b"", REJECTED_FILE, "the file is empty"),
    Case("a folder marker", "incoming/daily/", b"", IGNORED, "a folder marker"),
)
