"""Values of the lines of a plan: addresses, names, members and timers, refused or a risk."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from eventready.change.forms.tree import Path, Tree, walk
from eventready.change.safety.effects import interface_of
from eventready.change.safety.selection import Selection
from eventready.change.safety.way_in import WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import message, rendered
from eventready.core.strings.texts import is_address
from eventready.platforms.model import ChangeSpec, PlatformSpec, TimerBounds
from eventready.workspace.devices.device import Device


def check_values(platform: PlatformSpec, device: Device, way: WayIn, running: Tree, predicted: Tree) -> tuple[str, ...]:
    """Return the risks of the values written by a plan; existing values of the device are not judged.

    Raises RefusedError for an address of somebody else or of the device itself, a name without an object, a bundle that
    would be down with all its members, and an action on all traffic of the way in.
    """
    spec = platform.change
    if spec is None or spec.values == type(spec.values)():
        return ()
    before = frozenset(walk(running))
    new = [path for path in walk(predicted) if path not in before]
    _refuse_addresses(spec, device, new, predicted)
    now, then = Selection(spec, running), Selection(spec, predicted)
    _refuse_names(spec, device, (now, then), predicted, before)
    _refuse_members(platform, device, new, predicted)
    risks = [*_timer_risks(spec, new), *_everything_risks(device, way, now, then)]
    return tuple(dict.fromkeys(risks))


# --- addresses ----------------------------------------------------------------------------------------------------


def _refuse_addresses(spec: ChangeSpec, device: Device, new: Iterable[Path], tree: Tree) -> None:
    values = spec.values
    lines = [path[-1] for path in walk(tree)]
    own, virtual = _addresses(values.addresses, lines), _addresses(values.virtual, lines)
    others = {
        **dict.fromkeys((*device.expect.bfd_addresses, *(device.expect.bgp or ())), "expect"),
        **_addresses((*values.neighbours, *values.towards), lines),
    }
    for path in new:
        line = path[-1]
        about = {"line": line, "device": device.name}
        for address in _addresses(values.virtual, [line]):
            if address in own:
                raise RefusedError(message("change:value.virtual_own", address=address, **about))
            if address in others:
                raise RefusedError(
                    message("change:value.virtual_other", address=address, other=others[address], **about)
                )
        for address in _addresses(values.towards, [line]):
            if address in own or address in virtual:
                raise RefusedError(message("change:value.towards_own", address=address, **about))
            if not _may_be_next(address):
                raise RefusedError(message("change:value.towards_none", address=address, **about))


def _addresses(patterns: Iterable[str], lines: Iterable[str]) -> Mapping[str, str]:
    """Return the addresses of lines, each with its line; a prefix length is left out."""
    found = (
        (match["address"].partition("/")[0], line)
        for line in lines
        for pattern in patterns
        if (match := re.fullmatch(pattern, line))
    )
    return {address: line for address, line in found if is_address(address)}


def _may_be_next(text: str) -> bool:
    """Return True for an address of a single device: no loopback, multicast, broadcast or unspecified address."""
    address = ipaddress.ip_address(text)
    nowhere = address.is_loopback or address.is_multicast or address.is_unspecified
    return not nowhere and text != "255.255.255.255"


# --- names --------------------------------------------------------------------------------------------------------


def _refuse_names(
    spec: ChangeSpec, device: Device, selections: tuple[Selection, Selection], tree: Tree, before: frozenset[Path]
) -> None:
    """Raise RefusedError for the name of an object absent from the plan, or removed by the plan."""
    now, then = selections
    for path in walk(tree):
        for kind in spec.values.names:
            for pattern in kind.used:
                match = re.fullmatch(pattern, path[-1])
                if match is None or then.defines(kind, match["name"]):
                    continue
                if path not in before or now.defines(kind, match["name"]):
                    raise RefusedError(
                        message(
                            "change:value.name", line=path[-1], kind=kind.kind, name=match["name"], device=device.name
                        )
                    )


# --- bundles ------------------------------------------------------------------------------------------------------


def _refuse_members(platform: PlatformSpec, device: Device, new: Iterable[Path], tree: Tree) -> None:
    spec, way_in = platform.change, platform.way_in
    if spec is None or way_in is None or not spec.values.min_links or not way_in.members:
        return
    bundles = [
        way_in.bundle.replace("{bundle}", match["bundle"])
        for path in walk(tree)
        if (match := re.fullmatch(way_in.members, " ".join(path)))
    ]
    for path in new:
        match = re.fullmatch(spec.values.min_links, path[-1])
        if match is None:
            continue
        bundle = interface_of(spec.effects, path, match)
        members = bundles.count(bundle)
        if 0 < members < int(match["links"]):
            raise RefusedError(
                message("change:value.min_links", line=path[-1], bundle=bundle, members=members, device=device.name)
            )


# --- timers and selections ----------------------------------------------------------------------------------------


def _timer_risks(spec: ChangeSpec, new: Iterable[Path]) -> Iterator[str]:
    for path in new:
        for bounds in spec.values.timers:
            match = re.fullmatch(bounds.line, path[-1])
            value = _measured(match.groupdict()) if match else None
            if value is not None and not bounds.least <= value <= bounds.most:
                yield rendered(f"change:risk.{bounds.timer}_{_side(bounds, value)}", line=path[-1])


def _side(bounds: TimerBounds, value: float) -> str:
    return "fast" if value < bounds.least else "slow"


def _measured(groups: Mapping[str, str | None]) -> float | None:
    if seconds := groups.get("seconds"):
        return 1000 * float(seconds)
    found = groups.get("ms") or groups.get("times")
    return float(found) if found else None


def _everything_risks(device: Device, way: WayIn, now: Selection, then: Selection) -> Iterator[str]:
    """Yield a risk for each new action on all traffic. Raises RefusedError on an interface of the way in."""
    for path in sorted(then.actions_on_everything() - now.actions_on_everything()):
        about = {"line": path[-1], "section": path[0], "device": device.name}
        if then.is_on(path, way.interfaces):
            raise RefusedError(message("change:value.everything", station=way.station, **about))
        yield rendered("change:risk.everything", **about)
