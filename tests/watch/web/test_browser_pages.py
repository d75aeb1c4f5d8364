"""The pages behind the wall in Chromium: hostile texts stay texts, axe finds nothing serious, the keyboard suffices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from eventready.watch.web.access import identity
from eventready.watch.web.page import Viewer
from tests.watch.web.live import Live, served
from tests.watch.web.scene import Scene
from tests.watch.web.test_browser import WIDTHS, fits_and_is_accessible, needs_axe, opened
from tests.watch.web.test_pages import PAGES, night

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ("night",)
OPERATOR = (*PAGES, "/incident/new", "/incident/SC-1")


@pytest.fixture
def live(night: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    async def viewer(self: identity.Viewers, request: object) -> Viewer:
        return Viewer("An", "operator", "en")

    monkeypatch.setattr(identity.Viewers, "_viewer", viewer)
    with served(night) as running:
        yield running


@needs_axe
def test_axe_and_the_policy_find_nothing(browser: Browser, live: Live) -> None:
    page, trouble = opened(browser, live.url, WIDTHS[0])
    for path in OPERATOR:
        page.goto(f"{live.url}{path}")
        fits_and_is_accessible(page)
        assert not [one for one in trouble if not one.startswith(live.url) and "404" not in one], path


def test_a_page_that_stays_open_says_its_time(browser: Browser, live: Live) -> None:
    page = browser.new_context().new_page()
    page.clock.install()
    page.goto(f"{live.url}/map")
    assert not page.locator("#old").is_visible()
    page.clock.run_for(61_000)
    page.locator("#old").wait_for(state="visible")
    page.locator("#old a").click()
    page.locator("#old").wait_for(state="hidden")


def test_a_finding_is_acknowledged_by_keyboard(browser: Browser, live: Live) -> None:
    """From the wall by Tab and Enter to the finding, and there to the act."""
    page, _trouble = opened(browser, live.url, 1280)
    for target in ("/finding?", "acknowledgement"):
        for _ in range(60):
            page.keyboard.press("Tab")
            focus = page.evaluate("(document.activeElement.href || document.activeElement.value || '')")
            if target in focus:
                break
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert page.locator(".act").first.inner_text().count("An") == 1
