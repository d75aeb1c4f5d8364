"""The configuration of an IOS XE router: its initial and printed form, its differences, and its effect on the state.

Routes and log hosts follow the state, so that faults show in the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.state import DeviceState, Gateway, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.state_sync import adopt_lines, adopt_shut, follow_groups

_LEAST = re.compile(r"(?:lacp min-bundle|port-channel min-links) (\d+)")
_WORDS = {"hsrp": "standby", "vrrp": "vrrp"}
_MATCH = re.compile(r"^match (?=(?:dscp|precedence) )")
_SECTION = re.compile(
    r"(?:interface|router|ip sla \d|track|route-map|policy-map|class-map|ip access-list|line|bfd-template) ?.*|archive"
)


@dataclass(frozen=True)
class IosLayout(Layout):
    """Sections are separated by `!`; address families and VRRP groups have an end line. `match dscp` has two blanks.

    numbers: lines of access lists have their sequence numbers, as since IOS XE 16.
    """

    numbers: bool = True

    def text(self, tree: Tree) -> str:
        """The whole configuration, up to `end`."""
        lines: list[str] = []
        for line, children in tree.items():
            section = _SECTION.fullmatch(line) and not line.startswith("ip sla schedule")
            lines += ["!"] if section and lines and lines[-1] != "!" else []
            listed = line.startswith("ip access-list ") and not self.numbers
            lines += [line, *(_unnumbered(children) if listed else _beneath(children, 1))]
            lines += ["!"] if section else []
        return "\n".join([*lines, *([] if lines[-1:] == ["!"] else ["!"]), "end"])


def layout(version: str) -> IosLayout:
    """The printed form of a version: 17.9.4a, 03.16.10.S."""
    major = re.match(r"\d+", version)
    return IosLayout(numbers=major is None or int(major[0]) >= 16)


def _unnumbered(tree: Tree) -> Iterator[str]:
    for line in tree:
        yield " " + re.sub(r"^\d+ ", "", line)


def _beneath(tree: Tree, depth: int) -> Iterator[str]:
    indent = " " * depth
    for line, children in tree.items():
        family = line.startswith("address-family ")
        if family and not children:
            continue
        yield from [f"{indent}!"] if family else []
        yield indent + _MATCH.sub("match  ", line)
        yield from _beneath(children, depth + 1)
        yield from [f"{indent}exit-address-family"] if family else []
        yield from [f"{indent} exit-vrrp"] if re.fullmatch(r"vrrp \d+ address-family ipv\d", line) else []


def route_line(route: Static) -> str:
    """`ip route 0.0.0.0 0.0.0.0 10.0.0.1 200 track 10`."""
    network = IPv4Network(route.prefix, strict=False)
    parts = [f"ip route {network.network_address} {network.netmask}", route.interface, route.next_hop]
    parts += [str(route.distance) if route.distance != 1 else "", f"track {route.track}" if route.track else ""]
    return " ".join(part for part in parts if part)


def _route(line: str) -> Static | None:
    match = re.fullmatch(
        r"ip route (\d\S+) (\d\S+)(?: ([A-Z]\S+))?(?: (\d+(?:\.\d+){3}))?(?: (\d+))?"
        r"(?: (?:tag \d+|name \S+|permanent|track (\d+)))*",
        line,
    )
    if not match:
        return None
    try:
        prefix = str(IPv4Network(f"{match[1]}/{match[2]}", strict=False))
    except ValueError:
        return None
    return Static(prefix, match[4] or "", match[3] or "", int(match[5] or 1), match[6] or "", bool(match[6]))


def _groups(tree: Tree) -> Iterator[Gateway]:
    """The HSRP and VRRP groups with an address."""
    for line, section in tree.items():
        for setting, beneath in section.items() if line.startswith("interface ") else ():
            match = re.fullmatch(r"(standby|vrrp) (\d+) ip (\S+)", setting)
            family = re.fullmatch(r"vrrp (\d+) address-family ipv4", setting)
            protocol = "hsrp" if setting.startswith("standby") else "vrrp"
            interface = line.split(" ", 1)[1]
            if match:
                name = f"{match[1]} {match[2]} "
                preempts = any(one.startswith(f"{name}preempt") for one in section)
                advertised, hold = _timers(section, name)
                yield Gateway(
                    protocol, int(match[2]), interface, match[3], priority=_priority(section, name), preempt=preempts,
                    advertisement_ms=advertised, hold_ms=hold, tracks=_tracks(section, name),
                )  # fmt: skip
            elif family:
                address = next((one.split()[1] for one in beneath if re.match(r"address \S+ primary", one)), "")
                yield from [
                    Gateway(
                        protocol, int(family[1]), interface, address, priority=_priority(beneath, ""),
                        preempt="no preempt" not in beneath, advertisement_ms=_timers(beneath, "")[0],
                        tracks=_tracks(beneath, ""),
                    )
                ] if address else []  # fmt: skip


def _timers(setting: Tree, before: str) -> tuple[int, int]:
    """Advertisement interval of VRRP and hold time of HSRP, in milliseconds. VRRP 3 is configured in milliseconds."""
    advertised, hold = 1000, 10_000
    for line in setting:
        if match := re.fullmatch(rf"{before}timers advertise (msec )?(\d+)", line):
            advertised = int(match[2]) * (1 if match[1] or not before else 1000)
        elif match := re.fullmatch(rf"{before}timers (?:msec )?\d+ (msec )?(\d+)", line):
            hold = int(match[2]) * (1 if match[1] else 1000)
    return advertised, hold


def _tracks(setting: Tree, before: str) -> list[str]:
    start = f"{before}track "
    return [line.removeprefix(start) for line in setting if line.startswith(start)]


def _priority(setting: Tree, before: str) -> int:
    start = f"{before}priority "
    return next((int(one.removeprefix(start)) for one in setting if one.startswith(start)), 100)


def apply_to_state(state: DeviceState, tree: Tree) -> None:
    """Update ports, bundles, gateway groups, routes, log hosts and host name from the configuration."""
    for name, port in state.ports.items():
        section = tree.get(f"interface {name}")
        if section is not None:
            port.admin_up = "shutdown" not in section
            named = next((line for line in section if line.startswith("description ")), "")
            port.description = named.removeprefix("description ")
    for bundle in state.bundles:
        setting = tree.get(f"interface {bundle.name}", {})
        bundle.min_links = next((int(match[1]) for line in setting if (match := _LEAST.fullmatch(line))), 1)
    state.hostname = next((line.split(" ", 1)[1] for line in tree if line.startswith("hostname ")), state.hostname)
    state.statics = [route for line in tree if (route := _route(line))]
    state.log_hosts = [line.split()[2] for line in tree if line.startswith("logging host ")]
    follow_groups(state, _groups(tree))


def adopt_state(state: DeviceState, tree: Tree) -> Tree:
    """The configuration after a fault of the state: routes, log hosts, shut ports, removed groups."""
    adopted = adopt_lines(tree, _route, route_line, state.statics)
    adopted = adopt_lines(adopted, _log_host, lambda host: f"logging host {host}", state.log_hosts)
    present = {(group.protocol, group.interface, group.group) for group in state.gateways}
    removed = [one for one in _groups(adopted) if (one.protocol, one.interface, one.group) not in present]
    for name, port in state.ports.items():
        section = adopted.get(f"interface {name}")
        if section is not None:
            lost = [f"{_WORDS[one.protocol]} {one.group} " for one in removed if one.interface == name]
            kept = {line: beneath for line, beneath in section.items() if not line.startswith(tuple(lost))}
            adopted[f"interface {name}"] = adopt_shut(kept, admin_up=port.admin_up)
    return adopted


def _log_host(line: str) -> str | None:
    return line.split()[2] if line.startswith("logging host ") else None


def running(view: View) -> str:
    """`show running-config`."""
    text = view.running_text
    head = f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n!"
    return f"{head}\n! Last configuration change by netops\n!\n{text}\n"


def startup(view: View) -> str:
    """`show startup-config`."""
    return f"Using {len(view.startup_text)} out of 33554432 bytes\n!\n{view.startup_text}\n"


def _beyond(tree: Tree, other: Tree, sign: str) -> Iterator[str]:
    for line, children in tree.items():
        if line not in other:
            yield f"{sign}{line}"
            yield from (f" {sign}{child}" for child in children)
            continue
        inner = [f" {sign}{child}" for child in children if child not in other[line]]
        if inner:
            yield line
            yield from inner


def differences(view: View) -> str:
    """`show archive config differences nvram:startup-config system:running-config`."""
    now, then = view.config.running, view.config.startup
    lines = [*_beyond(now, then, "+"), *_beyond(then, now, "-")]
    if not view.state.saved:
        lines = lines or ["+ntp update-calendar"]
    return "\n".join(["!Contextual Config Diffs:", *(lines or ["!No changes were found"])])
