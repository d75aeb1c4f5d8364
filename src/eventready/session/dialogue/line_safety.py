"""Content against sending a configuration line as a single typed line."""

from __future__ import annotations

import re

from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import REDACTED, redact
from eventready.platforms.model import ChangeSpec, PlatformSpec

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_QUOTED = re.compile(r'"[^"]*"')


def uses_shell(platform: PlatformSpec) -> bool:
    """Return True if configuration lines of the platform are commands of a Linux shell."""
    return platform.netmiko.device_type == "linux"


def refuse_unsafe(line: str, spec: ChangeSpec, *, shell: bool = False) -> None:
    """Raise RefusedError for text of anything but a single typed line."""
    what = unsafe_content(line, spec, shell=shell)
    if what:
        raise RefusedError(message("session:unsafe_line", line=redact(line), what=what))


def unsafe_content(line: str, spec: ChangeSpec, *, shell: bool = False) -> Message | None:
    """Return the content against sending `line` as a single line; None for a safe line."""
    what: Message | None = None
    if not line.strip():
        what = message("session:unsafe.empty")
    elif _CONTROL.search(line):
        what = message("session:unsafe.control")
    elif REDACTED in line:
        what = message("session:unsafe.redacted")
    elif spec.form == "mml" and not shell and (_QUOTED.sub("", line).count(";"), line.rstrip()[-1]) != (1, ";"):
        what = message("session:unsafe.mml")
    elif not shell and spec.encoding == "ascii" and not line.isascii():
        what = message("session:unsafe.non_ascii")
    elif "\ufffd" in line:
        what = message("session:unsafe.not_utf8")
    elif spec.form in ("indented", "paths") and not shell and "?" in line:
        what = message("session:unsafe.question")
    return what
