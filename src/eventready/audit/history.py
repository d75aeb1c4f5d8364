"""Earlier full audits of the same kind (rehearsals apart), as checks compare with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from eventready.audit.run_builder import recorded_rows
from eventready.checks.check import EarlierReading
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.strings.texts import moment_of
from eventready.evaluation.runner import History
from eventready.store.run import Summary
from eventready.store.store import Store

#: Facts with a history, and the most audits of the same weekday and hour.
_FACTS = ("interface", "ospf_neighbour", "isis_neighbour", "bgp_neighbour", "radio_load", "radio_load_24")
_MOST = 8
#: Facts compared with those of the same weekday and hour.
_USUAL = ("radio_load", "radio_load_24")


def earlier_audits(store: Store, clock: Clock, event: str, devices: int) -> History:
    """Readings by device in the latest audit of at least `devices` devices, and in those of this weekday and hour.

    Of these the last of each earlier day counts.
    """
    full = [
        entry.summary
        for entry in store.runs()
        if entry.state == "finished" and entry.event == event and entry.summary
        if entry.summary.rehearsal == clock.rehearsal and entry.summary.devices >= devices
    ]
    by_day = {moment_of(summary.moment).date(): summary.id for summary in full if _alike(summary, clock)}
    by_day.pop(clock.now().date(), None)
    alike = list(by_day.values())[-_MOST:]
    found: dict[str, tuple[EarlierReading, ...]] = {}
    for run_id in dict.fromkeys((*alike, *(summary.id for summary in full[-1:]))):
        for name, reading in _readings(store, run_id, clock, alike=run_id in alike):
            found[name] = (*found.get(name, ()), reading)
    return found


def usual_audits(store: Store, clock: Clock, event: str, devices: int) -> History:
    """Readings by device in the audits of this weekday and hour, of the facts compared with them alone."""
    return {
        name: tuple(
            replace(one, facts={fact: one.facts[fact] for fact in _USUAL if fact in one.facts})
            for one in readings
            if one.alike
        )
        for name, readings in earlier_audits(store, clock, event, devices).items()
    }


def _alike(summary: Summary, clock: Clock) -> bool:
    then, now = moment_of(summary.moment), clock.now()
    return (then.weekday(), then.hour) == (now.weekday(), now.hour)


def _readings(store: Store, run_id: str, clock: Clock, *, alike: bool) -> Iterator[tuple[str, EarlierReading]]:
    """Readings of an audit by device; none of saved outputs (of unknown age) and of an unreadable document."""
    with suppress(EventreadyError, ValueError):
        run = store.get(run_id)
        if run.header.saved:
            return
        age_s = (clock.real() - datetime.fromisoformat(run.header.finished)).total_seconds()
        for name, rows in recorded_rows(run, _FACTS).items():
            yield name, EarlierReading(max(age_s, 0.0), alike, rows)
