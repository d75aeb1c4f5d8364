"""State and configuration of a router follow each other: groups, routes, ports, whatever the words of its platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from eventready.lab.configuration import Tree
from eventready.lab.state import DeviceState, Gateway

T = TypeVar("T")


def follow_groups(state: DeviceState, configured: Iterable[Gateway]) -> None:
    """Have the gateway groups that are configured. One that was there keeps its part; a new one takes the part that its
    priority suggests."""
    known = {(one.protocol, one.interface, one.group): one for one in state.gateways}
    wanted = {(one.protocol, one.interface, one.group): one for one in configured}
    for key, group in wanted.items():
        before = known.get(key)
        if before is None:
            group.state = "master" if group.priority > 100 else "backup"
            state.gateways.append(group)
        else:
            before.virtual_ip, before.priority, before.preempt = group.virtual_ip, group.priority, group.preempt
    state.gateways[:] = [one for one in state.gateways if (one.protocol, one.interface, one.group) in wanted]


def adopt_lines(tree: Tree, read: Callable[[str], T | None], told: Callable[[T], str], wanted: Sequence[T]) -> Tree:
    """The tree with the lines that `read` knows made those of `wanted`; a line that says the same more fully stays."""
    texts = {told(one) for one in wanted}
    kept: Tree = {}
    for line, beneath in tree.items():
        known = read(line)
        text = None if known is None else told(known)
        if text is None or text in texts:
            kept[line] = beneath
            texts.discard(text or "")
    return {**kept, **{told(one): {} for one in wanted if told(one) in texts}}


def adopt_shut(section: Tree, *, admin_up: bool) -> Tree:
    """A port's section with or without `shutdown`."""
    if admin_up is ("shutdown" not in section):
        return section
    kept = {line: beneath for line, beneath in section.items() if line != "shutdown"}
    return kept if admin_up else {**kept, "shutdown": {}}
