"""A dataset's settings.json: what it may say, and everything that is wrong with it at once. Rule 17 of the contract.

The newest version over the folder's spellings counts, also where it is wrong: then Split and Gather refuse to work by
guesses. Split leaves no verdict for what came meanwhile, so Resume starts those uploads again once it is mended.
"""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, Literal, NoReturn

from stocks.dataset import documents
from stocks.dataset.uploads import SETTINGS, Upload
from stocks.reading.rejected import show
from stocks.reading.tickers import composed

SHOWN = 20  # errors that a message lists
MODES = ("append", "replace")
ORDERS = ("day", "month")
DECIMALS = ("point", "comma")


class WrongSettings(Exception):
    """settings.json cannot be used; the message lists the first errors. `version` is that of the wrong file."""

    def __init__(self, errors: list[str], version: str):
        self.errors, self.version = errors, version
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        listed = " ".join(f"({number}) {error}." for number, error in enumerate(errors[:SHOWN], 1))
        more = f" And {len(errors) - SHOWN} more." if len(errors) > SHOWN else ""
        super().__init__(f"{SETTINGS} has {count}, so nothing of it is used: {listed}{more} Upload it again.")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is in force for a dataset: the file's values over the stack's.

    `version` is 12 hex of the file's bytes and `since` when S3 got it; both are empty without a file. `exclude` holds
    names, or name@version. Where `date_order` and `decimal` are empty, the rows of each file prove them.
    """

    test_fraction: float
    bad_row_tolerance: float
    mode: Literal["append", "replace"] = "append"
    exclude: tuple[str, ...] = ()
    date_order: Literal["", "day", "month"] = ""
    decimal: Literal["", "point", "comma"] = ""
    version: str = ""
    since: str = ""

    @property
    def effective(self) -> str:
        """Hash of what changes a run beyond its list of uploads: two runs of equal uploads and equal hash are alike.

        Mode and exclude act through that list; tolerance, date_order and decimal through verdicts, which are final.
        """
        return documents.digest(repr(self.test_fraction))

    def excludes(self, upload: Upload) -> bool:
        return self.names(upload) or self._lists(f"{upload.name}@{upload.version_id}")

    def names(self, upload: Upload) -> bool:
        """Whether `exclude` has the upload's name, which leaves out all of its versions."""
        return self._lists(upload.name)

    def _lists(self, name: str) -> bool:
        return composed(name) in map(composed, self.exclude)


def where(folders: Iterable[str]) -> str:
    """The keys at which the settings.json of these folders may lie, in words."""
    return " or ".join(f"{folder}{SETTINGS}" for folder in folders)


def parse(content: bytes | None, defaults: Settings) -> Settings:
    """The settings in force by the file's bytes (None: there is no file) over the stack's. Raises WrongSettings."""
    if content is None:
        return defaults
    version = version_of(content)
    stated = _object(content, version)
    errors, values = [], {}
    for name, value in stated:
        if name not in CHECKS:
            errors.append(_unknown(name))
        elif name in values:
            errors.append(f'"{name}" stands twice; keep one')
        else:
            allowed, check = CHECKS[name]
            values[name] = value
            if complaint := check(value):
                errors.append(f'"{name}" is {complaint}; write {allowed}')
    if errors:
        raise WrongSettings(errors, version)
    if "exclude" in values:
        values["exclude"] = tuple(values["exclude"])
    return dataclasses.replace(defaults, version=version, **values)


def version_of(content: bytes | None) -> str:
    """The version of settings.json by its bytes, 12 hex; empty where there is none."""
    return "" if content is None else hashlib.sha256(content).hexdigest()[:12]


def _object(content: bytes, version: str) -> list[tuple[str, Any]]:
    """The names and values of the file's one object, in its order. Raises WrongSettings."""

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is not a number of JSON")

    try:
        text = content.decode("utf-8-sig")
        parsed = json.loads(text, object_pairs_hook=_Pairs, parse_constant=refuse)
    except UnicodeDecodeError as error:
        raise WrongSettings([f"byte {error.start + 1} is not UTF-8; save the file as UTF-8"], version) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise WrongSettings([f"{where} is not JSON ({error.msg}); mend it there"], version) from None
    except (ValueError, RecursionError) as error:
        raise WrongSettings([f"it is not JSON ({error}); write an object"], version) from None
    if not isinstance(parsed, _Pairs):
        raise WrongSettings([f'it is not an object; write for example {{"mode": "{MODES[0]}"}}'], version)
    return list(parsed)


class _Pairs(list):
    """The members of a JSON object: unlike a dict it keeps names that stand twice."""


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name.lower(), CHECKS, n=1, cutoff=0)[0]
    return f'{show(name)} is unknown; write "{nearest}" if you mean it, else take it out (known: {", ".join(CHECKS)})'


def _among(words: tuple[str, ...]) -> Callable[[Any], str]:
    return lambda value: "" if isinstance(value, str) and value in words else _shown(value)


def _between(least: float, most: float) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number and least <= value <= most else _shown(value)

    return check


def _names(value: Any) -> str:
    """What is wrong with a list of names; a folder in a name is a mistake, since the dataset is the folder."""
    if not isinstance(value, list):
        return _shown(value)
    wrong = [item for item in value if not isinstance(item, str) or not item or "/" in item]
    return f"a list with {_shown(wrong[0])}" if wrong else ""


def _shown(value: Any) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    return show(value) if isinstance(value, str) else show(json.dumps(value, default=str)).strip("'\"")


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(f'"{word}"' for word in words)


# By name: what to write, and what is wrong with a value, or an empty string. Bounds are those of template.yaml.
CHECKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "mode": (_or(MODES), _among(MODES)),
    "exclude": ('a list of file names without folders, such as ["may.csv", "june.csv@VERSION_ID"]', _names),
    "test_fraction": ("a number from 0.05 to 0.5", _between(0.05, 0.5)),
    "bad_row_tolerance": ("a number from 0 to 0.5", _between(0, 0.5)),
    "date_order": (_or(ORDERS), _among(ORDERS)),
    "decimal": (_or(DECIMALS), _among(DECIMALS)),
}
