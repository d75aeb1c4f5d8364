"""Run document from device results; records of stored runs, as an audit compares with them."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from eventready import __version__
from eventready.audit.device_result import DeviceResult
from eventready.checks.check import EarlierReading
from eventready.checks.finding import Finding
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import Bilingual, from_json, to_json
from eventready.core.records import Shape
from eventready.core.strings.json_text import canonical
from eventready.core.strings.texts import moment_of
from eventready.evaluation.runner import Coverage, History
from eventready.evaluation.verdicts import Verdict
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Unread
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.planned_work import planned_works
from eventready.network.seen import SeenSubjects
from eventready.network.setting import NetworkSetting, waived_ports
from eventready.store.evidence import pack_pieces
from eventready.store.run import Run, Summary
from eventready.store.run_items import of_rows
from eventready.store.run_parts import Items, Parts
from eventready.store.run_records import (
    EventInfo,
    FewerSessions,
    Named,
    RunClock,
    RunCluster,
    RunCoverage,
    RunDevice,
    RunDuty,
    RunHeader,
    RunVenue,
    RunVerdict,
    UnreadRecord,
    resting_of,
)
from eventready.store.run_walk import ServiceWalk
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace

_VERDICT = Shape(RunVerdict, whole=True)


def begun_run(event: Event, duties: Sequence[Duty], clock: Clock, devices: Iterable[Device]) -> RunHeader:
    """Header of a run while its devices are read, kept if the process ends early."""
    header = _header(event, duties, clock)
    return replace(header, state="interrupted", devices=tuple(map(_device, _ordered(devices))))


def build_run(
    *,
    run_id: str,
    started: str,
    event: Event,
    duties: Sequence[Duty],
    clock: Clock,
    devices: Sequence[Device],
    results: Mapping[str, DeviceResult],
    coverage: Coverage,
    seen: SeenSubjects,
    sessions: FewerSessions | None = None,
    saved: bool = False,
    window: str = "",
    workers: Mapping[str, str] | None = None,
    cluster: RunCluster | None = None,
    below: Mapping[Named, Named] | None = None,
) -> RunHeader:
    """Build the header of a finished run, without `previous` and `sha256` (the store adds both).

    `results`: of all devices. `workers`: of a cluster, by device. `saved`: of saved outputs.
    `window`: name of the window of the verdicts.
    `below`: what rests on lost elements, with the element below each.
    """
    return replace(
        _header(event, duties, clock),
        id=run_id,
        started=started,
        finished=clock.real().isoformat(timespec="milliseconds"),
        sessions=sessions,
        saved=saved,
        window=window,
        cluster=cluster,
        rests=resting_of(below or {}),
        coverage=_coverage(coverage, seen),
        devices=tuple(
            _read_device(device, results[device.name], (workers or {}).get(device.name, ""))
            for device in _ordered(devices)
        ),
    )


def with_verdicts(header: RunHeader, verdicts: Iterable[Verdict], walk: Callable[[Verdict], ServiceWalk]) -> Parts:
    """Document with verdicts, and with observations and findings as rows of the store, each compressed."""
    packed = [pack_pieces(_verdict_pieces(verdict, walk(verdict))) for verdict in verdicts]
    return of_rows(header).with_parts({"verdicts": Items(lambda: map(zlib.decompress, packed))})


def _verdict_pieces(verdict: Verdict, walk: ServiceWalk) -> Iterator[bytes]:
    """Verdict as canonical JSON in pieces; `because`, of which a large fleet has a million, is the first key."""
    entry = RunVerdict(verdict.venue, verdict.service, verdict.verdict.value, verdict.reasons, walk=walk)
    plain = canonical({name: value for name, value in _VERDICT.plain(entry).items() if name != "because"})
    yield b'{"because":['
    for number, items in enumerate(verdict.because_items()):
        yield b"," + items if number else items
    yield b"]," + plain[1:]


def _header(event: Event, duties: Sequence[Duty], clock: Clock) -> RunHeader:
    return RunHeader(
        event=event.id,
        tool=f"eventready {__version__}",
        clock=RunClock(clock.now().isoformat(timespec="seconds"), clock.rehearsal),
        event_info=event_info(event, duties),
    )


def _ordered(devices: Iterable[Device]) -> list[Device]:
    return sorted(devices, key=lambda device: device.name)


def _coverage(coverage: Coverage, seen: SeenSubjects) -> RunCoverage:
    """Share of the needed observations measured whole; numbers of subjects in use, and of those not expected."""
    return RunCoverage(
        coverage.needed, coverage.measured, coverage.partial, coverage.ratio,
        seen.seen, seen.uncovered, seen.unseen_devices,
    )  # fmt: skip


def summary(document: Parts, results: Iterable[DeviceResult], across: Iterable[Finding]) -> Summary:
    """Summary of the document, from the counts in the device results."""
    counts = Counter(str(finding.status) for finding in across)
    for result in results:
        counts.update(result.counts)
    return Summary.of(Run(document), counts)


def event_info(event: Event, duties: Sequence[Duty]) -> EventInfo:
    """Data of the event for reports; a report reads the run alone."""
    return EventInfo(
        event.name,
        event.name_vi,
        tuple(RunVenue(venue.id, venue.name, venue.name_vi, venue.services) for venue in event.venues),
        tuple(RunDuty(duty.id, duty.vi, duty.en) for duty in duties),
    )


def _device(device: Device) -> RunDevice:
    return RunDevice(
        device.name, device.role, device.platform, device.venues, without_expectations=device.expect.names_nothing
    )


def _read_device(device: Device, result: DeviceResult, worker: str) -> RunDevice:
    reason_message = to_json(result.message)
    return replace(
        _device(device), reachable=result.reachable, reason=result.reason, reason_message=reason_message, worker=worker
    )


def recorded_rows(run: Run, facts: Container[str] = CATALOGUE) -> dict[str, dict[str, FactRows[Fact]]]:
    """Measured rows of a run as records: device to fact (last reading) to rows."""
    return _recorded(run, facts)[0]


def _recorded(
    run: Run, facts: Container[str]
) -> tuple[dict[str, dict[str, FactRows[Fact]]], dict[str, frozenset[str]]]:
    """Measured rows by device and fact, and the requested facts without a measurement."""
    rows: dict[str, dict[str, FactRows[Fact]]] = {}
    missing: dict[str, set[str]] = {}
    for entry in run.observations():
        kind = CATALOGUE.get(entry.fact) if entry.fact in facts else None
        if kind is None:
            continue
        if entry.measured:
            records = tuple(kind.record.model_validate(row) for row in entry.rows)
            rows.setdefault(entry.device, {})[kind.name] = FactRows(records, tuple(map(_unread, entry.unread)))
        elif entry.status != "unsupported" and not entry.inventory:
            missing.setdefault(entry.device, set()).add(kind.name)
    return rows, {device: frozenset(names) for device, names in missing.items()}


def _unread(entry: UnreadRecord) -> Unread:
    return Unread(entry.subject, from_json(entry.reason_message) or Bilingual("", entry.reason))


def recorded_network(devices: Iterable[Device], run: Run) -> NetworkFacts:
    """Facts of a run beside these devices, with the requested facts without a measurement."""
    rows, missing = _recorded(run, CATALOGUE)
    return NetworkFacts([
        DeviceFacts(one, rows.get(one.name, {}), missing.get(one.name, frozenset())) for one in devices
    ])  # fmt: skip


def recorded_setting(workspace: Workspace, run: Run) -> NetworkSetting:
    """Venues, origins and risk groups of the workspace, with the ports of the run's waived findings."""
    found = run.open_findings(b'"status":"waived"')
    waived = (finding.identity for finding in found if finding.status == "waived")
    event = workspace.event
    at = run.header.clock.event
    moment = datetime.fromisoformat(at) if at else None
    return NetworkSetting(
        event.venues,
        event.origins,
        workspace.risks,
        waived_ports(waived),
        windows=event.windows,
        moment=moment,
        works=planned_works(workspace.works, workspace.circuits),
    )


#: Facts with a history, and the most audits of the same weekday and hour.
_FACTS = ("interface", "ospf_neighbour", "isis_neighbour", "bgp_neighbour", "radio_load", "radio_load_24",
          "cell_performance")  # fmt: skip
_MOST = 8
#: Facts compared with those of the same weekday and hour.
_USUAL = ("radio_load", "radio_load_24", "cell_performance")


def earlier_audits(store: Store, clock: Clock, event: str, devices: int) -> History:
    """Readings by device in the latest audit of at least `devices` devices, and in those of this weekday and hour.

    Of these the last of each earlier day counts.
    """
    full = [
        entry.summary
        for entry in store.runs()
        if entry.state == "finished" and entry.event == event and entry.summary
        if entry.summary.rehearsal == clock.rehearsal and entry.summary.full(devices)
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
