"""Words, sentences of findings, numbers and dates in the language of a reader."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from pydantic import JsonValue

from eventready.core.groups import group_by
from eventready.core.messages import (
    Bilingual,
    Lang,
    Message,
    Param,
    from_json,
    known,
    number,
    percentage,
    render,
    term,
    text,
)
from eventready.core.timezone import aware, local_time


@dataclass(frozen=True)
class FrequentChanges:
    """Frequent changes of a finding: their number, the minutes between the first and the last, and its state now."""

    changes: int
    minutes: int
    now: str


@dataclass(frozen=True)
class FindingSentence:
    """Sentence of a finding. `status`: its state, empty as of a change; `often`: of frequent changes, else None."""

    message: str
    message_id: str
    params: Mapping[str, JsonValue]
    status: str = ""
    often: FrequentChanges | None = None


#: Names of a row that a sentence has at most.
NAMED = 12

#: The part in brackets by which names differ, such as the venue of a question.
_INSIDE = re.compile(r" \(([^()]*)\)")

#: In place of control characters and of marks that turn the direction of writing.
BLOT = "\N{REPLACEMENT CHARACTER}"


def clean(text: object, *, keep: str = "") -> str:
    """Text from outside for display: composed letters (NFC), no control characters but those in `keep`."""
    return _cleaned(str(text), keep)


@lru_cache(maxsize=4_096)
def _cleaned(text: str, keep: str) -> str:
    shown = unicodedata.normalize("NFC", text)
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() or c in keep else BLOT if c != "\n" else " " for c in shown)


class Worded(Protocol):
    """Sentence of a finding: in English, and in the catalogue."""

    @property
    def message(self) -> str:
        """Sentence in English."""

    @property
    def message_id(self) -> str:
        """Id of the sentence."""

    @property
    def params(self) -> Mapping[str, JsonValue]:
        """Parameters of the sentence."""


class Reasoned(Protocol):
    """Reason of a device or of an unread record of a run: in English, and as a message."""

    @property
    def reason(self) -> str:
        """Reason in English."""

    @property
    def reason_message(self) -> Mapping[str, JsonValue] | None:
        """Reason as a message of the catalogue, or a text in both languages."""


class Language:
    """Language of a reader: `vi` or `en`."""

    def __init__(self, code: Lang) -> None:
        self.code = code
        self._vi = code == "vi"

    def phrase(self, msgid: str, **params: Param) -> str:
        """A sentence of the catalogue. Raises KeyError for an unknown id."""
        return render(msgid, {name: clean(p) if isinstance(p, str) else p for name, p in params.items()}, self.code)

    def verdict(self, key: str) -> str:
        """The word for a verdict."""
        return term("terms:verdict", clean(key), self.code)

    def status(self, key: str) -> str:
        """The word for the status of a finding."""
        return term("terms:status", clean(key), self.code)

    def counted(self, key: str, count: int) -> str:
        """`2 warnings`: findings of a status, inside a sentence."""
        return self.phrase("terms:warnings", n=count) if key == "warn" else f"{count} {self.status(key).lower()}"

    def observation(self, key: str) -> str:
        """The words for the status of an observation."""
        return term("terms:observation", clean(key), self.code)

    def service(self, key: str) -> str:
        """The name of a service."""
        return term("terms:service", clean(key), self.code)

    def intent(self, key: str) -> str:
        """The name of an intent."""
        return term("terms:intent", clean(key), self.code)

    def role(self, key: str, platform: str = "") -> str:
        """The name of a role; the kind of equipment where the platform is narrower than its role."""
        kind = f"terms:role_of.{clean(platform)}"
        return text(kind, self.code) if platform and known(kind) else term("terms:role", clean(key), self.code)

    def platform(self, key: str) -> str:
        """The product name of a platform; the key of a platform of the workspace."""
        return term("terms:platform", clean(key), self.code)

    def check(self, key: str) -> str:
        """The short name of a check."""
        return term("checks:name", clean(key), self.code)

    def subject(self, name: str) -> str:
        """Return a subject in words; a name stays unchanged."""
        return term("terms:subject", clean(name), self.code)

    def reason(self, entry: Reasoned) -> str:
        """Return the reason of a device or an unread record of a run; in English if there is no message."""
        try:
            message = from_json(entry.reason_message)
            shown = message.render(self.code) if isinstance(message, Message | Bilingual) and self._vi else ""
        except (KeyError, ValueError, TypeError, AttributeError):  # a document may come from anywhere
            shown = ""
        return clean(shown or entry.reason)

    def number(self, value: float, spec: str = "") -> str:
        """Return a number in the notation of the language."""
        return number(value, self.code, spec)

    def percent(self, ratio: float) -> str:
        """Return a ratio (0 to 1) as a percentage; only the whole is 100%."""
        return percentage(ratio * 100, self.code) + "%"

    def moment(self, iso: str, *, weekday: bool = False) -> str:
        """Return `07:00, thứ Hai 25/07/2033`; a text without a valid time stays unchanged."""
        try:
            moment = datetime.fromisoformat(iso)
        except ValueError:
            return clean(iso)
        local = local_time(aware(moment))
        day = term("page:weekday", str(local.isoweekday()), self.code)
        if self._vi:
            return f"{local:%H:%M}, {day} {local:%d/%m/%Y}" if weekday else f"{local:%d/%m/%Y %H:%M}"
        date = f"{local.day} {term('page:month', str(local.month), self.code)} {local.year}"
        return f"{local:%H:%M}, {day} {date}" if weekday else f"{date} {local:%H:%M}"

    def sentence(self, finding: Worded) -> str:
        """Return the sentence of a finding, with the number of frequent changes.

        The English message if missing in the catalogue.
        """
        words = self._worded(finding)
        if not isinstance(finding, FindingSentence) or (often := finding.often) is None:
            return words
        now = self.status(often.now).lower()
        return f"{words} ({self.phrase('watch:line.often', changes=often.changes, minutes=often.minutes, now=now)})"

    def _worded(self, finding: Worded) -> str:
        try:
            restored = {name: from_json(value) for name, value in finding.params.items()}
            return clean(render(finding.message_id, restored, self.code))
        except (KeyError, ValueError, TypeError, AttributeError):  # a document may come from anywhere
            return clean(finding.message)

    def together(self, sentence: str, subjects: Sequence[str], behind: int = 0, most: int = NAMED) -> str:
        """Return the sentence of alike findings, with their subjects and the number of findings behind them.

        `sentence` is that of the first subject, and is true for each of them.
        """
        first, names = self.subject(subjects[0]), _folded([self.subject(subject) for subject in subjects])
        shown = sentence
        if len(subjects) > 1:
            part = next((word for word in (first, first[:1].upper() + first[1:]) if word and word in sentence), "")
            if part:
                shown = sentence.replace(part, part[:1] + names[0][1:], 1)
                names = names[1:]
            if names:
                msgid = "terms:row.also" if part else "terms:row.of"
                shown = self.phrase(msgid, sentence=shown, names=self.names(names, most))
        return self.phrase("terms:row.behind", sentence=shown, n=behind) if behind else shown

    def names(self, names: Sequence[str], most: int = NAMED) -> str:
        """Return the first names, and the number of the others."""
        listed = ", ".join(map(clean, names[:most]))
        return self.phrase("terms:row.names", names=listed, n=len(names) - most) if len(names) > most else listed


def _folded(names: Iterable[str]) -> list[str]:
    """Return the names; names with a difference in brackets alone are joined, such as `http://a/ (hall, park)`."""
    return [_together(own) for own in group_by(names, lambda name: _INSIDE.sub(" ()", name, count=1)).values()]


def _together(names: Sequence[str]) -> str:
    inside = ", ".join(found[1] for name in names if (found := _INSIDE.search(name)))
    return _INSIDE.sub(lambda _: f" ({inside})", names[0], count=1)
