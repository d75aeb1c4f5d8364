"""Saved output from a file to the printed facts: whatever surrounds it, in whatever encoding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eventready.audit.saved_outputs import SavedOutputs
from eventready.cli.main import cli
from eventready.core.errors import UsageError
from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Status
from eventready.facts.platform import Platform, load_platform
from eventready.facts.saved import END_OF_ANSWER, decode_output, facts_for, parse_saved, saved_reply
from eventready.session.reply import ReplyStatus
from tests.facts.folders import write_platform

ROWS = "Peer      State   Port\n10.0.0.1  UP      1\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    write_platform(tmp_path / "inventory" / "platforms")
    return tmp_path


@pytest.fixture
def platform(workspace: Path) -> Platform:
    return load_platform("testing", [workspace / "inventory" / "platforms"])


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        f"r1#show bfd\n{ROWS}r1#",
        f"\n\nr1# show bfd\n{ROWS}\nr1# \n\n",
        f"r1#show bfd\nr1#show bfd\n{ROWS}r1#\nr1#",
        f"r1# show bfd\nr1# show bfd\n{ROWS}r1# ",
        f"show bfd\r\n{ROWS}",
        ROWS.replace("\n", "\r\n"),
        f"{ROWS}*log 1234: something happened\n",
        f"\x1b[2K\x1b[0m{ROWS}\x00",
    ],
)
def test_what_surrounds_an_answer_is_taken_off(platform: Platform, text: str) -> None:
    (observed,) = parse_saved(platform, "bfd_session", decode_output(text.encode()))
    assert observed.status is Status.PARSED, observed


@pytest.mark.parametrize("after", ["", "r1#"])
def test_leftovers_of_a_pager(after: str) -> None:
    """Its words may stand before a line; a text that ends in them was left at a page."""
    xe = load_platform("cisco_xe")
    table = "Neighbor ID     Pri   State           Dead Time   Address         Interface\n"
    row = "10.255.0.1        0   FULL/  -        00:00:38    10.0.0.2        TenGigabitEthernet0/0/0\n"
    (whole,) = parse_saved(
        xe, "ospf_neighbour", f"{table} --More-- {row} --More-- \n{row.replace('0.1 ', '0.2 ')}{after}"
    )
    assert [peer.subject.split()[0] for peer in whole.rows] == ["10.255.0.1", "10.255.0.2"]
    (left,) = parse_saved(xe, "ospf_neighbour", f"{table}{row} --More-- \n{after}")
    assert (left.status, left.rows) == (Status.UNPARSED, ())


@pytest.mark.parametrize("before", ["", "r1#show bfd\n"])
def test_an_output_that_breaks_off(platform: Platform, before: str) -> None:
    """A terminal's log goes on to the next prompt; what was copied by hand may lack its last line end."""
    (whole,) = parse_saved(platform, "bfd_session", decode_output(f"{before}{ROWS}".encode()))
    (broken,) = parse_saved(platform, "bfd_session", decode_output(f"{before}{ROWS}".rstrip().encode()))
    assert whole.status is Status.PARSED
    assert broken.status is (Status.UNPARSED if before else Status.PARSED)
    assert ("breaks off" in broken.reason) is bool(before)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        (f"r1#show bfd\n{ROWS}r1#", True),
        (f"r1#show clock\n07:00:00\nr1#show bfd\n{ROWS}r1#show clock\n07:00:01\n", True),
        (f"{ROWS}r1#", True),
        (f"{ROWS}{END_OF_ANSWER}\nwhatever else\n", True),
        (f"r1#show bfd\n{ROWS}", False),
        ("".join(f"    {line}\n" for line in ["show bfd", *lines_of(ROWS)]), False),
        (f"+++ r1: executing command 'show bfd' +++\n{ROWS}", False),
        (f"--- show bfd ---\n{ROWS}", False),
        (f"show bf detail\n{ROWS}", False),
        ("\n".join(f"        {line}" for line in ["r1#show bfd", *lines_of(ROWS), "r1#"]) + "\n    ", True),
    ],
)
def test_the_end_of_a_saved_output(platform: Platform, text: str, complete: bool) -> None:
    (observed,) = parse_saved(platform, "bfd_session", text)
    assert (observed.status, observed.complete) == (Status.PARSED, complete), observed


@pytest.mark.parametrize(
    ("echo", "command"),
    [
        ("r1#show clock", "show clock"),
        ("show interfaces", "show interfaces"),
        ("r1> show bgp all summary", "show bgp all summary"),
    ],
)
def test_the_answer_to_another_command(platform: Platform, echo: str, command: str) -> None:
    (observed,) = parse_saved(platform, "bfd_session", f"{echo}\n{ROWS}")
    assert observed.status is Status.UNPARSED
    assert observed.reason == f"The saved output is the answer to another command: {command}."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_encodings(encoding: str) -> None:
    assert decode_output("会议中心\n".encode(encoding)) == "会议中心\n"


def test_a_saved_output_that_cannot_be_read_is_not_one_that_is_absent(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "show_version.txt").symlink_to("show_version.txt")
    looped, absent = SavedOutputs(tmp_path).asker("r1", platform, 1)(["show version", "show clock"])
    assert "show_version.txt cannot be read: Too many levels of symbolic links." in looped.reason
    assert "There is no saved output" in absent.reason


