"""The wall in Chromium: faults come and go without a reload, device text stays text, and the policy holds."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from unittest.mock import Mock

import pytest

from eventready.core.errors import StoreError
from eventready.core.messages import message
from eventready.incidents.log import Report, open_incident
from eventready.watch.alerts.acts import Acts, matchers_of
from eventready.watch.web import read_model
from eventready.watch.web.access.keys import AccessKeys
from eventready.watch.web.pages import wall
from tests.watch.web.live import Live, served
from tests.watch.web.scene import EVENT, LOOK, Scene, scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
needs_axe = pytest.mark.skipif(
    find_spec("axe_playwright_python") is None, reason="axe-playwright-python (extra dev) is not installed"
)
HOSTILE = '"\'><img src=x onerror="window.got=1"><script>window.got=1</script>{{ 7 * 7 }}\r\ndata: <b>x</b>\u202e'


@dataclass
class Watched:
    """Scene with its server."""

    made: Scene
    live: Live


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(wall, "TICK_S", 0.2)
    monkeypatch.setattr(wall, "_LATE_S", 0.6)
    with scene(tmp_path) as made:
        made.all_up()
        with served(made) as live:
            yield Watched(made, live)


def opened(browser: Browser, url: str, width: int) -> tuple[Page, list[str]]:
    """The page, and everything that went wrong or out on the way."""
    page = browser.new_context(viewport={"width": width, "height": 844}, locale="en-US").new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: None if request.url.startswith(url) else trouble.append(request.url))
    enter(page, url)
    page.goto(url)
    page.evaluate("window.kept = 1")
    return page, trouble


def enter(page: Page, url: str) -> None:
    """Open the wall by its printed link."""
    page.goto(f"{url.removesuffix('/map')}/enter#{LOOK}")
    page.locator("#enter button").click()
    page.locator("#wall").wait_for()


def twice(made: Scene, *, up: bool) -> None:
    """Two readings: an interval apart, as the hold-down needs them."""
    made.read("r1", up=up)
    made.read("r1", up=up)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_fault_comes_and_goes_without_a_reload(browser: Browser, watched: Watched, width: int) -> None:
    page, trouble = opened(browser, watched.live.url, width)
    fault, headline = page.locator(".findings .fail"), page.locator("#wall .headline")
    assert fault.count() == 0
    for up in (False, True, False):
        twice(watched.made, up=up)
        fault.first.wait_for(state="detached" if up else "visible")
        page.locator(f"#wall .headline.{'risk' if up else 'fail'}").wait_for()
        assert headline.count() == 1
    assert page.evaluate("window.kept") == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert trouble == []


def test_a_script_that_comes_late_does_not_leave_the_wall_still(browser: Browser, watched: Watched) -> None:
    page = browser.new_context().new_page()

    def late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.route("**/hx-sse.min.js", late)
    with page.expect_request("**/wall/stream", timeout=10_000):
        enter(page, watched.live.url)


def test_a_lost_database_turns_the_wall_red(
    browser: Browser, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _trouble = opened(browser, watched.live.url, 1280)
    error = StoreError(message("store:database.no_database"))
    with monkeypatch.context() as broken:
        broken.setattr(read_model, "incidents", Mock(side_effect=error))
        page.locator("#wall .headline.gone").wait_for()
    page.locator("#wall .headline.risk").wait_for()


def test_a_lost_server_turns_the_wall_red(browser: Browser, watched: Watched) -> None:
    page = browser.new_context(locale="en-US").new_page()
    page.clock.install()
    enter(page, watched.live.url)
    assert not page.locator("#lost").is_visible()
    watched.live.end()
    while not page.locator("#lost").is_visible():
        in_silence(page)
    assert re.search(r"\d:\d\d", page.locator("#lost").inner_text())
    with served(watched.made, port=watched.live.port):
        while page.locator("#lost").is_visible():
            in_silence(page)


def in_silence(page: Page) -> None:
    """Let the time of the page pass that is too long without a message, and the page do what it does then."""
    page.clock.run_for(11_000)
    page.wait_for_timeout(200)


def test_a_page_without_access_any_more_goes_to_the_login(browser: Browser, watched: Watched) -> None:
    page = browser.new_context().new_page()
    page.clock.install()
    keys = AccessKeys(watched.made.store, EVENT)
    page.goto(f"{watched.live.url}/enter#{keys.invite('An', 'viewer')}")
    page.locator("#enter button").click()
    page.locator("#wall").wait_for()
    keys.revoke("An")
    while "/enter" not in page.url:
        in_silence(page)


def hostile(made: Scene, text: str = HOSTILE) -> None:
    """Put hostile text into everything that a device or a person may write."""
    twice(made, up=False)
    found = made.snapshots.latest()
    assert found
    opened = tuple(
        replace(one, device=text, check=text, subject=text, message=text, message_id=text) for one in found.open
    )
    made.show(replace(found, open=opened, devices=tuple(replace(one, name=text[:200]) for one in found.devices)))
    until, typed = made.clock.now() + timedelta(hours=1), text[:4000]
    Acts(made.store, EVENT.id, made.clock).add("silence", matchers_of(["r1"]), by=typed, text=typed, until=until)
    report = Report(by=typed, summary=typed, place=typed, services=("internet",))
    open_incident(report, EVENT, made.store, made.clock)


@pytest.mark.attack(family="scripts in text of devices and people")
@pytest.mark.parametrize("width", WIDTHS)
def test_text_of_devices_and_people_stays_text(browser: Browser, watched: Watched, width: int) -> None:
    hostile(watched.made)
    page, trouble = opened(browser, watched.live.url, width)
    renewed = page.locator("#wall").inner_html()
    hostile(watched.made)
    page.wait_for_function("before => document.querySelector('#wall').innerHTML !== before", arg=renewed)
    shown = page.locator("main").inner_text()
    assert shown.count("<script>window.got=1</script>{{ 7 * 7 }}") >= 5
    assert "\u202e" not in shown
    assert page.evaluate("window.got") is None
    assert page.locator("#wall img, #wall script, #wall b:text-is('x')").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert trouble == []


@pytest.mark.parametrize("text", ["x" * 10_000, "hội trường " * 1_000, "x" + "\u0316\u0301" * 2_000])
def test_a_long_or_stacked_text_leaves_the_rest_in_sight(browser: Browser, watched: Watched, text: str) -> None:
    hostile(watched.made, text)
    page, _trouble = opened(browser, watched.live.url, WIDTHS[1])
    boxes = page.locator("#wall .findings li, #wall section p")
    heights = [box["height"] for box in (one.bounding_box() for one in boxes.all()) if box]
    assert len(heights) >= 3
    assert max(heights) <= 200
    assert page.locator("#wall .findings li").first.evaluate("one => getComputedStyle(one).overflowY") == "clip"


def fits_and_is_accessible(page: Page) -> None:
    """At each width, dark and light: no scrolling to the side, and nothing serious for axe."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(Axe().axe_script)
    for width, scheme in product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        grave = [(one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")]
        assert not grave, (page.url, width, scheme)


@needs_axe
def test_axe_finds_nothing_serious(browser: Browser, watched: Watched) -> None:
    twice(watched.made, up=False)
    page, _trouble = opened(browser, watched.live.url, WIDTHS[0])
    for path in ("/", "/enter", "/nothing"):
        page.goto(f"{watched.live.url}{path}")
        fits_and_is_accessible(page)


def test_the_language_is_a_choice(browser: Browser, watched: Watched) -> None:
    page, trouble = opened(browser, watched.live.url, 390)
    page.get_by_role("button", name="Tiếng Việt").click()
    assert page.locator("html").get_attribute("lang") == "vi"
    assert page.locator("h1").inner_text() == "Đêm"
    assert trouble == []
