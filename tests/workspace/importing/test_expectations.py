"""Expectations in hosts.yaml: added and removed in place, with comments, order and every other device as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import JsonValue

from eventready.core.errors import WorkspaceError
from eventready.workspace.devices.expect import Expect
from eventready.workspace.importing.entries import Entry
from eventready.workspace.importing.expectations import ExpectationChange, expectation_entries
from eventready.workspace.importing.merge import merge
from eventready.workspace.inventory import InventoryFiles, WrittenElement

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
GROUPS: dict[str, WrittenElement | None] = {"edge": {"data": {"venues": ["hall"], "expect": {"uplinks": ["u1"]}}}}


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


OSPF: dict[str, JsonValue] = {"data": {"expect": {"ospf": ["10.9.9.9"]}}}
SHARED = """\
r1: &first   # the first
  hostname: 10.0.0.1
  data: &data
    role: router
r2:
  <<: *first
  hostname: 10.0.0.2
r3:
  hostname: 10.0.0.3
  data: *data
r4: *first
"""


@pytest.mark.parametrize("name", ["r1", "r2", "r3", "r4"])
def test_a_device_that_shares_a_part_by_an_alias_is_changed_alone(tmp_path: Path, name: str) -> None:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text(SHARED, encoding="utf-8")
    expected = yaml.safe_load(SHARED)
    expected[name] = {**expected[name], "data": {"role": "router", "expect": {"ospf": ["10.9.9.9"]}}}
    assert yaml.safe_load(merge(hosts, [Entry(name, OSPF)]).text) == expected


def test_all_devices_that_share_a_part_are_changed(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text(SHARED, encoding="utf-8")
    text = merge(hosts, [Entry(name, OSPF) for name in ("r1", "r3")]).text
    assert [name for name, entry in yaml.safe_load(text).items() if "expect" in entry["data"]] == ["r1", "r3"]


def test_line_ends_of_windows_and_an_end_mark_stay_readable(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_bytes(b"# top\r\nr1: {hostname: a}\r\n\r\nr2:\r\n  hostname: b\r\n")
    text = merge(hosts, [Entry("r2", OSPF)]).text
    assert text.startswith("# top\r\nr1: {hostname: a}\r\n\r\nr2:\r\n")
    assert text.count("\n") == text.count("\r\n") == 8
    hosts.write_text("---\nr1: {hostname: a}\n...\n", encoding="utf-8")
    assert list(yaml.safe_load(merge(hosts, [Entry("new", OSPF)]).text)) == ["r1", "new"]


def test_a_line_that_cannot_be_rewritten_is_named(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text("r1:\n  hostname: 10.0.0.1\t# tab\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"hosts.yaml:2: .* spaces instead of tabs"):
        merge(hosts, [Entry("r1", OSPF)])
