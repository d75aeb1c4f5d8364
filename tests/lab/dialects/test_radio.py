"""What the lab's controllers print is read back as what they are: every line is known, every figure is the state's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts import records as r
from eventready.facts.platform import load_platform
from eventready.platforms import loader
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import AlarmState, ApState, CellState, DeviceState, RadioState, SiteState
from eventready_lab.terminal.session import CliSession
from tests.lab.answers import AnswerChannel, machine_of, observed, printed, rows

pytestmark = pytest.mark.slow

PLATFORMS = Path(loader.__file__).parent

NAMES = st.from_regex(r"[A-Z]{2}-[A-Za-z]{1,8}-[0-9]{2}", fullmatch=True)
FIGURES = st.tuples(st.integers(0, 14), st.integers(0, 14)).map(lambda two: (min(two), max(two)))
CHANNELS = st.fixed_dictionaries(
    {"CCCH+SDCCH4": st.sampled_from([(0, 0), (1, 4)]), "TCH/F": FIGURES, "TCH/H": FIGURES, "SDCCH8": FIGURES}
)
LINKS = st.sampled_from(["up", "up", "degraded", "down"])
SEVERITIES = st.sampled_from(["Critical", "Major", "Minor", "Warning"])


@st.composite
def base_stations(draw: st.DrawFn, platform: str, cells_per_site: int = 1) -> DeviceState:
    """A controller with sites and cells in any condition. On OsmoBSC a site is its one cell."""
    state = DeviceState("bsc", platform, "bts_controller", hostname="BSC-9", version="1.13.0")
    for number, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))):
        state.sites.append(SiteState(number, name, draw(LINKS)))
        for sector in range(cells_per_site):
            cell = CellState(
                number * cells_per_site + sector, name if cells_per_site == 1 else f"{name} {sector}", name
            )
            cell.up, cell.blocked, cell.barred = (draw(st.booleans()) for _ in range(3))
            cell.channels = draw(CHANNELS)
            cell.refused, cell.requests = sorted(draw(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))))
            cell.request_rate = 0.0
            state.cells.append(cell)
    state.core_links = draw(st.dictionaries(st.integers(0, 9).map(str), st.booleans(), min_size=1, max_size=3))
    for at, severity in enumerate(draw(st.lists(SEVERITIES, max_size=5))):
        state.alarms.append(AlarmState(21_000 + at, severity, f"Trouble of kind {at}", f"Subrack No.={at}, Slot No.=3"))
    state.psus = draw(st.lists(st.booleans(), min_size=1, max_size=2))
    return state


@st.composite
def access_points(draw: st.DrawFn, platform: str) -> DeviceState:
    """A WiFi controller with access points of two radios."""
    state = DeviceState("wlc", platform, "wifi_controller", hostname="WLC-9")
    for number, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))):
        mac, ip = f"6c8b.d3a1.{number:04x}", f"10.20.1.{number + 1}"
        ap = ApState(name, "C9120AXI-E", mac, ip, draw(st.sampled_from(["default location", "Sanh"])))
        ap.up = draw(st.booleans())
        for band, channel in (("2.4", 6), ("5", 149)):
            up, clients, used = draw(st.tuples(st.booleans(), st.integers(0, 200), st.integers(0, 100)))
            ap.radios.append(RadioState(band, up, channel, clients, used))
        state.aps.append(ap)
    state.pair_mode = draw(st.sampled_from(["", "SSO" if platform == "cisco_9800" else "HSB"]))
    state.pair_ready, state.pair_active = draw(st.booleans()), draw(st.booleans())
    state.radius = draw(st.dictionaries(st.sampled_from(["10.9.8.7", "10.9.8.8"]), st.booleans(), min_size=1))
    state.wlans = draw(st.dictionaries(st.sampled_from(["Event-WiFi", "Quay 12 Press", "x" * 32]), st.booleans()))
    return state


def serving(state: DeviceState, cell: CellState) -> bool:
    link = next((site.link for site in state.sites if site.name == cell.site), "up")
    return link == "up" and cell.up and not cell.blocked


# --- base stations --------------------------------------------------------------------------------------------------


@given(base_stations("osmocom_bsc"))
def test_osmocom_tells_what_is(state: DeviceState) -> None:
    machine = machine_of(state)
    blocked = {cell.name for cell in state.cells if cell.blocked}
    assert {site.name: site.link for site in rows(machine, "site", r.Site)} == {
        site.name: "degraded" if site.link == "up" and site.name in blocked else site.link for site in state.sites
    }
    assert {cell.name: (cell.state, cell.barred) for cell in rows(machine, "cell", r.Cell)} == {
        cell.name: ("up" if serving(state, cell) else "down", cell.barred) for cell in state.cells
    }
    found = {
        (load.cell, load.timeslot): (load.used, load.total) for load in rows(machine, "channel_load", r.ChannelLoad)
    }
    for cell in (cell for cell in state.cells if serving(state, cell)):
        assert {slot: figures for (name, slot), figures in found.items() if name == cell.name} == {
            slot: figures for slot, figures in cell.channels.items() if figures[1]
        }
    assert {one.cell: (one.total, one.refused) for one in rows(machine, "channel_requests", r.ChannelRequests)} == {
        cell.name: (cell.requests, cell.refused) for cell in state.cells
    }
    assert {link.name: link.state == "up" for link in rows(machine, "core_link", r.CoreLink)} == state.core_links
    assert rows(machine, "system", r.System) == [r.System(version="1.13.0", model="OsmoBSC")]


def shapes(text: str) -> list[str]:
    """Lines without what differs between two controllers: figures, and the length of lists of them."""
    plain = [re.sub(r" +", " ", re.sub(r"0x[0-9a-f]+|\d+", "N", line)) for line in text.splitlines()]
    return [re.sub(r"N(?: N)+", "N", line) for line in plain]


def test_osmocom_prints_what_the_real_one_printed() -> None:
    """The sample was taken from OsmoBSC 1.13.0: healthy, barred, without RSL, gone; shapes are equal."""
    sample = (PLATFORMS / "osmocom_bsc/samples/cell/ok.txt").read_text(encoding="utf-8")
    real = re.split(r"(?m)^(?=BTS \d+ is of)", sample)[1:]
    names = [re.findall(r"Description: (.*)", block)[0] for block in real]
    channels = {"CCCH+SDCCH4": (0, 4), "TCH/F": (2, 6), "SDCCH8": (1, 8)}
    state = DeviceState("bsc", "osmocom_bsc", "bts_controller", hostname="OsmoBSC", uptime_s=600)
    state.cells = [CellState(at, name, name, channels=dict(channels)) for at, name in enumerate(names)]
    state.sites = [SiteState(at, name) for at, name in enumerate(names)]
    state.cells[1].barred = True
    state.sites[3].link, state.sites[4].link = "degraded", "down"
    ours = re.split(r"(?m)^(?=BTS \d+ is of)", printed(machine_of(state), "show bts"))[1:]
    for at in (0, 1, 3, 4):
        # The dummy BTS has other features than a virtual one.
        wanted, given_ = (text.partition("  Features:")[0] if at == 3 else text for text in (real[at], ours[at]))
        assert shapes(given_) == shapes(wanted), names[at]


@pytest.mark.parametrize(("command", "answer"), [("show bts 7", "% can't find BTS '7'"), ("show mscs", "")])
def test_osmocom_without_anything(command: str, answer: str) -> None:
    state = DeviceState("bsc", "osmocom_bsc", "bts_controller")
    assert printed(machine_of(state), command) == answer


def typed(shell: CliSession, wire: AnswerChannel, *lines: str) -> str:
    """What the device says to the last of the lines."""
    for line in lines:
        wire.sent = ""
        shell.feed(line + "\n")
    return wire.sent.replace("\r\n", "\n")


def test_osmocom_is_configured() -> None:
    state = DeviceState("bsc", "osmocom_bsc", "bts_controller", hostname="BSC-9")
    one_carrier = {"TCH/F": (0, 6), "SDCCH8": (0, 8)}
    state.cells, state.sites = [CellState(0, "QT-Cho", "QT-Cho", channels=one_carrier)], [SiteState(0, "QT-Cho")]
    machine, wire = machine_of(state), AnswerChannel()
    shell = CliSession(machine, wire)
    typed(shell, wire, "terminal length 0")
    assert typed(shell, wire, "show running-config") == "show running-config\n% Unknown command.\nBSC-9> "
    at = ("enable", "configure terminal", "network", "bts 0")
    assert typed(shell, wire, *at) == "bts 0\nBSC-9(config-net-bts)# "
    assert typed(shell, wire, "ms max power 99") == "ms max power 99\n% Unknown command.\nBSC-9(config-net-bts)# "
    assert typed(shell, wire, "cell barred 1", "trx 0", "rf_locked 1").endswith("\nBSC-9(config-net-bts-trx)# ")
    assert (state.cells[0].barred, state.cells[0].blocked, state.saved) == (True, True, False)
    assert "   rf_locked 1" in typed(shell, wire, "show running-config").splitlines()
    typed(shell, wire, "rf_locked 0", "exit", "cell barred 0", "end")
    assert (state.cells[0].barred, state.cells[0].blocked, state.saved) == (False, False, True)
    saved = typed(shell, wire, "configure terminal", "network", "handover 0", "end", "write memory")
    assert saved == "write memory\nConfiguration saved to /etc/osmocom/osmo-bsc.cfg\nBSC-9# "
    assert " handover 0" in typed(shell, wire, "show startup-config").splitlines()


@given(base_stations("huawei_mml", cells_per_site=3))
def test_huawei_bsc_tells_what_is(state: DeviceState) -> None:
    machine = machine_of(state)
    assert {site.name: (site.link, site.initialised) for site in rows(machine, "site", r.Site)} == {
        site.name: ("down" if site.link == "down" else "up", site.link == "up") for site in state.sites
    }
    assert {cell.name: (cell.state, cell.admin) for cell in rows(machine, "cell", r.Cell)} == {
        cell.name: ("up" if serving(state, cell) else "down", "locked" if cell.blocked else "unlocked")
        for cell in state.cells
    }
    alarms_are(machine, state)


@given(base_stations("huawei_enb"))
def test_huawei_enodeb_tells_what_is(state: DeviceState) -> None:
    state.sites = []
    machine = machine_of(state)
    assert {cell.name: (cell.state, cell.admin) for cell in rows(machine, "cell", r.Cell)} == {
        cell.name: ("up" if serving(state, cell) else "down", "locked" if cell.blocked else "unlocked")
        for cell in state.cells
    }
    assert {link.name: link.state == "up" for link in rows(machine, "core_link", r.CoreLink)} == state.core_links
    power = [board.state == "ok" for board in rows(machine, "board", r.Sensor) if board.name.endswith("UPEUc")]
    assert power == state.psus
    alarms_are(machine, state)


def alarms_are(machine: SimulatedDevice, state: DeviceState) -> None:
    assert [
        (alarm.number, alarm.severity, alarm.name, alarm.location) for alarm in rows(machine, "alarm", r.Alarm)
    ] == [(str(alarm.number), alarm.severity.lower(), alarm.name, alarm.location) for alarm in state.alarms]


def test_a_large_huawei_report_comes_in_packets() -> None:
    state = DeviceState("bsc", "huawei_mml", "bts_controller", hostname="BSC-9")
    state.sites = [SiteState(number, f"Site {number}") for number in range(150)]
    machine = machine_of(state)
    text = printed(machine, "DSP BTSSTAT:;")
    assert text.count("---    END") == 3
    assert "To be continued..." in text
    assert len(rows(machine, "site", r.Site)) == 150


@pytest.mark.parametrize("platform", ["huawei_mml", "huawei_enb"])
def test_huawei_truncated_is_never_measured(platform: str) -> None:
    state = DeviceState("bsc", platform, "bts_controller", hostname="BSC-9", core_links={"0": True, "1": True})
    state.sites = [SiteState(number, f"Site {number}") for number in range(4)]
    state.cells = [CellState(number, f"Cell {number}", f"Site {number}") for number in range(4)]
    state.alarms = [AlarmState(number, "Major", "Trouble", "Slot No.=1") for number in range(4)]
    machine = machine_of(state)
    machine.session_faults.truncated = True
    for fact in load_platform(platform).facts:
        assert not observed(machine, fact).status.measured, fact


# --- WiFi controllers -----------------------------------------------------------------------------------------------


def radios_are(machine: SimulatedDevice, state: DeviceState, *, load: bool) -> None:
    """Radios and their load, by band, of the access points that are there."""
    for suffix, band in (("", "5"), ("_24", "2.4")):
        there = [(ap.name, radio) for ap in state.aps if ap.up for radio in ap.radios if radio.band == band]
        found = rows(machine, f"radio{suffix}", r.Radio)
        assert {radio.band for radio in found} <= {band}
        assert {radio.ap: radio.oper == "up" for radio in found} == {name: radio.up for name, radio in there}
        loads = rows(machine, f"radio_load{suffix}", r.RadioLoad)
        off: tuple[int | None, int | None] = (0, 0) if load else (None, None)
        assert {radio.ap: (radio.clients, radio.utilisation_percent) for radio in loads} == {
            name: (radio.clients, radio.utilisation) if radio.up else off for name, radio in there
        }


@given(access_points("cisco_9800"))
def test_cisco_9800_tells_what_is(state: DeviceState) -> None:
    machine = machine_of(state)
    found = {(ap.name, ap.mac, ap.ip, ap.location) for ap in rows(machine, "access_point", r.AccessPoint)}
    assert found == {(ap.name, ap.mac, ap.ip, ap.location) for ap in state.aps if ap.up}
    radios_are(machine, state, load=True)
    (pair,) = rows(machine, "controller_pair", r.ControllerPair)
    assert pair.ready is (bool(state.pair_mode) and state.pair_ready)
    assert pair.local_state == ("active" if state.pair_active else "standby")
    assert {
        server.host: server.state == "up" for server in rows(machine, "radius_server", r.RadiusServer)
    } == state.radius
    assert {wlan.name: wlan.enabled for wlan in rows(machine, "wlan", r.Wlan)} == state.wlans


@given(access_points("huawei_ac"))
def test_huawei_ac_tells_what_is(state: DeviceState) -> None:
    machine = machine_of(state)
    found = {ap.name: (ap.state == "up", ap.clients) for ap in rows(machine, "access_point", r.AccessPoint)}
    assert found == {
        ap.name: (ap.up, sum(radio.clients for radio in ap.radios if radio.up) if ap.up else 0) for ap in state.aps
    }
    radios_are(machine, state, load=False)
    pairs = rows(machine, "controller_pair", r.ControllerPair)
    assert [pair.ready for pair in pairs] == ([state.pair_ready] if state.pair_mode else [])
    assert {
        server.host: server.state == "up" for server in rows(machine, "radius_server", r.RadiusServer)
    } == state.radius
    assert {(wlan.ap, wlan.radio, wlan.name): wlan.enabled for wlan in rows(machine, "wlan", r.Wlan)} == {
        (ap.name, str(slot), name): enabled and radio.up
        for ap in state.aps
        if ap.up
        for slot, radio in enumerate(ap.radios)
        for name, enabled in state.wlans.items()
    }


def test_a_redundancy_mode_operates_after_the_next_restart_only() -> None:
    state = DeviceState("wlc", "cisco_9800", "ac", hostname="WLC-1")
    state.pair_mode = "SSO"
    machine = machine_of(state)

    def pair() -> tuple[str, bool]:
        configured, operating = re.findall(r"Redundancy Mode = (\S+)", printed(machine, "show redundancy"))
        (found,) = rows(machine, "controller_pair", r.ControllerPair)
        return f"{configured} {operating}", bool(found.ready)

    wire = AnswerChannel()
    shell = CliSession(machine, wire)
    for line in ("terminal length 0", "configure terminal", "redundancy", "mode none", "end"):
        typed(shell, wire, line)
    assert pair() == ("Non-redundant sso", True)
    machine.restart()
    assert pair() == ("sso sso", True), "not saved"
    machine.config.edit(("redundancy",), "mode none", "redundancy")
    machine.config.save()
    machine.restart()
    assert pair() == ("Non-redundant Non-redundant", False)
