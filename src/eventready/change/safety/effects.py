"""Effects of a configuration: static routes, gateway groups and shut interfaces, before and after a plan."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from eventready.change.forms.tree import Path, Tree, walk
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.platforms.model import EffectsSpec
from eventready.workspace.devices.device import Device

_DEFAULT = ipaddress.IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Effects:
    """Next hops by prefix, gateway groups by interface, and shut interfaces."""

    routes: Mapping[ipaddress.IPv4Network, Mapping[str, str]] = field(default_factory=dict)
    groups: frozenset[tuple[str, str]] = frozenset()
    shut: frozenset[str] = frozenset()

    def way_to(self, address: str) -> tuple[ipaddress.IPv4Network, Mapping[str, str]] | None:
        """Return the longest prefix with a static route to an address, and its lines by next hop."""
        here = ipaddress.IPv4Address(address)
        found = [prefix for prefix in self.routes if here in prefix]
        best = max(found, key=lambda prefix: prefix.prefixlen, default=None)
        return None if best is None else (best, self.routes[best])


def effects_of(spec: EffectsSpec, tree: Tree) -> Effects:
    """Return the effects of a configuration."""
    routes: dict[ipaddress.IPv4Network, dict[str, str]] = {}
    groups, shut = set[tuple[str, str]](), set[str]()
    for path in walk(tree):
        line = path[-1]
        if spec.route and not path[0].startswith("vrf ") and (match := re.fullmatch(spec.route, line)):
            if prefix := _prefix(match):
                routes.setdefault(prefix, {})[match["next_hop"]] = line
        elif spec.group and (match := re.fullmatch(spec.group, line)):
            groups.add((interface_of(spec, path, match), match["group"]))
        elif spec.shutdown and (match := re.fullmatch(spec.shutdown, line)):
            shut.add(interface_of(spec, path, match))
    return Effects(routes, frozenset(groups), frozenset(shut - {""}))


def interface_of(spec: EffectsSpec, path: Path, match: re.Match[str]) -> str:
    """Return the interface named by a line, or by the nearest section above."""
    if "interface" in match.re.groupindex:
        unit = match.groupdict().get("unit")
        return f"{match['interface']}.{unit}" if unit else match["interface"]
    above = (re.fullmatch(spec.interface, line) for line in reversed(path[:-1]))
    return next((found["interface"] for found in above if found), "")


def _prefix(match: re.Match[str]) -> ipaddress.IPv4Network | None:
    mask = match.groupdict().get("mask")
    try:
        return ipaddress.IPv4Network(f"{match['network']}/{mask}" if mask else match["network"], strict=False)
    except ValueError:
        return None


def refuse_effects(device: Device, now: Effects, then: Effects) -> None:
    """Raise RefusedError if an expected uplink, a gateway group or the last default next hop is lost.

    Each device keeps its own, so that a wave, and all waves together, keep them too.
    """
    ports = {*device.expect.uplinks, *(link.port for link in device.expect.links)}
    if cut := sorted((then.shut - now.shut) & ports):
        raise RefusedError(message("change:effect.uplink", port=cut[0], device=device.name))
    lost = now.groups - then.groups
    if group := next((one for one in device.expect.gateways if (one.interface, str(one.group)) in lost), None):
        raise RefusedError(
            message("change:effect.gateway", device=device.name, group=group.group, interface=group.interface)
        )
    if now.routes.get(_DEFAULT) and not then.routes.get(_DEFAULT):
        raise RefusedError(message("change:effect.default", device=device.name, routes=[*now.routes[_DEFAULT]]))


def refuse_way_cut(device: Device, us: str, now: Effects, then: Effects) -> None:
    """Raise RefusedError for a plan after which the static route to the address `us` has none of its next hops."""
    way = now.way_to(us) if us else None
    if way is None:
        return
    prefix, hops = way
    after = then.way_to(us)
    if after is None or after[0] != prefix or not set(after[1]) & set(hops):
        lines = ", ".join(f"`{line}`" for line in hops.values())
        raise RefusedError(message("change:effect.way", us=us, device=device.name, lines=lines))


def way_risks(us: str, now: Effects, then: Effects) -> Iterator[str | Message]:
    """Yield a sentence if the route to `us` gets new conditions: a track or a BFD session withdraws a route."""
    way, after = (now.way_to(us), then.way_to(us)) if us else (None, None)
    if way is None or after is None:
        return
    changed = [after[1][hop] for hop, line in way[1].items() if hop in after[1] and after[1][hop] != line]
    if changed and not any(after[1].get(hop) == line for hop, line in way[1].items()):
        yield message("change:risk.way", us=us, line=changed[0])
