"""Alerts: findings with a worse state than before the watch, with their labels, begin and sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from eventready.core.language import FindingSentence
from eventready.core.records import Moment
from eventready.store.watch_log import DEVICE, RecordedChange
from eventready.watch.open_finding import OpenFinding
from eventready.watch.record import key_of, recorded_change
from eventready.watch.silence import REACH
from eventready.watch.states import Key, StateChange
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.watch import LONGEST_S

_RANK = {"pass": 0, "waived": 0, "warn": 1, "fail": 2, "not_measured": 2}
#: Alerts under a cause are muted for so long after its end: every fact is read again meanwhile.
_AFTER_CAUSE = timedelta(seconds=2 * LONGEST_S)


@dataclass(frozen=True)
class Alert:
    """Alert since `since`. `sentence`: message and state as of a finding, None for a lost device. `cause`: device in
    front, or what is next to the watch.
    """

    key: Key
    labels: Mapping[str, str]
    since: Moment
    sentence: FindingSentence | None = None
    cause: str = ""
    damped: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the labels."""
        return sha256(repr(sorted(self.labels.items())).encode()).hexdigest()[:16]

    @property
    def status(self) -> str:
        """State of now."""
        return (self.sentence.status if self.sentence else "") or self.labels["status"]

    @property
    def passes(self) -> bool:
        """True for a finding with frequent changes, passed now."""
        often = self.sentence.often if self.sentence else None
        return often is not None and not _RANK.get(often.now, 0)


class Alerts:
    """Alerts of a watch: a change for the worse begins an alert, a passed finding is its end. A finding known
    as bad before the watch is none, and so is that of a device taken out of the inventory.

    A finding that changes often is in force until calm.
    """

    def __init__(self, devices: Mapping[str, Device], unwatched: Collection[str] = ()) -> None:
        self._devices, self._unwatched = devices, unwatched
        self._active: dict[Key, Alert] = {}
        self._ended: dict[str, datetime] = {}
        self._before: dict[Key, str] = {}
        #: Open findings on the wall, and their keys; None without a watch.
        self._shown: tuple[Sequence[OpenFinding] | None, Collection[Key]] = None, ()

    def take(self, changes: Iterable[StateChange], moment: datetime) -> None:
        """Take the changes of state of a round."""
        self.replay((moment, recorded_change(change)) for change in changes)

    def replay(self, recorded: Iterable[tuple[datetime, RecordedChange]]) -> None:
        """Take recorded changes with their times, oldest first."""
        for at, change in recorded:
            key = key_of(change)
            if key.device not in self._unwatched and (not key.device or key.device in self._devices):
                labels = self.labels(key, change.new)
                self._update(Alert(key, labels, at, change.sentence, change.cause, change.damped), change.old)

    def settle(self, states: Mapping[Key, str]) -> None:
        """End the alerts of passed findings, after the end of an earlier watch."""
        self._active = {key: one for key, one in self._active.items() if _RANK.get(states.get(key, ""), 0)}

    def show(self, opened: Sequence[OpenFinding]) -> None:
        """Take state and sentence of each alert as the wall shows them. Those without are muted: the finding passes
        for the first time, or is to be read again.
        """
        if opened is self._shown[0]:
            return
        shown = {one.key: one.sentence for one in opened}
        self._shown = opened, shown.keys()
        for key, alert in self._active.items():
            if key in shown and alert.sentence is not shown[key]:
                self._active[key] = replace(alert, sentence=shown[key])

    def active(self, now: datetime, resting: Collection[str] = ()) -> tuple[Sequence[Alert], frozenset[str]]:
        """Return the alerts, and the fingerprints of those muted by their cause, on a device at rest, or not shown."""
        found, (opened, shown) = tuple(self._active.values()), self._shown
        muted = (
            one.fingerprint
            for one in found
            if one.key.device in resting or self._explained(one, now) or (opened is not None and one.key not in shown)
        )
        return found, frozenset(muted)

    def _explained(self, alert: Alert, now: datetime) -> bool:
        if not alert.cause or alert.labels["status"] != "not_measured":
            return False
        cause = Key("", REACH, "") if alert.cause == REACH else Key(alert.cause, DEVICE, "")
        if cause == alert.key:
            return False
        ended = self._ended.get(alert.cause)
        return cause in self._active or (ended is not None and abs(now - ended) < _AFTER_CAUSE)

    def _update(self, new: Alert, old: str) -> None:
        key, known = new.key, self._active.get(new.key)
        status = new.labels["status"]
        rank = _RANK.get(status, 0)
        if not known:
            self._before[key] = old
        before = self._before[key]
        if "not_measured" not in (status, before) and 0 < rank <= _RANK.get(before, 0):
            self._active.pop(key, None)
        elif rank and (known or rank >= _RANK.get(old, 0)):
            same = known is not None and known.labels["status"] == status
            self._active[key] = replace(new, since=known.since) if known and same else new
        elif not rank and new.damped:
            self._active[key] = replace(known or replace(new, labels=self.labels(key, old)), damped=True)
        elif not rank and known:
            del self._active[key]
            self._ended |= {key.device or key.check: new.since} if key.check in {DEVICE, REACH} else {}

    def labels(self, key: Key, status: str) -> dict[str, str]:
        """Return the labels of a finding with a status."""
        device = self._devices.get(key.device)
        place = {"role": device.role, "venues": ",".join(device.venues)} if device else {"role": "", "venues": ""}
        return {**key._asdict(), "status": status, **place}
