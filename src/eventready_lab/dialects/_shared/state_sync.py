"""Synchronisation of a router's state and configuration: gateway groups, routes, ports; independent of the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.state import DeviceState, Gateway

T = TypeVar("T")


def follow_groups(state: DeviceState, configured: Iterable[Gateway]) -> None:
    """Update the gateway groups of a state. A known group keeps its role; a new group has the role of its priority."""
    known = {_membership(group): group for group in state.gateways}
    wanted: dict[tuple[str, str, int, str], Gateway] = {}
    for group in configured:
        wanted.setdefault(_membership(group), group)
    for key, group in wanted.items():
        before = known.get(key)
        if before is None:
            group.state = "master" if group.priority > 100 else "backup"
            state.gateways.append(group)
        else:
            before.virtual_ip, before.priority, before.preempt = group.virtual_ip, group.priority, group.preempt
            before.advertisement_ms, before.hold_ms, before.tracks = group.advertisement_ms, group.hold_ms, group.tracks
    state.gateways[:] = [group for group in state.gateways if _membership(group) in wanted]


def _membership(group: Gateway) -> tuple[str, str, int, str]:
    """Protocol, interface, number and address family of a group."""
    return group.protocol, group.interface, group.group, "ipv6" if ":" in group.virtual_ip else "ipv4"


def adopt_lines(tree: Tree, read: Callable[[str], T | None], render: Callable[[T], str], wanted: Sequence[T]) -> Tree:
    """The tree with its lines of a kind replaced by `wanted`; an equivalent longer line stays.

    read: the value of a line of this kind, None for any other; render: the line of a value.
    """
    texts = {render(value) for value in wanted}
    kept: Tree = {}
    for line, beneath in tree.items():
        known = read(line)
        text = None if known is None else render(known)
        if text is None or text in texts:
            kept[line] = beneath
            texts.discard(text or "")
    return {**kept, **{render(value): {} for value in wanted if render(value) in texts}}


def adopt_shut(section: Tree, *, admin_up: bool) -> Tree:
    """A port's section with or without `shutdown`."""
    if admin_up is ("shutdown" not in section):
        return section
    kept = {line: beneath for line, beneath in section.items() if line != "shutdown"}
    return kept if admin_up else {**kept, "shutdown": {}}
