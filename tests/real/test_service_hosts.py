"""Service hosts prepared by Ansible: drilled before and after, and taken back byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.change.intents.ansible_inventory import FILES
from eventready_lab.real.province.layout import SERVICE_HOSTS, SITE
from tests.behaviours.twin import Twin
from tests.conftest import Proved
from tests.real.device import Device
from tests.real.network import Network

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

_TEXT = {"en": "x", "vi": "x"}
_STREAM = {"source": SITE, "target": "services", "rate": 20, "flows": 4, "outage_ms": 4000}
_PORTAL = {"kind": "http", "name": "portal", "query": "/", **_STREAM}
_NAMES = {"kind": "dns", "name": "DNS", "query": "portal.lab.example", **_STREAM}


def loss_of(services: tuple[str, ...], *probes: dict[str, Any]) -> dict[str, Any]:
    """The drill that ends services of the first host."""
    failures = [
        {"device": SERVICE_HOSTS[0], "fault": "service-down", "arguments": {"service": name}} for name in services
    ]
    return {
        "title": _TEXT, "why": _TEXT, "break": failures, "probes": list(probes), "predicted_by": ["vrrp_tracking"],
        "observe_s": 5, "settle_s": 1,
    }  # fmt: skip


DRILLS = {
    "service-host": loss_of(("keepalived", "nginx", "dnsmasq"), _PORTAL, _NAMES),
    "dns": loss_of(("dnsmasq",), _NAMES),
}


@pytest.fixture
def served(real_province: Twin) -> Iterator[Network]:
    """The network with drills and an intent for the service hosts."""
    with real_province.inventory_restored() as inventory:
        network = Network(real_province)
        network.write_drills(DRILLS)
        file = inventory / "hosts.yaml"
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name in SERVICE_HOSTS:
            entries[name]["data"]["intents"] = {"backup": {}}
        file.write_text(yaml.safe_dump(entries), encoding="utf-8")
        yield network


def picture_of(host: Device) -> str:
    """Return the managed files of a service host with content, mode and owner, and its running daemons."""
    files = " ".join(file.path for file in FILES.values())
    return host.ssh(
        f"for f in {files}; do stat -c '%n %a %U %G' $f; cat $f; done 2>&1; "
        "for p in nginx keepalived dnsmasq chronyd rsyslogd; do pidof $p >/dev/null && echo $p runs; done"
    )


def test_service_hosts_are_changed_one_after_the_other_and_taken_back(
    served: Network, tmp_path: Path, proved: Proved
) -> None:
    before = {name: picture_of(served[name]) for name in SERVICE_HOSTS}
    untracked = served.drill("dns")
    assert untracked.value is None
    assert untracked.outcome == "failed"  # and not `unpredicted`: the audit has warned
    plan = served.plan(tmp_path / "hosts.json", "backup", "-l", "role=service_host", expect=3)
    assert plan["waves"] == [["svc-2"], ["svc-1"]]
    assert {one["guard"]["kind"] for one in plan["devices"]} == {"dead_man"}
    change = served.change_of("apply", str(tmp_path / "hosts.json"))
    for name in SERVICE_HOSTS:
        assert "least_conn;" in picture_of(served[name])
        assert "/etc/chrony/sources.d/event.sources 644 root root" in picture_of(served[name])
    served.plan(tmp_path / "again.json", "backup", "-l", "role=service_host", expect=0)
    assert served.drill("dns").value is not None
    proved("drill on real software", "DNS")
    host = served.drill("service-host")
    assert [probe["value"] is not None for probe in host.probes.values()] == [True, True]
    proved("drill on real software", "service host")
    served.twin.call("rollback", change)
    assert {name: picture_of(served[name]) for name in SERVICE_HOSTS} == before
