"""States of findings over time: a new state counts from its second reading; frequent changes are damped."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from eventready.checks.finding import Finding, Outcome
from eventready.store.watch_log import DEVICE

#: Readings with a new state until it counts; changes within the window from which a state is damped; seconds.
HOLD_DOWN, DAMPED_FROM, WINDOW_S = 2, 4, 600.0


class Key(NamedTuple):
    """Identity of a finding; `device` is empty across devices and for the watching machine."""

    device: str
    check: str
    subject: str

    @property
    def place(self) -> str:
        """Device and check."""
        return f"{self.device} {self.check}".strip()


class Often(NamedTuple):
    """Changes of a damped state: their number, and the minutes between the first and the last within the window."""

    changes: int
    minutes: int


@dataclass(frozen=True)
class StateChange:
    """Change of a state at a time (seconds of the event's clock). `damped`: the state changes too often to be named.

    `cause`: device or subject whose loss explains this one; empty for a cause of its own.
    """

    at: float
    key: Key
    old: str
    new: str
    finding: Finding | None
    damped: bool = False
    cause: str = ""


def sentence_id(key: Key, old: str, new: str) -> str:
    """Id of the sentence of a change without a finding: of a device, of a check, or of an ended alarm."""
    if new == Outcome.NOT_MEASURED:
        return "watch:device.lost"
    if key.check == DEVICE:
        return "watch:device.back"
    return "watch:device.ended" if key.subject and old != Outcome.NOT_MEASURED else "watch:device.measured"


@dataclass
class _State:
    """State in force since `since`; `wanted`, seen in `seen` readings in a row; times of changes within the window.

    `cause`: of a state without a measurement, until the end of that state.
    """

    status: str
    since: float
    wanted: str = ""
    seen: int = 0
    changes: deque[float] = field(default_factory=deque)
    damped: bool = False
    cause: str = ""

    def changed(self, status: str, now: float) -> None:
        """Take a state in force from now on."""
        self.status, self.since, self.wanted, self.seen = status, now, "", 0
        self.changes.append(now)
        while abs(now - self.changes[0]) > WINDOW_S:
            self.changes.popleft()

    @property
    def often(self) -> Often | None:
        """Number of changes of a damped state."""
        if not self.damped:
            return None
        return Often(len(self.changes), max(1, round(abs(self.changes[-1] - self.changes[0]) / 60)))


class States:
    """States of all findings. `begin` gives the states of an audit, or of an earlier watch, which are no changes.

    A finding without an earlier state was passed before; a blind spot of the equipment is no change, also for a time:
    no wall shows it.
    """

    def __init__(self) -> None:
        self._states: dict[Key, _State] = {}
        #: Subjects with a state, also an ended one, by device and check.
        self._subjects: dict[tuple[str, str], set[str]] = {}

    def begin(
        self, states: Mapping[Key, str], since: Mapping[Key, float] | float, causes: Mapping[Key, str] | None = None
    ) -> None:
        """Take states as they are, begun at a time, or each at its own; `causes` of missing measurements."""
        for key, status in states.items():
            begun = since[key] if isinstance(since, Mapping) else since
            state = self._state(key, status, begun)
            if causes and status == Outcome.NOT_MEASURED:
                state.cause = causes.get(key, "")

    def _state(self, key: Key, status: str, since: float) -> _State:
        """Return the state of a finding, begun with a status where there is none."""
        if key not in self._states:
            self._states[key] = _State(status, since)
            self._subjects.setdefault((key.device, key.check), set()).add(key.subject)
        return self._states[key]

    def status(self, key: Key) -> tuple[str, float] | None:
        """Return the state in force and its start; None for an unknown finding."""
        state = self._states.get(key)
        return (state.status, state.since) if state else None

    def often(self, key: Key) -> Often | None:
        """Return the number of changes of a damped finding; None for any other."""
        state = self._states.get(key)
        return state.often if state else None

    def cause(self, key: Key) -> str:
        """Return the cause of a missing measurement; empty without any."""
        state = self._states.get(key)
        return state.cause if state else ""

    def pending(self, findings: Iterable[Finding]) -> bool:
        """True with a finding waiting for a second reading of its new state, or for the end of its damping."""
        states = (self._states.get(Key(one.device, one.check, one.subject)) for one in findings)
        return any(state is None or state.wanted or state.damped for state in states)

    def update(
        self, now: float, findings: Iterable[Finding], *, at_once: bool = False, cause: str = ""
    ) -> list[StateChange]:
        """Take the findings of a reading and return the changes.

        `at_once`: in force from the first reading. `cause`: of missing measurements, and of their end.
        """
        changes: list[StateChange] = []
        for finding in findings:
            key, status = Key(finding.device, finding.check, finding.subject), str(finding.status)
            if finding.blind and key in self._states:
                continue
            state = self._states.get(key) or self._state(key, status if finding.blind else str(Outcome.PASS), now)
            found = self._of(state, key, status, now, finding, at_once=at_once)
            changes += [_with_cause(state, change, cause) for change in found]
        return changes

    def turned(self, now: float, key: Key, status: str, cause: str = "") -> list[StateChange]:
        """Take the state of a device as a whole, in force at once, and return the change."""
        state = self._state(key, str(Outcome.PASS), now)
        return [_with_cause(state, one, cause) for one in self._of(state, key, status, now, None, at_once=True)]

    def measured_again(self, now: float, keys: Iterable[Key], cause: str = "") -> list[StateChange]:
        """Take the end of findings about a check as a whole, such as a missing answer, and return the changes."""
        ended = [(key, self._states.pop(key)) for key in list(keys) if key in self._states]
        for key, _state in ended:
            self._subjects[key.device, key.check].discard(key.subject)
        passed = str(Outcome.PASS)
        return [
            StateChange(now, key, one.status, passed, None, cause=one.cause or cause)
            for key, one in ended
            if one.status != passed
        ]

    def absent(self, device: str, check: str, findings: Iterable[Finding]) -> list[Key]:
        """Return the states of a check, not passed or not calm, without a finding any more: an ended alarm."""
        gone = self._subjects.get((device, check), set()) - {finding.subject for finding in findings}
        known = ((key, self._states[key]) for key in (Key(device, check, subject) for subject in gone))
        return [key for key, one in known if one.status != Outcome.PASS or one.wanted or one.damped]

    def ended(self, now: float, keys: Iterable[Key], cause: str = "") -> list[StateChange]:
        """Take the absence of findings as passed, and return the changes."""
        known = ((key, self._states[key]) for key in keys)
        return [
            _with_cause(state, one, cause)
            for key, state in known
            for one in self._of(state, key, str(Outcome.PASS), now, None, at_once=False)
        ]

    def _of(
        self, state: _State, key: Key, status: str, now: float, finding: Finding | None, *, at_once: bool
    ) -> list[StateChange]:
        if status == state.status:
            state.wanted, state.seen = "", 0
            return self._settled(state, key, now, finding)
        state.seen = state.seen + 1 if status == state.wanted else 1
        state.wanted = status
        if state.seen < HOLD_DOWN and not at_once:
            return []
        old = state.status
        state.changed(status, now)
        if state.damped:
            return []
        state.damped = len(state.changes) >= DAMPED_FROM
        return [StateChange(now, key, old, status, finding, damped=state.damped)]

    @staticmethod
    def _settled(state: _State, key: Key, now: float, finding: Finding | None) -> list[StateChange]:
        """Name the state of a damped finding again after a window without a change."""
        if not state.damped or abs(now - state.changes[-1]) <= WINDOW_S:
            return []
        state.damped = False
        state.changes.clear()
        return [StateChange(now, key, "", state.status, finding)]


def _with_cause(state: _State, change: StateChange, cause: str) -> StateChange:
    """Return the change with the cause of a missing measurement, also where the measurement comes back."""
    before, state.cause = state.cause, cause if change.new == Outcome.NOT_MEASURED else ""
    back = before or cause if change.old == Outcome.NOT_MEASURED else ""
    return replace(change, cause=state.cause or back)
