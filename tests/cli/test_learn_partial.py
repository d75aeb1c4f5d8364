"""`inventory learn` beside a strange record: named, never the number or the absence of anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory_learn
from eventready.core.errors import Exit

OSPF = """
Neighbor ID     Pri   State           Dead Time   Address         Interface
10.255.0.2        0   FULL/  -        00:00:32    10.0.0.2        Port-channel1
10.255.0.33     ? 1   ----            00:00:35    10.0.0.19       TenGigabitEthernet0/1/1
10.255.0.31       1   FULL/DR         00:00:38    10.0.0.14       TenGigabitEthernet0/1/1
"""


@pytest.fixture
def site(tmp_path: Path) -> App:
    """A router that expects its two readable neighbours and a third, and its saved answer with a strange row."""
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    (inventory / "event.yaml").write_text(
        "id: e\nname: Event\nrecipient: {name: R, email: r@example.vn}\n"
        "venues: [{id: hall, name: Hall, services: [internet]}]\n"
    )
    (inventory / "hosts.yaml").write_text(
        "r1:\n  hostname: 192.0.2.1\n  platform: cisco_xe\n  data:\n    role: router\n    venues: [hall]\n"
        "    expect: {ospf: [10.255.0.2, 10.255.0.31, 10.255.0.77]}\n"
    )
    saved = tmp_path / "saved" / "r1"
    saved.mkdir(parents=True)
    (saved / "show_ip_ospf_neighbor.txt").write_text(OSPF)
    return App(workspace_path=tmp_path)


def learn(site: App, *words: str) -> tuple[int, dict[str, Any]]:
    site.output = "json"
    done = CliRunner().invoke(inventory_learn, words, obj=site, standalone_mode=False)
    assert done.exception is None, repr(done.exception)
    return done.return_value, json.loads(done.stdout)


def test_a_strange_record_is_named_and_keeps_the_check_from_being_all_expected(site: App, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved")
    code, found = learn(site, "--from", saved, "--check")
    ospf = [one for one in found["not_read"] if one["fact"] == "ospf_neighbour"]
    assert [(one["device"], one["subject"]) for one in ospf] == [("r1", "10.255.0.33")]
    assert ospf[0]["reason"]
    assert not found["proposals"], "the neighbour without a readable row is no absent one"
    assert code == Exit.INCOMPLETE


def test_the_same_check_is_met_by_an_answer_without_a_strange_record(site: App, tmp_path: Path) -> None:
    place = tmp_path / "saved" / "r1" / "show_ip_ospf_neighbor.txt"
    place.write_text(place.read_text().replace("10.255.0.33     ? 1   ----   ", "10.255.0.77       1   FULL/DR"))
    _code, found = learn(site, "--from", str(tmp_path / "saved"), "--check")
    assert not [one for one in found["not_read"] if one["fact"] == "ospf_neighbour"]
    assert not found["proposals"]
