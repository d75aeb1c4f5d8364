"""What-if on real routers: every single failure that the drills make takes exactly what was predicted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from eventready.cli.audit.whatif import load_whatif
from eventready.network.graph.outcome import WhatIf
from eventready.workspace.workspace import load_workspace
from eventready_lab.real.machinery import udp_echo
from eventready_lab.real.province.layout import CABLES, INTERNET_ADDRESS
from tests.behaviours.twin import Twin
from tests.real.conftest import TABLES
from tests.real.independent_prober import beside
from tests.real.network import Network

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

_ORIGINS = "origins:\n" + "".join(
    f"  - {{kind: upstream, device: {core}, port: eth4, services: [fixed, internet]}}\n"
    for core in ("core-1", "core-2")
)
#: Seconds in which routes and gateways change, and of a measurement.
_SETTLED_S, _MEASURED_S = 12, 2
#: Name for what-if; device, fault and arguments for the lab.
FAILURES: dict[str, tuple[str, ...]] = {
    f"{cable.a.router}:{cable.a.port}": (cable.a.router, "link-down", f"port={cable.a.port}") for cable in CABLES
}
FAILURES["gw-1"] = ("gw-1", "gateway-silent")
TABLE = "failure | predicted | measured"


@pytest.fixture(scope="module")
def healthy(real_province: Twin) -> Iterator[WhatIf]:
    with real_province.inventory_restored() as inventory:
        event = inventory / "event.yaml"
        without = re.sub(r"^origins:.*\n(?:  .*\n)*", "", event.read_text(encoding="utf-8"), flags=re.M)
        event.write_text(without + _ORIGINS, encoding="utf-8")
        yield load_whatif(load_workspace(real_province.copy), real_province.audit().run)


def lost(twin: Twin) -> bool:
    """True when none of 16 flows from the site to the Internet is answered; all are when nothing is lost."""
    with beside(Network(twin).launcher(), INTERNET_ADDRESS, udp_echo.PORT) as heard:
        time.sleep(_MEASURED_S)
    answered = [bool(flow) for flow in heard.answered]
    assert all(answered) or not any(answered)
    return not any(answered)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_takes_what_was_predicted(real_province: Twin, healthy: WhatIf, name: str) -> None:
    services = healthy.outcome([name]).services
    predicted = {one.state for one in services if one.service == "internet" and one.users}
    with real_province.fault(*FAILURES[name]):
        time.sleep(_SETTLED_S)
        measured = "lost" if lost(real_province) else "unharmed"
    TABLES[TABLE].append(f"{name} {FAILURES[name][1]} | {', '.join(predicted)} | {measured}")
    assert predicted == {measured}
    time.sleep(_SETTLED_S)
