"""What a reader of the report sees and does, in a real browser."""

import urllib.parse
from pathlib import Path

import pytest
from playwright.sync_api import expect

from stocks.reporting import charts
from tests.browser import pages
from tests.browser.pages import DESKTOP, PHONE, report

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
NASTY = [
    "</script><script>alert(1)</script>", "</script x", "<img src=x onerror=alert(1)>", "<!--<script>",
    "A&amp;B \"quoted\" 'i'", "\u682a\u5f0f \u00c5\u00df \U0001f4c8", "\u202egnp.exe", "__proto__",
    "{{facts}}", "${alert(1)}",
]  # fmt: skip


def scrolled_away(page, node):
    """Whether a cell lies beyond its scrolling table's edges or under its head, where axe cannot see it."""
    return page.locator(node["target"][0]).evaluate(
        """cell => {
            const box = cell.getBoundingClientRect(), own = cell.closest(".scroll")?.getBoundingClientRect();
            return own !== undefined && (box.right > own.right - 16 || box.bottom > own.bottom - 4);
        }"""
    )


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_axe_finds_no_fault(visit, ten, color_scheme, device):
    page = visit(ten, color_scheme, device)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    checked = page.evaluate("rules => axe.run(rules)", RULES)
    assert {"color-contrast", "label", "button-name"} <= {rule["id"] for rule in checked["passes"]}
    assert [(rule["id"], node["html"]) for rule in checked["violations"] for node in rule["nodes"]] == []
    unmeasured = [rule["nodes"] for rule in checked["incomplete"] if rule["id"] == "color-contrast"]
    assert [node["html"] for nodes in unmeasured for node in nodes if not scrolled_away(page, node)] == []


def test_names_are_text_whatever_they_hold(visit):
    skipped = [{"ticker": name, "reason": name} for name in NASTY]
    page = visit(report(NASTY, left_out=skipped, source_key=f"incoming/us/{NASTY[1]}.csv"))
    assert sorted(page.locator("#tickers span").all_text_contents()) == sorted(NASTY)
    links = page.locator("#overview tbody a")
    assert sorted(links.all_text_contents()) == sorted(NASTY)
    assert page.locator("main img, main script, main b:not([id])").count() == 0
    for place, name in enumerate(page.locator("#tickers span").all_text_contents()):
        for target in (page.locator("#tickers li").nth(place), links.nth(place)):
            page.evaluate("document.getElementById('chart-title').textContent = ''")
            target.click()
            expect(page.locator("#chart-title")).to_have_text(name, use_inner_text=False)
            assert page.locator("#chart").get_attribute("aria-label").startswith(f"{name}: ")
            assert urllib.parse.unquote(page.evaluate("location.hash")) == f"#{name}"


def test_a_ticker_is_found_with_the_keyboard_alone(visit, ten):
    page = visit(ten)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search"
    page.locator("#find").focus()
    page.keyboard.type("jaj")
    assert page.locator("#tickers li:visible span").all_inner_texts() == ["JAJIL.CQ"]
    page.keyboard.press("Enter")
    assert page.locator("#chart-title").inner_text() == "JAJIL.CQ"
    page.locator("#find").fill("nothing like it")
    page.keyboard.press("Enter")
    assert page.locator("#chart-title").inner_text() == "JAJIL.CQ"


def test_the_list_is_one_stop_of_the_tab_key_and_arrows_and_letters_move_in_it(visit, ten):
    page = visit(ten)
    title = page.locator("#chart-title")
    page.locator("#find").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "tickers"
    names = page.locator("#tickers span").all_inner_texts()
    seen = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowDown", "Home", "h", "PageDown"):
        page.keyboard.press(key)
        seen.append(title.inner_text())
        active = page.locator("#tickers").get_attribute("aria-activedescendant")
        assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
        assert page.locator("#tickers [aria-selected=true] span").all_inner_texts() == [seen[-1]]
    assert seen == [names[1], names[2], names[1], names[-1], names[-1], names[0], "HOLT", names[-1]]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") not in ("tickers", "find")


