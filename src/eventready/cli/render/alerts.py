"""AlertExplanation of an alert as lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from eventready.core.messages import Lang, text
from eventready.core.strings.texts import at
from eventready.watch.alerts.explain import AlertExplanation, NextCall
from eventready.watch.silence import cause_name


def explanation_lines(found: AlertExplanation, lang: Lang) -> Iterator[str]:
    """Yield the lines of an explanation."""
    labels = ", ".join(f'{name}="{one}"' for name, one in found.labels.items() if one)
    absent = text("watch:explain.absent", lang)
    yield labels + (text("watch:explain.since", lang, at=at(found.since)) if found.since else absent)
    if found.muted:
        yield "  " + text(f"watch:explain.{found.muted}", lang, cause=cause_name(found.cause, lang))
    for kind, act in (("silence", found.silence), ("acknowledgement", found.acknowledgement)):
        if act:
            yield "  " + text(f"watch:explain.by_{kind}", lang, by=act.by, number=act.id)
    if found.alertmanager:
        yield "  " + text("watch:explain.alertmanager", lang)
    for way in found.routes:
        when = {"interval": _minutes(way.interval_s), "repeat": _minutes(way.repeat_s)}
        yield "  " + text("watch:explain.route", lang, **_whom(way), **when, next=_moment(way.next))
        if higher := way.escalation:
            minutes, moment = _minutes(higher.after_s), _moment(higher.next)
            yield "  " + text("watch:explain.escalation", lang, **_whom(higher), after=minutes, at=moment)
        for sent in way.messages:
            states = [
                f"{address} {text(f'watch:delivery.{state}', lang)}" for address, state in sent.deliveries.items()
            ]
            yield "  " + text(
                "watch:explain.message", lang, at=at(sent.at), receiver=sent.receiver, states=states or ["-"]
            )


def _moment(found: datetime | None) -> str:
    return f"{at(found)}:{found:%S}" if found else "-"


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _whom(call: NextCall) -> dict[str, str | list[str]]:
    shown = [" ".join(filter(None, (one.person, f"<{one.address or '-'}>"))) for one in call.people]
    return {"receiver": call.receiver, "people": shown or ["-"]}
