"""Explanation of an alert as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eventready.core.messages import Lang, text
from eventready.core.strings.phrases import at, moment_of
from eventready.watch.silence import cause_name


def explanation_lines(found: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """Yield the lines of an explanation."""
    labels = ", ".join(f'{name}="{one}"' for name, one in found["labels"].items() if one)
    absent = text("watch:explain.absent", lang)
    since = text("watch:explain.since", lang, at=at(moment_of(found["since"]))) if found["since"] else absent
    yield f"{labels}{since}"
    if found["muted"]:
        yield "  " + text(f"watch:explain.{found['muted']}", lang, cause=cause_name(found["cause"], lang))
    for kind in ("silence", "acknowledgement"):
        if found[kind]:
            yield "  " + text(f"watch:explain.by_{kind}", lang, by=found[kind]["by"], number=found[kind]["id"])
    if found["alertmanager"]:
        yield "  " + text("watch:explain.alertmanager", lang)
    for way in found["routes"]:
        whom = {"receiver": way["receiver"], "people": _people(way["people"])}
        when = {"interval": _minutes(way["interval_s"]), "repeat": _minutes(way["repeat_s"])}
        yield "  " + text("watch:explain.route", lang, **whom, **when, next=_moment(way["next"]))
        if higher := way["escalation"]:
            whom = {"receiver": higher["receiver"], "people": _people(higher["people"])}
            minutes, moment = _minutes(higher["after_s"]), _moment(higher["next"])
            yield "  " + text("watch:explain.escalation", lang, **whom, after=minutes, at=moment)
        for sent in way["messages"]:
            states = [
                f"{address} {text(f'watch:delivery.{state}', lang)}" for address, state in sent["deliveries"].items()
            ] or ["-"]
            sent_to = {"receiver": sent["receiver"], "states": states}
            yield "  " + text("watch:explain.message", lang, at=at(moment_of(sent["at"])), **sent_to)


def _moment(found: str | None) -> str:
    return f"{at(moment_of(found))}:{moment_of(found):%S}" if found else "-"


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _people(people: Sequence[Mapping[str, str]]) -> list[str]:
    shown = [" ".join(filter(None, (one["person"], f"<{one['address'] or '-'}>"))) for one in people]
    return shown or ["-"]
