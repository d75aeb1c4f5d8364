"""The real province on paper: what it consists of, what its programs are told, and who may hold what. Nothing runs."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eventready.checks.registry import all_checks
from eventready.core.errors import UsageError
from eventready.core.messages import in_english
from eventready.drill.spec import load_drills
from eventready.workspace.examples.example import example_home
from eventready.workspace.settings.event import load_event
from eventready_lab.commands import _arguments
from eventready_lab.control.lab_folder import LabFolder
from eventready_lab.faults.simulated.catalogue import FAULT_TYPES as SIMULATED
from eventready_lab.real.faults.catalogue import REAL_FAULT_TYPES
from eventready_lab.real.launcher import remove_real_lab
from eventready_lab.real.machinery import requirements, sandbox
from eventready_lab.real.machinery.listeners import DeviceListeners
from eventready_lab.real.machinery.vty import send_commands
from eventready_lab.real.province import crowd, frr, layout, osmocom_files
from eventready_lab.real.province.drills import texts, write_drills

EVENT = load_event(example_home() / "inventory" / "event.yaml")


def test_it_has_what_the_rehearsal_needs() -> None:
    routers = [one for one in layout.devices(EVENT) if one.role == "router"]
    assert len(routers) == 6
    assert sum(one.on_air for one in layout.STATIONS) >= 5
    assert sum(not one.on_air for one in layout.STATIONS) >= 20
    assert sum(one.mobile for one in layout.STATIONS) == 2
    assert sum(ap.stations for ap in layout.air_of(EVENT)) >= 40


def test_both_ends_of_every_cable_expect_each_other() -> None:
    expect = {one.name: one.expect for one in layout.devices(EVENT)}
    links = {(name, link.port, link.device, link.to_port) for name, e in expect.items() for link in e.links}
    assert links
    assert {(b, d, a, c) for a, c, b, d in links} == links
    for name in layout.ROUTERS:
        for own, far in layout.cables_of(name):
            assert far.ip in (expect[name].bfd or ())
            assert own.ip in (expect[far.router].bfd or ())


def test_everything_is_at_venues_that_the_event_has_and_that_need_it() -> None:
    air = layout.air_of(EVENT)
    for device in layout.devices(EVENT, air=air):
        assert set(device.venues) <= set(EVENT.venue_ids)
    assert {ap.venue for ap in air} <= {venue.id for venue in EVENT.venues if "wifi" in venue.services}
    without = EVENT.model_copy(update={"venues": tuple(v for v in EVENT.venues if "wifi" not in v.services)})
    assert layout.air_of(without) == ()
    assert layout.AIR_HOST not in {device.name for device in layout.devices(without, air=layout.air_of(without))}


def test_without_an_msc_no_link_to_it_is_expected() -> None:
    (bsc,) = (one for one in layout.devices(EVENT, core=False) if one.role == "bts_controller")
    assert bsc.expect.core_links is None


def test_addresses_and_names_are_nobodys_twice() -> None:
    ends = [end.address for cable in (*layout.CABLES, *layout.OUTSIDE) for end in (cable.a, cable.b)]
    ends += [end.address for end in layout.LAN]
    assert len(set(ends)) == len(ends)
    plugs = [plug for cable in (*layout.CABLES, *layout.OUTSIDE) for plug in frr.plugs(cable)]
    plugs += [f"lan-{end.router}" for end in layout.LAN]
    assert len(set(plugs)) == len(plugs)
    assert all(len(name) <= 15 for name in plugs)


@pytest.mark.parametrize("router", layout.ROUTERS)
def test_a_router_is_reported_of_every_neighbour_that_is_expected_of_it(router: str) -> None:
    expect = layout.router_expectations(router)
    text = frr.configuration(router)
    for peer in expect["bgp"]:
        assert f"neighbor {peer} " in text
    assert text.count(" ip ospf bfd\n") == len(expect.get("ospf", ()))
    assert text.count("ip route 0.0.0.0/0") == (2 if router in layout.GATEWAYS else 0)


def test_every_station_has_a_number_a_channel_and_a_place_in_the_controllers_configuration() -> None:
    text = osmocom_files.bsc(layout.STATIONS)
    for one in layout.STATIONS:
        assert f" bts {one.bts}\n  type osmo-bts\n  description {one.name}\n" in text
        assert f"ipa unit-id {osmocom_files.unit(one)} 0" in text
    assert len({one.channel for one in layout.STATIONS}) == len(layout.STATIONS)


def test_faults_of_both_labs_that_share_a_name_share_their_first_argument() -> None:
    for name in set(REAL_FAULT_TYPES) & set(SIMULATED):
        real, simulated = list(REAL_FAULT_TYPES[name].parameters), list(SIMULATED[name].parameters)
        assert real[:1] == simulated[:1], name
    assert set(REAL_FAULT_TYPES) - set(SIMULATED) == {"controller-dead", "gateway-silent", "hour-of-calls"}


@pytest.mark.parametrize(
    ("fault", "given", "output"),
    [("link-down", {"colour": "red"}, "has no argument"), ("two-masters", {"group": "many"}, "cannot be")],
)
def test_an_argument_that_means_nothing_is_refused(fault: str, given: dict[str, str], output: str) -> None:
    with pytest.raises(UsageError, match=output):
        REAL_FAULT_TYPES[fault].arguments(given)


def test_the_first_argument_of_a_real_fault_needs_no_name() -> None:
    assert _arguments(REAL_FAULT_TYPES, "neighbour-lost", ("10.0.0.1", "protocol=ospf")) == {
        "peer": "10.0.0.1", "protocol": "ospf"
    }  # fmt: skip


def test_a_burst_is_gsmtap_on_the_uplink() -> None:
    version, words, kind, _slot, channel = struct.unpack_from("!BBBBH", crowd.burst(512, 7, 0xE3))
    assert (version, words * 4, kind, channel & 0x3FFF, bool(channel & 0x4000)) == (2, 16, 1, 512, True)
    assert crowd.burst(512, 7, 0xE3)[-1] == 0xE3


@pytest.mark.parametrize("folder", ["/etc/lab", "/run/lab", "/var/tmp/lab"])
def test_a_folder_of_which_the_lab_has_its_own_view_is_refused(folder: str) -> None:
    with pytest.raises(UsageError, match="cannot write to"):
        sandbox.check_folder(Path(folder))


@pytest.mark.parametrize("record", ["", "{", "[]", '{"tag": 1', '{"other": "x"}', "null"])
def test_a_record_that_cannot_be_read_ends_no_person(tmp_path: Path, record: str) -> None:
    (tmp_path / "real.json").write_text(record, encoding="utf-8")
    assert not sandbox.end(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_holder_whose_record_is_gone_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="stopped before its start"):
        sandbox.enter(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_only_what_carries_the_tag_is_ended(tmp_path: Path) -> None:
    tag = "evr-real-0123456789abcdef"
    with (
        subprocess.Popen(["sleep", "60"]) as outsider,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", tag]) as ours,
    ):
        try:
            deadline = time.monotonic() + 20
            while not sandbox.processes_of(tag) and time.monotonic() < deadline:
                time.sleep(0.01)
            (tmp_path / "real.json").write_text(f'{{"tag": "{tag}"}}', encoding="utf-8")
            assert remove_real_lab(LabFolder(tmp_path))
            assert ours.wait(10) != 0
            assert outsider.poll() is None
            assert list(tmp_path.iterdir()) == []
            assert not remove_real_lab(LabFolder(tmp_path))
        finally:
            outsider.kill()
            ours.kill()


def test_a_door_hands_over_keeps_silent_and_answers_again() -> None:
    doors = DeviceListeners()
    door = doors.open("router", lambda: [sys.executable, "-c", "print('hello')"])
    port = door.port
    doors.start()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
            assert one.makefile().read() == "hello\n"
        door.silent = True
        with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
            one.settimeout(0.5)
            with pytest.raises(TimeoutError):
                one.recv(1)
            doors.end_silence("router")
            one.settimeout(20)
            assert one.recv(1) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
            assert one.makefile().read() == "hello\n"
    finally:
        doors.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


TERMINAL = """
import sys
print("Welcome\\nOsmoBSC> ", end="", flush=True)
for line in sys.stdin:
    if line.startswith("die"):
        break
    print(f"answer to {line}OsmoBSC(config)# ", end="", flush=True)
