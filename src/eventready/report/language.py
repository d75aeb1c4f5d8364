"""Saying things in one of the two languages: words, sentences of findings, numbers, dates."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from eventready.clock import TZ
from eventready.duty.named import CHECKS, INTENTS, Pair
from eventready.report.messages import MESSAGES_VI
from eventready.report.reasons import reason_vi
from eventready.report.words import (
    MONTHS,
    OBSERVATIONS,
    PHRASES,
    ROLES,
    SERVICES,
    STATUSES,
    SUBJECTS_VI,
    VALUES_VI,
    VERDICTS,
    WEEKDAYS,
    Lang,
)

#: Stands for what may not be shown: control characters, and marks that turn the direction of writing.
BLOT = "\N{REPLACEMENT CHARACTER}"


def clean(text: object, *, keep: str = "") -> str:
    """Text from outside made fit to be shown: composed letters (NFC), nothing invisible but what `keep` names."""
    shown = unicodedata.normalize("NFC", str(text))
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() or c in keep else BLOT if c != "\n" else " " for c in shown)


class _Sentence(string.Formatter):
    """Formats plain placeholders only: a run document may come from anywhere, and must not reach into objects."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def get_field(self, field_name: str, _args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._language.value(value)
        return self._language.number(value, format_spec)


class Language:
    """One of `vi` and `en`."""

    def __init__(self, code: Lang) -> None:
        self.code = code
        self._vi = code == "vi"
        self._sentence = _Sentence(self)

    def _of(self, words: Mapping[str, Pair], key: str) -> str:
        pair = words.get(key)
        return clean(key) if pair is None else pair[self._vi]

    def phrase(self, key: str, **values: object) -> str:
        """A phrase of the report itself. Raises KeyError for one that is not there."""
        pair = PHRASES[key]
        return pair[self._vi].format(**{name: self.value(value) for name, value in values.items()})

    def verdict(self, key: str) -> str:
        """Ready, not ready, ..."""
        return self._of(VERDICTS, key)

    def status(self, key: str) -> str:
        """Passed, failed, ..."""
        return self._of(STATUSES, key)

    def observation(self, key: str) -> str:
        """What came of a reading."""
        return self._of(OBSERVATIONS, key)

    def service(self, key: str) -> str:
        """Fixed, Internet, ..."""
        return self._of(SERVICES, key)

    def intent(self, key: str) -> str:
        """Load balancing, ..."""
        return self._of(INTENTS, key)

    def role(self, key: str) -> str:
        """Router, ..."""
        return self._of(ROLES, key)

    def check(self, key: str) -> str:
        """A check's short name."""
        return self._of(CHECKS, key)

    def subject(self, name: str) -> str:
        """A subject; a name stays as it is."""
        if self._vi and name in SUBJECTS_VI:
            return SUBJECTS_VI[name]
        if self._vi and name.startswith("memory "):
            return f"bộ nhớ {clean(name[7:])}"
        return clean(name)

    def value(self, value: object) -> str:
        """A value inside a sentence."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.number(value)
        text = clean(value)
        return VALUES_VI.get(text, text) if self._vi else text

    def reason(self, text: str) -> str:
        """Why something was not measured."""
        return reason_vi(clean(text)) if self._vi else clean(text)

    def number(self, value: float, spec: str = "") -> str:
        """A number as people of the language write it: `73,5` and `73.5`; no grouping, so that AS numbers stay."""
        text = format(value, spec or ("g" if isinstance(value, float) and abs(value) < 1e6 else ""))
        return text.replace(".", ",") if self._vi else text

    def percent(self, ratio: float) -> str:
        """A share of one. Rounded down, so that only all of it is 100%."""
        tenths = int(ratio * 1000 + 1e-9)
        return self.number(tenths / 10) + "%"

    def moment(self, iso: str, *, weekday: bool = False) -> str:
        """`07:00, thứ Hai 25/04/2022`; text that is no moment stays as it is."""
        try:
            moment = datetime.fromisoformat(iso)
        except ValueError:
            return clean(iso)
        local = moment.astimezone(TZ) if moment.tzinfo else moment.replace(tzinfo=TZ)
        day = WEEKDAYS[local.weekday()][self._vi]
        if self._vi:
            return f"{local:%H:%M}, {day} {local:%d/%m/%Y}" if weekday else f"{local:%d/%m/%Y %H:%M}"
        date = f"{local.day} {MONTHS[local.month - 1]} {local.year}"
        return f"{local:%H:%M}, {day} {date}" if weekday else f"{date} {local:%H:%M}"

    def sentence(self, finding: Mapping[str, Any]) -> str:
        """What a finding says. What cannot be said in Vietnamese is said in English rather than not at all."""
        fallback = clean(finding.get("message") or finding.get("text") or finding.get("check", ""))
        template = MESSAGES_VI.get(str(finding.get("text", ""))) if self._vi else None
        if template is None:
            return fallback
        params = dict(finding.get("params") or {})
        name = str(params.get("subject", ""))
        if "subject" in params:
            params["subject"] = self.subject(name)
        if "reason" in params:
            params["reason"] = self.reason(str(params["reason"]))
        try:
            said = clean(self._sentence.vformat(template, (), params))
        except (KeyError, ValueError, IndexError, TypeError):
            return fallback
        starts_with_word = template.startswith("{subject}") and self.subject(name) != clean(name)
        return said[:1].upper() + said[1:] if starts_with_word else said
