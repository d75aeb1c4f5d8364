"""Performance files of the lab: one for each source and period, with the state that the consoles show."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.facts.observation import Observation
from eventready.facts.performance.cell_records import observe_cells
from eventready.facts.records import CellPerformance
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.performance import PerformanceFile
from eventready_lab.device.credentials import Credentials
from eventready_lab.embedded.process import simulate
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.performance.exports import PerformanceExports
from eventready_lab.performance.formats import NAMESPACE

#: Some minutes after the end of a period.
NOW = datetime(2022, 4, 25, 7, 3, tzinfo=UTC)
AFTER = timedelta(minutes=15)
CELLS = {"enb": "huawei_enb", "bsc": "huawei_mml", "osmo": "osmocom_bsc"}


def device(name: str) -> Device:
    return Device(
        name=name, role="bts_controller", platform=CELLS[name], hostname="192.0.2.1", venues=("hall",),
        expect=Expect.model_validate({
            "core_links": ["MME"],
            "sites": [{"name": f"{name}-site"}],
            "cells": [{"name": f"{name}-{n}", "venue": "hall", "site": f"{name}-site"} for n in "AB"],
        }),
    )  # fmt: skip


@dataclass(frozen=True)
class FixedClock(Clock):
    """A clock that stands still."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class Network:
    """Simulated devices whose performance files are exported and read."""

    def __init__(self, out: Path, performance: dict[str, Any], names: tuple[str, ...]) -> None:
        self.out, self.devices = out, [device(name) for name in names]
        self.performance = PerformanceFile.model_validate(performance)
        simulated = simulate(self.devices, Credentials("", ""), Clock())
        self.faults = FaultInjector({one.state.name: one for one in simulated})
        self.exports = PerformanceExports.of(self.performance, out, simulated, FixedClock(timedelta(1)))
        self.exports.start()

    def at(self, moment: datetime) -> None:
        """Follow at a moment."""
        for export in self.exports.exports:
            export.clock = FixedClock(timedelta(1), at=moment)
        self.exports.follow()

    def inject(self, device: str, name: str, **args: object) -> None:
        self.faults.inject(device, name, args)
        self.exports.follow()

    def files(self, source: int = 1) -> list[Path]:
        return sorted((self.out / "performance" / str(source)).iterdir())

    def observed(self, moment: datetime = NOW) -> dict[str, Observation]:
        sources = [
            source.model_copy(update={"folder": Path("performance") / str(number)})
            for number, source in enumerate(self.performance.sources, 1)
        ]
        read = self.performance.model_copy(update={"sources": tuple(sources)})
        clock = FixedClock(timedelta(1), at=moment)
        return {one.device: one for one in observe_cells(self.out, read, self.devices, clock)}

    def cells(self, device: str = "enb", moment: datetime = NOW) -> dict[str, CellPerformance]:
        found = self.observed(moment)[device]
        return {row.cell: row for row in found.rows if isinstance(row, CellPerformance)}

    def unread(self, device: str = "enb", moment: datetime = NOW) -> dict[str, str]:
        return {one.subject: one.reason for one in self.observed(moment)[device].unread}


NetworkOf = Callable[..., Network]


@pytest.fixture
def network(tmp_path: Path) -> NetworkOf:
    """Export the files of devices for a source."""

    def made(*names: str, cells: dict[str, list[str]] | None = None, **source: object) -> Network:
        sources = [{"name": "oss", "folder": "/srv/pm", "layout": "3gpp", **source}]
        return Network(tmp_path, {"sources": sources, "cells": cells or {}}, names or ("enb",))

    return made


def test_every_finished_period_of_the_last_hour_has_a_whole_file_of_its_own(network: NetworkOf) -> None:
    made = network()
    assert [file.name for file in made.files()] == [
        "A20220425.1245+0700-1300+0700_oss.xml",
        "A20220425.1300+0700-1315+0700_oss.xml",
        "A20220425.1315+0700-1330+0700_oss.xml",
        "A20220425.1330+0700-1345+0700_oss.xml",
        "A20220425.1345+0700-1400+0700_oss.xml",
    ]
    made.at(NOW + timedelta(minutes=11))
    assert len(made.files()) == 5
    made.at(NOW + AFTER)
    assert made.files()[-1].name == "A20220425.1400+0700-1415+0700_oss.xml"
    assert len(made.files()) == 5
    row = made.cells(moment=NOW + AFTER)["enb-A"]
    assert row.ended == NOW.replace(minute=15)
    assert row.users_hour == row.users_mean