"""


def test_a_terminal_answers_line_by_line_and_one_that_hangs_up_is_an_error() -> None:
    way = [sys.executable, "-c", TERMINAL]
    assert ["answer to" in output for output in send_commands(way, ["one", "two"])] == [True, True]
    with pytest.raises(UsageError, match="Connection reset by peer"):
        send_commands(way, ["one", "die"])


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(requirements, "PACKAGES", (requirements.Package("no-such", "nothing", "no-such-program"),))
    assert in_english(requirements.unmet_requirement()) == "not installed: no-such"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert in_english(requirements.unmet_requirement()) == "root is required"
    monkeypatch.setattr("sys.platform", "darwin")
    assert in_english(requirements.unmet_requirement()) == "Linux is required"
    with pytest.raises(UsageError, match="only root on Debian"):
        requirements.install(["no-such"])


def test_the_drills_of_the_lab_can_be_loaded_and_made_in_its_workspace(tmp_path: Path) -> None:
    names = [*layout.ROUTERS, layout.CONTROLLER, layout.AIR_HOST, *layout.SERVICE_HOSTS]
    write_drills(tmp_path, names)
    drills = load_drills(tmp_path / "drills", devices=names, checks=[check.name for check in all_checks()])
    assert len(drills) == len(texts()) >= 16
    for drill in drills.values():
        for failure in drill.break_:
            REAL_FAULT_TYPES[failure.fault].arguments(failure.arguments)
    write_drills(tmp_path, layout.ROUTERS)
    left = load_drills(tmp_path / "drills", devices=layout.ROUTERS, checks=[check.name for check in all_checks()])
    assert "silent-uplink" in left
    assert "wifi-crowd" not in left
