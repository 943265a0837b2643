"""What one named input is, and short ways to write one down."""

import dataclasses
from collections.abc import Callable

ACCEPTED, REJECTED_FILE, REJECTED_ROWS, IGNORED = "accepted", "rejected file", "rejected rows", "ignored"
PLACE = "incoming/daily/"

type Body = bytes | Callable[[], bytes]
type First = tuple[str, str, float]


@dataclasses.dataclass(frozen=True)
class Case:
    """One object in the incoming bucket.

    outcome: "accepted" (every row), "rejected rows" (some, the others are used), "rejected file" or "ignored".
    says: text that the message must contain, with the line where there is one. rows: how many rows are accepted, 0
    where another test says it. first: ticker, ISO day and adjclose of the first accepted row.
    """

    name: str
    key: str
    body: Body
    outcome: str
    says: str = ""
    rows: int = 0
    first: First | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else self.body()


def accepted(name: str, body: Body | str, rows: int, first: First, file: str = "prices.csv") -> Case:
    return Case(name, PLACE + file, _bytes(body), ACCEPTED, "", rows, first)


def bad_row(name: str, body: Body | str, says: str, rows: int = 1) -> Case:
    return Case(name, f"{PLACE}prices.csv", _bytes(body), REJECTED_ROWS, says, rows)


def bad_file(name: str, body: Body | str, says: str, file: str = "prices.csv") -> Case:
    return Case(name, PLACE + file, _bytes(body), REJECTED_FILE, says)


def _bytes(body: Body | str) -> Body:
    return body.encode() if isinstance(body, str) else body
