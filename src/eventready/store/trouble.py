"""What a database can do wrong, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from eventready.errors import Exit, StoreError
from eventready.run import Run

_KEEP = "Keep a copy of the file; put a backup in its place, or move it away and a new one is begun."

#: Part of the database's own message, our sentence, and what to do.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    ("is full", "The disk is full", "Make room and try again; what was stored before is intact."),
    ("disk I/O error", "The disk cannot be read or written", "Look at the disk; what was stored before is intact."),
    ("readonly database", "The database may not be written", "Give yourself write access to the file and its folder."),
    ("unable to open", "The database cannot be opened", "Check that the folder exists and that you may write there."),
    ("not a database", "This is not an eventready database, or it is damaged", _KEEP),
    ("malformed", "The database is damaged", _KEEP),
    ("could not decode", "The database is damaged", _KEEP),
    ("is locked", "Another eventready has been writing for too long", "Wait for it to end, and try again."),
    ("connection failed", "The database server does not answer", "Check EVENTREADY_DATABASE_URL and the server."),
    ("connection refused", "The database server does not answer", "Check EVENTREADY_DATABASE_URL and the server."),
)


class NewerStore(StoreError):
    """The database was written by a later eventready."""

    exit = Exit.USAGE


class NotStored(StoreError):
    """A finished run could not be stored. `run` is what it found, unchained; `rescued` is the file it was put in."""

    def __init__(self, cause: StoreError, run: Run, rescued: Path | None) -> None:
        place = f"The run is kept in {rescued}." if rescued else "The run could not be kept anywhere else either."
        super().__init__(cause.what, where=cause.where, do=f"{place} {cause.do}")
        self.run, self.rescued = run, rescued


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the database raises into a StoreError that says where (without a password) and what to do."""
    try:
        yield
    except SQLAlchemyError as error:
        raise explain(error, where) from error


def explain(error: Exception, where: str) -> StoreError:
    """The sentence for a database's error."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    for words, what, do in _KNOWN:
        if words.lower() in str(cause).lower():
            return StoreError(what, where=where, do=do)
    return StoreError(f"The database refuses: {lines[0]}", where=where, do="Run `eventready doctor`.")
