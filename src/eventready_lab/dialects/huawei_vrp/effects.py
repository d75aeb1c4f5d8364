"""The configuration of a VRP device: its initial and printed form, and its effect on the state.

Routes, log hosts and gateway groups follow the state, so that faults show in the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from eventready.core.strings.texts import lines_of
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState, Gateway, Port, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.state_sync import adopt_lines, adopt_shut, follow_groups
from eventready_lab.dialects.huawei_vrp.formats import digits, spelt
from eventready_lab.dialects.huawei_vrp.lines import load

#: The default preference of a static route; distance 1 in the state stands for the default.
DEFAULT_PREFERENCE = 60


@dataclass(frozen=True)
class VrpLayout(Layout):
    """Sections, and groups of similar lines, are separated by `#`; an address family has a `#` above."""

    separator: str = "#"
    end: str = "return"

    def text(self, tree: Tree) -> str:
        """The whole configuration, up to `return`."""
        lines = [self.head, "#"]
        last = ""
        for line, children in tree.items():
            kind = line.split()[0]
            if last and (children or kind != last):
                lines.append("#")
            lines += [line, *_beneath(children, 1)]
            last = "" if children else kind
            lines += ["#"] if children else []
        return "\n".join([*lines, *([] if lines[-1] == "#" else ["#"]), "return"])


def _beneath(tree: Tree, depth: int) -> Iterator[str]:
    indent = " " * depth
    for line, children in tree.items():
        yield from [f"{indent}#"] if line.startswith("ipv4-family ") else []
        yield f"{indent}{line}"
        yield from _beneath(children, depth + 1)


def layout(version: str) -> VrpLayout:
    """The printed form of a VRP release."""
    return VrpLayout(head=f"!Software Version {version}")


def _net(router_id: str) -> str:
    digits = "".join(f"{int(part):03d}" for part in router_id.split(".") if part)
    return f"49.0001.{digits[:4]}.{digits[4:8]}.{digits[8:]}.00"


def route_line(route: Static) -> str:
    """The configuration line of a static route."""
    network = IPv4Network(route.prefix, strict=False)
    parts = ["ip route-static", str(network.network_address), str(network.netmask), spelt(route.interface)]
    parts.append(route.next_hop)
    if route.distance not in (1, DEFAULT_PREFERENCE):
        parts.append(f"preference {route.distance}")
    if route.bfd:
        parts.append(f"track bfd-session to-{route.next_hop}")
    elif route.track:
        parts.append(f"track nqa {route.track}")
    return " ".join(part for part in parts if part)


def _route(line: str) -> Static | None:
    """The route of a configuration line; None for any other line and for routes of VPN instances."""
    match = re.match(r"ip route-static (\d\S+) (\d\S+)(?: ([A-Z]\S*))?(?: (\d+(?:\.\d+){3}))?", line)
    if match is None:
        return None
    try:
        prefix = str(IPv4Network(f"{match[1]}/{match[2]}", strict=False))
    except ValueError:
        return None
    rest = line[match.end() :]
    preference, test = re.search(r" preference (\d+)", rest), re.search(r" track nqa (\S+ \S+)", rest)
    return Static(
        prefix, match[4] or "", match[3] or "", distance=int(preference[1]) if preference else 1,
        track=test[1] if test else "", bfd=" track bfd-session " in rest,
    )  # fmt: skip


def _groups(tree: Tree) -> Iterator[Gateway]:
    """The VRRP groups with an address."""
    for line, section in tree.items():
        for setting in section if line.startswith("interface ") else ():
            match = re.fullmatch(r"vrrp vrid (\d+) virtual-ip (\S+)", setting)
            if match:
                name = f"vrrp vrid {match[1]}"
                yield Gateway(
                    "vrrp", int(match[1]), line.split()[1], match[2],
                    priority=_setting(section, f"{name} priority", 100),
                    preempt=f"{name} preempt-mode disable" not in section,
                    advertisement_ms=1000 * _setting(section, f"{name} timer advertise", 1),
                    tracks=[one.removeprefix(f"{name} track ") for one in section if one.startswith(f"{name} track ")],
                )  # fmt: skip


def _setting(section: Tree, start: str, default: int) -> int:
    return next((int(line.split()[-1]) for line in section if line.startswith(f"{start} ")), default)


def _log_host(line: str) -> str | None:
    return line.split()[2] if line.startswith("info-center loghost ") else None


def _sections(state: DeviceState, tree: Tree) -> Iterator[tuple[str, Port, Tree]]:
    for port in state.ports.values():
        line = f"interface {spelt(port.name)}"
        if line in tree:
            yield line, port, tree[line]


def _applied(state: DeviceState, tree: Tree) -> None:
    """Update ports, trunks, gateway groups, routes, log hosts and host name from the configuration."""
    for _, port, section in _sections(state, tree):
        port.admin_up = "shutdown" not in section
        port.description = next((line.partition(" ")[2] for line in section if line.startswith("description ")), "")
        port.mtu = next((int(line.split()[1]) for line in section if re.fullmatch(r"mtu \d+", line)), port.mtu)
    for bundle in state.bundles:
        setting = tree.get(f"interface {spelt(bundle.name)}", {})
        least = (int(line.split()[-1]) for line in setting if line.startswith("least active-linknumber "))
        bundle.min_links = next(least, 1)
    state.hostname = next((line.split()[1] for line in tree if line.startswith("sysname ")), state.hostname)
    state.statics[:] = [route for line in tree if (route := _route(line))]
    state.log_hosts[:] = [host for line in tree if (host := _log_host(line))]
    names = {spelt(name): name for name in state.ports}
    groups = list(_groups(tree))
    for group in groups:
        group.interface = names.get(group.interface, group.interface)
    follow_groups(state, [*(one for one in state.gateways if one.protocol != "vrrp"), *groups])


def _adopted(state: DeviceState, tree: Tree) -> Tree:
    """The configuration after a fault of the state: routes, log hosts, shut ports, removed groups."""
    adopted = adopt_lines(tree, _route, route_line, state.statics)
    adopted = adopt_lines(adopted, _log_host, lambda host: f"info-center loghost {host}", state.log_hosts)
    present = {(spelt(one.interface), one.group) for one in state.gateways}
    for line, port, section in _sections(state, adopted):
        lost = [
            f"vrrp vrid {one.group} " for one in _groups({line: section}) if (one.interface, one.group) not in present
        ]
        kept = {setting: beneath for setting, beneath in section.items() if not setting.startswith(tuple(lost))}
        adopted[line] = adopt_shut(kept, admin_up=port.admin_up)
    return adopted


def running(view: View) -> str:
    """`display current-configuration`."""
    return view.running_text


def saved(view: View) -> str:
    """`display saved-configuration`."""
    return view.startup_text


def compared(view: View) -> str:
    """`compare configuration`: the first difference between running and saved configuration."""
    if view.state.saved:
        return " The current configuration is the same as the next startup configuration file."
    now, then = lines_of(view.running_text), lines_of(view.startup_text)
    first = next((at for at, (one, other) in enumerate(zip(now, then, strict=False)) if one != other), 0)
    return "\n".join(
        [
            " The current configuration is not the same as the next startup configuration file. There may be several "
            "differences, and the following are some configurations beginning from the first:",
            f" ====== Current configuration line {first + 1} ======",
            *now[first : first + 4],
            "",
            f" ====== Configuration file line {first + 1} ======",
            *then[first : first + 4],
        ]
    )


_SAVING = "Now saving the current configuration to the slot 0.\n"
_NOT_SAVED = "Error: Failed to save the configuration to the storage device because there is not enough space."


def save(view: View) -> str:
    """`save` of VRP 5."""
    return f"{_SAVING}{'Save the configuration successfully.' if view.save() else _NOT_SAVED}"


def save_8(view: View) -> str:
    """`save` of VRP 8."""
    return f"{_SAVING}{'Info: Save the configuration successfully.' if view.save() else _NOT_SAVED}"


GRAMMAR = load(spelt=spelt, digits=digits, net=_net, route_line=route_line)
CONFIG = ConfigMode(
    initial=GRAMMAR.initial,
    grammar=GRAMMAR.grammar,
    layout=layout("V200R021C00SPC600"),
    enter="system-view",
    entered="Enter system view, return user view with return command.",
    end="return",
    up="quit",
    show_prefix="",
    apply_to_state=_applied,
    adopt_state=_adopted,
)
