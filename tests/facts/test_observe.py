"""From an answer to an observation: every status, and the evidence that each needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.core.strings.texts import lines_of
from eventready.facts import observe as observe_module
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import commands_for, observe, reduced_replies, unreached
from eventready.facts.parsing.parsed import UNMATCHED_SHOWN
from eventready.facts.platform import Platform, load_platform
from eventready.facts.records import BfdSession, System
from eventready.facts.saved import parse_saved
from eventready.session.reply import (
    HostKeyMismatch,
    LoginRefused,
    NoPrompt,
    Reply,
    ReplyStatus,
    SessionError,
    Unreachable,
)
from tests.facts.folders import FACTS, TABLE, write_platform

HEADING = "Peer      State   Port\n"
ROWS = HEADING + "10.0.0.1  UP      1\n10.0.0.2  ADMIN   2\n"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    return load_platform("testing", [write_platform(tmp_path_factory.mktemp("platforms"))])


def read(
    platform: Platform, text: str, fact: str = "bfd_session", ended: ReplyStatus = ReplyStatus.ANSWERED
) -> Observation:
    return interpret("r1", fact, platform.facts[fact], Reply("show bfd", text, ended))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the system limits no process")
def test_a_foreign_platform_is_read_in_a_process_that_the_system_ends(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_arguments: object, **_options: object) -> None:
        while True:
            pass

    replies = [Reply(command, ROWS) for command in commands_for(platform, ["bfd_session"])]
    assert observe("r1", platform, ["bfd_session"], lambda _: replies)[0].status is Status.PARSED
    monkeypatch.setattr("eventready.facts.observe.interpret", endless)
    monkeypatch.setattr("eventready.facts.observe._LONGEST_S", 1)
    observe_module._apart.end()  # which has the function of before
    (observed,) = observe("r1", platform, ["bfd_session"], lambda _: replies)
    assert observed.status is Status.UNPARSED
    assert "was ended" in observed.reason
    assert reduced_replies("r1", platform, ["bfd_session"], replies)[0].status is ReplyStatus.CUT


def test_rows_become_records(platform: Platform) -> None:
    observed = read(platform, ROWS)
    assert observed == Observation(
        "r1",
        "bfd_session",
        Status.PARSED,
        "show bfd",
        rows=(
            BfdSession(peer="10.0.0.1", interface="Port 1", state="up"),
            BfdSession(peer="10.0.0.2", interface="Port 2", state="admin_down"),
        ),
        raw=ROWS,
    )


@pytest.mark.parametrize(
    ("text", "status", "unmatched", "reason"),
    [
        ("", Status.UNPARSED, [], "answer is empty"),
        (" \n\t\n", Status.UNPARSED, [], "answer is empty"),
        (HEADING, Status.UNPARSED, [], "does not state that there are none"),
        ("% BFD is not configured\n", Status.EMPTY, [], "there is none"),
        (HEADING + "% BFD is not configured\n", Status.EMPTY, [], "there is none"),
        (ROWS + "what is this\nand that", Status.UNPARSED, ["what is this", "and that"], "2 lines"),
        (HEADING + "10.0.0.1 odd 1\n", Status.UNPARSED, ["row 1: state: 'odd' is a word"], "1 row could"),
        (ROWS + "10.0.0.1 down 1\n", Status.UNPARSED, ["two rows speak of 10.0.0.1 Port 1 and differ"], "1 row could"),
        (ROWS + "10.0.0.1 UP 1\n", Status.PARSED, [], ""),
        ("% BFD is not configured\n% but why\n", Status.UNPARSED, ["% but why"], "1 line of"),
    ],
)
def test_what_an_answer_is(platform: Platform, text: str, status: Status, unmatched: list[str], reason: str) -> None:
    observed = read(platform, text)
    assert observed.status is status
    assert len(observed.unmatched) == len(unmatched)
    assert all(line.startswith(start) for line, start in zip(observed.unmatched, unmatched, strict=True))
    assert reason in observed.reason


EVIDENCE = """\
    headings: ['^Peer +State']
    counts: ['^Total (?:up|down): (\\d+)']
    trailers: ['^-- end']
  bgp_neighbour"""


@pytest.fixture(scope="module")
def evident(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    facts = FACTS.replace("  bgp_neighbour", EVIDENCE, 1)
    return load_platform("testing", [write_platform(tmp_path_factory.mktemp("platforms"), facts=facts)])


@pytest.mark.parametrize(
    ("text", "whole", "status", "complete"),
    [
        (HEADING, True, Status.EMPTY, True),
        (HEADING, False, Status.UNPARSED, False),
        (HEADING + "-- end\n", False, Status.EMPTY, True),
        ("-- end\n", True, Status.UNPARSED, True),
        ("Total up: 0\n", False, Status.EMPTY, True),
        ("% BFD is not configured\n", False, Status.EMPTY, False),
        (ROWS, False, Status.PARSED, False),
        (ROWS + "-- end\n", False, Status.PARSED, True),
        (ROWS + "Total up: 1\nTotal down: 1\n", False, Status.PARSED, True),
        (ROWS + "Total up: 2\nTotal down: 1\n", True, Status.UNPARSED, True),
        (HEADING + "Total up: 1\n", True, Status.UNPARSED, True),
        ("\n", True, Status.UNPARSED, True),
    ],
)
def test_the_evidence_for_none_and_for_all(
    evident: Platform, text: str, whole: bool, status: Status, complete: bool
) -> None:
    """A heading, a stated count and a last line; `whole`: the reply came from a session."""
    fact = evident.facts["bfd_session"]
    observed = interpret("r1", "bfd_session", fact, Reply("show bfd", text, complete=whole))
    assert (observed.status, observed.complete) == (status, complete)
    assert bool(observed.rows) is (status is Status.PARSED)


def test_trailing_blanks_change_nothing(platform: Platform) -> None:
    blanks = ROWS.replace("\n", "  \t\n")
    assert read(platform, blanks).rows == read(platform, ROWS).rows != ()


def test_what_the_record_rejects_names_row_field_and_column(platform: Platform) -> None:
    observed = read(platform, HEADING + "a UP 01:00:00\nb UP soon\n", "bgp_neighbour")
    assert observed.status is Status.UNPARSED
    assert observed.unmatched == ("row 2: uptime_s (column PORT): 'soon' is not a length of time",)
    assert observed.rows == ()


SYSTEM = """\
facts:
  system:
    command: show x
    parser: jmespath
    template: '@'
    fields: {version: v, model: m, uptime_s: t}
    defaults: {model: plain}
