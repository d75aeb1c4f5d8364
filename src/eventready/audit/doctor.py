"""Diagnostics of this machine and workspace, each with its remedy."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, entry_points, metadata, requires, version
from pathlib import Path
from typing import Any, Protocol

from eventready.core.errors import EventreadyError, RefusedError, UsageError, WorkspaceError
from eventready.core.files import config_folder
from eventready.core.messages import Text, in_language, message
from eventready.core.strings.texts import few
from eventready.core.timezone import local_time, zone
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.waivers import require_known
from eventready.facts.equipment import Equipment
from eventready.platforms.loader import describe
from eventready.session.connect import needs_cleartext
from eventready.session.hostkeys import known_hosts
from eventready.session.plugin import key_targets
from eventready.session.trust import key_rounds, ssh_devices
from eventready.store.backup_cipher import BackupCipher
from eventready.store.changes import backup_keys
from eventready.store.database.connection import Database, database_location
from eventready.workspace.keys.backup_key import BACKUP_KEY, ENVIRONMENT, load_backup_key
from eventready.workspace.keys.secrets import is_reference, resolve
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import Workspace, load_workspace

#: Entry points of modules with further requirements, such as the lab on real software.
REQUIREMENTS = "eventready.requirements"
#: Devices named per diagnostic; their number is always given.
_NAMED = 8
#: Least version of Python, as in the metadata, and the newest that the tests run with.
OLDEST, NEWEST = (3, 11), (3, 13)
#: Earliest plausible date of the clock.
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
#: Requirement in the metadata of the package: name, extra of the dependency, least version, own extra.
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(\[[^\]]*\])?(?:.*?>=(?P<least>[\d.]+))?(?:.*extra == .(?P<extra>\w+))?")
#: Extras for development only.
_DEVELOPMENT = frozenset({"dev", "docs"})
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Diagnostic:
    """Result of a diagnostic. `needed`: required by the audit, otherwise by some commands only.

    `name` begins with a word of `audit:doctor_name`; `label` replaces the word for the state on a terminal.
    """

    name: str
    ok: bool
    detail: str | Text
    remedy: str | Text = ""
    needed: bool = True
    label: str = ""

    def rendered(self, lang: str) -> Diagnostic:
        """Copy with its sentences in a language."""
        detail, remedy = (in_language(one, lang) for one in (self.detail, self.remedy))
        return replace(self, detail=detail, remedy=remedy)


def examine(workspace: Path) -> Iterator[Diagnostic]:
    """Run all diagnostics, cheapest first. No exception, and no connection except to the database."""
    yield python(sys.version_info[:2])
    yield from packages()
    yield browser()
    yield from clock(datetime.now(UTC))
    yield database(workspace)
    yield backup_key(workspace)
    yield from modes(workspace)
    loaded = yield from inventory(workspace)
    if loaded is not None:
        permission = allowed(loaded)
        yield permission
        if permission.ok:
            yield from secrets(loaded)
        if loaded.devices:
            yield from cleartext(loaded)
            yield from expectations(loaded)
            yield from access_settings(loaded)
            yield host_keys(loaded)
        yield from unconfirmed_forms(loaded)


class Requirements(Protocol):
    """Module registered under `REQUIREMENTS`: requirements of its software on this machine."""

    def examine(self) -> Iterator[Diagnostic]:
        """Diagnostics of all requirements, cheapest first."""

    def install_missing(self) -> tuple[str, ...]:
        """Install missing packages. Return their names. Raises UsageError."""


def further_requirements() -> tuple[Requirements, ...]:
    """Requirements of other packages, such as the lab on real software, by name. Raises UsageError without any."""
    points = sorted(entry_points(group=REQUIREMENTS), key=lambda point: point.name)
    if not points:
        raise UsageError(message("audit:no_lab"))
    return tuple(point.load() for point in points)


def _invalid(name: str, error: WorkspaceError) -> Diagnostic:
    return Diagnostic(name, False, error.whole, "" if error.do else message("audit:doctor.correct"))


def python(running: tuple[int, ...]) -> Diagnostic:
    """Version of the interpreter."""
    found, oldest, newest = (".".join(map(str, version)) for version in (running, OLDEST, NEWEST))
    tested, needed = message("audit:doctor.use_python", oldest=oldest, newest=newest), running < OLDEST
    return Diagnostic(
        "python", OLDEST <= running <= NEWEST, found, tested, needed=needed, label="note" if running > NEWEST else ""
    )


def packages() -> Iterator[Diagnostic]:
    """Required packages, and the packages of each extra."""
    wanted = [found for line in requires("eventready") or () if (found := _REQUIREMENT.match(line))]
    extras = metadata("eventready").get_all("Provides-Extra") or []
    for extra in ("", *(extra for extra in extras if extra not in _DEVELOPMENT)):
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


def _packages(name: str, missing: Sequence[str], remedy: str, *, needed: bool) -> Diagnostic:
    if not missing:
        return Diagnostic(name, True, message("audit:doctor.complete"), needed=needed)
    detail = message("audit:doctor.packages_missing", names=missing)
    return Diagnostic(name, False, detail, message("audit:doctor.install", command=remedy), needed)


def browser() -> Diagnostic:
    """Chromium, used by the tests of the readiness page only."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Diagnostic(
        "browser",
        found is not None,
        found or message("audit:doctor.no_browser"),
        message("audit:doctor.install", command="apt-get install chromium"),
        needed=False,
    )


