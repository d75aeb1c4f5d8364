"""Drafts: what a mail program reads back is what was meant."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.delivery.mail.letter import LARGEST, Attachment, Letter, Mailbox, PaperReference, draft, file_name
from eventready.delivery.mail.mail import posted, read
from eventready.submission.mailer import BLANK, draft_paper, letter
from eventready.workspace.settings.event import Event
from tests.delivery.mailroom import header

EVERY_LETTER = "ăâđêôơư áàảãạ ắằẳẵặ ấầẩẫậ éèẻẽẹ ếềểễệ íìỉĩị óòỏõọ ốồổỗộ ớờởỡợ úùủũụ ứừửữự ýỳỷỹỵ Đ Ẩ Ữ"
MOMENT = Clock.starting("2022-04-25 07:00").now()
TO = (Mailbox("bchieu@travinh.gov.vn", "Sở Thông tin và Truyền thông"),)


def made(subject: str, body: str = "Kính gửi", files: tuple[Attachment, ...] = ()) -> bytes:
    sender = Mailbox("reports@example.vn", "Viễn thông Trà Vinh")
    return draft(Letter(subject, body), sender=sender, recipients=TO, attachments=files, moment=MOMENT)


def parts(message: Message) -> list[Message]:
    return [part for part in message.walk() if not part.is_multipart()]


def content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def test_the_weekly_report_goes_with_the_subject_and_text_that_the_department_expects(event: Event) -> None:
    data = draft_paper(
        event,
        PaperReference("weekly-report", date(2022, 4, 25)),
        [Attachment("BC_tuan_2022-04-25_DNVT.docx", b"docx"), Attachment("BC_tuan_2022-04-25_DNVT.pdf", b"%PDF-1.7")],
        moment=MOMENT,
    )
    message = message_from_bytes(data)
    subject = "[DNVT] Báo cáo tuần (18/04–24/04/2022) - Đảm bảo TTLL 30 năm tái lập tỉnh Trà Vinh"
    assert header(message, "Subject") == subject
    assert parseaddr(str(message["To"]))[1] == "bchieu@travinh.gov.vn"
    assert message["Disposition-Notification-To"] == "reports@example.vn"
    text, docx, pdf = parts(message)
    body = content(text).decode()
    for piece in ("Kính gửi: Sở Thông tin và Truyền thông tỉnh Trà Vinh", "1. BC_tuan_2022-04-25_DNVT.docx",
                  "Nguyễn Văn A (ví dụ), Tổ trưởng Tổ tổng hợp, điện thoại 02943.000000", "Trân trọng./."):  # fmt: skip
        assert piece in body
    assert (docx.get_filename(), content(docx)) == ("BC_tuan_2022-04-25_DNVT.docx", b"docx")
    assert docx.get_content_type() == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert (pdf.get_content_type(), content(pdf)) == ("application/pdf", b"%PDF-1.7")
    assert read(data).paper == PaperReference("weekly-report", date(2022, 4, 25), "")


def test_without_a_contact_the_office_finds_blanks_to_fill_in(event: Event) -> None:
    bare = event.model_copy(update={"mail": None})
    written = letter(bare, PaperReference("duty-list", version="3"), [])
    assert written.subject == ("[DNVT] Danh sách trực (phiên bản 3) - Đảm bảo TTLL 30 năm tái lập tỉnh Trà Vinh")
    assert f"Đầu mối liên hệ: {BLANK}, điện thoại {BLANK}." in written.body
    draft_without = message_from_bytes(draft_paper(bare, PaperReference("duty-list"), [], moment=MOMENT))
    assert draft_without["From"] is None
    assert draft_without["X-Unsent"] == "1"


@given(st.text(alphabet=EVERY_LETTER + "abc XYZ 09-–()[],:", min_size=1, max_size=300))
@settings(max_examples=50, deadline=None)
def test_any_vietnamese_subject_is_read_back_to_the_letter(subject: str) -> None:
    expected = " ".join(subject.split())
    message = message_from_bytes(made(subject))
    assert " ".join(header(message, "Subject").split()) == expected
    assert " ".join(str(message_from_bytes(made(subject), policy=policy.default)["Subject"]).split()) == expected
    assert all(len(line) <= 78 for line in made(subject).split(b"\n") if line.startswith((b"Subject", b" =?utf")))


@pytest.mark.parametrize(
    "name", ["BC_tuan.docx", "Danh sách trực đợt 2 – Trà Vinh.xlsx", "Phương án Ứng cứu (bản “cuối”).pdf", EVERY_LETTER]
)
def test_file_names_are_read_back(name: str) -> None:
    data = made("Thử", files=(Attachment(name, b"\x00\xff" * 50),))
    enclosed = read(data).enclosed
    assert [(file.name, file.size) for file in enclosed] == [(file_name(name), 100)]
    assert parts(message_from_bytes(data, policy=policy.default))[1].get_filename() == file_name(name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\r\nBcc: x@y.vn.pdf", "a__Bcc_ x@y.vn.pdf"),
        ("", "attachment"),
        ("e\u0302" + ".pdf", "ê.pdf"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("ự" * 300 + ".docx", "ự" * 75 + ".docx"),
    ],
)
def test_file_names_can_do_no_harm(name: str, kept: str) -> None:
    assert file_name(name) == kept


def test_a_subject_cannot_begin_another_header() -> None:
    message = message_from_bytes(made("Báo cáo\r\nBcc: everybody@example.vn\r\n\r\nbody"))
    assert message["Bcc"] is None
    assert header(message, "Subject") == "Báo cáo Bcc: everybody@example.vn body"


@pytest.mark.parametrize(
    "address", ["", "x", "a@b\r\nBcc: c@d", "sở@travinh.gov.vn", "a b@c.vn", "<a@b.vn>", "a@b,c@d"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is not a mail address"):
        draft(Letter("s", "b"), sender=None, recipients=(Mailbox(address),), attachments=(), moment=MOMENT)


def test_a_mail_without_recipients_is_refused() -> None:
    with pytest.raises(UsageError, match="no recipient"):
        draft(Letter("s", "b"), sender=None, recipients=(), attachments=(), moment=MOMENT)


def test_ten_megabytes_are_too_many_and_reported_before_anybody_sends() -> None:
    with pytest.raises(UsageError, match=r"the mail has 1\d\.\d MB, more than 10 MB"):
        made("Lớn", files=(Attachment("a.pdf", b"x" * LARGEST),))
    assert len(made("Vừa", files=(Attachment("a.pdf", b"x" * 7_000_000),))) < LARGEST


def test_the_same_input_gives_the_same_bytes_and_the_version_ignores_the_day() -> None:
    assert made("Báo cáo") == made("Báo cáo")
    one, other = read(made("Báo cáo")), read(made("Báo cáo").replace(b"07:00:00", b"09:00:00"))
    assert one.data != other.data
    assert one.fingerprint == other.fingerprint
    changed = {
        read(made("Báo cáo khác")).fingerprint,
        read(made("Báo cáo", "khác")).fingerprint,
        read(made("Báo cáo", files=(Attachment("a.pdf", b"1"),))).fingerprint,
        read(made("Báo cáo", files=(Attachment("a.pdf", b"2"),))).fingerprint,
        read(made("Báo cáo", files=(Attachment("b.pdf", b"2"),))).fingerprint,
        one.fingerprint,
    }
    assert len(changed) == 6


def test_mails_that_differ_in_a_file_alone_have_message_ids_of_their_own() -> None:
    ids = {
        read(made("Báo cáo", files=files)).message_id
        for files in ((), (Attachment("a.pdf", b"1"),), (Attachment("a.pdf", b"2"),), (Attachment("b.pdf", b"2"),))
    }
    assert len(ids) == 4


def test_what_goes_out_is_dated_and_is_no_draft_any_more(event: Event) -> None:
    bare = event.model_copy(update={"mail": None})
    mail = read(draft_paper(bare, PaperReference("duty-list"), [Attachment("Danh sách.xlsx", b"1")], moment=MOMENT))
    out = posted(mail, Mailbox("reports@example.vn", "Viễn thông"), Clock.real())
    message = message_from_bytes(out.data)
    assert message["X-Unsent"] is None
    assert message["Date"] != message_from_bytes(mail.data)["Date"]
    assert out.sender == "reports@example.vn"
    assert out.message_id.endswith("@example.vn>")
    assert (out.fingerprint, out.subject, out.enclosed) == (mail.fingerprint, mail.subject, mail.enclosed)


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04zip", b"no header here\nat all\n", "Chào\n".encode()])
def test_what_is_no_mail_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="not a mail"):
        read(data, "x.eml")


def test_a_mail_of_another_program_is_read_whatever_is_wrong_with_it() -> None:
    data = (
        b"From: a@b.vn\nTo: c@d.vn\nSubject: =?utf-9?b?!!!?= =?utf-8?q?B=C3=A1o_c=C3=A1o?=\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/html; charset=x-odd\n\n<b>\xff\n'
        b'--x\nContent-Disposition: attachment; filename="=?utf-8?b?xJDhu6N0LnBkZg==?="\n\nabc\n--x'
    )
    mail = read(data)
    assert mail.recipients == ("c@d.vn",)
    assert [file.name for file in mail.enclosed] == ["Đợt.pdf"]
