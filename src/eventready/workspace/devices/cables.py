"""Cables of the inventory: written at either end, expected at both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import Suggestions
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedLink

_End = tuple[str, str]


def mirror_cables(devices: Sequence[Device]) -> tuple[tuple[Device, ...], list[WorkspaceError]]:
    """Add every cable at its other end. Return the devices, and errors for wrong ends and ports with two cables."""
    by_name = {device.name: device for device in devices}
    remedy = Suggestions(by_name)
    problems: list[WorkspaceError] = []
    far_end: dict[_End, tuple[_End, str]] = {}
    added: dict[str, list[ExpectedLink]] = {}
    for device, link in _links(devices):
        other = by_name.get(link.device)
        if other is None:
            do = remedy.of(link.device)
            what = message("workspace:cable.unknown", device=device.name, other=link.device)
            problems.append(WorkspaceError(what, where=device.origin, do=do))
            continue
        if other is device:
            what = message("workspace:cable.self", device=device.name, port=link.port)
            problems.append(WorkspaceError(what, where=device.origin, do=message("workspace:cable.self.do")))
            continue
        here, there = (device.name, link.port), (link.device, link.to_port)
        for end, opposite in ((here, there), (there, here)):
            known = far_end.setdefault(end, (opposite, device.origin))
            if known[0] != opposite:
                one = {"port": end[1], "device": end[0], "one_port": opposite[1], "one": opposite[0]}
                other_end = {"other_port": known[0][1], "other": known[0][0], "place": known[1]}
                problems.append(WorkspaceError(message("workspace:cable.two", **one, **other_end), where=device.origin))
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
