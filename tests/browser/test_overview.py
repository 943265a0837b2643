"""The first table: sorted, searched, saved and cut."""

import csv
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from stocks.reporting import charts, wording
from tests.browser import pages
from tests.browser.pages import PHONE, report


def table(page):
    return page.locator("#overview tbody tr:visible th").all_inner_texts()


def test_the_first_table_sorts_by_each_head_and_back(visit):
    names = ["A2", "A10", "B", "C"]
    page = visit(report(names, track=pages.recorded(names[:3])))
    assert table(page) == ["C", "B", "A2", "A10"], "the widest first"
    head = page.locator("#overview thead th")
    by_name = page.get_by_role("button", name="Ticker", exact=True)
    by_name.click()
    assert table(page) == ["A2", "A10", "B", "C"], "as people count"
    assert [each.get_attribute("aria-sort") for each in head.all()] == ["ascending"] + [None] * 7
    by_name.click()
    assert table(page) == ["C", "B", "A10", "A2"]
    page.get_by_role("button", name="Last price in its range").click()
    assert table(page) == ["B", "A10", "A2", "C"], "without a value: last"
    page.get_by_role("button", name="Last price in its range").click()
    assert table(page) == ["A2", "A10", "B", "C"]
    page.get_by_role("button", name="20 days").click()
    assert table(page) == ["C", "B", "A2", "A10"]


def test_the_place_of_the_last_price_is_a_column_once_a_range_was_published(visit, ten):
    head = "#overview thead .spot"
    assert visit(ten).locator(head).is_hidden()
    assert visit(report(["A", "B"], track=pages.recorded(["A"]))).locator(head).is_visible()


def test_the_first_table_is_searched(visit, ten):
    page = visit(ten)
    assert page.locator("#count").inner_text() == "10 tickers"
    page.locator("#search").fill("o")
    assert sorted(table(page)) == ["CORVO", "HOLT", "IVORY"]
    assert page.locator("#count").inner_text() == "3 of 10"
    page.locator("#search").press("Enter")
    expect(page.locator("#chart-title")).to_have_text("IVORY")
    page.locator("#search").fill("nothing")
    assert table(page) == []
    page.locator("#search").press("Enter")
    assert page.locator("#count").inner_text() == "0 of 10"


def test_the_csv_holds_what_the_table_shows(visit):
    names = ['A"B, C', "BRK.B", "\u682a"]
    page = visit(report(names, track=pages.recorded(names)))
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    assert saved.value.suggested_filename == "us-0123456789ab.csv"
    with Path(saved.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["ticker"] for row in rows] == page.locator("#overview tbody th").all_text_contents()
    for row, line in zip(rows, page.locator("#overview tbody tr").all(), strict=True):
        cells = line.locator("td").all_inner_texts()
        assert cells[1].startswith(wording.price(float(row["last_price"])))
        assert cells[4].startswith(f"± {float(row['expected_move_20d_pct']):.1f} %")
        assert cells[6].startswith(f"{float(row['held80_backtest']) * 100:.1f} %")
        assert row["last_day"] == "2021-12-15"
        assert row["place_in_published_range"]


def test_prices_are_written_as_the_page_without_scripts_writes_them(visit, ten):
    values = [
        *(10 ** np.random.default_rng(1).uniform(-9, 12, 3000)).tolist(),
        0.5,
        1,
        9.99999,
        10.125,
        99_999.999,
        1e-6,
        1e9,
    ]
    page = visit(ten)
    assert page.evaluate("values => values.map(price)", values) == [wording.price(value) for value in values]


def test_long_names_are_cut_and_kept_whole_in_their_title(visit):
    name = "A-NAME-OF-SIXTY-CHARACTERS-THAT-NO-COLUMN-HAS-ROOM-FOR-AT-ALL"
    page = visit(report([name, "B"]), device=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    link = page.locator("#overview a", has_text=name)
    assert link.bounding_box()["width"] < 160
    assert link.get_attribute("title") == name


def test_a_ticker_without_a_chart_says_where_its_prices_are(visit, monkeypatch):
    monkeypatch.setattr(charts, "MOST_CHARTS", 2)
    page = visit(report(["A", "B", "O'NEIL"]))
    assert page.locator("#overview tbody tr").count() == 3
    assert page.locator("#tickers li").count() == 2
    page.locator("#overview a", has_text="A").last.click()
    expect(page.locator("#absent")).to_contain_text("no chart of A.")
    page.locator("#tickers li").first.click()
    expect(page.locator("#absent")).to_be_hidden()
