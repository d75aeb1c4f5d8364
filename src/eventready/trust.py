"""Host keys: what devices show, against what the workspace has recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from eventready.platforms.loader import describe
from eventready.session.hostkeys import HostKey, KnownHosts, fetch, host_name, known_hosts, record_all
from eventready.session.reply import SessionError
from eventready.workspace.device import Device


class Trust(StrEnum):
    """What a shown key means."""

    SAME = "same"  # recorded already
    NEW = "new"  # nothing is recorded for the address
    CHANGED = "changed"  # another key is recorded
    REVOKED = "revoked"  # the file says that this key is never to be accepted
    SILENT = "silent"  # the address shows no key


@dataclass(frozen=True)
class Shown:
    """One address, the devices behind it, the key it shows now and those recorded. `reason` tells why there is none."""

    host: str
    port: int | None
    devices: tuple[str, ...]
    trust: Trust
    key: HostKey | None = None
    recorded: tuple[HostKey, ...] = ()
    reason: str = ""

    @property
    def address(self) -> str:
        """The address as a known_hosts file names it."""
        return host_name(self.host, self.port)


def with_host_keys(devices: Iterable[Device], platform_dirs: Sequence[Path]) -> tuple[Device, ...]:
    """The devices that speak SSH: a clear-text protocol has no key to record. Raises PlatformError."""
    chosen = tuple(devices)
    encrypted = {
        name: not describe(name, tuple(platform_dirs)).spec.session.cleartext
        for name in {device.platform for device in chosen}
    }
    return tuple(device for device in chosen if encrypted[device.platform])


def look(devices: Iterable[Device], recorded_in: Path, timeout_s: float = 10.0) -> tuple[Shown, ...]:
    """Ask every address once for its key, without logging in. Raises WorkspaceError for a broken known_hosts file."""
    known = known_hosts(recorded_in)
    behind: dict[tuple[str, int | None], list[str]] = {}
    for device in devices:
        behind.setdefault((device.hostname, device.port), []).append(device.name)
    with ThreadPoolExecutor(max_workers=16) as pool:
        return tuple(pool.map(lambda at: _one(at, tuple(behind[at]), known, timeout_s), behind))


def _one(address: tuple[str, int | None], devices: tuple[str, ...], known: KnownHosts, timeout_s: float) -> Shown:
    host, port = address
    recorded = known.keys(host, port)
    try:
        key = fetch(host, port, timeout_s)
    except SessionError as error:
        return Shown(host, port, devices, Trust.SILENT, None, recorded, str(error))
    if key.blob in known.revoked:
        return Shown(host, port, devices, Trust.REVOKED, key, recorded)
    trust = Trust.SAME if key in recorded else Trust.CHANGED if recorded else Trust.NEW
    return Shown(host, port, devices, trust, key, recorded)


def remember(shown: Iterable[Shown], path: Path) -> None:
    """Record the keys shown, in place of what was recorded for their addresses. Raises WorkspaceError."""
    keys = {(item.host, item.port): item.key for item in shown if item.key is not None}
    if keys:
        record_all(path, keys)
