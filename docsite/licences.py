"""Page of third-party licences: every package of the lock, its licence, and the use of it."""

from __future__ import annotations

import re
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
        "Packages of `constraints.txt`. The product has the licence Apache-2.0. `base` is installed always, an extra on "
        "request; `development` is for tests and pages. Packages under the GPL are programs beside the product "
        f"({', '.join(sorted(PROGRAMS))}), started as such and never imported. Packages under the LGPL are used as they are.",
        table(("package", "version", "licence", "needed by"), rows),
    )


def required() -> dict[str, str]:
    """Extra of each package that eventready needs, with what the packages need; `base` before the extras."""
    found: dict[str, str] = {}
    requirements = distribution("eventready").requires or []
    for extra in ("", *(distribution("eventready").metadata.get_all("Provides-Extra") or [])):
        own = [line for line in requirements if _extra(line) == extra]
        if extra != "dev":
            for name in own:
                _follow(_canonical(name), extra or "base", found)
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
    """Licence of an installed package, by its metadata."""
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        return "(not needed on this platform)"
    lines = metadata.get_all("Classifier") or []
    classified = [line.rpartition(" :: ")[2] for line in lines if re.match("License :: .*(?<!OSI Approved)$", line)]
    text = metadata.get("License-Expression") or ", ".join(classified) or metadata.get("License") or ""
    return next(iter(text.strip().splitlines()), "")[:80] or "(not stated)"
