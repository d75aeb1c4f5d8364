"""Letters of mails and their bytes: subject and text, the paper, attachments, an .eml file."""

from __future__ import annotations

import base64
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

from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message, text
from eventready.store.integrity import CHECKPOINT, Checkpoint


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail; `rehearsal` is true for a marked mail."""

    subject: str
    body: str
    rehearsal: bool = False


@dataclass(frozen=True)
class PaperReference:
    """The paper of a mail, for the record of deliveries: document of duties.yaml, its day and its version.

    `due` is the Monday of a weekly report, `checkpoint` the signed head of the record of runs.
    """

    kind: str = ""
    due: date | None = None
    version: str = ""
    checkpoint: Checkpoint | None = None


#: The reference of a mail without a paper, such as a reminder.
NO_PAPER = PaperReference()


def marked_subject(subject: str, lang: Lang) -> str:
    """The subject of a rehearsal."""
    return f"{text('delivery:rehearsal_mark', lang)} {subject}"


#: Bytes; many servers refuse larger mails, and base64 makes attachments a third larger.
LARGEST = 10_000_000

#: Header with the signed head of the record of runs: JSON in Base64.
CHECKPOINT_HEADER = "X-Eventready-Checkpoint"

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
    """An address with the name of its owner. The address is ASCII without blanks."""

    address: str
    name: str = ""

    def header(self) -> str:
        """Value of From and To. Raises UsageError for an invalid address."""
        address = checked(self.address)
        return formataddr((_line(self.name), address), charset="utf-8") if self.name else address


@dataclass(frozen=True)
class Attachment:
    """File of a mail. A non-ASCII name is encoded as in RFC 2231."""

    name: str
    data: bytes


def draft(
    letter: Letter,
    *,
    sender: Mailbox | None,
    recipients: Sequence[Mailbox],
    attachments: Sequence[Attachment],
    moment: datetime,
    paper: PaperReference = NO_PAPER,
) -> bytes:
    """The mail as .eml; the same input gives the same bytes. Raises UsageError for an invalid address and over LARGEST.

    `moment` is the event's time, aware. Without a sender the mail program uses its own.
    """
    if not recipients:
        raise UsageError(message("delivery:mail.no_recipient"))
    made = MIMEMultipart("mixed", boundary=f"=_eventready_{_seed(letter, attachments)[:24]}")
    if sender is not None:
        made["From"] = sender.header()
    made["To"] = ", ".join(mailbox.header() for mailbox in recipients)
    made["Subject"] = Header(_line(letter.subject), "utf-8", header_name="Subject").encode()
    made["Date"] = format_datetime(moment)
    if sender is not None:
        made["Message-ID"] = message_id("\0".join((_seed(letter, attachments), made["To"], made["Date"])), sender)
        made["Disposition-Notification-To"] = sender.address
    made["X-Unsent"] = "1"
    headers = {
        "Kind": paper.kind,
        "Due": str(paper.due or ""),
        "Version": paper.version,
        "Rehearsal": "yes" if letter.rehearsal else "",
    }
    if paper.checkpoint:
        made[CHECKPOINT_HEADER] = Header(
            _folded(CHECKPOINT.encode(paper.checkpoint)), header_name=CHECKPOINT_HEADER
        ).encode()
    for name, value in headers.items():
        if value:
            made[f"X-Eventready-{name}"] = Header(_line(value), header_name=f"X-Eventready-{name}").encode()
    made.attach(MIMEText(unicodedata.normalize("NFC", letter.body), "plain", "utf-8"))
    for attachment in attachments:
        made.attach(_part(attachment))
    return fitting(made.as_bytes())


def _folded(document: bytes) -> str:
    """Return a document in Base64 with blanks, at which a header line may be folded."""
    text = base64.b64encode(document).decode()
    return " ".join(text[start : start + 60] for start in range(0, len(text), 60))


def message_id(seed: str, sender: Mailbox) -> str:
    """A message id of the sender's domain; the same seed gives the same id."""
    return f"<{hashlib.sha256(seed.encode()).hexdigest()[:32]}@{sender.address.rpartition('@')[2]}>"


def fitting(data: bytes) -> bytes:
    """The bytes of a mail of at most LARGEST. Raises UsageError."""
    if len(data) > LARGEST:
        raise UsageError(message("delivery:mail.large", size=len(data) / 1000000.0, most=LARGEST / 1000000.0))
    return data


def checked(address: str) -> str:
    """Return the address. Raises UsageError for an address invalid in SMTP."""
    if not (_ADDRESS.fullmatch(address) and address.isascii()):
        raise UsageError(message("delivery:mail.address", address=address))
    return address


def file_name(name: str) -> str:
    """Return a safe file name: NFC, a single path component, at most _LONGEST_NAME characters; the suffix is kept."""
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
    encoded = name if name.isascii() else ("utf-8", "", name)
    part.set_param("name", name, charset="" if name.isascii() else "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=encoded)
    return part


def _seed(letter: Letter, attachments: Sequence[Attachment]) -> str:
    digest = hashlib.sha256("\0".join((letter.subject, letter.body)).encode("utf-8", "replace"))
    for attachment in attachments:
        digest.update(attachment.name.encode("utf-8", "replace") + b"\0" + hashlib.sha256(attachment.data).digest())
    return digest.hexdigest()


def _line(text: str) -> str:
    """Return the text as a line in NFC: a line break in a value would begin another header."""
    cleaned = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(c for c in cleaned if c.isprintable()).encode("utf-8", "replace").decode("utf-8")
