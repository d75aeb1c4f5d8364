"""Spreadsheets of the inventory: what strangers write, and what is exported and read back unchanged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory as command
from eventready.cli.workspace.inventory import known_names
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import Lang
from eventready.platforms.loader import platform_names
from eventready.workspace.devices.device import ROLES, SERVICES
from eventready.workspace.examples.example import copy_example
from eventready.workspace.examples.new_workspace import NewVenue, write_workspace
from eventready.workspace.exporting import Words, sheets_of_workspace, to_csv, to_xlsx
from eventready.workspace.importing.cells import is_empty
from eventready.workspace.importing.entries import Imported, read_entries
from eventready.workspace.importing.merge import merge_sheets, write_hosts
from eventready.workspace.importing.table import read_tables
from eventready.workspace.inventory import NAME_PATTERN
from eventready.workspace.sheets.spelling import fold
from eventready.workspace.workspace import load_workspace
from tests.workspace.importing.hue import write_hue
from tests.workspace.test_new_workspace import BULL_RACE

HUE = replace(
    BULL_RACE,
    province="Huế",
    venues=(
        NewVenue("ngo-mon", "Quảng trường Ngọ Môn"),
        NewVenue("tu-do", "Sân vận động Tự Do"),
        NewVenue("huyen-tran", "Trung tâm Huyền Trân"),
    ),
)


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(command, words, obj=App(workspace_path=folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "hue", HUE)
    return tmp_path / "hue"


#: What the stranger mends by hand after the first round: a row removed, a role, a platform.
BY_HAND: dict[str, tuple[str, ...]] = {
    "HUE_UPS_01": (),
    "HUE_DNS_01": ("HUE-DNS-01", "10.54.5.4", "", "Linux", "Máy chủ", "Tất cả", ""),
    "HUE_GNB_02": ("HUE-GNB-02", "10.54.3.14", "Huawei", "gNodeB", "gNodeB", "Sân vận động Tự Do", "5G"),
}


@pytest.mark.slow
def test_a_foreign_workbook_takes_one_round_of_errors(folder: Path, tmp_path: Path) -> None:
    first = run(folder, "import", str(write_hue(tmp_path / "ds.xlsx")))
    assert isinstance(first.exception, EventreadyError)
    errors = str(first.exception).splitlines()[1:]
    assert len(errors) == 8, errors
    shown = "\n".join(errors)
    for part in (
        "unknown role 'Ruoter' (F14, F15), 'UPS' (F39). Perhaps 'Ruoter': router.",
        "unknown venue 'Sân Tự Do'. Did you mean 'tu-do'?",
        "!B22: invalid device name 'HUE/ACC/08'.",
        "!D28: platform 'Huawei' is not clear: huawei_enb, huawei_gnb, huawei_mml.",
        "!B37: the device has no role.",
    ):
        assert part in shown
    assert "--fix mends 9 of these 13 cells" in first.stderr
    assert not load_workspace(folder).devices

    path = write_hue(tmp_path / "mended.xlsx", **BY_HAND)
    second = run(folder, "import", str(path), "--fix")
    assert second.exit_code == 0, second.exception
    assert "F14, F15: 'Ruoter' is read as 'router'." in second.stderr
    assert "'Phục vụ tại' is read as 'Venues'." in second.stderr
    workspace = load_workspace(folder)
    devices = {device.name: device for device in workspace.devices}
    assert len(devices) == 34
    venues = ("ngo-mon", "tu-do", "huyen-tran")
    assert (devices["HUE-CORE-02"].platform, devices["HUE-CORE-02"].venues) == ("cisco_xr", venues)
    assert {name: devices[f"HUE-{name}-01"].platform for name in ("BNG", "AGG", "BSC", "ENB", "GNB", "AC", "FRR")} == {
        "BNG": "nokia_sros", "AGG": "huawei_vrp", "BSC": "huawei_mml", "ENB": "huawei_enb", "GNB": "huawei_gnb",
        "AC": "huawei_ac", "FRR": "frr",
    }  # fmt: skip
    assert (devices["HUE-SVC-03"].hostname, devices["HUE-SVC-03"].port) == ("10.54.5.3", 2222)
    assert devices["HUE-ACC-01"].venues == ("tu-do",)
    assert devices["HUE-BNG-02"].services == ("internet", "fixed")
    assert devices["HUE-AGG-01"].access.jump_host == "bastion-hue"
    assert workspace.jump_hosts["bastion-hue"].hostname == "10.54.9.1"
    assert [link.device for link in devices["HUE-CORE-01"].expect.links] == ["HUE-CORE-02", "HUE-AGG-01"]
    notes = workspace.files.inventory().hosts["HUE-AGG-01"].data["x_notes"]
    assert notes == {"Số serial": "SN00005", "Vị trí lắp đặt": "Tủ 5"}
    assert "34 unchanged" in run(folder, "import", str(path), "--fix").stderr


@pytest.mark.slow
def test_every_sheet_of_the_example_is_read_back_unchanged(tmp_path: Path) -> None:
    copy_example(tmp_path / "w")
    inventory = tmp_path / "w" / "inventory"
    before = {path.name: path.read_text() for path in inventory.glob("*.yaml")}
    exports: tuple[tuple[Lang, str], ...] = (("vi", "a.xlsx"), ("en", "b.xlsx"), ("vi", "c.csv"))
    for lang, name in exports:
        app = App(workspace_path=tmp_path / "w", chosen_lang=lang)
        words = ("export", "--format", name[2:], "--out", str(tmp_path / name))
        assert CliRunner().invoke(command, words, obj=app).exit_code == 0
        shown = run(tmp_path / "w", "import", str(tmp_path / name))
        assert (shown.exception, shown.stdout) == (None, ""), name
    assert {path.name: path.read_text() for path in inventory.glob("*.yaml")} == before
    again = run(tmp_path / "w", "export", "--out", str(tmp_path / "a.xlsx")).exception
    assert isinstance(again, EventreadyError)
    assert "the file exists already" in str(again)


WRITTEN = (
    st.text("aBĐế ;,\"'=&-1\n", min_size=1, max_size=8).map(str.strip).filter(lambda text: text and not is_empty(text))
)
NAMES = st.text("aBđế1-_.", min_size=1, max_size=8).filter(NAME_PATTERN.fullmatch)
DATA = st.fixed_dictionaries(
    {"role": st.sampled_from(ROLES)},
    optional={
        "venues": st.lists(st.sampled_from(["ngo-mon", "tu-do", "huyen-tran"]), unique=True, min_size=1),
        "services": st.lists(st.sampled_from(SERVICES), unique=True, min_size=1),
        "element": WRITTEN,
        "pair": WRITTEN,
        "allow_cleartext": st.booleans(),
        "x_notes": st.dictionaries(st.sampled_from(["Tủ", "Serial", "=x"]), WRITTEN, min_size=1),
        "x_other": WRITTEN,
    },
)
HOST = st.fixed_dictionaries(
    {"hostname": st.sampled_from(["192.0.2.1", "core.example.net", "2001:db8::1"]), "data": DATA,
     "platform": st.sampled_from(platform_names())},
    optional={"port": st.integers(1, 65535), "username": WRITTEN, "password": st.just("env:X"),
              "groups": st.just(["router"])},
)  # fmt: skip
HOSTS = st.lists(
    st.tuples(NAMES, HOST),
    min_size=1,
    max_size=3,
    unique_by=(lambda pair: fold(pair[0]), lambda pair: pair[1]["hostname"]),
)


def cabled(listed: list[tuple[str, dict[str, Any]]], port: str) -> dict[str, dict[str, Any]]:
    """Hosts by name, the first with a cable to the last."""
    hosts = {name: {**host, "data": dict(host["data"])} for name, host in listed}
    if len(listed) > 1:
        link = {"port": port, "device": listed[-1][0], "to_port": f"x {port}"}
        hosts[listed[0][0]]["data"]["expect"] = {"links": [link]}
    return hosts


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared") / "hue"
    write_workspace(folder, HUE)
    return folder


@pytest.mark.slow
@settings(max_examples=12)
@given(listed=HOSTS, port=WRITTEN, lang=st.sampled_from(["vi", "en"]))
def test_any_inventory_is_read_back_unchanged(
    shared: Path, listed: list[tuple[str, dict[str, Any]]], port: str, lang: Lang
) -> None:
    hosts, file = cabled(listed, port), shared / "inventory" / "hosts.yaml"
    file.write_text(json.dumps(hosts), encoding="utf-8")
    workspace = load_workspace(shared)
    words = Words(workspace.event, platform_names(), lang)
    sheets = sheets_of_workspace(workspace, words)
    for name, data in (("x.csv", to_csv(sheets[0])), ("x.xlsx", to_xlsx(sheets, words))):
        (shared / name).write_bytes(data)
        imported = read_entries(read_tables(shared / name), known_names(workspace))
        assert [error.render("en") for error in imported.errors] == []
        assert merge_sheets(shared / "inventory", imported).differences == ()
    # The same workbook gives an empty inventory the same devices.
    file.write_text("{}")
    imported = read_entries(read_tables(shared / "x.xlsx"), known_names(load_workspace(shared)))
    write_hosts(shared / "inventory", workspace.event, merge_sheets(shared / "inventory", imported))
    assert {name: without(host) for name, host in load_workspace(shared).files.hosts.items()} == {
        name: without(host) for name, host in hosts.items()
    }


def without(host: Any) -> dict[str, Any]:
    """Entry without the keys that the sheets lack."""
    data = {key: value for key, value in host["data"].items() if key != "x_other"}
    return {**host, "data": data}


def test_uncomputed_formulas_are_refused_and_hidden_sheets_are_named(folder: Path, tmp_path: Path) -> None:
    workbook = Workbook()
    head = ["name", "hostname", "platform", "role", "venues"]
    old, sheet = workbook.create_sheet("Old devices"), workbook.worksheets[0]
    old.sheet_state = "hidden"
    for row in (head, ["r0", "10.0.9.9", "cisco_xe", "router", "tu-do"]):
        old.append(row)
    for row in (head, ["r1", "10.0.0.1", "cisco_xe", "router", "tu-do"], ['="r"&2', '="10.0.0."&2']):
        sheet.append(row)
    workbook.save(tmp_path / "ds.xlsx")
    imported = read_entries(read_tables(tmp_path / "ds.xlsx"), known_names(load_workspace(folder)))
    assert next(device.name for device in imported.of("devices")) == "r1"
    assert "Old devices" in imported.unread
    assert "!A3, B3: the formula has no stored value" in "\n".join(map(str, imported.errors))


@pytest.mark.parametrize(
    ("column", "cells", "refused"),
    [("port", ("", ""), True), ("port", ("22", "2222"), False), ("element", "ab", False), ("element", "aa", True)],
)
def test_two_devices_at_one_address_are_one_equipment(
    folder: Path, tmp_path: Path, column: str, cells: Sequence[str], refused: bool
) -> None:
    rows = [f"name,hostname,platform,role,venues,{column}", f"r1,10.0.0.1,huawei_mml,bts_controller,tu-do,{cells[0]}",
            f"r2,10.0.0.1,huawei_mml,bts_controller,tu-do,{cells[1]}"]  # fmt: skip
    (tmp_path / "ds.csv").write_text("\n".join(rows), encoding="utf-8")
    imported = read_entries(read_tables(tmp_path / "ds.csv"), known_names(load_workspace(folder)))
    assert [str(one).startswith("ds.csv!B3: r2 has the address 10.0.0.1 of r1") for one in imported.errors] == (
        [True] if refused else []
    )


HEAD = ["Tên", "IP", "Hãng", "Vai trò", "Địa điểm"]


def imported_from(folder: Path, path: Path) -> Imported:
    return read_entries(read_tables(path), known_names(load_workspace(folder)))


def test_all_sheets_of_devices_are_read_and_a_device_of_two_is_a_problem(folder: Path, tmp_path: Path) -> None:
    made = Workbook()
    for title, header, name in (
        ("Router", HEAD, "r1"), ("Trạm", ["STT", *HEAD], "b1"), ("DS thiết bị", HEAD, "r2"),
        ("Khu B", ["Tên thit bị", *HEAD[1:]], "r3"), ("Khu C", HEAD, "r1"),
    ):  # fmt: skip
        sheet = made.create_sheet(title)
        sheet.append(header)
        sheet.append([*[1] * (len(header) - 5), name, f"10.0.{len(made.sheetnames)}.1", "Cisco XE", "router", "tu-do"])
    made.create_sheet("Liên hệ").append(["Họ tên", "Điện thoại"])
    made.remove(made.worksheets[0])
    made.save(tmp_path / "ds.xlsx")
    imported = imported_from(folder, tmp_path / "ds.xlsx")
    assert [one.name for one in imported.of("devices")] == ["r1", "b1", "r2", "r3"]
    assert imported.unread == ("Liên hệ",)
    shown = "\n".join(map(str, imported.errors))
    assert "Khu C!A2: the device 'r1' is listed a second time" in shown
    assert "Khu B!A1: unknown column 'Tên thit bị'" in shown


@pytest.mark.parametrize(
    ("header", "rows", "layout"),
    [
        (["Tên", "IP", "Bastion", "User"], [["r1", "10.0.0.1", "jump", "a"]], "devices"),
        (["Ký hiệu", "IP", "Jump host", "User"], [["r1", "10.0.0.1", "jump", "a"]], "devices"),
        (["Bastion", "Ký hiệu", "IP"], [["jump", "r1", "10.0.0.1"], ["jump", "r2", "10.0.0.2"]], "devices"),
        (["STT", "Jump host", "IP", "User"], [["1", "jump", "10.0.9.1", "a"]], "bastions"),
        (["Tên bastion", "IP"], [["jump", "10.0.9.1"]], "bastions"),
    ],
)
def test_a_column_of_bastions_makes_no_sheet_of_bastions(
    folder: Path, tmp_path: Path, header: list[str], rows: list[list[str]], layout: str
) -> None:
    (tmp_path / "ds.csv").write_text("\n".join(map(";".join, [header, *rows])), encoding="utf-8")
    imported = imported_from(folder, tmp_path / "ds.csv")
    assert {name for name, entries in imported.entries.items() if entries} <= {layout}
    assert (layout == "bastions") == (bool(imported.of("bastions")) and not imported.errors)


def test_a_mark_is_no_value_and_a_remark_no_device(folder: Path, tmp_path: Path) -> None:
    header = "STT|Tên|IP|Hãng|Vai trò|Địa điểm|Tài khoản|Cho phép telnet|Cổng SSH"
    rows = [
        "(1)|(2)|(3)|(4)|(5)|(6)|(7)|(8)|(9)",
        "I|Mạng lõi",
        "1|r1|10.0.0.1\u200b|Cisco XE|router|tu-do|-|x|x",
        "",
        header,
        "2|r2|10.0.0.2|Cisco XE|router|tu-do",
        "|Ghi chú: thay cho bản tháng trước",
        "Người lập|||Trưởng phòng",
    ]
    (tmp_path / "ds.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    imported = imported_from(folder, tmp_path / "ds.csv")
    assert imported.errors == []
    assert imported.unread == ("I Mạng lõi", "Ghi chú: thay cho bản tháng trước", "Người lập Trưởng phòng")
    device, other = imported.of("devices")
    assert (device.name, other.name) == ("r1", "r2")
    assert device.of("data", "allow_cleartext") is True
    assert not {"username", "port"} & {*device.entry}


def test_a_table_without_a_row_is_no_import(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "devices.csv"
    table.write_text("name,ip,platform\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["import", str(table)], obj=App(workspace_path=folder))
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit == Exit.USAGE
    assert str(table) in done.exception.what
