"""Every failure of 200 invented networks is predicted, audited, watched and calculated as a packet would feel it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count, islice

import pytest

from tests.proofs.agreement import contradictions, unseen
from tests.proofs.forwarding import Oracle
from tests.proofs.invented import invent
from tests.proofs.shown import Inventory
from tests.proofs.size import WHOLE, some

pytestmark = pytest.mark.slow

#: Networks, and failures of each in the suite.
NETWORKS, FAILURES = (200 if WHOLE else 6), 3


def in_order() -> Iterator[int]:
    """Seeds of networks in which every service is there."""
    return (seed for seed in count() if Oracle(invent(seed)).healthy())


@cache
def seeds() -> list[int]:
    """Seeds to be tried."""
    return [*islice(in_order(), NETWORKS)]


@pytest.mark.parametrize("number", range(NETWORKS))
def test_failures_of_a_network_are_as_a_packet_feels_them(number: int) -> None:
    net = invent(seeds()[number])
    oracle, inventory = Oracle(net), Inventory(net)
    before = inventory.network(oracle.moment())
    found = [
        one
        for names in some([*net.failures()], FAILURES, net.seed)
        for one in contradictions(
            before, inventory.network(oracle.moment(names)), names, oracle.states(names), unseen=unseen(before, names)
        )
    ]
    assert not found, "\n".join((f"network {net.seed}", *found))
