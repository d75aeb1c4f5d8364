"""Acts of people on alerts, in the store's journal: acknowledgements, notes and silences, with name, time and reason.

Labels of an alert: `device`, `check`, `subject`, `status`, `role`, `venues`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from eventready.checks.registry import all_checks
from eventready.checks.runbook import runbook
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.matchers import Matcher, all_match, matcher
from eventready.core.strings.texts import required, tidy
from eventready.core.validation_messages import suggest
from eventready.store.event_journal import Dated, DatedShape, EventJournal
from eventready.store.records import Kinds, Moment, Stream
from eventready.store.store import Store
from eventready.workspace.settings.alerts import LABELS, require_status

ActKind: TypeAlias = Literal["acknowledgement", "note", "silence"]
#: Longest silence.
_LONGEST = timedelta(days=7)
_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ActBegin:
    """Act of a person in the journal."""

    act: ActKind
    matchers: tuple[Matcher, ...]
    by: str
    text: str
    until: Moment | None


@dataclass(frozen=True)
class ActEnd:
    """End of the act with a position in the journal, by a person."""

    act: int
    by: str


_KINDS: Kinds[ActBegin | ActEnd] = Kinds("kind", {"begin": ActBegin, "end": ActEnd})
STREAM: Stream[Dated[ActBegin | ActEnd]] = Stream("alert", DatedShape(_KINDS))


@dataclass(frozen=True)
class Act:
    """Act on the alerts with fitting labels. `at`, `until`: the event's time; `until`: end of a silence, or of an act
    that a person ended.

    An acknowledgement counts for alerts that began before, those of before a clock set back included; the next alert
    needs another one.
    """

    id: int
    kind: ActKind
    matchers: tuple[Matcher, ...]
    by: str
    text: str
    at: datetime
    until: datetime | None = None
    ended_by: str = ""

    def active(self, now: datetime) -> bool:
        """Return True until the end of the act."""
        return self.until is None or now < self.until

    def covers(self, labels: Mapping[str, str], since: datetime, now: datetime) -> bool:
        """Return True for an active act on an alert with these labels, begun at `since`."""
        begun = self.kind == "silence" or since <= self.at or since > now
        return begun and self.active(now) and all_match(self.matchers, labels)

    def to_dict(self) -> dict[str, Any]:
        """Return the act as plain JSON types."""
        until = self.until.isoformat(timespec="seconds") if self.until else None
        matchers, at = [str(one) for one in self.matchers], self.at.isoformat(timespec="seconds")
        return {**vars(self), "matchers": matchers, "at": at, "until": until}


class Acts:
    """Acts on the alerts of an event."""

    def __init__(self, store: Store, event: str, clock: Clock) -> None:
        self._journal, self._clock = EventJournal(store, STREAM, event, clock), clock

    def add(
        self, kind: ActKind, matchers: Sequence[Matcher], *, by: str, text: str = "", until: datetime | None = None
    ) -> Act:
        """Record an act. Raises UsageError without a matcher, a name, the text of a note, reason or end of a silence.

        At least one matcher must need a label, as in Alertmanager.
        """
        now = self._clock.now()
        if all_match(matchers, {}):
            raise UsageError(message("watch:act.matches_all"))
        _require_possible(matchers)
        if kind == "silence" and (until is None or not now < until <= now + _LONGEST):
            raise UsageError(message("watch:act.end"))
        name = required(by, "by", "by")
        words = tidy(text, "reason") if kind == "acknowledgement" else required(text, "reason", "the reason")
        begin = ActBegin(kind, tuple(matchers), name, words, until)
        entry = self._journal.append(kind, begin)
        return _act(entry.position, entry.body.at, begin)

    def expire(self, act: int, *, by: str) -> Act:
        """Record the end of an active act. Raises UsageError for an unknown or ended act."""
        found = next((one for one in self.all() if one.id == act and one.active(self._clock.now())), None)
        if found is None:
            raise UsageError(message("watch:act.unknown", act=act))
        name = required(by, "by", "by")
        entry = self._journal.append("end", ActEnd(act, name))
        return replace(found, until=entry.body.at, ended_by=name)

    def all(self) -> tuple[Act, ...]:
        """Return all acts, oldest first. Raises StoreError."""
        found: dict[int, Act] = {}
        for entry in self._journal.entries():
            at, record = entry.body.at, entry.body.record
            if isinstance(record, ActBegin):
                found[entry.position] = _act(entry.position, at, record)
            elif record.act in found:
                found[record.act] = replace(found[record.act], until=at, ended_by=record.by)
        return tuple(found.values())

    def active(self) -> tuple[Act, ...]:
        """Return the acts in force now, oldest first. Raises StoreError."""
        now = self._clock.now()
        return tuple(act for act in self.all() if act.active(now))


def _require_possible(matchers: Sequence[Matcher]) -> None:
    """Raise UsageError for an unknown label, and for two values of a label: no alert would fit, unnoticed."""
    for label in {one.label for one in matchers} - {*LABELS}:
        raise UsageError(message("workspace:alerts.label", label=label), do=suggest(label, LABELS))
    for one in matchers:
        require_status(one)
    values = {(one.label, one.value) for one in matchers if one.operator == "="}
    if len(values) > len({label for label, _value in values}):
        raise UsageError(message("watch:act.never"))


def is_check(name: str) -> bool:
    """True for a check of the product, with its runbook, or of another package."""
    return runbook(name, "en") is not None or name in {one.name for one in all_checks()}


def matchers_of(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Parse conditions on labels, or `DEVICE`, `DEVICE/CHECK`, `DEVICE/CHECK/SUBJECT`. Raises UsageError."""
    found: list[Matcher] = []
    for text in texts:
        if "=" in text.split("/")[0] or "~" in text.split("/")[0]:
            found.append(matcher(text))
        else:
            named = zip(("device", "check", "subject"), text.split("/", 2), strict=False)
            found += [Matcher(label, "=", value) for label, value in named if value]
    return tuple(found)


def covering(
    acts: Iterable[Act], kind: ActKind, labels: Mapping[str, str], since: datetime, now: datetime
) -> Act | None:
    """Return the longest act of a kind on an alert with these labels, begun at `since`, of equal ones the latest.

    None without any.
    """
    found = [act for act in acts if act.kind == kind and act.covers(labels, since, now)]
    return max(found, key=lambda act: (act.until or _FOREVER, act.id), default=None)


def _act(position: int, at: datetime, begin: ActBegin) -> Act:
    return Act(position, begin.act, begin.matchers, begin.by, begin.text, at, begin.until)
