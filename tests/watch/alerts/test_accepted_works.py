"""Alerts that an accepted work explains: its elements, what is beyond their ports, the services foretold."""

from __future__ import annotations

from collections.abc import Iterable

from eventready.core.strings.matchers import Matcher
from eventready.network.planned_work import PlannedWork
from eventready.watch.alerts.accepted_works import _of_elements, _of_services
from tests.network.test_conflicts import at
from tests.network.test_whatif import edge_and_core


def conditions(found: Iterable[tuple[Matcher, ...]]) -> set[str]:
    return {" ".join(f"{one.label}{one.operator}{one.value}" for one in matchers) for matchers in found}


def planned(*down: str) -> PlannedWork:
    return PlannedWork("w", at(0), at(1), down)


def test_a_port_with_its_neighbours_and_its_far_end() -> None:
    network = edge_and_core({}, {})
    found = conditions(_of_elements(planned("core:a"), network))
    assert {"device=core subject=a", "device=edge subject=a"} <= found
    assert any("device=core" in one and "10.0.0.9" in one for one in found)
    assert not any("subject=b" in one for one in found)
    assert conditions(_of_elements(planned("core"), network)) >= {"device=core", "device=edge subject=a"}
    assert conditions(_of_elements(planned("core:a"), None)) == {"device=core subject=a"}


def test_a_service_no_worse_than_foretold() -> None:
    network = edge_and_core({}, {})
    own = "check=service_way subject=hall internet"
    assert conditions(_of_services([planned("core")], network)) == {own}
    assert conditions(_of_services([planned("core:a")], network)) == {f"{own} status=warn"}
    assert conditions(_of_services([planned("core:a"), planned("core:b")], network)) == {own}
    assert conditions(_of_services([], network)) == set()
