"""The fuzzer finds what it is for; its minutes of work are a command of their own."""

import random

import pytest

from benchmarks import fuzz, mutations


def test_an_input_that_crashes_its_reader_stays_in_the_file(tmp_path, monkeypatch):
    def fragile(body: bytes) -> str:
        if b"\0" in body:
            raise KeyError(body)
        return fuzz.ACCEPTED

    monkeypatch.setattr(fuzz, "targets", lambda: [fuzz.Target("fragile", [b"good"], 100, fragile)])
    with pytest.raises(KeyError) as crash:
        fuzz.feed(60, 1, tmp_path / "current")
    found = (tmp_path / "current").read_bytes()
    assert b"\0" in found
    assert crash.value.args == (found,)


def test_a_seed_gives_the_same_inputs_again():
    once, again = (
        [mutations.changed(choose, [b"a,b\n1,2\n", b"xyz"], 1000) for _ in range(200)]
        for choose in (random.Random(5), random.Random(5))  # noqa: S311
    )
    assert once == again
    assert len(set(once)) > 100


@pytest.mark.parametrize("target", fuzz.targets(), ids=lambda target: target.name)
def test_a_seed_is_accepted_or_rejected_and_some_are_accepted(target):
    """Each file among the seeds is read in test_corpus.py, too; here a tenth of them."""
    seeds = target.seeds[:: max(1, len(target.seeds) // 30)]
    assert {target.read(seed) for seed in seeds} == {fuzz.ACCEPTED, fuzz.REJECTED}


def without_rows(monkeypatch, name: str, drop) -> None:
    given = getattr(fuzz.intake.Intake, name)
    monkeypatch.setattr(fuzz.intake.Intake, name, lambda self, *of: drop(given(self, *of)))


@pytest.mark.parametrize(
    ("name", "drop", "said"),
    [
        ("stored", lambda rows: rows[:0], "0 rows stored and 0 bad of 1"),
        ("part", lambda part: ({"day": part[0]["day"][:0]}, part[1]), "0 rows in parts, of 1 days of tickers"),
    ],
)
def test_a_reader_that_loses_rows_is_a_crash(monkeypatch, name, drop, said):
    without_rows(monkeypatch, name, drop)
    with pytest.raises(AssertionError, match=said):
        fuzz.read_csv(b"date,close\n2024-01-02,1\n")


def test_memory_above_the_bound_fails_the_command(monkeypatch, tmp_path, capsys):
    def ran(*_, **__):
        (tmp_path / "counts.json").write_text('{"CSV files": {"accepted": 2, "rejected": 1}}')
        return fuzz.children.Cost(1.0, 1.0, float(fuzz.MOST_MIB))

    monkeypatch.setattr(fuzz.children, "run", ran)
    monkeypatch.setattr("sys.argv", ["fuzz", "--out", str(tmp_path)])
    assert fuzz.main() == 1
    assert "| CSV files | 3 | 2 | 1 | 0 |" in capsys.readouterr().out


def test_the_page_gets_what_was_tried(monkeypatch, tmp_path):
    def ran(*_, **__):
        (tmp_path / "counts.json").write_text('{"CSV files": {"accepted": 2, "rejected": 1}}')
        return fuzz.children.Cost(1.0, 1.0, 300.0)

    page = tmp_path / "page.md"
    page.write_text("before\n<!-- fuzz: written by it -->\nolder\n<!-- end of fuzz -->\nbehind\n")
    monkeypatch.setattr(fuzz.children, "run", ran)
    monkeypatch.setattr(fuzz, "DOCUMENT", page)
    monkeypatch.setattr("sys.argv", ["fuzz", "--out", str(tmp_path), "--seed", "7", "--seconds", "60", "--write"])
    assert fuzz.main() == 0
    written = page.read_text()
    assert "| CSV files | 3 | 2 | 1 | 0 |\n\nSeed 7, 60 seconds on " in written
    assert "peak memory 300 MiB of 512.\n<!-- end of fuzz -->\nbehind" in written
    assert "older" not in written
