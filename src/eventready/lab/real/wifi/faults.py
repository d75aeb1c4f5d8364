"""What can go wrong on the air, made to happen inside the machine while it runs."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko

from eventready.errors import UsageError
from eventready.lab.real.wifi.machine import Record

_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, the words that make it and those that undo it.

    `place`: an access point has to be named to make it; `place_to_undo`: also to undo it.
    """

    help: str
    make: str
    undo: str
    place: bool = True
    place_to_undo: bool = True


FAULTS = {
    "ap-down": Fault("An access point is switched off.", "ap-down", "ap-up"),
    "crowded": Fault(
        "All stations are on one access point, and the others are idle.", "gather", "spread", place_to_undo=False
    ),
    "controller-dead": Fault(
        "hostapd is gone without a word.", "controller-down", "controller-up", place=False, place_to_undo=False
    ),
}


def make(record: Record, fault: str, ap: str = "") -> None:
    """Make a fault. Raises UsageError."""
    known = _known(fault)
    _do(record, f"{known.make} {_name(ap)}" if known.place else known.make)


def clear(record: Record, fault: str, ap: str = "") -> None:
    """Undo a fault; stations spread wherever they were gathered. Raises UsageError."""
    known = _known(fault)
    _do(record, f"{known.undo} {_name(ap)}" if known.place_to_undo else known.undo)


def _known(fault: str) -> Fault:
    if fault not in FAULTS:
        raise UsageError(f"the WiFi machine has no fault {fault!r}", do=f"There are {', '.join(FAULTS)}.")
    return FAULTS[fault]


def _name(ap: str) -> str:
    if not ap.replace("-", "").isalnum():
        raise UsageError(f"{ap!r} is no name of an access point", do="Name one of the machine's.")
    return ap


def alone(record: Record, ap: str) -> None:
    """Have all other access points forget stations that have left without a word. Raises UsageError."""
    _do(record, f"alone {_name(ap)}")


def stations(record: Record, aps: Sequence[str]) -> dict[str, int]:
    """How many stations hold to each of these access points. Raises UsageError."""
    said = _run(record, "; ".join(f"iw dev {_name(ap)} station dump | grep -c ^Station" for ap in aps))
    return dict(zip(aps, map(int, said.split()), strict=True))


def _do(record: Record, words: str) -> None:
    said = _run(record, f"/lab/fault {words} || echo FAIL")
    if said.endswith("FAIL"):
        raise UsageError(f"the WiFi machine refused `{words}`: {said}", where=record.folder)


def _run(record: Record, command: str) -> str:
    """What the machine says to a command of root's, over a session that checks its host key. Raises UsageError."""
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
        raise UsageError(f"the WiFi machine does not answer: {error}", where=record.folder) from None
    finally:
        client.close()
