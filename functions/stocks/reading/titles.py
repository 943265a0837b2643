"""What the titles of columns mean, in the languages of the sites that write them; titles.csv has each with its source.

rank 1 says so by itself, a higher one counts only where no better title has the meaning. Rank 0 is for FIRST, beside
which OPEN is the price of the day before. A meaning is a value of a row (contract.COLUMNS), date, ticker, series (NSE's
kinds of a share), change (not read, but it shows how decimals are written), deal (only a list of deals has it, whose
prices are none of a day), or other (known and not read).
"""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# What a title says of the unit of its column: a currency, shares, or words that begin with "in".
_UNIT = re.compile(
    r"\s*[(\[（]\s*(([\d.]+ )?[A-Z]{3}|TL|GH[¢₵]|GBp|Rs\.?|[€$£¥₹₩]|元|円|원|株|股|手|주|lots?|shares?|Stück|titres|kpl"
    r"|stk|db|in [^)\]]+)\s*[)\]）]\s*$"
)
# How Alpha Vantage numbers its titles, and what R's make.names makes of that: "4. close", "X4..close".
_NUMBER = re.compile(r"(\d+[ab]?\. |X\d+[ab]?\.\.)")
LONGEST = 100  # characters: what is longer is no title, and must not keep a pattern busy
# Letters that Unicode does not take apart into a letter and its accent.
_PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss"})


class Meaning(NamedTuple):
    name: str
    rank: int
    language: str


def fold(title: str) -> str:
    """The title without case, accents, spaces and punctuation: files lose them on their way."""
    plain = unicodedata.normalize("NFKD", _spelled(title).translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _spelled(title: str) -> str:
    """The title without case, spaces and punctuation, but with its accents."""
    return re.sub(r"[^\w%]|_", "", unicodedata.normalize("NFKC", title).lower())


def _read() -> tuple[dict[str, list[Meaning]], frozenset[str]]:
    found: dict[str, list[Meaning]] = defaultdict(list)
    spellings = set()
    with Path(__file__).with_name("titles.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[fold(row["title"])].append(Meaning(row["meaning"], int(row["rank"]), row["language"]))
            spellings.add(_spelled(row["title"]))
    return dict(found), frozenset(spellings)


_MEANINGS, _SPELLINGS = _read()


def is_known(title: str) -> bool:
    """Whether titles.csv has the title with exactly these letters, accents included."""
    return len(title) <= LONGEST and bool({_spelled(title), _spelled(_UNIT.sub("", title))} & _SPELLINGS)


def is_unnamed(title: str) -> bool:
    """Whether nobody named the column: pandas and R write an index so."""
    return fold(title) == "" or re.fullmatch(r"Unnamed: \d+(\.\d+)?|Unnamed: \d+_level_\d+", title.strip()) is not None


def meanings(titles: Sequence[str]) -> list[Meaning | None]:
    """What each title of a header means; None for an unknown one.

    A title that means different things in different languages has the meaning of the language that most other titles
    are in; where these leave it open, it has none.
    """
    found = [_entries(title) for title in titles]
    votes = Counter(language for entries in found for language in {entry.language for entry in entries})
    return [_resolved(entries, votes) for entries in found]


def _entries(title: str) -> list[Meaning]:
    if len(title) > LONGEST:
        return []
    plain = title[number.end() :] if (number := _NUMBER.match(title)) else title
    return _MEANINGS.get(fold(plain)) or _MEANINGS.get(fold(_UNIT.sub("", plain)), [])


def _resolved(entries: list[Meaning], votes: Counter[str]) -> Meaning | None:
    """votes counts the titles of the header in each language, this one included."""
    if len({entry.name for entry in entries}) > 1:
        votes = votes - Counter({entry.language for entry in entries})
        most = max((votes[entry.language] for entry in entries), default=0)
        entries = [entry for entry in entries if most and votes[entry.language] == most]
        if len({entry.name for entry in entries}) > 1:
            return None
    return min(entries, key=lambda entry: entry.rank, default=None)
