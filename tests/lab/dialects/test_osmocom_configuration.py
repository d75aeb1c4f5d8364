"""OsmoBSC's lines: taken, placed, limited, hidden and taken back as the real one does; and what they do to the load."""

from __future__ import annotations

import re

import pytest

from eventready.facts import records as r
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import CellState, DeviceState, SiteState
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.terminal.session import CliSession
from tests.lab.answers import AnswerChannel, machine_of, rows
from tests.lab.dialects.test_radio import typed


def controller(*loads: int) -> SimulatedDevice:
    """Cells of one transceiver with six full-rate channels, of which so many are taken."""
    state = DeviceState("bsc", "osmocom_bsc", "bts_controller", hostname="BSC-9")
    for number, used in enumerate(loads):
        channels = {"CCCH+SDCCH4": (0, 4), "TCH/F": (used, 6), "SDCCH8": (0, 8)}
        state.cells.append(CellState(number, f"QT-{number}", f"QT-{number}", channels=channels))
        state.sites.append(SiteState(number, f"QT-{number}"))
    return machine_of(state)


class Typed:
    """A session in configuration mode; gives answers without echo and prompt."""

    def __init__(self, machine: SimulatedDevice, *lines: str) -> None:
        self._wire = AnswerChannel()
        self._shell = CliSession(machine, self._wire)
        for line in ("enable", "terminal length 0", "configure terminal", "network", *lines):
            self(line)

    def __call__(self, line: str) -> str:
        return "\n".join(typed(self._shell, self._wire, line).split("\n")[1:-1])

    def shown(self, section: str) -> list[str]:
        """The lines of `network` or of a bts, as they are printed."""
        text = self("show running-config")
        depth = 1 if section == "network" else 2
        begin = re.search(rf"(?m)^ *{section}$", text)
        assert begin, text
        lines = text[begin.end() + 1 :].split("\n")
        kept = []
        for line in lines:
            if len(line) - len(line.lstrip()) < depth:
                break
            if re.match(rf" {{{depth}}}\S", line):
                kept.append(line.strip())
        return kept


@pytest.mark.parametrize(
    ("section", "line", "before", "after"),
    [
        ("bts 0", "handover2 min-free-slots tch/f 2", "gprs mode none", "bs-power-control"),
        ("bts 0", "cell reselection offset 10", "rxlev access min 0", "radio-link-timeout 32"),
        ("bts 0", "cell reselection hysteresis 6", "ms max power 15", "rxlev access min 0"),
        ("bts 0", "channel allocator tch-signalling-policy emergency", "channel allocator mode vgcs-vbs ascending",
         "rach tx integer 9"),
        ("bts 0", "rach max transmission 4", "rach tx integer 9", "rach max-delay 63"),
        ("bts 0", "access-control-class-rotate 8", "no nch-position", "no access-control-class-ramping"),
        ("bts 0", "rach access-control-class 5 barred", "no nch-position", "no access-control-class-ramping"),
        ("bts 0", "codec-support fr hr amr", "neighbor-list mode automatic", "gprs mode none"),
        ("bts 0", "channel allocator mode assignment descending", "channel allocator mode chan-req ascending",
         "channel allocator mode handover ascending"),
        ("network", "handover2 min rxlev -105", "handover algorithm 1", "bts 0"),
        ("network", "handover2 congestion-check 5", "handover algorithm 1", "bts 0"),
    ],
)  # fmt: skip
def test_a_line_stands_where_the_real_one_prints_it(section: str, line: str, before: str, after: str) -> None:
    say = Typed(controller(0), *([section] if section != "network" else []))
    assert say(line) == ""
    lines = say.shown(section)
    at = lines.index(line)
    assert (lines[at - 1], lines[at + 1]) == (before, after)


