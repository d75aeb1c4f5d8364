"""Faults of the radios, injected inside the WiFi host while running."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import paramiko

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import message
from eventready_lab.real.province.wifi.machine import MachineRecord

Fault = Literal["ap-down", "closed", "crowded", "controller-dead"]
_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class RadioFault:
    """Fault: the arguments of `/lab/fault` for injecting and clearing, with or without an access point."""

    make: str
    undo: str
    make_needs_ap: bool = True
    undo_needs_ap: bool = True


RADIO_FAULTS: Mapping[Fault, RadioFault] = {
    "ap-down": RadioFault("ap-down", "ap-up"),
    "closed": RadioFault("close", "open"),
    "crowded": RadioFault("gather", "spread", undo_needs_ap=False),
    "controller-dead": RadioFault("controller-down", "controller-up", make_needs_ap=False, undo_needs_ap=False),
}


def make(record: MachineRecord, fault: Fault, ap: str = "") -> None:
    """Make a fault. Raises UsageError."""
    known = RADIO_FAULTS[fault]
    _call(record, f"{known.make} {_name(ap)}" if known.make_needs_ap else known.make)


def clear(record: MachineRecord, fault: Fault, ap: str = "") -> None:
    """Undo a fault; stations return to their own access points. Raises UsageError."""
    known = RADIO_FAULTS[fault]
    _call(record, f"{known.undo} {_name(ap)}" if known.undo_needs_ap else known.undo)


def _name(ap: str) -> str:
    if not ap.replace("-", "").isalnum():
        raise UsageError(message("lab:wifi.bad_name", name=ap))
    return ap


def stations(record: MachineRecord, aps: Sequence[str]) -> dict[str, int]:
    """Associated stations per access point. Raises UsageError."""
    output = _run(record, "; ".join(f"iw dev {_name(ap)} station dump | grep -c ^Station" for ap in aps))
    return dict(zip(aps, map(int, output.split()), strict=True))


def _call(record: MachineRecord, arguments: str) -> None:
    output = _run(record, f"/lab/fault {arguments} || echo FAIL")
    if output.endswith("FAIL"):
        raise UsageError(message("lab:wifi.refused", command=arguments, reason=output), where=record.folder)


def _run(record: MachineRecord, command: str) -> str:
    """Run a command as root over SSH, with a checked host key; its output. Raises UsageError."""
    name = record.host if record.port == 22 else f"[{record.host}]:{record.port}"
    kind, blob = record.host_key.split()[:2]
    client = paramiko.SSHClient()
    client.get_host_keys().add(name, kind, paramiko.PKey.from_type_string(kind, base64.b64decode(blob)))
    try:
        key = paramiko.Ed25519Key.from_private_key(
            io.StringIO((Path(record.folder) / "lab_key").read_text(encoding="utf-8"))
        )
        client.connect(
            record.host, record.port, "root", pkey=key, timeout=_TIMEOUT_S, look_for_keys=False, allow_agent=False
        )
        _in, out, err = client.exec_command(command, timeout=_TIMEOUT_S)
        return (err.read() + out.read()).decode(errors="replace").strip()
    except (OSError, paramiko.SSHException) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(message("lab:wifi.silent", reason=reason), where=record.folder) from None
    finally:
        client.close()
