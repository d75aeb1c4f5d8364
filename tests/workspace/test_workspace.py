"""A workspace as it is loaded: inheritance, cables, windows, limits, waivers, Nornir."""

from __future__ import annotations

import logging
import math
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from nornir.core.task import Result, Task
from nornir.plugins.inventory import SimpleInventory

from eventready.core.clock import parse_moment
from eventready.core.errors import WorkspaceError
from eventready.workspace.devices.access import Access
from eventready.workspace.devices.expect import ExpectedLink
from eventready.workspace.inventory import device_of
from eventready.workspace.workspace import Workspace, load_workspace
from tests.zones import TZ

from .conftest import EVENT, GROUPS, HOSTS, Make

EXAMPLE = Path(__file__).parents[2]


def test_expectations_are_merged_key_by_key(make: Make) -> None:
    groups = """\
base: {data: {expect: {ntp: false, uplinks: [base0], default_routes: 1}}}
router:
  groups: [base]
  platform: frr
  data: {role: router, venues: [hall], expect: {uplinks: [group0], bgp: [192.0.2.9]}}
other: {data: {venues: [], expect: {bgp: [192.0.2.8], syslog: false}}}
"""
    hosts = "r1: {hostname: 192.0.2.1, groups: [router, other], data: {expect: {bgp: []}}}\n"
    defaults = "data: {expect: {saved_config: false, ntp: true, default_routes: 9}}\n"
    device = load_workspace(make(groups=groups, hosts=hosts, defaults=defaults)).device("r1")
    assert device.expect.bgp == (), "the host's own word"
    assert device.expect.uplinks == ("group0",), "the group before its parent"
    assert device.expect.syslog is False, "the group further right, where the left ones are silent"
    assert device.expect.default_routes == 1, "the group's parent before the defaults"
    assert device.expect.ntp is False
    assert device.expect.saved_config is False, "the defaults last"
    assert device.venues == ("hall",), "whole values, as Nornir inherits them"


def test_attributes_are_inherited_as_nornir_does(make: Make) -> None:
    groups = GROUPS + "  port: 2222\n  hostname: 192.0.2.7\n"
    hosts = "r1: {groups: [router]}\nr2: {groups: [router], hostname: 192.0.2.2, port: 22, data: {endpoint: mae-1}}\n"
    one, two = load_workspace(make(groups=groups, hosts=hosts)).devices
    assert (one.hostname, one.port, one.endpoint) == ("192.0.2.7", 2222, "192.0.2.7:2222")
    assert (two.hostname, two.port, two.endpoint) == ("192.0.2.2", 22, "mae-1")
    assert one.origin.endswith("inventory/hosts.yaml:1")
    assert two.origin.endswith("inventory/hosts.yaml:2")


def test_the_same_inventory_as_nornirs_own_plugin() -> None:
    folder = EXAMPLE / "inventory"
    theirs = SimpleInventory(
        str(folder / "hosts.yaml"), str(folder / "groups.yaml"), str(folder / "defaults.yaml")
    ).load()
    ours = load_workspace(EXAMPLE).files.inventory()
    assert ours.dict() == theirs.dict()


def test_a_cable_counts_at_both_ends(make: Make) -> None:
    hosts = HOSTS + "  data: {expect: {links: [{port: a, device: r2, to_port: b}]}}\n" + HOSTS.replace("r1", "r2")
    one, two = load_workspace(make(hosts=hosts)).devices
    assert one.expect.links == (ExpectedLink(port="a", device="r2", to_port="b"),)
    assert two.expect.links == (ExpectedLink(port="b", device="r1", to_port="a"),)


def test_a_cable_written_at_both_ends_is_one(make: Make) -> None:
    hosts = (
        HOSTS
        + "  data: {expect: {links: [{port: a, device: r2, to_port: b}]}}\n"
        + HOSTS.replace("r1", "r2")
        + "  data: {expect: {links: [{port: b, device: r1, to_port: a}]}}\n"
    )
    assert [len(device.expect.links) for device in load_workspace(make(hosts=hosts)).devices] == [1, 1]


def test_own_keys_are_left_alone(make: Make) -> None:
    workspace = load_workspace(make(hosts=HOSTS + "  data: {x_rack: {row: 4}}\n"))
    assert workspace.nornir(1).inventory.hosts["r1"]["x_rack"] == {"row": 4}


def test_any_nornir_host_is_a_device(make: Make) -> None:
    host = load_workspace(make()).files.inventory().hosts["r1"]
    assert device_of(host).name == "r1"
    host.platform = None
    host.groups.clear()
    with pytest.raises(WorkspaceError, match="r1 has no role"):
        device_of(host)
    host["role"] = "firewall"
    with pytest.raises(WorkspaceError, match="r1 has the unknown role 'firewall'"):
        device_of(host)
    host["role"] = "router"
    host["expect"] = {"uplink": []}
    host.platform = "frr"
    with pytest.raises(WorkspaceError, match=r"unknown key 'uplink'\. Did you mean 'uplinks'"):
        device_of(host)


