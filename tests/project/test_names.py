"""Names that a change left behind: columns and words that the tables no longer have."""

import subprocess

from tests.support.template import ROOT

RANGES_OF_THE_LSTM = "lstm" + "_p"  # the ranges' columns until schema 2; they belong to the forecast now
HISTORY = ("CHANGELOG.md", "docs/decisions/")  # which may say what was


def test_no_file_names_a_column_of_ranges_of_the_lstm():
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name and not name.startswith(HISTORY)]
    assert len(files) > 400
    kept = [file for file in files if file.is_file() and not file.is_symlink()]
    assert [str(file.relative_to(ROOT)) for file in kept if RANGES_OF_THE_LSTM.encode() in file.read_bytes()] == []


# What a run of one file had: its claim, its description and summary in the work bucket, its end as a second.
GONE = ("claim", "manifest", "summary.json", "duplicate of", "as a duplicate", "as duplicates", "take the run over")


def test_no_page_tells_of_runs_of_one_file():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "local" / "README.md"]
    assert len(pages) > 10
    kept = [page for page in pages if page.name not in HISTORY]
    told = [(page.name, word) for page in kept for word in GONE if word in page.read_text().lower()]
    assert told == []
