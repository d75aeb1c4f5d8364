"""Sending against real and against bad mail servers: what arrives, what is kept, and what never happens twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import date
from email.message import Message
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.core.redaction.redaction import REDACTED, redactor
from eventready.delivery.mail.delivery_log import Delivery, DeliveryLog
from eventready.delivery.mail.letter import Attachment, PaperReference
from eventready.delivery.mail.mail import Mail, read
from eventready.roster.reading.load import load_roster
from eventready.roster.versions import Shelf
from eventready.store.store import Store
from eventready.submission.mailer import Mailer, draft_paper
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailServer
from tests.delivery.mailroom import Mailroom, Scripted, header
from tests.submission.conftest import Certificates

pytestmark = pytest.mark.slow

Served = Callable[[MailServer], Event]
DEPARTMENT, POLICE = "bchieu@travinh.gov.vn", "police@example.vn"
NAME = "Danh sách trực đợt 2 – Trà Vinh.xlsx"


@pytest.fixture
def store(workspace: Path) -> Iterator[Store]:
    with Store.of_workspace(workspace) as opened:
        yield opened


@pytest.fixture
def record(store: Store, clock: Clock) -> DeliveryLog:
    return DeliveryLog(store, clock)


@pytest.fixture
def mail(event: Event, clock: Clock) -> Mail:
    return weekly(event, clock)


def weekly(event: Event, clock: Clock, content: bytes = b"docx") -> Mail:
    attachments = [Attachment("BC_tuan_2022-04-25_DNVT.docx", content), Attachment(NAME, b"xlsx")]
    return read(draft_paper(event, PaperReference("weekly-report", date(2022, 4, 25)), attachments, moment=clock.now()))


@pytest.fixture
def post(workspace: Path, record: DeliveryLog, clock: Clock, served: Served) -> Callable[[MailServer], Mailer]:
    return lambda server: Mailer(workspace, served(server), record, clock)


PostOf = Callable[[MailServer], Mailer]


def fates(delivery: Delivery) -> dict[str, str]:
    return {address: leg.fate for address, leg in delivery.legs.items()}


def test_what_a_real_server_gets_is_what_was_drafted(
    mailroom: Mailroom, post: PostOf, mail: Mail, record: DeliveryLog, clock: Clock
) -> None:
    delivery = post(mailroom.server).send(mail, [DEPARTMENT])
    assert (delivery.state, delivery.answer) == ("sent", "250 2.0.0 Ok: queued as 4XYZ")
    envelope, message = mailroom.mails[0], mailroom.message()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("reports@example.vn", [DEPARTMENT])
    assert header(message, "Subject") == (
        "[DNVT] Báo cáo tuần (18/04–24/04/2022) - Đảm bảo TTLL 30 năm tái lập tỉnh Trà Vinh"
    )
    parts = message.get_payload()
    assert isinstance(parts, list)
    names = [part.get_filename() for part in parts if isinstance(part, Message)]
    assert names == [None, "BC_tuan_2022-04-25_DNVT.docx", NAME]
    assert read(bytes(message)).fingerprint == mail.fingerprint
    assert message["Message-ID"] == delivery.message_id
    assert message["X-Unsent"] is None
    kept = record.delivery("d-0001")
    assert kept == delivery
    assert {file.name for file in kept.enclosed} == {"BC_tuan_2022-04-25_DNVT.docx", NAME}
    assert all(len(file.sha256) == 64 for file in kept.enclosed)
    (paper,) = record.sent(DEPARTMENT)
    assert (paper.kind, paper.due, paper.reference) == ("weekly-report", date(2022, 4, 25), delivery.message_id)
    assert abs((paper.at - clock.now()).total_seconds()) < 60
    assert record.sent(POLICE) == ()


def test_over_starttls_with_a_password_by_reference(
    certificates: Certificates, post: PostOf, mail: Mail, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "a-long-password-123")
    (workspace / "ca.pem").write_bytes(certificates.ca.read_bytes())
    with Mailroom(starttls=certificates.context(), login=("reports", "a-long-password-123")) as room:
        server = MailServer(host="127.0.0.1", port=room.port, username="reports", password="env:MAIL_PASSWORD",
                        ca_file="ca.pem", timeout_s=10)  # fmt: skip
        assert post(server).send(mail, [DEPARTMENT]).state == "sent"
        assert len(room.mails) == 1
    assert redactor.redact("a-long-password-123") == REDACTED


def test_over_tls_from_the_first_byte(certificates: Certificates, post: PostOf, mail: Mail, workspace: Path) -> None:
    (workspace / "ca.pem").write_bytes(certificates.ca.read_bytes())
    with Mailroom(tls=certificates.context()) as room:
        server = MailServer(host="127.0.0.1", port=room.port, security="tls", ca_file="ca.pem", timeout_s=10)
        assert post(server).send(mail, [DEPARTMENT]).state == "sent"


def test_a_certificate_that_no_person_vouches_for_gets_neither_mail_nor_password(
    certificates: Certificates, post: PostOf, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "secret-of-the-mail")
    with Mailroom(starttls=certificates.context(), login=("reports", "secret-of-the-mail")) as room:
        server = MailServer(host="127.0.0.1", port=room.port, username="reports", password="env:MAIL_PASSWORD")
        delivery = post(server).send(mail, [DEPARTMENT])
        assert (delivery.state, room.mails) == ("queued", [])
    assert "is not trusted" in in_english(delivery.legs[DEPARTMENT].why)


def test_a_server_without_encryption_gets_nothing(mailroom: Mailroom, post: PostOf, mail: Mail) -> None:
    delivery = post(MailServer(host="127.0.0.1", port=mailroom.port)).send(mail, [DEPARTMENT])
    assert (delivery.state, mailroom.mails) == ("queued", [])
    assert "STARTTLS" in in_english(delivery.legs[DEPARTMENT].why)


def test_a_wrong_password_keeps_it_queued_and_shows_none(
    certificates: Certificates, post: PostOf, mail: Mail, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "not-the-password")
    (workspace / "ca.pem").write_bytes(certificates.ca.read_bytes())
    with Mailroom(starttls=certificates.context(), login=("reports", "the-password")) as room:
        server = MailServer(host="127.0.0.1", port=room.port, username="reports", password="env:MAIL_PASSWORD",
                        ca_file="ca.pem")  # fmt: skip
        delivery = post(server).send(mail, [DEPARTMENT])
    assert delivery.state == "queued"
    assert "refuses the user or the password (535)" in in_english(delivery.legs[DEPARTMENT].why)
    assert "password" not in in_english(delivery.legs[DEPARTMENT].why).replace("the password", "")


def test_a_password_that_no_login_can_carry_is_reported(
    certificates: Certificates, post: PostOf, mail: Mail, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "mật-khẩu")
    (workspace / "ca.pem").write_bytes(certificates.ca.read_bytes())
    with Mailroom(starttls=certificates.context(), login=("reports", "x")) as room:
        server = MailServer(host="127.0.0.1", port=room.port, username="reports", password="env:MAIL_PASSWORD",
                        ca_file="ca.pem")  # fmt: skip
        delivery = post(server).send(mail, [DEPARTMENT])
    assert "a login cannot carry letters with marks" in in_english(delivery.legs[DEPARTMENT].why)


def test_a_password_that_leads_nowhere_stops_before_anything_is_queued(
    post: PostOf, mail: Mail, record: DeliveryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    server = MailServer(host="127.0.0.1", username="reports", password="env:MAIL_PASSWORD")
    with pytest.raises(UsageError, match="the environment variable MAIL_PASSWORD is not set"):
        post(server).send(mail, [DEPARTMENT])
    assert record.deliveries() == ()


def test_no_version_goes_to_anybody_twice(
    mailroom: Mailroom, post: PostOf, mail: Mail, event: Event, clock: Clock
) -> None:
    room = post(mailroom.server)
    room.send(mail, [DEPARTMENT])
    later = weekly(event, Clock.starting("2022-04-25 09:00"))
    with pytest.raises(
        RefusedError, match=r"bchieu@travinh\.gov\.vn has had this very version since .* \(D-0001"
    ) as no:
        room.send(later, ["BCHIEU@travinh.gov.vn", POLICE])
    assert "--again" in str(no.value)
    assert len(mailroom.mails) == 1
    assert room.send(later, [POLICE]).state == "sent"
    assert room.send(weekly(event, clock, b"corrected"), [DEPARTMENT]).state == "sent"
    again = room.send(mail, [DEPARTMENT], again="Sở báo không mở được tệp")
    assert (again.state, again.again) == ("sent", "Sở báo không mở được tệp")
    assert len(mailroom.mails) == 4


@pytest.mark.parametrize(
    ("script", "greeting", "state", "words"),
    [
        ({"EHLO": None, "HELO": None}, "220 hi", "queued", "dropped the connection"),
        ({}, None, "queued", "dropped the connection"),
        ({}, "421 too busy", "queued", "421 too busy"),
        ({}, "554 go away", "queued", "554 go away"),
        ({"MAIL": None}, "220 hi", "queued", "broke before the mail was complete"),
        ({"MAIL": "550 5.7.1 sender unknown"}, "220 hi", "refused", "refuses it for good: 550 5.7.1 sender unknown"),
        ({"MAIL": "451 slow down"}, "220 hi", "queued", "try again later: 451 slow down"),
        ({"RCPT": None}, "220 hi", "queued", "broke before the mail was complete"),
        ({"RCPT": "450 4.2.0 Greylisted"}, "220 hi", "queued", "try again later: 450 4.2.0 Greylisted"),
        ({"RCPT": "550 5.1.1 no such user"}, "220 hi", "refused", "for good: 550 5.1.1 no such user"),
        ({"DATA": None}, "220 hi", "queued", "broke before the mail was complete"),
        ({"DATA": "452 disk full"}, "220 hi", "queued", "try again later: 452 disk full"),
        ({"DATA": "554 no"}, "220 hi", "refused", "for good: 554 no"),
        ({".": None}, "220 hi", "uncertain", "complete by then, so it may have arrived"),
        ({".": "451 4.3.0 try later"}, "220 hi", "queued", "try again later: 451 4.3.0 try later"),
        ({".": "552 5.3.4 too big"}, "220 hi", "refused", "for good: 552 5.3.4 too big"),
        ({".": "hello?"}, "220 hi", "uncertain", "makes no sense"),
        ({".": "354 go on"}, "220 hi", "uncertain", "makes no sense"),
        ({"QUIT": None}, "220 hi", "sent", "250 ok"),
    ],
)
def test_a_server_that_misbehaves_leaves_the_right_state_and_sentence(  # noqa: PLR0917  a table's columns
    script: dict[str, str | None], greeting: str | None, state: str, words: str, post: PostOf, mail: Mail
) -> None:
    with Scripted(script, greeting) as bad:
        delivery = post(bad.server()).send(mail, [DEPARTMENT])
    assert delivery.state == state
    assert words in in_english(delivery.legs[DEPARTMENT].why)
    if state != "uncertain":
        assert state == "sent" or "." not in bad.seen or "." in script


@pytest.mark.parametrize(
    ("command", "state"), [("EHLO", "queued"), ("RCPT", "queued"), ("DATA", "queued"), (".", "uncertain")]
)
def test_a_server_that_falls_silent(command: str, state: str, post: PostOf, mail: Mail) -> None:
    with Scripted({command: "..."}) as silent:
        delivery = post(silent.server(timeout_s=0.3)).send(mail, [DEPARTMENT])
    assert delivery.state == state
    assert "did not answer in time" in in_english(delivery.legs[DEPARTMENT].why)


def test_no_person_listens(post: PostOf, mail: Mail) -> None:
    with Scripted({}) as gone:
        server = gone.server()
    delivery = post(server).send(mail, [DEPARTMENT])
    assert delivery.state == "queued"
    assert "cannot be reached" in in_english(delivery.legs[DEPARTMENT].why)


def test_what_waits_goes_out_once_to_those_who_had_not_had_it(post: PostOf, mail: Mail, record: DeliveryLog) -> None:
    with Mailroom(answers={POLICE: "450 4.2.0 Greylisted"}) as room:
        first = post(room.server).send(mail, [DEPARTMENT, POLICE])
        assert (first.state, fates(first)) == ("queued", {DEPARTMENT: "accepted", POLICE: "waiting"})
        assert [d.id for d in record.deliveries() if d.of("waiting")] == ["D-0001"]
        room.answers = {}
        (second,) = post(room.server).send_queued()
        assert (second.state, second.attempts) == ("sent", 2)
        assert [envelope.rcpt_tos for envelope in room.mails] == [[DEPARTMENT], [POLICE]]
        assert list(post(room.server).send_queued()) == []


def test_one_recipient_refused_is_named_and_the_other_has_it(post: PostOf, mail: Mail) -> None:
    with Mailroom(answers={POLICE: "550 5.1.1 unknown"}) as room:
        delivery = post(room.server).send(mail, [DEPARTMENT, POLICE])
        assert (delivery.state, fates(delivery)) == ("partly_refused", {DEPARTMENT: "accepted", POLICE: "refused"})
        assert list(post(room.server).send_queued()) == []
        room.answers = {}
        assert post(room.server).send(mail, [POLICE]).state == "sent"


def test_sending_again_what_waits_takes_the_same_delivery(post: PostOf, mail: Mail, record: DeliveryLog) -> None:
    with Mailroom(answers={"DATA": "451 later"}) as room:
        post(room.server).send(mail, [DEPARTMENT])
        room.answers = {}
        delivery = post(room.server).send(mail, [DEPARTMENT])
    assert (delivery.id, delivery.state, delivery.attempts) == ("D-0001", "sent", 2)
    assert len(record.deliveries()) == 1


def test_an_uncertain_one_is_settled_by_a_person_only(post: PostOf, mail: Mail, record: DeliveryLog) -> None:
    with Scripted({".": None}) as bad:
        post(bad.server()).send(mail, [DEPARTMENT])
    with Mailroom() as room:
        assert list(post(room.server).send_queued()) == []
        with pytest.raises(RefusedError, match="may have had this very version"):
            post(room.server).send(mail, [DEPARTMENT])
        lost = record.settle("D-0001", arrived=False, by="Lan", note="Sở chưa nhận được")
        assert fates(lost) == {DEPARTMENT: "waiting"}
        (sent,) = post(room.server).send_queued()
        assert (sent.state, len(room.mails)) == ("sent", 1)
    with pytest.raises(UsageError, match="is not uncertain"):
        record.settle("D-0001", arrived=True, by="Lan", note="x")
    with pytest.raises(UsageError, match="there is no delivery 'D-9'"):
        record.settle("D-9", arrived=True, by="Lan", note="x")


def test_an_uncertain_one_that_arrived_counts_as_sent(post: PostOf, mail: Mail, record: DeliveryLog) -> None:
    with Scripted({".": None}) as bad:
        post(bad.server()).send(mail, [DEPARTMENT])
    assert record.sent(DEPARTMENT) == ()
    assert record.settle("D-0001", arrived=True, by="Lan", note="Sở xác nhận qua điện thoại").state == "sent"
    assert [paper.kind for paper in record.sent(DEPARTMENT)] == ["weekly-report"]


@pytest.mark.parametrize("harm", ["lost", "altered"])
def test_a_mail_whose_file_was_harmed_is_not_sent(harm: str, post: PostOf, mail: Mail, workspace: Path) -> None:
    with Mailroom(answers={"DATA": "451 later"}) as room:
        post(room.server).send(mail, [DEPARTMENT])
        room.answers = {}
        (path,) = (workspace / ".eventready" / "outbox").glob("*.eml")
        assert path.stat().st_mode & 0o777 == 0o600
        if harm == "lost":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes().replace(b"bchieu", b"hacker"))
        (delivery,) = post(room.server).send_queued()
        assert (delivery.state, room.mails) == ("refused", [])
    assert harm in in_english(delivery.legs[DEPARTMENT].why)


def test_a_rehearsal_does_not_count(  # noqa: PLR0917  fixtures
    mailroom: Mailroom, post: PostOf, mail: Mail, store: Store, workspace: Path, served: Served
) -> None:
    post(mailroom.server).send(mail, [DEPARTMENT])
    real = DeliveryLog(store, Clock())
    assert real.sent(DEPARTMENT) == ()
    assert Mailer(workspace, served(mailroom.server), real, Clock()).send(mail, [DEPARTMENT]).id == "D-0002"
    assert [paper.kind for paper in real.sent(DEPARTMENT)] == ["weekly-report"]


def test_two_do_not_send_at_once(
    mailroom: Mailroom, post: PostOf, mail: Mail, workspace: Path, record: DeliveryLog
) -> None:
    with (
        Store.of_workspace(workspace) as other,
        DeliveryLog(other, Clock()).sending(),
        pytest.raises(RefusedError, match="another eventready is sending mail"),
    ):
        post(mailroom.server).send(mail, [DEPARTMENT])
    assert record.deliveries() == ()


def test_a_message_with_dots_and_eight_bits_arrives_as_it_was(mailroom: Mailroom, post: PostOf) -> None:
    body = "..một dòng\n.\n. hai\n.\r\nhết".encode()
    mail = read(b"From: a@b.vn\nTo: c@d.vn\nSubject: x\nContent-Type: text/plain; charset=utf-8\n"
                b"Content-Transfer-Encoding: 8bit\n\n" + body)  # fmt: skip
    assert post(mailroom.server).send(mail, ["c@d.vn"]).state == "sent"
    content = mailroom.mails[0].content
    assert isinstance(content, bytes)
    assert content.partition(b"\r\n\r\n")[2].rstrip() == body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


_VICTIM = """
    import os, signal, sys
    from pathlib import Path
    from eventready.core.clock import Clock
    from eventready.delivery.mail import delivery_log
    from eventready.submission import mailer
    from eventready.delivery.mail.mail import read
    from eventready.store.store import Store
    from eventready.workspace.settings.mail import MailServer
    from eventready.workspace.workspace import load_workspace

    folder, port, moment = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    event = load_workspace(folder).event
    server = MailServer(host="127.0.0.1", port=port, security="none", timeout_s=20)
    event = event.model_copy(update={"mail": event.mail.model_copy(update={"server": server})})
    clock = Clock.starting("2022-04-25 07:30")
    die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    if moment == "attempt":
        mailer.submit = die
    if moment == "outcome":
        delivery_log.DeliveryLog.ended = die
    with Store.of_workspace(folder) as store:
        room = mailer.Mailer(folder, event, delivery_log.DeliveryLog(store, clock), clock)
        room.send(read((folder / "mail.eml").read_bytes()), ["bchieu@travinh.gov.vn"])
