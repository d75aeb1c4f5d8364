"""Expectations in hosts.yaml: added and removed in place, with comments, order and every other device as they were."""

from __future__ import annotations

from pathlib import Path

import yaml

from eventready.workspace.devices.expect import Expect
from eventready.workspace.importing.expectations import ExpectationChange, expectation_entries
from eventready.workspace.importing.merge import merge
from eventready.workspace.inventory import InventoryFiles

HOSTS = """\
# The network
r1:   # the first
  groups: [edge]
  data:
    expect:
      links:
        - {port: a, device: r2, to_port: b} # along the river
        - {port: c, device: r2, to_port: d}
      bgp: [10.0.0.1] # the provider
    x_note: kept


# --- below ---
"r2": {groups: [edge], data: {x_odd:   1}}
r3:
"""
GROUPS = {"edge": {"data": {"venues": ["hall"], "expect": {"uplinks": ["u1"]}}}}


def changed(tmp_path: Path, *changes: ExpectationChange) -> str:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text(HOSTS, encoding="utf-8")
    files = InventoryFiles(yaml.safe_load(HOSTS), GROUPS)
    return merge(hosts, expectation_entries(files, changes)).text


def test_values_are_added_after_those_that_stand_there(tmp_path: Path) -> None:
    text = changed(
        tmp_path,
        ExpectationChange("r1", "bgp", "10.0.0.5"),
        ExpectationChange("r1", "uplinks", "u2"),
        ExpectationChange("r1", "access_points", {"name": "ap", "venue": "stage"}),
    )
    assert text == HOSTS.replace("[10.0.0.1] #", "[10.0.0.1, 10.0.0.5] #").replace(
        "    x_note",
        "      uplinks: [u1, u2]\n      access_points:\n        - {name: ap, venue: stage}\n    x_note",
    ).replace("x_note: kept\n", "x_note: kept\n    venues: [hall, stage]\n")


def test_a_cable_is_removed_from_either_end(tmp_path: Path) -> None:
    value = {"port": "d", "device": "r1", "to_port": "c"}
    text = changed(tmp_path, ExpectationChange("r2", "links", value, remove=True))
    assert text == HOSTS.replace("        - {port: c, device: r2, to_port: d}\n", "")


def test_a_device_that_is_only_a_name_gets_its_expectations(tmp_path: Path) -> None:
    text = changed(tmp_path, ExpectationChange("r3", "default_routes", 2), ExpectationChange("r2", "dhcp", True))
    assert yaml.safe_load(text)["r3"] == {"data": {"expect": {"default_routes": 2}}}
    assert "x_odd: 1, expect: {dhcp: true}" in text
    assert text.startswith(HOSTS[: HOSTS.index('"r2"')])


def test_upkeep_alone_expects_nothing_of_the_network() -> None:
    assert Expect().empty
    assert Expect(ntp=False, saved_config=True).empty
    assert not Expect(uplinks=("a",)).empty
    assert not Expect(ospf=()).empty
