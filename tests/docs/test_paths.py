"""Paths and modules named in the docs, the decisions and the docstrings of packages exist."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.words import SOURCE, text_of, tree_of

ROOT = SOURCE.parent
_QUOTED = re.compile(r"`([^`\n]+)`")
_MODULE = re.compile(r"eventready(?:_lab)?(?:\.\w+)+")
#: A path in the tree: names joined by slashes, the last one a folder or a file with a suffix.
_PATH = re.compile(r"(?:[\w.{},*-]+/)+(?:[\w{},*-]+\.\w+)?")
#: Groups of entry points, which look like modules.
_GROUPS = frozenset(
    found
    for path in (SOURCE / "eventready").rglob("*.py")
    for found in re.findall(r'^[A-Z_]+ = "(eventready\.[a-z_]+)"$', text_of(path), re.M)
)
#: Beginnings of paths on the reader's machine, and optional files of a workspace, which the example lacks.
_ELSEWHERE = (
    *("build/", "demo-workspace/", "dist/", "my-event/", "province/", "reports/", ".eventready/"),
    *("DEVICE/", "DIR/"),
)
_OPTIONAL = (
    *(
        "inventory/jump_hosts.yaml",
        "inventory/learn.yaml",
        "inventory/serve.yaml",
        "inventory/platforms/",
        "inventory/watch.yaml",
        "inventory/works/",
        "inventory/layouts/",
        "inventory/writable.yaml",
    ),
    "templates/INTENT/writable.yaml",
)
#: Folders where a path of the docs may begin; the last one stands for the folder of a platform.
_HOMES = (ROOT, SOURCE, SOURCE / "eventready", SOURCE / "eventready_lab", SOURCE / "eventready/platforms/huawei_vrp")


def _texts() -> Iterator[tuple[str, str]]:
    """Place and text of every page, and of the docstring of every package."""
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    pages = [ROOT / name for name in tracked.split()] or [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    for page in pages:
        if page.name != "CHANGELOG.md":
            yield page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")
    for package in sorted(SOURCE.rglob("__init__.py")):
        yield package.relative_to(ROOT).as_posix(), ast.get_docstring(tree_of(package)) or ""


def _names() -> Iterator[tuple[str, str]]:
    for place, text in _texts():
        for quoted in _QUOTED.findall(text):
            for word in quoted.split():
                yield place, word.strip(",;:()")


def _alternatives(path: str) -> list[str]:
    """Return the paths of a path with one choice in braces."""
    found = re.search(r"\{([^}]*)\}", path)
    return [path.replace(found[0], one) for one in found[1].split(",")] if found else [path]


def _exists(path: str) -> bool:
    pattern = re.sub(r"\b[A-Z]{3,}\b", "*", path).rstrip("/")
    return any(next(home.glob(pattern), None) is not None for home in _HOMES)


def _module_exists(name: str) -> bool:
    """Return True for a module, or an attribute of one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            spec = importlib.util.find_spec(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        if spec is not None:
            rest = parts[length:]
            return not rest or bool(spec.origin and re.search(rf"\b{rest[0]}\b", text_of(Path(spec.origin))))
    return False


@pytest.mark.xdist_group("source")
def test_every_path_of_the_docs_exists() -> None:
    lost = {
        f"{place}: {word}"
        for place, word in _names()
        if _PATH.fullmatch(word) and not word.startswith((*_ELSEWHERE, *_OPTIONAL))
        for path in _alternatives(word)
        if not _exists(path)
    }
    assert not lost


@pytest.mark.xdist_group("source")
def test_every_module_of_the_docs_exists() -> None:
    lost = {
        f"{place}: {word}"
        for place, word in _names()
        if _MODULE.fullmatch(word) and word not in _GROUPS and not _module_exists(word)
    }
    assert not lost
