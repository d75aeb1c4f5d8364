"""What this machine and this workspace have and lack, each with how to get it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from eventready.checks.limits import resolve_limits
from eventready.checks.names import require_known
from eventready.clock import TZ
from eventready.errors import EventreadyError, WorkspaceError
from eventready.lab.real.requirements import OPTIONAL, PACKAGES, install, kernel
from eventready.session.hostkeys import known_hosts
from eventready.store.database import Database, default_place
from eventready.trust import with_host_keys
from eventready.workspace.secrets import is_reference, resolve
from eventready.workspace.workspace import Workspace, load_workspace

OLDEST, NEWEST = (3, 11), (3, 13)
#: No machine that runs this release can honestly be earlier.
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
#: A line of our own metadata: a name, perhaps with an extra, the least version, the extra of ours that brings it.
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(\[[^\]]*\])?(?:.*?>=(?P<least>[\d.]+))?(?:.*extra == .(?P<extra>\w+))?")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Sign:
    """One thing looked at. What is not `needed` is missed by some commands only; `remedy` says how to get it."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True


def examine(workspace: Path) -> Iterator[Sign]:
    """Everything, cheapest first; nothing raises, and nothing is connected to but the database."""
    yield python(sys.version_info[:2])
    yield from packages()
    yield browser()
    yield from clock(datetime.now(UTC))
    yield database(workspace)
    loaded = yield from inventory(workspace)
    if loaded is not None:
        yield from secrets(loaded)
        yield host_keys(loaded)


def examine_real() -> Iterator[Sign]:
    """What the real province needs of this machine: root, the kernel's namespaces, Debian's packages."""
    root = sys.platform == "linux" and os.geteuid() == 0
    yield Sign("root", root, "yes" if root else "no", "Run it as root on Linux: it makes namespaces.")
    for needed, packages in ((True, PACKAGES), (False, OPTIONAL)):
        for package in packages:
            told = package.what if package.installed else f"not installed ({package.what})"
            yield Sign(package.name, package.installed, told, f"apt-get install {package.name}", needed)
    if root and all(package.installed for package in PACKAGES):
        refused = kernel()
        yield Sign(
            "namespaces", not refused, refused or "this kernel makes them", "Use a machine that is no container."
        )


def install_real() -> tuple[str, ...]:
    """Install what the real province lacks; the names of what was installed. Raises UsageError."""
    absent = [package.name for package in (*PACKAGES, *OPTIONAL) if not package.installed]
    if absent:
        install(absent)
    return tuple(absent)


def python(running: tuple[int, ...]) -> Sign:
    """The interpreter's version."""
    said = ".".join(map(str, running))
    span = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    return Sign("python", OLDEST <= running <= NEWEST, said, f"Use Python {span}.")


def packages() -> Iterator[Sign]:
    """What the package needs, and what each extra brings."""
    wanted = [found for line in requires("eventready") or () if (found := _REQUIREMENT.match(line))]
    for extra in ("", "lab", "secrets"):
        missing = [found["name"] for found in wanted if (found["extra"] or "") == extra and not _installed(found)]
        name, what = (f"extra {extra}", f'"eventready[{extra}]"') if extra else ("packages", "--upgrade eventready")
        yield _packages(name, missing, f"pip install {what}", needed=not extra)


def _installed(requirement: re.Match[str]) -> bool:
    try:
        return _numbers(version(requirement["name"])) >= _numbers(requirement["least"] or "0")
    except PackageNotFoundError:
        return False


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _packages(name: str, missing: Sequence[str], remedy: str, *, needed: bool) -> Sign:
    if not missing:
        return Sign(name, True, "complete", needed=needed)
    return Sign(name, False, f"missing or too old: {', '.join(missing)}", f"Install: {remedy}", needed)


def browser() -> Sign:
    """Chromium, with which the tests look at reports; reports themselves need none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Sign(
        "browser",
        found is not None,
        found or "no Chromium (only the tests that look at reports use it)",
        "Install: apt-get install chromium",
        needed=False,
    )


def clock(now: datetime) -> Iterator[Sign]:
    """The machine's clock, which dates every run."""
    local = now.astimezone(TZ)
    yield Sign(
        "clock",
        now >= RELEASED,
        f"{local:%Y-%m-%d %H:%M} in Trà Vinh",
        "Set the machine's clock: runs, certificates and waivers are dated by it.",
    )


def database(workspace: Path) -> Sign:
    """The database of runs: opened when it is there, its folder looked at when it is not made yet."""
    place = default_place(workspace)
    own = Path(place)
    try:
        if "://" not in place and not own.exists():
            folder = next(parent for parent in own.absolute().parents if parent.exists())
            return Sign(
                "database", os.access(folder, os.W_OK), f"{own}, made by the first run", f"Make {folder} writable."
            )
        opened = Database(place)
        where = opened.where
        opened.close()
    except EventreadyError as error:
        return Sign("database", False, error.what, error.do or "Check EVENTREADY_DATABASE_URL.")
    return Sign("database", True, where)


def inventory(path: Path) -> Generator[Sign, None, Workspace | None]:
    """Whether the workspace loads; returns it."""
    try:
        loaded = load_workspace(path)
        # What only an audit would stumble over, on the morning when it counts.
        require_known(loaded.waivers)
        resolve_limits(loaded.limits, loaded.devices)
    except WorkspaceError as error:
        yield Sign("workspace", False, str(error), "Correct what is named." if not error.do else "")
        return None
    count = len(loaded.devices)
    detail = f"{loaded.event.name}: {count} devices, {len(loaded.event.venues)} venues, {len(loaded.duties)} duties"
    yield Sign("workspace", count > 0, detail, "Add devices to inventory/hosts.yaml: without any, nothing is ready.")
    return loaded


def secrets(workspace: Workspace) -> Iterator[Sign]:
    """Whether every reference leads to a value. The values are not kept."""
    for reference in sorted(set(_references(workspace.files.__dict__.values()))):
        try:
            resolve(reference, workspace.path)
        except WorkspaceError as error:
            yield Sign(f"secret {reference}", False, error.what, error.do)
        else:
            yield Sign(f"secret {reference}", True, "has a value")


def _references(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, dict):
            yield from _references(part.values())
        elif isinstance(part, list):
            yield from _references(part)
        elif is_reference(part):
            yield part


def host_keys(workspace: Workspace) -> Sign:
    """Whether the devices that speak SSH have their keys recorded."""
    try:
        known = known_hosts(workspace.known_hosts)
        devices = with_host_keys(workspace.devices, workspace.platform_dirs)
    except EventreadyError as error:
        return Sign("host keys", False, str(error))
    unknown = [device.name for device in devices if not known.keys(device.hostname, device.port)]
    if not unknown:
        return Sign("host keys", True, f"recorded for all {len(devices)} devices that speak SSH")
    return Sign(
        "host keys", False, f"not recorded for {len(unknown)} of {len(devices)} devices", "Run: eventready trust"
    )
