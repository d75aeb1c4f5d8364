"""The QEMU machine: started, waited for, ended. Its record is written before it exists, and names it for ever.

The machine is emulated (no /dev/kvm is asked for), reaches nothing, and is reached by SSH on one address of the host's
loopback.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventready.errors import UsageError
from eventready.lab.place import process_mark, write_private
from eventready.lab.real.enclosure import processes_of
from eventready.lab.real.wifi.air import AIR, AccessPoint
from eventready.lab.real.wifi.guest import READY, Secrets, pack
from eventready.lab.real.wifi.kernel import Kernel, fetch

#: Debian's packages, without the kernel, which is fetched and not installed.
PACKAGES = (
    "qemu-system-x86", "busybox-static", "hostapd", "wpasupplicant", "iw", "wireless-regdb", "openssh-server",
    "iproute2", "procps",
)  # fmt: skip
_PROGRAMS = ("qemu-system-x86_64", "busybox", "hostapd", "wpa_supplicant", "iw", "sshd", "ip", "free")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_MEMORY_MB = 384
_STOP_S = 5.0
_GLANCE_S = 0.1
#: The machine's share of a busy host, as `nice` counts it.
_NICE = -10


@dataclass(frozen=True)
class Order:
    """What machine is wanted. With port 0 the system chooses one; kernels are kept in `cache`."""

    folder: Path
    cache: Path
    name: str = "ap-host-1"
    host: str = "127.0.0.1"
    port: int = 0
    air: tuple[AccessPoint, ...] = AIR


@dataclass(frozen=True)
class Record:
    """A machine as it is written down. `tag` stands in its command line and in no other process's; pid 0: not started
    yet, as far as anyone wrote. `host_key` is the public one, as in known_hosts."""

    tag: str
    folder: str
    name: str
    host: str
    port: int
    host_key: str = ""
    pid: int = 0
    mark: str = ""

    @property
    def console(self) -> Path:
        """What the machine says at its serial port."""
        return Path(self.folder) / "console.log"


def lacking() -> str:
    """Why the machine cannot run here; empty when it can. It needs no root."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "needs Linux on x86-64"
    if shutil.which("apt-get") is None:
        return "needs Debian's apt-get, which fetches the kernel"
    absent = [program for program in _PROGRAMS if shutil.which(program, path=_PATH) is None]
    if not Path("/lib/firmware/regulatory.db").exists():
        absent.append("regulatory.db (wireless-regdb)")
    return f"not installed: {', '.join(absent)}" if absent else ""


def start(order: Order, password: str) -> tuple[Record, subprocess.Popen[bytes]]:
    """Boot the machine; `password` is that of `netops`. The caller owns the process and waits for its end.

    Raises UsageError, and then nothing is left of it.
    """
    if reason := lacking():
        raise UsageError(f"the WiFi machine cannot run here: {reason}", do="Say `eventready doctor --real`.")
    earlier = find(order.folder)
    if earlier and processes_of(earlier.tag):
        raise UsageError("a WiFi machine runs here already", where=str(order.folder), do="Stop it first.")
    kernel = fetch(order.cache)
    order.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _boot(order, kernel, password)
    except BaseException:
        stop(order.folder)
        raise


def _boot(order: Order, kernel: Kernel, password: str) -> tuple[Record, subprocess.Popen[bytes]]:
    host_key, public = _key()
    lab_key, lab_public = _key()
    record = Record(
        f"evr-wifi-{secrets.token_hex(6)}",
        str(order.folder.resolve()),
        order.name,
        order.host,
        order.port or _free_port(order.host),
        public,
    )
    _write(record)
    write_private(order.folder / "lab_key", lab_key)
    initrd = order.folder / "initrd"
    initrd.touch(mode=0o600)
    initrd.write_bytes(pack(kernel, order.name, order.air, Secrets(host_key, lab_public, _hashed(password))))
    with (order.folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(
            _command(record, kernel.image, initrd.resolve()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            cwd=order.folder,
        )
    record = replace(record, pid=process.pid, mark=process_mark(process.pid))
    _write(record)
    _prefer(process.pid)
    return record, process


def _prefer(pid: int) -> None:
    """Let the machine go first: emulated, it needs little but that little at once, or its stations lose their access
    points and SSH its patience. Only root may; where Linux weighs whole sessions, `nice` alone does nothing."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(_NICE), encoding="ascii")


def _command(record: Record, image: Path, initrd: Path) -> Sequence[str]:
    forward = f"hostfwd=tcp:{record.host}:{record.port}-10.0.2.15:22"
    return (
        "nice", "-n", str(_NICE),
        "qemu-system-x86_64", "-name", record.tag, "-accel", "tcg", "-cpu", "max", "-smp", "1",
        "-m", str(_MEMORY_MB), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none",
        "-kernel", str(image), "-initrd", str(initrd), "-serial", f"file:{record.console}",
        "-append", "console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off",
        "-netdev", f"user,id=n0,restrict=on,{forward}", "-device", "virtio-net-pci,netdev=n0",
    )  # fmt: skip


def ready(record: Record, seconds: float = 60.0, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until all stations have joined. `alive` says whether waiting is of use. Raises UsageError."""
    deadline = time.monotonic() + seconds
    while True:
        said = record.console.read_text(encoding="utf-8", errors="replace") if record.console.exists() else ""
        if READY in said:
            return
        if not alive() or time.monotonic() > deadline or (record.pid and process_mark(record.pid) != record.mark):
            last = said.strip().splitlines()
            raise UsageError(
                f"the WiFi machine is not ready; the last it said is {last[-1]!r}" if last
                else "the WiFi machine is not ready, and says nothing",
                where=str(record.console),
            )  # fmt: skip
        time.sleep(_GLANCE_S)


def find(folder: Path) -> Record | None:
    """The record in a folder; None when there is none that can be read."""
    try:
        return Record(**json.loads((folder / "wifi.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def stop(folder: Path, process: subprocess.Popen[bytes] | None = None) -> bool:
    """End the machine that the folder's record speaks of, and remove what it left; True when there was something.

    The process is found by its tag, so also when whoever started it was killed before writing its number down.
    """
    record = find(folder)
    if record is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _gone(record, number, process):
            break
    for name in ("initrd", "lab_key", "console.log", "qemu.log", "wifi.json"):
        (folder / name).unlink(missing_ok=True)
    return True


def _gone(record: Record, number: signal.Signals, process: subprocess.Popen[bytes] | None) -> bool:
    deadline = time.monotonic() + _STOP_S
    for pid in processes_of(record.tag):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    while processes_of(record.tag):
        if process is not None:
            process.poll()
        if time.monotonic() > deadline:
            return False
        time.sleep(_GLANCE_S)
    if process is not None:
        process.wait(_STOP_S)
    return True


def _write(record: Record) -> None:
    write_private(Path(record.folder) / "wifi.json", json.dumps(asdict(record)))


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _key() -> tuple[str, str]:
    """A fresh key, private and public, as OpenSSH writes them."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), public.decode()


def _hashed(password: str) -> str:
    """The password as the machine's shadow file has it. perl is part of every Debian, and knows `crypt`; the password
    goes to it by pipe, so that no process list shows it."""
    words = "chomp(my ($password, $salt) = <STDIN>); print crypt($password, $salt)"
    done = subprocess.run(
        ["perl", "-e", words],
        input=f"{password}\n$6${secrets.token_hex(8)}$\n",
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
