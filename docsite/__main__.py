"""`python -m docsite`: write all pages and the configuration of the site to `build/docs`."""

from __future__ import annotations

import shutil
from pathlib import Path

from docsite.floors import floors_svg
from docsite.navigation import zensical_config
from docsite.reference import reference_pages

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs"
TARGET = ROOT / "build" / "docs"
#: Files of the repository's root used as pages, with links between them unchanged.
ROOT_PAGES = {"CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md"}


def build(target: Path = TARGET) -> Path:
    """Write pages and configuration below `target`. Return the configuration file."""
    pages = target / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(SOURCE, pages)
    for source, page in ROOT_PAGES.items():
        (pages / page).write_text(
            (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "]("), encoding="utf-8"
        )
    for name, text in reference_pages().items():
        path = pages / "reference" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (pages / "floors.svg").write_text(floors_svg(ROOT / "pyproject.toml"), encoding="utf-8")
    config = target / "zensical.toml"
    config.write_text(zensical_config(pages), encoding="utf-8")
    return config


if __name__ == "__main__":
    print(build())