def clock(now: datetime) -> Iterator[Diagnostic]:
    """Clock of this machine."""
    local = local_time(now)
    yield Diagnostic(
        "clock",
        now >= RELEASED,
        f"{local:%Y-%m-%d %H:%M} {zone().key}",
        message("audit:doctor.set_clock"),
    )


def database(workspace: Path) -> Diagnostic:
    """Database of runs: opened if present, otherwise its folder must be writable."""
    place = database_location(workspace)
    own = Path(place)
    try:
        if "://" not in place and not own.exists():
            folder = next(parent for parent in own.absolute().parents if parent.exists())
            detail = message("audit:doctor.database_new", file=str(own))
            remedy = message("audit:doctor.make_writable", folder=str(folder))
            return Diagnostic("database", os.access(folder, os.W_OK), detail, remedy)
        opened = Database(place)
        where = opened.where
        opened.close()
    except EventreadyError as error:
        return Diagnostic("database", False, error.cause, error.remedy or message("audit:doctor.check_database_url"))
    return Diagnostic("database", True, where)


def inventory(path: Path) -> Generator[Diagnostic, None, Workspace | None]:
    """Load the workspace; None after an error."""
    try:
        loaded = load_workspace(path)
        # Validated by the audit only.
        require_known(loaded.waivers, loaded.duties)
        resolve_limits(loaded.limits, loaded.devices)
    except WorkspaceError as error:
        yield _invalid("workspace", error)
        return None
    counts = {"devices": len(loaded.devices), "venues": len(loaded.event.venues), "duties": len(loaded.duties)}
    detail = message("audit:doctor.workspace", event=loaded.event.title, **counts)
    yield Diagnostic("workspace", bool(loaded.devices), detail, message("audit:doctor.add_devices"))
    yield Diagnostic("reading", ok=True, detail=message("audit:doctor.reading", **dict(loaded.event.reading)))
    return loaded


def backup_key(workspace: Path) -> Diagnostic:
    """Key of the backups of changes: readable, and the key of the recorded backups."""
    remedy = message("audit:doctor.put_key_back", file=str(BACKUP_KEY), environment=ENVIRONMENT)
    try:
        key = load_backup_key(workspace)
        used = _backup_keys(workspace)
    except EventreadyError as error:
        return Diagnostic("backup key", False, error.cause, error.remedy or remedy, needed=False)
    if key is None:
        detail = message("audit:doctor.key_absent") if used else message("audit:doctor.key_later")
        return Diagnostic("backup key", not used, detail, remedy, needed=False)
    other = used - {BackupCipher(key).id}
    detail = message("audit:doctor.other_key", keys=sorted(other)) if other else message("audit:doctor.present")
    return Diagnostic("backup key", not other, detail, remedy, needed=False)


def _backup_keys(workspace: Path) -> frozenset[str]:
    place = database_location(workspace)
    if "://" not in place and not Path(place).exists():
        return frozenset()
    database = Database(place)
    try:
        return backup_keys(database)
    finally:
        database.close()


#: Levels of a workspace that are searched for private keys, and bytes of a file that show one.
_LEVELS, _HEAD = ("*", "*/*", "*/*/*"), 80
#: Files of a workspace that decide what is run and where secrets go; the folder of what was measured.
_DECIDING, _MEASURED = (
    ("inventory", "playbooks", "templates", "ssh_config", "known_hosts", "ansible.cfg"),
    ".eventready",
)


def modes(workspace: Path) -> Iterator[Diagnostic]:
    """Files open to every user of this machine for changes, and private ones for reading, each with a remedy."""
    if os.name != "posix":
        return
    password, person = os.environ.get("EVENTREADY_VAULT_PASSWORD_FILE", ""), config_folder()
    own = [workspace / name for name in _DECIDING]
    deciding = [workspace, person, *own, *(one for folder in (*own, person) for one in folder.rglob("*"))]
    keys = [path for path in person.rglob("*") if path.is_file() and path.suffix not in (".yaml", ".pub")]
    keys += [path for level in _LEVELS for path in workspace.glob(level) if _is_open_key(path)]
    private, closed = [*keys, *([Path(password)] if password else [])], workspace / _MEASURED
    may_read = [path for path in (closed, *private) if _mode(path) & (stat.S_IROTH | stat.S_IXOTH * (path == closed))]
    may_change = [path for path in (*deciding, closed, *private) if _mode(path) & stat.S_IWOTH]
    for name, paths in (("changed", may_change), ("read", may_read)):
        if found := [str(path) for path in dict.fromkeys(paths)]:
            detail = message(f"audit:doctor.modes.{name}", names=few(found, _NAMED))
            remedy = message("audit:doctor.modes.do", right="w" if name == "changed" else "rwx", file=found[0])
            yield Diagnostic("modes", False, detail, remedy, needed=False, label="note")


