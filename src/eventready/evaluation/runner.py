"""Evaluation of checks: observations to findings, with `not_measured` for each check without a measurement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache, partial, wraps
from typing import ParamSpec, Self

from eventready.checks.answer import blind, unknown
from eventready.checks.check import Check, DeviceView, EarlierReading, Scope
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Bilingual, Message
from eventready.core.timezone import local_time
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import CellState, DutyIndex, Matrix, MatrixCell
from eventready.evaluation.waivers import UNCHECKED, expired, waive
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Unread
from eventready.facts.packed import PackedObservations, UnpackedRows
from eventready.facts.ports import port_key
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.facts.subjects import may_be
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.waivers import Waiver

Rows = Mapping[str, FactRows[Fact]]
Packed = Mapping[str, PackedObservations]
#: Devices with unpacked observations at once.
_UNPACKED = 512
History = Mapping[str, tuple[EarlierReading, ...]]
#: Unread records that a finding names, and the fields of a finding that are its statement.
_NAMED = 5
_SENTENCE = ("status", "message_id", "params", "value", "limit", "unit")
#: How much of a fact was read, the least first.
_EXTENTS = ("none", "partial", "whole")
_ALL_FACTS = frozenset(CATALOGUE)


@dataclass(frozen=True)
class Coverage:
    """Numbers of needed facts, of those measured whole, and of those read in part: with unread records."""

    needed: int
    measured: int
    partial: int = 0

    @property
    def ratio(self) -> float:
        """Share measured whole; 0 where nothing was needed."""
        return self.measured / self.needed if self.needed else 0.0

    def __add__(self, other: Coverage) -> Coverage:
        """The sum of both."""
        return Coverage(self.needed + other.needed, self.measured + other.measured, self.partial + other.partial)


class _DeviceReadings:
    """Observations of a device by fact, in the order of the readings. `packed`: rows by fact and reading, if apart."""

    def __init__(self) -> None:
        self.by_fact: dict[str, list[Observation]] = {}
        self._packed: dict[tuple[str, int], bytes] = {}
        self._evidence: dict[tuple[str, ...], tuple[str, ...]] = {}

    @classmethod
    def unpacked(cls, packed: PackedObservations) -> Self:
        """Readings with rows unpacked at their first use."""
        readings = cls()
        for observation, rows in packed.unpacked():
            readings.add(observation)
            readings._packed[observation.fact, observation.reading] = rows
        readings.sort()
        return readings

    def add(self, observation: Observation) -> None:
        self.by_fact.setdefault(observation.fact, []).append(observation)

    def sort(self) -> None:
        for readings in self.by_fact.values():
            if len(readings) > 1:
                readings.sort(key=lambda observation: observation.reading)

    def measured(self, fact: str) -> bool:
        """True when every reading of the fact is a measurement."""
        readings = self.by_fact.get(fact, [])
        return bool(readings) and all(reading.status.measured for reading in readings)

    @cached_property
    def now(self) -> Rows:
        """The latest measured rows of each fact."""
        return self._rows(self._latest())

    @cached_property
    def before(self) -> Rows:
        """First rows of the facts with two readings."""
        both = {fact: readings[0] for fact, readings in self.by_fact.items() if len(readings) > 1}
        return self._rows({fact: first for fact, first in both.items() if self.measured(fact)})

    def _latest(self) -> dict[str, Observation]:
        measured = (one for readings in self.by_fact.values() for one in readings if one.status.measured)
        return {one.fact: one for one in measured}

    def _rows(self, chosen: Mapping[str, Observation]) -> Rows:
        if not self._packed:
            return {fact: FactRows.of(one) for fact, one in chosen.items()}
        return UnpackedRows({
            fact: (FactRows.of(one).unread_records, self._packed[fact, one.reading]) for fact, one in chosen.items()
        })  # fmt: skip

    def evidence(self, facts: tuple[str, ...]) -> tuple[str, ...]:
        """The hashes of the raw texts of these facts."""
        if facts not in self._evidence:
            hashes = (reading.evidence for fact in facts for reading in self.by_fact.get(fact, ()))
            self._evidence[facts] = tuple(dict.fromkeys(evidence for evidence in hashes if evidence))
        return self._evidence[facts]


class _UnpackedReadings(Mapping[str, _DeviceReadings]):
    """Readings by device, of which those of `most` devices are unpacked at once."""

    def __init__(self, devices: Collection[str], packed: Packed, most: int | None) -> None:
        self._devices = devices
        self._of = lru_cache(most)(lambda name: _DeviceReadings.unpacked(packed[name]))

    def __getitem__(self, name: str) -> _DeviceReadings:
        return self._of(name)

    def __contains__(self, name: object) -> bool:
        return name in self._devices  # the default unpacks

    def __iter__(self) -> Iterator[str]:
        return iter(self._devices)

    def __len__(self) -> int:
        return len(self._devices)


class _PartOfDevice(Mapping[str, FactRows[Fact]]):
    """Part of the readings of a device (`now`, `before`), read at each use."""

    __slots__ = ("_name", "_part", "_readings")

    def __init__(self, readings: Mapping[str, _DeviceReadings], name: str, part: str) -> None:
        self._readings, self._name, self._part = readings, name, part

    def _read(self) -> Rows:
        found: Rows = getattr(self._readings[self._name], self._part)
        return found

    def __getitem__(self, fact: str) -> FactRows[Fact]:
        return self._read()[fact]

    def __contains__(self, fact: object) -> bool:
        return fact in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def _by_device(devices: Iterable[Device], observations: Iterable[Observation]) -> dict[str, _DeviceReadings]:
    by_device = {device.name: _DeviceReadings() for device in devices}
    for observation in observations:
        if observation.device in by_device:
            by_device[observation.device].add(observation)
    for readings in by_device.values():
        readings.sort()
    return by_device


def coverage(matrix: Matrix, observations: Iterable[Observation], devices: Iterable[str] | None = None) -> Coverage:
    """Count measured and needed facts; a fact with two readings counts once, as the poorer of both.

    `devices` limits the count to these (default: all of the matrix).
    """
    read: dict[tuple[str, str], str] = {}
    for observation in observations:
        key = (observation.device, observation.fact)
        read[key] = min(read.get(key, "whole"), _extent(observation), key=_EXTENTS.index)
    counted = matrix.devices if devices is None else devices
    needed = [(device, fact) for device in counted for fact in matrix.needed(device)]
    found = Counter(read.get(key, "none") for key in needed)
    return Coverage(len(needed), found["whole"], found["partial"])


def _extent(observation: Observation) -> str:
    if not observation.status.measured:
        return "none"
    return "whole" if FactRows.of(observation).whole else "partial"


@dataclass(frozen=True)
class Evaluation:
    """Findings, and the network of the checks across devices; None without origins, and for single devices."""

    findings: tuple[Finding, ...]
    network: WhatIf | None = None


def evaluate_all(
    devices: Sequence[Device],
    matrix: Matrix,
    observations: Iterable[Observation] | Packed,
    *,
    moment: datetime,
    limits: ResolvedLimits | None = None,
    waivers: Sequence[Waiver] = (),
    baseline: Mapping[str, Rows] | None = None,
    history: History | None = None,
    intervals: Mapping[str, float] | None = None,
    duties: DutyIndex | None = None,
    scope: Scope | None = None,
    checks: Collection[str] | None = None,
) -> Evaluation:
    """All findings, in the order of device, check and subject, whatever the order of `devices`.

    `baseline` maps a device to the rows of an earlier run, `history` to its readings in full audits, `intervals` to the
    seconds between its two readings. `moment` (aware) decides whether a waiver is valid. An exception in a check
    becomes a finding of that check.

    `scope` "device" runs the checks of single devices: the findings of several devices are those of each. `scope`
    "fleet" runs the checks across devices, which need the facts of `matrix.shared` only; "network" those of the whole
    network alone. `checks`: of single devices and of the network, those alone. `observations` packed by device are
    unpacked while they are in use: all of them for checks of the whole network, otherwise those of a few hundred
    devices at once.
    """
    evaluation = _Evaluation(
        devices, matrix, observations, limits or ResolvedLimits(), moment, baseline or {}, history or {},
        intervals or {}, duties or DutyIndex(()),
    )  # fmt: skip
    today = local_time(moment).date()
    findings = [*waive(evaluation.findings(scope, checks), waivers, today)]
    network: WhatIf | None = None
    if scope != "device":
        found, network = _of_network(
            evaluation, matrix.with_waived(findings), lambda found: waive(found, waivers, today), checks
        )
        findings += found
        findings += expired(waivers, today) if scope != "network" else ()
    return Evaluation(
        tuple(
            sorted(findings, key=lambda finding: (finding.device, finding.check, finding.subject, finding.message_id))
        ),
        network,
    )


_P = ParamSpec("_P")


def _findings_of(run: Callable[_P, Evaluation]) -> Callable[_P, tuple[Finding, ...]]:
    """Return a function with the findings of an evaluation alone."""

    @wraps(run)
    def findings(*args: _P.args, **kwargs: _P.kwargs) -> tuple[Finding, ...]:
        return run(*args, **kwargs).findings

    return findings


#: Findings of `evaluate_all`.
evaluate = _findings_of(evaluate_all)


def _of_network(
    evaluation: _Evaluation,
    matrix: Matrix,
    waived: Callable[[Iterable[Finding]], Iterator[Finding]],
    checks: Collection[str] | None,
) -> tuple[list[Finding], WhatIf | None]:
    """Findings of the checks of the whole network, and the network; again where a waiver of these makes a way good."""
    network = evaluation.network(matrix.network)
    findings = [*waived(evaluation.of_network(network, checks))]
    again = matrix.with_waived(findings)
    if again.network == matrix.network:
        return findings, network
    network = evaluation.network(again.network)
    return [*waived(evaluation.of_network(network, checks))], network


class _Evaluation:
    """The checks of the matrix, run on the views of the devices."""

    def __init__(  # noqa: PLR0917  one caller, in this module
        self,
        devices: Sequence[Device],
        matrix: Matrix,
        observations: Iterable[Observation] | Packed,
        limits: ResolvedLimits,
        moment: datetime,
        baseline: Mapping[str, Rows],
        history: History,
        intervals: Mapping[str, float],
        duties: DutyIndex,
    ) -> None:
        self._devices = {device.name: device for device in sorted(devices, key=lambda device: device.name)}
        self._matrix, self._limits, self._duties, self._moment = matrix, limits, duties, moment
        packed = isinstance(observations, Mapping)
        self._readings: Mapping[str, _DeviceReadings] = (
            _UnpackedReadings(self._devices, observations, None if matrix.network else _UNPACKED)
            if isinstance(observations, Mapping) else _by_device(devices, observations)
        )  # fmt: skip
        self._views = {
            name: DeviceView(
                device,
                now=self._part(name, "now", packed=packed),
                before=self._part(name, "before", packed=packed),
                baseline=baseline.get(name, {}),
                history=history.get(name, ()),
                interval_s=intervals.get(name, 0.0),
                moment=moment.astimezone(UTC),
                unsupported=matrix.unsupported[name],
                left_out=matrix.left_out,
                needed=matrix.needed(name),
            )
            for name, device in self._devices.items()
        }

    def _part(self, name: str, part: str, *, packed: bool) -> Rows:
        return _PartOfDevice(self._readings, name, part) if packed else getattr(self._readings[name], part)

    def findings(self, scope: Scope | None, checks: Collection[str] | None = None) -> Iterator[Finding]:
        """The findings of every cell of the matrix with a check of this scope, unsupported ones included."""
        if scope == "network":
            return
        for name, device in self._devices.items():
            cells = self._matrix.concerning(name)
            for cell in cells:
                if scope in (None, self._matrix.checks[cell.check].scope) and (checks is None or cell.check in checks):
                    yield from self._of_cell(device, cell)
            if scope != "fleet" and all(self._matrix.checks[cell.check].scope == "network" for cell in cells):
                yield blind("", "checks:run.no_check").replace(check=UNCHECKED, device=name)
        if scope == "device":
            return
        for check in self._matrix.checks.values():
            if check.scope == "fleet" and self._matrix.devices_for(check.name):
                yield from self._across(check, list(self._views.values()))

    def network(self, setting: NetworkSetting | None) -> WhatIf | None:
        """Graph of the network; devices left out of the audit have no facts there."""
        if setting is None:
            return None
        facts = [view.facts for view in self._views.values()]
        facts += [DeviceFacts(one, missing=_ALL_FACTS, left_out=True) for one in self._matrix.left_out]
        return WhatIf(NetworkFacts(facts), replace(setting, moment=self._moment))

    def of_network(self, network: WhatIf | None, checks: Collection[str] | None = None) -> Iterator[Finding]:
        """Findings of the checks of the whole network; with devices left out, of the ways of the services alone."""
        if network is None:
            return
        known = (one for one in self._matrix.checks.values() if one.scope == "network")
        for check in (one for one in known if checks is None or one.name in checks):
            if self._matrix.devices_for(check.name) and (check.by_device or not self._matrix.left_out):
                yield from self._across(check, network)

    def _of_cell(self, device: Device, cell: MatrixCell) -> Iterator[Finding]:
        check = self._matrix.checks[cell.check]
        if cell.state is CellState.UNSUPPORTED:
            finding = blind("", "checks:run.unsupported_platform", reason=cell.reason)
            yield self._completed(finding, check, device.name)
            return
        view, readings = self._views[device.name], self._readings[device.name].by_fact
        missing = next((need for need in check.needs if not view.measured(need)), None)
        if missing is not None:
            finding = _unmeasured(missing, readings.get(missing))
            for one in _of_each(check, device, finding):
                yield self._completed(one, check, device.name)
            return
        findings = []
        if check.scope == "device":
            nothing = unknown("", "checks:run.no_subject")
            findings = _run(check, view, self._limits.of(check, device)) or [nothing]
        if unread := _unread_of(check, [view]):
            findings = _with_unread(findings, check, view, unread)
        lost = next((need for need in check.needs if not self._readings[device.name].measured(need)), None)
        if lost is not None and not any(f.status is Outcome.NOT_MEASURED and not f.blind for f in findings):
            findings.append(_unmeasured(lost, readings.get(lost)))  # one of two readings failed, the other was judged
        for finding in findings:
            yield self._completed(finding, check, device.name)

    def _across(self, check: Check, seen: Sequence[DeviceView] | WhatIf) -> Iterator[Finding]:
        devices = self._matrix.devices_for(check.name)
        if check.needs and not any(self._views[name].measured(need) for name in devices for need in check.needs):
            return  # each device has a finding for it already
        limits = partial(self._limits.of, check) if check.by_device else self._limits.of(check)
        findings = _run(check, seen, limits)
        names = _rested_on(findings)
        for found in findings:
            witnesses = found.witnesses or ((found.device,) if found.device else devices)
            views = [self._views[name] for name in witnesses if name in self._views]
            finding = _partly(found, _unread_of(check, views), names) if found.rests else found
            of_file = finding.subject and not finding.device  # a declaration; a lost check concerns all its devices
            for name in (finding.device,) if finding.device or of_file else devices:
                yield self._completed(finding, check, name)

    def _completed(self, finding: Finding, check: Check, device: str) -> Finding:
        if finding.witnesses:
            known = (self._readings[name] for name in finding.witnesses if name in self._readings)
            evidence = tuple(dict.fromkeys(name for readings in known for name in readings.evidence(check.needs)))
        else:
            evidence = self._readings[device].evidence(check.needs) if device in self._readings else ()
        venues = finding.venues or (self._devices[device].venues if device in self._devices else ())
        duties = self._duties.of(check.name, venues)
        return finding.replace(check=check.name, device=device, duties=duties, evidence=evidence)


def _of_each(check: Check, device: Device, finding: Finding) -> Iterator[Finding]:
    if check.each is None:
        yield finding
        return
    for empty in check.each(device):
        params = {**finding.params, "subject": empty.subject}
        subject, venues, services = empty.subject, empty.venues, empty.services
        yield finding.replace(subject=subject, params=params, venues=venues, services=services)


def _run(check: Check, seen: DeviceView | Sequence[DeviceView] | WhatIf, limits: object) -> list[Finding]:
    """Findings of the check; a single NOT_MEASURED finding if an exception is raised."""
    try:
        return list(check.run(seen, limits))
    except Exception as error:  # a defect in one check must not cost the run
        return [unknown("", "checks:run.check_failed", error=f"{type(error).__name__}: {error}")]


def _unread_of(check: Check, views: Iterable[DeviceView]) -> list[Unread]:
    """Unread records of the facts of a check."""
    facts = (*check.needs, *check.also_reads)
    rows = (view.now[fact] for view in views for fact in facts if fact in view.now)
    return [record for one in rows for record in one.unread_records]


def _with_unread(
    findings: Sequence[Finding], check: Check, view: DeviceView, unread: Sequence[Unread]
) -> list[Finding]:
    """The findings, not measured where an unread record could change them, and a finding for each such record."""
    names = _rested_on(findings)
    judged = [_partly(finding, unread, names) for finding in findings]
    if check.expected_only:
        return judged
    shown = {
        port_key(record.subject): _not_read(need, record)
        for need in check.needs if need in view.now
        for record in view.now[need].unread_records
    }  # fmt: skip
    return [*(finding for finding in judged if port_key(finding.subject) not in shown), *shown.values()]


def _rested_on(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Names of the subjects with records under the findings: by default the subject of each."""
    names = ((finding.rests and finding.rests.names) or (finding.subject,) for finding in findings)
    return tuple(dict.fromkeys(name for several in names for name in several))


