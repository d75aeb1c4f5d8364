"""The tables. A change to them raises `VERSION`, and brings the step that takes an older database along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, LargeBinary, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = 3

#: Every table carries the product's name, so that a PostgreSQL database may hold other things too.
PREFIX = "eventready_"


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData()


class Ledger(Base):
    """One row: the schema's version, and how long the chain of finished runs is and where it ends.

    Without the last two, nobody would notice that the latest runs had been taken away.
    """

    __tablename__ = PREFIX + "ledger"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    version: Mapped[int]
    length: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64), default="")


class RunRow(Base):
    """A run. `position` counts finished runs from 1; `document` is the compressed canonical JSON."""

    __tablename__ = PREFIX + "run"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str]
    started: Mapped[str]
    finished: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16), index=True)
    position: Mapped[int | None] = mapped_column(unique=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    previous: Mapped[str | None] = mapped_column(String(64))
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    document: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class EvidenceRow(Base):
    """What a device said, redacted, under the SHA-256 of its UTF-8 bytes; `data` is compressed, `size` is not."""

    __tablename__ = PREFIX + "evidence"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class JournalRow(Base):
    """An entry that is only ever appended: an attestation, a step of an incident. `position` counts from 1 in a stream.

    `key` is what the entry is about (a clause, an incident's name); `sha256` covers everything else in the row.
    """

    __tablename__ = PREFIX + "journal"

    stream: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), index=True)
    recorded: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class JournalHead(Base):
    """How long a stream is and where it ends, so that nobody can take its latest entries away unnoticed."""

    __tablename__ = PREFIX + "journal_head"

    stream: Mapped[str] = mapped_column(String(32), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64), default="")


class ChangeRow(Base):
    """A plan that was begun. Its steps stand in the journal's stream `change step` under its id; all else is a summary.

    `plan` is the compressed plan file, `opening` who began it and why, `outcomes` what became of each device so far.
    """

    __tablename__ = PREFIX + "change"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str]
    begun: Mapped[str]
    ended: Mapped[str | None]
    opening: Mapped[dict[str, Any]] = mapped_column(JSON)
    outcomes: Mapped[dict[str, Any]] = mapped_column(JSON)
    plan: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class DeviceLock(Base):
    """A device that a change has in its hands. It outlives a crash: only the change itself, resumed, gives it back."""

    __tablename__ = PREFIX + "device_lock"

    device: Mapped[str] = mapped_column(String(200), primary_key=True)
    change: Mapped[str] = mapped_column(String(64), index=True)
    by: Mapped[str]
    host: Mapped[str]
    since: Mapped[str]


def _tables(*rows: type[Base]) -> tuple[Table, ...]:
    return tuple(Base.metadata.tables[row.__tablename__] for row in rows)


#: What each version brought; a database of an earlier one is given these tables when it is opened.
BROUGHT: Mapping[int, tuple[Table, ...]] = {
    2: _tables(JournalRow, JournalHead),
    3: _tables(ChangeRow, DeviceLock),
}
