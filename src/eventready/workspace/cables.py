"""Cables: written once in the inventory, they count at both ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eventready.errors import WorkspaceError
from eventready.workspace.complaints import Suggestions
from eventready.workspace.device import Device
from eventready.workspace.expect import ExpectedLink

_End = tuple[str, str]


def both_ends(devices: Sequence[Device]) -> tuple[tuple[Device, ...], list[WorkspaceError]]:
    """The devices with every cable at both of its ends, and what does not hold: unknown ends, ports used twice."""
    by_name = {device.name: device for device in devices}
    remedy = Suggestions(by_name)
    problems: list[WorkspaceError] = []
    far_end: dict[_End, tuple[_End, str]] = {}
    added: dict[str, list[ExpectedLink]] = {}
    for device, link in _links(devices):
        other = by_name.get(link.device)
        if other is None:
            do = remedy.of(link.device)
            what = f"{device.name} has a cable to {link.device!r}, which is no device of the inventory"
            problems.append(WorkspaceError(what, where=device.origin, do=do))
            continue
        here, there = (device.name, link.port), (link.device, link.to_port)
        for end, opposite in ((here, there), (there, here)):
            known = far_end.setdefault(end, (opposite, device.origin))
            if known[0] != opposite:
                what = (
                    f"port {end[1]} of {end[0]} has two cables: to {opposite[1]} of {opposite[0]}, "
                    f"and to {known[0][1]} of {known[0][0]} ({known[1]})"
                )
                problems.append(WorkspaceError(what, where=device.origin, do="Correct one of them."))
        if not any(back.port == link.to_port and back.device == device.name for back in other.expect.links):
            added.setdefault(other.name, []).append(
                ExpectedLink(port=link.to_port, device=device.name, to_port=link.port)
            )
    return tuple(_with_links(device, added.get(device.name, [])) for device in devices), problems


def _links(devices: Sequence[Device]) -> Iterator[tuple[Device, ExpectedLink]]:
    return ((device, link) for device in devices for link in device.expect.links)


def _with_links(device: Device, added: list[ExpectedLink]) -> Device:
    if not added:
        return device
    links = (*device.expect.links, *added)
    return replace(device, expect=device.expect.model_copy(update={"links": links}))
