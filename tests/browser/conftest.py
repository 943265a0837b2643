"""Reports in an installed Chromium, which make test-browser drives; make test leaves this folder out."""

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import pages


@pytest.fixture(scope="session")
def browser():
    path = pages.program()
    if path is None:
        pytest.exit(pages.NO_BROWSER, returncode=1)
    with sync_playwright() as playwright:
        launched = pages.launch(playwright, path)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser, tmp_path):
    """visit(text) opens a report and waits for its chart; in the end nothing may have gone wrong in any of them."""
    opened, wrong = [], []

    def open_page(text, color_scheme="light", device=pages.DESKTOP):
        file = tmp_path / f"report-{len(opened)}.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(color_scheme=color_scheme, **device)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if outside(asked.url, file) else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri(), wait_until="load")
        page.locator("#chart canvas").wait_for()
        return page

    yield open_page
    for context in opened:
        context.close()
    assert wrong == []


def outside(address, file):
    return address != file.as_uri() and not address.startswith("data:")


@pytest.fixture(scope="session")
def ten():
    return pages.report(
        ["ALDER", "BRYNE", "CORVO", "DELTA", "ELM", "FIRTH", "GARDA", "HOLT", "IVORY", "JAJIL.CQ"],
        rejected_uri=f"s3://{'b' * 63}/rejected/",
    )
