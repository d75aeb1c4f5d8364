"""Subject and text of the mails that papers go with: short, in the manner of a công văn, with whom to ask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from eventready.duty.paper_names import paper_words
from eventready.duty.words import Words
from eventready.workspace.event import Event
from eventready.workspace.mail import Mail

#: For the office to fill in where event.yaml names nobody.
BLANK = "………………"

_SOME = Words("văn bản", "documents")
_PARENTHESES = re.compile(r"\s*\([^()]*\)")


@dataclass(frozen=True)
class Letter:
    """What a person reads before opening the attachments."""

    subject: str
    body: str


def letter(
    event: Event,
    kind: str,
    files: Sequence[str],
    *,
    due: date | None = None,
    version: str = "",
    detail: str = "",
    lang: Literal["vi", "en"] = "vi",
) -> Letter:
    """The mail that a paper (`weekly-report`, `duty-list`, ... as in duties.yaml) goes with; `files` are its names.

    `due` is the Monday of a weekly report, `detail` what else names the paper (an incident's place).
    """
    words = paper_words(kind) if kind else _SOME
    named = words.vi if lang == "vi" else words.en
    title = " ".join(part for part in (named[:1].upper() + named[1:], _which(due, version, detail, lang)) if part)
    short = (event.mail.short if event.mail else "") or event.enterprise
    subject = f"[{short}] {title} - {_topic(event, lang)}" if short else f"{title} - {_topic(event, lang)}"
    body = _vietnamese(event, title, files) if lang == "vi" else _english(event, title, files)
    return Letter(subject, body)


def _which(due: date | None, version: str, detail: str, lang: str) -> str:
    if due is not None:
        first, last = due - timedelta(days=7), due - timedelta(days=1)
        return f"({first:%d/%m}–{last:%d/%m/%Y})"
    if version:
        return f"({'phiên bản' if lang == 'vi' else 'version'} {version})"
    return f"({detail})" if detail else ""


def _topic(event: Event, lang: str) -> str:
    """The mail's own topic is Vietnamese, as event.yaml has it."""
    if lang == "en":
        return f"Communications assurance, {event.name}"
    if event.mail and event.mail.topic:
        return event.mail.topic
    return f"Đảm bảo TTLL {_PARENTHESES.sub('', event.name_vi or event.name)}"


def _vietnamese(event: Event, title: str, files: Sequence[str]) -> str:
    recipient = event.recipient.name_vi or event.recipient.name
    name = _PARENTHESES.sub("", event.name_vi or event.name)
    enterprise = event.enterprise or BLANK
    return _laid_out(
        f"Kính gửi: {recipient}",
        f"Thực hiện yêu cầu của {recipient} về việc bảo đảm thông tin liên lạc phục vụ {name}, "
        f"{enterprise} kính gửi {_small(title)}.",
        "\n".join(["Tệp kèm theo:", *_numbered(files)]) if files else "",
        f"Đầu mối liên hệ: {_contact(event.mail, 'điện thoại')}.",
        "Kính đề nghị Quý cơ quan xác nhận đã nhận được thư này.",
        "Trân trọng./.",
        enterprise,
    )


def _english(event: Event, title: str, files: Sequence[str]) -> str:
    enterprise = event.enterprise or BLANK
    return _laid_out(
        f"To: {event.recipient.name}",
        f"As you asked for the {event.name}, {enterprise} sends you its {_small(title)}.",
        "\n".join(["Attached:", *_numbered(files)]) if files else "",
        f"Contact: {_contact(event.mail, 'telephone')}.",
        "Please confirm that you received this mail.",
        enterprise,
    )


def _laid_out(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _numbered(files: Sequence[str]) -> list[str]:
    return [f"{number}. {file}" for number, file in enumerate(files, 1)]


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]


def _contact(mail: Mail | None, phone: str) -> str:
    who = mail.contact if mail else None
    if who is None:
        return f"{BLANK}, {phone} {BLANK}"
    return ", ".join(part for part in (who.name, who.title, f"{phone} {who.phone or BLANK}") if part)
