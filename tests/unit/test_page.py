import hashlib
import html.parser
import json
import re

import jinja2
import pytest

from stocks.reporting import glance, tables
from stocks.reporting import page as report
from stocks.reporting.facts import FileRead
from tests.support import results
from tests.support import shards as made
from tests.support.prices import walk


class Page(html.parser.HTMLParser):
    """The page's elements, text and data."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.inside = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "input", "br"):
            self.inside.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.inside.pop()[0] == tag

    def handle_data(self, data):
        if self.inside and self.inside[-1][1].get("id") == "data":
            self.data = json.loads(data)
        elif self.inside and self.inside[-1][0] not in ("script", "style"):
            self.text.append(data)

    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def page():
    return Page(results.page())


def test_the_table_of_tickers_has_forecast_and_lstm_of_every_horizon(page):
    assert (
        "Forecast, 1 day LSTM, 1 day Forecast, 5 days LSTM, 5 days Forecast, 20 days LSTM, 20 days "
        "Random Forest, 1 day 80 % range held"
    ) in page.words()


def test_the_figures_below_the_headline_are_those_of_their_models():
    figures = {label: figure for figure, label in report._figures(results.pooled(forecast=0.99, lstm=1.01))}
    assert list(figures.values()) == ["0.990\u00d7", "1.010\u00d7", "6.9\u00d7", "79.8 %", "3.0 % less"]
    assert ["forecast" in label or "LSTM" in label for label in figures] == [True, True, False, False, False]


def test_the_page_says_once_that_the_middle_of_a_range_may_lie_above_the_forecast(page):
    assert page.words().count("Its middle may lie a little above the forecast") == 1


def test_the_page_says_how_the_file_was_read(page):
    said = (
        "incoming/us/prices.csv was read as UTF-8, commas, one row per ticker and day; days year first, decimal point"
    )
    assert f"{said}; columns" in page.words()
    assert "; not read: 'dividends'" in page.words()
    assert "file's name" not in page.words()
    assert "12 files, 1 of them new; the newest is incoming/us/prices.csv (version v1)" in page.words()
    assert "Not read in time" not in page.words()


def test_the_page_says_that_the_name_of_the_ticker_came_from_the_file():
    notes = ["the text is GB18030", "3 lines below the rows are left out, from line 9 <b>"]
    reading = results.READING | {"ticker_from": "file name", "notes": notes}
    words = Page(results.page(changed={"read": [FileRead("incoming/us/KO.csv", 0, reading)]})).words()
    assert f"; ticker from the file's name; {'; '.join(notes)}" in words


def test_the_page_says_of_each_of_some_files_how_it_was_read():
    files = [FileRead(f"incoming/us/{name}.csv", 0, results.READING | {"notes": [name]}) for name in ("may", "june")]
    words = Page(results.page(changed={"read": files})).words()
    for name in ("may", "june"):
        assert f"incoming/us/{name}.csv was read as UTF-8" in words
        assert f"; {name}" in words


def test_the_page_names_the_files_that_were_not_read_in_time():
    missing = ["incoming/us/a.csv", "incoming/us/<i>.csv"]
    assert f"Not read in time {', '.join(missing)}" in Page(results.page(changed={"missing": missing})).words()


def test_the_page_asks_for_nothing_from_elsewhere(page):
    policy = next(
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    for tag, attributes in page.tags:
        assert not attributes.get("src"), tag
        assert attributes.get("href", "data:").startswith(("data:", "#")), "only a ticker's own place"


def test_every_part_of_the_page_is_filled_in(page):
    assert "{{" not in results.page()
    for words in (
        "AAA", "JAJIL.CQ", "Random Forest", "1.000\u00d7", "61 rows before the test period",
        "2 rows of 12 files could not be used",
        "under s3://lake/rejected/dataset=us/", "us-0123456789ab", "Rows 940 in 2 shards", "$0.008",
        "200 s on ml.m5.large", "2026-11-23 03:40:00 UTC",
    ):  # fmt: skip
        assert words in page.words(), words


def test_a_part_that_is_missing_is_an_error(monkeypatch):
    view = report.view
    monkeypatch.setattr(report, "view", lambda *parts: {k: v for k, v in view(*parts).items() if k != "lead"})
    with pytest.raises(jinja2.UndefinedError, match="'lead' is undefined"):
        results.page()


def test_nothing_but_our_own_style_and_script_goes_into_the_page_unescaped():
    templates = "".join(file.read_text(encoding="utf-8") for file in report.TEMPLATES.iterdir())
    assert re.findall(r"(\w+) *\| *safe", templates) == ["uplot_css", "css", "uplot_js", "js"]
    assert "autoescape" not in templates


def test_every_table_has_a_caption_and_column_heads(page):
    ours = ("ahead", "overview")  # the script gives the one its caption; the other is its section's first part
    tables = [attributes for tag, attributes in page.tags if tag == "table" and attributes.get("id") not in ours]
    captions = [tag for tag, _ in page.tags if tag == "caption"]
    assert len(tables) == len(captions) == 7
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")


def test_every_region_has_a_name_of_its_own(page):
    names = [attributes["aria-label"] for _, attributes in page.tags if attributes.get("role") == "region"]
    assert len(set(names)) == len(names) == 9


def test_the_input_has_a_label(page):
    assert ("label", {"for": "find"}) in page.tags


def test_the_charts_data_is_in_the_page(page):
    assert [chart["ticker"] for chart in page.data["charts"]] == ["AAA", "BBB", "JAJIL.CQ"]
    assert page.data["steps"] == 100_000


def test_the_page_says_for_each_horizon_how_far_the_lstm_is_believed_and_why(page):
    assert "1 day 12 % Prices followed its forecasts more closely than chance explains, on 182" in page.words()
    assert (
        "5 days 0 % Prices did not follow its forecasts more than chance explains: "
        "of a foreseen change 65 % came true, give or take 146 %."
    ) in page.words()
    assert ("20 days 0 % Not enough to judge it by: 9 independent stretches of days, 30 are needed.") in page.words()


def test_the_page_says_when_no_lstm_was_trained():
    page = Page(results.page(changed=results.untrained(), lstm=0.0))
    headline = "No LSTM was trained: the file has too few rows to learn from."
    assert page.words().partition("Forecasts from 23 Mar 2021 ")[2].startswith(headline)
    assert f"No LSTM was trained: {results.FALLBACK[0]}." in page.words()
    assert {chart["lstm"] == [] for chart in page.data["charts"]} == {True}


NASTY = ["</script><script>alert(1)</script>", "</script x", "<!--<script>", "A&B \"'<i>", "{{facts}}"]


def test_a_tickers_name_is_never_markup():
    shard = made.shard({name: walk(i, 300) for i, name in enumerate(NASTY)})
    skipped = [{"ticker": "<b>x", "reason": "<img src=x onerror=alert(1)>"}]
    changed = {"left_out": skipped, "source_key": "incoming/us/<script>.csv"}
    text = results.page([shard], changed)
    plain, nasty = Page(results.page()), Page(text)
    data = text.partition('id="data">')[2].partition("</script>")[0]
    assert not set(data) & set("<>&")
    for tag in ("script", "b", "i", "img"):
        assert [t for t, _ in plain.tags].count(tag) == [t for t, _ in nasty.tags].count(tag), tag
    assert [chart["ticker"] for chart in nasty.data["charts"]] == sorted(NASTY)
    for name in NASTY:
        assert name in nasty.words()


def test_nothing_left_out_is_said_too():
    words = Page(results.page(changed={"left_out": [], "rejected_rows": 0, "health": []})).words()
    assert "0 rows of 12 files could not be used." in words
    assert "Every ticker has a forecast." in words
    assert "Nothing in the prices looks wrong." in words


def test_a_run_without_test_days_still_has_its_page():
    ended = made.shard({"A": walk(1, 261)})
    page = Page(results.page([ended]))
    assert "too few recent days" in page.words()
    assert page.data["charts"][0]["actual"] == []


def test_an_unknown_price_is_not_made_up():
    assert "no list price known" in Page(results.page(changed={"cost_usd": None})).words()


def test_the_page_says_when_it_does_not_show_all(monkeypatch):
    monkeypatch.setattr(report.charts, "MOST_CHARTS", 2)
    monkeypatch.setattr(report.charts, "MOST_TEST_DAYS", 80)
    monkeypatch.setattr(glance, "MOST_BYTES", 2 * glance.ROW_BYTES + 600)
    monkeypatch.setattr(tables, "MOST_SKIPPED", 1)
    words = Page(results.page(changed={"left_out": [{"ticker": name, "reason": "few"} for name in "XY"]})).words()
    assert "2 of 3 tickers have a chart" in words
    assert "Forecasts stand beside the last 40 test days." in words
    assert "1 narrower ticker had no room here; SQL has all." in words
    assert "1 more are in the metrics table" in words
    assert "The first 1 are shown." in words


def test_ten_tickers_stay_under_a_megabyte():
    shard = made.shard({f"T{i}": walk(i, 520) for i in range(10)})
    assert len(results.page([shard]).encode()) < 1_000_000


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("uPlot.iife.min.js", "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"),
        ("uPlot.min.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
        ("uPlot.LICENSE", "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd"),
    ],
)
def test_the_chart_library_is_the_published_one(name, digest):
    """npm's uplot 1.6.32, unchanged."""
    content = (report.ASSETS / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest
    assert b"</script" not in content
    if name.endswith(".js"):
        assert f"(v{report.UPLOT_VERSION})".encode() in content


def test_our_own_script_and_style_cannot_end_their_elements():
    for name in ("format.js", "table.js", "chart.js", "report.js", "report.css"):
        assert not re.search(r"</(script|style)|<!--", (report.ASSETS / name).read_text(encoding="utf-8"))
