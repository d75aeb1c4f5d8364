"""MML objects: what is set is listed; what cannot be is refused in the element's own words, and changes nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.observation import Status
from eventready.facts.parsing.mml import MmlParser
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import CellState, DeviceState
from eventready_lab.dialects.huawei_enb import dialect as huawei_enb
from eventready_lab.dialects.huawei_mml import dialect as huawei_mml
from eventready_lab.dialects.huawei_mml.objects import ConfigurationObject, Parameter
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.servers.mml import ElementManager, MmlSession
from tests.lab.answers import AnswerChannel, machine_of

LIST = "LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=1;"
MODIFY = "MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=1"


def element(platform: str = "huawei_mml", cells: int = 3) -> SimulatedDevice:
    state = DeviceState("bsc", platform, "bts_controller", hostname="BSC-9")
    state.cells = [CellState(number, f"QT Cho {number}", "") for number in range(cells)]
    return machine_of(state)


class Typed:
    """A session that is logged in."""

    def __init__(self, machine: SimulatedDevice) -> None:
        self.wire = AnswerChannel()
        self.session = MmlSession(ElementManager("bsc", [machine]), self.wire)
        self('LGI:OP="netops",PWD="lab-only";')

    def __call__(self, command: str) -> str:
        self.wire.sent = ""
        self.session.feed(command)
        return self.wire.sent.replace("\r\n", "\n")


def values(text: str) -> dict[str, str]:
    """The columns of a report on one object."""
    reading = MmlParser().parse(text)
    assert reading.status in (None, Status.PARSED), reading.reason
    assert reading.unmatched == ()
    assert len(reading.rows) == 1
    return dict(zip(reading.columns or (), map(str, reading.rows[0]), strict=True))


def outcome(text: str) -> tuple[int, str]:
    found = re.search(r"^RETCODE = (\d+)  (.*)$", text, re.MULTILINE)
    assert found, text
    return int(found[1]), found[2]


def test_what_is_set_is_listed_and_only_there() -> None:
    say = Typed(element())
    before = values(say(LIST))
    other = say("LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=2;").split("RETCODE")[1]
    assert outcome(say(f"{MODIFY}, TCHBUSYTHRES=60, LOADSHAREALLOW=YES;")) == (0, "Execution succeeded.")
    after = values(say(LIST))
    assert after == {**before, "TCH Traffic Busy Threshold(%)": "60", "Load Sharing Allowed": "Yes"}
    assert say("LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=2;").split("RETCODE")[1] == other
    assert values(say('LST GCELLCHMGAD: IDTYPE=BYNAME, CELLNAME="QT Cho 1";')) == after


def test_all_objects_come_in_one_table() -> None:
    say = Typed(element())
    say(f"{MODIFY}, TCHBUSYTHRES=61;")
    reading = MmlParser(("TCH Traffic Busy Threshold(%)",)).parse(say("LST CELLCHMGAD:;"))
    assert [row[2] for row in reading.rows][1] == "61"
    assert len(reading.rows) == 3


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (f"{MODIFY}, TCHBUSYTHRES=101;", 10_010, "The value of parameter TCHBUSYTHRES is out of range: 101"),
        (f"{MODIFY}, TCHBUSYTHRES=60, LOADSHAREALLOW=MAYBE;", 10_010, "LOADSHAREALLOW is out of range: MAYBE"),
        (f"{MODIFY}, NOSUCHTHING=1;", 10_002, "The parameter does not exist: NOSUCHTHING."),
        (f"{MODIFY};", 10_008, "At least one optional parameter"),
        ("MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=77, TCHBUSYTHRES=60;", 20_311, "The cell does not exist: CELLIDX=77."),
        ("MOD CELLCHMGAD: TCHBUSYTHRES=60;", 10_005, "The mandatory parameter CELLIDX is missing."),
        ("MOD CELLCHMGAD: IDXTYPE=BYMOON, CELLIDX=1, TCHBUSYTHRES=60;", 10_013, "IDXTYPE is invalid: BYMOON"),
        ("MOD CELLNOTHING: CELLIDX=1, A=1;", 20, "Invalid command"),
        ("LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=77;", 20_311, "The cell does not exist"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(command: str, code: int, words: str) -> None:
    say = Typed(element())
    before = [say(f"LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX={number};").split("RETCODE")[1] for number in range(3)]
    found = outcome(say(command))
    assert found[0] == code
    assert words in found[1]
    now = [say(f"LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX={number};").split("RETCODE")[1] for number in range(3)]
    assert now == before


def test_switches_that_are_not_named_stay() -> None:
    say = Typed(element())
    voice = "MOD CELLCCACCESS: IDXTYPE=BYIDX, CELLIDX=0, VOICEVER="
    read = "LST CELLCCACCESS: IDXTYPE=BYIDX, CELLIDX=0;"
    before = values(say(read))["Speech Version"]
    assert "Half_rate_Ver3-0" in before
    say(f"{voice}Half_rate_Ver3-1&Full_rate_Ver1-0;")
    changed = before.replace("Half_rate_Ver3-0", "Half_rate_Ver3-1").replace("Full_rate_Ver1-1", "Full_rate_Ver1-0")
    assert values(say(read))["Speech Version"] == changed
    assert outcome(say(f"{voice}Half_rate_Ver9-1;"))[0] == 10_010


def choices(one: Parameter) -> st.SearchStrategy[str]:
    if one.flags:
        return st.sampled_from([f"{one.flags[0]}-0", f"{one.flags[0]}-1"])
    return st.sampled_from(list(one.words)) if one.words else st.integers(one.low, one.high).map(str)


OBJECTS = [("huawei_mml", one) for one in huawei_mml.OBJECTS] + [("huawei_enb", one) for one in huawei_enb.OBJECTS]


@given(st.sampled_from(OBJECTS), st.data())
def test_old_values_written_back_leave_the_report_as_it_was(
    which: tuple[str, ConfigurationObject], data: st.DataObject
) -> None:
    platform, one = which
    say = Typed(element(platform))
    keys = "LOCALCELLID=1" if platform == "huawei_enb" else "IDXTYPE=BYIDX, CELLIDX=1"
    read = f"LST {one.name}: {keys};"
    before = say(read).split("RETCODE")[1]
    printed = values(say(read))
    old = {}
    for name, parameter in one.parameters.items():
        written = {word: key for key, word in (parameter.words or {}).items()}
        old[name] = written.get(printed[parameter.column], printed[parameter.column])
    new = {name: data.draw(choices(parameter)) for name, parameter in one.parameters.items()}
    for settings in (new, old):
        result = ", ".join(f"{name}={value}" for name, value in settings.items())
        assert outcome(say(f"MOD {one.name}: {keys}, {result};"))[0] == 0
    assert say(read).split("RETCODE")[1] == before


def test_an_element_stores_what_it_is_reported_or_says_that_it_cannot() -> None:
    machine = element()
    say = Typed(machine)
    say(f"{MODIFY}, TCHBUSYTHRES=60;")
    machine.restart()
    assert say.wire.sent.endswith("<closed>")
    say = Typed(machine)
    assert values(say(LIST))["TCH Traffic Busy Threshold(%)"] == "60"
    FaultInjector({"bsc": machine}).inject("bsc", "save-fails", {})
    assert outcome(say(f"{MODIFY}, TCHBUSYTHRES=61;")) == (30_002, "Writing the database failed. Nothing was changed.")
    assert values(say(LIST))["TCH Traffic Busy Threshold(%)"] == "60"


@pytest.mark.parametrize(
    ("fault", "arguments", "output", "threshold"),
    [
        ("refuse-line", {"pattern": "CELLIDX=1, TCHBUSY"}, "RETCODE = 20  Invalid command", "old"),
        ("drop-at-line", {"executed": "1"}, "<closed>", "60"),
        ("drop-at-line", {"executed": "0"}, "<closed>", "old"),
        ("hang-at-line", {"executed": "1"}, "", "60"),
        ("hang-at-line", {"executed": "0"}, "", "old"),
    ],
)
def test_faults_at_a_command(fault: str, arguments: dict[str, str], output: str, threshold: str) -> None:
    machine = element()
    old = values(Typed(machine)(LIST))["TCH Traffic Busy Threshold(%)"]
    FaultInjector({"bsc": machine}).inject("bsc", fault, arguments)
    answer = Typed(machine)(f"{MODIFY}, TCHBUSYTHRES=60;")
    assert output in answer if output else answer == ""
    found = values(Typed(machine)(LIST))["TCH Traffic Busy Threshold(%)"]
    assert found == (old if threshold == "old" else threshold)


def test_an_element_that_restarts_is_away_for_its_manager() -> None:
    machine = machine_of(element().state, element="BSC-9")
    say = Typed(machine)
    assert outcome(say('REG NE:NAME="BSC-9";'))[0] == 0
    machine.restart(down_s=60)
    assert outcome(say(LIST)) == (1, "No NE is registered.")
    assert outcome(say('REG NE:NAME="BSC-9";')) == (1, "Ne is not connected.")
    machine.advance_clock(61)
    assert outcome(say('REG NE:NAME="BSC-9";'))[0] == 0
