"""Routes of a router to the origins of its services: asked by address, absent, unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from eventready.facts.observation import Observation, Status
from eventready.facts.observe import commands_for, observe
from eventready.facts.platform import Platform, load_platform
from eventready.facts.questions import with_questions
from eventready.facts.records import OriginRoute
from eventready.facts.rows import FactRows
from eventready.session.reply import Reply, ReplyStatus
from eventready.workspace.devices.device import Device

FACT = "origin_route"
FIRST, SECOND = "192.0.2.90", "192.0.2.91"
NONE = "% Network not in table\n"
ROUTE = """Routing entry for 192.0.2.0/24
  Known via "ospf 1", distance 110, metric 30, type intra area
  Last update from 10.7.1.1 on Vlan7, 1d03h ago
  Routing Descriptor Blocks:
  * 10.7.1.1, from 10.255.7.1, 1d03h ago, via Vlan7
      Route metric is 30, traffic share count is 1
"""
DEFAULT = ROUTE.replace("192.0.2.0/24", "0.0.0.0/0, supernet").replace("10.7.1.1", "10.7.9.1")


def questioned(platform: str, *addresses: str) -> Platform:
    device = Device("r1", "router", platform, "192.0.2.1", origin_addresses=addresses)
    return with_questions(load_platform(platform), device)


def observed(answers: Mapping[str, str]) -> Observation:
    """What is read of two targets; a command without an answer has timed out."""

    def send(commands: Sequence[str]) -> list[Reply]:
        return [Reply(c, answers[c]) if c in answers else Reply(c, "", ReplyStatus.TIMEOUT) for c in commands]

    (seen,) = observe("r1", questioned("cisco_xe", FIRST, SECOND), [FACT], send)
    return seen


def routes(seen: Observation) -> list[tuple[str, str | None, str | None]]:
    rows = FactRows.of(seen).of_kind(OriginRoute).each_row()
    return [(row.target, row.prefix, row.next_hop) for row in rows]


def test_a_target_without_a_route_is_a_row_and_an_unread_one_is_named() -> None:
    known = {f"show ip route {FIRST}": ROUTE, "show ip route 0.0.0.0": NONE}
    seen = observed({**known, f"show ip route {SECOND}": NONE})
    assert routes(seen) == [(FIRST, "192.0.2.0/24", "10.7.1.1"), (SECOND, None, None)]
    assert [row.absent for row in FactRows.of(seen).of_kind(OriginRoute).each_row()] == [False, True]
    assert not seen.unread
    unread = observed(known)
    assert routes(unread) == routes(seen)[:1]
    assert [one.subject for one in unread.unread] == [SECOND]
    assert observed({"show ip route 0.0.0.0": DEFAULT}).status is Status.TIMEOUT


def test_the_default_route_is_read_once_for_all_targets_and_counts_where_no_other_leads() -> None:
    known = {f"show ip route {FIRST}": ROUTE, "show ip route 0.0.0.0": DEFAULT}
    seen = observed({**known, f"show ip route {SECOND}": NONE})
    assert routes(seen) == [(FIRST, "192.0.2.0/24", "10.7.1.1"), (SECOND, "0.0.0.0/0", "10.7.9.1")]
    platform = questioned("cisco_xe", FIRST, SECOND)
    alone, together = commands_for(platform, ["default_route"]), commands_for(platform, ["default_route", FACT])
    assert together == (*alone, f"show ip route {FIRST}", f"show ip route {SECOND}")


def test_all_targets_without_a_route_are_measured() -> None:
    seen = observed(dict.fromkeys([f"show ip route {FIRST}", f"show ip route {SECOND}", "show ip route 0.0.0.0"], NONE))
    assert (seen.status, routes(seen)) == (Status.PARSED, [(FIRST, None, None), (SECOND, None, None)])


@pytest.mark.parametrize("platform", ["cisco_ios", "cisco_xe", "cisco_xr", "frr", "huawei_vrp", "juniper_junos"])
def test_a_router_without_origins_has_no_command(platform: str) -> None:
    assert commands_for(questioned(platform), [FACT]) == ()
    assert len(commands_for(questioned(platform, FIRST, SECOND), [FACT, "default_route"])) == 3


def test_another_platform_has_no_command() -> None:
    assert commands_for(questioned("nokia_sros", FIRST), [FACT]) == ()