def test_nornir_runs_without_writing_a_log(
    make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(hosts=HOSTS + "  connection_options: {eventready: {extras: {secret: 'env:ENABLE'}}}\n")
    monkeypatch.chdir(path)
    with caplog.at_level(logging.DEBUG):
        nornir = load_workspace(path).nornir(3)
        seen = nornir.run(task=_say, password="hunter2")
    assert seen["r1"][0].result == "r1"
    assert "hunter2" not in caplog.text
    assert not (path / "nornir.log").exists()
    assert nornir.runner.num_workers == 3  # type: ignore[attr-defined]  # the threaded runner's own
    extras = nornir.inventory.hosts["r1"].get_connection_parameters("eventready").extras
    assert extras == {
        "secret": "env:ENABLE",
        "workspace": str(path),
        "name": "r1",
        "endpoint": "192.0.2.1",
        "element": "",
        "allow_cleartext": False,
        "access": Access(),
        "jump_hosts": {},
        "not_after": math.inf,
    }


def _say(task: Task, password: str) -> Result:
    assert password
    return Result(host=task.host, result=task.host.name)


def test_each_nornir_is_its_own(make: Make) -> None:
    workspace = load_workspace(make())
    workspace.nornir(1).inventory.hosts["r1"]["role"] = "changed"
    assert workspace.nornir(1).inventory.hosts["r1"]["role"] == "router"


def test_platforms_of_its_own(make: Make) -> None:
    path = make()
    assert load_workspace(path).platform_dirs == ()
    (path / "inventory" / "platforms").mkdir()
    assert load_workspace(path).platform_dirs == (path / "inventory" / "platforms",)


# --- the event


@pytest.fixture
def example() -> Workspace:
    return load_workspace(EXAMPLE)


def test_windows(example: Workspace) -> None:
    freeze = parse_moment("2022-04-26 00:00")
    assert [w.kind for w in example.event.windows_at(freeze)] == ["freeze"]
    assert example.event.windows_at(parse_moment("2022-04-25 23:59")) == ()
    night = datetime(2022, 4, 29, 13, 0, tzinfo=UTC)
    assert {w.kind for w in example.event.windows_at(night)} == {"event", "protected", "freeze"}, "20:00 in Trà Vinh"
    assert [w.kind for w in example.event.windows_at(night, "event")] == ["event"]
    assert example.event.windows_at(parse_moment("2022-04-29 23:00"), "event") == (), "the end is outside"


def test_weekly_reports(example: Workspace) -> None:
    assert example.event.weekly_report is not None
    deadlines = example.event.weekly_report.deadlines()
    assert len(deadlines) == 13
    assert deadlines[0] == datetime(2022, 3, 7, 11, 30, tzinfo=TZ)
    assert deadlines[-1] == datetime(2022, 5, 30, 11, 30, tzinfo=TZ)
    assert {moment.weekday() for moment in deadlines} == {0}


def test_venues(example: Workspace) -> None:
    assert example.event.venue("den-tho").services == ("fixed", "internet", "mobile")
    with pytest.raises(KeyError):
        example.event.venue("cho")


# --- limits and waivers

LIMITS = """\
venues:
  hall: {cpu: {warn: 50}}
defaults:
  cpu: {warn: 60, fail: 80, source: the rule of 2021}
  memory: {warn: 1}
roles:
  router: {cpu: {warn: 55, fail: 75}}
  bts_controller: {cpu: {fail: 1}}
devices:
  r1: {cpu: {fail: 90}}
"""


def test_the_nearest_limit_wins(make: Make) -> None:
    hosts = HOSTS + HOSTS.replace("r1", "r2") + "  data: {venues: []}\n"
    workspace = load_workspace(make(limits=LIMITS, hosts=hosts))
    one, two = workspace.devices
    assert workspace.limits.for_check("cpu", one) == {"warn": 50, "fail": 90}
    assert workspace.limits.for_check("cpu", two) == {"warn": 55, "fail": 75}
    assert workspace.limits.for_check("memory", two) == {"warn": 1}
    assert workspace.limits.for_check("fan", one) == {}
    at = workspace.limits.overrides_for("cpu", one)
    assert at["fail"].origin.endswith("limits.yaml:10")
    assert at["warn"].origin.endswith("limits.yaml:2")
    default = next(o for o in workspace.limits.overrides if o.scope == "defaults" and o.limit == "fail")
    assert default.source == "the rule of 2021"


def test_waivers(make: Make) -> None:
    waivers = "waivers:\n  - {check: 'opt*', device: r1, subject: 'eth?', by: Nam, reason: old, until: 2022-05-01}\n"
    (waiver,) = load_workspace(make(waivers=waivers)).waivers
    assert waiver.covers("optic", "r1", "eth1")
    assert not waiver.covers("optic", "r1", "eth10")
    assert not waiver.covers("optic", "r2", "eth1")
    assert not waiver.covers("cpu", "r1", "eth1")
    assert not waiver.expired(date(2022, 5, 1)), "the last day counts"
    assert waiver.expired(date(2022, 5, 2))
    assert waiver.origin.endswith("waivers.yaml:2")


@pytest.mark.parametrize("name", ["limits", "waivers", "duties"])
def test_optional_files(make: Make, name: str) -> None:
    workspace = load_workspace(make())
    assert not getattr(workspace, "waivers" if name == "waivers" else name, None) or name == "limits"
    assert workspace.limits.overrides == ()


def test_many_devices(make: Make) -> None:
    hosts = "".join(
        f"r{n}: {{hostname: 192.0.2.1, groups: [router], "
        f"data: {{expect: {{links: [{{port: a, device: r{(n + 1) % 2000}, to_port: b}}]}}}}}}\n"
        for n in range(2000)
    )
    devices = load_workspace(make(hosts=hosts, event=EVENT)).devices
    assert len(devices) == 2000
    assert all(len(device.expect.links) == 2 for device in devices)
    assert devices[-1].origin.endswith("hosts.yaml:2000")