@pytest.mark.parametrize(
    "line",
    [
        "cell reselection offset 0", "cell barred 0", "rach access-control-class 5 allowed",
        "access-control-class-rotate 10", "access-control-class-rotate-quantum 20",
        "channel allocator tch-signalling-policy always", "no access-control-class-ramping", "no nch-position",
        "handover2 min-free-slots tch/f default",
    ],
)  # fmt: skip
def test_what_would_be_so_anyway_is_not_shown(line: str) -> None:
    say = Typed(controller(0), "bts 0")
    before = say.shown("bts 0")
    for first in ("cell reselection offset 12", "rach access-control-class 5 barred", "access-control-class-rotate 4",
                  "access-control-class-rotate-quantum 7", "channel allocator tch-signalling-policy never",
                  "cell barred 1", "access-control-class-ramping", "handover2 min-free-slots tch/f 3"):  # fmt: skip
        say(first)
        assert say.shown("bts 0") != before
        for back in ("cell reselection offset 0", "rach access-control-class 5 allowed", "cell barred 0",
                     "access-control-class-rotate 10", "access-control-class-rotate-quantum 20",
                     "channel allocator tch-signalling-policy always", "no access-control-class-ramping",
                     "handover2 min-free-slots tch/f default"):  # fmt: skip
            say(back)
        assert say.shown("bts 0") == before
    say(line)
    assert say.shown("bts 0") == before


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("rach max transmission 5", "% Unknown command."),
        ("cell reselection hysteresis 20", "% Unknown command."),
        ("no cell reselection offset", "% Unknown command."),
        ("no handover", "% Unknown command."),
        ("handover2 congestion-check 5", "% Unknown command."),  # the network's, and nothing leads up to it
        ("network", "% Unknown command."),
        ("access-control-class-ramping-chan-load 90 80", "% Unable to set ACC channel load thresholds"),
        ("handover default", "% 'handover' already was unset, still is 0"),
        ("description", "% Command incomplete."),
    ],
)
def test_what_is_refused_is_refused_in_its_own_words_and_changes_nothing(line: str, answer: str) -> None:
    say = Typed(controller(0), "bts 0")
    before = say.shown("bts 0")
    assert say(line) == answer
    assert say.shown("bts 0") == before


def test_ramping_shows_its_figures_while_it_is_on() -> None:
    say = Typed(controller(0), "bts 0")
    say("access-control-class-ramping")
    say("access-control-class-ramping-step-interval 30")
    at = say.shown("bts 0").index("access-control-class-ramping")
    assert say.shown("bts 0")[at : at + 4] == [
        "access-control-class-ramping",
        "access-control-class-ramping-step-interval 30",
        "access-control-class-ramping-step-size 1",
        "access-control-class-ramping-chan-load 71 89",
    ]
    assert "Access Control Class ramping step interval: 30 seconds" in say("show bts 0")


def test_one_word_speaks_for_all_allocators() -> None:
    say = Typed(controller(0), "bts 0")
    say("channel allocator mode assignment dynamic")
    assert "channel allocator dynamic-param c0-chan-load thresh 60" in say.shown("bts 0")
    say("channel allocator mode set-all descending")
    allocators = [line for line in say.shown("bts 0") if line.startswith("channel allocator")]
    assert allocators == [
        f"channel allocator mode {mode} descending" for mode in ("chan-req", "assignment", "handover", "vgcs-vbs")
    ]


def test_decibels_are_kept_in_steps() -> None:
    say = Typed(controller(0), "bts 0")
    say("cell reselection offset 7")
    assert "cell reselection offset 6" in say.shown("bts 0")


# --- what it does -------------------------------------------------------------------------------------------------


def used(machine: SimulatedDevice) -> list[int]:
    return [one.used for one in rows(machine, "channel_load", r.ChannelLoad) if one.timeslot == "TCH/F"]


def test_calls_go_where_channels_are_free_and_come_back_with_the_configuration() -> None:
    machine = controller(6, 1, 2)
    say = Typed(machine)
    assert used(machine) == [6, 1, 2]
    say("handover algorithm 2")
    for number in range(3):
        say(f"bts {number}")
        say("handover2 min-free-slots tch/f 2")
        say("exit")
    assert used(machine) == [4, 3, 2]
    say("handover algorithm 1")
    assert used(machine) == [6, 1, 2]


@pytest.mark.parametrize("line", ["handover 0", "handover algorithm 1"])
def test_without_handover_nothing_is_evened_out(line: str) -> None:
    machine = controller(6, 1)
    say = Typed(machine, "handover algorithm 2", "handover2 min-free-slots tch/f 2")
    assert used(machine) == [4, 3]
    say(line)
    assert used(machine) == [6, 1]


