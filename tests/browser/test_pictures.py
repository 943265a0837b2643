"""Pictures of reports of many kinds, kept in out/report-pictures for people to look at; CI keeps them, too."""

from pathlib import Path

import pytest

from tests.browser import pages
from tests.browser.pages import DESKTOP, PHONE
from tests.support import results

FOLDER = Path(__file__).parents[2] / "out" / "report-pictures"
ODD = [
    "ALDER", "BRK.B", "0700.HK", "<script>alert(1)</script>", "\u682a\u5f0f\u4f1a\u793e", "HOLT", "ELM", "GARDA",
    "A-NAME-OF-SIXTY-CHARACTERS-THAT-NO-COLUMN-HAS-ROOM-FOR-AT-ALL", "JAJIL.CQ",
]  # fmt: skip


def of(count):
    names = [f"T{number:04d}" for number in range(count)]
    return pages.report(names, track=pages.recorded(names))


KINDS = {
    "one": lambda: of(1),
    "ten": lambda: pages.report(ODD, track=pages.recorded(ODD)),
    "99": lambda: of(99),
    "1000": lambda: of(1000),
    "no-lstm": lambda: pages.report(5, lstm=0.0, **results.untrained()),
    "no-test-days": lambda: pages.report(3, days=0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_fits_a_desktop_and_a_phone_in_light_and_dark(visit, kind):
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = KINDS[kind]()
    for name, device, colours in (("desktop", DESKTOP, "light"), ("dark", DESKTOP, "dark"), ("phone", PHONE, "light")):
        page = visit(text, colours, device)
        assert page.evaluate("document.documentElement.scrollWidth") == device["viewport"]["width"]
        assert pages.drawn(page)
        page.screenshot(path=FOLDER / f"{kind}-{name}.png", full_page=True)
    page = visit(text)
    page.pdf(path=FOLDER / f"{kind}-print.pdf", format="A4", print_background=True)
    assert pages.drawn(page)
