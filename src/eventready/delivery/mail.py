"""A mail read back from its bytes: what it says, what is attached, and the fingerprint of all that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value, format_datetime, getaddresses

from eventready.delivery.draft import Mailbox, Paper, fitting
from eventready.errors import UsageError

#: A header line stays as it was folded.
_AS_IS = policy.compat32.clone(max_line_length=0)
#: For the sender's mail program, or for nobody but the sender.
_NOT_SENT = ("X-Unsent", "Bcc", "Resent-Bcc")


@dataclass(frozen=True)
class Enclosed:
    """A file inside a mail, by its hash."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Mail:
    """A mail as it is. `fingerprint` covers subject, text and files, whatever the day or the recipients."""

    data: bytes
    subject: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    enclosed: tuple[Enclosed, ...]
    fingerprint: str
    paper: Paper


def read(data: bytes, where: str = "") -> Mail:
    """A mail from the bytes of an .eml file. Raises UsageError for what is none, or is too large."""
    fitting(data)
    message = message_from_bytes(data, policy=_AS_IS)
    if not message.keys() or not any(name in message for name in ("Subject", "To", "From")):
        raise UsageError("this is not a mail", where=where, do="Give an .eml file, or documents to attach.")
    leaves = tuple(_leaves(message))
    subject = text_of(message, "Subject")
    seal = [subject, *([name, kind, sha] for name, kind, sha, _size in leaves)]
    return Mail(
        data=data,
        subject=subject,
        sender=next(iter(_addresses(message, "From")), ""),
        recipients=tuple(dict.fromkeys(_addresses(message, "To", "Cc", "Bcc"))),
        message_id=text_of(message, "Message-ID").strip(),
        enclosed=tuple(Enclosed(name, sha, size) for name, _kind, sha, size in leaves if name),
        fingerprint=hashlib.sha256(json.dumps(seal, ensure_ascii=False).encode("utf-8", "replace")).hexdigest(),
        paper=_paper(message),
    )


def posted(mail: Mail, sender: Mailbox, moment: datetime) -> Mail:
    """The mail as it goes out: dated (real time), with a sender and a message id, without what is a draft's only."""
    message = message_from_bytes(mail.data, policy=_AS_IS)
    for name in _NOT_SENT:
        del message[name]
    del message["Date"]
    message["Date"] = format_datetime(moment)
    if not mail.sender:
        del message["From"]
        message["From"] = sender.header()
        message["Disposition-Notification-To"] = sender.address
    if not mail.message_id:
        seed = f"{mail.fingerprint} {message['Date']} {sender.address}"
        del message["Message-ID"]
        message["Message-ID"] = (
            f"<{hashlib.sha256(seed.encode()).hexdigest()[:32]}@{sender.address.rpartition('@')[2]}>"
        )
    return read(message.as_bytes(policy=_AS_IS))


def text_of(message: Message, name: str) -> str:
    """A header in plain words; what cannot be decoded stays as it is."""
    raw = str(message.get(name, ""))
    try:
        return " ".join(str(make_header(decode_header(raw))).split())
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return " ".join(raw.split())


def _addresses(message: Message, *names: str) -> Sequence[str]:
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address for _name, address in getaddresses(values) if address]


def _leaves(message: Message) -> Iterator[tuple[str, str, str, int]]:
    """Name, type, hash and size of every part that is not a container."""
    for part in message.walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        yield _name(part), part.get_content_type(), hashlib.sha256(content).hexdigest(), len(content)


def _name(part: Message) -> str:
    raw = part.get_param("filename", header="content-disposition") or part.get_param("name") or ""
    if isinstance(raw, tuple):
        return collapse_rfc2231_value(raw)
    try:
        return str(make_header(decode_header(str(raw))))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return str(raw)


def _paper(message: Message) -> Paper:
    try:
        due = date.fromisoformat(text_of(message, "X-Eventready-Due"))
    except ValueError:
        due = None
    return Paper(text_of(message, "X-Eventready-Kind"), due, text_of(message, "X-Eventready-Version"))
