"""Compare presented host keys of devices and jump hosts with recorded keys, and record keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from eventready.core.messages import Text
from eventready.platforms.loader import describe
from eventready.session.hostkeys import HostKey, KnownHosts, known_hosts, record
from eventready.session.local import LOCAL
from eventready.session.reply import HostKeyMismatch, SessionError
from eventready.session.ssh.errors import to_session_error
from eventready.session.ssh.handshake import check_host_key, start_transport
from eventready.session.ssh.jump_hosts import dial, proxy_failure
from eventready.session.steps import Trace
from eventready.session.target import Target
from eventready.workspace.devices.device import Device


class HostKeyState(StrEnum):
    """Result of comparing a presented key with the recorded ones."""

    SAME = "same"  # recorded
    NEW = "new"  # no key recorded for the address
    CHANGED = "changed"  # another key recorded
    REVOKED = "revoked"  # marked @revoked
    SILENT = "silent"  # no key presented


@dataclass(frozen=True)
class HostKeyResult:
    """Address in known_hosts notation with its devices, the presented key and the recorded keys.

    `reason` explains a missing key.
    """

    address: str
    devices: tuple[str, ...]
    state: HostKeyState
    key: HostKey | None = None
    recorded: tuple[HostKey, ...] = ()
    reason: str | Text = ""


def ssh_devices(devices: Iterable[Device], platform_dirs: Sequence[Path]) -> tuple[Device, ...]:
    """Return the devices with SSH access. Raises PlatformError."""
    chosen = tuple(devices)
    specs = {name: describe(name, tuple(platform_dirs)).spec for name in {device.platform for device in chosen}}
    with_ssh = {
        name for name, spec in specs.items() if not spec.session.cleartext and spec.netmiko.device_type != LOCAL
    }
    return tuple(device for device in chosen if device.platform in with_ssh)


def key_rounds(targets: Iterable[Target]) -> tuple[tuple[Target, ...], ...]:
    """Return all SSH servers of the paths, in rounds: a jump host comes in a round before the servers behind."""
    by_depth: dict[int, dict[str, Target]] = {}
    for target in targets:
        for depth, hop in enumerate(target.jumps):
            by_depth.setdefault(depth, {}).setdefault(hop.host_key_name, hop)
    jumps = [tuple(by_depth[depth].values()) for depth in sorted(by_depth)]
    devices = tuple(targets)
    return (*jumps, devices) if devices else tuple(jumps)


def fetch_keys(targets: Iterable[Target], recorded_in: Path, timeout_s: float = 10.0) -> tuple[HostKeyResult, ...]:
    """Fetch the key of every address once, without logging in. Raises WorkspaceError for an invalid known_hosts."""
    known_hosts(recorded_in)
    by_address: dict[str, list[Target]] = {}
    for target in targets:
        by_address.setdefault(target.host_key_name, []).append(target)
    with ThreadPoolExecutor(max_workers=16) as pool:
        return tuple(pool.map(lambda same: _fetch_one(same, recorded_in, timeout_s), by_address.values()))


def _fetch_one(targets: Sequence[Target], recorded_in: Path, timeout_s: float) -> HostKeyResult:
    target, names = targets[0], tuple(dict.fromkeys(target.name for target in targets))
    known = known_hosts(recorded_in)
    address, recorded = target.host_key_name, known.lookup(target.host_key_name)
    try:
        key, accepted = _presented(target, timeout_s, known)
    except SessionError as error:
        return HostKeyResult(address, names, HostKeyState.SILENT, None, recorded, error.whole)
    if key.blob in known.revoked:
        return HostKeyResult(address, names, HostKeyState.REVOKED, key, recorded)
    state = HostKeyState.SAME if accepted else HostKeyState.CHANGED if recorded else HostKeyState.NEW
    return HostKeyResult(address, names, state, key, recorded)


def fetch_key(target: Target, timeout_s: float = 10.0) -> HostKey:
    """Return the key presented by an SSH server, without logging in. Raises SessionError."""
    return _presented(target, timeout_s, KnownHosts(Path()))[0]


def _presented(target: Target, timeout_s: float, known: KnownHosts) -> tuple[HostKey, bool]:
    """Return the key presented by an SSH server; True for an accepted key. Raises SessionError."""
    connection = None
    try:
        connection = dial(target, timeout_s, Trace())
        with start_transport(connection, target, timeout_s, known) as transport:
            key = HostKey.of(transport.get_remote_server_key())
            try:
                check_host_key(transport, target, known)
            except HostKeyMismatch:
                return key, False
            return key, True
    except Exception as error:
        raise proxy_failure(connection, target) or to_session_error(error, target) from None
    finally:
        if connection is not None:
            connection.close()


def record_results(results: Iterable[HostKeyResult], path: Path) -> None:
    """Record the presented keys in place of the recorded ones. Raises WorkspaceError."""
    keys = {item.address: item.key for item in results if item.key is not None}
    if keys:
        record(path, keys)
