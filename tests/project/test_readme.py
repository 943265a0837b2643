"""What the README and the pages of docs/ promise exists."""

import csv
import re
import shlex
import subprocess
import sys

import pytest

from stockcast import check, parser
from stocks.schemas import SCHEMAS
from tests.corpus.forms import asia, crypto, english, europe, exchanges, libraries, programs, vendors
from tests.support.template import ROOT, template

README = (ROOT / "README.md").read_text()
FILES = (ROOT / "docs" / "files.md").read_text()
QUERYING = (ROOT / "docs" / "querying.md").read_text()
PAGES = {path: path.read_text() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]}
MAKEFILE = (ROOT / "Makefile").read_text()


def commands() -> list[str]:
    """Every command shown: in blocks, and inline where it begins with a program of ours."""
    blocks = [block for page in (README, FILES, QUERYING) for block in code_blocks(page)]
    lines = [line for block in blocks for line in block.splitlines()]
    inline = r"`((?:make|\.venv/bin/(?:python|stockcast)|sam) [^`]+)`"
    return lines + [line for page in (README, FILES, QUERYING) for line in re.findall(inline, page)]


def code_blocks(page: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_every_make_target_exists():
    named = {word for line in commands() for word in re.findall(r"^make ([a-z-]+)", line)}
    assert {"run", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_command_that_a_page_shows_is_known_to_the_parser():
    """With its words: a page shows no option that has gone. The changelog and the decisions tell of their time."""
    shown = [(page.name, words) for page, text in PAGES.items() if not is_history(page) for words in typed(text)]
    assert {words.split()[0] for _, words in shown} >= {"run", "check", "query", "dataset", "env", "delete-dataset"}
    for page, words in shown:
        split = shlex.split(words)
        assert split[0] in parser.COMMANDS, (page, words)
        if split[1:] not in ([], ["..."]):  # a command that is named only, or shown without its words
            assert parser.read(split).command == split[0], (page, words)


def is_history(page) -> bool:
    """The changelog and the decisions tell of their time."""
    return page.parent.name == "decisions" or page.name == "CHANGELOG.md"


def typed(page: str) -> list[str]:
    """What follows the word stockcast in lines of blocks and between back quotes, up to a comment or a pipe."""
    lines = [line for block in code_blocks(page) for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", page)
    return [words for line in lines for words in re.findall(r"(?:^|[\s(/`])stockcast ([a-z][^`#|>)]*)", line)]


def test_no_page_names_the_older_way_to_type_a_command():
    older = re.compile(r"python -m local \w")
    assert [page.name for page, text in PAGES.items() if older.search(text) and not is_history(page)] == []


def test_the_older_way_still_works():
    command = [sys.executable, "-m", "local", "--version"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == f"stockcast {parser.version()}\n"


def test_every_folder_of_the_readme_exists():
    folders = re.findall(r"^\| `([a-z]+/)` \|", README, re.MULTILINE)
    assert len(folders) > 10
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_every_link_of_every_page_leads_somewhere():
    links = [(page, target) for page, text in PAGES.items() for target in re.findall(r"\]\(([^):]+)\)", text)]
    assert len(links) > 30
    assert [(page.name, target) for page, target in links if not leads_somewhere(page, target)] == []


def leads_somewhere(page, target: str) -> bool:
    """Whether the file exists and, where the link names a heading, the heading too."""
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or anchor in anchors(file.read_text()))


def anchors(text: str) -> set[str]:
    """The headings' anchors as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("table", ["predictions", "metrics"])
def test_the_columns_shown_are_those_of_the_tables(table):
    (shown,) = re.findall(rf"^\| `{table}` \|.*\| `([^`]+)` \|$", QUERYING, re.MULTILINE)
    keys: list[str] = {"predictions": [], "metrics": ["ticker", "model", "horizon"]}[table]
    assert keys + shown.split() == SCHEMAS[table].names


def test_the_outputs_named_are_those_of_the_stack():
    named = set(re.findall(r"<([A-Z]\w+)>", README))
    assert named
    assert named <= set(template()["Outputs"])


def test_the_files_said_to_be_read_are_those_of_the_corpus():
    shown = re.findall(r"^\| \[\w+\.py\]\(\.\./tests/corpus/forms/(\w+)\.py\) \| (.+) \|$", FILES, re.MULTILINE)
    modules = (english, vendors, libraries, programs, crypto, europe, asia, exchanges)
    written = {module.__name__.split(".")[-1]: [form.site for form in module.FORMS] for module in modules}
    assert {name: sites.split(" · ") for name, sites in shown} == written


def test_the_titles_are_in_as_many_languages_as_said():
    with (ROOT / "functions" / "stocks" / "reading" / "titles.csv").open(encoding="utf-8", newline="") as file:
        languages = {row["language"] for row in csv.DictReader(file)}
    assert f"in {len(languages)} languages" in FILES


def test_the_keys_of_a_check_are_those_shown():
    (section,) = re.findall(r"## What `check --json` prints\n(.*)", FILES, re.DOTALL)
    first = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    assert {key for cell in first for key in re.findall(r"`(\w+)`", cell)} == set(check.EMPTY)


def test_the_check_shown_is_what_it_prints():
    (shown,) = re.findall(r"^```\n(examples/prices\.csv: .*?)^```", FILES, re.MULTILINE | re.DOTALL)
    answer = check.check(str(ROOT / "examples" / "prices.csv")).answer
    assert shown.splitlines() == list(check.in_words("examples/prices.csv", answer))
