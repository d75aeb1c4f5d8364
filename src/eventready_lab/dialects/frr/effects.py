"""The configuration of an FRR router: its initial and printed form, and its effect on the state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from eventready.core.strings.texts import lines_of
from eventready_lab.device.configuration.tree import Layout, Tree, parse_tree
from eventready_lab.device.state import DeviceState, Gateway, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.state_sync import adopt_lines, adopt_shut, follow_groups

_SECTION = re.compile(r"(?:interface|router|route-map|pbr-map|vrf) .*|bfd")
_HEAD = "frr version 10.3\nfrr defaults traditional"
_NO_LINE = re.compile(r"\s*(?:!.*|exit|exit-address-family|end|frr (?:version|defaults) .*|Building configuration.*)?")


class FrrLayout(Layout):
    """Sections end with `exit`; an empty interface or address family is not printed."""

    def text(self, tree: Tree) -> str:
        """The whole configuration, from `frr version` to `end`."""
        lines = [_HEAD]
        for line, children in tree.items():
            if not _SECTION.fullmatch(line):
                begins = line.startswith("ip route ") and not lines[-1].startswith(("!", "ip route "))
                lines += ["!", line] if begins else [line]
            elif children or not line.startswith("interface "):
                lines += [] if lines[-1] == "!" else ["!"]
                lines += [line, *_beneath(children), "exit", "!"]
        return "\n".join([*lines, *([] if lines[-1] == "!" else ["!"]), "end"])


def _beneath(tree: Tree) -> Iterator[str]:
    for line, children in tree.items():
        if line.startswith("address-family "):
            if children:
                yield from (" !", f" {line}", *(f"  {child}" for child in children), " exit-address-family")
        elif line.startswith(("profile ", "peer ")):
            yield from (f" {line}", *(f"  {child}" for child in children), " exit", " !")
        else:
            yield f" {line}"


def read_text(text: str) -> Tree:
    """Parse the text of `show running-config` or of a configuration file."""
    return parse_tree("\n".join(line for line in lines_of(text) if not _NO_LINE.fullmatch(line)))


def route_line(route: Static) -> str:
    """`ip route 0.0.0.0/0 10.0.0.1 eth1 200 bfd`."""
    parts = [f"ip route {route.prefix} {route.next_hop}", route.interface]
    parts += [str(route.distance) if route.distance != 1 else "", "bfd" if route.bfd or route.track else ""]
    return " ".join(part for part in parts if part)


def _route(line: str) -> Static | None:
    match = re.fullmatch(
        r"ip route (\S+/\d+) (\d+(?:\.\d+){3})(?: (?!bfd)([A-Za-z]\S*))?(?: tag \d+)?(?: (\d+))?(?: (bfd.*))?", line
    )
    if not match:
        return None
    try:
        prefix = str(IPv4Network(match[1], strict=False))
    except ValueError:
        return None
    return Static(prefix, match[2], match[3] or "", int(match[4] or 1), "", bool(match[5]))


def _groups(tree: Tree) -> Iterator[Gateway]:
    """The VRRP groups with an address."""
    for line, section in tree.items():
        for setting in section if line.startswith("interface ") else ():
            match = re.fullmatch(r"vrrp (\d+) ip(?:v6)? (\S+)", setting)
            if match:
                name = f"vrrp {match[1]}"
                yield Gateway(
                    "vrrp", int(match[1]), line.split()[1], match[2],
                    priority=_setting(section, f"{name} priority", 100),
                    preempt=f"no {name} preempt" not in section,
                    advertisement_ms=_setting(section, f"{name} advertisement-interval", 1000),
                )  # fmt: skip


def _setting(section: Tree, start: str, default: int) -> int:
    return next((int(line.split()[-1]) for line in section if line.startswith(f"{start} ")), default)


def apply_to_state(state: DeviceState, tree: Tree) -> None:
    """Update ports, host name, routes and gateway groups from the configuration."""
    for name, port in state.ports.items():
        section = tree.get(f"interface {name}", {})
        port.admin_up = "shutdown" not in section
        named = next((line for line in section if line.startswith("description ")), "")
        port.description = named.removeprefix("description ")
    state.hostname = next((line.split(" ", 1)[1] for line in tree if line.startswith("hostname ")), state.hostname)
    state.statics = [route for line in tree if (route := _route(line))]
    others = [group for group in state.gateways if group.protocol != "vrrp"]
    follow_groups(state, [*others, *_groups(tree)])


def adopt_state(state: DeviceState, tree: Tree) -> Tree:
    """The configuration after a fault of the state: routes, shut ports, removed groups."""
    adopted = adopt_lines(tree, _route, route_line, state.statics)
    present = {(group.interface, group.group) for group in state.gateways}
    for name, port in state.ports.items():
        section = adopted.get(f"interface {name}")
        if section is not None:
            removed = {str(group.group) for group in _groups(adopted) if group.interface == name}
            removed -= {str(number) for interface, number in present if interface == name}
            kept = {line: beneath for line, beneath in section.items() if not _of_groups(line, removed)}
            adopted[f"interface {name}"] = adopt_shut(kept, admin_up=port.admin_up)
    return adopted


def _of_groups(line: str, numbers: set[str]) -> bool:
    words = line.removeprefix("no ").split()
    return words[0] == "vrrp" and words[1] in numbers


def running(view: View) -> str:
    """`show running-config`, with or without its heading."""
    head = "" if view.match[0].endswith("no-header") else "Building configuration...\n\nCurrent configuration:\n!\n"
    return f"{head}{view.running_text}"


def startup(view: View) -> str:
    """The content of /etc/frr/frr.conf."""
    return view.startup_text
