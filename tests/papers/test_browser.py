"""The page in a real browser, at a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eventready.papers.document.formats import render
from eventready.papers.kinds.readiness import Background, readiness
from eventready.store.run import Summary
from tests.papers.documents import Scene, broken, healthy, history, hostile
from tests.papers.papers import material, papers
from tests.papers.reading import page_count

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def opened(browser: Browser, folder: Path, made: Scene, width: int, lang: str = "vi") -> tuple[Page, list[str]]:
    """The page, and everything that went wrong or out on the way."""
    runs = [earlier.run for earlier in history()]
    background = Background([Summary.of(run) for run in runs], runs[-1], lambda _: made.texts)
    path = folder / "report.html"
    path.write_bytes(render(readiness(made.run, "en" if lang == "en" else "vi", background), "html"))
    page = browser.new_page(viewport={"width": width, "height": 844})
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("request", lambda request: None if request.url == path.as_uri() else trouble.append(request.url))
    page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
    page.goto(path.as_uri())
    return page, trouble


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["broken", "healthy", "hostile"])
def test_it_fits_and_is_quiet(browser: Browser, tmp_path: Path, name: str, width: int) -> None:
    made = {"broken": broken, "healthy": healthy, "hostile": hostile}[name]()
    page, trouble = opened(browser, tmp_path, made, width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".matrix").is_visible()
    assert page.locator(".matrix td.NOT_READY, .matrix td.READY, .matrix td.NOT_MEASURED").first.is_visible()
    assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
    assert trouble == []


def test_the_policy_holds(browser: Browser, tmp_path: Path) -> None:
    page, trouble = opened(browser, tmp_path, healthy(), 1280)
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "700", "the style applies"
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.got = 1'; document.body.append(s);"
        "const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i)"
    )
    page.wait_for_function("performance.now() > 0")
    assert page.evaluate("window.got") is None
    assert any("Content Security Policy" in line for line in trouble)


def test_evidence_unfolds_without_script(browser: Browser, tmp_path: Path) -> None:
    made = broken()
    opened(browser, tmp_path, made, 390)
    page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto((tmp_path / "report.html").as_uri())
    raw = page.locator("details.raw").first
    assert not raw.locator("pre").is_visible()
    raw.locator("summary").click()
    assert raw.locator("pre").is_visible()
    assert "10.255.0.41" in (raw.locator("pre").text_content() or "")


def test_a_link_to_a_raw_text_opens_it(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, broken(), 1280)
    page.locator("#wrong a.refs").first.click()
    target = page.evaluate("location.hash")
    assert page.locator(target).is_visible()


def test_it_prints_on_a4(browser: Browser, tmp_path: Path) -> None:
    page, trouble = opened(browser, tmp_path, broken(), 1280)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator(".matrix").is_visible()
    data = page.pdf(prefer_css_page_size=True)
    assert data.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594" in data or b"/MediaBox [0 0 595" in data
    assert trouble == []


def test_print_has_at_most_half_as_many_pages_again_as_the_pdf(browser: Browser, tmp_path: Path) -> None:
    made = broken()
    background = Background(texts=lambda _: made.texts)
    page = browser.new_page()
    for document in (*papers(material()).values(), readiness(made.run, "vi", background)):
        path = tmp_path / "paper.html"
        path.write_bytes(render(document, "html"))
        page.goto(path.as_uri())
        printed = page_count(page.pdf(prefer_css_page_size=True))
        assert printed <= 1.5 * page_count(render(document, "pdf")), document.kind


def contrast(page: Page, selector: str) -> float:
    """The least contrast of text against its background among the elements (WCAG 2)."""
    script = """els => Math.min(...els.filter(e => e.textContent.trim()).map(e => {
      const rgb = s => s.match(/[\\d.]+/g).map(Number);
      const part = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
      const lum = ([r, g, b]) => [r, g, b].map(part)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
      let b = e, back = [255, 255, 255];
      for (; b; b = b.parentElement) {
        const c = rgb(getComputedStyle(b).backgroundColor);
        if (c.length === 3 || c[3] > 0) { back = c; break; }
      }
      const [x, y] = [lum(rgb(getComputedStyle(e).color)), lum(back)].sort((p, q) => q - p);
      return (x + .05) / (y + .05);
    }))"""
    return float(page.locator(selector).evaluate_all(script))


def test_text_stands_out(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, broken(), 1280)
    for selector in (
        "p",
        "dt",
        "dd",
        "li",
        "td",
        "th",
        ".what",
        ".why",
        ".tags",
        "summary",
        "a",
        ".badge",
        "small",
        "pre",
    ):
        assert contrast(page, selector) >= 4.5, selector
