"""Requirements of the real lab: root, Debian packages, kernel namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eventready.audit.doctor import Diagnostic
from eventready.core.errors import UsageError
from eventready.core.messages import message

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/frr"


@dataclass(frozen=True)
class Package:
    """A Debian package, detected by a program or a file, and its purpose in the lab."""

    name: str
    purpose: str
    program: str = ""
    file: str = ""

    @property
    def installed(self) -> bool:
        """True when the program or file exists."""
        return Path(self.file).exists() if self.file else shutil.which(self.program, path=_PATH) is not None


PACKAGES = (
    Package("frr", "routers", "vtysh"),
    Package("frr-pythontools", "timer that reverts a change on a router", file="/usr/lib/frr/frr-reload.py"),
    Package("openssh-server", "logins to the routers", "sshd"),
    Package("openssh-client", "host keys", "ssh-keygen"),
    Package("osmo-bsc", "base-station controller", "osmo-bsc"),
    Package("osmo-bts", "base stations", "osmo-bts-virtual"),
    Package("osmo-stp", "signalling between controller and core", "osmo-stp"),
    Package("osmo-hlr", "subscriber register", "osmo-hlr"),
    Package("osmo-mgw", "media gateway", "osmo-mgw"),
    Package("osmo-msc", "switching centre", "osmo-msc"),
    Package("iproute2", "network namespaces", "ip"),
    Package("nftables", "loss of packets without loss of carrier", "nft"),
    Package("socat", "connections to the base-station controller", "socat"),
    Package("procps", "kernel settings", "sysctl"),
    Package("util-linux", "process and mount namespaces", "unshare"),
    Package("passwd", "users of the routers", "useradd"),
)
#: Packages of parts that can be left out: the WiFi host, the service hosts, and the MSC on a kernel without SCTP, which
#: needs a compiled shim.
OPTIONAL = (
    Package("qemu-system-x86", "WiFi host", "qemu-system-x86_64"),
    Package("busybox-static", "WiFi host", "busybox"),
    Package("hostapd", "access points", "hostapd"),
    Package("wpasupplicant", "stations", "wpa_supplicant"),
    Package("iw", "radios", "iw"),
    Package("wireless-regdb", "regulatory domain of the radios", file="/lib/firmware/regulatory.db"),
    Package("faketime", "an hour of call statistics in a minute", "faketime"),
    Package("nginx-light", "service hosts", "nginx"),
    Package("keepalived", "floating address of the service hosts", "keepalived"),
    Package("dnsmasq", "DNS and DHCP of the service hosts", "dnsmasq"),
    Package("chrony", "time of the service hosts", "chronyd"),
    Package("rsyslog", "logs of the service hosts", "rsyslogd"),
    Package("bind9-dnsutils", "DNS answers of the service hosts", "dig"),
    Package("gcc", "MSC on a kernel without SCTP", "cc"),
    Package("libc6-dev", "MSC on a kernel without SCTP", file="/usr/include/dlfcn.h"),
)


def unmet_requirement() -> str:
    """Return the reason against a real lab on this machine; empty if supported."""
    if sys.platform != "linux":
        return "Linux is required"
    if os.geteuid() != 0:
        return "root is required"
    absent = [package.name for package in PACKAGES if not package.installed]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return missing_namespaces()


def missing_namespaces() -> str:
    """Return the error of a kernel or container without namespaces and mounts; empty otherwise."""
    probe = subprocess.run(
        ["unshare", "--pid", "--mount", "--net", "--uts", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return f"the kernel refuses namespaces: {probe.stderr.strip()}" if probe.returncode else ""


def install(names: list[str]) -> None:
    """Install Debian packages without starting their services. Raises UsageError."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise UsageError(message("lab:install.not_root"))
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *names]):
        done = subprocess.run(
            ["apt-get", *command], check=False, capture_output=True, text=True, env={**os.environ, **quiet}
        )
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise UsageError(message("lab:install.failed", command=command[0], reason=last))


def examine() -> Iterator[Diagnostic]:
    """Results for root, every Debian package, and the kernel's namespaces."""
    root = sys.platform == "linux" and os.geteuid() == 0
    yield Diagnostic("root", root, "yes" if root else "no", "Run the real lab as root on Linux; it makes namespaces.")
    for needed, packages in ((True, PACKAGES), (False, OPTIONAL)):
        for package in packages:
            detail = package.purpose if package.installed else f"not installed ({package.purpose})"
            yield Diagnostic(package.name, package.installed, detail, f"apt-get install {package.name}", needed)
    if root and all(package.installed for package in PACKAGES):
        refused = missing_namespaces()
        yield Diagnostic(
            "namespaces",
            not refused,
            refused or "available",
            "Use a machine or a privileged container that allows namespaces.",
        )


def install_missing() -> tuple[str, ...]:
    """Install the missing Debian packages; their names. Raises UsageError."""
    absent = [package.name for package in (*PACKAGES, *OPTIONAL) if not package.installed]
    if absent:
        install(absent)
    return tuple(absent)
