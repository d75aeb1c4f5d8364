"""Changes on record: the plan, every step before it was taken, and which devices are in whose hands.

Steps stand in the journal's stream `change step`, so that none can be altered or taken away unnoticed. What a change
and its devices are follows from them; the table of changes is a summary.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from eventready.clock import TZ
from eventready.errors import RefusedError, StoreError, UsageError
from eventready.run import canonical
from eventready.store.alive import Alive
from eventready.store.database import Database
from eventready.store.documents import fold, unfold
from eventready.store.evidence import EvidenceShelf, Packed
from eventready.store.journal import Journal
from eventready.store.tables import ChangeRow, DeviceLock
from eventready.store.trouble import told

STREAM = "change step"

#: The first and the last step of a change itself; all others are a device's.
BEGUN, ENDED = "begun", "ended"


@dataclass(frozen=True)
class Step:
    """`device` is empty for the change itself; `recorded` the real time in UTC (ISO 8601)."""

    device: str
    step: str
    recorded: str
    body: Mapping[str, Any]

    @property
    def moment(self) -> datetime:
        """When it was recorded, aware."""
        return datetime.fromisoformat(self.recorded)


@dataclass(frozen=True)
class Note:
    """What is to be recorded. `gives_back`: the device's lock goes with it, in the same transaction."""

    device: str
    step: str
    body: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Packed, ...] = ()
    gives_back: bool = False


@dataclass(frozen=True)
class Hold:
    """Who has a device: the change, who began it, on which machine, and since when (real time, ISO 8601)."""

    device: str
    change: str
    by: str
    host: str
    since: str


@dataclass(frozen=True)
class ChangeEntry:
    """A line of the list of changes. `ended` is None while anything of it is not proven.

    `opening`: by, host, plan, rolls_back, emergency, clock; `outcomes`: per device its outcome (new, old, untouched,
    unproven), as it was when the change was last left.
    """

    id: str
    event: str
    begun: str
    ended: str | None
    opening: Mapping[str, Any]
    outcomes: Mapping[str, str]


@dataclass(frozen=True)
class ChangeRecord:
    """One change with its plan file (`{"plan": ..., "approvals": [...]}`) and all its steps, oldest first."""

    entry: ChangeEntry
    plan: Mapping[str, Any]
    steps: tuple[Step, ...]

    def of(self, device: str) -> tuple[Step, ...]:
        """One device's steps."""
        return tuple(step for step in self.steps if step.device == device)


class _Waiting:
    """Notes of one thread on their way into a transaction that it shares with others."""

    def __init__(self, change: str, notes: Sequence[Note], moment: datetime) -> None:
        self.change, self.notes, self.moment = change, notes, moment
        self.settled = False
        self.error: BaseException | None = None


