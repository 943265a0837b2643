"""The chart of a ticker: what a reader sees, points at and presses."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import pages
from tests.browser.pages import PHONE, report


def shown(page):
    """The first and last instant that the chart shows, in seconds, read off under the pointer."""
    box = pages.over(page)
    days = []
    for x in (box["x"] + 1, box["x"] + box["width"] - 1):
        page.mouse.move(x, box["y"] + box["height"] / 2)
        days.append(page.evaluate("Date.parse(document.getElementById('day').textContent + ' UTC') / 1000"))
    return days


def values(page):
    """What the legend says of each line."""
    names = ("real", "forecast", "lstm", "forest", "naive", "inner")
    return {name: page.locator(f"#value-{name}").text_content() for name in names}


def test_the_values_under_the_pointer_are_said(visit, ten):
    page = visit(ten)
    box = pages.over(page)
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
    assert "\u00a0\u2013 " in page.locator("#value-outer").text_content()


def test_a_drag_zooms_and_a_double_click_shows_all(visit, ten):
    page = visit(ten)
    page.get_by_role("button", name="All", exact=True).click()
    (first, last), box = shown(page), pages.over(page)
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
    page.get_by_role("button", name="1 year").click()
    year = shown(page)
    page.get_by_role("button", name="All", exact=True).click()
    every = shown(page)
    assert every[0] < year[0] < three_months[0] < month[0]
    assert every[0] == 1577836800, "the first day of the prices, long before the first test day"
    assert page.locator(".spans [aria-pressed=true]").all_inner_texts() == ["All"]


@pytest.mark.parametrize("line", ["Forecast", "LSTM", "Random Forest"])
def test_a_line_is_hidden_and_shown_again(visit, ten, line):
    page = visit(ten)
    whole = page.locator("#chart").screenshot()
    button = page.locator("#legend button", has_text=line)
    off_at_first = line == "Random Forest"
    assert button.get_attribute("aria-pressed") == str(not off_at_first).lower()
    button.click()
    assert button.get_attribute("aria-pressed") == str(off_at_first).lower()
    assert page.locator("#chart").screenshot() != whole
    button.click()
    assert button.get_attribute("aria-pressed") == str(not off_at_first).lower()
    assert page.locator("#chart").screenshot() == whole


def test_what_the_lstm_foresees_is_seen_beside_naive(visit, ten):
    page = visit(ten)
    assert pages.drawn(page, "#changes")
    before = page.locator("#changes").screenshot()
    page.locator("#legend button", has_text="LSTM").click()
    assert page.locator("#changes").screenshot() != before
    assert visit(report(2, lstm=0.0)).locator("#changes").is_hidden()


def test_the_next_forecasts_stand_in_a_table_with_the_expected_move(visit, ten):
    page = visit(ten)
    assert page.locator("#ahead thead th").all_inner_texts() == [
        "For", "Forecast", "LSTM", "Expected move", "80 % range", "95 % range",
    ]  # fmt: skip
    page.locator("#tickers li", has_text="ALDER").click()
    assert [row.locator("td").nth(2).inner_text() for row in page.locator("#ahead tbody tr").all()] == [
        "± 1.0 %", "± 2.0 %", "± 4.0 %",
    ]  # fmt: skip


def test_without_an_lstm_neither_legend_nor_table_has_its_place(visit):
    page = visit(report(2, lstm=0.0))
    assert "LSTM" not in page.locator("#legend").inner_text()
    assert "LSTM" not in page.locator("#ahead").inner_text()
    assert "NaN" not in page.locator("body").inner_text()
    assert pages.drawn(page)


def test_a_ticker_that_has_ended_has_a_chart_without_a_forecast(visit):
    page = visit(report(["A", "ENDED"], ended=("ENDED",)))
    assert page.locator("#overview tbody tr").last.inner_text().startswith("ENDED")
    page.locator("#overview a", has_text="ENDED").click()
    expect(page.locator("#ahead")).to_have_text("No forecast: this ticker has ended")
    assert page.locator("#day").inner_text() == "15 Dec 2021"
    assert values(page)["real"] != "\u2013"
    assert "NaN" not in page.locator("body").inner_text()
    assert pages.drawn(page)


def test_the_axis_has_room_for_every_price(visit, ten):
    words = {
        1e-7: "1e\u22127", 0.00025: "0.00025", 0: "0", 12.5: "12.5", 45_000: "45,000", 2.5e9: "2.5B", 3e16: "3e+16",
    }  # fmt: skip
    said = visit(ten).evaluate("ticks => ticks.map(axisPrice)", list(words))
    assert dict(zip(words, said, strict=True)) == words


def test_the_arrow_keys_say_the_values_of_a_day(visit, ten):
    page = visit(ten)
    chart = page.locator("#chart")
    chart.focus()
    last = int(chart.get_attribute("aria-valuenow"))
    seen = {}
    for key, place in (("ArrowLeft", last - 1), ("PageDown", last - 21), ("ArrowRight", last - 20), ("Home", 0)):
        page.keyboard.press(key)
        expect(chart).to_have_attribute("aria-valuenow", str(place))
        seen[key] = chart.get_attribute("aria-valuetext")
        assert seen[key].startswith(page.locator("#day").inner_text())
    assert "Naive" in seen["ArrowRight"]
    assert "LSTM" in seen["ArrowRight"]
    assert "Random Forest" not in seen["ArrowRight"], "which is off"
    assert seen["Home"].startswith("1 Jan 2020: Real ")
    assert "Forecast" not in seen["Home"], "of which no model spoke"
    page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("95 % range"))


def test_plus_and_minus_zoom(visit, ten):
    page = visit(ten)
    before = shown(page)
    page.locator("#chart").focus()
    page.keyboard.press("+")
    near = shown(page)
    page.keyboard.press("-")
    page.keyboard.press("-")
    far = shown(page)
    assert far[1] - far[0] > before[1] - before[0] > near[1] - near[0]


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


def test_paper_is_white_and_has_the_whole_chart(visit, ten):
    page = visit(ten, "dark")
    dark = page.locator("#chart canvas").evaluate("canvas => canvas.toDataURL()")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#chart canvas").evaluate("canvas => canvas.toDataURL()") != dark
    box = page.locator("#chart canvas").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 680
    assert box["width"] > 500
    assert page.locator("#overview tbody tr").last.is_visible()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 23, 27)"
