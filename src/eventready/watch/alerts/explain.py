"""Explanation of an alert: its routes, receivers at the minute, times, messages so far, and reasons for silence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import PlainSerializer

from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.records import Moment
from eventready.core.strings.matchers import Matcher, all_match
from eventready.core.validation_messages import suggest
from eventready.delivery.notify.channel import ReceiverAddress, addressees
from eventready.store.watch_log import DEVICE
from eventready.watch.alerts.acts import Act
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.dispatcher import Dispatcher, Notification, Situation, Way, known_of, taking
from eventready.watch.alerts.posts import ReceiverCalls
from eventready.watch.own_clock import CHECK
from eventready.watch.silence import REACH
from eventready.watch.states import Key
from eventready.workspace.settings.alerts import FILE, AlertsFile, AnyAlertsFile
from eventready.workspace.settings.event import unknown_venue
from eventready.workspace.workspace import Workspace

#: Letters of a regular expression that is more than a list of values.
_EXPRESSION = frozenset("()[]{}\\")


def impossible(settings: AnyAlertsFile | None, workspace: Workspace) -> Iterator[WorkspaceError]:
    """Yield the conditions of alerts.yaml on a device, check, role or venues of no alert, and unknown venues."""
    if not isinstance(settings, AlertsFile):
        return
    devices, where = workspace.devices, str(workspace.path / "inventory" / FILE)
    known: dict[str, set[str]] = {
        "device": {one.name for one in devices},
        "check": {DEVICE, CHECK, REACH, *(one.name for one in all_checks())},
        "role": {one.role for one in devices},
        "venues": {",".join(one.venues) for one in devices},
    }
    for one in (found for found in settings.matchers() if found.label in known):
        operator = "=~" if one.operator.endswith("~") else "="
        several = operator == "=~" and _EXPRESSION.isdisjoint(one.value)
        for value in one.value.split("|") if several else [one.value]:
            condition, values = Matcher(one.label, operator, value), known[one.label]
            if not any(condition.matches({one.label: name}) for name in {"", *values}):
                what = message("watch:call.impossible", condition=str(one), value=value, label=one.label)
                yield WorkspaceError(what, where=where, do=suggest(value, values))
    for name in {one.venue for one in settings.receivers} - {"", *workspace.event.venue_ids}:
        cause, do = unknown_venue(name, workspace.event)
        yield WorkspaceError(cause, where=where, do=do)


#: Act with its conditions as text in JSON.
ShownAct: TypeAlias = Annotated[Act, PlainSerializer(Act.to_dict)]


@dataclass(frozen=True)
class NextCall:
    """Receiver, people and moment of the next message with an alert; None without any."""

    receiver: str
    people: tuple[ReceiverAddress, ...]
    next: Moment | None


@dataclass(frozen=True)
class EscalationCall(NextCall):
    """Next message to the receiver of an escalation. `after_s`: since the first message to the route, in seconds."""

    after_s: float


@dataclass(frozen=True)
class SentMessage:
    """Message so far, with the state by address."""

    id: str
    at: Moment
    receiver: str
    deliveries: Mapping[str, str]


@dataclass(frozen=True)
class ExplainedRoute(NextCall):
    """Route of an alert with its times in seconds, and its messages so far."""

    group: str
    interval_s: float
    repeat_s: float
    escalation: EscalationCall | None
    messages: tuple[SentMessage, ...]


@dataclass(frozen=True)
class AlertExplanation:
    """Explanation of an alert. `since`: None if supposed; `muted`: reason of its silence, else empty.

    `alertmanager`: it goes to an Alertmanager, and has no routes here.
    """

    labels: Mapping[str, str]
    since: Moment | None
    muted: str
    cause: str
    silence: ShownAct | None
    acknowledgement: ShownAct | None
    alertmanager: bool
    routes: tuple[ExplainedRoute, ...]


def explain(calls: AlertCalls, situation: Situation, matchers: Sequence[Matcher]) -> list[AlertExplanation]:
    """Return an explanation per alert in force with fitting labels; without any, of a failed finding with these."""
    found = [one for one in situation.alerts if all_match(matchers, one.labels)]
    if found:
        of = _explained(calls, situation)
        return [of(one) for one in found]
    named = {one.label: one.value for one in matchers if one.operator == "="}
    key = Key(named.get("device", ""), named.get("check", ""), named.get("subject", ""))
    supposed = Alert(key, {**calls.alerts.labels(key, named.get("status", "fail")), **named}, situation.now)
    situation = replace(situation, alerts=(*situation.alerts, supposed))
    return [replace(_explained(calls, situation)(supposed), since=None)]


def _explained(calls: AlertCalls, situation: Situation) -> Callable[[Alert], AlertExplanation]:
    """Return the explanation of an alert by the settings in force."""
    if calls.dispatcher:
        return _Explanations(calls.dispatcher, calls.receivers, situation).of
    return lambda one: AlertExplanation(
        one.labels, one.since, "cause" if one.fingerprint in situation.muted else "", one.cause,
        silence=None, acknowledgement=None, alertmanager=True, routes=(),
    )  # fmt: skip


class _Explanations:
    """Explanations of alerts by the messages so far, and by those to come if nothing changes."""

    def __init__(self, dispatcher: Dispatcher, receivers: ReceiverCalls, situation: Situation) -> None:
        self._dispatcher, self._situation, self._log = dispatcher, situation, receivers.log()
        self._past, self._roster = dispatcher.past(self._log), receivers.roster()
        self._coming: dict[str, list[Notification]] = {}
        made = {one.id: one for one in receivers.outbox.messages()}
        self._made = [
            (one, made[one.id], {alert.fingerprint for alert in one.firing}) for one in self._log if one.id in made
        ]

    def of(self, alert: Alert) -> AlertExplanation:
        """Return the explanation of an alert."""
        situation, ways = self._situation, self._dispatcher.ways(alert)
        acts = (self._taking(alert, way) for way in ways)
        return AlertExplanation(
            alert.labels, alert.since, self._dispatcher.muted(alert, situation), alert.cause,
            situation.act("silence", alert), next(filter(None, acts), None),
            alertmanager=False, routes=tuple(self._route(alert, way) for way in ways),
        )  # fmt: skip

    def _taking(self, alert: Alert, way: Way) -> Act | None:
        past = self._past.get(way.group(alert.labels), ())
        return taking(alert, known_of(past, [alert], way), self._situation)

    def _route(self, alert: Alert, way: Way) -> ExplainedRoute:
        higher = way.escalation(way.escalate) if way.escalate else None
        ways = [one for one in (way, higher) if one]
        group = way.group(alert.labels)
        if group not in self._coming:
            groups = [one.group(alert.labels) for one in ways]
            self._coming[group] = [*self._dispatcher.coming(self._situation, self._log, groups, self._is_lost)]
        coming = self._coming[group]
        escalation = None
        if higher and way.escalate:
            escalation = EscalationCall(*self._next(alert, higher, coming), way.escalate.after.total_seconds())
        interval_s, repeat_s = way.group_interval.total_seconds(), way.repeat_interval.total_seconds()
        messages = tuple(self._messages(alert, [one.path for one in ways]))
        return ExplainedRoute(*self._next(alert, way, coming), group, interval_s, repeat_s, escalation, messages)

    def _next(
        self, alert: Alert, way: Way, coming: Sequence[Notification]
    ) -> tuple[str, tuple[ReceiverAddress, ...], datetime | None]:
        """Return receiver, people and moment of the next message with an alert on a way."""
        found = (one.at for one in coming if one.group == way.group(alert.labels) and alert in one.firing)
        then = next(found, None)
        return way.receiver, self._people(way.receiver, then or self._situation.now), then

    def _people(self, receiver: str, moment: datetime) -> tuple[ReceiverAddress, ...]:
        settings = self._dispatcher.settings
        return addressees(settings, settings.receiver(receiver), self._roster, moment)

    def _is_lost(self, one: Notification) -> bool:
        return not any(person.address for person in self._people(one.receiver, one.at))

    def _messages(self, alert: Alert, paths: Collection[str]) -> Iterator[SentMessage]:
        """Yield the messages of a route, and of its escalation, with the alert."""
        for one, made, firing in self._made:
            if alert.fingerprint in firing and one.group.split("|")[0] in paths:
                states = {address: delivery.state for address, delivery in made.deliveries.items()}
                yield SentMessage(one.id, made.made, one.receiver, states)
