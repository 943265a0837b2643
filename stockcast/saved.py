"""SQL as it is named: text, a file, standard input, or a saved query of queries/."""

import re
import stat
import sys
from pathlib import Path

from stockcast.target import near
from tools.aws import Problem
from tools.generate import queries

STDIN = "-"
MOST_BYTES = 262_144  # of a statement, by Athena


def names() -> dict[str, queries.File]:
    """The saved queries by their names without the number before them."""
    return {query.name.partition("_")[2]: query for query in queries.named_queries()}


def sql_of(given: str) -> str:
    """The statement that was meant. Raises Problem where there is none."""
    if not given.strip():
        raise Problem("no SQL was given; `stockcast query --list` names the saved queries")
    if given == STDIN:
        return _checked(_standard_input(), "standard input")
    if query := named(given):
        return query.sql
    if _is_path(given):
        return _checked(_read(Path(given)), given)
    if re.fullmatch(r"[\w-]+", given):
        meant = near(given, list(names())) or "; `stockcast query --list` names them"
        raise Problem(f"there is no saved query {given[:60]}{meant}")
    return _checked(given.encode(), "the SQL")


def named(given: str) -> queries.File | None:
    """The saved query of this name, with or without its number."""
    word = given.strip().rstrip(";").lower().removesuffix(".sql")
    return names().get(re.sub(r"^\d+_", "", word.replace("-", "_")))


def _is_path(given: str) -> bool:
    """Whether it looks like a file's name, or is one; SQL may be longer than any name can be."""
    if re.fullmatch(r"\S+\.sql", given, re.IGNORECASE) or re.fullmatch(r"[^\s()]*/[^\s()]*", given):
        return True
    try:
        return Path(given).exists()
    except (OSError, ValueError):
        return False


def _read(file: Path) -> bytes:
    try:
        kind = file.stat().st_mode
        if stat.S_ISDIR(kind):
            raise Problem(f"{file} is a folder; name one file of SQL in it")
        if stat.S_ISREG(kind) and file.stat().st_size > MOST_BYTES:
            raise Problem(f"{file} is longer than the {MOST_BYTES:,} bytes that Athena takes")
        with file.open("rb") as body:
            return body.read(MOST_BYTES + 1)
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}") from None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise Problem("standard input is closed; give SQL or a file")
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def _checked(body: bytes, where: str) -> str:
    if len(body) > MOST_BYTES:
        raise Problem(f"{where} is longer than the {MOST_BYTES:,} bytes that Athena takes")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(f"{where} is no text in UTF-8") from None
    if "\0" in text:
        raise Problem(f"{where} is no text")
    if not text.strip():
        raise Problem(f"{where} is empty")
    return text