def test_a_saved_output_is_no_longer_than_a_device_may_answer(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "show_bfd.txt").write_text(ROWS, encoding="utf-8")
    ask = SavedOutputs(tmp_path).asker("r1", platform, 1)
    monkeypatch.setattr("eventready.audit.saved_outputs.MAX_ANSWER_BYTES", len(ROWS.encode()))
    assert ask(["show bfd"])[0].text == ROWS.strip()
    monkeypatch.setattr("eventready.audit.saved_outputs.MAX_ANSWER_BYTES", len(ROWS.encode()) - 1)
    (found,) = ask(["show bfd"])
    assert (found.text, found.status) == ("", ReplyStatus.NOT_SENT)
    assert "show_bfd.txt exceeds the 0 MB of an answer." in found.reason


def test_a_secret_in_a_saved_output_is_neither_kept_nor_shown(platform: Platform) -> None:
    reply = saved_reply(platform, "show running-config", "hostname r1\nsnmp-server community hunter2Zz RO\n")
    assert lines_of(reply.text) == ["hostname r1", "snmp-server community <redacted> RO"]
    (observed,) = parse_saved(platform, "bfd_session", "wpa_passphrase=hunter2Zz\n")
    assert observed.unmatched == ("wpa_passphrase=<redacted>",)


def test_lines_may_end_in_cr_alone() -> None:
    assert decode_output(b"one\rtwo\rthree\r") == "one\ntwo\nthree\n"
    assert decode_output(b"one\rtwo\n") == "two\n"  # a terminal's log: overwritten


def test_bytes_of_no_encoding_stay_readable() -> None:
    assert decode_output(b"Port \xff up") == "Port \ufffd up"


@pytest.mark.parametrize(
    ("text", "ended"),
    [("% Invalid input", ReplyStatus.REFUSED), ("% Not allowed", ReplyStatus.DENIED), ("fine", ReplyStatus.ANSWERED)],
)
def test_refusals_are_reported_by_their_words(platform: Platform, text: str, ended: ReplyStatus) -> None:
    assert saved_reply(platform, "show bfd", text).status is ended


def test_a_question_is_a_fact_or_a_command(platform: Platform) -> None:
    assert facts_for(platform, "bfd_session") == ("bfd_session",)
    assert facts_for(platform, " Show  BFD ") == ("bfd_session", "bgp_neighbour")
    assert facts_for(platform, "cpu") == ("cpu",)
    for question, output in (
        ("bfd_sesion", "Did you mean 'bfd_session'"),
        ("optic", "does not say how"),
        ("??", "It answers"),
    ):
        with pytest.raises(UsageError, match=output):
            facts_for(platform, question)


def parse(workspace: Path, *arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(
        cli, ["-w", str(workspace), "doctor", "parse", *arguments], input=stdin, standalone_mode=False
    )


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def test_one_fact_is_one_object(workspace: Path) -> None:
    file = workspace / "saved.txt"
    file.write_text(ROWS, encoding="utf-8")
    result = parse(workspace, "testing", "bfd_session", str(file), "-o", "json")
    assert result.return_value == 0
    assert document(result) == {
        "platform": "testing",
        "fact": "bfd_session",
        "command": "show bfd",
        "status": "parsed",
        "reason": "",
        "complete": "unknown",
        "rows": [
            {"peer": "10.0.0.1", "interface": "Port 1", "vrf": None, "discriminator": None, "hops": None, "state": "up"}
        ],
        "unread": [],
        "unmatched": [],
    }


def test_a_command_may_answer_several_facts(workspace: Path) -> None:
    text = ROWS.replace("UP      1", "UP      soon")
    result = parse(workspace, "testing", "show bfd", "-", "-o", "json", stdin=text.encode())
    assert result.return_value == 4
    assert [one["status"] for one in document(result)] == ["parsed", "unparsed"]


def test_a_table_for_people(workspace: Path) -> None:
    result = parse(workspace, "testing", "bfd_session", "-", stdin=(ROWS + "odd one out here\n").encode())
    assert result.return_value == 4
    assert result.stdout == (
        "bfd_session: unparsed\n1 line of the answer matches no rule.\n"
        "complete: unknown; nothing in the file proves that the answer ends there\nNot matched:\n  | odd one out here\n"
    )
    whole = parse(workspace, "testing", "bfd_session", "-", stdin=f"r1#show bfd\n{ROWS}r1#\n".encode())
    assert whole.stdout == "bfd_session: parsed\npeer      interface  state\n10.0.0.1  Port 1     up\n"


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (("testin", "bfd_session", "-"), "no platform 'testin'. Did you mean 'testing'"),
        (("testing", "bfd", "-"), "no fact and no command 'bfd'"),
        (("testing", "bfd_session", "nowhere.txt"), "nowhere.txt: the file cannot be read"),
    ],
)
def test_usage_errors(workspace: Path, arguments: tuple[str, ...], output: str) -> None:
    result = parse(workspace, *arguments, stdin=b"")
    assert isinstance(result.exception, UsageError)
    assert output in str(result.exception)


@pytest.mark.parametrize("way", ["file", "-"])
def test_more_than_any_answer_is_not_read(workspace: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr("eventready.cli.audit.parse.MAX_ANSWER_BYTES", 1_048_576)
    huge = b"x" * 1_048_577
    (workspace / "file").write_bytes(huge)
    result = parse(workspace, "testing", "bfd_session", str(workspace / way) if way == "file" else way, stdin=huge)
    assert isinstance(result.exception, UsageError)
    assert "the file has more than the 1 MB that an answer may have" in str(result.exception)


def test_a_fact_that_cannot_be_reported_is_not_measured(workspace: Path) -> None:
    result = parse(workspace, "testing", "cpu", "-", "-o", "json", stdin=b"")
    assert (result.return_value, document(result)["status"], document(result)["reason"]) == (
        4,
        "unsupported",
        "it has none",
    )
