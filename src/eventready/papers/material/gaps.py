"""Unmeasured items: unreached devices, failed readings, blind spots of equipment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eventready.core.groups import group_by
from eventready.core.language import Language, clean
from eventready.core.strings.texts import natural
from eventready.evaluation.alike import rows
from eventready.papers.material.findings import FindingLine, LineRow, RunContext
from eventready.store.run import Run, judged_observations
from eventready.store.run_records import RunDevice


@dataclass(frozen=True)
class UnreachedDevice:
    """Unreached device, and the number of checks without a result."""

    device: str
    role: str
    venues: tuple[str, ...]
    reason: str
    lost: int


@dataclass(frozen=True)
class FailedReadings:
    """Failed readings of a reachable device: the checks without a result, and a row per reason."""

    device: str
    checks: tuple[str, ...]
    rows: tuple[LineRow, ...]


@dataclass(frozen=True)
class BlindSpots:
    """States not reported by equipment of the same kind: its devices, and sentences with the names of their checks."""

    devices: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class DeviceCoverage:
    """The readings of a device; `measured`: whole. `missing`: facts with the reason, or with the unread records."""

    device: str
    role: str
    platform: str
    measured: int
    needed: int
    missing: tuple[tuple[str, str], ...]


def unreached_devices(
    devices: Iterable[RunDevice], lines: Sequence[FindingLine], context: RunContext
) -> tuple[UnreachedDevice, ...]:
    """Return the unreached devices of a run."""
    lost = Counter(line.device for line in lines if line.status == "not_measured" and not line.blind)
    silent = [device for device in devices if not device.reachable]
    return tuple(
        UnreachedDevice(
            device=clean(device.name),
            role=context.role(device),
            venues=context.names(device.venues),
            reason=context.language.reason(device),
            lost=lost[clean(device.name)],
        )
        for device in sorted(silent, key=lambda d: natural(d.name))
    )


def failed_readings(lines: Sequence[FindingLine], silent: set[str]) -> tuple[FailedReadings, ...]:
    """Return the unmeasured items of reachable devices: by device and reason, or by device and check with subjects."""
    groups: dict[tuple[str, str], dict[str, FindingLine]] = {}
    checks: dict[tuple[str, str], dict[str, None]] = {}
    for line in lines:
        if line.status == "not_measured" and not line.blind and line.device not in silent:
            key = (line.device, line.check_title if line.subject else line.message)
            groups.setdefault(key, {}).setdefault(line.message, line)
            checks.setdefault(key, {})[line.check_title] = None
    return tuple(
        FailedReadings(key[0], tuple(checks[key]), tuple(rows(found.values(), lambda line: line.about)))
        for key, found in groups.items()
    )


def blind_spots(lines: Sequence[FindingLine], language: Language) -> tuple[BlindSpots, ...]:
    """Return the blind spots of the equipment by devices; checks with the same sentence are together."""
    blind = [line for line in lines if line.status == "not_measured" and line.blind]
    devices: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows(blind, lambda line: line.about):
        spot = row.first.check_title, language.together(row.first.message, row.subjects)
        devices.setdefault(spot, {}).update(dict.fromkeys(map(clean, row.devices)))
    alike = group_by(sorted(devices), lambda spot: (tuple(devices[spot]), spot[1]))
    sentences = [
        (names, f"{', '.join(title for title, _ in same)}: {line_text}") for (names, line_text), same in alike.items()
    ]
    by_devices = group_by(sentences, lambda one: one[0])
    return tuple(
        BlindSpots(names, tuple(line_text for _, line_text in by_devices[names])) for names in sorted(by_devices)
    )


@dataclass(frozen=True)
class UnconfirmedFacts:
    """Facts measured on devices of a platform in a form without confirmation by a public source."""

    platform: str
    facts: tuple[str, ...]
    devices: tuple[str, ...]


def unconfirmed_facts(run: Run) -> tuple[UnconfirmedFacts, ...]:
    """Unconfirmed facts of a run by platform, in the order of the platforms' names."""
    platforms = {clean(device.name): clean(device.platform) for device in run.header.devices}
    facts: dict[str, set[str]] = {}
    devices: dict[str, set[str]] = {}
    for observation in judged_observations(run, b'"unconfirmed":'):
        if observation.unconfirmed:
            name = clean(observation.device)
            platform = platforms.get(name, "")
            facts.setdefault(platform, set()).add(clean(observation.fact))
            devices.setdefault(platform, set()).add(name)
    return tuple(
        UnconfirmedFacts(platform, tuple(sorted(facts[platform])), tuple(sorted(devices[platform], key=natural)))
        for platform in sorted(facts)
    )


def device_coverage(run: Run, context: RunContext) -> tuple[DeviceCoverage, ...]:
    """The readings of every device, and those without a result."""
    found: dict[str, dict[tuple[str, int], str]] = {name: {} for name in context.devices}
    unread: dict[str, dict[str, list[str]]] = {}
    for observation in judged_observations(run):
        key = (observation.fact, observation.reading)
        found.setdefault(observation.device, {})[key] = observation.status
        names = [clean(record.subject) for record in observation.unread]
        if names:
            unread.setdefault(observation.device, {})[observation.fact] = names
    return tuple(_coverage(name, found[name], unread.get(name, {}), context) for name in sorted(found, key=natural))


def _coverage(
    name: str, statuses: dict[tuple[str, int], str], unread: dict[str, list[str]], context: RunContext
) -> DeviceCoverage:
    device = context.devices.get(name, RunDevice(name))
    missing = {
        fact: context.language.phrase("page:unread_records", names=", ".join(names)) for fact, names in unread.items()
    }
    missing |= {
        fact: context.language.observation(status)
        for (fact, _), status in sorted(statuses.items())
        if status not in ("parsed", "empty")
    }
    return DeviceCoverage(
        device=clean(name),
        role=context.role(device),
        platform=clean(device.platform),
        measured=sum(status in ("parsed", "empty") and fact not in unread for (fact, _), status in statuses.items()),
        needed=len(statuses),
        missing=tuple((clean(fact), why) for fact, why in missing.items()),
    )
