"""A mail as the bytes of an .eml file, which every mail program opens as a draft. Nothing is sent here.

Built of MIMEMultipart and Header: the newer EmailMessage of Python 3.11 loses a blank in long Vietnamese subjects.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

from eventready.delivery.letter import Letter
from eventready.errors import UsageError

#: Larger mails are turned away by many servers; attachments grow by a third on the way.
LARGEST = 10_000_000

_ADDRESS = re.compile(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LONGEST_NAME = 80

_TYPES = {
    ".docx": "vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "pdf",
    ".json": "json",
    ".zip": "zip",
}


@dataclass(frozen=True)
class Mailbox:
    """An address, and whose it is. The address is ASCII without blanks."""

    address: str
    name: str = ""

    def header(self) -> str:
        """As it stands in From and To. Raises UsageError for what is no address."""
        address = checked(self.address)
        return formataddr((_line(self.name), address), charset="utf-8") if self.name else address


@dataclass(frozen=True)
class Attachment:
    """A file that goes along. Names of our own papers are ASCII; others are carried as RFC 2231 has it."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Paper:
    """What the mail carries, so that the record of delivery knows: a document of duties.yaml, its day, its version.

    `due` is the Monday of a weekly report.
    """

    kind: str = ""
    due: date | None = None
    version: str = ""


def draft(
    letter: Letter,
    *,
    sender: Mailbox | None,
    recipients: Sequence[Mailbox],
    attachments: Sequence[Attachment],
    moment: datetime,
    paper: Paper = Paper(),
) -> bytes:
    """The mail as .eml; the same input gives the same bytes. Raises UsageError for an address, or over LARGEST.

    `moment` is the event's time, aware. Without a sender the mail program puts its own.
    """
    if not recipients:
        raise UsageError("the mail has no recipient", do="Name one with --to, or in event.yaml under recipient.")
    made = MIMEMultipart("mixed", boundary=f"=_eventready_{_seed(letter, attachments)[:24]}")
    if sender is not None:
        made["From"] = sender.header()
    made["To"] = ", ".join(mailbox.header() for mailbox in recipients)
    made["Subject"] = Header(_line(letter.subject), "utf-8", header_name="Subject").encode()
    made["Date"] = format_datetime(moment)
    if sender is not None:
        identity = hashlib.sha256("\0".join((_seed(letter, attachments), made["To"], made["Date"])).encode())
        made["Message-ID"] = f"<{identity.hexdigest()[:32]}@{sender.address.rpartition('@')[2]}>"
        made["Disposition-Notification-To"] = sender.address
    made["X-Unsent"] = "1"
    for name, value in (("Kind", paper.kind), ("Due", str(paper.due or "")), ("Version", paper.version)):
        if value:
            made[f"X-Eventready-{name}"] = Header(_line(value), header_name=f"X-Eventready-{name}").encode()
    made.attach(MIMEText(unicodedata.normalize("NFC", letter.body), "plain", "utf-8"))
    for attachment in attachments:
        made.attach(_part(attachment))
    return fitting(made.as_bytes())


def fitting(data: bytes) -> bytes:
    """The mail's bytes, when they are not too many. Raises UsageError."""
    if len(data) > LARGEST:
        raise UsageError(
            f"the mail would have {len(data) / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f} MB",
            do="Attach fewer files, or the PDF only.",
        )
    return data


def checked(address: str) -> str:
    """An address that SMTP can carry. Raises UsageError."""
    if not (_ADDRESS.fullmatch(address) and address.isascii()):
        raise UsageError(f"{address!r} is not a mail address", do="Write it like name@example.vn.")
    return address


def file_name(name: str) -> str:
    """A file's name as it may stand in a mail: NFC, one component, not too long; the suffix is kept."""
    cleaned = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(". ") or "attachment"
    if len(cleaned) <= _LONGEST_NAME:
        return cleaned
    stem, dot, suffix = cleaned.rpartition(".")
    tail = f".{suffix}" if dot and len(suffix) < 10 else ""
    return (stem if tail else cleaned)[: _LONGEST_NAME - len(tail)].strip(". ") + tail


def _part(attachment: Attachment) -> MIMEApplication:
    name = file_name(attachment.name)
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    part = MIMEApplication(attachment.data, _TYPES.get(suffix, "octet-stream"))
    told = name if name.isascii() else ("utf-8", "", name)
    part.set_param("name", name, charset="" if name.isascii() else "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=told)
    return part


def _seed(letter: Letter, attachments: Sequence[Attachment]) -> str:
    digest = hashlib.sha256("\0".join((letter.subject, letter.body)).encode("utf-8", "replace"))
    for attachment in attachments:
        digest.update(attachment.name.encode("utf-8", "replace") + b"\0" + hashlib.sha256(attachment.data).digest())
    return digest.hexdigest()


def _line(text: str) -> str:
    """One line, NFC: a line break in a header would begin another header."""
    cleaned = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(c for c in cleaned if c.isprintable()).encode("utf-8", "replace").decode("utf-8")
