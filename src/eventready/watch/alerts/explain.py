"""Explanation of an alert: its routes, receivers at the minute, times, messages so far, and reasons for silence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.matchers import Matcher, all_match
from eventready.core.validation_messages import suggest
from eventready.delivery.notify.receivers import ReceiverAddress, addressees
from eventready.watch.alerts.acts import Act
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.dispatcher import Notification, Situation, Way, known_of, taking
from eventready.watch.own_clock import CHECK
from eventready.watch.silence import REACH
from eventready.watch.states import Key
from eventready.watch.watcher import DEVICE
from eventready.workspace.settings.event import unknown_venue
from eventready.workspace.settings.watching.alerts import FILE, AlertsFile
from eventready.workspace.workspace import Workspace

#: Letters of a regular expression that is more than a list of values.
_EXPRESSION = frozenset("()[]{}\\")


def impossible(settings: AlertsFile, workspace: Workspace) -> Iterator[WorkspaceError]:
    """Yield the conditions of alerts.yaml on a device, check, role or venues of no alert, and unknown venues."""
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


def explain(calls: AlertCalls, situation: Situation, matchers: Sequence[Matcher]) -> list[dict[str, Any]]:
    """Return a document per alert in force with fitting labels; without any, of a failed finding with these labels."""
    found = [one for one in situation.alerts if all_match(matchers, one.labels)]
    if found:
        of = _Explanation(calls, situation).of
        return [of(one) for one in found]
    named = {one.label: one.value for one in matchers if one.operator == "="}
    key = Key(named.get("device", ""), named.get("check", ""), named.get("subject", ""))
    supposed = Alert(key, {**calls.alerts.labels(key, named.get("status", "fail")), **named}, situation.now)
    situation = replace(situation, alerts=(*situation.alerts, supposed))
    return [{**_Explanation(calls, situation).of(supposed), "since": None}]


class _Explanation:
    """Explanation of alerts by the messages so far, and by those to come if nothing changes."""

    def __init__(self, calls: AlertCalls, situation: Situation) -> None:
        self._calls, self._situation, self._log = calls, situation, calls.log()
        self._past, self._roster = calls.dispatcher.past(self._log), calls.roster()
        self._coming: dict[str, list[Notification]] = {}
        made = {one.id: one for one in calls.outbox.messages()}
        self._made = [
            (one, made[one.id], {alert.fingerprint for alert in one.firing}) for one in self._log if one.id in made
        ]

    def of(self, alert: Alert) -> dict[str, Any]:
        """Return the explanation of an alert."""
        situation, settings = self._situation, self._calls.settings
        ways = self._calls.dispatcher.ways(alert)
        silence = situation.act("silence", alert)
        acts = (self._taking(alert, way) for way in ways)
        act = next(filter(None, acts), None)
        return {
            "labels": dict(alert.labels),
            "since": alert.since.isoformat(timespec="seconds"),
            "muted": self._calls.dispatcher.muted(alert, situation),
            "cause": alert.cause,
            "silence": silence.to_dict() if silence else None,
            "acknowledgement": act.to_dict() if act else None,
            "alertmanager": settings.alertmanager is not None,
            "routes": [self._route(alert, way) for way in ways],
        }

    def _taking(self, alert: Alert, way: Way) -> Act | None:
        past = self._past.get(way.group(alert.labels), ())
        return taking(alert, known_of(past, [alert], way), self._situation)

    def _route(self, alert: Alert, way: Way) -> dict[str, Any]:
        higher = way.escalation(way.escalate) if way.escalate else None
        ways = [one for one in (way, higher) if one]
        group = way.group(alert.labels)
        if group not in self._coming:
            groups = [one.group(alert.labels) for one in ways]
            self._coming[group] = [*self._calls.dispatcher.coming(self._situation, self._log, groups, self._is_lost)]
        coming = self._coming[group]
        return {
            "group": group,
            **self._next(alert, way, coming),
            "interval_s": way.group_interval.total_seconds(),
            "repeat_s": way.repeat_interval.total_seconds(),
            "escalation": higher and way.escalate and {
                **self._next(alert, higher, coming), "after_s": way.escalate.after.total_seconds()
            },
            "messages": [*self._messages(alert, [one.path for one in ways])],
        }  # fmt: skip

    def _next(self, alert: Alert, way: Way, coming: Sequence[Notification]) -> dict[str, Any]:
        """Return receiver, moment and people of the next message with an alert on a way."""
        found = (one.at for one in coming if one.group == way.group(alert.labels) and alert in one.firing)
        then = next(found, None)
        return {
            "receiver": way.receiver,
            "people": [vars(one) for one in self._people(way.receiver, then or self._situation.now)],
            "next": then.isoformat(timespec="seconds") if then else None,
        }

    def _people(self, receiver: str, moment: datetime) -> Sequence[ReceiverAddress]:
        settings = self._calls.settings
        return addressees(settings, settings.receiver(receiver), self._roster, moment)

    def _is_lost(self, one: Notification) -> bool:
        return not any(person.address for person in self._people(one.receiver, one.at))

    def _messages(self, alert: Alert, paths: Collection[str]) -> Iterator[dict[str, Any]]:
        """Yield the messages of a route, and of its escalation, with the alert."""
        for one, made, firing in self._made:
            if alert.fingerprint in firing and one.group.split("|")[0] in paths:
                states = {address: delivery.state for address, delivery in made.deliveries.items()}
                at = made.made.isoformat(timespec="seconds")
                yield {"id": one.id, "at": at, "receiver": one.receiver, "deliveries": states}