def reconnected(say: Typed, number: int, link: str = "oml") -> None:
    """A station drops its connection, and comes back."""
    say("end")
    assert say(f"drop bts connection {number} {link}") == ""


def test_half_rate_slots_make_room_and_an_overloaded_cell_refuses_no_person_any_more() -> None:
    machine = controller(2, 2)
    FaultInjector({"bsc": machine}).inject("bsc", "channels-full", {"cell": "QT-0"})

    def load() -> dict[str, tuple[int, int]]:
        found = rows(machine, "channel_load", r.ChannelLoad)
        return {one.timeslot or "": (one.used, one.total) for one in found if one.cell == "QT-0"}

    def refused() -> int:
        return next(one.refused for one in rows(machine, "channel_requests", r.ChannelRequests) if one.cell == "QT-0")

    assert load()["TCH/F"] == (6, 6)
    machine.advance_clock(10)
    before = refused()
    assert before > 100
    say = Typed(machine, "bts 0", "trx 0", "timeslot 7", "phys_chan_config TCH/H")
    for link in ("", "rsl"):
        if link:
            reconnected(say, 0, link)
        assert load()["TCH/F"] == (6, 6), "a station reads its timeslots when it connects"
    reconnected(say, 0)
    assert (load()["TCH/F"], load()["TCH/H"]) == ((5, 5), (1, 2))
    at_change = refused()
    machine.advance_clock(60)
    assert refused() == at_change
    say = Typed(machine, "bts 0", "trx 0", "timeslot 7", "phys_chan_config TCH/F")
    reconnected(say, 0)
    assert load()["TCH/F"] == (6, 6)
    machine.advance_clock(10)
    assert refused() > at_change


def test_a_packet_channel_without_gprs_takes_the_cell_down_at_the_next_connection() -> None:
    machine = controller(2, 0)

    def states() -> list[str]:
        return [one.state for one in rows(machine, "cell", r.Cell)]

    for kind, state in (("PDCH", "down"), ("TCH/F", "up")):
        before = states()
        say = Typed(machine, "bts 0", "trx 0", "timeslot 7", f"phys_chan_config {kind}")
        assert states() == before
        reconnected(say, 0)
        assert states() == [state, "up"]


@pytest.mark.parametrize("way", ["returns", "restarts"])
def test_a_station_that_was_away_reads_what_is_configured(way: str) -> None:
    machine = controller(2)

    def half_rate() -> bool:
        return any(one.timeslot == "TCH/H" for one in rows(machine, "channel_load", r.ChannelLoad))

    Typed(machine, "bts 0", "trx 0", "timeslot 7", "phys_chan_config TCH/H", "write memory")
    assert not half_rate()
    if way == "restarts":
        machine.restart()
    else:
        machine.state.sites[0].link = "down"
        assert not half_rate()
        machine.state.sites[0].link = "up"
    assert half_rate()


@pytest.mark.parametrize(
    ("number", "link", "answer"),
    [
        (0, "up", ""),
        (0, "down", "% Filed to (re)generate System Information messages, check the logs"),
        (7, "up", "% BTS number must be between 0 and 1. It was 7."),
    ],
)
def test_the_broadcast_is_sent_anew_where_the_station_is_there(number: int, link: str, answer: str) -> None:
    """The answers are those of OsmoBSC 1.13."""
    machine = controller(0)
    machine.state.sites[0].link = link
    say = Typed(machine)
    say("end")
    assert say(f"bts {number} resend-system-information") == answer


def test_restart_brings_back_what_was_written() -> None:
    machine = controller(0)
    say = Typed(machine, "handover 0")
    say("write memory")
    say("handover algorithm 2")
    machine.restart()
    lines = Typed(machine).shown("network")
    assert "handover 0" in lines
    assert "handover algorithm 1" in lines


def test_a_configuration_that_cannot_be_written_says_so() -> None:
    machine = controller(0)
    FaultInjector({"bsc": machine}).inject("bsc", "save-fails", {})
    say = Typed(machine, "handover 0")
    assert say("write memory") == "Can't open configuration file /etc/osmocom/osmo-bsc.cfg."
    machine.restart()
    assert "handover 1" in Typed(machine).shown("network")