class Changes:
    """The changes of one store. Safe for several threads, whose steps share a transaction, and several processes."""

    def __init__(self, database: Database, alive: Alive) -> None:
        self._database, self._alive = database, alive
        self._journal = Journal(database, STREAM)
        self._door, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []

    # Writing

    def begin(
        self, change: str, *, event: str, plan: Mapping[str, Any], devices: Iterable[str], opening: Mapping[str, Any]
    ) -> None:
        """Record a change and take all its devices, or nothing.

        `opening` says `by` and `host` at least. Raises RefusedError that says who has a device and since when, and
        StoreError.
        """
        now = datetime.now(UTC)
        since = now.isoformat(timespec="milliseconds")
        body = {"device": "", "step": BEGUN, "plan": digest(plan), "opening": dict(opening)}
        names = sorted(set(devices))
        with self._database.writing() as session:
            self._journal.write(session, [(change, body, now)])  # its head is ours from here on: others wait
            self._refuse_held(session, names)
            session.add(
                ChangeRow(id=change, event=event, begun=since, opening=dict(opening), outcomes={}, plan=fold(plan))
            )
            by, host = str(opening["by"]), str(opening["host"])
            session.add_all(DeviceLock(device=name, change=change, by=by, host=host, since=since) for name in names)

    def _refuse_held(self, session: Session, devices: Sequence[str]) -> None:
        wanted = set(devices)
        held = [_hold(row) for row in session.scalars(select(DeviceLock)) if row.device in wanted]
        if not held:
            return
        first = min(held, key=lambda hold: hold.device)
        more = f" (and {len(held) - 1} more)" if len(held) > 1 else ""
        raise RefusedError(
            f"{first.device}{more} is in the hands of change {first.change}, begun by {first.by} on {first.host} at "
            f"{_local(first.since)} and not at its end",
            do=f"Wait for it; if its process is gone, run `eventready apply --resume {first.change}`.",
        )

    def record(self, change: str, *notes: Note) -> None:
        """Record steps; when this returns they are on the disk. Raises StoreError, and then none of them is."""
        waiting = _Waiting(change, notes, datetime.now(UTC))
        with self._door:
            self._waiting.append(waiting)
        with self._writing:
            if not waiting.settled:
                with self._door:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        if isinstance(waiting.error, StoreError):
            raise StoreError(waiting.error.what, where=waiting.error.where, do=waiting.error.do) from waiting.error
        if waiting.error is not None:
            raise waiting.error

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """All that waits, in one transaction; whoever finds it settled need not write."""
        error: BaseException | None = None
        try:
            with self._database.writing() as session:
                self._journal.write(
                    session,
                    [
                        (one.change, {**note.body, "device": note.device, "step": note.step}, one.moment)
                        for one in batch
                        for note in one.notes
                    ],
                )
                EvidenceShelf.write_now(
                    session, (text for one in batch for note in one.notes for text in note.evidence)
                )
                for one in batch:
                    free = [note.device for note in one.notes if note.gives_back]
                    if free:
                        mine = DeviceLock.change == one.change
                        session.execute(delete(DeviceLock).where(mine, DeviceLock.device.in_(free)))
        except BaseException as caught:  # each of the waiting threads raises it
            error = caught
        for one in batch:
            one.error, one.settled = error, True

    def leave(self, change: str, outcomes: Mapping[str, str], body: Mapping[str, Any], *, ended: bool) -> None:
        """Record how a change stands now that nobody works on it; `ended` when everything in it is proven."""
        now = datetime.now(UTC)
        note = {**body, "device": "", "step": ENDED, "outcomes": dict(outcomes), "all_proven": ended}
        with self._database.writing() as session:
            self._journal.write(session, [(change, note, now)])
            row = session.get_one(ChangeRow, change)
            row.outcomes = dict(outcomes)
            row.ended = now.isoformat(timespec="milliseconds") if ended else None

    @contextmanager
    def carrying(self, change: str) -> Iterator[None]:
        """For the block, the only one who works on this change, until it ends or its process does.

        Raises RefusedError when somebody else does, and StoreError.
        """
        with ExitStack() as stack:
            with told(self._database.where):
                mine = stack.enter_context(self._alive.alone(f"change-{change}"))
            if not mine:
                entry = next((entry for entry in self.entries() if entry.id == change), None)
                who = (
                    f", begun by {entry.opening['by']} on {entry.opening['host']} at {_local(entry.begun)},"
                    if entry
                    else ""
                )
                raise RefusedError(
                    f"The change {change}{who} is being worked on at this moment", do="Wait until that has ended."
                )
            yield

    # Reading

    def entries(self) -> tuple[ChangeEntry, ...]:
        """All changes, oldest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(ChangeRow).order_by(ChangeRow.begun, ChangeRow.id))
            return tuple(_entry(row) for row in rows)

    def get(self, name: str) -> ChangeRecord:
        """The change called `latest`, by its id or a unique beginning of it. Raises UsageError, StoreError."""
        change = _find(name, [entry.id for entry in self.entries()])
        with self._database.reading() as session:
            row = session.scalars(
                select(ChangeRow).where(ChangeRow.id == change).options(undefer(ChangeRow.plan))
            ).one()
            entry, packed = _entry(row), row.plan
        try:
            plan = unfold(packed)
        except (zlib.error, ValueError, TypeError):
            raise _damaged(change) from None
        steps = tuple(
            Step(str(entry.body["device"]), str(entry.body["step"]), entry.recorded, entry.body)
            for entry in self._journal.entries(change)
        )
        if not steps or steps[0].body.get("plan") != digest(plan):
            raise _damaged(change)
        return ChangeRecord(entry, plan, steps)

    def holds(self, change: str | None = None) -> tuple[Hold, ...]:
        """The devices that are in somebody's hands, or in those of one change."""
        with self._database.reading() as session:
            rows = select(DeviceLock).order_by(DeviceLock.device)
            if change is not None:
                rows = rows.where(DeviceLock.change == change)
            return tuple(_hold(row) for row in session.scalars(rows))

    def working(self, change: str) -> bool:
        """True while a living process works on it."""
        with told(self._database.where), self._alive.alone(f"change-{change}") as free:
            return not free


def digest(plan: Mapping[str, Any]) -> str:
    """The hash of a plan file with its approvals."""
    return hashlib.sha256(canonical(plan)).hexdigest()


def broken_changes(session: Session) -> Iterator[tuple[str, str]]:
    """(change, what is wrong) where the table of changes does not say what the journal does."""
    told_of = {
        entry.key: entry.body for entry in Journal.raw(session, STREAM) if entry.body and entry.body["step"] == BEGUN
    }
    rows = select(ChangeRow).options(undefer(ChangeRow.plan)).execution_options(yield_per=1)
    for row in session.scalars(rows):
        begun = told_of.pop(row.id, None)
        try:
            intact = begun is not None and begun["plan"] == digest(unfold(row.plan))
        except (zlib.error, ValueError, TypeError):
            intact = False
        if not intact:
            yield row.id, "The plan was altered"
        elif begun is not None and begun["opening"] != json.loads(canonical(row.opening)):
            yield row.id, "Who began it and why was altered"
    for change in told_of:
        yield change, "The change is missing"


def _find(name: str, known: Sequence[str]) -> str:
    if not known:
        raise UsageError("No change is on record yet", do="Make a plan with `eventready plan`, and apply it.")
    if name == "latest":
        return known[-1]
    matches = [name] if name in known else [change for change in known if name and change.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{name!r} begins the names of {len(matches)} changes", do="Write more of it.")
    raise UsageError(f"There is no change {name!r}", do="See `eventready changes list`.")


def _damaged(change: str) -> StoreError:
    return StoreError(
        f"The plan of change {change} is damaged or was altered", do="`eventready runs verify` says what else is."
    )


def _entry(row: ChangeRow) -> ChangeEntry:
    return ChangeEntry(row.id, row.event, row.begun, row.ended, row.opening, row.outcomes)


def _hold(row: DeviceLock) -> Hold:
    return Hold(row.device, row.change, row.by, row.host, row.since)


def _local(moment: str) -> str:
    """A moment on record as people read it."""
    return f"{datetime.fromisoformat(moment).astimezone(TZ):%Y-%m-%d %H:%M:%S}"
