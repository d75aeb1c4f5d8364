"""Explanation of an alert: its routes, receivers at the minute, times, messages so far, and reasons for silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from eventready.assurance.delivery.notify.receivers import addressees
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.matchers import Matcher, all_match
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.calls import KIND, AlertCalls
from eventready.watch.alerts.dispatcher import Situation, Way
from eventready.watch.own_clock import CHECK
from eventready.watch.states import Key
from eventready.watch.watcher import DEVICE
from eventready.workspace.files.validation_messages import suggest
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
        "check": {DEVICE, CHECK, *(one.name for one in all_checks())},
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
        return [_of(calls, situation, one) for one in found]
    named = {one.label: one.value for one in matchers if one.operator == "="}
    key = Key(named.get("device", ""), named.get("check", ""), named.get("subject", ""))
    supposed = Alert(key, {**calls.alerts.labels(key, named.get("status", "fail")), **named}, situation.now)
    return [{**_of(calls, situation, supposed), "since": None}]


def _of(calls: AlertCalls, situation: Situation, alert: Alert) -> dict[str, Any]:
    act = situation.act("acknowledgement", alert)
    silence = situation.act("silence", alert)
    return {
        "labels": dict(alert.labels),
        "since": alert.since.isoformat(timespec="seconds"),
        "muted": calls.dispatcher.muted(alert, situation),
        "cause": alert.cause,
        "silence": silence.to_dict() if silence else None,
        "acknowledgement": act.to_dict() if act else None,
        "routes": [_route(calls, situation, alert, way) for way in calls.dispatcher.ways(alert)],
    }


def _route(calls: AlertCalls, situation: Situation, alert: Alert, way: Way) -> dict[str, Any]:
    group = way.group(alert.labels)
    messages = list(_messages(calls, group, alert))
    first = alert.since + way.group_wait
    escalation = way.escalate
    return {
        "group": group,
        "receiver": way.receiver,
        "people": _people(calls, way.receiver, situation.now),
        "first": first.isoformat(timespec="seconds"),
        "interval_s": way.group_interval.total_seconds(),
        "repeat_s": way.repeat_interval.total_seconds(),
        "escalation": escalation and {
            "receiver": escalation.receiver,
            "after_s": escalation.after.total_seconds(),
            "people": _people(calls, escalation.receiver, situation.now),
        },
        "messages": messages,
    }  # fmt: skip


def _people(calls: AlertCalls, receiver: str, now: datetime) -> list[dict[str, str]]:
    return [vars(one) for one in addressees(calls.settings, calls.settings.receiver(receiver), calls.roster(), now)]


def _messages(calls: AlertCalls, group: str, alert: Alert) -> Iterator[dict[str, Any]]:
    """Yield the messages of a group with the alert."""
    for one in calls.outbox.messages():
        body = one.body
        if body.get("kind") == KIND and body["group"] == group and any(
            Alert.load(entry).fingerprint == alert.fingerprint for entry in body["firing"]
        ):  # fmt: skip
            states = {address: delivery.state for address, delivery in one.deliveries.items()}
            yield {"id": one.id, "at": one.made.isoformat(timespec="seconds"), "deliveries": states}
