"""The wall: the state of the night on a single page, renewed over server-sent events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from eventready.core.groups import group_by
from eventready.core.language import FindingSentence
from eventready.core.messages import in_language
from eventready.evaluation.alike import Row, about_any, rows
from eventready.evaluation.causes import causes
from eventready.incidents.incident import Addressee, Demand, Incident, addressee_name
from eventready.store.run_records import Named
from eventready.watch.alerts.acts import Act, covering
from eventready.watch.kpi import UNITS
from eventready.watch.snapshot_record import FirstReading, OpenEntry
from eventready.watch.web.page import Viewer, html, render, viewer_of
from eventready.watch.web.read_model import Night, OnDuty, ReadModel
from eventready.watch.web.shares import Shares
from eventready.workspace.devices.device import SERVICES, Device
from eventready.workspace.settings.event import Event, Window
from eventready.workspace.workspace import Workspace

#: Seconds between two readings of the store, and of a stream until the browser opens it anew with its session.
TICK_S, STREAM_S = 2.0, 60.0
#: Age of a reading from which a viewer waits for the next.
_LATE_S = 3 * TICK_S
#: Age from which a walk of the ways is said to be old while newer readings wait for the next one.
_WALK_S = 30.0
#: Open findings on the wall: a screen in a room has incidents, duty and silences in sight.
_SHOWN = 12
OpenRow: TypeAlias = Row[OpenEntry]
InRows: TypeAlias = Callable[[Sequence[OpenEntry], Mapping[Named, Named]], Sequence[OpenRow]]
_LINES = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class DueNotices:
    """Open incident with the notices still due."""

    incident: Incident
    due: tuple[Demand, ...]


@dataclass(frozen=True)
class Wall:
    """Content of the wall. `headline`: gone, fail, not_measured, warn, risk or clear; `now`: time of the data.

    `first`: of a watch that reads for the first time. `cells`: verdict by venue and service, `ways`: sentence about
    its users. `walk_s`: seconds since the ways were walked, where newer readings wait long. `open`: the open
    findings, `in_rows` makes rows of them. `ages`: seconds by device, None without a measurement and at rest.
    `resting`: reason by device left alone by the watch.
    """

    night: Night
    event: Event
    headline: str
    now: datetime
    services: tuple[str, ...]
    cells: Mapping[tuple[str, str], str]
    ways: Mapping[tuple[str, str], FindingSentence]
    walk_s: float | None
    open: Sequence[OpenEntry]
    counts: Mapping[str, int]
    ages: Mapping[str, float | None]
    resting: Mapping[str, str]
    window: Window | None
    incidents: Sequence[DueNotices]
    devices: Mapping[str, Device]
    first: FirstReading | None
    in_rows: InRows

    @cached_property
    def _rows(self) -> Sequence[OpenRow]:
        return self.in_rows(self.open, self.below)

    @property
    def below(self) -> Mapping[Named, Named]:
        """Elements resting on lost elements, with the element below each."""
        return self.night.snapshot.below if self.night.snapshot else {}

    @property
    def found(self) -> Sequence[OpenRow]:
        """The rows in sight."""
        return self._rows[:_SHOWN]

    @property
    def more(self) -> int:
        """Number of open findings out of sight."""
        return sum(row.count for row in self._rows[_SHOWN:])

    @property
    def measured(self) -> int:
        """Number of devices with an answer."""
        return sum(age is not None for age in self.ages.values())

    @property
    def oldest(self) -> float | None:
        """Age of the oldest answer in use, in seconds; None without any."""
        return max((age for age in self.ages.values() if age is not None), default=None)

    @property
    def duty(self) -> Mapping[str, Sequence[OnDuty]]:
        """People on duty by role."""
        return group_by(self.night.on_duty, lambda one: str(one.shift.role))

    @property
    def silences(self) -> Sequence[Act]:
        """Silences in force."""
        return [act for act in self.night.acts if act.kind == "silence"]

    def acts_on_all(self, findings: Sequence[OpenEntry]) -> Sequence[Act]:
        """Return the silences and acknowledgements common to the findings of a row."""
        first, *others = [self.acts_on(one) for one in findings]
        return [act for act in first if all(act in acts for acts in others)]

    def acts_on(self, found: OpenEntry) -> Sequence[Act]:
        """Return the silence and the acknowledgement of an open finding."""
        labels = {"device": found.device, "check": found.check, "subject": found.subject, "status": found.status}
        if device := self.devices.get(found.device):
            labels |= {"role": device.role, "venues": ",".join(device.venues)}
        near = (*self._acts.get(found.device, ()), *self._acts.get(None, ()))
        acts = (covering(near, kind, labels, found.since, self.now) for kind in ("silence", "acknowledgement"))
        return [act for act in acts if act is not None]

    @cached_property
    def _acts(self) -> Mapping[str | None, Sequence[Act]]:
        """Acts in force by the device of their conditions; None for others."""

        def device(act: Act) -> str | None:
            return next((one.value for one in act.matchers if (one.label, one.operator) == ("device", "=")), None)

        return group_by(self.night.acts, device)

    @staticmethod
    def begins(row: OpenRow) -> Sequence[datetime]:
        """Return the times when the first and the last finding of a row began; a single time for all at once."""
        times = sorted({one.since for one in row.findings})
        return list(dict.fromkeys((times[0], times[-1])))

    def lasting(self, since: datetime) -> timedelta:
        """Return the time since a moment in the snapshot."""
        return self.now - since


def open_rows(found: Sequence[OpenEntry], below: Mapping[Named, Named]) -> Sequence[OpenRow]:
    """Return open findings in rows; consequences of a lost element stand behind its finding."""
    return rows(found, lambda one: about_any(one, one.often), causes(found, below))


class LastRows:
    """Rows of the last open findings: there may be many, and most readings of the store bring the same."""

    def __init__(self) -> None:
        self._last: tuple[Sequence[OpenEntry], Sequence[OpenRow]] = (), ()

    def __call__(self, found: Sequence[OpenEntry], below: Mapping[Named, Named]) -> Sequence[OpenRow]:
        """Return findings in rows."""
        if found is not self._last[0]:
            self._last = found, open_rows(found, below)
        return self._last[1]


def wall_of(night: Night, workspace: Workspace, in_rows: InRows = open_rows) -> Wall:
    """Return the content of the wall for a state of the night."""
    event = workspace.event
    snapshot, late = night.snapshot, night.age_s or 0.0
    now = snapshot.at + timedelta(seconds=late) if snapshot else night.moment
    devices, found, verdicts = (snapshot.devices, snapshot.open, snapshot.verdicts) if snapshot else ((), (), ())
    found_of = {(one.venue, one.service): one.verdict for one in verdicts}
    places: Iterator[tuple[str, str]] = ((venue.id, service) for venue in event.venues for service in venue.services)
    cells = {place: found_of.get(place, "NOT_MEASURED") for place in places}
    ages: dict[str, float | None] = {device.name: None for device in workspace.devices} if snapshot else {}
    resting = {one.name: one.change for one in devices if one.change is not None}
    ages |= {one.name: None if one.age is None else one.age + late for one in devices}
    ages |= dict.fromkeys(resting)
    counts = {name: len(rows) for name, rows in group_by(found, lambda one: one.status).items()}
    return Wall(
        night,
        event,
        _headline(night, counts, cells, ages),
        now,
        tuple(one for one in SERVICES if any(one in venue.services for venue in event.venues)),
        cells,
        {} if night.gone else {(one.venue, one.service): one.way for one in verdicts if one.way},
        _walk_s(snapshot.walk if snapshot else None, late),
        found,
        counts,
        ages,
        resting,
        _window(event, night.moment),
        [_due(one, event, night.moment) for one in night.incidents],
        {device.name: device for device in workspace.devices},
        snapshot.first if snapshot and not night.gone else None,
        in_rows,
    )


def _walk_s(waits_s: float | None, late: float) -> float | None:
    return waits_s + late if waits_s is not None and waits_s >= _WALK_S else None


def _headline(
    night: Night, counts: Mapping[str, int], cells: Mapping[tuple[str, str], str], ages: Mapping[str, float | None]
) -> str:
    """Worst state; `clear` only with every device of the present inventory measured, every service ready, and the
    network judged by a full audit of the last day.
    """
    if night.gone:
        return "gone"
    for status in ("fail", "not_measured"):
        if counts.get(status):
            return status
    if "NOT_READY" in cells.values():
        return "fail"
    unknown = not ages or None in ages.values() or night.audit_age_s is None
    if unknown or "NOT_MEASURED" in cells.values() or night.outdated:
        return "not_measured"
    if counts.get("warn"):
        return "warn"
    return "clear" if set(cells.values()) == {"READY"} and not night.audit_is_old else "risk"


def _window(event: Event, moment: datetime) -> Window | None:
    """Return the open or next window of the event; None after the last."""
    ahead = [one for one in event.windows if one.kind in ("event", "protected") and one.end > moment]
    return min(ahead, key=lambda one: (one.kind != "event", one.start), default=None)


def _due(incident: Incident, event: Event, moment: datetime) -> DueNotices:
    demands = incident.demands(event.notice_limits, moment)
    return DueNotices(incident, tuple(one for one in demands if one.status in ("waiting", "overdue")))


def wall_body(wall: Wall, viewer: Viewer) -> str:
    """Return the wall as HTML."""

    def addressee(to: Addressee) -> str:
        return in_language(addressee_name(to, wall.event), viewer.lang)

    return render("wall_body.html", viewer, wall=wall, addressee=addressee, units=UNITS)


class RenderedWall(NamedTuple):
    """Wall as HTML, and as a server-sent event."""

    body: str
    event: str


class ReadWall(NamedTuple):
    """Wall as read at a time of the event loop (seconds), rendered by language, kiosk and login."""

    at: float
    wall: Wall
    rendered: dict[tuple[str, bool, bool], RenderedWall]


class Feed:
    """Wall as HTML, read once per tick for all viewers and rendered once per language and kind of viewer.

    A viewer waits for a reading only where the last one is of several ticks before, or of before an act.
    """

    def __init__(self, model: ReadModel) -> None:
        self._model, self._lock, self._acted = model, asyncio.Lock(), 0.0
        self._reading: asyncio.Task[ReadWall] | None = None
        self._read: ReadWall | None = None
        self._rows = LastRows()

    def acted(self) -> None:
        """Forget the readings begun before an act, which is on the wall at once."""
        self._acted, self._reading, self._read = asyncio.get_running_loop().time(), None, None

    async def rendered(self, viewer: Viewer) -> RenderedWall:
        """Return the present wall for a viewer."""
        age = asyncio.get_running_loop().time() - self._read.at if self._read else _LATE_S
        if self._reading is None or (self._reading.done() and age >= TICK_S * 0.9):
            self._reading = asyncio.create_task(self._present())
        read = self._read if self._read and age < _LATE_S else await asyncio.shield(self._reading)
        async with self._lock:
            kind = (viewer.lang, viewer.kiosk, bool(viewer.name))
            if kind not in read.rendered:
                read.rendered[kind] = await run_in_threadpool(_rendered, read.wall, viewer)
            return read.rendered[kind]

    async def _present(self) -> ReadWall:
        begun, model = asyncio.get_running_loop().time(), self._model
        wall = await run_in_threadpool(lambda: wall_of(model.night(), model.workspace, self._rows))
        read = ReadWall(begun, wall, {})
        if begun >= self._acted:
            self._read = read
        return read


def _rendered(wall: Wall, viewer: Viewer) -> RenderedWall:
    body = wall_body(wall, viewer)
    return RenderedWall(body, "".join(f"data: {line}\n" for line in _LINES.split(body)) + "\n")


async def wall(request: Request) -> Response:
    """Page of the wall."""
    feed: Feed = request.app.state.feed
    return html(request, "wall.html", body=(await feed.rendered(viewer_of(request))).body)


async def stream(request: Request) -> Response:
    """Renewals of the wall as server-sent events, until the end of the access or a newer stream in its place."""
    feed: Feed = request.app.state.feed
    shares: Shares = request.app.state.shares
    viewer = viewer_of(request)

    async def events() -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        end = loop.time() + STREAM_S
        with shares.stream(request) as held:
            while held() and loop.time() < end and viewer == await request.state.viewer_again(request):
                yield (await feed.rendered(viewer)).event
                await asyncio.sleep(TICK_S)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