def test_the_counters_are_those_of_the_consoles_in_plain_xml(network: NetworkOf) -> None:
    made = network("enb", "bsc")
    (state, _other) = made.faults.devices["enb"].state.cells
    used, total = state.channels["TCH/F"]
    root = ElementTree.parse(made.files()[-1]).getroot()
    where = {"": NAMESPACE}
    values: dict[str, dict[str | None, str | None]] = {}
    for info in root.iterfind("measData/measInfo", where):
        names = {one.get("p"): one.text for one in info.iterfind("measType", where)}
        for value in info.iterfind("measValue", where):
            counters = {names[one.get("p")]: one.text for one in value.iterfind("r", where)}
            values[value.get("measObjLdn", "")] = counters
            assert value.findtext("suspect", namespaces=where) == "false"
    counters = values["ENodeBFunction=1,EUtranCellFDD=enb-A"]
    assert counters["RRU.PrbTotDl"] == str(100 * used // total)
    assert counters["RRC.ConnMean"] == str(state.users)
    assert counters["RRU.CellUnavailableTime"] == "0"
    assert values["BssFunction=1,GsmCell=bsc-B"]["attTCHSeizures"] == "1800"
    assert [one.get("localDn") for one in root.iterfind("measData/managedElement", where)] == [
        "ManagedElement=enb", "ManagedElement=bsc"
    ]  # fmt: skip
    footer = root.find("fileFooter/measCollec", where)
    assert footer is not None
    assert footer.get("endTime") == "2022-04-25T14:00:00+07:00"
    console = made.faults.devices["enb"].show("DSP S1INTERFACE") or ""
    users = sum(one.users for one in made.faults.devices["enb"].state.cells)
    assert re.search(rf"Number of Accessed UEs  =  {users}\n", console)


@pytest.mark.parametrize("layout", ["3gpp", "huawei_csv"])
def test_a_healthy_cell_is_read_back_within_every_limit(network: NetworkOf, layout: str) -> None:
    made = network(layout=layout)
    assert not made.unread()
    for row in made.cells().values():
        assert row.availability == 100
        assert row.rrc_success is not None
        assert row.rrc_success > 99
        assert row.bearer_success is not None
        assert row.bearer_success > 99
        assert row.prb_down is not None
        assert 10 < row.prb_down < 70
        assert row.refused == 0
        assert row.users_mean is not None
        assert 20 <= row.users_mean < 100
        assert row.user_rate_down is not None
        assert 10 < row.user_rate_down < 25


@pytest.mark.parametrize("name", ["bsc", "osmo"])
def test_cells_of_gsm_have_traffic_and_refusals(network: NetworkOf, name: str) -> None:
    made = network("enb", name)
    row = made.cells(name)[f"{name}-A"]
    assert row.traffic == made.faults.devices[name].state.cells[0].channels["TCH/F"][0]
    assert (row.tch_refused, row.sdcch_refused) == (0, 0)
    made.inject(name, "channels-full", cell=f"{name}-A")
    row = made.cells(name)[f"{name}-A"]
    assert (row.traffic, row.tch_refused, row.sdcch_refused) == (14, 40, 40)


@pytest.mark.parametrize("layout", ["3gpp", "huawei_csv"])
@pytest.mark.parametrize("fault", ["cell-down", "cell-blocked", "bts-link-lost"])
def test_a_cell_out_of_service_is_unavailable_in_the_newest_period(network: NetworkOf, layout: str, fault: str) -> None:
    made = network(layout=layout)
    made.inject("enb", fault)
    row = made.cells()["enb-A"]
    assert (row.availability, row.users_mean, row.prb_down, row.prb_down_before is None) == (0, 0, 0, False)
    assert {"rrc_success", "bearer_success"} <= set(row.idle)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*", "A20220425.1345+0700-1400+0700_oss.xml"),
        ("A*.xml", "A20220425.1345+0700-1400+0700_oss.xml"),
        ("HN*_pm*", "HNA20220425.1345+0700-1400+0700_oss_pm.xml"),
        ("[ab]?*.xml", "a0A20220425.1345+0700-1400+0700_oss.xml"),
    ],
)
def test_names_follow_the_pattern_of_the_source(network: NetworkOf, pattern: str, name: str) -> None:
    made = network(pattern=pattern)
    assert made.files()[-1].name == name
    assert fnmatchcase(name, pattern)
    assert made.cells()


def test_a_pattern_of_packed_files_has_packed_files(network: NetworkOf) -> None:
    made = network(pattern="*.xml.gz")
    root = ElementTree.fromstring(gzip.decompress(made.files()[-1].read_bytes()))
    assert root.tag == f"{{{NAMESPACE}}}measCollecFile"
    assert set(made.cells()) == {"enb-A", "enb-B"}


def test_a_fixed_name_is_written_over_by_each_period(network: NetworkOf) -> None:
    made = network(pattern="pm.xml")
    made.at(NOW + AFTER)
    assert [file.name for file in made.files()] == ["pm.xml"]
    assert made.cells(moment=NOW + AFTER)["enb-A"].ended == NOW.replace(minute=15)


@pytest.mark.parametrize("source", [{"layout": "nokia_omes"}, {"pattern": ".*"}, {"pattern": "[!a]"}])
def test_a_source_of_another_layout_or_pattern_is_left_out(network: NetworkOf, source: dict[str, str]) -> None:
    made = network(**source)
    assert [one.name for one in made.exports.left_out] == ["oss"]
    assert not (made.out / "performance").exists()


