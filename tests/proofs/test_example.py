"""Every failure of the example, and of a large inventory, is felt as it was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from eventready.facts.records import GatewayGroup, LinkBundle
from eventready.workspace.settings.event import ServiceOrigin
from eventready_lab.embedded.fleet import router_fleet
from tests.proofs.agreement import contradictions, unseen
from tests.proofs.played import Played
from tests.proofs.product import Network, elements
from tests.proofs.size import WHOLE, few, some
from tests.shared import example

pytestmark = pytest.mark.slow

#: Parts of the failures of the example, and routers of the large inventory.
PARTS, FLEET = 5, 400 if WHOLE else 12


@cache
def played() -> Played:
    """The example's devices."""
    return Played(example())


@cache
def fleet() -> Played:
    """A large inventory: pairs of routers at one venue each, each router with a provider of its own."""
    venues = example().event.venue_ids
    devices = [
        replace(one, venues=(venues[place // 2 % len(venues)],))
        for place, one in enumerate(router_fleet(FLEET, venues))
    ]
    origins = [ServiceOrigin(kind="upstream", device=one.name, port=one.expect.uplinks[0]) for one in devices]
    return Played(example(), devices, origins)


def failures(network: Network) -> Iterator[tuple[str, ...]]:
    """Devices, cables, parts and groups, bundles with all their cables, gateways, and both service hosts."""
    cables = [one for one in elements(network) if one.kind == "link"]
    yield from ((one.name,) for one in elements(network))
    for one in network.observations:
        for row in one.rows:
            if isinstance(row, LinkBundle):
                ends = {f"{one.device} {member}" for member in row.members}
                yield tuple(cable.name for cable in cables if ends.intersection(cable.name.split(" - ")))
            elif isinstance(row, GatewayGroup) and network.whatif.topology.member(f"{one.device}:{row.interface}"):
                yield (f"{one.device}:{row.interface}",)
    hosts = [device.name for device in network.devices if device.role == "service_host"]
    yield from [tuple(hosts)] if len(hosts) > 1 else []


@pytest.mark.parametrize("part", range(PARTS))
def test_failures_of_the_example_are_as_predicted(part: int) -> None:
    lab, found = played(), list[str]()
    for names in some([*dict.fromkeys(failures(lab.healthy))], PARTS, "example")[part::PARTS]:
        found += contradictions(lab.healthy, lab.broken(names), names, unseen=unseen(lab.healthy, names))
    assert not found, "\n".join(found)


def test_a_failure_of_a_large_inventory_is_as_predicted() -> None:
    lab, found = fleet(), list[str]()
    for names in few([*dict.fromkeys(failures(lab.healthy))], 40 if WHOLE else 2, "fleet"):
        found += contradictions(lab.healthy, lab.broken(names), names)
    assert not found, "\n".join(found)
