import dataclasses
import datetime
import json

import pytest

from stocks.dataset.settings import CHECKS, Settings, WrongSettings, parse, version_of
from stocks.dataset.uploads import Upload

DEFAULTS = Settings(test_fraction=0.2, bad_row_tolerance=0.01)
FULL = {
    "mode": "replace",
    "exclude": ["may.csv", "june.csv@v1"],
    "test_fraction": 0.3,
    "bad_row_tolerance": 0,
    "date_order": "day",
    "decimal": "comma",
}


def errors(text):
    with pytest.raises(WrongSettings) as refused:
        parse(text.encode(), DEFAULTS)
    assert refused.value.version == version_of(text.encode())
    return refused.value.errors


def test_without_a_file_the_stack_decides():
    assert parse(None, DEFAULTS) == DEFAULTS
    assert DEFAULTS.version == ""
    assert parse(b"{}", DEFAULTS) == dataclasses.replace(DEFAULTS, version=version_of(b"{}"))


def test_what_the_file_says_stands_over_the_stack():
    assert set(FULL) == set(CHECKS) == {field.name for field in dataclasses.fields(Settings)} - {"version", "since"}
    settings = parse(b"\xef\xbb\xbf" + json.dumps(FULL).encode(), DEFAULTS)
    assert {name: getattr(settings, name) for name in FULL} == FULL | {"exclude": ("may.csv", "june.csv@v1")}


def test_a_file_is_excluded_by_its_name_or_by_one_of_its_versions():
    settings = parse(json.dumps(FULL).encode(), DEFAULTS)
    now = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
    excluded = [
        (name, version)
        for name in ("may.csv", "june.csv", "july.csv")
        for version in ("v1", "v2")
        if settings.excludes(Upload("incoming", f"incoming/US/{name}", version, now))
    ]
    assert excluded == [("may.csv", "v1"), ("may.csv", "v2"), ("june.csv", "v1")]


def test_the_version_is_that_of_the_bytes_and_the_hash_that_of_what_a_run_depends_on():
    one, other = parse(b'{"mode": "append"}', DEFAULTS), parse(b'{ "mode": "append" }', DEFAULTS)
    assert one.version != other.version
    assert one.effective == other.effective == DEFAULTS.effective
    assert parse(b'{"bad_row_tolerance": 0.2}', DEFAULTS).effective == DEFAULTS.effective
    assert parse(b'{"test_fraction": 0.3}', DEFAULTS).effective != DEFAULTS.effective
    assert dataclasses.replace(DEFAULTS, test_fraction=0.3).effective != DEFAULTS.effective


def test_all_errors_are_told_at_once_each_with_what_to_do():
    text = '{"Exlude": ["a.csv"], "test_fraction": 0.9, "mode": "add", "decimal": "comma"}'
    with pytest.raises(WrongSettings) as refused:
        parse(text.encode(), DEFAULTS)
    assert str(refused.value) == (
        "settings.json has 3 errors, so nothing of it is used: "
        "(1) 'Exlude' is unknown; write \"exclude\" if you mean it, else take it out (known: mode, exclude, "
        "test_fraction, bad_row_tolerance, date_order, decimal). "
        '(2) "test_fraction" is 0.9; write a number from 0.05 to 0.5. '
        '(3) "mode" is \'add\'; write "append" or "replace". Upload it again.'
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"mode": true}', '"mode" is true; write "append" or "replace"'),
        ('{"test_fraction": true}', '"test_fraction" is true; write a number from 0.05 to 0.5'),
        ('{"test_fraction": "0.2"}', "\"test_fraction\" is '0.2'; write a number"),
        ('{"bad_row_tolerance": null}', '"bad_row_tolerance" is null; write a number from 0 to 0.5'),
        ('{"date_order": {"a": 1}}', '"date_order" is an object; write "day" or "month"'),
        ('{"exclude": "a.csv"}', "\"exclude\" is 'a.csv'; write a list of file names"),
        ('{"exclude": ["a.csv", "us/b.csv"]}', "\"exclude\" is a list with 'us/b.csv'; write a list of file names"),
        ('{"exclude": [""]}', "\"exclude\" is a list with ''; write"),
        ('{"exclude": [["a.csv"]]}', '"exclude" is a list with ["a.csv"]; write'),
        ('{"mode": "append", "mode": "replace"}', '"mode" stands twice; keep one'),
        ('{"zzz": 1}', "'zzz' is unknown; write"),
        ('["append"]', 'it is not an object; write for example {"mode": "append"}'),
        ('{"mode": "append",\n mode}', "line 2, column 2 is not JSON"),
        ('{"test_fraction": NaN}', "it is not JSON (NaN is not a number of JSON); write an object"),
        ("", "line 1, column 1 is not JSON"),
        ("[" * 100_000, "it is not JSON"),
    ],
)
def test_an_error_says_what_where_and_what_to_do(text, error):
    (only,) = errors(text)
    assert error in only


def test_a_file_that_is_not_utf_8_is_named_by_its_byte():
    with pytest.raises(WrongSettings, match="byte 11 is not UTF-8; save the file as UTF-8"):
        parse('{"mode": "ä"}'.encode("latin-1"), DEFAULTS)


def test_of_very_many_errors_the_first_are_told():
    """A file of 64 KB has thousands of names, and a state machine ends at a cause of 256 KiB."""
    names = [f"n{number}" for number in range(5000)]
    with pytest.raises(WrongSettings) as caught:
        parse(json.dumps(dict.fromkeys(names, 1)).encode(), DEFAULTS)
    assert len(caught.value.errors) == 5000
    assert str(caught.value).startswith("settings.json has 5000 errors, so nothing of it is used: (1) ")
    assert "(20) 'n19' is unknown" in str(caught.value)
    assert str(caught.value).endswith(". And 4980 more. Upload it again.")
    assert len(str(caught.value)) < 10_000


def test_long_values_are_cut():
    (only,) = errors(json.dumps({"mode": "x" * 500}))
    assert len(only) < 120
