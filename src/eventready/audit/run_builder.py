"""Run document from device results; records from a stored run, for the comparison with a baseline."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from eventready import __version__
from eventready.audit.device_result import DeviceResult
from eventready.checks.finding import Finding
from eventready.core.clock import Clock
from eventready.core.messages import Bilingual, from_json, to_json
from eventready.core.strings.json_text import exact, sorted_json
from eventready.evaluation.runner import Coverage
from eventready.evaluation.verdicts import Verdict
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Status, Unread
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.seen import SeenSubjects
from eventready.network.setting import NetworkSetting, waived_ports
from eventready.store.evidence import pack_pieces
from eventready.store.run import SCHEMA, Items, Parts, Run, Summary
from eventready.store.run_rests import Named, rests_to_json
from eventready.store.run_walk import ServiceWalk
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace


def begun_run(event: Event, duties: Sequence[Duty], clock: Clock, devices: Iterable[Device]) -> dict[str, Any]:
    """Document of a run while its devices are read, kept if the process ends early."""
    return {
        **_header(event, duties, clock),
        "state": "interrupted",
        "devices": [{**_device(device), "reachable": False, "reason": ""} for device in _ordered(devices)],
        "verdicts": [],
    }


def build_run(
    *,
    run_id: str,
    started: str,
    event: Event,
    duties: Sequence[Duty],
    clock: Clock,
    devices: Sequence[Device],
    results: Mapping[str, DeviceResult],
    verdicts: Iterable[Verdict],
    coverage: Coverage,
    seen: SeenSubjects,
    sessions: Mapping[str, int] | None = None,
    saved: bool = False,
    workers: Mapping[str, str] | None = None,
    cluster: Mapping[str, Any] | None = None,
    below: Mapping[Named, Named] | None = None,
) -> dict[str, Any]:
    """Build the document of a finished run, without `previous` and `sha256` (the store adds both).

    Its observations and findings are rows of the store. `results`: of all devices. `sessions`: devices read at once,
    `wanted` and at `most`, `workers`: of a cluster, by device; `cluster`: its entry. `saved`: of saved outputs.
    `below`: what rests on lost elements, with the element below each.
    """
    return {
        **_header(event, duties, clock),
        "id": run_id,
        "started": started,
        "finished": clock.real().isoformat(timespec="milliseconds"),
        "state": "finished",
        **({"sessions": dict(sessions)} if sessions else {}),
        **({"saved": True} if saved else {}),
        **({"cluster": dict(cluster)} if cluster else {}),
        **({"rests": rests_to_json(below)} if below else {}),
        "coverage": _coverage(coverage, seen),
        "devices": [
            {**_device(device), **_reached(results[device.name]), **_worker(device.name, workers or {})}
            for device in _ordered(devices)
        ],
        "verdicts": [
            {"venue": v.venue, "service": v.service, "verdict": v.verdict, "reasons": v.reasons} for v in verdicts
        ],
    }


def with_references(
    document: Mapping[str, Any], verdicts: Iterable[Verdict], walk: Callable[[Verdict], ServiceWalk]
) -> Parts:
    """Document with the references and the walks of its verdicts, each compressed by itself."""
    packed = [
        pack_pieces(_with_references({**entry, "walk": exact(walk(verdict).to_json())}, verdict))
        for entry, verdict in zip(document["verdicts"], verdicts, strict=True)
    ]
    given = Items(lambda: map(zlib.decompress, packed))
    return Parts.of({**document, "verdicts": []}).with_parts({"verdicts": given})


def _with_references(entry: Mapping[str, Any], verdict: Verdict) -> Iterator[bytes]:
    """Entry of a verdict as canonical JSON in pieces; `because` is the first key."""
    first, bracket, rest = sorted_json({**entry, "because": []}).partition(b"[")
    yield first + bracket
    for number, items in enumerate(verdict.because_items()):
        yield b"," + items if number else items
    yield rest


def _worker(device: str, workers: Mapping[str, str]) -> dict[str, str]:
    return {"worker": workers[device]} if device in workers else {}


def _header(event: Event, duties: Sequence[Duty], clock: Clock) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "event": event.id,
        "tool": f"eventready {__version__}",
        "clock": {"event": clock.now().isoformat(timespec="seconds"), "rehearsal": clock.rehearsal},
        "event_info": event_info(event, duties),
        "observations": None,
        "findings": None,
    }


def _ordered(devices: Iterable[Device]) -> list[Device]:
    return sorted(devices, key=lambda device: device.name)


def _coverage(coverage: Coverage, seen: SeenSubjects) -> dict[str, float]:
    """Share of the needed observations measured whole; numbers of subjects in use, and of those not expected."""
    return {
        "needed": coverage.needed,
        "measured": coverage.measured,
        "partial": coverage.partial,
        "ratio": coverage.ratio,
        "seen": seen.seen,
        "uncovered": seen.uncovered,
        "unseen_devices": seen.unseen_devices,
    }


def summary(document: Mapping[str, Any], results: Iterable[DeviceResult], across: Iterable[Finding]) -> Summary:
    """Summary of the document, from the counts in the device results."""
    counts = Counter(str(finding.status) for finding in across)
    for result in results:
        counts.update(result.counts)
    return Summary.of(document, counts)


def event_info(event: Event, duties: Sequence[Duty]) -> dict[str, Any]:
    """Data of the event for reports; a report reads the run alone."""
    return {
        "name": event.name,
        "name_vi": event.name_vi,
        "venues": [
            {"id": venue.id, "name": venue.name, "name_vi": venue.name_vi, "services": list(venue.services)}
            for venue in event.venues
        ],
        "duties": [{"id": duty.id, "vi": duty.vi, "en": duty.en} for duty in duties],
    }


def _device(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "role": device.role,
        "platform": device.platform,
        "venues": device.venues,
        **({"without_expectations": True} if device.expect.names_nothing else {}),
    }


def _reached(result: DeviceResult) -> dict[str, Any]:
    return {"reachable": result.reachable, "reason": result.reason, "reason_message": to_json(result.message)}


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
        kind = CATALOGUE.get(entry["fact"]) if entry["fact"] in facts else None
        if kind is None:
            continue
        status = Status(entry["status"])
        if status.measured:
            records = tuple(kind.record.model_validate(row) for row in entry["rows"])
            unread = tuple(map(_unread, entry.get("unread", ())))
            rows.setdefault(entry["device"], {})[kind.name] = FactRows(records, unread)
        elif status is not Status.UNSUPPORTED and not entry.get("inventory"):
            missing.setdefault(entry["device"], set()).add(kind.name)
    return rows, {device: frozenset(names) for device, names in missing.items()}


def _unread(entry: Mapping[str, Any]) -> Unread:
    return Unread(entry["subject"], from_json(entry.get("reason_message")) or Bilingual("", entry["reason"]))


def recorded_network(devices: Iterable[Device], run: Run) -> NetworkFacts:
    """Facts of a run beside these devices, with the requested facts without a measurement."""
    rows, missing = _recorded(run, CATALOGUE)
    return NetworkFacts([
        DeviceFacts(one, rows.get(one.name, {}), missing.get(one.name, frozenset())) for one in devices
    ])  # fmt: skip


def recorded_setting(workspace: Workspace, run: Run) -> NetworkSetting:
    """Venues, origins and risk groups of the workspace, with the ports of the run's waived findings."""
    found = run.open_findings(b'"status":"waived"')
    waived = ((f["check"], f["device"], f["subject"]) for f in found if f["status"] == "waived")
    event = workspace.event
    moment = datetime.fromisoformat(run.document["clock"]["event"]) if "clock" in run.document else None
    return NetworkSetting(
        event.venues, event.origins, workspace.risks, waived_ports(waived), windows=event.windows, moment=moment
    )
