"""The records in docs/decisions/ are complete, numbered without gaps, and listed."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_the_records_are_numbered_without_gaps():
    numbers = [int(file.name[:4]) for file in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))
    assert len(numbers) >= 60


def test_each_record_has_a_date_a_context_a_decision_and_a_consequence():
    sections = "".join(rf"\n## {name}\n\n(.+)\n" for name in ("Context", "Decision", "Consequence"))
    form = rf"# (\d+)\. .+\n\nDate: (\d{{4}}-\d\d-\d\d)\n(?:\nSuperseded by .+\n)?{sections}"
    matches = {file.name: re.fullmatch(form, file.read_text(), re.DOTALL) for file in RECORDS}
    assert [name for name, match in matches.items() if match is None] == []
    assert [name for name, match in matches.items() if match and int(match[1]) != int(name[:4])] == []


def test_a_superseded_record_and_the_later_one_name_each_other():
    texts = {file.name: file.read_text() for file in RECORDS}
    named = {(old, later) for old, text in texts.items() for later in superseding(text)}
    assert len(named) >= 3
    assert [pair for pair in named if pair[0] > pair[1]] == []
    assert named == {(old, later) for later, text in texts.items() for old in superseded(text)}


def superseding(text: str) -> list[str]:
    """The files of the records that a record says have superseded it."""
    return re.findall(r"^Superseded by \[\d{4}\]\((.+)\)\.$", text, re.MULTILINE)


def superseded(text: str) -> list[str]:
    """The files of the records that a record says it supersedes."""
    sentences = re.findall(r"This\ssupersedes\s(.+?)\.\s", text, re.DOTALL)
    return [file for sentence in sentences for file in re.findall(r"\]\((.+?)\)", sentence)]


def test_the_index_lists_each_record_newest_first():
    index = re.findall(r"^\| \[(\d+)\]\((.+?)\) \| (\S+) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    headings = [file.read_text().split("\n", 3) for file in reversed(RECORDS)]
    assert index == [
        (file.name[:4], file.name, lines[2].removeprefix("Date: "), lines[0].split(". ", 1)[1])
        for file, lines in zip(reversed(RECORDS), headings, strict=True)
    ]