def _is_open_key(path: Path) -> bool:
    """Return True for a file with a private key readable by every user of this machine."""
    try:
        if not (path.is_file() and _mode(path) & stat.S_IROTH):
            return False
        with path.open("rb") as file:
            return b"PRIVATE KEY-----" in file.read(_HEAD)
    except OSError:
        return False


def _mode(path: Path) -> int:
    """Return the mode of a file behind its links; 0 without a file, and for a folder with the sticky bit (`/tmp`)."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return 0
    return 0 if mode & stat.S_ISVTX else mode


def allowed(workspace: Workspace) -> Diagnostic:
    """Permission to connect and to run programs, a condition for resolving secrets."""
    try:
        require_allowed(workspace.path)
    except RefusedError as error:
        return Diagnostic("allowed", False, error.cause, error.remedy)
    return Diagnostic("allowed", True, message("audit:doctor.allowed"))


def secrets(workspace: Workspace) -> Iterator[Diagnostic]:
    """Resolve every secret reference, without keeping values."""
    for reference in sorted(set(_references(workspace.files.__dict__.values()))):
        try:
            resolve(reference, workspace.path)
        except WorkspaceError as error:
            yield Diagnostic(f"secret {reference}", False, error.cause, error.remedy)
        else:
            yield Diagnostic(f"secret {reference}", True, message("audit:doctor.has_value"))


def _references(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, dict):
            yield from _references(part.values())
        elif isinstance(part, list):
            yield from _references(part)
        elif is_reference(part):
            yield part


def unconfirmed_forms(workspace: Workspace) -> Iterator[Diagnostic]:
    """Facts of the platforms in use with a form without public source."""
    equipment = Equipment.of(workspace)
    for name in sorted({device.platform for device in workspace.devices}):
        try:
            platform = equipment.named(name)
        except WorkspaceError as error:
            yield _invalid(f"platform {name}", error)
            continue
        if facts := platform.unconfirmed:
            detail = message("audit:doctor.unconfirmed", facts=facts)
            remedy = message("audit:doctor.compare")
            yield Diagnostic(f"platform {name}", False, detail, remedy, needed=False, label="note")


def cleartext(workspace: Workspace) -> Iterator[Diagnostic]:
    """Devices on a platform in clear text, without the permission of the inventory."""
    specs = {}
    for name in {device.platform for device in workspace.devices}:
        with suppress(WorkspaceError):  # a diagnostic of `unconfirmed_forms`
            specs[name] = describe(name, workspace.platform_dirs).spec
    refused = [
        device.name
        for device in workspace.devices
        if (spec := specs.get(device.platform)) and needs_cleartext(spec) and not device.allow_cleartext
    ]
    if refused:
        detail = message("audit:doctor.cleartext", n=len(refused), names=few(refused, _NAMED))
        yield Diagnostic("clear text", False, detail, message("audit:doctor.allow_cleartext"))


def expectations(workspace: Workspace) -> Iterator[Diagnostic]:
    """Devices without an expectation: their verdicts rest on their own health alone."""
    empty = [device.name for device in workspace.devices if device.expect.empty]
    if empty:
        detail = message("audit:doctor.no_expect", n=len(empty), names=few(empty, _NAMED))
        yield Diagnostic("expect", False, detail, message("audit:doctor.learn"), needed=False, label="note")


def access_settings(workspace: Workspace) -> Iterator[Diagnostic]:
    """Devices with unusable access settings, which are not measured."""
    for target in key_targets(workspace.nornir(), [device.name for device in workspace.devices]):
        if target.unusable is not None:
            yield Diagnostic(f"access {target.name}", False, target.unusable)


def host_keys(workspace: Workspace) -> Diagnostic:
    """Recorded host keys of the devices with SSH."""
    try:
        known = known_hosts(workspace.known_hosts)
        devices = ssh_devices(workspace.devices, workspace.platform_dirs)
        found = key_targets(workspace.nornir(), [device.name for device in devices])
        targets = [target for target in found if target.unusable is None]
    except EventreadyError as error:
        return Diagnostic("host keys", False, error.whole)
    servers = {server.host_key_name: server for group in key_rounds(targets) for server in group}
    unknown = [server.name for server in servers.values() if not known.knows(server.host_key_name)]
    if not unknown:
        return Diagnostic("host keys", True, message("audit:doctor.keys_recorded", count=len(targets)))
    return Diagnostic(
        "host keys",
        False,
        message("audit:doctor.keys_missing", count=len(unknown), total=len(servers), example=unknown[0]),
        message("audit:doctor.run_trust"),
    )
