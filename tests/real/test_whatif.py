"""What-if on real software: failures predicted by the command line, made, felt by users, audited, and repaired.

EVENTREADY_PROOFS=all makes all of them, otherwise some of each kind.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import pytest

from eventready.store.run import Run
from eventready.workspace.workspace import load_workspace
from eventready_lab.real.province.layout import CABLES, GATEWAYS, ISPS, SERVICE_HOSTS, cables_of
from tests.behaviours.twin import Twin
from tests.real.conftest import TABLES
from tests.real.network import Network
from tests.real.users import CELLS, Users

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

_ORIGINS = """\
origins:
  - {kind: upstream, device: core-1, port: eth4, services: [fixed, internet, wifi]}
  - {kind: upstream, device: core-2, port: eth4, services: [fixed, internet, wifi]}
  - {kind: portal, device: svc-1, services: [wifi]}
  - {kind: portal, device: svc-2, services: [wifi]}
"""
#: The gateways announce themselves over IPv6, and the providers hand over no default route in it.
_WAIVERS = """\
waivers:
  - {check: router_advertisement, by: the test, reason: no users over IPv6, until: 2022-05-02}
  - {check: origin, subject: "* IPv6", by: the test, reason: no users over IPv6, until: 2022-05-02}
"""
#: Daemons by which a service host serves users.
_SERVING = ("keepalived", "nginx", "dnsmasq")
TABLE = "failure | predicted | measured"
#: A service as its users feel it, by what was predicted: who has one way left notices nothing.
_FEELS = {"lost": "lost", "degraded": "in part", "one_way_left": "answers", "unharmed": "answers"}

#: Fault of a lab: device, name, arguments.
Fault = tuple[str, ...]


def cable_down(router: str, port: str) -> Fault:
    """The cable at a port of a router loses its carrier at both ends."""
    return router, "link-down", f"port={port}"


def power_lost(router: str) -> tuple[Fault, ...]:
    """All cables of a router lose their carrier, which is what its neighbours see of a router without power."""
    return tuple(cable_down(router, own.port) for own, _far in cables_of(router))


def host_ended(name: str) -> tuple[Fault, ...]:
    """The daemons of a service host are killed."""
    return tuple((name, "service-down", f"service={daemon}") for daemon in _SERVING)


#: Faults that make a single failure, by its name for what-if.
FAULTS: dict[str, tuple[Fault, ...]] = {
    **{f"{cable.a.router}:{cable.a.port}": (cable_down(cable.a.router, cable.a.port),) for cable in CABLES},
    **{gateway: ((gateway, "gateway-silent"),) for gateway in GATEWAYS},
    **{router: power_lost(router) for router in ("core-1", *ISPS)},
    **{host: host_ended(host) for host in SERVICE_HOSTS},
    "bsc:SITE-03": (("bsc", "bts-link-lost", "SITE-03"),),
}
SINGLE = tuple((name,) for name in FAULTS if name not in (ISPS[0], SERVICE_HOSTS[1]))
#: A gateway that is cut off at all ports still answers its management, and says that it is master, as the other one
#: does: an audit cannot know which of them has the users.
SPLIT = ("gw-1",)
#: core-1 finds OSPF's default route behind the gateways, whose static routes lead back to core-1. In its mirror image
#: they lead to the core that is whole.
LOOP, MIRROR = ("core-1:eth3", "core-1:eth4"), ("core-1:eth3", "core-2:eth4")
DOUBLE = (LOOP, MIRROR, ("gw-1:eth2", "gw-1:eth3"), ("gw-1:eth2", "core-2:eth4"), ("core-1:eth4", "core-2:eth4"),
          ISPS, SERVICE_HOSTS)  # fmt: skip
WHOLE = os.environ.get("EVENTREADY_PROOFS") == "all"
#: Failures made otherwise.
FEW = (SPLIT, ("core-1",), ("svc-1",), ("bsc:SITE-03",), LOOP, MIRROR, ISPS, SERVICE_HOSTS)


@dataclass(frozen=True)
class Healthy:
    """The province in order, as the last full audit has read it."""

    twin: Twin
    run: Run
    users: Users

    @cached_property
    def cells_at(self) -> dict[str, frozenset[str]]:
        """Names of the cells by venue."""
        found: dict[str, set[str]] = defaultdict(set)
        for device in load_workspace(self.twin.copy).devices:
            for cell in device.expect.cells:
                found[str(cell.venue)].add(cell.name)
        return {venue: frozenset(cells) for venue, cells in found.items()}

    def predicted(self, names: tuple[str, ...]) -> dict[tuple[str, str], str]:
        """State of each service with users by venue and service, as `eventready network whatif down` says."""
        command = ("-o", "json", "network", "whatif", "down", *names, "--run", self.run.id)
        services = json.loads(self.twin.call(*command, expect=(0, 3, 4)).stdout)["services"]
        return {(one["venue"], one["service"]): one["state"] for one in services if one["users"]}


@pytest.fixture(scope="module")
def healthy(real_province: Twin) -> Iterator[Healthy]:
    """The province with origins; as it was when all failures are repaired."""
    network, users = Network(real_province), Users(real_province)
    running = network.running()
    with real_province.inventory_restored() as inventory:
        event = inventory / "event.yaml"
        without = re.sub(r"^origins:.*\n(?:  .*\n)*", "", event.read_text(encoding="utf-8"), flags=re.M)
        event.write_text(without + _ORIGINS, encoding="utf-8")
        (inventory / "waivers.yaml").write_text(_WAIVERS, encoding="utf-8")
        yield Healthy(real_province, real_province.audit().run, users)
    assert (users.flows(), users.portal(), users.cells()) == (
        "answers",
        "answers",
        frozenset(one.name for one in CELLS),
    )
    assert network.running() == running
    status = json.loads(real_province.call("-o", "json", "lab", "status").stdout)
    assert status["faults"] == []


def felt(users: Users, cells_at: Mapping[str, frozenset[str]]) -> dict[tuple[str, str], str]:
    """What the users of each service feel, by venue and service. Those of the Wi-Fi need the portal."""
    flows, portal, heard = users.flows(), users.portal(), users.cells()
    found: dict[tuple[str, str], str] = {}
    for venue, cells in cells_at.items():
        mobile = "answers" if cells <= heard else "in part" if cells & heard else "lost"
        felt_at = {"fixed": flows, "internet": flows, "mobile": mobile, "wifi": portal}
        found |= {(venue, service): state for service, state in felt_at.items()}
    return found


@pytest.mark.parametrize("names", (*SINGLE, *DOUBLE) if WHOLE else FEW, ids=" ".join)
def test_users_feel_what_was_predicted(healthy: Healthy, names: tuple[str, ...]) -> None:
    predicted = healthy.predicted(names)
    with ExitStack() as failing:
        for fault in (fault for name in names for fault in FAULTS[name]):
            failing.enter_context(healthy.twin.fault(*fault))
        measured = felt(healthy.users, healthy.cells_at)
        verdicts = healthy.twin.audit().run.document["verdicts"]
    TABLES[TABLE].append(f"{' '.join(names)} | {_described(predicted)} | {_described(measured)}")
    assert {key: measured[key] for key in predicted} == {key: _FEELS[state] for key, state in predicted.items()}
    if names == SPLIT:
        return
    audited = {(one["venue"], one["service"]): one["verdict"] for one in verdicts}
    served = {key for key, verdict in audited.items() if verdict in ("READY", "READY_WITH_RISK")}
    not_ready = {key for key, verdict in audited.items() if verdict == "NOT_READY"}
    assert not_ready == {key for key, state in predicted.items() if _FEELS[state] != "answers"}
    assert served == predicted.keys() - not_ready


def _described(states: Mapping[tuple[str, str], str]) -> str:
    """States in a cell of a table: venues with the same state together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for (venue, service), state in states.items():
        alike.setdefault((service, state), []).append(venue)
    everywhere = {venue for venue, _service in states}
    return ", ".join(
        f"{service} {state}" + (f" at {' '.join(venues)}" if len(venues) < len(everywhere) else "")
        for (service, state), venues in alike.items()
    )
