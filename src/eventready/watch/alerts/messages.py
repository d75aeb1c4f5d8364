"""Messages of the outbox about alerts: subject, text and the alerts in plain JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventready.core.errors import StoreError
from eventready.core.language import Language
from eventready.core.messages import Lang, message, text
from eventready.core.records import Shape, ShapeError
from eventready.core.strings.texts import short
from eventready.store.streams.notification_outbox import OutgoingMessage
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.dispatcher import Notification

#: Alerts named in a message, and most characters of the sentence of each.
_NAMED, _LONGEST = 20, 300


@dataclass(frozen=True)
class NamedAlerts:
    """Alerts of a message in the outbox; see `Notification`."""

    group: str
    number: int
    firing: tuple[Alert, ...]
    ended: tuple[Alert, ...]
    kept: tuple[Alert, ...]
    silent: bool


_ALERTS = Shape(NamedAlerts)


def alerts_of(one: Notification) -> dict[str, Any]:
    """Return the alerts of a message as a record."""
    alerts = tuple(one.firing), tuple(one.ended), tuple(one.kept)
    return _ALERTS.plain(NamedAlerts(one.group, one.number, *alerts, one.silent))


def message_of(one: Notification, lang: Lang, *, ends: bool = True) -> tuple[str, str]:
    """Return subject and text of a message. `ends`: name also ended alerts."""
    head = "ended" if not one.firing else "escalated" if one.escalated else "firing"
    first = (*one.firing, *one.ended)[0]
    subject = text(f"watch:call.{head}", lang, n=len(one.firing) or len(one.ended), finding=first.key.place)
    lines = [f"{alert.since:%H:%M:%S} {sentence_of(alert, lang)}" for alert in one.firing]
    over = [text("watch:call.over", lang, sentence=sentence_of(alert, lang)) for alert in one.ended if ends]
    ended = [f"{alert.since:%H:%M:%S} {words}" for alert, words in zip(one.ended, over, strict=ends)]
    shown = [*lines[:_NAMED], *ended[:_NAMED]]
    more = len(lines) + len(ended) - len(shown)
    rest = [text("watch:wall.more", lang, n=more)] if more else []
    return subject, "\n".join([*shown, *rest, ""])


def sentence_of(alert: Alert, lang: Lang) -> str:
    """Return an alert as a line."""
    language = Language(lang)
    found = language.sentence(alert.sentence) if alert.sentence else text("watch:device.lost", lang)
    often = alert.sentence.often if alert.sentence else None
    damped = f" ({text('watch:line.damped', lang)})" if alert.damped and not often else ""
    return f"{language.status(alert.status)}: {alert.key.place}: {short(found, _LONGEST)}{damped}"


def notification_of(made: OutgoingMessage) -> Notification:
    """Return the notification of a message in the outbox. Raises StoreError for a damaged message."""
    try:
        one = _ALERTS.read_plain(made.body.alerts or {})
    except ShapeError as error:
        raise StoreError(message("store:record.field", place=f"{made.id} alerts", reason=error.sentence)) from None
    return Notification(
        one.group, made.body.receiver, made.made, one.number, one.firing, one.ended, one.kept, silent=one.silent
    )
