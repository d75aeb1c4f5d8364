"""What the real province needs of a machine: root, Debian's packages, and the kernel's namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from eventready.errors import UsageError

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/frr"


@dataclass(frozen=True)
class Package:
    """A Debian package, known by a file or a program of its own; `what` says what it is for."""

    name: str
    what: str
    program: str = ""
    file: str = ""

    @property
    def installed(self) -> bool:
        """True when its program or file is there."""
        return Path(self.file).exists() if self.file else shutil.which(self.program, path=_PATH) is not None


PACKAGES = (
    Package("frr", "six routers", "vtysh"),
    Package("openssh-server", "what the routers are reached by", "sshd"),
    Package("openssh-client", "host keys", "ssh-keygen"),
    Package("osmo-bsc", "the controller of the base stations", "osmo-bsc"),
    Package("osmo-bts", "base stations", "osmo-bts-virtual"),
    Package("osmo-stp", "signalling between controller and core", "osmo-stp"),
    Package("osmo-hlr", "the register of subscribers", "osmo-hlr"),
    Package("osmo-mgw", "the media gateway", "osmo-mgw"),
    Package("osmo-msc", "the switching centre", "osmo-msc"),
    Package("iproute2", "network namespaces", "ip"),
    Package("nftables", "loss in silence", "nft"),
    Package("socat", "the controller's terminal", "socat"),
    Package("procps", "kernel settings", "sysctl"),
    Package("util-linux", "namespaces of processes and mounts", "unshare"),
    Package("passwd", "the user that logs in to the routers", "useradd"),
)
#: Without them everything else runs: the machine with the radios, and an MSC on a kernel without SCTP, where a shim
#: that is compiled then and there gives it TCP.
OPTIONAL = (
    Package("qemu-system-x86", "the WiFi machine", "qemu-system-x86_64"),
    Package("busybox-static", "the WiFi machine", "busybox"),
    Package("hostapd", "access points", "hostapd"),
    Package("wpasupplicant", "stations", "wpa_supplicant"),
    Package("iw", "radios", "iw"),
    Package("wireless-regdb", "which channels are allowed", file="/lib/firmware/regulatory.db"),
    Package("gcc", "an MSC on a kernel without SCTP", "cc"),
    Package("libc6-dev", "an MSC on a kernel without SCTP", file="/usr/include/dlfcn.h"),
)


def lacking() -> str:
    """Why the real province cannot run here; empty when it can."""
    if sys.platform != "linux":
        return "it needs Linux"
    if os.geteuid() != 0:
        return "it needs root"
    absent = [package.name for package in PACKAGES if not package.installed]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return kernel()


def kernel() -> str:
    """Whether this kernel lets us make the namespaces and mounts; containers often do not."""
    probe = subprocess.run(
        ["unshare", "--pid", "--mount", "--net", "--uts", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return f"the kernel refuses namespaces: {probe.stderr.strip()}" if probe.returncode else ""


def install(names: list[str]) -> None:
    """Install Debian's packages; no service of theirs is started. Raises UsageError."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise UsageError("only root on Debian can install packages", do="Run it with sudo, or install them yourself.")
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *names]):
        done = subprocess.run(
            ["apt-get", *command], check=False, capture_output=True, text=True, env={**os.environ, **quiet}
        )
        if done.returncode:
            last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
            raise UsageError(f"apt-get {command[0]} failed: {last}", do="Check the machine's package sources.")