def test_the_table_leads_to_the_chart_and_so_does_the_address(visit, ten):
    page = visit(ten)
    page.locator("#overview a", has_text="IVORY").click()
    expect(page.locator("#chart-title")).to_have_text("IVORY")
    expect(page.locator("#chart-title")).to_be_in_viewport()
    page.locator("#tickers li").first.click()
    page.evaluate("scrollTo(0, 0)")
    page.locator("#overview a", has_text="IVORY").click()
    page.evaluate("scrollTo(0, 0)")
    page.locator("#overview a", has_text="IVORY").click()
    expect(page.locator("#chart-title")).to_have_text("IVORY")
    expect(page.locator("#chart-title")).to_be_in_viewport()
    page.go_back()
    page.goto(page.url.partition("#")[0] + "#GARDA")
    page.reload()
    expect(page.locator("#chart-title")).to_have_text("GARDA")
    expect(page.locator("#chart-title")).to_be_in_viewport()


def test_a_query_is_copied(visit, ten):
    page = visit(ten)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    box = page.locator("details.query", has_text="rmse_vs_naive_median")
    box.locator("summary").click()
    box.get_by_role("button").click()
    expect(box.get_by_role("button")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("select horizon, model, rmse_vs_naive")
    assert "dataset = 'us' and run_id = 'us-0123456789ab'" in copied


def test_a_phone_shows_chart_and_legend_without_scrolling_sideways(visit, ten):
    page = visit(ten, device=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#legend").scroll_into_view_if_needed()
    chart, legend = (page.locator(selector).bounding_box() for selector in ("#chart canvas", "#legend"))
    assert chart["x"] >= 0
    assert chart["x"] + chart["width"] <= 390
    assert chart["width"] > 300
    assert chart["height"] > 200
    assert legend["height"] + chart["height"] < 844, "a value is read while the chart is seen"
    for part in page.locator("#legend button, #legend b").all():
        box = part.bounding_box()
        assert box is None or box["x"] + box["width"] <= 390, part.inner_text()


def test_a_thousand_tickers_open(visit):
    text = report(1000)
    assert len(text.encode()) < 15_000_000
    page = visit(text)
    assert page.evaluate("document.readyState") == "complete"
    rows = page.locator("#overview tbody tr")
    assert rows.count() == 200
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(400)
    assert rows.last.is_visible()
    assert page.locator("#count").inner_text() == "1,000 tickers"
    page.locator("#search").fill("T000")
    expect(rows).to_have_count(10)
    assert page.locator("#tickers li").count() == charts.MOST_CHARTS
    assert pages.drawn(page)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    print(f"{len(text.encode()) / 1e6:.1f} MB, interactive after {timing['domInteractive'] / 1000:.2f} s")
    page.locator("#find").fill("T0999")
    page.locator("#find").press("Enter")
    assert page.locator("#chart-title").inner_text() == "T0999"


def test_a_run_without_anything_to_chart_hides_its_charts(browser, tmp_path, ten):
    before, _, after = ten.partition('"charts":[{')
    empty = before + '"charts":[]}' + after[after.index("</script>") :]
    (tmp_path / "empty.html").write_text(empty, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "empty.html").as_uri())
    assert page.locator("#charts").is_hidden()
    page.close()


def test_without_javascript_the_tables_are_there(browser, tmp_path, ten):
    (tmp_path / "plain.html").write_text(ten, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "plain.html").as_uri())
    assert page.get_by_role("cell").count() > 50
    assert page.get_by_role("table").first.get_by_role("rowheader").count() == 10
    assert page.locator(".tools").is_hidden()
    assert page.locator("#overview a", has_text="ELM").get_attribute("href") == "#ELM"
    assert page.locator(".explorer").is_hidden()
    assert page.locator("noscript").count() == 1  # which Chromium shows only where scripts were off from its start
    context.close()
