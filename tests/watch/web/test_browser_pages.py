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


CONTRASTS = """() => {
  const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => part > 0.04045 ? ((part + 0.055) / 1.055) ** 2.4 : part / 12.92)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0) + 0.05;
  const contrast = (one, other) => Math.max(light(one) / light(other), light(other) / light(one));
  const map = document.querySelector('.map'), ground = getComputedStyle(map).backgroundColor;
  const box = getComputedStyle(map.querySelector('rect[stroke]')).fill;
  const of = (shapes, kind) => [...map.querySelectorAll(shapes)].map((shape) => getComputedStyle(shape)[kind]);
  return [light(ground), ...of('text', 'fill').map((ink) => Math.min(contrast(ink, ground), contrast(ink, box))),
    ...of('rect:not([stroke])', 'fill').map((stripe) => 1.5 * contrast(stripe, box)),
    ...of('rect[stroke], polyline', 'stroke').map((line) => 1.5 * contrast(line, ground))];
}"""


def test_the_map_follows_light_and_dark(browser: Browser, live: Live) -> None:
    """Texts in a contrast of 4.5 to their ground, states and lines of 3."""
    page, _trouble = opened(browser, f"{live.url}/map", 1280)
    for scheme, dark in (("dark", True), ("light", False)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its names
        ground, *contrasts = page.evaluate(CONTRASTS)
        assert (ground < 0.2) is dark
        assert len(contrasts) > 5
        assert min(contrasts) >= 4.5, (scheme, contrasts)


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