def _not_read(fact: str, record: Unread) -> Finding:
    reason = Bilingual(record.message.render("vi"), record.reason)
    return unknown(record.subject, "checks:run.unread", fact=fact, reason=reason)


def _partly(finding: Finding, unread: Sequence[Unread], names: Sequence[str]) -> Finding:
    """The finding; not measured where an unread record could change the outcome."""
    rests = finding.rests
    if rests is None or not unread:
        return finding
    if rests.names:
        present = not rests.absent
        unread = [one for one in unread if any(may_be(one, name, names, present=present) for name in rests.names)]
    if not unread:
        return finding
    shown = ", ".join([*dict.fromkeys(record.subject for record in unread)][:_NAMED])
    if finding.status is Outcome.PASS:
        reason = Bilingual(unread[0].message.render("vi"), unread[0].reason)
        lost = unknown(finding.subject, "checks:run.partial", unread=shown, reason=reason)
    else:
        by_the_rest = Message(finding.message_id, finding.params)
        lost = unknown(finding.subject, "checks:run.partial_found", unread=shown, found=by_the_rest)
    return finding.replace(**{name: getattr(lost, name) for name in _SENTENCE}, blind=False)


def _unmeasured(fact: str, readings: Sequence[Observation] | None) -> Finding:
    """The reason why a fact was not measured, from its observation."""
    failed = next((reading for reading in readings or () if not reading.status.measured), None)
    if failed is None:
        return unknown("", "checks:run.not_read", fact=fact)
    english = failed.reason or failed.command
    reason = english if failed.message is None else Bilingual(failed.message.render("vi"), english)
    return unknown("", f"checks:run.{failed.status}", fact=fact, reason=reason)
