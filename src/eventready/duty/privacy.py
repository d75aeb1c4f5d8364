"""Masking telephone numbers: `0912***678`, everywhere but in the lists that are meant to carry them."""

from __future__ import annotations

import re

#: The start of a number, then digits with single blanks, dots or hyphens between them.
_GAP = r"[ .\u00a0\u2010-\u2013-]?"
_CANDIDATE = re.compile(
    rf"(?<![\w+])(?<!\d\.)(?:\(0\d{{1,3}}\)(?:{_GAP}\d){{6,8}}"
    rf"|(?:\+84|0084|84)(?:{_GAP}\(0\))?(?:{_GAP}\d){{9,10}}|0\d(?:{_GAP}\d){{7,9}})(?!\w)"
)
_LOOKS = re.compile(r"0[35789]\d{8}|02\d{8,9}|01[2689]\d{8}")
_SHOWN_BEFORE, _SHOWN_AFTER = 4, 3


def mask(phone: str) -> str:
    """A number with its middle hidden; what is too short to keep anything of is `***`. Nothing stays nothing."""
    digits = _national(phone)
    if not phone.strip():
        return ""
    if len(digits) < _SHOWN_BEFORE + _SHOWN_AFTER + 2:
        return "***"
    return f"{digits[:_SHOWN_BEFORE]}***{digits[-_SHOWN_AFTER:]}"


def mask_text(text: str) -> str:
    """The text with every Vietnamese telephone number in it masked, however it is spaced."""
    return _CANDIDATE.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    found = match[0]
    return mask(found) if _LOOKS.fullmatch(_national(found)) else found


def _national(phone: str) -> str:
    digits = re.sub(r"\D", "", re.sub(r"(?<=\d)[ .\u00a0-]?\(0\)", "", phone))
    for prefix in ("0084", "84"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 9:
            return "0" + digits[len(prefix) :].removeprefix("0")
    return digits
