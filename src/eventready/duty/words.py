"""What is said to people, in the two languages at once; Vietnamese in NFC."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias, get_args

from eventready.clock import TZ
from eventready.errors import UsageError

Lang: TypeAlias = Literal["vi", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)

#: Longer than anybody types; a file belongs into --file.
LONGEST = 4000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Words:
    """One sentence or phrase in Vietnamese and English."""

    vi: str
    en: str

    def said(self, lang: str) -> str:
        """It in a language; Vietnamese unless English is asked for."""
        return self.en if lang == "en" else self.vi


#: Where nothing need be said.
NOTHING = Words("", "")


def tidy(text: str, what: str) -> str:
    """What a person typed: NFC, without control characters and blanks around it. Raises UsageError when too long."""
    cleaned = unicodedata.normalize("NFC", _CONTROL.sub("", text.replace("\r\n", "\n"))).strip()
    if len(cleaned) > LONGEST:
        raise UsageError(
            f"the {what} has {len(cleaned)} characters, more than {LONGEST}", do="Put it into a file and give --file."
        )
    # Half a surrogate pair comes in through a legacy terminal and can be stored nowhere.
    return cleaned.encode("utf-8", "replace").decode("utf-8")


def moment_of(text: str) -> datetime:
    """A stored moment, in local time."""
    return datetime.fromisoformat(text).astimezone(TZ)


def at(moment: datetime) -> str:
    """A moment as people read it: 29/04/2022 19:05."""
    return f"{moment.astimezone(TZ):%d/%m/%Y %H:%M}"


def day(value: date) -> str:
    """A day as people read it: 29/04/2022."""
    return f"{value:%d/%m/%Y}"


def short(text: str, width: int = 90) -> str:
    """The text, cut between words where it is longer."""
    return text if len(text) <= width else text[: width - 1].rsplit(" ", 1)[0] + "…"
