"""Services, sockets, certificates, load balancers, names and pools of service hosts to propose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eventready.core.messages import message
from eventready.facts.records import Backend, Certificate, DhcpPool, DnsAnswer, Listener, ServiceUnit
from eventready.network.learn.proposal import Kind, Proposal, absent_parts
from eventready.network.network_facts import DeviceFacts

#: Units of the operating system itself, on Debian, Ubuntu and Red Hat; none serves the event.
_SYSTEM_UNITS = re.compile(
    r"(systemd-|dbus|getty@|serial-getty@|console-getty|container-getty@|user@|user-runtime-dir@|ifup@|ifupdown|networking"
    r"|NetworkManager|wpa_supplicant|ModemManager|keyboard-setup|console-setup|kmod|modprobe@|apparmor|selinux|polkit"
    r"|udisks2|upower|plymouth|lvm2|dm-event|blk-availability|multipathd|mdmonitor|cron$|crond$|atd$|anacron"
    r"|unattended-upgrades|snapd|packagekit|fwupd|accounts-daemon|e2scrub|fstrim|apt-daily|dpkg-db-backup|logrotate|man-db"
    r"|motd-news|emergency|rescue|initrd|rc-local|avahi-daemon|bluetooth|alsa|colord|irqbalance|rngd|smartd|smartmontools"
    r"|qemu-guest-agent|open-vm-tools|vgauth|cloud-|sshd-keygen|kdump|tuned|auditd|dracut|import-state|nis-domainname"
    r"|firewalld|nftables|iptables|ufw|finalrd|setvtrgb|thermald|grub|secureboot|ldconfig|sssd|gdm|lightdm|rtkit|switcheroo)"
)
#: First port of those that clients take by themselves (Linux: 32768 to 60999).
_EPHEMERAL = 32_768
#: Clients of DHCP and multicast DNS: no service of the event.
_CLIENTS = frozenset({("udp", 68), ("udp", 546), ("udp", 5353)})


def host(reading: DeviceFacts) -> Iterator[Proposal]:
    """Services and data of a service host beyond its expectations."""
    if reading.device.role != "service_host":
        return
    yield from _services(reading)
    yield from _listeners(reading)
    yield from _flag(reading, "certificates", bool(reading.rows("certificate", Certificate)))
    yield from _backends(reading)
    yield from _names(reading)
    yield from _flag(reading, "dhcp", bool(reading.rows("dhcp_pool", DhcpPool)))


def _services(reading: DeviceFacts) -> Iterator[Proposal]:
    """Running services; a failed service is an open question. Stopped ones are many on any host, and mean nothing."""
    rows = {row.name: row for row in reading.rows("service", ServiceUnit)}
    for name, row in rows.items():
        if name in reading.device.expect.services or _SYSTEM_UNITS.match(name):
            continue
        if row.state == "up":
            yield Proposal(reading.name, "services", name, name)
        elif row.state in ("failed", "starting"):
            question = message("learn:ask.not_up", state=row.state)
            yield Proposal.judged(reading.name, "services", name, name, question)
    installed = (name for name, row in rows.items() if row.state != "absent")
    yield from absent_parts(reading, "services", "service", installed)


def _listeners(reading: DeviceFacts) -> Iterator[Proposal]:
    """Sockets open to others, without the ports of clients."""
    opened = dict.fromkeys(
        f"{row.protocol}/{row.port}"
        for row in sorted(reading.rows("listener", Listener), key=lambda row: (row.protocol, row.port))
        if not row.is_local and row.port < _EPHEMERAL and (row.protocol, row.port) not in _CLIENTS
    )
    for name in opened:
        if name not in reading.device.expect.listeners:
            yield Proposal(reading.name, "listeners", name, name)


def _flag(reading: DeviceFacts, kind: Kind, shown: bool) -> Iterator[Proposal]:
    if shown and not getattr(reading.device.expect, kind):
        yield Proposal(reading.name, kind, "true", True)


def _backends(reading: DeviceFacts) -> Iterator[Proposal]:
    """Pools of the load balancer; a pool with a silent server is an open question."""
    rows = reading.rows("backend", Backend)
    for pool in dict.fromkeys(row.pool for row in rows):
        if pool in reading.device.expect.backends:
            continue
        servers = [row for row in rows if row.pool == pool]
        up = sum(row.state == "up" for row in servers)
        question = message("learn:ask.members", value=up, count=len(servers)) if up < len(servers) else None
        yield Proposal.judged(reading.name, "backends", pool, pool, question)
    yield from absent_parts(reading, "backends", "backend", (row.pool for row in rows))


def _names(reading: DeviceFacts) -> Iterator[Proposal]:
    """Names on the DNS server; a name without an answer is an open question."""
    rows = reading.rows("dns_answer", DnsAnswer)
    for row in rows:
        if row.name not in reading.device.expect.dns:
            question = None if row.address else message("learn:ask.name_silent")
            yield Proposal.judged(reading.name, "dns", row.name, row.name, question)
    yield from absent_parts(reading, "dns", "dns_answer", (row.name for row in rows))
