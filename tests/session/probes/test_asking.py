"""Questions of this machine: services on loopback, forged and silent ones, and the session that sends the questions."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eventready.facts.observe import observe
from eventready.facts.platform import load_platform
from eventready.facts.questions import with_questions
from eventready.facts.records import Answer
from eventready.session.local import LocalSession
from eventready.session.probes import asking
from eventready.session.probes.messages import BadMessage, query, read_reply
from eventready.session.reply import ReplyStatus
from eventready.session.target import Target
from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.session.probes.servers import HOST, accepting


def serving(reply: bytes) -> AbstractContextManager[int]:
    """The port of a TCP server that answers each connection with `reply`."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(reply)
        connection.settimeout(1)
        while connection.recv(512):
            pass

    return accepting(handle)


def closed_port() -> int:
    with socket.create_server((HOST, 0)) as one:
        return int(one.getsockname()[1])


def ask(**answer: object) -> Answer:
    """The row of an answer, through the session and the platform."""
    expected = ExpectedAnswer.model_validate(answer)
    device = Device("v1", "vantage", "local", "localhost", expect=Expect(answers=(expected,)))
    platform = with_questions(load_platform("local"), device)
    session = LocalSession(Target("v1", "localhost", None), platform.spec)
    (found,) = observe("v1", platform, [expected.fact], session.send_commands)
    assert found.rows, (found.status, found.reason, found.raw)
    assert found.rows[0].subject == expected.subject
    return found.rows[0]  # type: ignore[return-value]  # a question has a row of its kind


def fields(row: Answer) -> dict[str, object]:
    return row.model_dump(exclude_none=True, exclude={"question", "time_ms"})


def test_a_page_has_its_status_and_its_text_in_one_line_each() -> None:
    forged = "status=200 time_ms=1.0 verify= not_after= named= error="
    body = f"HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\nCổng\x07\tthông tin\r\n==> end\n{forged}"
    with serving(body.encode()) as port:
        row = fields(ask(http=f"http://{HOST}:{port}/"))
    assert row["status"] == 503
    assert row["content"] == ("Cổng thông tin", "==> end", forged)


@pytest.mark.parametrize("reply", [b"\x16\x03", b"\xff garbage\r\n", b"SSH-2.0 200\r\n", b"x" * 70_000, b""])
def test_something_else_than_http_is_no_page(reply: bytes) -> None:
    with serving(reply) as port:
        row = fields(ask(http=f"http://{HOST}:{port}/"))
    assert row["status"] == 0
    assert row["error"]


def test_ports_mail_and_time() -> None:
    with serving(b"220 mail.example.vn ESMTP\r\n") as port:
        assert fields(ask(tcp=f"{HOST}:{port}")) == {"state": "open"}
        assert fields(ask(smtp=f"{HOST}:{port}")) == {"code": 220}
    with serving(b"SSH-2.0-OpenSSH\r\n") as port:
        assert fields(ask(smtp=f"{HOST}:{port}")) == {"error": "no greeting"}
    assert fields(ask(tcp=f"{HOST}:{closed_port()}")) == {"state": "closed", "error": "Connection refused"}


def test_replies_to_echo_requests_of_a_size() -> None:
    row = ask(ping=HOST, size=1500, df=True, count=2)
    if row.error and "ermi" in row.error:
        pytest.skip(row.error)
    assert fields(row) == {"sent": 2, "received": 2}
    assert fields(ask(ping="no-such-host.invalid", count=1))["sent"] == 0


def test_a_greeting_in_pieces_is_read_to_its_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: [theirs.send(bytes([byte])) for byte in b"220 mail\r\n"])
        sender.start()
        assert asking._line(ours).strip() == b"220 mail"
        sender.join()


@pytest.mark.parametrize(
    ("first", "times", "right"),
    [
        (b"\x24\x02", b"\1" * 16, True),
        (b"\xe4\x02", b"\1" * 16, False),
        (b"\x24\x10", b"\1" * 16, False),
        (b"\x24\x00", b"\1" * 16, False),
        (b"\x24\x02", b"\0" * 8 + b"\1" * 8, False),
    ],
    ids=["stratum 2", "leap unknown", "stratum 16", "kiss of death", "no time"],
)
def test_the_time_of_a_server_without_a_clock_is_none(
    monkeypatch: pytest.MonkeyPatch, first: bytes, times: bytes, *, right: bool
) -> None:
    monkeypatch.setattr(asking, "_exchange", lambda _host, _port, sent: first + b"\0" * 22 + sent[40:48] + times)
    assert ("offset_ms" in fields(ask(ntp=HOST))) == right


def test_without_a_named_resolver_there_is_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(asking, "_RESOLVERS", tmp_path / "resolv.conf")
    assert fields(ask(dns="portal.example.vn"))["error"] == "No such file or directory"
    (tmp_path / "resolv.conf").write_text("# none\n")
    monkeypatch.setattr(asking, "_exchange", lambda host, *_: host.encode())
    assert "malformed message (ShortHeader)" in str(fields(ask(dns="portal.example.vn"))["error"])


