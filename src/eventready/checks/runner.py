"""From observations to findings: every check that is asked, and a finding for everything that could not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from eventready.checks.answer import blind, unknown
from eventready.checks.check import Check, Look, Scope
from eventready.checks.finding import Finding
from eventready.checks.limits import ResolvedLimits
from eventready.checks.matrix import Ask, Cell, Matrix
from eventready.checks.waivers import expired, waive
from eventready.clock import TZ
from eventready.facts.observation import Observation, Status
from eventready.facts.records import Fact
from eventready.workspace.device import Device
from eventready.workspace.limits import Limits as Overrides
from eventready.workspace.waivers import Waiver

Rows = Mapping[str, tuple[Fact, ...]]
#: The name under which a device that no check is asked of is reported.
UNCHECKED = "device"


@dataclass(frozen=True)
class Coverage:
    """Facts measured of the facts that the asked checks need."""

    needed: int
    measured: int

    @property
    def ratio(self) -> float:
        """Share measured; 0 where nothing was needed, because nothing is known then."""
        return self.measured / self.needed if self.needed else 0.0

    def __add__(self, other: Coverage) -> Coverage:
        """Of both together."""
        return Coverage(self.needed + other.needed, self.measured + other.measured)


class _Told:
    """What one device told: its observations by fact, in the order of the readings."""

    def __init__(self) -> None:
        self.by_fact: dict[str, list[Observation]] = {}
        self._evidence: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(self, observation: Observation) -> None:
        self.by_fact.setdefault(observation.fact, []).append(observation)

    def settle(self) -> None:
        for readings in self.by_fact.values():
            if len(readings) > 1:
                readings.sort(key=lambda observation: observation.reading)

    def measured(self, fact: str) -> bool:
        """True when every reading of the fact is a measurement."""
        readings = self.by_fact.get(fact, [])
        return bool(readings) and all(reading.status.measured for reading in readings)

    def now(self) -> dict[str, tuple[Fact, ...]]:
        """The latest measured rows of each fact."""
        latest = {}
        for fact, readings in self.by_fact.items():
            for reading in readings:
                if reading.status.measured:
                    latest[fact] = reading.rows
        return latest

    def before(self) -> dict[str, tuple[Fact, ...]]:
        """The first rows of the facts that were measured twice."""
        return {
            fact: readings[0].rows
            for fact, readings in self.by_fact.items()
            if len(readings) > 1 and self.measured(fact)
        }

    def evidence(self, facts: tuple[str, ...]) -> tuple[str, ...]:
        """Where the raw text of these facts is kept."""
        if facts not in self._evidence:
            kept = (reading.evidence for fact in facts for reading in self.by_fact.get(fact, ()))
            self._evidence[facts] = tuple(dict.fromkeys(evidence for evidence in kept if evidence))
        return self._evidence[facts]


def _by_device(devices: Iterable[Device], observations: Iterable[Observation]) -> dict[str, _Told]:
    told = {device.name: _Told() for device in devices}
    for observation in observations:
        if observation.device in told:
            told[observation.device].add(observation)
    for one in told.values():
        one.settle()
    return told


def coverage(matrix: Matrix, observations: Iterable[Observation], devices: Iterable[str] | None = None) -> Coverage:
    """How much of what the asked checks need was measured; a fact read twice counts once, and only if both were.

    `devices` are those that count (default: all of the matrix).
    """
    measured: dict[tuple[str, str], bool] = {}
    for observation in observations:
        key = (observation.device, observation.fact)
        measured[key] = measured.get(key, True) and observation.status.measured
    counted = matrix.devices if devices is None else devices
    needed = [(device, fact) for device in counted for fact in matrix.needed(device)]
    return Coverage(len(needed), sum(measured.get(key, False) for key in needed))


def judge(
    devices: Sequence[Device],
    matrix: Matrix,
    observations: Iterable[Observation],
    *,
    moment: datetime,
    limits: ResolvedLimits | None = None,
    waivers: Sequence[Waiver] = (),
    baseline: Mapping[str, Rows] | None = None,
    intervals: Mapping[str, float] | None = None,
    scope: Scope | None = None,
) -> tuple[Finding, ...]:
    """All findings, in the order of device, check and subject, whatever the order of `devices`.

    `baseline` maps a device to the rows of an earlier run, `intervals` to the seconds between its two readings.
    `moment` (aware) decides whether a waiver still counts. A check that breaks off never takes the others with it.

    With `scope` "device" only the checks that look at one device: the findings of several devices are those of each.
    With "fleet" only the others, for which it is enough to know the facts in `matrix.shared`.
    """
    bench = _Bench(
        devices, matrix, observations, limits or ResolvedLimits(Overrides()), moment, baseline or {}, intervals or {}
    )
    today = moment.astimezone(TZ).date()
    findings = [*waive(bench.findings(scope), waivers, today), *(expired(waivers, today) if scope != "device" else ())]
    return tuple(sorted(findings, key=lambda finding: (finding.device, finding.check, finding.subject, finding.text)))


class _Bench:
    """Where looks and checks meet."""

    def __init__(  # noqa: PLR0917  one caller, who names what it gives
        self,
        devices: Sequence[Device],
        matrix: Matrix,
        observations: Iterable[Observation],
        limits: ResolvedLimits,
        moment: datetime,
        baseline: Mapping[str, Rows],
        intervals: Mapping[str, float],
    ) -> None:
        self._devices = sorted(devices, key=lambda device: device.name)
        self._matrix, self._limits = matrix, limits
        self._told = _by_device(devices, observations)
        self._looks = {
            device.name: Look(
                device,
                now=self._told[device.name].now(),
                before=self._told[device.name].before(),
                baseline=baseline.get(device.name, {}),
                interval_s=intervals.get(device.name, 0.0),
                moment=moment.astimezone(UTC),
                untold=matrix.untold[device.name],
            )
            for device in self._devices
        }

    def findings(self, scope: Scope | None) -> Iterator[Finding]:
        """Everything that the matrix asks for, or says that it cannot be asked, in checks of this scope."""
        for device in self._devices:
            cells = self._matrix.of(device.name)
            for cell in cells:
                if scope in (None, self._matrix.checks[cell.check].scope):
                    yield from self._of_cell(device, cell)
            if scope != "fleet" and all(cell.state is Ask.NOT_APPLICABLE for cell in cells):
                yield blind("", "No check applies to this device").but(check=UNCHECKED, device=device.name)
        if scope == "device":
            return
        for check in self._matrix.checks.values():
            if check.scope == "fleet" and self._matrix.asked(check.name):
                yield from self._across(check)

    def _of_cell(self, device: Device, cell: Cell) -> Iterator[Finding]:
        if cell.state is Ask.NOT_APPLICABLE:
            return
        check = self._matrix.checks[cell.check]
        if cell.state is Ask.CANNOT_TELL:
            said = blind("", "This kind of equipment cannot tell: {reason}", reason=cell.reason)
            yield self._stamped(said, check, device.name)
            return
        look = self._looks[device.name]
        lacking = next((need for need in check.needs if not look.measured(need)), None)
        if lacking is not None:
            yield self._stamped(_unmeasured(lacking, self._told[device.name].by_fact.get(lacking)), check, device.name)
        elif check.scope == "device":
            for finding in _carried_out(check, look, self._limits.of(check, device)):
                yield self._stamped(finding, check, device.name)

    def _across(self, check: Check) -> Iterator[Finding]:
        asked = self._matrix.asked(check.name)
        if not any(self._looks[name].measured(need) for name in asked for need in check.needs):
            return  # said of each device already
        for finding in _carried_out(check, list(self._looks.values()), self._limits.of(check)):
            yield self._stamped(finding, check, finding.device or asked[0])

    def _stamped(self, finding: Finding, check: Check, device: str) -> Finding:
        witnesses = [self._told[name] for name in finding.witnesses or (device,) if name in self._told]
        if len(witnesses) == 1:
            evidence = witnesses[0].evidence(check.needs)
        else:
            evidence = tuple(dict.fromkeys(kept for told in witnesses for kept in told.evidence(check.needs)))
        return finding.but(check=check.name, device=device, duties=check.duties, evidence=evidence)


def _carried_out(check: Check, seen: Look | Sequence[Look], limits: object) -> list[Finding]:
    """The check's findings; when it gives none, or breaks off, a finding that says so."""
    try:
        findings = list(check.run(seen, limits))
    except Exception as error:  # one check that breaks off must not cost the run
        return [
            unknown("", "The check broke off ({error}): please report it", error=f"{type(error).__name__}: {error}")
        ]
    return findings or [unknown("", "The check found nothing to judge")]


def _unmeasured(fact: str, readings: Sequence[Observation] | None) -> Finding:
    """Why a fact is missing, in the words of the observation that came instead."""
    failed = next((reading for reading in readings or () if not reading.status.measured), None)
    if failed is None:
        return unknown("", "Not measured: {fact} was not asked for", fact=fact)
    reason = failed.reason or failed.command
    match failed.status:
        case Status.UNREACHABLE:
            return unknown("", "Not measured, the device was not reached: {reason}", fact=fact, reason=reason)
        case Status.DENIED:
            return unknown("", "Not measured, the device did not allow it: {reason}", fact=fact, reason=reason)
        case Status.TIMEOUT:
            return unknown("", "Not measured, no answer in time: {reason}", fact=fact, reason=reason)
        case Status.UNSUPPORTED:
            return unknown("", "Not measured, the device does not offer it: {reason}", fact=fact, reason=reason)
        case _:
            return unknown("", "Not measured, the answer was not understood: {reason}", fact=fact, reason=reason)
