"""Due notifications: a pure function of alerts, routing tree, acts of people, log of notifications and time.

Meanings as in Alertmanager: a new group waits for `group_wait`, a change of a notified group for `group_interval`, the
same alerts for `repeat_interval`. An inhibited or silenced alert is in no message, and its end is no change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from eventready.core.groups import group_by
from eventready.core.strings.matchers import all_match
from eventready.watch.alerts.acts import Act, ActKind, covering
from eventready.watch.alerts.alert import Alert
from eventready.watch.states import Key
from eventready.workspace.settings.watching.alerts import EACH, AlertsFile, Escalation, InhibitRule, RouteNode

#: End of the path of an escalation.
_ESCALATED = "!"


@dataclass(frozen=True)
class Way:
    """Node of the routing tree with the values of its parents. `path`: hashes of receiver and matchers of the nodes,
    the same after a change elsewhere in the tree: nobody is called twice, and a new receiver is called."""

    path: str = ""
    receiver: str = ""
    group_by: tuple[str, ...] = ()
    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)
    escalate: Escalation | None = None

    def under(self, node: RouteNode) -> Way:
        """Return the way of a child."""
        own = {name: getattr(node, name) for name in ("group_by", "group_wait", "group_interval", "repeat_interval")}
        own |= {"receiver": node.receiver or None, "escalate": node.escalate}
        found = replace(self, **{name: one for name, one in own.items() if one is not None})
        return replace(found, path=self.path + _step(found.receiver, *map(str, node.matchers)))

    def group(self, labels: Mapping[str, str]) -> str:
        """Name of the group of an alert: the path, and the labels of `group_by`."""
        names = sorted(labels) if EACH in self.group_by else self.group_by
        return "|".join([self.path, *(f"{name}={labels.get(name, '')}" for name in names)])

    def escalation(self, to: Escalation) -> Way:
        """Return the way of alerts without an acknowledgement or a delivery."""
        path = self.path + _step(to.receiver) + _ESCALATED
        return replace(self, path=path, receiver=to.receiver, group_wait=timedelta(), escalate=None)


@dataclass(frozen=True)
class Notification:
    """Message about a group. `firing`, `ended`: its alerts; `kept`: alerts of earlier messages, muted now.

    `number`: place among those of the group. `only_ended`: no alert is new. `failed`: not delivered, as far as known.
    """

    group: str
    receiver: str
    at: datetime
    number: int
    firing: Sequence[Alert] = ()
    ended: Sequence[Alert] = ()
    kept: Sequence[Alert] = ()
    only_ended: bool = False
    failed: bool = False

    @property
    def id(self) -> str:
        """Identity of the event, the same for two dispatchers."""
        return sha256(f"{self.group}|{self.number}".encode()).hexdigest()[:24]

    @property
    def escalated(self) -> bool:
        """True for alerts without an acknowledgement or a delivery."""
        return self.group.split("|")[0].endswith(_ESCALATED)

    @property
    def known(self) -> dict[str, Alert]:
        """Alerts in force after this message by fingerprint."""
        return {one.fingerprint: one for one in (*self.firing, *self.kept)}


@dataclass(frozen=True)
class Situation:
    """Alerts in force at a moment. `muted`: fingerprints of alerts under a cause or on a device at rest."""

    now: datetime
    alerts: Sequence[Alert]
    muted: Collection[str] = ()
    acts: Sequence[Act] = ()

    def act(self, kind: ActKind, alert: Alert) -> Act | None:
        """Return the act on an alert; None without any."""
        return covering(self.acts, kind, alert.labels, alert.since, self.now)

    @property
    def present(self) -> frozenset[Key]:
        """Findings with an alert."""
        return frozenset(one.key for one in self.alerts)


class Dispatcher:
    """Dispatcher of alerts.yaml, without a state of its own."""

    def __init__(self, settings: AlertsFile) -> None:
        self.settings = settings
        self._ways: dict[str, tuple[Way, ...]] = {}
        self._root = Way().under(settings.route)
        self._nodes = {way.path: way for way in _nodes(settings.route, self._root)}

    def due(self, situation: Situation, log: Iterable[Notification]) -> list[Notification]:
        """Return the notifications due, given those made before in their order."""
        past = group_by(log, lambda one: one.group)
        groups = {one: way for one in past if (way := self._nodes.get(one.split("|")[0])) is not None}
        members: dict[str, list[Alert]] = {group: [] for group in groups}
        for alert in situation.alerts:
            if not self.muted(alert, situation):
                for way in self.ways(alert):
                    group = way.group(alert.labels)
                    groups[group] = way
                    members.setdefault(group, []).append(alert)
        found: list[Notification] = []
        for group, way in groups.items():
            firing, earlier = members[group], past.get(group, [])
            if not (firing or way.escalate or (earlier and earlier[-1].known)):
                continue
            taken = {one.fingerprint for one in firing if situation.act("acknowledgement", one)}
            found += _next(way, group, earlier, firing, situation=situation, taken=taken)
            if way.escalate:
                higher = way.escalation(way.escalate)
                name = group.replace(way.path, higher.path, 1)
                before = past.get(name, [])
                known = before[-1].known if before else {}
                late = (_late(way.escalate, earlier, situation.now) if firing else set()) - taken | known.keys()
                left = [one for one in firing if one.fingerprint in late]
                found += _next(higher, name, before, left, situation=situation, taken=late)
        return found

    def ways(self, alert: Alert) -> tuple[Way, ...]:
        """Return the routes of an alert."""
        if alert.fingerprint not in self._ways:
            found = _walk(self.settings.route, self._root, alert.labels)
            self._ways[alert.fingerprint] = tuple({way.path: way for way in found}.values())
        return self._ways[alert.fingerprint]

    def muted(self, alert: Alert, situation: Situation) -> str:
        """Return the reason why no message names an alert: cause, silence or inhibition; empty without any."""
        if alert.fingerprint in situation.muted:
            return "cause"
        if situation.act("silence", alert):
            return "silence"
        rules = (one for one in self.settings.inhibit_rules if all_match(one.target_matchers, alert.labels))
        return "inhibition" if any(_inhibits(rule, alert, situation.alerts) for rule in rules) else ""


def _step(*words: str) -> str:
    return "." + sha256(repr(words).encode()).hexdigest()[:8]


def _nodes(node: RouteNode, way: Way) -> Iterator[Way]:
    yield way
    for child in node.routes:
        yield from _nodes(child, way.under(child))


def _walk(node: RouteNode, way: Way, labels: Mapping[str, str]) -> Iterator[Way]:
    """Yield the ways of the deepest fitting nodes; the node itself without a fitting child."""
    taken = False
    for child in node.routes:
        if all_match(child.matchers, labels):
            taken = True
            yield from _walk(child, way.under(child), labels)
            if not child.go_on:
                break
    if not taken:
        yield way


def _inhibits(rule: InhibitRule, alert: Alert, alerts: Iterable[Alert]) -> bool:
    """Return True with a source of a rule in force; alerts with both sides of a rule do not mute each other."""
    both = all_match(rule.source_matchers, alert.labels)
    return any(
        one is not alert
        and all_match(rule.source_matchers, one.labels)
        and not (both and all_match(rule.target_matchers, one.labels))
        and all(one.labels.get(name, "") == alert.labels.get(name, "") for name in rule.equal)
        for one in alerts
    )


def _next(
    way: Way, group: str, past: Sequence[Notification], firing: Sequence[Alert], *, situation: Situation,
    taken: Collection[str],
) -> list[Notification]:  # fmt: skip
    """Return the next notification of a group, if due. `taken`: fingerprints of alerts without repeats."""
    known = past[-1].known if past else {}
    present, calling = situation.present, {one.key for one in firing}
    new = [one for one in firing if one.fingerprint not in known]
    ended = [one for one in known.values() if one.key not in present]
    if not known:
        due = min((one.since for one in new), default=None)
        wait = way.group_wait
    else:
        due = past[-1].at
        untaken = any(one.fingerprint not in taken for one in firing)
        wait = way.group_interval if new or ended else way.repeat_interval if untaken else timedelta.max
    # A message of the future is one before the clock was set back.
    if due is None or abs(situation.now - due) < wait:
        return []
    kept = [one for one in known.values() if one.key in present and one.key not in calling]
    return [
        Notification(
            group, way.receiver, situation.now, len(past), firing, ended, kept, only_ended=bool(ended and not new)
        )
    ]


def _late(to: Escalation, past: Sequence[Notification], now: datetime) -> set[str]:
    """Fingerprints of notified alerts without an acknowledgement in time, or with undelivered messages."""
    first: dict[str, datetime] = {}
    reached: set[str] = set()
    for one in past:
        for alert in one.ended:
            first.pop(alert.fingerprint, None)
            reached.discard(alert.fingerprint)
        for alert in one.firing:
            first.setdefault(alert.fingerprint, one.at)
            reached |= set() if one.failed else {alert.fingerprint}
    return {name for name, at in first.items() if abs(now - at) >= to.after or name not in reached}
