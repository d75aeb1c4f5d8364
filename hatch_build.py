"""Build hook of the wheel: compiled message catalogues, example workspace, documentation pages.

The example is the repository's own `inventory/`, `templates/` and `playbooks/`, packed as `eventready/example/`.
Documentation pages come from `build/docs/pages` (`make docs`), or without them from `docs/`, and are packed as
`eventready/docs/`. Editable installs read all three from the checkout.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXAMPLE_FOLDERS = ("inventory", "templates", "playbooks")
#: Never packed: encrypted secrets of a developer's own rehearsal.
EXCLUDED = frozenset({"vault.yml"})


class WheelDataHook(BuildHookInterface[Any]):
    """Add data files to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Map source files to paths in the wheel."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        included: dict[str, str] = build_data["force_include"]
        included.update(self._catalogues(root))
        for folder in EXAMPLE_FOLDERS:
            included.update(
                (str(path), f"eventready/example/{path.relative_to(root)}") for path in _files(root / folder)
            )
        pages = root / "build" / "docs" / "pages"
        pages = pages if pages.is_dir() else root / "docs"
        included.update((str(p), f"eventready/docs/{p.relative_to(pages)}") for p in _files(pages) if p.suffix == ".md")

    def _catalogues(self, root: Path) -> Iterator[tuple[str, str]]:
        """Compile `.po` files to `.mo` files below `build/`, one per language."""
        module = runpy.run_path(str(root / "src" / "eventready" / "core" / "catalogue.py"))
        for source in sorted((root / "src").rglob("*.po")):
            for lang in module["LANGS"]:
                relative = source.relative_to(root / "src").with_suffix(f".{lang}.mo")
                target = root / "build" / "catalogues" / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(module["compiled"](source, lang))
                yield str(target), relative.as_posix()


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder, without hidden ones, caches and secrets."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.name not in EXCLUDED:
            yield path
