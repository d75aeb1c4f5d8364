"""Services, sockets, certificates, load balancers, names and pools of service hosts to propose."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address

from eventready.core.messages import Text, message
from eventready.facts.records import (
    Backend,
    Certificate,
    DhcpPool,
    DnsAnswer,
    GatewayGroup,
    Listener,
    PageAnswer,
    ResolverAnswer,
    ServiceUnit,
)
from eventready.network.learn.proposal import Kind, Proposal, absent_parts, partly_read
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.answers import ExpectedAnswer

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

_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,1000})<", re.IGNORECASE)
_LONGEST_TITLE, _OK = 200, 200


def host(reading: DeviceFacts, questions: Collection[str] = ()) -> Iterator[Proposal]:
    """Services and data of a service host beyond its expectations.

    `questions`: subjects of the questions that event.yaml has the host ask.
    """
    if reading.device.role != "service_host":
        return
    yield from _services(reading)
    yield from _listeners(reading)
    yield from _flag(reading, "certificates", bool(reading.fact("certificate", Certificate).each_row()))
    yield from _backends(reading)
    yield from _names(reading)
    yield from _flag(reading, "dhcp", bool(reading.fact("dhcp_pool", DhcpPool).each_row()))
    yield from _answers(reading, {*questions, *(answer.subject for answer in reading.device.expect.answers)})


def _services(reading: DeviceFacts) -> Iterator[Proposal]:
    """Running services; a failed service is an open question. Stopped ones are many on any host, and mean nothing."""
    rows = {row.name: row for row in reading.fact("service", ServiceUnit).each_row()}
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


def _opened(reading: DeviceFacts) -> tuple[str, ...]:
    """Sockets open to others, without the ports of clients."""
    rows = sorted(reading.fact("listener", Listener).each_row(), key=lambda row: (row.protocol, row.port))
    return tuple(dict.fromkeys(
        f"{row.protocol}/{row.port}" for row in rows
        if not row.is_local and row.port < _EPHEMERAL and (row.protocol, row.port) not in _CLIENTS
    ))  # fmt: skip


def _listeners(reading: DeviceFacts) -> Iterator[Proposal]:
    for name in _opened(reading):
        if name not in reading.device.expect.listeners:
            yield Proposal(reading.name, "listeners", name, name)


def _flag(reading: DeviceFacts, kind: Kind, shown: bool) -> Iterator[Proposal]:
    if shown and not getattr(reading.device.expect, kind):
        yield Proposal(reading.name, kind, "true", True)


def _backends(reading: DeviceFacts) -> Iterator[Proposal]:
    """Pools of the load balancer; a pool with a silent server is an open question."""
    rows = reading.fact("backend", Backend).each_row()
    for pool in dict.fromkeys(row.pool for row in rows):
        if pool in reading.device.expect.backends:
            continue
        servers = [row for row in rows if row.pool == pool]
        up = sum(row.state == "up" for row in servers)
        question = message("learn:ask.members", value=up, count=len(servers)) if up < len(servers) else None
        one = Proposal.judged(reading.name, "backends", pool, pool, question)
        yield Proposal.unsure(one, partly_read(reading, "backend"))
    yield from absent_parts(reading, "backends", "backend", (row.pool for row in rows))


def _names(reading: DeviceFacts) -> Iterator[Proposal]:
    """Names on the DNS server; a name without an answer is an open question."""
    rows = reading.fact("dns_answer", DnsAnswer).each_row()
    for row in rows:
        if row.name not in reading.device.expect.dns:
            question = None if row.address else message("learn:ask.name_silent")
            yield Proposal.judged(reading.name, "dns", row.name, row.name, question)
    yield from absent_parts(reading, "dns", "dns_answer", (row.name for row in rows))


def _answers(reading: DeviceFacts, known: Collection[str]) -> Iterator[Proposal]:
    """Answers about the page and the names of a host without any; open questions without the answer itself."""
    address = _address(reading)
    if address is None:
        return
    if "tcp/80" in _opened(reading) and not any(subject.startswith("http") for subject in known):
        yield _page(reading, f"http://{address}/")
    if not any(subject.startswith("dns ") for subject in known):
        for row in reading.fact("dns_answer", DnsAnswer).each_row():
            if row.address:
                yield _resolved(reading, row, address)


def _page(reading: DeviceFacts, url: str) -> Proposal:
    """Page with its title as the content to expect."""
    for row in reading.fact("answer_http", PageAnswer).each_row():
        if row.question == url and row.status == _OK and (title := _title(row)):
            return _answer(reading, {"http": url, "contains": title}, None)
    return _answer(reading, {"http": url}, message("learn:ask.page"))


def _title(row: PageAnswer) -> str:
    found = _TITLE.search(" ".join(row.content))
    return " ".join(found[1].split())[:_LONGEST_TITLE] if found else ""


def _resolved(reading: DeviceFacts, row: DnsAnswer, server: str) -> Proposal:
    value: dict[str, object] = {"dns": row.name, "server": server, "addresses": [row.address]}
    subject = ExpectedAnswer.model_validate(value).subject
    for answer in reading.fact("answer_dns", ResolverAnswer).each_row():
        if answer.question == subject and row.address in answer.addresses:
            return _answer(reading, {**value, "addresses": list(answer.addresses)}, None)
    return _answer(reading, value, message("learn:ask.name", address=row.address or ""))


def _address(reading: DeviceFacts) -> str | None:
    """Return the address of the users: a floating address, else the host's own; None where a group is unread."""
    floating = next(
        (row.virtual_ip for row in reading.fact("vrrp_group", GatewayGroup).each_row() if row.virtual_ip), None
    )
    if floating is None and reading.partly("vrrp_group"):
        return None
    try:
        return floating or str(ip_address(reading.device.hostname))
    except ValueError:
        return None


def _answer(reading: DeviceFacts, value: Mapping[str, object], question: Text | None) -> Proposal:
    subject = ExpectedAnswer.model_validate(value).subject
    if question is None:
        return Proposal(reading.name, "answers", subject, value, "served")
    return Proposal(reading.name, "answers", subject, value, "device", "unknown", question)
