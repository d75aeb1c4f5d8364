"""Configuration of Zensical: navigation from the titles of the pages, no resource from outside."""

from __future__ import annotations

from pathlib import Path

#: Sections of the navigation in order: title, and either a page or a folder of pages.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Start", ("index.md", "start.md", "network.md", "concepts.md", "glossary.md", "sources.md")),
    ("How to", ("howto",)),
    ("Changes", ("change.md", "measured.md")),
    ("Architecture", ("architecture.md", "scale.md", "decisions")),
    ("Security", ("security.md", "threat-model.md", "reference/licences.md")),
    ("Commands", ("reference/commands",)),
    ("Checks", ("reference/checks",)),
    ("Platforms", ("platforms.md", "reference/platforms", "reference/facts.md")),
    ("Intents", ("reference/intents",)),
    ("Files", ("reference/files",)),
    ("Exit codes", ("reference/exit-codes",)),
    ("Changelog", ("changelog.md",)),
)

_CONFIG = """\
[project]
site_name = "eventready"
site_description = "Event readiness for carrier networks, as code"
docs_dir = "pages"
site_dir = "site"
use_directory_urls = false
extra_css = ["tables.css"]
nav = [
{nav}
]

[project.theme]
font = false
features = ["navigation.indexes", "navigation.top", "content.code.copy"]

[[project.extra.polyfills]]
path = "iframe-worker.js"
type = "text/javascript"
async = false
defer = false

[project.plugins.search]
[project.plugins.offline]

[project.markdown_extensions.attr_list]
[project.markdown_extensions.tables]
[project.markdown_extensions.toc]
permalink = true
[project.markdown_extensions.pymdownx.superfences]
[project.markdown_extensions.pymdownx.highlight]
"""


def zensical_config(pages: Path) -> str:
    """Text of `zensical.toml` for the pages. Raises ValueError for a page outside the navigation."""
    listed: set[str] = set()
    lines = []
    for title, entries in SECTIONS:
        files = [file for entry in entries for file in _files(pages, entry)]
        listed.update(files)
        inner = ", ".join(f'{{ "{_title(pages / file)}" = "{file}" }}' for file in files)
        lines.append(f'  {{ "{title}" = [{inner}] }},')
    missing = sorted({path.relative_to(pages).as_posix() for path in pages.rglob("*.md")} - listed)
    if missing:
        raise ValueError(f"pages outside the navigation: {', '.join(missing)}")
    return _CONFIG.format(nav="\n".join(lines))


def _files(pages: Path, entry: str) -> list[str]:
    folder = pages / entry
    if folder.is_file():
        return [entry]
    found = sorted(path.relative_to(pages).as_posix() for path in folder.glob("*.md"))
    return sorted(found, key=lambda name: not name.endswith("/index.md"))


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").lstrip().splitlines()[0]
    return first.lstrip("# ").split(" {")[0].replace("`", "").replace('"', "'")
