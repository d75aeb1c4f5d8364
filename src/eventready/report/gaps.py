"""What could not be measured: devices that were not reached, readings that failed, what equipment cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from eventready.report.language import Language, clean
from eventready.report.lines import natural
from eventready.report.model import Blind, Document, Line, Place, Read, Unreached, Unread


def unreached(document: Document, lines: Sequence[Line], place: Place) -> tuple[Unreached, ...]:
    """Devices that could not be asked anything."""
    lost: dict[str, int] = {}
    for line in lines:
        if line.status == "not_measured" and not line.blind:
            lost[line.device] = lost.get(line.device, 0) + 1
    silent = [device for device in document.get("devices", ()) if not device.get("reachable")]
    return tuple(
        Unreached(
            device=clean(device["name"]),
            role=place.language.role(str(device.get("role", ""))),
            venues=place.names(map(str, device.get("venues", ()))),
            reason=place.language.reason(str(device.get("reason") or "")),
            lost=lost.get(clean(device["name"]), 0),
        )
        for device in sorted(silent, key=lambda d: natural(str(d["name"])))
    )


def unread(lines: Sequence[Line], silent: set[str]) -> tuple[Unread, ...]:
    """What was not measured on devices that answer.

    Checks that miss the same reading stand together, and so do the subjects of one check.
    """
    groups: dict[tuple[str, str], dict[str, Line]] = {}
    checks: dict[tuple[str, str], dict[str, None]] = {}
    for line in lines:
        if line.status == "not_measured" and not line.blind and line.device not in silent:
            key = (line.device, line.check_title if line.subject else line.message)
            groups.setdefault(key, {}).setdefault(line.message, line)
            checks.setdefault(key, {})[line.check_title] = None
    return tuple(Unread(key[0], tuple(checks[key]), tuple(found.values())) for key, found in groups.items())


def blind(lines: Sequence[Line]) -> tuple[Blind, ...]:
    """What equipment cannot tell, once per sentence with the devices it concerns."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for line in lines:
        if line.status == "not_measured" and line.blind:
            groups.setdefault((line.check_title, line.message), {})[line.device] = None
    ordered = sorted(groups.items(), key=lambda item: item[0])
    return tuple(Blind(title, message, tuple(devices)) for (title, message), devices in ordered)


def reads(document: Document, language: Language, place: Place) -> tuple[Read, ...]:
    """Per device, how many readings were measured and what is missing."""
    found: dict[str, dict[tuple[str, int], str]] = {str(d["name"]): {} for d in document.get("devices", ())}
    for observation in document.get("observations", ()):
        key = (str(observation["fact"]), int(observation.get("reading", 1)))
        found.setdefault(str(observation["device"]), {})[key] = str(observation["status"])
    return tuple(_read(name, found[name], language, place) for name in sorted(found, key=natural))


def _read(name: str, statuses: dict[tuple[str, int], str], language: Language, place: Place) -> Read:
    device = place.devices.get(name, {})
    missing = {
        fact: language.observation(status)
        for (fact, _), status in sorted(statuses.items())
        if status not in ("parsed", "empty")
    }
    return Read(
        device=clean(name),
        role=language.role(str(device.get("role", ""))),
        platform=clean(device.get("platform", "")),
        measured=sum(status in ("parsed", "empty") for status in statuses.values()),
        asked=len(statuses),
        missing=tuple((clean(fact), why) for fact, why in missing.items()),
    )
