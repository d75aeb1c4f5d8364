"""Import from CSV and XLSX: errors by cell, merge without losing anything, hostile files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory as command
from eventready.core.errors import EventreadyError, WorkspaceError
from eventready.workspace import inventory
from eventready.workspace.examples.new_workspace import write_workspace
from eventready.workspace.importing.entries import Entry
from eventready.workspace.importing.merge import merge, write_hosts
from eventready.workspace.workspace import load_workspace
from tests.workspace.test_new_workspace import BULL_RACE

HOSTS = """\
# the core
core-1:
  hostname: 192.0.2.1 # loopback
  platform: frr
  groups: [router]
  data: {venues: [hall], x_note: keep}
"""
HEADER = "name,hostname,platform,role,venues,groups\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "w", BULL_RACE)
    (tmp_path / "w" / "inventory" / "hosts.yaml").write_text(HOSTS)
    return tmp_path / "w"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["import", *words], obj=App(workspace_path=folder))


def refusal(folder: Path, path: Path) -> str:
    result = run(folder, str(path))
    assert isinstance(result.exception, EventreadyError), result.exception
    assert (folder / "inventory" / "hosts.yaml").read_text() == HOSTS
    return str(result.exception).replace(str(path.parent), "")


def csv(folder: Path, text: str) -> Path:
    path = folder / "devices.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_devices_are_merged_and_comments_stay(folder: Path) -> None:
    path = csv(folder, HEADER + "core-1,192.0.2.9,,,hall;park,\nedge-1,192.0.2.2,frr,router,park,\n")
    shown = run(folder, str(path), "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "~ core-1\n    hostname: 192.0.2.1 -> 192.0.2.9\n    data.venues: hall -> hall, park\n" in shown.output
    assert "+ edge-1\n" in shown.output
    assert (folder / "inventory" / "hosts.yaml").read_text() == HOSTS
    assert run(folder, str(path)).exit_code == 0
    text = (folder / "inventory" / "hosts.yaml").read_text()
    assert text.startswith("# the core\n")
    assert "# loopback" in text
    assert "x_note: keep" in text
    devices = {device.name: device for device in load_workspace(folder).devices}
    assert devices["core-1"].venues == ("hall", "park")
    assert (devices["edge-1"].hostname, devices["edge-1"].role) == ("192.0.2.2", "router")
    assert "0 new, 0 changed, 2 unchanged" in run(folder, str(path)).output


CASES = {
    "unknown column": ("name,hostnam\n", "devices.csv!B1: unknown column 'hostnam'. Did you mean 'hostname'?"),
    "missing column": ("name\nx\n", "devices.csv!A1: the column 'Address' is missing."),
    "column twice": ("name,hostname,name\n", "devices.csv!C1: the column 'name' is there twice."),
    "platform": (HEADER + "a,192.0.2.3,fr,router,hall,\n", "devices.csv!C2: unknown platform 'fr'."),
    "role": (HEADER + "a,192.0.2.3,frr,ruoter,hall,\n", "devices.csv!D2: unknown role 'ruoter'. Did you mean 'rou"),
    "venue": (HEADER + "a,192.0.2.3,frr,router,hal,\n", "devices.csv!E2: unknown venue 'hal'. Did you"),
    "group": (HEADER + "a,192.0.2.3,frr,router,hall,nope\n", "devices.csv!F2: unknown group 'nope'."),
    "address": (HEADER + "a,http://x/,frr,router,hall,\n", "devices.csv!B2: 'http://x/' is more than an address."),
    "name": (HEADER + "../a,192.0.2.3,frr,router,hall,\n", "devices.csv!A2: invalid device name '../a'."),
    "no name": (HEADER + ",192.0.2.3,frr,router,hall,\n", "devices.csv!B2: the column 'Name' is empty."),
    "twice": (HEADER + "a,192.0.2.3,frr,router,,\n" * 2, "devices.csv!A3: the device 'a' is listed a second time."),
    "secret": ("name,hostname,password\na,192.0.2.3,hunter2\n", "devices.csv!C2: plain-text secret."),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), CASES.values(), ids=CASES)
def test_an_invalid_cell_is_named_and_nothing_is_written(folder: Path, text: str, sentence: str) -> None:
    printed = refusal(folder, csv(folder, text))
    assert sentence in printed
    assert "hunter2" not in printed


def test_all_invalid_cells_are_named_at_once(folder: Path) -> None:
    printed = refusal(folder, csv(folder, HEADER + "a,192.0.2.3,fr,ruoter,hal,\n"))
    assert [place in printed for place in ("!C", "!D", "!E")] == [True] * 3


def test_an_error_in_the_merged_inventory_leaves_it_unchanged(folder: Path) -> None:
    made: list[list[object]] = [["core-1", "a", "core-1", "b"], ["core-1", "a", "core-1", "c"]]
    path = workbook(folder / "d.xlsx", [["Device A", "Port A", "Device B", "Port B"], *made])
    assert "hosts.yaml is unchanged" in refusal(folder, path)


def test_a_file_that_was_edited_meanwhile_is_left_alone(folder: Path) -> None:
    hosts = folder / "inventory" / "hosts.yaml"
    merged = merge(hosts, [Entry("core-1", {"hostname": "192.0.2.9"})])
    hosts.write_text(HOSTS + "# a colleague's\n")
    with pytest.raises(WorkspaceError, match="changed meanwhile"):
        write_hosts(folder / "inventory", load_workspace(folder).event, merged)
    assert hosts.read_text() == HOSTS + "# a colleague's\n"


def workbook(path: Path, rows: list[list[object]], title: str = "Sheet1") -> Path:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    made.save(path)
    return path


def test_a_cell_of_a_workbook_is_named(folder: Path) -> None:
    path = workbook(folder / "d.xlsx", [["Name", "Hostname", "Port"], ["a", "192.0.2.3", 70000]], "Thiết bị")
    assert "d.xlsx, Thiết bị!C2: 'port' must be at most 65535, not 70000." in refusal(folder, path)


def test_numbers_and_empty_rows_of_a_workbook(folder: Path) -> None:
    rows: list[list[object]] = [
        ["name", "hostname", "port", "groups", "platform"],
        [],
        ["a", "192.0.2.3", 22, "router", "frr"],
    ]
    assert run(folder, str(workbook(folder / "d.xlsx", rows))).exit_code == 0
    assert {device.name: device.port for device in load_workspace(folder).devices}["a"] == 22


@pytest.mark.attack(family="tables and inventories without end")
def test_a_workspace_has_a_bound_of_devices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "MAX_DEVICES", 0)
    with pytest.raises(WorkspaceError, match="1 devices, more than the 0"):
        load_workspace(folder)
