"""Page of third-party licences: every package of the lock, its licence, and the use of it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from docsite.markdown import cell, page, table

LOCK = Path(__file__).parent.parent / "constraints.txt"
_PINNED = re.compile(r"(?m)^([A-Za-z0-9_.-]+)==([^\s;\\]+)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
#: Packages whose licence is that of programs beside the product: never imported.
PROGRAMS = frozenset({"ansible-core", "ansible-lint", "yamllint"})


def licences_page(lock: Path = LOCK) -> str:
    """Markdown page of the packages in the lock."""
    needed = required()
    rows = [
        (name, version, cell(licence(name)), needed.get(name, "development"))
        for name, version in _PINNED.findall(lock.read_text(encoding="utf-8"))
    ]
    return page(
        "# Third-party licences",
        "Packages of `constraints.txt`. The product has the licence Apache-2.0. `base` is installed always, an extra "
        "on request; `development` is for tests and pages. Packages under the GPL are programs beside the product "
        f"({', '.join(sorted(PROGRAMS))}), never imported. Packages under the LGPL are used as they are.",
        table(("package", "version", "licence", "needed by"), rows),
    )


def required() -> dict[str, str]:
    """Extra of each package that eventready needs, with what the packages need; `base` before the extras."""
    project = tomllib.loads((LOCK.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    uses = {"base": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, str] = {}
    for use, names in uses.items():
        for name in names if use != "dev" else ():
            _follow(_canonical(name), use, found)
    return found


def _follow(name: str, use: str, found: dict[str, str]) -> None:
    if name in found:
        return
    found[name] = use
    try:
        needs = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for line in needs:
        if not _extra(line):
            _follow(_canonical(line), use, found)


def _extra(line: str) -> str:
    extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
    return extra[1] if extra else ""


def _canonical(line: str) -> str:
    name = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""


def licence(name: str) -> str:
    """Licence of an installed package: its metadata, else the first line of its licence file."""
    try:
        metadata = (installed := distribution(name)).metadata
    except PackageNotFoundError:
        return "(not needed on this platform)"
    lines = metadata.get_all("Classifier") or []
    classified = [line.rpartition(" :: ")[2] for line in lines if re.match("License :: .*(?<!OSI Approved)$", line)]
    stated, old = (next(iter(metadata.get_all(key) or []), "") for key in ("License-Expression", "License"))
    file = next((path for path in installed.files or [] if path.name in {"LICENSE", "LICENSE.txt"}), None)
    text = stated or ", ".join(classified) or old or (file.read_text() if file else "")
    return next(iter(text.strip().splitlines()), "")[:80] or "(not stated)"
