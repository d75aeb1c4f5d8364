"""A mail parsed from its bytes: headers, attachments, and a fingerprint of its contents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value, format_datetime, getaddresses
from typing import Any

from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message
from eventready.delivery.mail.letter import Mailbox, PaperReference, fitting, marked_subject, message_id

#: Policy that keeps the folding of header lines.
_AS_IS = policy.compat32.clone(max_line_length=0)
#: Headers for the sender's mail program only.
_REHEARSAL = "X-Eventready-Rehearsal"
_NOT_SENT = ("X-Unsent", "Bcc", "Resent-Bcc")


#: Levels of parts in parts.
_MOST_LEVELS = 50


class _Nested(Message):
    """Message with a bound on its levels, checked before the parts of a part are parsed."""

    level = 0

    def attach(self, payload: Any) -> None:
        """Add a part. Raises UsageError beyond the bound."""
        payload.level = self.level + 1
        if payload.level > _MOST_LEVELS:
            raise UsageError(message("delivery:mail.levels", most=_MOST_LEVELS))
        super().attach(payload)


@dataclass(frozen=True)
class Enclosed:
    """A file in a mail, by its hash."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Mail:
    """A parsed mail. `fingerprint` covers subject, text and files, not the day and the recipients."""

    data: bytes
    subject: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    enclosed: tuple[Enclosed, ...]
    fingerprint: str
    paper: PaperReference
    rehearsal: bool = False


def read(data: bytes, where: str = "") -> Mail:
    """Parse an .eml file. Raises UsageError for other files and over the size limit."""
    fitting(data)
    parsed = message_from_bytes(data, _Nested, policy=_AS_IS)
    if not parsed.keys() or not any(name in parsed for name in ("Subject", "To", "From")):
        raise UsageError(message("delivery:mail.no_mail"), where=where)
    leaves = tuple(_leaves(parsed))
    subject = text_of(parsed, "Subject")
    seal = [subject, *([name, kind, sha] for name, kind, sha, _size in leaves)]
    return Mail(
        data=data,
        subject=subject,
        sender=next(iter(_addresses(parsed, "From")), ""),
        recipients=tuple(dict.fromkeys(_addresses(parsed, "To", "Cc", "Bcc"))),
        message_id=text_of(parsed, "Message-ID").strip(),
        enclosed=tuple(Enclosed(name, sha, size) for name, _kind, sha, size in leaves if name),
        fingerprint=hashlib.sha256(json.dumps(seal, ensure_ascii=False).encode("utf-8", "replace")).hexdigest(),
        paper=_paper(parsed),
        rehearsal=bool(text_of(parsed, _REHEARSAL)),
    )


def marked(mail: Mail, lang: Lang) -> Mail:
    """The mail with the mark of a rehearsal in its subject and headers."""
    if mail.rehearsal:
        return mail
    message = message_from_bytes(mail.data, _Nested, policy=_AS_IS)
    del message["Subject"]
    message["Subject"] = Header(marked_subject(mail.subject, lang), "utf-8", header_name="Subject").encode()
    message[_REHEARSAL] = "yes"
    return read(message.as_bytes(policy=_AS_IS))


def posted(mail: Mail, sender: Mailbox, moment: datetime) -> Mail:
    """The mail for the server: dated (real time), with sender and message id, without headers of drafts."""
    message = message_from_bytes(mail.data, _Nested, policy=_AS_IS)
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
        message["Message-ID"] = message_id(seed, sender)
    return read(message.as_bytes(policy=_AS_IS))


def text_of(message: Message, name: str) -> str:
    """A decoded header; undecodable parts stay as they are."""
    return " ".join(_decoded(str(message.get(name, ""))).split())


def _decoded(raw: str) -> str:
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return raw


def _addresses(message: Message, *names: str) -> Sequence[str]:
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address for _name, address in getaddresses(values) if address]


def _leaves(message: Message) -> Iterator[tuple[str, str, str, int]]:
    """Yield name, type, hash and size of every part except containers."""
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
    return _decoded(str(raw))


def _paper(message: Message) -> PaperReference:
    try:
        due = date.fromisoformat(text_of(message, "X-Eventready-Due"))
    except ValueError:
        due = None
    return PaperReference(text_of(message, "X-Eventready-Kind"), due, text_of(message, "X-Eventready-Version"))
