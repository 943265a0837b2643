"""What a reader of the report sees and does, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

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
    """Whether a cell lies beyond its table's right edge, where axe cannot see it; on a desktop it does."""
    box = page.locator(node["target"][0]).bounding_box()
    return box["x"] + box["width"] > page.viewport_size["width"] - 16


def values(page):
    """What the legend says of each line."""
    names = ("real", "forecast", "lstm", "forest", "naive", "inner")
    return {name: page.locator(f"#value-{name}").inner_text() for name in names}


def drawn(page):
    """Whether the chart holds more than one colour."""
    return page.locator("#chart canvas").evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size > 9;
        }"""
    )


def shown(page):
    """The first and last instant that the chart shows, in seconds, read off under the pointer."""
    box = page.locator("#chart .u-over").bounding_box()
    days = []
    for x in (box["x"] + 1, box["x"] + box["width"] - 1):
        page.mouse.move(x, box["y"] + box["height"] / 2)
        days.append(page.evaluate("Date.parse(document.getElementById('day').textContent + ' UTC') / 1000"))
    return days


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
    assert sorted(page.locator(".go").all_text_contents()) == sorted(NASTY)
    assert page.locator("main img, main script, main b:not([id])").count() == 0
    for index, name in enumerate(sorted(NASTY)):
        page.locator("#tickers button").nth(index).click()
        assert page.locator("#chart-title").text_content() == name
        assert page.locator("#chart").get_attribute("aria-label").startswith(f"{name}: ")


def test_the_values_under_the_pointer_are_said(visit, ten):
    page = visit(ten)
    box = page.locator("#chart .u-over").bounding_box()
    seen = []
    for share in (0.2, 0.5):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 50)
        seen.append((page.locator("#day").inner_text(), *values(page).values()))
    assert seen[0] != seen[1]
    assert all(any(character.isdigit() for character in value) for line in seen for value in line)
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 50)
    assert values(page)["real"] == values(page)["naive"] == "\u2013"
    last = page.locator("#ahead tbody tr").last.locator("td").all_inner_texts()
    assert [values(page)[name] for name in ("forecast", "lstm")] == last[:2]
    assert " \u2013 " in page.locator("#value-outer").inner_text()


def test_a_drag_zooms_and_a_double_click_shows_all(visit, ten):
    page = visit(ten)
    page.get_by_role("button", name="All", exact=True).click()
    box, (first, last) = page.locator("#chart .u-over").bounding_box(), shown(page)
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 90, steps=5)
    page.mouse.up()
    begin, end = shown(page)
    assert first < begin < end < last
    assert (end - begin) == pytest.approx((last - first) * 0.3, rel=0.1)
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + 90)
    assert shown(page) == [first, last]


def test_the_buttons_change_the_time_shown(visit, ten):
    page = visit(ten)
    three_months = shown(page)
    page.get_by_role("button", name="1 month").click()
    month = shown(page)
    page.get_by_role("button", name="All", exact=True).click()
    every = shown(page)
    assert every[0] < three_months[0] < month[0]
    assert page.locator(".spans [aria-pressed=true]").all_inner_texts() == ["All"]


@pytest.mark.parametrize("line", ["Forecast", "LSTM", "Random Forest"])
def test_a_line_is_hidden_and_shown_again(visit, ten, line):
    page = visit(ten)
    whole = page.locator("#chart").screenshot()
    button = page.locator("#legend button", has_text=line)
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert page.locator("#chart").screenshot() != whole
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#chart").screenshot() == whole


def test_the_next_forecasts_stand_in_a_table_with_the_expected_move(visit, ten):
    page = visit(ten)
    assert page.locator("#ahead thead th").all_inner_texts() == [
        "For", "Forecast", "LSTM", "Expected move", "80 % range", "95 % range",
    ]  # fmt: skip
    assert [row.locator("td").nth(2).inner_text() for row in page.locator("#ahead tbody tr").all()] == [
        "± 1.0 %", "± 2.0 %", "± 4.0 %",
    ]  # fmt: skip


def test_without_an_lstm_neither_legend_nor_table_has_its_place(visit):
    page = visit(report(2, lstm=0.0))
    assert "LSTM" not in page.locator("#legend").inner_text()
    assert "LSTM" not in page.locator("#ahead").inner_text()
    assert "NaN" not in page.locator("body").inner_text()
    assert drawn(page)


def test_a_ticker_is_found_with_the_keyboard_alone(visit, ten):
    page = visit(ten)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("jaj")
    assert page.locator("#tickers li:visible").all_inner_texts() == [page.locator("#tickers li").last.inner_text()]
    page.keyboard.press("Enter")
    assert page.locator("#chart-title").inner_text() == "JAJIL.CQ"
    page.locator("#find").fill("nothing like it")
    page.keyboard.press("Enter")
    assert page.locator("#chart-title").inner_text() == "JAJIL.CQ"
    page.locator("#find").fill("o")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#chart-title").inner_text() == "HOLT"


def test_the_table_leads_to_the_chart(visit, ten):
    page = visit(ten)
    page.locator(".go", has_text="IVORY").click()
    assert page.locator("#chart-title").inner_text() == "IVORY"
    page.locator("#chart-title").wait_for(state="visible")


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
        assert box["x"] + box["width"] <= 390, part.inner_text()


def test_a_sliding_finger_reads_the_chart(visit, ten):
    page = visit(ten, device=PHONE)
    page.locator("#chart").scroll_into_view_if_needed()
    box, day = page.locator("#chart .u-over").bounding_box(), page.locator("#day")
    hand, seen = page.context.new_cdp_session(page), [day.inner_text()]
    for kind, x in (("touchStart", 60), ("touchMove", 90), ("touchMove", 140)):
        point = {"x": box["x"] + x, "y": box["y"] + 60}
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        expect(day).not_to_have_text(seen[-1])
        seen.append(day.inner_text())
    assert len(set(seen)) == 4
    assert page.get_by_text("Slide a finger").is_visible()
    assert page.get_by_text("double-click").is_hidden()


def test_the_colours_follow_the_readers_setting(visit, ten):
    page = visit(ten)
    light = page.locator("#chart canvas").evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 23, 27)"
    page.wait_for_function("light => document.querySelector('#chart canvas').toDataURL() !== light", arg=light)


def test_a_thousand_tickers_open(visit):
    text = report(1000)
    page = visit(text)
    assert page.evaluate("document.readyState") == "complete"
    assert page.locator("#tickers button").count() == 1000
    assert drawn(page)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    print(f"{len(text.encode()) / 1e6:.1f} MB, interactive after {timing['domInteractive'] / 1000:.2f} s")
    page.locator("#find").fill("T0999")
    page.keyboard.press("Enter")
    assert page.locator("#chart-title").inner_text() == "T0999"


def test_a_run_without_anything_to_chart_hides_its_charts(browser, tmp_path, ten):
    before, _, after = ten.partition('"charts":[')
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
    assert page.locator(".explorer").is_hidden()
    assert page.locator("noscript").count() == 1  # which Chromium shows only where scripts were off from its start
    context.close()