@pytest.mark.parametrize("certificate", [b"", b"0\x03\x02\x01\x09"])
def test_a_certificate_that_cannot_be_read_is_none(monkeypatch: pytest.MonkeyPatch, certificate: bytes) -> None:
    monkeypatch.setattr(asking, "_page", lambda _given: (200, b"", certificate))
    monkeypatch.setattr(asking, "_verified", lambda _given: "18")
    row = fields(ask(http=f"https://{HOST}/"))
    assert row["status"] == 200
    assert "not_after" not in row


def test_a_name_with_many_addresses_is_tried_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("192.0.2.1", 80))] * 500)
    tried: list[float] = []

    def unreachable(_address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    with pytest.raises(TimeoutError):
        asking._dial("portal.example.vn", 80)
    assert len(tried) == 9


QUERY = query("portal.example.vn", "A", 7)
SECTION = QUERY.to_wire()[12:]
RECORD = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x5a"


def dns(
    flags: int = 0x8180, section: bytes = SECTION, records: bytes = RECORD, count: int = 1, number: int = 7
) -> bytes:
    head = query("portal.example.vn", "A", number).to_wire()[:12]
    return head[:2] + flags.to_bytes(2, "big") + head[4:6] + count.to_bytes(2, "big") + head[8:12] + section + records


ALIAS = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01b\xc0\x13"  # portal.example.vn CNAME b.example.vn
OF_ALIAS = b"\x01B\xc0\x13" + RECORD[2:]


@pytest.mark.parametrize(
    ("records", "addresses"),
    [
        ([ALIAS, OF_ALIAS], ("192.0.2.90",)),
        ([OF_ALIAS, ALIAS], ("192.0.2.90",)),
        ([OF_ALIAS], ()),
    ],
    ids=["alias", "alias last", "another name"],
)
def test_addresses_are_those_of_the_name_and_its_aliases(records: list[bytes], addresses: tuple[str, ...]) -> None:
    assert read_reply(dns(records=b"".join(records), count=len(records)), QUERY).addresses == addresses


def test_an_answer_of_dns_is_read() -> None:
    assert read_reply(dns(), QUERY).addresses == ("192.0.2.90",)
    assert read_reply(dns(0x8183, count=0, records=b""), QUERY).code == "NXDOMAIN"


@pytest.mark.parametrize(
    "forged",
    [
        QUERY.to_wire(),
        dns(number=8),
        dns(section=query("other.example.vn", "A").to_wire()[12:]),
        dns(section=query("portal.example.vn", "AAAA").to_wire()[12:]),
        dns(records=RECORD[:-2]),
        dns(count=2),
        dns(
            records=ALIAS + b"\x01b\xc0\x13" + RECORD[2:4].replace(b"\x01", b"\x05") + RECORD[4:10] + b"\0\x02\xc0\x0c",
            count=2,
        ),
        dns(records=b"\xc0\x23" + RECORD[2:]),
        dns(records=RECORD.replace(b"\0\x01\0\x01", b"\0\x01\0\x03")),
        dns(records=RECORD[:10] + b"\0\x10" + b"\x20" * 16),
        b"",
        b"\0\x07\x81\x80",
    ],
)
def test_an_echo_and_a_forged_answer_of_dns_are_none(forged: bytes) -> None:
    with pytest.raises(BadMessage):
        read_reply(forged, QUERY)


@pytest.mark.parametrize(
    ("flags", "over_tcp", "expected"),
    [
        (0x8180, dns(), {"code": "NOERROR", "addresses": ("192.0.2.90",), "tcp": True}),
        (0x8180, b"", {"code": "NOERROR", "addresses": ("192.0.2.90",), "tcp": False}),
        (0x8380, dns(), {"code": "NOERROR", "addresses": ("192.0.2.90",), "tcp": True}),
        (0x8380, b"", {"error": "truncated answer", "tcp": False}),
        (0x8380, dns(0x8380), {"error": "truncated answer", "tcp": False}),
    ],
    ids=["both", "UDP alone", "truncated over UDP", "truncated and no TCP", "truncated over both"],
)
def test_a_resolver_answers_over_udp_and_tcp(
    flags: int, over_tcp: bytes, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_exchange", lambda *_sent: dns(flags))
    with serving(len(over_tcp).to_bytes(2, "big") + over_tcp if over_tcp else b"") as port:
        stream = asking._stream_exchange
        monkeypatch.setattr(asking, "_stream_exchange", lambda host, _port, data: stream(host, port, data))
        monkeypatch.setattr("secrets.randbelow", lambda _below: 7)
        row = fields(ask(dns="portal.example.vn", server=HOST))
    assert {name: value for name, value in row.items() if value != ()} == expected


def test_this_machine_asks_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_ASKING", {})
    session = LocalSession(Target("v1", "localhost", None), load_platform("local").spec)
    statuses = {reply.status for reply in session.send_commands(["reboot", "tcp host=a port=1;b", "show version", ""])}
    assert statuses == {ReplyStatus.REFUSED}
