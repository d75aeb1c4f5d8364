"""Observations without the known values of their answers, such as the login's password.

Facts are read from the answer as printed: a password may be a word that the device prints for something else, and an
answer without that word is not what the device said. Texts are kept without it: the raw answer, unmatched lines,
reasons. Rows and subjects stand as read, since names and values identify what a finding is about, and a masked word
among them would tell what the password is; only prose of people, where a whole password may stand, lacks the values
that are too long to be a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eventready.core.messages import Bilingual, Message, Param, Text
from eventready.core.redaction.redaction import redact, redactor
from eventready.facts.observation import Observation, Unread
from eventready.facts.records import Fact

#: Fields of records with prose of people, or of a program about itself.
_PROSE = ("description", "location", "detail", "error")


def redacted(observation: Observation) -> Observation:
    """Return an observation without known values in its texts."""
    message = _text(observation.message) if observation.message else None
    return replace(
        observation,
        rows=tuple(map(_row, observation.rows)),
        unmatched=tuple(map(redact, observation.unmatched)),
        reason=message.render("en") if message else redact(observation.reason),
        message=message,
        raw=redact(observation.raw),
        unread=tuple(Unread(one.subject, _text(one.message)) for one in observation.unread),
    )


def _row(row: Fact) -> Fact:
    prose = {name: text for name in _PROSE if isinstance(text := getattr(row, name, None), str)}
    changed = {name: kept for name, text in prose.items() if (kept := redactor.without_long(text)) != text}
    return row.model_copy(update=changed) if changed else row


def _text(text: Text) -> Text:
    if isinstance(text, Bilingual):
        return Bilingual(redact(text.vi), redact(text.en))
    return Message(text.id, {name: _param(value) for name, value in text.params.items()})


def _param(value: Param) -> Param:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Message | Bilingual):
        return _text(value)
    if isinstance(value, Sequence):
        return [redact(one) if isinstance(one, str) else _text(one) for one in value]
    return value
