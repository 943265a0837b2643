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
