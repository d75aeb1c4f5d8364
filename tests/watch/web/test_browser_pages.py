"""The pages behind the wall in Chromium: hostile texts stay texts, axe finds nothing serious, the keyboard suffices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from eventready.watch.web.access import identity
from eventready.watch.web.page import Viewer
from tests.watch.web.live import Live, served
from tests.watch.web.scene import Scene
from tests.watch.web.test_browser import WIDTHS, opened
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


@pytest.mark.parametrize(("width", "scheme"), zip(WIDTHS, ("dark", "light"), strict=True))
def test_axe_and_the_policy_find_nothing(browser: Browser, live: Live, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-playwright-python").Axe()
    for path in OPERATOR:
        page, trouble = opened(browser, f"{live.url}{path}", width, color_scheme=scheme)
        found = axe.run(page).response["violations"]
        assert not [(path, one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert not [one for one in trouble if not one.startswith(live.url) and "404" not in one], path
        page.close()


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
