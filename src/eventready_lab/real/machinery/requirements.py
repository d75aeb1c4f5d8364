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
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/frr"


@dataclass(frozen=True)
class Package:
    """A Debian package, detected by a program or a file, and its purpose in the lab, a word of `lab:purpose`."""

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
    Package("frr-pythontools", "revert_timer", file="/usr/lib/frr/frr-reload.py"),
    Package("openssh-server", "logins", "sshd"),
    Package("openssh-client", "host_keys", "ssh-keygen"),
    Package("osmo-bsc", "controller", "osmo-bsc"),
    Package("osmo-bts", "base_stations", "osmo-bts-virtual"),
    Package("osmo-stp", "signalling", "osmo-stp"),
    Package("osmo-hlr", "subscribers", "osmo-hlr"),
    Package("osmo-mgw", "media_gateway", "osmo-mgw"),
    Package("osmo-msc", "msc", "osmo-msc"),
    Package("iproute2", "network_namespaces", "ip"),
    Package("nftables", "packet_loss", "nft"),
    Package("socat", "controller_access", "socat"),
    Package("procps", "kernel_settings", "sysctl"),
    Package("util-linux", "process_namespaces", "unshare"),
    Package("passwd", "users", "useradd"),
)
#: Packages of parts that can be left out: the WiFi host, the service hosts, and the MSC on a kernel without SCTP, which
#: needs a compiled shim.
OPTIONAL = (
    Package("qemu-system-x86", "wifi_host", "qemu-system-x86_64"),
    Package("busybox-static", "wifi_host", "busybox"),
    Package("hostapd", "access_points", "hostapd"),
    Package("wpasupplicant", "stations", "wpa_supplicant"),
    Package("iw", "radios", "iw"),
    Package("wireless-regdb", "regulatory_domain", file="/lib/firmware/regulatory.db"),
    Package("faketime", "call_statistics", "faketime"),
    Package("nginx-light", "service_hosts", "nginx"),
    Package("keepalived", "floating_address", "keepalived"),
    Package("dnsmasq", "dns_dhcp", "dnsmasq"),
    Package("chrony", "time", "chronyd"),
    Package("rsyslog", "logs", "rsyslogd"),
    Package("bind9-dnsutils", "dns_answers", "dig"),
    Package("curl", "page_answers", "curl"),
    Package("iputils-ping", "echo_answers", "ping"),
    Package("gcc", "msc_without_sctp", "cc"),
    Package("libc6-dev", "msc_without_sctp", file="/usr/include/dlfcn.h"),
)


def unmet_requirement() -> str | Message:
    """Return the reason against a real lab on this machine; empty if supported."""
    if sys.platform != "linux":
        return message("lab:real.needs_linux")
    if os.geteuid() != 0:
        return message("lab:real.needs_root")
    absent = [package.name for package in PACKAGES if not package.installed]
    if absent:
        return message("lab:not_installed", names=absent)
    return missing_namespaces()


def missing_namespaces() -> str | Message:
    """Return the error of a kernel or container without namespaces and mounts; empty otherwise."""
    probe = subprocess.run(
        ["unshare", "--pid", "--mount", "--net", "--uts", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return message("lab:real.no_namespaces", reason=probe.stderr.strip()) if probe.returncode else ""


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
            lines = lines_of(done.stderr.strip())
            reason = lines[-1] if lines else message("lab:no_message")
            raise UsageError(message("lab:install.failed", command=command[0], reason=reason))


def examine() -> Iterator[Diagnostic]:
    """Results for root, every Debian package, and the kernel's namespaces."""
    root = sys.platform == "linux" and os.geteuid() == 0
    yield Diagnostic(
        "root", root, message("lab:doctor.root" if root else "lab:doctor.no_root"), message("lab:doctor.run_as_root")
    )
    for needed, packages in ((True, PACKAGES), (False, OPTIONAL)):
        for package in packages:
            purpose = message(f"lab:purpose.{package.purpose}")
            detail = purpose if package.installed else message("lab:doctor.no_package", purpose=purpose)
            yield Diagnostic(package.name, package.installed, detail, f"apt-get install {package.name}", needed)
    if root and all(package.installed for package in PACKAGES):
        refused = missing_namespaces()
        yield Diagnostic(
            "namespaces",
            not refused,
            refused or message("lab:doctor.namespaces"),
            message("lab:doctor.use_namespaces"),
        )


def install_missing() -> tuple[str, ...]:
    """Install the missing Debian packages; their names. Raises UsageError."""
    absent = [package.name for package in (*PACKAGES, *OPTIONAL) if not package.installed]
    if absent:
        install(absent)
    return tuple(absent)
