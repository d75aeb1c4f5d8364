"""Performance files in an audit of the province: a crowd is named at its cell, and a gap at the cells of the gap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.store.store import Store
from tests.e2e.conftest import NOW, Province
from tests.facts.performance.test_cell_records import BAD, GOOD, text_of

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

END = Clock.starting(NOW).now() - timedelta(minutes=5)
CELLS = ("TVHN01_L18A", "TVHN01_L18B", "TVHN01_L18C", "TVHN01_L26A", "TVHN01_L26B")
SOURCE = "sources:\n- {name: oss, folder: pm, layout: 3gpp, devices: [enb-hn-1]}\n"


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
    text = text_of({**dict.fromkeys(CELLS, GOOD), CELLS[0]: BAD}, END)
    (files / "a.xml").write_text(text)
    run = province.audit("enb-hn-1", interval_s=0).run
    found = {(one.check, one.subject): one for one in run.findings() if one.device == "enb-hn-1"}
    assert found["cell_load", f"{CELLS[0]} down"].status == "fail"
    assert found["cell_load", f"{CELLS[1]} down"].status == "pass"
    gap = found["cell_load", "TVHN01_L26C"]
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
