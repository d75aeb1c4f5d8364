"""Due notifications: a pure function of alerts, routing tree, acts of people, log of notifications and time.

Meanings as in Alertmanager: a new group waits for `group_wait`, a change of a notified group for `group_interval`, the
same alerts for `repeat_interval`. An inhibited or silenced alert is in no message, nor is its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from eventready.core.strings.matchers import all_match
from eventready.watch.alerts.acts import Act, ActKind, covering
from eventready.watch.alerts.alert import Alert
from eventready.watch.open_finding import RANK
from eventready.watch.states import Key
from eventready.workspace.settings.alerts import EACH, AlertsFile, Escalation, InhibitRule, RouteNode

#: End of the path of an escalation.
_ESCALATED = "!"
#: Most moments of a forecast.
_LOOKS = 40
_TICK = timedelta.resolution


@dataclass(frozen=True)
class Way:
    """Node of the routing tree with the values of its parents. `path`: hashes of the matchers of the nodes (`place`)
    and of the receiver, the same after a change elsewhere: nobody is called twice, and a new receiver is called."""

    place: str = ""
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
        place = self.place + _step(*map(str, node.matchers))
        return replace(found, place=place, path=place + _step(found.receiver))

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
    """Message about a group. `firing`, `ended`: its alerts, new ones first, then the worst; `kept`: alerts of earlier
    messages, muted now.

    `number`: place among those of the group. `silent`: only ends, for a receiver without them; it is not sent.
    `failed`: not delivered, as far as known.
    """

    group: str
    receiver: str
    at: datetime
    number: int
    firing: Sequence[Alert] = ()
    ended: Sequence[Alert] = ()
    kept: Sequence[Alert] = ()
    silent: bool = False
    failed: bool = False

    @property
    def id(self) -> str:
        """Identity of the event, the same for two dispatchers."""
        return sha256(f"{self.group}|{self.number}".encode()).hexdigest()[:24]

    @property
    def escalated(self) -> bool:
        """True for alerts without an acknowledgement or a delivery."""
        return self.group.split("|")[0].endswith(_ESCALATED)

    def after(self, other: Notification) -> Notification:
        """Return the message with the alerts of an earlier message beside its own."""
        named = {alert.key for alert in (*self.firing, *self.ended, *self.kept)}
        return replace(self, kept=[*self.kept, *(one for one in other.known.values() if one.key not in named)])

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

    @cached_property
    def present(self) -> frozenset[Key]:
        """Findings with an alert."""
        return frozenset(one.key for one in self.alerts)

    @cached_property
    def _sources(self) -> dict[tuple[InhibitRule, bool], frozenset[tuple[str, ...]]]:
        return {}

    def is_inhibited(self, rule: InhibitRule, alert: Alert) -> bool:
        """True with a source of a rule in force; alerts with both sides of a rule do not mute each other."""
        if not all_match(rule.target_matchers, alert.labels):
            return False
        both = all_match(rule.source_matchers, alert.labels)
        if (rule, both) not in self._sources:
            self._sources[rule, both] = frozenset(
                _values(rule, one)
                for one in self.alerts
                if all_match(rule.source_matchers, one.labels)
                and not (both and all_match(rule.target_matchers, one.labels))
            )
        return _values(rule, alert) in self._sources[rule, both]


@dataclass(frozen=True)
class NextMessage:
    """Next message of a group, due some time after a moment if nothing changes."""

    message: Notification
    after: datetime
    wait: timedelta

    @property
    def is_due(self) -> bool:
        """True for a message due now."""
        return _is_over(self.message.at, self.after, self.wait)

    @property
    def at(self) -> datetime:
        """Moment of the message."""
        return self.message.at if self.is_due else self.after + self.wait


class Dispatcher:
    """Dispatcher of alerts.yaml, without a state of its own."""

    def __init__(self, settings: AlertsFile) -> None:
        self.settings = settings
        self._ways: dict[str, tuple[Way, ...]] = {}
        self._root = Way().under(settings.route)
        self._nodes = {way.path: way for way in _nodes(settings.route, self._root)}
        higher = (way.escalation(way.escalate) for way in self._nodes.values() if way.escalate)
        self._paths = {**self._nodes, **{way.path: way for way in higher}}

    def due(self, situation: Situation, log: Iterable[Notification]) -> list[Notification]:
        """Return the notifications due, given those made before in their order."""
        return [plan.message for plan in self.plans(situation, log).values() if plan.is_due]

    def plans(self, situation: Situation, log: Iterable[Notification]) -> dict[str, NextMessage]:
        """Return the next messages by group, if nothing changes; without escalations before their time."""
        past = self.past(log)
        groups = {one: way for one in past if (way := self._nodes.get(one.split("|")[0])) is not None}
        members: dict[str, list[Alert]] = {group: [] for group in groups}
        for alert in situation.alerts:
            if not self.muted(alert, situation):
                for way in self.ways(alert):
                    group = way.group(alert.labels)
                    groups[group] = way
                    members.setdefault(group, []).append(alert)
        found: dict[str, NextMessage | None] = {}
        for group, way in groups.items():
            firing, earlier = members[group], past.get(group, [])
            if not (firing or way.escalate or (earlier and earlier[-1].known)):
                continue
            known = known_of(earlier, firing, way)
            taken = {one.fingerprint for one in firing if taking(one, known, situation)}
            found[group] = self._next(way, group, earlier, firing, situation=situation, taken=taken)
            if way.escalate:
                higher = way.escalation(way.escalate)
                name = group.replace(way.path, higher.path, 1)
                before = past.get(name, [])
                times = escalations(way, earlier).items() if firing else ()
                late = {one for one, (since, wait) in times if _is_over(situation.now, since, wait)} - taken
                late = late & known.keys() | known_of(before, firing, way).keys()
                left = [one for one in firing if one.fingerprint in late and not one.passes]
                found[name] = self._next(higher, name, before, left, situation=situation, taken=late)
        return {group: plan for group, plan in found.items() if plan}

    def coming(
        self, situation: Situation, log: Iterable[Notification], groups: Collection[str],
        is_lost: Callable[[Notification], bool],
    ) -> Iterator[Notification]:  # fmt: skip
        """Yield the messages to come of some groups. `is_lost` knows messages without an address."""
        sent, ends = [*log], [act.until for act in situation.acts if act.until]
        for _ in range(_LOOKS):
            plans = [plan for group, plan in self.plans(situation, sent).items() if group in groups]
            due = [replace(plan.message, failed=is_lost(plan.message)) for plan in plans if plan.is_due]
            sent += due
            yield from due
            moments = (*(plan.at for plan in plans), *ends, *self._escalations(sent, groups))
            later = [situation.now] if due else [one for one in moments if one > situation.now]
            if not later:
                return
            situation = replace(situation, now=min(later))

    def _escalations(self, sent: Iterable[Notification], groups: Collection[str]) -> Iterator[datetime]:
        for group, past in self.past(sent).items():
            way = self._nodes.get(past[0].group.split("|")[0])
            if way and way.escalate and group in groups:
                yield from (since + wait for since, wait in escalations(way, past).values())

    def past(self, log: Iterable[Notification]) -> dict[str, list[Notification]]:
        """Return the log by group; messages before a change of `group_by` by the groups of now."""
        found: dict[str, list[Notification]] = {}
        for one in log:
            for part in self._split(one):
                earlier = found.setdefault(part.group, [])
                earlier.append(part if part is one or not earlier else part.after(earlier[-1]))
        return found

    def _split(self, one: Notification) -> Iterator[Notification]:
        way, alerts = self._paths.get(one.group.split("|")[0]), (*one.firing, *one.ended, *one.kept)
        if way is None or not alerts or way.group(alerts[0].labels) == one.group:
            yield one
            return
        for group in dict.fromkeys(way.group(alert.labels) for alert in alerts):
            firing, ended, kept = (
                [alert for alert in part if way.group(alert.labels) == group]
                for part in (one.firing, one.ended, one.kept)
            )
            yield replace(one, group=group, firing=firing, ended=ended, kept=kept)

    def _next(
        self, way: Way, group: str, past: Sequence[Notification], firing: Sequence[Alert], *, situation: Situation,
        taken: Collection[str],
    ) -> NextMessage | None:  # fmt: skip
        """Return the next notification of a group, if any. `taken`: fingerprints of alerts without repeats."""
        known = known_of(past, firing, way)
        present, calling = situation.present, {one.key for one in firing}
        new = [one for one in firing if one.fingerprint not in known]
        ended = {name: one for name, one in known.items() if one.key not in present and not self.muted(one, situation)}
        if not known:
            after, wait = min((one.since for one in new), default=None), way.group_wait
        else:
            repeats = any(one.fingerprint not in taken for one in firing)
            wait = way.group_interval if new or ended else way.repeat_interval
            sent = next((one for one in reversed(past) if not one.silent), past[-1])
            after = sent.at if new or ended or repeats else None
        if after is None:
            return None
        kept = [one for name, one in known.items() if name not in ended and one.key not in calling]
        news = sorted(firing, key=lambda one: (one.fingerprint in known, RANK.get(one.labels["status"], len(RANK))))
        silent = bool(ended) and not new and not self.settings.receiver(way.receiver).send_resolved
        return NextMessage(
            Notification(group, way.receiver, situation.now, len(past), news, [*ended.values()], kept, silent=silent),
            after,
            wait,
        )

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
        rules = self.settings.inhibit_rules
        return "inhibition" if any(situation.is_inhibited(rule, alert) for rule in rules) else ""


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


def _values(rule: InhibitRule, alert: Alert) -> tuple[str, ...]:
    return tuple(alert.labels.get(name, "") for name in rule.equal)


def taking(alert: Alert, known: Mapping[str, Alert], situation: Situation) -> Act | None:
    """Return the acknowledgement of an alert; None without any. `known`: alerts in force by the last message, which are
    the same after an end between two messages."""
    return situation.act("acknowledgement", known.get(alert.fingerprint, alert))


def known_of(past: Sequence[Notification], firing: Iterable[Alert], way: Way) -> dict[str, Alert]:
    """Return the alerts in force by the last message of a group, without those back a group interval later or more.

    Ends of the latter were seen elsewhere, such as by an Alertmanager: they are new.
    """
    if not past:
        return {}
    since, latest = {one.fingerprint: one.since for one in firing}, past[-1].at + way.group_interval
    return {
        name: one for name, one in past[-1].known.items() if since.get(name, one.since) < max(latest, one.since + _TICK)
    }


def escalations(way: Way, past: Sequence[Notification]) -> dict[str, tuple[datetime, timedelta]]:
    """Return by fingerprint the first message of each alert, and the time to its escalation: none if undelivered."""
    after = way.escalate.after if way.escalate else timedelta.max
    first: dict[str, datetime] = {}
    reached: set[str] = set()
    before: list[Notification] = []
    for one in past:
        known = known_of(before, one.firing, way)
        first = {name: at for name, at in first.items() if name in known}
        reached &= known.keys()
        for alert in one.firing:
            first.setdefault(alert.fingerprint, one.at)
            reached |= set() if one.failed else {alert.fingerprint}
        before = [one]
    known = past[-1].known if past else {}
    return {name: (at, after if name in reached else timedelta()) for name, at in first.items() if name in known}


def _is_over(now: datetime, since: datetime, wait: timedelta) -> bool:
    """True after a time. A moment of the future: the clock was set back."""
    return abs(now - since) >= wait
