"""Database errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from eventready.core.errors import Exit, StoreError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.store.run import Run

#: Part of the database's message, and the catalogue's message.
_KNOWN: Mapping[str, Message] = {
    "is full": message("store:database.disk_full"),
    "disk I/O error": message("store:database.disk_error"),
    "readonly database": message("store:database.read_only"),
    "unable to open": message("store:database.no_open"),
    "not a database": message("store:database.no_database"),
    "malformed": message("store:database.damaged"),
    "could not decode": message("store:database.damaged"),
    "is locked": message("store:database.busy"),
    "invalid port number": message("store:database.port"),
    "connection failed": message("store:database.no_server"),
    "connection refused": message("store:database.no_server"),
}


class OtherVersion(StoreError):
    """Database written by another version."""

    exit = Exit.USAGE


class RunNotStored(StoreError):
    """Finished run without storage. `run`: unchained run. `rescued`: file with the run, or None."""

    def __init__(self, cause: StoreError, run: Run, rescued: Path | None) -> None:
        advice = {"do": cause.remedy}
        kept = (
            message("store:rescued", file=str(rescued), **advice) if rescued else message("store:not_rescued", **advice)
        )
        super().__init__(cause.cause, where=cause.where, do=kept)
        self.run, self.rescued = run, rescued


@contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """Convert errors of SQLAlchemy to StoreError, with location (without password) and remedy."""
    try:
        yield
    except SQLAlchemyError as error:
        raise describe_database_error(error, where) from error
    except JSONDecodeError as error:  # of a column of JSON
        raise StoreError(message("store:database.damaged"), where=where) from error


def describe_database_error(error: Exception, where: str) -> StoreError:
    """StoreError for a database error."""
    cause = getattr(error, "orig", None) or error
    lines = lines_of(str(cause).strip()) or [type(cause).__name__]
    for words, what in _KNOWN.items():
        if words.lower() in str(cause).lower():
            return StoreError(what, where=where)
    return StoreError(message("store:refuses", reason=lines[0]), where=where)
