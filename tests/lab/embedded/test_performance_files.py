"""Performance files of a running lab: each fault ends in its finding, read by the product and as plain XML."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eventready.checks.check import EarlierReading
from eventready.checks.finding import Finding, Outcome
from eventready.core.clock import Clock
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.observation import Observation
from eventready.facts.performance.cell_records import observe_cells
from eventready.facts.platform import load_platform
from eventready.facts.rows import FactRows
from eventready.workspace.settings.performance import load_performance
from eventready.workspace.workspace import load_workspace
from tests.lab.embedded.lab_commands import invoke, json_of, small_workspace

pytestmark = [pytest.mark.slow, pytest.mark.lab]

SOURCES = """
sources:
- {name: standard, folder: /srv/pm/export, pattern: "*.xml", layout: 3gpp, devices: [enb-1], late_minutes: 5}
- {name: vendor, folder: ../outside, layout: huawei_csv, devices: [enb-2]}
"""
FACT = "cell_performance"
Judged = dict[tuple[str, str], Outcome]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    with small_workspace(tmp_path) as workspace:
        (workspace / "inventory" / "performance.yaml").write_text(SOURCES, encoding="utf-8")
        yield workspace


class Reader:
    """Findings about the cells of the sites by the files of a lab, after three usual weeks."""

    def __init__(self, copy: Path) -> None:
        self._copy, self._devices = copy, [load_workspace(copy).device(name) for name in ("enb-1", "enb-2")]
        past = {one.device: {FACT: FactRows(one.rows)} for one in self.read()}
        self._history = {name: (EarlierReading(604_800, alike=True, facts=facts),) * 3 for name, facts in past.items()}

    def read(self) -> list[Observation]:
        return observe_cells(self._copy, load_performance(self._copy), self._devices, Clock())

    def findings(self) -> list[Finding]:
        matrix = build_matrix(self._devices, {"huawei_enb": load_platform("huawei_enb")}, of_files=["enb-1", "enb-2"])
        now = Clock().now()
        found = evaluate(self._devices, matrix, self.read(), moment=now, history=self._history)
        return [one for one in found if one.check.startswith("cell_") and not one.blind]

    def of(self, cell: str) -> Judged:
        return {(one.check, one.subject): one.status for one in self.findings() if one.subject.startswith(cell)}

    def bad(self) -> Judged:
        found = self.findings()
        return {(one.check, one.subject): one.status for one in found if one.status is not Outcome.PASS}

    def plain(self) -> tuple[dict[str, str], str]:
        """Counters of the cell C1 in the newest file, and the mark of doubt, by the standard library alone."""
        newest = max((self._copy / "performance" / "1").glob("*.xml"), key=lambda file: file.name)
        where = {"": "http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec"}
        root = ElementTree.parse(newest).getroot()
        names = [one.text or "" for one in root.iterfind("measData/measInfo/measType", where)]
        (value,) = root.iterfind("measData/measInfo/measValue", where)
        counters = [one.text or "" for one in value.iterfind("r", where)]
        return dict(zip(names, counters, strict=True)), value.findtext("suspect", "", where)


@pytest.fixture
def reader(workspace: Path) -> Reader:
    json_of(workspace, "up")
    return Reader(workspace / ".eventready" / "lab")


def test_a_healthy_lab_has_good_cells_in_both_layouts(workspace: Path, reader: Reader) -> None:
    assert reader.bad() == {}
    for cell in ("C1", "C2"):
        assert {check for check, _subject in reader.of(cell)} >= {
            "cell_availability", "cell_access", "cell_load", "cell_refusals", "cell_usual"
        }  # fmt: skip
    copy = workspace / ".eventready" / "lab"
    assert [source.folder for source in load_performance(copy).sources] == [
        Path("performance/1"),
        Path("performance/2"),
    ]
    assert not (workspace / ".eventready" / "outside").exists()
    assert all(file.stat().st_mode & 0o077 == 0 for file in (copy / "performance").rglob("*.*"))


def test_a_crowd_is_named_at_its_cell(workspace: Path, reader: Reader) -> None:
    json_of(workspace, "fault", "enb-1", "channels-full", "C1")
    assert reader.bad() == {
        ("cell_access", "C1 RRC"): Outcome.FAIL,
        ("cell_load", "C1 down"): Outcome.FAIL,
        ("cell_load", "C1 up"): Outcome.WARN,
        ("cell_refusals", "C1 refusals"): Outcome.FAIL,
        ("cell_refusals", "C1 paging"): Outcome.FAIL,
        ("cell_usual", "C1"): Outcome.FAIL,
        ("cell_usual", "C1 rate"): Outcome.FAIL,
    }
    assert reader.plain()[0]["RRU.PrbTotDl"] == "100"
    assert "C1" in invoke(workspace, "status").output
    json_of(workspace, "fault", "enb-1", "--clear")
    assert reader.bad() == {}


def test_a_sleeping_cell_has_hardly_any_of_its_usual_users(workspace: Path, reader: Reader) -> None:
    json_of(workspace, "fault", "enb-1", "cell-silent", "C1")
    assert reader.bad() == {("cell_usual", "C1"): Outcome.FAIL}
    counters, _suspect = reader.plain()
    assert (counters["RRU.CellUnavailableTime"], counters["RRC.ConnMean"]) == ("0", "0")


def test_late_files_leave_their_cells_alone_unmeasured(workspace: Path, reader: Reader) -> None:
    json_of(workspace, "fault", "enb-1", "files-late")
    bad = reader.bad()
    assert {subject for _check, subject in bad} == {"C1"}
    assert set(bad.values()) == {Outcome.NOT_MEASURED}
    json_of(workspace, "fault", "enb-1", "--clear")
    assert reader.bad() == {}


def test_suspect_counters_leave_their_cell_unmeasured(workspace: Path, reader: Reader) -> None:
    json_of(workspace, "fault", "enb-1", "counters-suspect", "C1")
    json_of(workspace, "fault", "enb-2", "counters-suspect")
    bad = reader.bad()
    assert {subject for _check, subject in bad} == {"C1", "C2"}
    assert set(bad.values()) == {Outcome.NOT_MEASURED}
    assert reader.plain()[1] == "true"


def test_a_restarted_lab_writes_its_files_anew(workspace: Path, reader: Reader) -> None:
    folder = workspace / ".eventready" / "lab" / "performance" / "1"
    (folder / "A20990101.0000+0000-0015+0000_standard.xml").write_text("of an earlier lab", encoding="utf-8")
    os.utime(max(folder.iterdir()), (0, 0))
    json_of(workspace, "down")
    json_of(workspace, "up")
    assert len(list(folder.iterdir())) == 5
    assert reader.bad() == {}


def test_a_layout_without_a_writer_is_named_at_the_start(workspace: Path) -> None:
    settings = workspace / "inventory" / "performance.yaml"
    settings.write_text("sources: [{name: oss, folder: pm, layout: nokia_omes}]\n", encoding="utf-8")
    assert "oss: the lab writes no performance files for this layout (nokia_omes)" in invoke(workspace, "up").output
