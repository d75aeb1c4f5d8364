"""Input and output of every collector: the job, the reading of a device, and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from eventready.audit.device_result import DeviceResult, build_device_result, elsewhere
from eventready.audit.saved_outputs import SavedOutputs
from eventready.core.messages import Message
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import DutyIndex, Matrix
from eventready.evaluation.runner import History, Rows, evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import unreached
from eventready.facts.platform import Platform
from eventready.session.reply import SessionError
from eventready.store.evidence import PackedEvidence
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.waivers import Waiver


@dataclass(frozen=True)
class AuditJob:
    """Input of an audit, fixed before the first connection.

    `platforms`: by device. `moment`: event time (aware). `interval_s`: seconds between readings of counters, 0 for
    a single reading. `saved`: source of outputs in place of the devices. `of_files`: by device, from performance files,
    with their `evidence`; `of_changes`: by device, on the lines of an event that is over. `venues`: of the verdicts;
    empty for all.
    """

    devices: Mapping[str, Device]
    platforms: Mapping[str, Platform]
    matrix: Matrix
    limits: ResolvedLimits
    moment: datetime
    interval_s: float = 0.0
    waivers: Sequence[Waiver] = ()
    duties: DutyIndex | None = None
    baseline: Mapping[str, Rows] = field(default_factory=dict)
    history: History = field(default_factory=dict)
    saved: SavedOutputs | None = None
    of_files: Mapping[str, Observation] = field(default_factory=dict)
    evidence: tuple[PackedEvidence, ...] = ()
    of_changes: Mapping[str, Observation] = field(default_factory=dict)
    venues: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReadWorker:
    """Worker of a cluster for a device. `skew_s`: its clock less ours, at least."""

    name: str
    skew_s: float


class Refused(NamedTuple):
    """Worker without requests, with the part unlike ours."""

    name: str
    other: str
    theirs: str
    ours: str


@dataclass(frozen=True)
class DeviceRead:
    """Outcome of a reading of a device.

    `trouble`: empty or a sentence. `result`: None while a second reading of counters is due.
    """

    device: str
    trouble: str | Message
    evidence: tuple[PackedEvidence, ...]
    result: DeviceResult | None
    worker: ReadWorker | None = None


@dataclass(frozen=True)
class CollectStatus:
    """Devices due for a second reading, and the monotonic time of the latest first reading among them.

    `sessions`: most devices read at once; `held`: fewer than wanted, because of this machine. `refused`: workers of a
    cluster that read nothing.
    """

    waiting: int = 0
    latest: float = 0.0
    sessions: int = 0
    held: bool = False
    refused: tuple[Refused, ...] = ()


#: Recipient of each reading as soon as it is made, called from any thread, one call at a time for a device.
OnRead = Callable[[DeviceRead], None]


class DeviceCollector(Protocol):
    """Reader of all devices of a job."""

    def read(self) -> CollectStatus:
        """Read the facts of each device: those of its checks, and its inventory."""

    def read_again(self) -> None:
        """Read the measured counters a second time."""


def counters(job: AuditJob, name: str, observations: Sequence[Observation]) -> tuple[str, ...]:
    """Measured facts of checks with a second reading: a check alone computes a rate, or compares the two.

    Saved outputs have a second reading of counters alone.
    """
    judged = job.matrix.facts_for(name)
    measured = (o.fact for o in observations if o.status.measured and o.fact in judged)
    return tuple(fact for fact in measured if CATALOGUE[fact].counter or (CATALOGUE[fact].twice and not job.saved))


def packed(
    observations: Iterable[Observation], inventory: Sequence[str]
) -> tuple[tuple[Observation, ...], tuple[PackedEvidence, ...]]:
    """Observations with raw text replaced by its hash, and the compressed raw text. `inventory`: facts of no check."""
    found = [_unless_silent(o) if o.fact in inventory else o for o in observations]
    texts = {raw: PackedEvidence.of(raw) for raw in {observation.raw for observation in found if observation.raw}}
    kept = (replace(o, raw="", evidence=texts[o.raw].name) if o.raw else o for o in found)
    return tuple(kept), tuple(texts.values())


def _unless_silent(observation: Observation) -> Observation:
    """Observation of the inventory; unsupported where the device answers with nothing."""
    if observation.status is not Status.UNPARSED or observation.raw.strip():
        return observation
    silent = Message("facts:silent")
    return replace(observation, status=Status.UNSUPPORTED, reason=silent.render("en"), message=silent)


def not_read(job: AuditJob, name: str, error: SessionError, first: Sequence[Observation] = ()) -> DeviceRead:
    """Outcome for a device with a reading ended from outside: nothing is measured but in a first reading."""
    facts = counters(job, name, first) if first else job.matrix.requested(name)
    missed = unreached(name, job.platforms[name], facts, error, 2 if first else 1)
    return DeviceRead(name, trouble(missed), (), device_result(job, name, (*first, *missed)))


def device_result(
    job: AuditJob, name: str, observations: Sequence[Observation], interval_s: float = 0.0
) -> DeviceResult:
    of_checks = job.matrix.facts_for(name)
    given = (given[name] for given in (job.of_files, job.of_changes) if name in given)
    observations = (*observations, *given)
    judged = [observation for observation in observations if observation.fact in of_checks]
    findings = evaluate(
        [job.devices[name]], job.matrix, judged, moment=job.moment, limits=job.limits, waivers=job.waivers,
        baseline=job.baseline, history=job.history, intervals={name: interval_s}, duties=job.duties, scope="device",
    )  # fmt: skip
    here = [finding for finding in findings if not elsewhere(finding, job.devices[name], job.venues)]
    return build_device_result(job.devices[name], job.matrix, observations, here, job.limits)


def trouble(observations: Sequence[Observation]) -> str | Message:
    """Reason for a device without any measured observation; empty otherwise."""
    if any(observation.status.measured for observation in observations):
        return ""
    failed = [observation for observation in observations if observation.status is not Status.UNSUPPORTED]
    found = next((observation for observation in (*failed, *observations) if observation.reason), None)
    if found is None:
        return ""
    return found.message if isinstance(found.message, Message) else found.reason
