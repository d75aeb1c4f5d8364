"""Reminders to people through the outbox: a message per round and address, each once, nothing without --really."""

from __future__ import annotations

import gzip
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from eventready.audit.audit import AuditOptions
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, WorkspaceError
from eventready.core.messages import in_english
from eventready.core.redaction.redaction import redactor
from eventready.delivery.notify import channels
from eventready.delivery.notify.channel import UncertainDelivery
from eventready.delivery.notify.channels import Channels
from eventready.store.store import Store
from eventready.submission.jobs import WorkspaceJobs
from eventready.submission.scheduler import JobResult, Scheduler
from eventready.workspace.settings.event import load_event
from eventready.workspace.workspace import Workspace
from tests.delivery.mailroom import Mailroom, header
from tests.submission.test_schedule import FakeClock

pytestmark = pytest.mark.slow

REFERENCE = "env:TEST_APPRISE_URL"


class Stub(HTTPServer):
    """HTTP server of the scheme json://: keeps the messages, answers with `status`, 0 for none."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        self.answer: tuple[dict[str, str], bytes] = {}, b""


class _Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.messages.append(json.loads(body))
        if not self.server.status:
            return
        self.send_response(self.server.status)
        headers, content = self.server.answer
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with Stub() as server:
        monkeypatch.setenv("TEST_APPRISE_URL", f"json://127.0.0.1:{server.server_port}/hook")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def configure(workspace: Path, *, room: Mailroom | None = None, mail: tuple[str, ...] = (), apprise: str = "") -> None:
    """Set mail server and recipients of reminders in event.yaml."""
    path = workspace / "inventory" / "event.yaml"
    event = yaml.safe_load(path.read_text(encoding="utf-8"))
    if room is not None:
        event["mail"]["server"] = {"host": "127.0.0.1", "port": room.port, "security": "none", "timeout_s": 10}
    event["schedule"]["remind"] = {"mail": list(mail), "apprise": [apprise] if apprise else []}
    path.write_text(yaml.safe_dump(event, allow_unicode=True), encoding="utf-8")


class NoAudit(WorkspaceJobs):
    """Jobs without the audit and the draft, which other tests cover."""

    def audit(self) -> str:
        return ""

    def draft(self, *_: object) -> str:
        return ""


def notified(workspace: Path, clock: Clock, *, really: bool = True) -> list[JobResult]:
    """Results of the messages of one round."""

    def worker(loaded: Workspace, store: Store) -> WorkspaceJobs:
        return NoAudit(loaded, store, clock, AuditOptions(), really=really)

    return [result for result in Scheduler(workspace, clock, worker).once() if result.job.kind in ("notify", "send")]


def test_reminders_go_to_people_by_mail_once(workspace: Path, mailroom: Mailroom) -> None:
    configure(workspace, room=mailroom, mail=("ca@example.vn", "noc@example.vn"))
    clock = FakeClock("2022-04-25 11:31")
    queued, *sent = notified(workspace, clock)
    assert in_english(queued.outcome) == "for ca@example.vn, noc@example.vn"
    assert [in_english(one.outcome) for one in sent] == ["mailed to ca@example.vn", "mailed to noc@example.vn"]
    assert [mail.rcpt_tos for mail in mailroom.mails] == [["ca@example.vn"], ["noc@example.vn"]]
    body = mailroom.message().get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "25/04/2022 11:30: Báo cáo tuần" in body
    assert header(mailroom.message(), "Subject").startswith("[DIỄN TẬP] Nhắc việc")
    assert notified(workspace, clock) == []
    clock.push(3600)  # the latest hour has passed: another reminder, alone
    assert len(notified(workspace, clock)[0].job.texts) == 1
    assert len(mailroom.mails) == 4


def test_a_broken_file_of_alerts_stops_no_reminder(workspace: Path, mailroom: Mailroom) -> None:
    configure(workspace, room=mailroom, mail=("ca@example.vn",))
    (workspace / "inventory" / "alerts.yaml").write_text("rout: {}", encoding="utf-8")
    _queued, broken, sent = notified(workspace, FakeClock("2022-04-25 11:31"))
    assert (broken.failed, "alerts.yaml" in in_english(broken.outcome)) == (True, True)
    assert in_english(sent.outcome) == "mailed to ca@example.vn"


def test_a_refused_mail_is_tried_again_and_the_other_channel_is_not_repeated(
    workspace: Path, mailroom: Mailroom, stub: Stub
) -> None:
    configure(workspace, room=mailroom, mail=("ca@example.vn",), apprise=REFERENCE)
    mailroom.answers["ca@example.vn"] = "450 4.2.1 later"
    clock = FakeClock("2022-04-25 07:00")
    assert {result.job.channel: result.failed for result in notified(workspace, clock)[1:]} == {
        "ca@example.vn": True,
        REFERENCE: False,
    }
    assert notified(workspace, clock) == []
    mailroom.answers.clear()
    clock.push(601)
    (again,) = notified(workspace, clock)
    assert (again.job.channel, again.failed) == ("ca@example.vn", False)
    assert (len(mailroom.mails), len(stub.messages)) == (1, 1)
    assert stub.messages[0]["title"].startswith("[DIỄN TẬP] Nhắc việc")


def test_apprise_that_does_not_deliver_fails_without_the_url(
    workspace: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(workspace, apprise=REFERENCE)
    stub.status = 500
    _, result = notified(workspace, FakeClock("2022-04-25 07:00"))
    assert (result.failed, in_english(result.outcome)) == (True, f"Apprise did not deliver to {REFERENCE}.")
    monkeypatch.setenv("TEST_APPRISE_URL", "no-such-scheme://token-of-the-office")
    clock = FakeClock("2022-04-25 07:11")
    (result,) = notified(workspace, clock)
    assert (result.failed, "is not an Apprise URL" in in_english(result.outcome)) == (True, True)
    assert "token-of-the-office" not in in_english(result.outcome)
    monkeypatch.setitem(sys.modules, "apprise", None)
    (result,) = notified(workspace, FakeClock("2022-04-25 07:31"))
    assert "eventready[notify]" in in_english(result.outcome)


@pytest.mark.parametrize(
    ("status", "targets", "error"),
    [(0, 1, UncertainDelivery), (500, 1, EventreadyError), (500, 2, UncertainDelivery), (None, 2, EventreadyError)],
)
def test_apprise_is_tried_again_only_where_no_message_can_have_arrived(
    workspace: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, *, status: int | None, targets: int, error: type
) -> None:
    url = os.environ["TEST_APPRISE_URL"] if status is not None else "json://127.0.0.1:9"
    stub.status = status or 0
    monkeypatch.setenv("TEST_APPRISE_URL", ", ".join([url] * targets))
    with pytest.raises(EventreadyError) as raised:
        channels_of(workspace).send(REFERENCE, "subject", "text", lambda: None)
    assert type(raised.value) is error


def channels_of(workspace: Path) -> Channels:
    return Channels(workspace, load_event(workspace / "inventory" / "event.yaml"), FakeClock("2022-04-25 07:00"))


def test_no_part_of_an_apprise_url_is_in_the_log_and_no_markup_in_a_message(
    workspace: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{os.environ['TEST_APPRISE_URL']}/token-of-the-office?format=html"
    monkeypatch.setenv("TEST_APPRISE_URL", url)
    channels_of(workspace).send(REFERENCE, "subject", "<b>text</b>", lambda: None)
    assert "<b>" not in stub.messages[0]["message"]
    monkeypatch.setattr(channels, "notify", lambda *_: ("failed", [f"no answer of {url}"]))
    # A command of another test may have put its redaction on a handler, which alters the records of all.
    monkeypatch.setattr(caplog.handler, "filters", [])
    monkeypatch.setattr(logging.getLogger(), "handlers", [caplog.handler])
    with pytest.raises(EventreadyError):
        channels_of(workspace).send(REFERENCE, "subject", "text", lambda: None)
    assert "token-of-the-office" in caplog.text
    assert "token-of-the-office" not in redactor.redact(caplog.text)


@pytest.mark.attack(family="servers that are called")
def test_a_redirect_hands_no_message_to_another_server(
    workspace: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stub() as other:
        Thread(target=other.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        stub.status, stub.answer = 307, ({"Location": f"http://127.0.0.1:{other.server_port}/hook"}, b"")
        with pytest.raises(EventreadyError, match="did not deliver"):
            channels_of(workspace).send(REFERENCE, "subject", "text", lambda: None)
        other.shutdown()
    assert other.messages == []


@pytest.mark.attack(family="servers that are called")
def test_an_answer_without_end_fills_the_process_of_its_message_only(workspace: Path, stub: Stub) -> None:
    content = gzip.compress(bytes(400_000_000), 1)
    stub.answer = {"Content-Encoding": "gzip", "Content-Length": str(len(content))}, content
    with pytest.raises(UncertainDelivery):
        channels_of(workspace).send(REFERENCE, "subject", "text", lambda: None)


@pytest.mark.attack(family="servers that are called")
def test_a_server_without_an_answer_ends_with_the_time_of_its_message(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventready.delivery.notify.apprise_process.LIMIT_S", 0.01)
    monkeypatch.setenv("TEST_APPRISE_URL", "json://127.0.0.1:9/hook")
    with pytest.raises(UncertainDelivery):
        channels_of(workspace).send(REFERENCE, "subject", "text", lambda: None)


def test_a_dry_run_sends_nothing_and_does_not_count(workspace: Path, mailroom: Mailroom) -> None:
    configure(workspace, room=mailroom, mail=("ca@example.vn",))
    clock = FakeClock("2022-04-25 07:00")
    (result,) = notified(workspace, clock, really=False)
    assert in_english(result.outcome).startswith("not sent to ca@example.vn without --really: ")
    assert mailroom.mails == []
    assert [one.failed for one in notified(workspace, clock)] == [False, False]
    assert len(mailroom.mails) == 1


def test_a_url_in_plain_text_is_refused(workspace: Path) -> None:
    configure(workspace, apprise="tgram://123456:token/chat")
    with pytest.raises(WorkspaceError, match="Use env:NAME"):
        load_event(workspace / "inventory" / "event.yaml")


def test_a_rehearsal_reminds_no_person_without_the_option(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["-w", str(workspace), "--now", "2022-04-25 07:00", "watch", "schedule", "--once", "--really"])
    assert left.value.code == 7
    assert "--rehearsal" in capsys.readouterr().err
