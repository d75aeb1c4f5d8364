"""Records of expected cells from sources: a doubtful period is not measured for just its cells, with the reason."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventready.checks.finding import Finding, Outcome
from eventready.core.clock import Clock
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.observation import Observation
from eventready.facts.performance.cell_records import observe_cells
from eventready.facts.platform import load_platform
from eventready.facts.records import CellPerformance
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.performance import PerformanceFile
from tests.facts.performance.samples import CSV, LISTS, OMES
from tests.proofs.size import few, some

CHECKS = ("cell_availability", "cell_access", "cell_drops", "cell_load", "cell_refusals", "cell_noise")
#: Counters of a cell of which each figure is bad, and of one of which each is good.
BAD = {
    "RRC.ConnEstabSucc": 400, "RRC.ConnEstabAtt": 500, "ERAB.EstabInitSuccNbr": 700, "ERAB.EstabInitAttNbr": 900,
    "RRU.CellUnavailableTime": 300, "RRU.PrbTotDl": 98, "RRU.PrbTotUl": 96, "RRC.ConnEstabFaileNBCause.Congestion": 90,
    "PAG.DiscardedNbr": 200, "PAG.ReceivedNbr": 1000,
}  # fmt: skip
GOOD = {
    **BAD, "RRC.ConnEstabSucc": 500, "ERAB.EstabInitSuccNbr": 900, "RRU.CellUnavailableTime": 0, "RRU.PrbTotDl": 20,
    "RRU.PrbTotUl": 10, "RRC.ConnEstabFaileNBCause.Congestion": 0, "PAG.DiscardedNbr": 0,
}  # fmt: skip
END = datetime(2022, 4, 25, 6, 15, tzinfo=UTC)


def text_of(cells: dict[str, dict[str, int]], end: datetime = END) -> str:
    """A file of TS 32.435 with the counters of cells in a quarter of an hour."""
    names = list(next(iter(cells.values())))
    types = "\n".join(f'<measType p="{place}">{name}</measType>' for place, name in enumerate(names, 1))
    values = "\n".join(
        f'<measValue measObjLdn="ENodeBFunction=1,EUtranCellFDD={cell}">\n'
        + "\n".join(f'<r p="{place}">{counters[name]}</r>' for place, name in enumerate(names, 1))
        + "\n</measValue>"
        for cell, counters in cells.items()
    )
    begin = (end - timedelta(minutes=15)).isoformat()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<measCollecFile>
<fileHeader fileFormatVersion="32.435 V10.0"><measCollec beginTime="{begin}"/></fileHeader>
<measData>
<managedElement localDn="ManagedElement=hn"/>
<measInfo>
<granPeriod duration="PT900S" endTime="{end.isoformat()}"/>
{types}
{values}
</measInfo>
</measData>
<fileFooter><measCollec endTime="{end.isoformat()}"/></fileFooter>
</measCollecFile>
"""


def device(*cells: str, name: str = "enb") -> Device:
    return Device(
        name=name, role="bts_controller", platform="huawei_enb", hostname="192.0.2.1", venues=("hall",),
        expect=Expect.model_validate({"cells": [{"name": cell, "venue": "hall"} for cell in cells]}),
    )  # fmt: skip


def observed(
    folder: Path, *devices: Device, now: datetime = END + timedelta(minutes=5), **source: object
) -> list[Observation]:
    """Observations of devices by the files in a folder, at a moment."""
    performance = PerformanceFile.model_validate(
        {"sources": [{"name": "oss", "folder": str(folder), "layout": "3gpp", **source}]}
    )
    clock = Clock(offset=now - datetime.now(UTC))
    return observe_cells(folder, performance, devices, clock)


def findings(*devices: Device, observations: list[Observation]) -> list[Finding]:
    platform = load_platform("huawei_enb")
    matrix = build_matrix(list(devices), {"huawei_enb": platform}, of_files=[one.device for one in observations])
    found = evaluate(list(devices), matrix, observations, moment=END)
    return [one for one in found if one.check in CHECKS]


def rows(observation: Observation) -> dict[str, CellPerformance]:
    return {row.cell: row for row in observation.rows if isinstance(row, CellPerformance)}


def reasons(observation: Observation) -> dict[str, str]:
    return {one.subject: one.reason for one in observation.unread}


