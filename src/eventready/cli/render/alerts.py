"""Explanation of an alert as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eventready.core.messages import Lang, text
from eventready.core.strings.phrases import at, moment_of


def explanation_lines(found: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """Yield the lines of an explanation."""
    labels = ", ".join(f'{name}="{one}"' for name, one in found["labels"].items() if one)
    absent = text("watch:explain.absent", lang)
    since = text("watch:explain.since", lang, at=at(moment_of(found["since"]))) if found["since"] else absent
    yield f"{labels}{since}"
    if found["muted"]:
        yield "  " + text(f"watch:explain.{found['muted']}", lang, cause=found["cause"])
    for kind in ("silence", "acknowledgement"):
        if found[kind]:
            yield "  " + text(f"watch:explain.by_{kind}", lang, by=found[kind]["by"], number=found[kind]["id"])
    for way in found["routes"]:
        when = {
            "first": at(moment_of(way["first"])),
            "interval": way["interval_s"] / 60,
            "repeat": way["repeat_s"] / 60,
        }
        yield "  " + text("watch:explain.route", lang, receiver=way["receiver"], people=_people(way["people"]), **when)
        if higher := way["escalation"]:
            people = _people(higher["people"])
            minutes = higher["after_s"] / 60
            yield "  " + text(
                "watch:explain.escalation", lang, receiver=higher["receiver"], people=people, after=minutes
            )
        for sent in way["messages"]:
            states = [f"{address} {state}" for address, state in sent["deliveries"].items()] or ["-"]
            yield "  " + text("watch:explain.message", lang, at=at(moment_of(sent["at"])), states=states)


def _people(people: Sequence[Mapping[str, str]]) -> list[str]:
    shown = [" ".join(filter(None, (one["person"], f"<{one['address'] or '-'}>"))) for one in people]
    return shown or ["-"]
