"""Mask telephone numbers (`0912***678`) outside of contact lists."""

from __future__ import annotations

import re

#: Separators between digits: a blank, dot or hyphen.
_GAP = r"[ .\u00a0\u2010-\u2013-]?"
_CANDIDATE = re.compile(
    rf"(?<![\w+])(?<!\d\.)(?:\(0\d{{1,3}}\)(?:{_GAP}\d){{6,8}}"
    rf"|(?:\+84|0084|84)(?:{_GAP}\(0\))?(?:{_GAP}\d){{9,10}}|0\d(?:{_GAP}\d){{7,9}})(?!\w)"
)
_VIETNAMESE = re.compile(r"0[35789]\d{8}|02\d{8,9}|01[2689]\d{8}")
_VISIBLE_PREFIX, _VISIBLE_SUFFIX = 4, 3


def mask(phone: str) -> str:
    """Return a number with its middle masked; `***` for a short number, empty for an empty text."""
    digits = _national(phone)
    if not phone.strip():
        return ""
    if len(digits) < _VISIBLE_PREFIX + _VISIBLE_SUFFIX + 2:
        return "***"
    return f"{digits[:_VISIBLE_PREFIX]}***{digits[-_VISIBLE_SUFFIX:]}"


def mask_text(text: str) -> str:
    """Mask every Vietnamese telephone number of the text, with any spacing."""
    return _CANDIDATE.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    found = match[0]
    return mask(found) if _VIETNAMESE.fullmatch(_national(found)) else found


def _national(phone: str) -> str:
    digits = re.sub(r"\D", "", re.sub(r"(?<=\d)[ .\u00a0-]?\(0\)", "", phone))
    for prefix in ("0084", "84"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 9:
            return "0" + digits[len(prefix) :].removeprefix("0")
    return digits
