"""Known vulnerabilities of the pinned packages: `make security`.

    python -m tests.advisories LOCK [OSV]

pip-audit asks its service for each pinned package. A service is believed after a release with a known vulnerability was
reported by it: an index without advisories (a mirror) answers for no package. Without such a service the packages are
compared with a copy of OSV's export for PyPI (`OSV`: its folder of JSON files, or `all.zip`). The number of packages
checked, the source and the age of its data are printed. Exit codes: 0 nothing
known, 1 vulnerabilities, 2 nothing checked.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_PINNED = re.compile(r"(?m)^([A-Za-z0-9_.-]+)==([^\s;\\]+)")
_AUDIT = (str(Path(sys.executable).parent / "uv"), "tool", "run", "pip-audit", "--strict", "--disable-pip", "--no-deps")
#: Release with published advisories (CVE-2020-28493 among them), which a service with advisories reports.
_KNOWN = "jinja2==2.11.2"


class Unchecked(Exception):
    """No source of advisories could be read."""


class Advisories(NamedTuple):
    """Vulnerabilities of a lock: lines `package release: id`, and the source with the age of its data."""

    found: tuple[str, ...]
    source: str


def main(lock: str, osv: str = "") -> int:
    """Exit code after the printed result."""
    packages = dict(_PINNED.findall(Path(lock).read_text(encoding="utf-8")))
    try:
        checked = by_copy(packages, Path(osv)) if osv else by_service(packages)
    except Unchecked as error:
        print(f"{lock}: none of {len(packages)} packages was checked: {error}.", file=sys.stderr)
        print("Give the path of OSV's export for PyPI: make security OSV_DB=all.zip", file=sys.stderr)
        return 2
    print("\n".join(checked.found))
    print(f"{lock}: {len(packages)} packages checked, {len(checked.found)} vulnerabilities known; {checked.source}.")
    return 1 if checked.found else 0


def by_service(packages: Mapping[str, str]) -> Advisories:
    """Advisories of pip-audit's service. Raises `Unchecked` if the service knows of none."""
    if not _audited(_KNOWN):
        raise Unchecked(f"the service of pip-audit knows no advisory of {_KNOWN}, so of no other package")
    found = _audited(*(f"{name}=={version}" for name, version in packages.items()))
    return Advisories(found, "by the service of pip-audit, now")


def _audited(*pins: str) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "pins.txt")
        wanted.write_text("\n".join(pins), encoding="utf-8")
        command = [*_AUDIT, "--format", "json", "--requirement", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().split("\n") or [""])[-1]
        raise Unchecked(f"pip-audit ended with exit code {done.returncode}: {last}") from None
    return tuple(f"{entry['name']} {entry['version']}: {known['id']}" for entry in answer for known in entry["vulns"])


def by_copy(packages: Mapping[str, str], osv: Path) -> Advisories:
    """Advisories of an OSV export. Raises `Unchecked` if the export cannot be read or is empty."""
    pinned: dict[str, str] = {canonicalize_name(name): version for name, version in packages.items()}
    found: list[str] = []
    count, newest = 0, ""
    for advisory in _exported(osv):
        count += 1
        newest = max(newest, str(advisory.get("modified", "")))
        hit = None if advisory.get("withdrawn") else _hit(advisory, pinned)
        if hit:
            found.append(f"{hit} {pinned[hit]}: {advisory.get('id')} {advisory.get('summary', '')}".rstrip())
    if not newest:
        raise Unchecked(f"{osv} has no advisory with a date")
    age = (datetime.now(UTC) - datetime.fromisoformat(newest)).days
    return Advisories(
        tuple(sorted(found)), f"by {count} advisories in {osv}, the newest of {newest[:10]} ({age} days ago)"
    )


def _exported(osv: Path) -> Iterator[dict[str, Any]]:
    try:
        if osv.is_dir():
            yield from (json.loads(path.read_bytes()) for path in sorted(osv.rglob("*.json")))
        else:
            with ZipFile(osv) as archive:
                yield from (json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json"))
    except (OSError, BadZipFile, ValueError) as error:
        raise Unchecked(f"{osv} cannot be read: {error}") from None


def _hit(advisory: Mapping[str, Any], pinned: Mapping[str, str]) -> str:
    """Name of the pinned package that an advisory concerns; empty: none."""
    for affected in advisory.get("affected", ()):
        package = affected.get("package", {})
        name = canonicalize_name(str(package.get("name", "")))
        if package.get("ecosystem") == "PyPI" and name in pinned and _affects(affected, pinned[name]):
            return name
    return ""


def _affects(affected: Mapping[str, Any], release: str) -> bool:
    """Whether a release is in the versions listed or in a range, as OSV's evaluation algorithm has them."""
    if release in affected.get("versions", ()):
        return True
    ranges = [one["events"] for one in affected.get("ranges", ()) if one.get("type") == "ECOSYSTEM"]
    return any(_within(events, Version(release)) for events in ranges)


def _within(events: list[dict[str, str]], release: Version) -> bool:
    """Whether the last event at or before a release leaves the release affected; the first release is `0`."""
    inside = False
    points = sorted(((_point(value), kind) for event in events for kind, value in event.items()), key=lambda at: at[0])
    for point, kind in points:
        if point <= release:
            inside = kind == "introduced" or (kind == "last_affected" and point == release)
    return inside


def _point(value: str) -> Version:
    try:
        return Version(value)
    except InvalidVersion:
        return Version("0")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
