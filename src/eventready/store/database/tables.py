"""Database tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, LargeBinary, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: Format of the tables and of the records inside. A database of another version is refused.
VERSION = 8

#: Prefix of all tables, for shared PostgreSQL databases.
PREFIX = "eventready_"


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData()


class Ledger(Base):
    """Single row: version of the schema, length and head of the chain of finished runs.

    Length and head reveal the removal of the latest runs.
    """

    __tablename__ = PREFIX + "ledger"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    version: Mapped[int]
    length: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64), default="")


class RunRow(Base):
    """Run. `position`: number in the chain of finished runs, from 1. `document`: compressed canonical JSON.

    A list that is null there has rows of its own (`RunItemsRow`).
    """

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


class RunItemsRow(Base):
    """Items of a list (`key`) of a run document, those of a device (see `run_items`). `part`: 1 across devices."""

    __tablename__ = PREFIX + "run_items"

    run: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    device: Mapped[str] = mapped_column(
        String(200).with_variant(String(200, collation="C"), "postgresql"), primary_key=True
    )
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class EvidenceRow(Base):
    """Redacted output of a device under the SHA-256 of its UTF-8 bytes. `data`: compressed. `size`: uncompressed."""

    __tablename__ = PREFIX + "evidence"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class JournalRow(Base):
    """Append-only entry, such as an attestation. `position`: number in the stream, from 1.

    `key`: subject of the entry (clause, incident). `sha256`: hash of all other columns.
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
    """Length and head of a stream; reveals the removal of its latest entries."""

    __tablename__ = PREFIX + "journal_head"

    stream: Mapped[str] = mapped_column(String(32), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64), default="")


class ChangeRow(Base):
    """Started plan. Its steps are in the journal stream `change step` under its id; this row is a summary.

    `plan`: compressed plan file. `header`: operator and reason. `outcomes`: state by device.
    """

    __tablename__ = PREFIX + "change"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str]
    begun: Mapped[str]
    ended: Mapped[str | None]
    header: Mapped[dict[str, Any]] = mapped_column(JSON)
    outcomes: Mapped[dict[str, Any]] = mapped_column(JSON)
    plan: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class DeviceLock(Base):
    """Lock of a change on a device; a crash leaves the lock to the resumed change."""

    __tablename__ = PREFIX + "device_lock"

    device: Mapped[str] = mapped_column(String(200), primary_key=True)
    change: Mapped[str] = mapped_column(String(64), index=True)
    by: Mapped[str]
    host: Mapped[str]
    since: Mapped[str]


class CheckpointRow(Base):
    """Signed head of the chain. `body`: canonical JSON of the checkpoint."""

    __tablename__ = PREFIX + "checkpoint"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class SeriesRow(Base):
    """Series of measured values: figure, device, subject. Rehearsals are kept apart."""

    __tablename__ = PREFIX + "series"
    __table_args__ = (UniqueConstraint("event", "rehearsal", "name", "device", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str]
    rehearsal: Mapped[bool]
    name: Mapped[str]
    device: Mapped[str]
    subject: Mapped[str]


class SampleRow(Base):
    """Value of a series. `at`: real time, seconds since 1970. `span`: 0, or seconds of a mean with its `peak`."""

    __tablename__ = PREFIX + "sample"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own form

    span: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    series: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[float]
    peak: Mapped[float | None]


class CurrentRow(Base):
    """Value of a kind by key; a new value replaces the old. `body`: compressed canonical JSON."""

    __tablename__ = PREFIX + "current"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class NotificationRow(Base):
    """Message of an event: `id` is unique in its `scope`. `body`: compressed canonical JSON."""

    __tablename__ = PREFIX + "notification"

    scope: Mapped[str] = mapped_column(String(200), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    made: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class DeliveryRow(Base):
    """Delivery of a message to an address. `owner`: sender in charge. `due`: next attempt, event's time in UTC."""

    __tablename__ = PREFIX + "notification_delivery"

    scope: Mapped[str] = mapped_column(String(200), primary_key=True)
    notification: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str] = mapped_column(String(64), default="")
    due: Mapped[str] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(default="")
