"""capacity.yaml: errors in a sentence each, and the loads of the devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.network.capacity.calculate import CapacityCalculation
from eventready.network.capacity.case import CapacityTargets
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.capacity import CapacityFile
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.loads import with_loads
from eventready.workspace.settings.capacity import load_capacity
from eventready.workspace.settings.event import load_event
from eventready.workspace.settings.risk import RiskGroup

EXAMPLE = Path(__file__).parents[2] / "inventory"
ENTRY = {
    "venue": "hoi-nghi", "window": "Opening night", "service": "mobile", "people": "{value: 100, source: s}",
}  # fmt: skip
CELLS = Expect.model_validate({"cells": [{"name": "A", "venue": "hoi-nghi"}]})
DEVICES = (
    Device("bsc", "bts_controller", "any", "192.0.2.1", venues=("hoi-nghi",), expect=CELLS),
    Device("core", "router", "any", "192.0.2.2", venues=("hoi-nghi",)),
)


def demand(**changes: str) -> str:
    return "demand: [{" + ", ".join(f"{key}: {value}" for key, value in {**ENTRY, **changes}.items()) + "}]\n"


def read(folder: Path, text: str) -> CapacityFile:
    path = folder / "capacity.yaml"
    path.write_text(text, encoding="utf-8")
    return load_capacity(path, load_event(EXAMPLE / "event.yaml"), DEVICES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (demand(venue="hoi-ngi"), "the venue 'hoi-ngi' is not in event.yaml"),
        (demand(window="Opening nite"), "'Opening nite' is no window of event.yaml"),
        (demand(venue="den-tho", service="wifi"), "venue den-tho does not offer wifi"),
        (demand(people="{value: -5, source: s}"), "'value' must be at least 1"),
        (demand(people="{value: 90000000, source: s}"), "'value' must be at most 1000000"),
        (demand(mbps="{value: 1e10, source: s}"), "'value' must be at most 1000000000, not 10000000000.0"),
        (demand(people="{value: 100.5, source: s}"), "'value'"),
        (demand(people="{value: true, source: s}"), "'value' must be a whole number, not true"),
        (demand(surge="{value: true, source: s}"), "'value' must be a number, not true"),
        (demand(people="{value: 100}"), "source"),
        (demand(people="{value: 100, source: ''}"), "source"),
        (demand(upward="{value: 1.5, source: s}"), "'value' must be at most 1"),
        (demand(surge="{value: 0.5, source: s}"), "'value' must be at least 1"),
        (demand(bhca="{value: .inf, source: s}"), "'value'"),
        (demand(bcha="{value: 1, source: s}"), "unknown key 'bcha'"),
        (demand(people="{value: 1e300, source: s}"), "'value' must be a whole number, not 1e+300"),
        (demand(places="{B: {value: 3, source: s}}"), "'B' is no expected cell or access point"),
        (demand(venue="van-hoa", places="{A: {value: 3, source: s}}"), "'A' serves the venue hoi-nghi. Count"),
        (demand(service="wifi", places="{A: {value: 3, source: s}}"), "'A' is no expected cell or access point"),
        (demand()[:-2] + ", " + demand()[9:], "twice"),
        ("supply: [{kind: nr, mhz: 20, source: s}]\n", "supply of kind nr needs `efficiency_down`"),
        ("supply: [{kind: nat, addresses: 2, venues: [hoi-nghi], source: s}]\n", "supply of kind nat needs `device`"),
        ("supply: [{kind: dns, device: dns, per_s: 2, venues: [hoi-nghi], source: s}]\n", "'dns' is not in hosts"),
        ("supply: [{kind: dns, device: core, per_s: 2, venues: [x], source: s}]\n", "the venue 'x' is not in"),
        ("supply: [{kind: pool, device: bsc, venues: [hoi-nghi], source: s}]\n", "kind pool needs `addresses`"),
        (
            "supply:\n"
            "- {kind: pool, device: core, venues: [hoi-nghi], source: s}\n"
            "- {kind: pool, device: core, venues: [van-hoa], source: s}\n",
            "capacity.yaml:3: the supply pool * of core is given twice",
        ),
        ("supply: [{kind: gsm, trx: 900, source: s}]\n", "'trx' must be at most 64, not 900"),
        ("demand: 3\n", "demand"),
    ],
)  # fmt: skip
def test_an_error_is_a_sentence_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        read(tmp_path, text)
    assert sentence in str(caught.value)
    assert "capacity.yaml:" in str(caught.value)


def test_without_the_file_and_with_an_empty_file_nothing_is_expected(tmp_path: Path) -> None:
    event = load_event(EXAMPLE / "event.yaml")
    assert load_capacity(tmp_path / "none.yaml", event, DEVICES) == read(tmp_path, "") == CapacityFile()
    assert with_loads(CapacityFile(), DEVICES) == DEVICES


def test_users_of_hosts_yaml_count_alone_and_beside_a_demand(tmp_path: Path) -> None:
    cells = [{"name": "A", "users": 250}, {"name": "B"}]
    device = Device(
        "bsc",
        "bts_controller",
        "any",
        "192.0.2.1",
        venues=("hoi-nghi",),
        expect=Expect.model_validate({"cells": cells}),
    )
    (alone,) = with_loads(CapacityFile(), (device,))
    assert [(load.name, load.demands[0].places["A"].value) for load in alone.loads] == [("A", 250)]
    (beside,) = with_loads(read(tmp_path, demand(places="{A: {value: 70, source: s}}")), (device,))
    assert [(load.name, load.demands[0].places["A"].value) for load in beside.loads] == [("A", 70), ("B", 70)]


@pytest.mark.parametrize(
    ("devices", "members", "losses", "left"),
    [
        (("core", "bsc", "core"), (), [{0, 2}, {1}], 30),
        (("core", "bsc", "core"), ("core:E1-0", "bsc"), [{0, 1}, {0, 2}, {1}], 30),
        (("core", "core"), (), [], 60),  # the device alone is a single point of failure, found by its own check
        (("core",), (), [], 30),
    ],
)
def test_circuits_of_a_venue_are_counted_without_those_of_the_largest_loss(
    tmp_path: Path, devices: tuple[str, ...], members: tuple[str, ...], losses: list[set[int]], left: int
) -> None:
    entry = "{{kind: circuits, name: E1-{}, device: {}, channels: 30, venues: [hoi-nghi], source: s}}"
    supply = ", ".join(entry.format(number, device) for number, device in enumerate(devices))
    capacity = read(tmp_path, demand(service="fixed", lines="{value: 900, source: s}") + f"supply: [{supply}]\n")
    groups = (RiskGroup(name="duct", kind="duct", members=members),) if members else ()
    (load,) = [
        one for device in with_loads(capacity, DEVICES, groups) for one in device.loads if one.kind == "circuits"
    ]
    assert list(load.losses) == [frozenset(one) for one in losses]
    facts = {"core": DeviceFacts(DEVICES[1], {})}
    (balance,) = CapacityCalculation(facts, lambda _name: CapacityTargets()).balances("core", [load])
    assert balance.details["channels"].value == left
    (added,) = (balance.ways["channels"](number).details["channels"].value for number in [7])
    assert added == left + 7


def test_a_demand_in_a_window_elsewhere_is_refused(tmp_path: Path) -> None:
    text = (EXAMPLE / "event.yaml").read_text(encoding="utf-8")
    placed = text.replace("    name: Opening night\n", "    name: Opening night\n    venues: [van-hoa]\n")
    (tmp_path / "event.yaml").write_text(placed, encoding="utf-8")
    (tmp_path / "capacity.yaml").write_text(demand(), encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"'Opening night' is not at this venue\. Name another window, or add"):
        load_capacity(tmp_path / "capacity.yaml", load_event(tmp_path / "event.yaml"), DEVICES)
