"""Proposal: a value for `expect` of a device, with source, present state and open question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from eventready.core.messages import Text, message
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.unsaid import Unsaid

#: Expectations that are learnt, by their key in `expect`; `venues` is a key of the device itself.
Kind = Literal[
    "venues", "links", "uplinks", "bundles", "ospf", "isis", "bgp", "bfd", "gateways", "default_routes",
    "sites", "cells", "core_links", "access_points", "wlans", "controller_pair", "radius",
    "services", "listeners", "certificates", "backends", "dns", "dhcp", "answers",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

#: healthy: as it should be, from both sides where there are two. absent: expected, and not shown.
State = Literal["healthy", "down", "one_side", "unknown", "absent"]

#: How a value was found; a text of `learn:source`.
Source = Literal[
    "device", "lldp", "lldp_one", "lldp_subnet", "subnet", "configured", "members", "origin", "nearer", "default_route",
    "router", "priority", "state", "expected", "pattern", "served",
]  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """Value to add to the expectations of a device, or (`absent`) to remove.

    `value` is plain YAML. `subject` names the value within its kind, the same in every run. `question`: what a person
    must decide; none for a healthy value.
    """

    device: str
    kind: Kind
    subject: str
    value: Any
    source: Source = "device"
    state: State = "healthy"
    question: Text | None = None

    @classmethod
    def judged(cls, device: str, kind: Kind, subject: str, value: Any, question: Text | None) -> Proposal:
        """Build a proposal: down with a question, healthy without."""
        return cls(device, kind, subject, value, "device", "down" if question else "healthy", question)

    @classmethod
    def unsure(cls, one: Proposal, question: Text | None) -> Proposal:
        """Return a healthy proposal as unknown where there is a question, any other unchanged."""
        return replace(one, state="unknown", question=question) if question and one.state == "healthy" else one

    @classmethod
    def absent(cls, device: str, kind: Kind, subject: str, value: Any, question: Text | None = None) -> Proposal:
        """Build the removal of an expectation without a trace in the facts."""
        return cls(device, kind, subject, value, "expected", "absent", question or message("learn:ask.not_shown"))

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity: device, kind and subject."""
        return self.device, self.kind, self.subject


@dataclass(frozen=True)
class UnknownNeighbour:
    """Neighbour outside the inventory, as a row of an import. `seen_by`: (device, port) pairs."""

    name: str
    address: str = ""
    seen_by: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LearnResult:
    """Outcome: proposals in the order of devices and kinds, neighbours outside the inventory, and gaps."""

    proposals: tuple[Proposal, ...] = ()
    unknown_neighbours: tuple[UnknownNeighbour, ...] = ()
    unsaid: tuple[Unsaid, ...] = ()


def absent_parts(reading: DeviceFacts, kind: Kind, fact: str, shown: Iterable[str]) -> Iterator[Proposal]:
    """Expected names, or parts with a name, missing from a fact with all its records."""
    if not reading.whole(fact):
        return
    names = {name.casefold() for name in shown}
    for one in getattr(reading.device.expect, kind) or ():
        name = one if isinstance(one, str) else one.name
        if name.casefold() not in names:
            yield Proposal.absent(reading.name, kind, name, plain(one))


def partly_read(reading: DeviceFacts, *facts: str) -> Text | None:
    """Return the question about a value with unread records among its facts; None without any."""
    partial = [fact for fact in facts if reading.partly(fact)]
    return message("learn:ask.partly_read", device=reading.name, facts=", ".join(partial)) if partial else None


def plain(value: Any) -> Any:
    """Value of an expectation as in YAML."""
    return value if isinstance(value, str | int) else value.model_dump(exclude_defaults=True)
