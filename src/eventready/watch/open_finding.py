"""Open findings of a watch: bad states in force, with the time since when; computed once after each change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from operator import is_

from eventready.checks.finding import Finding, Outcome
from eventready.core.language import FindingSentence, FrequentChanges
from eventready.core.records import Shape
from eventready.core.strings.json_text import canonical
from eventready.core.timezone import local_time
from eventready.evaluation.bearing import Blocks, Weight, weights
from eventready.watch.snapshot_record import OpenEntry
from eventready.watch.states import Key, Often, States
from eventready.workspace.devices.device import Device

_ENTRY = Shape(OpenEntry)
#: Order of open states, the worst first.
RANK: Mapping[str, int] = {"fail": 0, "not_measured": 1, "warn": 2}


def sentence_of(finding: Finding) -> FindingSentence:
    """Return state and sentence of a finding."""
    return FindingSentence(finding.message, finding.message_id, finding.plain_params, str(finding.status))


@dataclass(frozen=True)
class OpenFinding:
    """Finding with its state in force since a time, in seconds of the event's clock.

    `often`: of a state that changes often, which is a warning at least, whatever the finding is now. `cause`: of a
    missing measurement.
    """

    finding: Finding
    status: str
    since: float
    often: Often | None = None
    cause: str = ""

    @cached_property
    def key(self) -> Key:
        """Identity of the finding."""
        return Key(self.finding.device, self.finding.check, self.finding.subject)

    @cached_property
    def sentence(self) -> FindingSentence:
        """State and sentence, with the number of frequent changes."""
        often = FrequentChanges(*self.often, str(self.finding.status)) if self.often else None
        return replace(sentence_of(self.finding), status=self.status, often=often)

    @cached_property
    def entry(self) -> OpenEntry:
        """The finding in a snapshot."""
        finding, since = self.finding, local_time(datetime.fromtimestamp(int(self.since), UTC))
        return OpenEntry(
            **vars(self.sentence), device=finding.device, check=finding.check, subject=finding.subject, since=since,
            venues=finding.venues, services=finding.services, cause=self.cause,
        )  # fmt: skip

    @cached_property
    def encoded(self) -> bytes:
        """The finding in a snapshot, as canonical JSON."""
        return canonical(_ENTRY.plain(self.entry))


def open_of(findings: Iterable[Finding], states: States) -> Iterator[OpenFinding]:
    """Yield the open findings and those with frequent changes, without blind spots."""
    for finding in findings:
        key = Key(finding.device, finding.check, finding.subject)
        known, often = states.status(key), states.often(key)
        if known is None or finding.blind:
            continue
        if often:
            status = str(finding.status) if finding.status in RANK else str(Outcome.WARN)
            yield OpenFinding(finding, status, known[1], often)
        elif known[0] in RANK and finding.status in RANK:
            yield OpenFinding(finding, *known, cause=states.cause(key))


class Shown:
    """Open findings and weights of a group of findings, computed once after each change; for any thread."""

    def __init__(self, limits: Blocks | None = None) -> None:
        self._limits = limits
        self._version, self._looked_up = 0, -1
        self.open: list[OpenFinding] = []
        self.weights: tuple[Weight, ...] = ()

    def changed(self) -> None:
        """Invalidate the results, after a change."""
        self._version += 1

    def of(self, findings: Iterable[Finding], states: States, devices: Collection[Device]) -> Shown:
        """Return the current results; equal values stay the same objects."""
        if self._looked_up != (version := self._version):
            found = tuple(findings)
            known = {one.key: one for one in self.open}
            now = ((known.get(one.key), one) for one in open_of(found, states))
            opened = [before if before == one else one for before, one in now]
            self.open = self.open if same(opened, self.open) else opened
            weighed = weights(devices, found, self._limits)
            self.weights = self.weights if weighed == self.weights else weighed
            self._looked_up = version
        return self


def same(one: Sequence[object], other: Sequence[object]) -> bool:
    """True for the same objects."""
    return len(one) == len(other) and all(map(is_, one, other))
