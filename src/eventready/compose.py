"""From what was measured and judged to the run document, and back to records for a comparison with a baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from eventready import __version__
from eventready.checks.finding import Finding
from eventready.checks.runner import Coverage
from eventready.checks.verdict import Verdict
from eventready.clock import Clock
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Status
from eventready.facts.records import Fact
from eventready.run import SCHEMA, Parts, Run, Summary, listed
from eventready.sheet import Sheet, by_check
from eventready.workspace.device import Device
from eventready.workspace.duties import Duty
from eventready.workspace.event import Event


def compose(
    *,
    run_id: str,
    started: str,
    event: Event,
    duties: Sequence[Duty],
    clock: Clock,
    devices: Sequence[Device],
    sheets: Mapping[str, Sheet],
    across: Sequence[Finding],
    verdicts: Iterable[Verdict],
    coverage: Coverage,
) -> Parts:
    """The document of a finished run, without `previous` and `sha256`, which the store adds when it is sealed.

    `sheets` are those of all devices, `across` the findings that are on none of them, in order.
    """
    ordered = sorted(devices, key=lambda device: device.name)
    head = {
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
        "devices": [_device(device, sheets[device.name]) for device in ordered],
        "verdicts": [
            {"venue": v.venue, "service": v.service, "verdict": v.verdict, "because": v.because} for v in verdicts
        ],
    }
    observations = [sheets[device.name].observations for device in ordered]
    return Parts.of(head).and_pieces(
        observations=listed([piece for piece in observations if piece]),
        findings=listed(list(_findings(sheets, across))),
    )


def _findings(sheets: Mapping[str, Sheet], across: Sequence[Finding]) -> Iterator[bytes]:
    """All findings, in the order of device and check, a piece per device."""
    found = {name: dict(sheet.findings) for name, sheet in sheets.items()}
    for name, told in groupby(across, key=lambda finding: finding.device):
        found.setdefault(name, {}).update(by_check(told))
    for name in sorted(found):
        if found[name]:
            yield b",".join([found[name][check] for check in sorted(found[name])])


def summary(document: Mapping[str, Any], sheets: Iterable[Sheet], across: Iterable[Finding]) -> Summary:
    """The summary of the document; its findings are counted already."""
    counts = Counter(str(finding.status) for finding in across)
    for sheet in sheets:
        counts.update(sheet.counts)
    return Summary.of(document, counts)


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


def _device(device: Device, sheet: Sheet) -> dict[str, Any]:
    return {
        "name": device.name,
        "role": device.role,
        "platform": device.platform,
        "venues": device.venues,
        "reachable": sheet.reachable,
        "reason": sheet.reason,
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