"""


@pytest.mark.parametrize(
    ("text", "status", "output"),
    [
        ('[{"v": "1"}]', Status.PARSED, ""),
        ('[{"v": "1", "m": "plain"}, {"v": "1"}]', Status.PARSED, ""),
        ('[{"v": "1"}, {"v": "2"}]', Status.UNPARSED, "two rows speak of the device and differ"),
        ('[{"m": "x"}]', Status.UNPARSED, "row 1: version"),
        ('[{"v": {"deep": 1}}]', Status.UNPARSED, "row 1: version"),
    ],
)
def test_a_device_is_one_subject_and_defaults_fill_what_is_not_printed(
    tmp_path: Path, text: str, status: Status, output: str
) -> None:
    home = write_platform(tmp_path, facts=SYSTEM)
    (home / "testing" / "parse" / "bfd.textfsm").unlink()
    observed = read(load_platform("testing", [home]), text, "system")
    assert observed.status is status
    assert output in observed.reason
    if status is Status.PARSED:
        assert observed.rows == (System(version="1", model="plain"),)


def test_a_format_of_nothing_is_nothing(tmp_path: Path) -> None:
    home = write_platform(
        tmp_path,
        facts=SYSTEM.replace("model: m", "model: 'type {m} {n}'").replace("    defaults: {model: plain}\n", ""),
    )
    (home / "testing" / "parse" / "bfd.textfsm").unlink()
    platform = load_platform("testing", [home])
    assert read(platform, '{"v": "1"}', "system").rows == (System(version="1"),)
    assert read(platform, '{"v": "1", "n": 2}', "system").rows == (System(version="1", model="type  2"),)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ('{"v": "1", "m": "x"}', "x"),
        ('{"v": "1", "n": "y"}', "no y"),
        ('{"v": "1", "m": "x", "n": "y"}', "x"),
        ('{"v": "1", "m": "", "n": "y"}', "no y"),
        ('{"v": "1"}', None),
    ],
)
def test_of_several_formats_the_first_that_is_not_blank(tmp_path: Path, text: str, model: str | None) -> None:
    home = write_platform(
        tmp_path,
        facts=SYSTEM.replace("model: m", "model: '{m} | no {n}'").replace("    defaults: {model: plain}\n", ""),
    )
    (home / "testing" / "parse" / "bfd.textfsm").unlink()
    assert read(load_platform("testing", [home]), text, "system").rows == (System(version="1", model=model),)


def test_a_missing_column_is_a_missing_field(tmp_path: Path) -> None:
    facts = "facts:\n  core_link:\n    command: show x\n    parser: mml\n    fields: {name: Id, state: State}\n"
    home = write_platform(tmp_path, facts=facts, none=TABLE)
    (home / "testing" / "parse" / "none.textfsm").unlink()
    head = "+++    A        2022-04-25 07:00:00\nRETCODE = 0  ok\n\n"
    text = f"{head}T\n---\nId  Other\n1   up\n(Number of results = 1)\n---    END\n"
    observed = read(load_platform("testing", [home]), text, "core_link")
    assert observed.status is Status.UNPARSED
    assert observed.unmatched == ("row 1: state (column State): Field required",)


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (ReplyStatus.REFUSED, Status.UNSUPPORTED),
        (ReplyStatus.DENIED, Status.DENIED),
        (ReplyStatus.TIMEOUT, Status.TIMEOUT),
        (ReplyStatus.DROPPED, Status.UNREACHABLE),
        (ReplyStatus.NOT_SENT, Status.UNREACHABLE),
    ],
)
def test_how_it_ended_comes_before_what_it_says(platform: Platform, ended: ReplyStatus, status: Status) -> None:
    observed = read(platform, ROWS, ended=ended)
    assert observed.status is status
    assert observed.rows == ()
    assert observed.reason.endswith(".")


@pytest.mark.slow
def test_a_megabyte_is_quoted_in_part(platform: Platform) -> None:
    observed = read(platform, HEADING + "? \n" * 400_000)
    assert observed.status is Status.UNPARSED
    assert len(observed.unmatched) == UNMATCHED_SHOWN
    assert "400,000 lines" in observed.reason


def test_words_for_none_do_not_hide_what_is_no_longer_quoted(platform: Platform) -> None:
    observed = read(platform, "% BFD is not configured\n" * UNMATCHED_SHOWN + "% but this\n")
    assert observed.status is Status.UNPARSED
    assert observed.reason == "1 line of the answer matches no rule."


def test_each_command_is_requested_once(platform: Platform) -> None:
    queries: list[tuple[str, ...]] = []

    def ask(commands: Sequence[str]) -> list[Reply]:
        queries.append(tuple(commands))
        return [Reply(command, HEADING + "10.0.0.1 UP 00:00:05\n") for command in commands]

    facts = ["bfd_session", "cpu", "bgp_neighbour", "optic", "bfd_session"]
    observed = {o.fact: o for o in observe("r1", platform, facts, ask, reading=2)}
    assert commands_for(platform, facts) == ("show bfd",)
    assert queries == [("show bfd",)]
    assert {fact: o.status for fact, o in observed.items()} == {
        "bfd_session": Status.PARSED,
        "cpu": Status.UNSUPPORTED,
        "bgp_neighbour": Status.PARSED,
        "optic": Status.UNSUPPORTED,
    }
    assert observed["cpu"].reason == "it has none"
    assert "does not offer optic" in observed["optic"].reason
    assert {o.reading for o in observed.values()} == {2}


def test_a_command_without_a_reply_was_not_measured(platform: Platform) -> None:
    (observed,) = observe("r1", platform, ["bfd_session"], lambda _commands: [])
    assert observed.status is Status.UNREACHABLE


def test_nothing_is_requested_when_nothing_can_be(platform: Platform) -> None:
    def ask(_commands: Sequence[str]) -> list[Reply]:
        raise AssertionError

    assert [o.status for o in observe("r1", platform, ["cpu"], ask)] == [Status.UNSUPPORTED]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unreachable("nothing answers"), Status.UNREACHABLE),
        (LoginRefused("the password is wrong"), Status.DENIED),
        (HostKeyMismatch("another key"), Status.UNREACHABLE),
        (NoPrompt("no prompt"), Status.TIMEOUT),
    ],
)
def test_without_a_session(platform: Platform, error: SessionError, status: Status) -> None:
    observed = unreached("r1", platform, ["bfd_session", "cpu"], error)
    assert [o.status for o in observed] == [status, Status.UNSUPPORTED]
    assert observed[0].reason == str(error)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=200), st.lists(st.sampled_from([*lines_of(ROWS), "", "odd", "x down 3"])).map("\n".join))
)
def test_any_answer_is_an_observation(platform: Platform, text: str) -> None:
    observed = read(platform, text)
    assert observed.status in (Status.PARSED, Status.EMPTY, Status.UNPARSED)
    assert (observed.status is Status.PARSED) == bool(observed.rows and not observed.unmatched)
    assert bool(observed.reason) is (observed.status is not Status.PARSED)


JUNOS = "Hostname: r1\nModel: mx204\nJunos: 21.4R3-S5.4\n"
UPTIME = "Current time: 2022-04-25 07:00:00 ICT\nSystem booted: 2022-04-24 07:00:00 ICT (1d 00:00 ago)\n"


def of_two(platform: str, fact: str, first: str, second: Reply) -> Observation:
    """The observation of a fact of two commands, of which the first is answered."""
    described = load_platform(platform)
    (observed,) = observe(
        "r1", described, [fact], lambda commands: [Reply(commands[0], first), replace(second, command=commands[1])]
    )
    return observed


def test_a_second_command_completes_an_answer() -> None:
    seen = of_two("juniper_junos", "system", JUNOS, Reply("", UPTIME))
    assert seen.rows == (System(hostname="r1", model="mx204", version="21.4R3-S5.4", uptime_s=86_400),)


FAILED = [
    *(Reply("", "", ended, "Because.") for ended in ReplyStatus if ended is not ReplyStatus.ANSWERED),
    Reply("", "Current", ReplyStatus.TIMEOUT, "Because."),
    Reply("", ""),
]
BGP = "BGP router identifier 10.255.0.1, local AS number 64500\n\n" + (
    "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n"
    "10.0.0.1        4        64500     100     101        5    0    0 01:00:00        7\n"
)
ZEOL = "BSC  NODE 1   2022-04-25   07:00:00\n\n BTS ALARM LISTING\n\n END OF BTS ALARM LISTING\n\nCOMMAND EXECUTED\n"


@pytest.mark.parametrize("second", FAILED, ids=lambda reply: f"{reply.status}{reply.text}")
@pytest.mark.parametrize(
    ("platform", "fact", "first"),
    [("juniper_junos", "system", JUNOS), ("nokia_bsc", "alarm", ZEOL), ("cisco_xe", "bgp_neighbour", BGP)],
)
def test_half_of_a_fact_is_not_measured(platform: str, fact: str, first: str, second: Reply) -> None:
    seen = of_two(platform, fact, first, second)
    if second.status is ReplyStatus.ANSWERED and load_platform(platform).facts[fact].spec.also_absent:
        assert (seen.status, len(seen.rows)) == (Status.PARSED, 1)  # no neighbour in a VRF
        return
    assert not seen.status.measured
    assert seen.reason
    assert seen.command == load_platform(platform).facts[fact].spec.also


def test_a_device_that_does_not_know_a_family_has_no_neighbour_in_it() -> None:
    refused = Reply("", "", ReplyStatus.REFUSED, "Error: Unrecognized command")
    peers = " BGP local router ID : 10.255.0.2\n Local AS number : 64500\n Total number of peers : 0\n"
    assert of_two("huawei_vrp", "bgp_neighbour", peers, refused).status is Status.EMPTY
    denied = replace(refused, status=ReplyStatus.DENIED)
    assert of_two("huawei_vrp", "bgp_neighbour", peers, denied).status is Status.DENIED


NOT_ACTIVE = "% BGP instance 'default' not active\n"
NO_PEER = "Neighbor        Spk    AS MsgRcvd MsgSent   TblVer  InQ OutQ  Up/Down  St/PfxRcd\n"


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (NOT_ACTIVE, NOT_ACTIVE, Status.EMPTY),
        (NOT_ACTIVE, NO_PEER, Status.EMPTY),
        (NO_PEER, NOT_ACTIVE, Status.EMPTY),
        (NOT_ACTIVE, "VRF: mobile\n-----------\n", Status.UNPARSED),
        ("BGP router identifier 10.255.0.1, local AS number 64500\n", NOT_ACTIVE, Status.UNPARSED),
    ],
)
def test_none_needs_the_words_of_both_answers(first: str, second: str, status: Status) -> None:
    assert of_two("cisco_xr", "bgp_neighbour", first, Reply("", second)).status is status


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f"])
def test_a_blank_that_does_not_break_is_a_blank(blank: str) -> None:
    lines = ["hostname r1", "ip route 10.1.0.0 255.255.0.0 10.0.0.1", "ip route 10.2.0.0 255.255.0.0 10.0.0.5"]
    text = "\n".join([*lines[:2], lines[2].replace(" ", blank)])
    command = load_platform("cisco_xe").facts["static_route"].command
    (seen,) = observe("r1", load_platform("cisco_xe"), ["static_route"], lambda _: [Reply(command, text)])
    assert [row.subject for row in seen.rows] == ["10.1.0.0/16 10.0.0.1", "10.2.0.0/16 10.0.0.5"]


def test_one_saved_output_of_two_is_not_complete() -> None:
    text = f"r1#show ip bgp summary\n{BGP}r1#\n"
    (seen,) = parse_saved(load_platform("cisco_xe"), "bgp_neighbour", text)
    assert (seen.status, seen.complete) == (Status.PARSED, False)
    (seen,) = parse_saved(load_platform("nokia_bsc"), "alarm", f"< ZEOL;\n{ZEOL}< \n")
    assert not seen.status.measured