def test_figures_of_the_newest_period_with_files_and_blocks_as_evidence(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text_of({"A": GOOD, "X": BAD}))
    (found,) = observed(tmp_path, device("A"))
    row = rows(found)["A"]
    assert (row.ended, row.minutes, row.rrc_success, row.prb_down) == (END, 15, 100.0, 20.0)
    assert row.prb_down_before is None
    assert re.search(r"^a\.xml sha256 [0-9a-f]{64}$", found.raw, re.MULTILINE)
    assert "A 2022-04-25T06:00:00+00:00 900s" in found.raw
    assert "X" not in found.raw.replace("xml", ""), "the blocks of expected cells alone"


def test_each_bad_figure_fails_and_each_good_one_passes(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text_of({"A": BAD, "B": GOOD}))
    one = device("A", "B")
    found = findings(one, observations=observed(tmp_path, one))
    judged = {finding.subject: finding.status for finding in found if not finding.blind}
    terms = ("", " RRC", " bearer", " down", " up", " refusals", " paging")
    assert judged == {
        **{f"A{term}": Outcome.FAIL for term in terms},
        **{f"B{term}": Outcome.PASS for term in terms},
    }


def test_a_new_load_is_a_warning_and_one_of_two_periods_a_failure(tmp_path: Path) -> None:
    one, earlier = device("A", "B"), END - timedelta(minutes=15)
    (tmp_path / "a.xml").write_text(text_of({"A": GOOD, "B": BAD}, earlier))
    (tmp_path / "b.xml").write_text(text_of({"A": BAD, "B": BAD}))
    found = findings(one, observations=observed(tmp_path, one))
    assert {f.subject: f.status for f in found if f.check == "cell_load"} == {
        "A down": Outcome.WARN, "A up": Outcome.WARN, "B down": Outcome.FAIL, "B up": Outcome.FAIL,
    }  # fmt: skip


