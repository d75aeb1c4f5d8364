"""`network capacity` on the example: the calculation, its workbook, and the additions that close the gaps."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from eventready.cli.audit.capacity_text import SHOWN
from eventready.core.errors import Exit
from tests.e2e.conftest import Province

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]
#: LibreOffice recalculates the file on loading.
_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""


@pytest.fixture(scope="module")
def audited(province: Province) -> Province:
    """The province with a stored run of all devices."""
    province.audit()
    return province


def balances(province: Province, *words: str) -> dict[str, dict[str, Any]]:
    document = json.loads(province.call("-o", "json", "network", "capacity", *words).stdout)
    return {one["subject"]: one for one in document["balances"]}


def test_the_example_is_short_in_its_two_seeded_places(audited: Province) -> None:
    found = balances(audited)
    assert {name for name, one in found.items() if one["status"] != "enough"} == {"BTS-HN-02 TCH", "VH-SanKhau-01"}
    assert {one["kind"] for one in found.values()} == {
        "tch", "sdcch", "connected", "downward", "upward", "clients", "airtime", "links", "pool",
        "circuits", "backhaul",
    }  # fmt: skip
    for one in found.values():
        assert all(line["formula"] or line["source"] or line["default"] is False for line in one["lines"])


def test_the_calculation_is_printed_line_by_line_with_its_defaults(audited: Province) -> None:
    shown = audited.call("network", "capacity", "-v", "--venue", "den-tho").stdout
    assert "subscribers of the venue = people × share of subscribers = 900" in shown
    assert "default: surge = 1.5" in shown
    assert "BTS-HN" not in shown
    vietnamese = audited.call("--lang", "vi", "network", "capacity", "-v").stdout
    for words in (
        "lưu lượng", "Đêm khai mạc", "một nửa số người gọi không có kênh sẽ gọi lại", "dải địa chỉ",
        "VH-SanKhau-01 mức bận của kênh",
    ):  # fmt: skip
        assert words in vietnamese
    for words in ("Opening night", "callers", "pool", "airtime", "Super Bowl LII: 59.2%"):
        assert words not in vietnamese


def test_without_v_what_is_short_is_printed_and_last_the_worst(audited: Province) -> None:
    lines = audited.call("network", "capacity").stdout.splitlines()
    assert len(lines) < 12
    assert lines[1].startswith("BTS-HN-02 TCH")
    assert lines[2].startswith("VH-SanKhau-01")
    assert lines[-1].startswith("Most short: BTS-HN-02 TCH, Opening night: ")


def test_the_additions_of_a_gap_are_proven(audited: Province) -> None:
    document = json.loads(audited.call("-o", "json", "network", "capacity", "--solve").stdout)
    assert [(gap["subject"], gap["ways"][0]["add"]) for gap in document["gaps"]] == [
        ("BTS-HN-02 TCH", "trx"), ("VH-SanKhau-01", "radios"),
    ]  # fmt: skip
    assert all(way["crowd"] <= way["limit"] < gap["crowd"] for gap in document["gaps"] for way in gap["ways"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--venue", "hoi-ngi"), "the venue 'hoi-ngi' is not in event.yaml"),
        (("--window", "Opening nite"), "'Opening nite' is no window of event.yaml"),
        (("--solve", "--run", "nothing"), "nothing"),
    ],
)
def test_an_unknown_name_is_a_sentence(audited: Province, words: tuple[str, ...], sentence: str) -> None:
    done = audited.call("network", "capacity", *words, expect=(Exit.USAGE,))
    assert sentence in done.stderr


def test_a_place_outside_the_inventory_of_a_lab_is_named(audited: Province) -> None:
    path = audited.copy / "inventory" / "capacity.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("BTS-HN-04:", "BTS-NOPE:"), encoding="utf-8")
    try:
        for words in ((), ("--solve",)):
            done = audited.call("network", "capacity", *words, expect=(Exit.INCOMPLETE,))
            assert "at the venue: BTS-NOPE" in done.stdout
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_demand_where_nothing_serves_is_named(audited: Province) -> None:
    path = audited.copy / "inventory" / "event.yaml"
    text = path.read_text(encoding="utf-8")
    capacity = path.with_name("capacity.yaml")
    demands = capacity.read_text(encoding="utf-8")
    nowhere = "{id: nowhere, name: Nowhere, name_vi: Không, services: [mobile]}"
    path.write_text(text.replace("venues:\n", f"venues:\n  - {nowhere}\n", 1), encoding="utf-8")
    demand = "{venue: nowhere, window: Opening night, service: mobile, people: {value: 9, source: s}}"
    capacity.write_text(demands.replace("demand:\n", f"demand:\n  - {demand}\n", 1), encoding="utf-8")
    try:
        done = audited.call("network", "capacity", expect=(Exit.INCOMPLETE,))
        assert "at the venue: nowhere mobile" in done.stdout
        assert "nowhere" in audited.call("network", "whatif", "n-1", expect=(Exit.FINDINGS, Exit.INCOMPLETE)).stdout
    finally:
        path.write_text(text, encoding="utf-8")
        capacity.write_text(demands, encoding="utf-8")


def test_a_device_without_an_answer_leaves_its_supply_unknown(audited: Province, tmp_path: Path) -> None:
    run = audited.audit("edge-dt-1").run
    done = audited.call("network", "capacity", "--venue", "den-tho", "--run", run.id, expect=(Exit.INCOMPLETE,))
    assert "supply not known, no reading of" in done.stdout
    solved = audited.call("network", "capacity", "--solve", "--run", run.id, expect=(Exit.INCOMPLETE,)).stdout
    assert "Supply not known for " in solved
    named = solved.strip().rstrip("…").partition(": ")[2].split(", ")
    assert len(named) == len(set(named)) == SHOWN
    assert "No gap" not in solved


def test_the_workbook_recalculates_to_the_same_figures(audited: Province, tmp_path: Path) -> None:
    path = tmp_path / "capacity.xlsx"
    audited.call("network", "capacity", "--venue", "hoi-nghi", "--out", str(path))
    ours, formulas = (
        [row[3].value for row in openpyxl.load_workbook(path, data_only=shown).worksheets[0].iter_rows(min_row=2)]
        for shown in (True, False)
    )
    assert sum(str(one).startswith("=") for one in formulas) > 200
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    profile = tmp_path / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_RECALCULATE, encoding="utf-8")
    spoilt = openpyxl.load_workbook(path)  # openpyxl drops the figures, so that only the formulas are left
    spoilt.save(tmp_path / "formulas.xlsx")
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false", "--outdir", str(tmp_path),
         str(tmp_path / "formulas.xlsx")],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    with (tmp_path / "formulas.csv").open(encoding="utf-8", newline="") as file:
        theirs = [row[3] for row in csv.reader(file)][1:]
    assert len(theirs) == len(ours)
    for mine, other in zip(ours, theirs, strict=True):
        assert other == mine if isinstance(mine, str) else float(other) == pytest.approx(mine, rel=1e-9, abs=1e-12)
