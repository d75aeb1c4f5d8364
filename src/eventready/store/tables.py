"""The tables. A change to them raises `VERSION`, and brings the step that takes an older database along."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = 1

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