Change = Callable[[str], str]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("</r>\n</measValue>", "</r>\n<suspect>true</suspect>\n</measValue>", 1), "suspect"),
        (lambda text: text.replace('<r p="1">400</r>', '<r p="1">400</r>\n<r p="1">500</r>', 1), "stands twice"),
        (lambda text: text.replace("FDD=A", "FDD=Z"), "no performance file of the last periods"),
        (lambda text: re.sub(r'<r p="(\d+)">\d+<', r'<r p="\1">NULL<', text, count=10), "no counter has a value"),
        (lambda text: re.sub(r"<measValue.*?</measValue>", "", text, count=1, flags=re.DOTALL), "no performance file"),
    ],
    ids=["suspect", "differing", "another name", "without values", "missing"],
)  # fmt: skip
def test_a_doubtful_cell_is_not_measured_and_no_other(change: Change, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(change(text_of({"A": BAD, "B": BAD})))
    one = device("A", "B")
    (found,) = observed(tmp_path, one)
    assert list(rows(found)) == ["B"]
    assert reason in reasons(found)["A"]
    judged = [f for f in findings(one, observations=[found]) if f.subject.startswith("A")]
    assert {f.status for f in judged} == {Outcome.NOT_MEASURED}
    assert not any(f.blind for f in judged)
    assert all(reason in f.message for f in judged)


@pytest.mark.parametrize(
    ("now", "files", "reason"),
    [
        (END + timedelta(minutes=26), {"a": text_of({"A": GOOD})}, "too old"),
        (END - timedelta(minutes=2), {"a": text_of({"A": GOOD})}, "in the future"),
        (END, {"a": text_of({"A": GOOD})[:-30]}, "cut off"),
        (END, {"a": text_of({"A": GOOD}).replace("PT900S", "PT1800S")}, "has 30 minutes, and those of the source 15"),
        (
            END,
            {"a": text_of({"A": GOOD}), "b": text_of({"A": GOOD}, END - timedelta(minutes=5))},
            "overlaps",
        ),
        (END, {"a": text_of({"A": GOOD}), "b": text_of({"A": BAD})}, "stands twice"),
        (
            END,
            {"a": text_of({"A": GOOD}), "b": text_of({"A": GOOD}).replace("Element=hn", "Element=vh")},
            "several objects",
        ),
        (END, {}, "no performance file"),
    ],
    ids=["late", "future", "cut", "length", "overlapping", "contradicted", "doubled", "absent"],
)
def test_a_period_not_to_be_relied_on_is_not_measured(
    now: datetime, files: dict[str, str], reason: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.xml").write_text(text)
    (found,) = observed(tmp_path, device("A"), now=now)
    assert not found.rows
    assert reason in reasons(found)["A"]


def test_the_limit_of_lateness_is_a_period_and_what_the_source_allows(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text_of({"A": GOOD}))
    for late, read in ((24, True), (26, False)):
        (found,) = observed(tmp_path, device("A"), now=END + timedelta(minutes=late))
        assert bool(found.rows) is read


def test_the_same_file_twice_is_one_period(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.xml").write_text(text_of({"A": GOOD}))
    (found,) = observed(tmp_path, device("A"))
    assert rows(found)["A"].prb_down == 20.0


def test_a_counter_that_no_cell_has_is_a_blind_spot_and_one_that_others_have_a_gap(tmp_path: Path) -> None:
    text = text_of({"A": BAD, "B": BAD}).replace("PAG.", "XYZ.").replace('<r p="6">98</r>', '<r p="6">NULL</r>', 1)
    (tmp_path / "a.xml").write_text(text)
    one = device("A", "B")
    found = {f.subject: f for f in findings(one, observations=observed(tmp_path, one))}
    assert found["A paging"].blind
    assert (found["A down"].status, found["A down"].blind) == (Outcome.NOT_MEASURED, False)
    assert found["B down"].status is Outcome.FAIL


def test_nothing_attempted_is_neither_good_nor_bad(tmp_path: Path) -> None:
    idle = {**GOOD, "RRC.ConnEstabSucc": 0, "RRC.ConnEstabAtt": 0}
    (tmp_path / "a.xml").write_text(text_of({"A": idle}))
    one = device("A")
    found = {f.subject: f for f in findings(one, observations=observed(tmp_path, one))}
    assert (found["A RRC"].status, found["A RRC"].blind) == (Outcome.NOT_MEASURED, True)


def test_a_figure_in_another_unit_is_not_judged_as_a_share(tmp_path: Path) -> None:
    """Lost pages of the CSV layout are a number, and no percentage."""
    text = CSV.replace("Avg,X", "Avg,L.Paging.Dis.Num")
    (tmp_path / "a.csv").write_text(text)
    now, zone = datetime(2022, 4, 24, 23, 20, tzinfo=UTC), "Asia/Ho_Chi_Minh"
    (found,) = observed(tmp_path, device("A"), now=now, layout="huawei_csv", zone=zone)
    row = rows(found)["A"]
    assert (row.rrc_success, row.paging_lost) == (96.0, None)
    assert "paging_lost" in row.uncounted
    assert found.unconfirmed


@pytest.mark.parametrize(
    ("layout", "text", "cell"),
    [("3gpp", LISTS, "A"), ("nokia_omes", OMES, "PLMN-PLMN/MRBTS-1/LNBTS-1/LNCEL-A")],
)
def test_other_layouts_are_read_by_the_same_sources(layout: str, text: str, cell: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(text)
    (found,) = observed(tmp_path, device(cell), now=datetime(2022, 4, 24, 23, 20, tzinfo=UTC), layout=layout)
    assert rows(found)[cell].prb_down == pytest.approx(85.0 if layout == "3gpp" else 85.3)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('<measType p="1">', "<measType>").replace('<r p="2">', "<r>"),
        lambda text: text.replace('<measType p="2">', '<measType p="1">'),
    ],
    ids=["without a number", "of two counters"],
)
def test_a_place_without_a_number_or_of_two_counters_is_of_none(change: Change, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(change(text_of({"A": BAD})))
    (found,) = observed(tmp_path, device("A"))
    row = rows(found)["A"]
    assert row.rrc_success is None
    assert row.bearer_success == pytest.approx(700 / 9)


def test_a_source_covers_the_devices_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text_of({"A": GOOD}))
    other = device("G", name="bsc")
    found = observed(tmp_path, device("A"), other, devices=["enb*"])
    assert [one.device for one in found] == ["enb"]


def test_old_files_are_not_opened_on_the_real_clock(tmp_path: Path) -> None:
    """Without it a folder of a year would be read for each audit."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for name, age in (("old", 40), ("new", 1)):
        file = tmp_path / f"{name}.xml"
        file.write_text(text_of({"A": GOOD}, now - timedelta(minutes=1)))
        then = now.timestamp() - age * 3600 / 10
        os.utime(file, (then, then))
    performance = PerformanceFile.model_validate(
        {"sources": [{"name": "o", "folder": str(tmp_path), "layout": "3gpp"}]}
    )
    (found,) = observe_cells(tmp_path, performance, [device("A")], Clock())
    assert "new.xml" in found.raw
    assert "old.xml" not in found.raw
    assert rows(found)["A"].prb_down == 20.0


def test_the_blind_spot_of_load_is_closed_by_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text_of({"A": GOOD}))
    one, platforms = device("A"), {"huawei_enb": load_platform("huawei_enb")}

    def checks_of(matrix_files: list[str]) -> set[str]:
        return {cell.check for cell in build_matrix([one], platforms, of_files=matrix_files).concerning("enb")}

    assert "channel_load" in checks_of([])
    assert "cell_load" not in checks_of([])
    assert "channel_load" not in checks_of(["enb"])
    assert set(CHECKS) <= checks_of(["enb"])


#: Damages of a line: it is gone, doubled, another word, without a value, below zero.
_LINE: dict[str, Change] = {
    "gone": lambda _line: "",
    "doubled": lambda line: f"{line}\n{line}",
    "null": lambda line: re.sub(r">[^<]+<", ">NULL<", line),
    "empty": lambda line: re.sub(r">[^<]+<", "><", line),
    "word": lambda line: re.sub(r">[^<]+<", ">x9<", line),
    "negative": lambda line: re.sub(r">(\d+)<", r">-\1<", line),
    "huge": lambda line: re.sub(r">(\d+)<", r">1e400<", line),
    "cut tag": lambda line: line[:-1],
    "renamed": lambda line: re.sub(r">([A-Z])", r">Q\1", line).replace("Cell", "Cull"),
    "no attribute": lambda line: re.sub(r' \w+="[^"]*"', "", line, count=1),
    "other time": lambda line: line.replace("06:15", "05:15"),
    "future": lambda line: line.replace("2022-", "2032-"),
    "length": lambda line: line.replace("900S", "90S"),
    "comment": lambda line: f"<!-- {line} -->",
    "suspect": lambda line: line.replace("</measValue>", "<suspect>true</suspect></measValue>"),
}


def _damages() -> list[tuple[str, str]]:
    """Mutations of a file in which each figure of each cell is bad."""
    lines = text_of({"A": BAD, "B": BAD}).split("\n")
    whole = "\n".join(lines)
    found = [(f"cut at {size}", whole[:size]) for size in range(0, len(whole) - 1, 7)]
    for number, line in enumerate(lines):
        for name, change in _LINE.items():
            if (other := change(line)) != line:
                found.append((f"line {number} {name}", "\n".join([*lines[:number], other, *lines[number + 1 :]])))
    for first in range(len(lines)):
        for second in range(first + 1, len(lines)):
            moved = list(lines)
            moved[first], moved[second] = moved[second], moved[first]
            found.append((f"lines {first} and {second} swapped", "\n".join(moved)))
    alike = list(dict.fromkeys(found))
    pairs = few([(one, two) for one in range(len(lines)) for two in range(one + 1, len(lines))], 800, "pairs")
    for one, two in pairs:
        for name in few(list(_LINE), 8, (one, two)):
            both = [_LINE[name](line) if place in (one, two) else line for place, line in enumerate(lines)]
            alike.append((f"lines {one} and {two} {name}", "\n".join(both)))
    return alike


DAMAGES = _damages()


def test_no_mutated_file_of_bad_figures_gives_a_good_one(tmp_path: Path) -> None:
    assert len(DAMAGES) > 7000
    one = device("A", "B")
    for name, text in some(DAMAGES, 200, "mutated performance files"):
        (tmp_path / "a.xml").write_text(text)
        found = findings(one, observations=observed(tmp_path, one))
        assert found, name
        assert [f.message for f in found if f.status is Outcome.PASS] == [], name


def test_the_mean_of_an_hour_needs_each_of_its_periods(tmp_path: Path) -> None:
    one = device("A")
    for number in range(5):
        counters = {**GOOD, "RRC.ConnMean": 10 * number}
        (tmp_path / f"{number}.xml").write_text(text_of({"A": counters}, END - timedelta(minutes=15 * number)))
    (found,) = observed(tmp_path, one)
    assert (rows(found)["A"].users_mean, rows(found)["A"].users_hour) == (0.0, 15.0)
    (tmp_path / "2.xml").unlink()
    (found,) = observed(tmp_path, one)
    assert (rows(found)["A"].users_mean, rows(found)["A"].users_hour) == (0.0, None)
