"""Pages of the site: sentences, known sources, YAML that loads, tables on a phone, search."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from docsite.__main__ import build
from docsite.markdown import SOURCE
from docsite.reference import reference_pages

from eventready.drill.preparation import drills_of
from eventready.papers.document.profile import check_profile
from eventready.roster.settings import load_settings
from eventready.workspace.workspace import load_workspace
from eventready_lab.embedded.scenario import load_scenario

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
_OBJECT = re.compile(r"\b[A-Z]\w+\(\w+=|<class |object at 0x|`None`|`\('")
_FENCED = re.compile(r"^```yaml\n(.*?)^```", re.M | re.S)
_FILE = re.compile(r"# ((?:inventory|templates)/\S+\.yaml)\b")
#: Files of the example; pages about other files have a workspace of their own in mind.
_LOADED = (
    "inventory/event.yaml", "inventory/limits.yaml", "inventory/roster.yaml", "inventory/drills/", "inventory/forms/",
    "inventory/scenarios/", "templates/reports/",
)  # fmt: skip


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference_pages()


@pytest.mark.slow
def test_pages_print_sentences_and_no_objects(pages: Mapping[str, str]) -> None:
    assert not [(name, found[0]) for name, text in pages.items() if (found := _OBJECT.search(text))]


@pytest.mark.slow
def test_every_source_is_in_the_legend_and_linked(pages: Mapping[str, str]) -> None:
    legend = re.findall(r'<a id="(\w+)"></a>(\w+) \|', (ROOT / "docs/sources.md").read_text(encoding="utf-8"))
    used = {code for text in pages.values() for code in re.findall(r"sources\.md#(\w+)\)", text)}
    assert {anchor for anchor, _ in legend} == used
    assert all(anchor == code.lower() for anchor, code in legend)
    assert not [name for name, text in pages.items() if SOURCE.search(text)]


def test_the_readme_is_short_and_its_links_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 180
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_changelog_is_short_and_by_topic() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    topics = [line for line in lines if line.startswith("- **")]
    assert len(lines) < 60
    assert len(topics) == len({line.split("**")[1] for line in topics}) >= 15


def documented() -> Iterator[tuple[str, str]]:
    """File and text of each block of YAML in the docs with the name of its file."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for block in _FENCED.findall(page.read_text(encoding="utf-8")):
            if (found := _FILE.match(block)) and found[1].startswith(_LOADED):
                yield found[1], block


@pytest.mark.parametrize(("file", "block"), list(documented()))
def test_yaml_of_the_docs_loads_in_the_example(tmp_path: Path, file: str, block: str) -> None:
    for folder in ("inventory", "templates", "playbooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path, own = tmp_path / file, yaml.safe_load(block)
    if file == "inventory/event.yaml":
        own = {**yaml.safe_load(path.read_text(encoding="utf-8")), **own}
    path.write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    workspace = load_workspace(tmp_path)
    devices = [device.name for device in workspace.devices]
    if file.startswith("inventory/scenarios/"):
        assert load_scenario(str(path), tmp_path, devices, lambda _: None).faults
    elif file.startswith("templates/reports/"):
        check_profile(path, "vi")
    elif file.startswith("inventory/drills/"):
        drills_of(workspace)
    elif file == "inventory/roster.yaml":
        load_settings(tmp_path / "inventory")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    config = build(tmp_path_factory.mktemp("docs"))
    zensical = str(Path(sys.executable).with_name("zensical"))
    command = [zensical, "build", "--config-file", config.name, "--strict"]
    subprocess.run(command, cwd=config.parent, check=True, capture_output=True)
    return config.parent / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Address of the site as `python -m http.server` serves it."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


#: Pages of the reference with tables of each kind.
_WIDE = (
    "platforms/index", "platforms/frr", "files/event", "checks/memory", "checks/index", "commands/audit",
    "intents/backup",
)  # fmt: skip
#: Tables of six columns and more are scrolled.
_COLUMNS = {"change": 1, "howto/roster": 2, "reference/platforms/index": 1, "reference/intents/backup": 1}
#: Tables of a page beyond the screen, outside of what scrolls.
_CUT = """() => [...document.querySelectorAll('article table')].filter(table => {
    for (let e = table; e && e.tagName != 'ARTICLE'; e = e.parentElement) {
        if (e.getBoundingClientRect().right <= innerWidth) return false
        if (getComputedStyle(e).overflowX == 'hidden') return true
    }
    return true
}).length + (document.documentElement.scrollWidth > innerWidth)"""
#: Tables that must be scrolled to be read.
_SCROLLED = """() => [...document.querySelectorAll('.md-typeset__scrollwrap')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).length"""


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_tables_fit_a_phone(browser: Browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for name in ("change", "sources", "howto/roster", *(f"reference/{name}" for name in _WIDE)):
        page.goto((site / f"{name}.html").as_uri())
        assert not page.evaluate(_CUT), name
        assert page.evaluate(_SCROLLED) <= _COLUMNS.get(name, 0), name


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("served", [True, False], ids=["served", "file"])
def test_the_search_of_the_site_finds_a_key(browser: Browser, site: Path, address: str, *, served: bool) -> None:
    root = address if served else site.as_uri()
    page = browser.new_page()
    outside: list[str] = []
    page.on("request", lambda request: None if request.url.startswith((root, "data:")) else outside.append(request.url))
    page.goto(f"{root}/index.html")
    page.click(".md-search__button")
    page.get_by_placeholder("Search").fill("handover minutes")
    page.locator("a[href*='files/roster.html']", has_text="handover").first.wait_for()
    assert not outside