"""


def _victim(workspace: Path, port: int, moment: str) -> subprocess.Popen[bytes]:
    script = textwrap.dedent(_VICTIM)
    return subprocess.Popen([sys.executable, "-c", script, str(workspace), str(port), moment], stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    ("moment", "state"), [("attempt", "queued"), ("answer", "uncertain"), ("outcome", "uncertain")]
)
def test_kill_9_while_sending(  # noqa: PLR0917  fixtures
    moment: str, state: str, workspace: Path, mail: Mail, record: DeliveryLog, post: PostOf
) -> None:
    (workspace / "mail.eml").write_bytes(mail.data)
    with Scripted({".": "..." if moment == "answer" else "250 taken"}) as slow:
        process: subprocess.Popen[bytes]
        slow.on_dot = lambda: os.kill(process.pid, signal.SIGKILL) if moment == "answer" else None
        process = _victim(workspace, slow.server().port, moment)
        _, output = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, output.decode()
    (delivery,) = record.deliveries()
    assert delivery.state == state
    with Mailroom() as room:
        sent = list(post(room.server).send_queued())
        assert len(room.mails) == (1 if state == "queued" else 0)
        assert [d.state for d in sent] == (["sent"] if state == "queued" else [])


def test_the_record_cannot_be_altered_unnoticed(mailroom: Mailroom, post: PostOf, mail: Mail, store: Store) -> None:
    post(mailroom.server).send(mail, [DEPARTMENT])
    assert store.verify().intact
    with sqlite3.connect(store.where) as raw:
        raw.execute("UPDATE eventready_journal SET body = CAST(replace(body, 'bchieu', 'nobody') AS BLOB)")
    assert {problem.what for problem in store.verify().problems} >= {"The delivery number 1 (D-0001) was altered"}


def test_a_duty_list_that_arrived_is_the_version_that_changes_are_reported_against(
    mailroom: Mailroom, workspace: Path, store: Store, served: Served, event: Event
) -> None:
    shelf, clock = Shelf(workspace), Clock()
    kept = shelf.keep(load_roster(workspace / "inventory" / "roster.xlsx", event), clock.now())
    data = draft_paper(event, PaperReference("duty-list", version=str(kept.number)), [], moment=clock.now())
    rehearsing = Clock.starting("2022-04-25 07:00")
    for found, sendings in ((rehearsing, 0), (clock, 1)):
        record = DeliveryLog(store, found)
        delivery = Mailer(workspace, served(mailroom.server), record, found).send(read(data), [DEPARTMENT])
        assert delivery.state == "sent"
        assert [sending.number for sending in shelf.sendings()] == [kept.number] * sendings
    assert shelf.sendings()[0].message_id == delivery.message_id
