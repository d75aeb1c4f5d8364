"""Performance files in an audit of the province: a crowd is named at its cell, and a gap at the cells of the gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.watch.snapshot import Snapshots
from tests.e2e.conftest import NOW, Province, province_of, troubles
from tests.e2e.test_watch import watching
from tests.facts.performance.test_cell_records import BAD, GOOD, text_of

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

END = Clock.starting(NOW).now() - timedelta(minutes=5)
CELLS = ("TVHN01_L18A", "TVHN01_L18B", "TVHN01_L18C", "TVHN01_L26A", "TVHN01_L26B", "TVHN01_L26C")
SOURCE = "sources:\n- {name: oss, folder: pm, layout: 3gpp, devices: [enb-hn-1]}\n"


@pytest.fixture(autouse=True)
def intervals(province: Province) -> Iterator[None]:
    """A watch that looks at the folder every five seconds."""
    settings = province.copy / "inventory" / "watch.yaml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else None
    settings.write_text("intervals: {cell_performance: 5}\n", encoding="utf-8")
    yield
    settings.unlink()
    if before is not None:
        settings.write_text(before, encoding="utf-8")


@pytest.fixture
def files(province: Province) -> Iterator[Path]:
    """Folder of performance files of a source of the workspace, gone afterwards."""
    settings, folder = province.copy / "inventory" / "performance.yaml", province.copy / "pm"
    folder.mkdir()
    settings.write_text(SOURCE)
    try:
        yield folder
    finally:
        settings.unlink()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_an_audit_names_the_crowd_and_the_gap_by_cell(province: Province, files: Path) -> None:
    text = text_of({**dict.fromkeys(CELLS[:-1], GOOD), CELLS[0]: BAD}, END)
    (files / "a.xml").write_text(text)
    run = province.audit("enb-hn-1", interval_s=0).run
    found = {(one.check, one.subject): one for one in run.findings() if one.device == "enb-hn-1"}
    assert found["cell_load", f"{CELLS[0]} down"].status == "fail"
    assert found["cell_load", f"{CELLS[1]} down"].status == "pass"
    gap = found["cell_load", CELLS[-1]]
    assert (gap.status, gap.blind) == ("not_measured", False)
    assert not any(check == "channel_load" for check, _subject in found)
    (observation,) = (one for one in run.observations() if one.fact == "cell_performance")
    with Store.of_workspace(province.copy) as store:
        evidence = store.texts([observation.evidence])[observation.evidence]
    assert "a.xml sha256" in evidence
    assert f"{CELLS[0]} " in evidence


def test_without_a_source_the_load_stays_a_named_blind_spot(province: Province) -> None:
    run = province.audit("enb-hn-1", interval_s=0).run
    (one,) = (one for one in run.findings() if one.check == "channel_load")
    assert one.blind
    assert not any(one.check == "cell_load" for one in run.findings())


LAB_SOURCE = """
sources: [{name: oss, folder: pm, layout: 3gpp, devices: ["enb-*"], period_minutes: 60}]
"""


@pytest.mark.slow
def test_the_lab_of_the_example_with_a_source_measures_the_cells_of_lte(province: Province, tmp_path: Path) -> None:
    before = province.audit(interval_s=0.2)
    with province_of(tmp_path, "none", LAB_SOURCE) as measured:
        done = measured.audit(interval_s=0.2)
        assert troubles(done) == troubles(before)
        of_cells = {(one.device, one.check) for one in done.run.findings() if one.status == "pass"}
        for site in ("enb-hn-1", "enb-vh-1", "enb-dt-1"):
            for check in ("cell_availability", "cell_access", "cell_load", "cell_refusals", "cell_forecast"):
                assert (site, check) in of_cells
        with measured.fault("enb-hn-1", "channels-full", f"cell={CELLS[0]}"):
            added = troubles(measured.audit(interval_s=0.2)) - troubles(before)
        assert {(device, subject.split()[0]) for device, _check, subject, _status in added} == {("enb-hn-1", CELLS[0])}
        assert ("enb-hn-1", "cell_load", f"{CELLS[0]} down", "fail") in added


def _of_cell(check: str, subject: str, new: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: (line["check"], line["subject"], line["new"]) == (check, subject, new)


@pytest.mark.slow
def test_the_wall_names_a_crowd_when_its_file_arrives_half_written_and_renamed(province: Province, files: Path) -> None:
    good = text_of(dict.fromkeys(CELLS, GOOD), END - timedelta(minutes=15))
    crowd = text_of({**dict.fromkeys(CELLS, GOOD), CELLS[0]: BAD}, END)
    (files / "a.xml").write_text(good)
    province.audit("enb-hn-1", interval_s=0.2)
    with watching(province, "enb-hn-1") as changes:
        changes.none_for(8)
        file = files / "b.xml.part"
        file.write_text(crowd[:900])
        changes.none_for(12)
        file.write_text(crowd)
        file.rename(files / "b.xml")
        line = changes.until(_of_cell("cell_refusals", f"{CELLS[0]} refusals", "fail"))
        assert (line["device"], line["old"], line["cause"]) == ("enb-hn-1", "pass", "")
    with watching(province, "enb-hn-1") as changes:
        changes.none_for(12)
        with Store.of_workspace(province.copy) as store:
            wall = Snapshots(store, "tra-vinh-30", Clock.starting(NOW)).latest()
        assert wall
        shown = {(one.check, one.subject) for one in wall.open}
        assert ("cell_refusals", f"{CELLS[0]} refusals") in shown
        assert not any(subject.startswith(CELLS[1]) for _check, subject in shown)
