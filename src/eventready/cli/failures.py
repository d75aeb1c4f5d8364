"""Last handler of exceptions: a full disk or a missing package is a usage error, anything else a defect."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from eventready.cli.folding import folded
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message, text
from eventready.core.strings.texts import lines_of

#: Optional packages and the extra with each.
EXTRAS = {
    "apprise": "notify",
    "asyncssh": "lab",
    "keyring": "secrets",
    "psycopg": "postgresql",
    "docx": "documents",
    "typst": "documents",
    "authlib": "serve",
    "httpx": "serve",
    "python_multipart": "serve",
    "starlette": "serve",
    "uvicorn": "serve",
}

#: Full disk, exceeded quota, broken disk, file size limit.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})


def report_exception(error: Exception, lang: str) -> int:
    """Report lack of disk or packages as a usage error, any other exception as a defect. Return the exit code."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if isinstance(error, OSError) and error.filename is None and error.errno in _DISK:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        failure = UsageError(message("cli:failure.output_incomplete", reason=error.strerror or ""))
    elif missing and missing in EXTRAS:
        failure = UsageError(message("cli:failure.not_installed", package=missing, extra=EXTRAS[missing]))
    elif missing and missing.startswith("eventready."):
        failure = UsageError(message("cli:failure.no_package", package=missing))
    else:
        return _internal(error, lang)
    click.echo(folded(f"eventready: {failure.render(lang)}"), err=True)
    return failure.exit


def _internal(error: Exception, lang: str) -> int:
    """Report a defect in a sentence, with the redacted traceback in a file for the developers."""
    from eventready.core.redaction.redaction import redactor  # noqa: PLC0415  only when something is broken

    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    path = Path.cwd() / f"eventready-crash-{stamp}.log"
    record = redactor.redact("".join(traceback.format_exception(error)))
    place = str(path)
    try:
        path.touch(mode=0o600)
        path.write_text(record, encoding="utf-8")
    except OSError:
        place = ""
    sentence = lines_of(redactor.redact(f"{type(error).__name__}: {error}"))[0]
    msgid = "cli:failure.internal" if place else "cli:failure.internal_unrecorded"
    click.echo(folded(f"eventready: {text(msgid, lang, error=sentence, path=place)}"), err=True)
    return Exit.INTERNAL
