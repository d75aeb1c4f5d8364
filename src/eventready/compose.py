"""From what was measured and judged to the run document, and back to records for a comparison with a baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from eventready import __version__
from eventready.checks.finding import Finding
from eventready.checks.runner import Coverage
from eventready.checks.verdict import Verdict
from eventready.clock import Clock
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.facts.records import Fact
from eventready.run import SCHEMA, Run
from eventready.workspace.device import Device
from eventready.workspace.duties import Duty
from eventready.workspace.event import Event

#: What these say of a device is that nobody could ask it anything.
_NO_SESSION = frozenset({Status.UNREACHABLE, Status.DENIED, Status.TIMEOUT})


def compose(
    *,
    run_id: str,
    started: str,
    event: Event,
    duties: Sequence[Duty],
    clock: Clock,
    devices: Sequence[Device],
    observations: Iterable[Observation],
    findings: Iterable[Finding],
    verdicts: Iterable[Verdict],
    coverage: Coverage,
) -> dict[str, Any]:
    """The document of a finished run, without `previous` and `sha256`, which the store adds when it is sealed."""
    told = sorted(observations, key=lambda o: (o.device, o.fact, o.reading))
    return {
        "schema": SCHEMA,
        "id": run_id,
        "event": event.id,
        "started": started,
        "finished": clock.real().isoformat(timespec="milliseconds"),
        "tool": f"eventready {__version__}",
        "clock": {"event": clock.now().isoformat(timespec="seconds"), "rehearsal": clock.rehearsal},
        "event_info": event_info(event, duties),
        "state": "finished",
        "coverage": {"needed": coverage.needed, "measured": coverage.measured, "ratio": coverage.ratio},
        "devices": [_device(device, told) for device in sorted(devices, key=lambda d: d.name)],
        "observations": [_observation(observation) for observation in told],
        "findings": [_finding(finding) for finding in findings],
        "verdicts": [
            {"venue": v.venue, "service": v.service, "verdict": v.verdict, "because": list(v.because)} for v in verdicts
        ],
    }


def event_info(event: Event, duties: Sequence[Duty]) -> dict[str, Any]:
    """What a report must know of the event, so that it needs nothing but the run."""
    return {
        "name": event.name,
        "name_vi": event.name_vi,
        "venues": [
            {"id": venue.id, "name": venue.name, "name_vi": venue.name_vi, "services": list(venue.services)}
            for venue in event.venues
        ],
        "duties": [{"id": duty.id, "vi": duty.vi, "en": duty.en} for duty in duties],
    }


def _device(device: Device, told: Sequence[Observation]) -> dict[str, Any]:
    mine = [observation for observation in told if observation.device == device.name]
    answered = any(o.status not in _NO_SESSION and o.evidence for o in mine)
    reason = "" if answered else next((o.reason for o in mine if o.reason), "It was not asked anything.")
    return {
        "name": device.name,
        "role": device.role,
        "platform": device.platform,
        "venues": list(device.venues),
        "reachable": answered,
        "reason": reason,
    }


def _observation(observation: Observation) -> dict[str, Any]:
    return {
        "device": observation.device,
        "fact": observation.fact,
        "reading": observation.reading,
        "status": str(observation.status),
        "command": observation.command,
        "evidence": observation.evidence,
        "reason": observation.reason,
        "rows": [row.model_dump(mode="json", exclude_none=True) for row in observation.rows],
        "unmatched": list(observation.unmatched),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "device": finding.device,
        "subject": finding.subject,
        "status": str(finding.status),
        "value": finding.value,
        "limit": finding.limit,
        "unit": finding.unit,
        "message": finding.message,
        "duties": list(finding.duties),
        "evidence": list(finding.evidence),
        "text": finding.text,
        "params": dict(finding.params),
        "venues": list(finding.venues),
        "services": list(finding.services),
        "blind": finding.blind,
        "waiver": finding.waiver,
        "was": str(finding.was) if finding.was else "",
    }


def recorded_rows(run: Run) -> dict[str, dict[str, tuple[Fact, ...]]]:
    """A run's measured rows as records again: device, then fact (last reading), then rows."""
    rows: dict[str, dict[str, tuple[Fact, ...]]] = {}
    for entry in run.document["observations"]:
        kind = CATALOGUE.get(entry["fact"])
        if kind is None or not Status(entry["status"]).measured:
            continue
        records = tuple(kind.record.model_validate(row) for row in entry["rows"])
        rows.setdefault(entry["device"], {})[kind.name] = records
    return rows
