"""The QEMU machine of the WiFi host: start, readiness, end. Its record is on disk before the machine exists.

The machine is emulated (no /dev/kvm), has no network access, and is reached by SSH at an address of loopback.
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

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready_lab.control.lab_folder import process_start_time, write_private
from eventready_lab.real.machinery.sandbox import processes_of
from eventready_lab.real.province.wifi.guest import READY, Secrets, pack
from eventready_lab.real.province.wifi.kernel import Kernel, fetch
from eventready_lab.real.province.wifi.radio import AIR, AccessPoint

#: Debian packages; the kernel is downloaded and not installed.
PACKAGES = (
    "qemu-system-x86", "busybox-static", "hostapd", "wpasupplicant", "iw", "wireless-regdb", "openssh-server",
    "iproute2", "procps",
)  # fmt: skip
_PROGRAMS = ("qemu-system-x86_64", "busybox", "hostapd", "wpa_supplicant", "iw", "sshd", "ip", "free")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_MEMORY_MB = 384
_STOP_S = 5.0
_POLL_S = 0.1
#: The machine's share of a busy host, as `nice` counts it.
_NICE = -10


@dataclass(frozen=True)
class MachineOptions:
    """Options of a machine. Port 0: any free port; `cache`: the folder of downloaded kernels."""

    folder: Path
    cache: Path
    name: str = "ap-host-1"
    host: str = "127.0.0.1"
    port: int = 0
    air: tuple[AccessPoint, ...] = AIR


@dataclass(frozen=True)
class MachineRecord:
    """The record of a machine. `tag` is a unique word of its command line; pid 0: not started yet. `host_key` is the
    public key as in known_hosts."""

    tag: str
    folder: str
    name: str
    host: str
    port: int
    host_key: str = ""
    pid: int = 0
    start_time: str = ""

    @property
    def console(self) -> Path:
        """The log of the serial console."""
        return Path(self.folder) / "console.log"


def unmet_requirement() -> str | Message:
    """Return the reason against the machine on this host; empty if supported. Root is not needed."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return message("lab:wifi.needs_linux")
    if shutil.which("apt-get") is None:
        return message("lab:wifi.needs_apt")
    absent = [program for program in _PROGRAMS if shutil.which(program, path=_PATH) is None]
    if not Path("/lib/firmware/regulatory.db").exists():
        absent.append("regulatory.db (wireless-regdb)")
    return message("lab:not_installed", names=absent) if absent else ""


def start(options: MachineOptions, password: str) -> tuple[MachineRecord, subprocess.Popen[bytes]]:
    """Boot the machine with a password for `netops`. The caller owns the process and waits for its end.

    Raises UsageError, and then leaves nothing behind.
    """
    if reason := unmet_requirement():
        raise UsageError(message("lab:wifi.cannot_run", reason=reason))
    earlier = find(options.folder)
    if earlier and processes_of(earlier.tag):
        raise UsageError(message("lab:wifi.running_already"), where=str(options.folder))
    kernel = fetch(options.cache)
    options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _boot(options, kernel, password)
    except BaseException:
        stop(options.folder)
        raise


def _boot(options: MachineOptions, kernel: Kernel, password: str) -> tuple[MachineRecord, subprocess.Popen[bytes]]:
    host_key, public = _key()
    lab_key, lab_public = _key()
    record = MachineRecord(
        f"evr-wifi-{secrets.token_hex(6)}",
        str(options.folder.resolve()),
        options.name,
        options.host,
        options.port or _free_port(options.host),
        public,
    )
    _write(record)
    write_private(options.folder / "lab_key", lab_key)
    initrd = options.folder / "initrd"
    initrd.touch(mode=0o600)
    initrd.write_bytes(pack(kernel, options.name, options.air, Secrets(host_key, lab_public, _hashed(password))))
    with (options.folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(
            _command(record, kernel.image, initrd.resolve()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            cwd=options.folder,
        )
    record = replace(record, pid=process.pid, start_time=process_start_time(process.pid))
    _write(record)
    _prefer(process.pid)
    return record, process


def _prefer(pid: int) -> None:
    """Raise the scheduling priority of the machine's session: slow emulation loses associations and times out SSH. Root
    only; with autogroup scheduling `nice` alone has no effect."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(_NICE), encoding="ascii")


def _command(record: MachineRecord, image: Path, initrd: Path) -> Sequence[str]:
    forward = f"hostfwd=tcp:{record.host}:{record.port}-10.0.2.15:22"
    return (
        "nice", "-n", str(_NICE),
        "qemu-system-x86_64", "-name", record.tag, "-accel", "tcg", "-cpu", "max", "-smp", "1",
        "-m", str(_MEMORY_MB), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none",
        "-kernel", str(image), "-initrd", str(initrd), "-serial", f"file:{record.console}",
        "-append", "console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off",
        "-netdev", f"user,id=n0,restrict=on,{forward}", "-device", "virtio-net-pci,netdev=n0",
    )  # fmt: skip


def ready(record: MachineRecord, seconds: float = 60.0, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until all stations are associated, while `alive`. Raises UsageError."""
    deadline = time.monotonic() + seconds
    while True:
        console = record.console.read_text(encoding="utf-8", errors="replace") if record.console.exists() else ""
        if READY in console:
            return
        if (
            not alive()
            or time.monotonic() > deadline
            or (record.pid and process_start_time(record.pid) != record.start_time)
        ):
            last = lines_of(console.strip())
            reason = message("lab:wifi.not_ready", line=last[-1]) if last else message("lab:wifi.console_empty")
            raise UsageError(reason, where=str(record.console))
        time.sleep(_POLL_S)


def find(folder: Path) -> MachineRecord | None:
    """The record in a folder; None without a valid record."""
    try:
        return MachineRecord(**json.loads((folder / "wifi.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def stop(folder: Path, process: subprocess.Popen[bytes] | None = None) -> bool:
    """End the recorded machine of a folder and remove its files; False without a record.

    The process is found by its tag, so also when its pid was never recorded.
    """
    record = find(folder)
    if record is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _ended(record, number, process):
            break
    for name in ("initrd", "lab_key", "console.log", "qemu.log", "wifi.json"):
        (folder / name).unlink(missing_ok=True)
    return True


def _ended(record: MachineRecord, number: signal.Signals, process: subprocess.Popen[bytes] | None) -> bool:
    deadline = time.monotonic() + _STOP_S
    for pid in processes_of(record.tag):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    while processes_of(record.tag):
        if process is not None:
            process.poll()
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    if process is not None:
        process.wait(_STOP_S)
    return True


def _write(record: MachineRecord) -> None:
    write_private(Path(record.folder) / "wifi.json", json.dumps(asdict(record)))


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _key() -> tuple[str, str]:
    """A new key pair in OpenSSH form: private, public."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), public.decode()


def _hashed(password: str) -> str:
    """The password in the form of a shadow file, by the `crypt` of perl, which every Debian has; the password passes
    through a pipe, and so appears in no process list."""
    script = "chomp(my ($password, $salt) = <STDIN>); print crypt($password, $salt)"
    done = subprocess.run(
        ["perl", "-e", script],
        input=f"{password}\n$6${secrets.token_hex(8)}$\n",
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