@pytest.mark.parametrize("layout", ["3gpp", "huawei_csv"])
def test_cells_have_the_names_of_the_map_of_the_workspace(network: NetworkOf, layout: str) -> None:
    whole = "DC=example,ManagedElement=hn,ENodeBFunction=1,EUtranCellFDD=7"
    made = network(layout=layout, cells={"enb-A": ["HN0417A"], "enb-B": [whole]})
    text = made.files()[-1].read_text(encoding="utf-8")
    assert "HN0417A" in text
    assert "enb-B" not in text
    assert set(made.cells()) == {"enb-A", "enb-B"}


def test_only_the_covered_devices_are_in_a_file_and_each_source_has_its_folder(tmp_path: Path) -> None:
    sources = [
        {"name": "lte", "folder": "pm", "layout": "huawei_csv", "devices": ["enb"], "period_minutes": 60},
        {"name": "gsm", "folder": "pm", "layout": "3gpp", "devices": ["bsc"]},
    ]
    made = Network(tmp_path, {"sources": sources}, ("enb", "bsc"))
    assert [file.suffix for file in made.files(1)] == [".csv"] * 4
    assert "enb-" not in made.files(2)[-1].read_text(encoding="utf-8")
    assert made.cells("enb")["enb-A"].minutes == 60
    assert made.cells("bsc")["bsc-A"].minutes == 15


def test_files_of_an_earlier_lab_are_removed_and_nothing_else(network: NetworkOf) -> None:
    made = network()
    (made.out / "performance" / "1" / "A20990101.0000+0000-0015+0000_oss.xml").write_text("future")
    beside = made.out / "performance" / "notes.txt"
    beside.write_text("kept")
    made.exports.start()
    assert len(made.files()) == 5
    again = Network(made.out, made.performance.model_dump(mode="json"), ("enb",))
    assert len(again.files()) == 5
    assert beside.exists()
    assert again.cells()


def test_no_half_written_file_is_seen_and_a_full_disk_is_made_up_for(
    network: NetworkOf, monkeypatch: pytest.MonkeyPatch
) -> None:

    made = network()
    before = {file: file.read_bytes() for file in made.files()}

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(UsageError):
            made.at(NOW + AFTER)
        assert {file: file.read_bytes() for file in made.files()}.items() <= before.items()
    made.at(NOW + AFTER)
    assert len(made.files()) == 5
    assert made.cells(moment=NOW + AFTER)["enb-A"].ended == NOW.replace(minute=15)


def test_a_clock_set_back_leaves_no_period_of_the_future(network: NetworkOf) -> None:
    made = network()
    made.at(NOW + 4 * AFTER)
    made.at(NOW)
    assert made.files()[-1].name == "A20220425.1345+0700-1400+0700_oss.xml"
    assert made.cells()


def test_a_crowd_fills_blocks_and_users_and_is_refused(network: NetworkOf) -> None:
    made = network()
    quiet = made.cells()["enb-B"]
    made.inject("enb", "channels-full", cell="enb-A")
    row = made.cells()["enb-A"]
    assert (row.prb_down, row.prb_up, row.users_mean, row.refused) == (100, 90, 168, 40)
    assert row.user_rate_down == 1
    assert made.cells()["enb-B"] == quiet


def test_a_sleeping_cell_is_available_without_traffic(network: NetworkOf) -> None:
    made = network()
    made.inject("enb", "cell-silent", cell="enb-A")
    row = made.cells()["enb-A"]
    assert (row.availability, row.users_mean, row.users_max, row.prb_down) == (100, 0, 0, 0)
    assert {"rrc_success", "bearer_success", "refused"} <= set(row.idle)


def test_a_late_file_is_not_there_and_arrives_after_the_fault(network: NetworkOf) -> None:
    made = network()
    made.inject("enb", "files-late")
    late = "its newest period is too old, it ended at 25/04/2022 13:30"
    assert made.unread() == {"enb-A": late, "enb-B": late}
    made.at(NOW + AFTER)
    assert not any("1415" in file.name for file in made.files())
    made.faults.clear("enb", "files-late", {})
    made.exports.follow()
    assert not made.unread(moment=NOW + AFTER)
    assert len(made.files()) == 5


@pytest.mark.parametrize("layout", ["3gpp", "huawei_csv"])
def test_suspect_counters_are_those_of_their_cell_alone(network: NetworkOf, layout: str) -> None:
    made = network(layout=layout)
    made.inject("enb", "counters-suspect", cell="enb-B")
    assert list(made.cells()) == ["enb-A"]
    assert "suspect" in made.unread()["enb-B"]
    made.faults.clear("enb", "counters-suspect", {})
    made.exports.follow()
    assert set(made.cells()) == {"enb-A", "enb-B"}
