"""State of the night in the text format of Prometheus, in base units; a state of the past has no metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eventready.core.errors import StoreError
from eventready.evaluation.verdicts import Readiness
from eventready.store.streams.series import SeriesKey
from eventready.store.watch_log import Beat
from eventready.watch import kpi
from eventready.watch.open_finding import RANK
from eventready.watch.snapshot_record import Snapshot
from eventready.watch.web.page import model_of
from eventready.watch.web.read_model import Night, ReadModel
from eventready.workspace.settings.event import Event

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: A figure is of now for so long, in seconds.
_FRESH_S = 180


class _Unit(NamedTuple):
    """Metric of a key figure in base units: name, meaning, and size of its unit."""

    name: str
    meaning: str
    size: float


_FIGURES: Mapping[str, _Unit] = {
    kpi.REFUSED: _Unit("channel_refused_ratio", "Refused requests for a channel of a cell.", 0.01),
    kpi.CHANNELS: _Unit("channel_usage_ratio", "Channels of a cell in use.", 0.01),
    kpi.CLIENTS: _Unit("access_point_clients", "Clients of an access point.", 1),
    kpi.UPLINK: _Unit("uplink_usage_ratio", "Load of an uplink in its fuller direction.", 0.01),
    kpi.IN: _Unit("uplink_receive_bytes_per_second", "Traffic into an uplink.", 0.125),
    kpi.OUT: _Unit("uplink_transmit_bytes_per_second", "Traffic out of an uplink.", 0.125),
    kpi.ANSWER: _Unit("answer_duration_seconds", "Time of an answer.", 0.001),
    kpi.CPU: _Unit("cpu_usage_ratio", "Processor load of a device.", 0.01),
}

#: Labels and value.
Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True)
class Measured:
    """Data of an exposition: state of the night, latest beat of the watch, key figures in their units."""

    night: Night
    beat: Beat | None = None
    figures: Mapping[SeriesKey, float] = field(default_factory=dict)


def metrics(request: Request) -> Response:
    """State of the night for Prometheus."""
    model = model_of(request)
    return Response(exposition(read(model), model.workspace.event), media_type=MEDIA_TYPE)


def read(model: ReadModel) -> Measured:
    """Read the data of an exposition; a broken night where the store cannot be read."""
    night, now = model.night(), model.clock.real()
    try:
        series = model.store.series(model.workspace.event.id, rehearsal=model.clock.rehearsal)
        latest = {key: points[-1].mean for key, points in series.read(now - timedelta(seconds=_FRESH_S), now).items()}
        beat = model.record.last_beat()
    except StoreError as error:
        return Measured(replace(night, broken=error))
    return Measured(night, beat, latest)


def exposition(measured: Measured, event: Event) -> str:
    """Return the metrics as text. After the end of the watch there are no states, ages and figures."""
    night = measured.night
    families = [
        _family("store_up", "1 while the store can be read.", [({}, night.broken is None)]),
        _family("watch_up", "1 while the watch renews its state.", [({}, not night.gone)]),
        *(
            []
            if night.age_s is None
            else [_family("watch_state_age_seconds", "Age of the state.", [({}, night.age_s)])]
        ),
        *_record(measured),
        *([] if night.gone or night.snapshot is None else _present(night.snapshot, night.age_s or 0.0)),
        *([] if night.broken else _people(night, event)),
        *([] if night.gone else _figures(measured.figures)),
    ]
    return "".join(families)


def _record(measured: Measured) -> list[str]:
    found: list[str] = []
    if (beat := measured.beat) and not measured.night.gone:
        found += [
            _family("watch_lag_seconds", "Greatest delay of a reading in the last minute.", [({}, beat.lag_s)]),
            _family("watch_readings", "Readings of devices in the last minute.", [({}, beat.readings)]),
        ]
    if (age := measured.night.audit_age_s) is not None:
        found.append(_family("audit_age_seconds", "Time since the last full audit.", [({}, age)]))
    return found


def _present(snapshot: Snapshot, late: float) -> list[str]:
    opened = Counter((one.device, one.check, one.status) for one in snapshot.open)
    worst = Counter({(one.name, status): 0 for one in snapshot.devices for status in RANK})
    worst.update((one.device, one.status) for one in snapshot.open)
    states = [
        ({"venue": one.venue, "service": one.service, "state": str(state).lower()}, one.verdict == state)
        for one in snapshot.verdicts
        for state in Readiness
    ]
    ages = [({"device": one.name}, one.age + late) for one in snapshot.devices if one.age is not None]
    answering = [({"device": one.name}, one.age is not None) for one in snapshot.devices]
    return [
        _family("service_state", "1 for the state of a service at a venue.", states),
        _family("device_answering", "1 for a device with a measurement in use.", answering),
        _family("reading_age_seconds", "Age of the oldest measurement in use of a device.", ages),
        _family("device_findings", "Open findings of a device.", [
            ({"device": device, "status": status}, count) for (device, status), count in worst.items()
        ]),
        _family("check_findings", "Open findings of a check on a device.", [
            ({"device": device, "check": check, "status": status}, count)
            for (device, check, status), count in opened.items()
        ]),
    ]  # fmt: skip


def _people(night: Night, event: Event) -> list[str]:
    overdue = sum(len(one.overdue(event.notice_limits, night.moment)) for one in night.incidents)
    unrestored = sum(not one.restored for one in night.incidents)
    return [
        _family("incidents_open", "Incidents without a restoration.", [({}, unrestored)]),
        _family("notices_overdue", "Notices of incidents past their limit.", [({}, overdue)]),
        _family("changes_in_progress", "Devices with a change in progress.", [({}, len(night.changes))]),
    ]


def _figures(latest: Mapping[SeriesKey, float]) -> list[str]:
    return [
        _family(unit.name, unit.meaning, [
            ({"device": key.device, "subject": key.subject}, value * unit.size)
            for key, value in latest.items() if key.name == figure
        ])
        for figure, unit in _FIGURES.items()
    ]  # fmt: skip


def _family(name: str, meaning: str, samples: Iterable[Sample]) -> str:
    """Return the lines of a metric, a gauge; none without a sample."""
    lines = [f"eventready_{name}{_labels(labels)} {float(value):.10g}\n" for labels, value in samples]
    head = f"# HELP eventready_{name} {meaning}\n# TYPE eventready_{name} gauge\n"
    return head + "".join(lines) if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    written = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{written}}}" if written else ""


def _escaped(value: str) -> str:
    """Return a label for the text format; half of a surrogate pair has no form in UTF-8."""
    plain = value.encode("utf-8", "replace").decode()
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def healthz(request: Request) -> JSONResponse:
    """State of the store and of the watch; 503 without a readable store."""
    night = model_of(request).night()
    state = "gone" if night.gone else "watching"
    return JSONResponse({"store": not night.broken, "watch": state}, 503 if night.broken else 200)
