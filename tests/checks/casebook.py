"""Cases of checks as data: `cases/<check>.yaml` tells what devices say, what is expected of them, and every finding.

    - name: over the limit
      now: {cpu: [{five_minutes: 91}]}
      findings:
        - [CPU, fail, "CPU at 91% over five minutes (limit 85%)"]

One device stands for itself (`expect`, `now`, `before`, `baseline`, `history`, `unmeasured`, `unsupported`); `devices`
names several, each with the same keys; one with `left_out: true` is not audited. A finding of several devices begins
with the device. `not_measured` that is blind is written `blind`. `capacity` is the text of capacity.yaml, `windows` are
those of event.yaml; `network` the venues, origins, risk groups, works and circuits of a check of the whole network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from eventready.checks.check import EarlierReading
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.messages import Bilingual
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import Matrix, build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.network.planned_work import planned_works
from eventready.network.setting import NetworkSetting
from eventready.platforms.model import NetmikoSpec, PlatformSpec, SessionSpec
from eventready.workspace.devices.access import Access
from eventready.workspace.devices.capacity import CapacityFile
from eventready.workspace.devices.device import ROLES, Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.loads import with_loads, with_windows
from eventready.workspace.settings.circuits import CircuitFile, Circuits
from eventready.workspace.settings.event import ServiceOrigin, Venue, Window
from eventready.workspace.settings.limits import LimitOverride, LimitOverrides
from eventready.workspace.settings.risk import RiskGroup
from eventready.workspace.settings.works import Work

FOLDER = Path(__file__).parent / "cases"
MOMENT = datetime(2022, 4, 25, 0, 0, tzinfo=UTC)
VENUE = "hoi-nghi"
_ROLE = {check.name: check.roles[0] for check in all_checks()}

SPEC = PlatformSpec(
    title="A platform that tells everything",
    roles=ROLES,
    netmiko=NetmikoSpec(device_type="linux"),
    session=SessionSpec(prompt="#"),
    read_only=("show .*",),
)


def english(reasons: Mapping[str, str]) -> dict[str, Bilingual]:
    """Reasons as a platform without Vietnamese has them."""
    return {fact: Bilingual("", reason) for fact, reason in reasons.items()}


@dataclass(frozen=True)
class FakePlatform:
    """Knows how to ask for every fact but those it cannot tell."""

    name: str = "any"
    unsupported: Mapping[str, Bilingual] = field(default_factory=dict)
    spec: PlatformSpec = SPEC

    @property
    def facts(self) -> Mapping[str, object]:
        return {fact: fact for fact in CATALOGUE if fact not in self.unsupported}


@dataclass(frozen=True)
class Case:
    """One case of one check."""

    check: str
    name: str
    text: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name in a report of tests."""
        return f"{self.check}: {self.name}"[:100].rstrip()

    @property
    def devices(self) -> dict[str, Mapping[str, Any]]:
        """What is said of each device."""
        return dict(self.text.get("devices") or {"one": self.text})

    @property
    def expected(self) -> list[list[str]]:
        """The findings that must come, each as a list of words."""
        return [[str(word) for word in finding] for finding in self.text["findings"]]

    def found(self) -> list[list[str]]:
        """The findings that come, in the same form."""
        several = "devices" in self.text
        return [
            [*([finding.device] if several else []), finding.subject, status_of(finding), finding.message]
            for finding in self.findings()
        ]

    def findings(self, spoilt: Callable[[Observation], Observation] = lambda observation: observation) -> list[Finding]:
        """What the check gives, through the runner; `spoilt` changes what devices were seen to tell."""
        capacity = CapacityFile.model_validate(self.text.get("capacity", {}))
        windows = [Window.model_validate(one) for one in self.text.get("windows", [])]
        loaded = with_loads(capacity, [self._device(name, output) for name, output in self.devices.items()])
        known = with_windows(loaded, windows)
        devices = [device for device in known if not self.devices[device.name].get("left_out")]
        platforms = {
            _platform_name(name, output): FakePlatform(unsupported=english(output.get("unsupported", {})))
            for name, output in self.devices.items()
        }
        limits = LimitOverrides(
            tuple(LimitOverride("defaults", "", self.check, name, value) for name, value in self._limits().items())
        )
        findings = evaluate(
            devices,
            build_matrix(
                devices,
                platforms,
                network=self._network(),
                left_out=[one for one in known if one not in devices],
                of_changes=self.devices if self.check == "event_configuration" else (),
            ),
            [
                spoilt(observation)
                for name, output in self.devices.items()
                if not output.get("left_out")
                for observation in observations(name, output)
            ],
            moment=MOMENT,
            limits=resolve_limits(limits, devices),
            baseline={name: whole(output.get("baseline", {})) for name, output in self.devices.items()},
            history={name: tuple(map(earlier, output.get("history", []))) for name, output in self.devices.items()},
            intervals={name: output.get("interval_s", 10.0) for name, output in self.devices.items()},
        )
        return [finding for finding in findings if finding.check == self.check]

    def _limits(self) -> Mapping[str, Any]:
        limits: Mapping[str, Any] = self.text.get("limits", {})
        return limits

    def _network(self) -> NetworkSetting | None:
        """Event of a check of the whole network: venues with their services, origins, risk groups."""
        text = self.text.get("network")
        if text is None:
            return None
        venues = tuple(
            Venue.model_validate({"id": name, "name": name, "name_vi": name, "services": services})
            for name, services in text["venues"].items()
        )
        origins = tuple(map(ServiceOrigin.model_validate, text["origins"]))
        found = NetworkSetting(venues, origins, tuple(map(RiskGroup.model_validate, text.get("risks", ()))))
        if "works" not in text:
            return found
        circuits = CircuitFile.model_validate({"circuits": text.get("circuits", [])}).circuits
        works = planned_works(map(Work.model_validate, text["works"]), Circuits((), circuits))
        return replace(found, works=works, windows=tuple(map(Window.model_validate, self.text.get("windows", ()))))

    def _device(self, name: str, output: Mapping[str, Any]) -> Device:
        return Device(
            name=name,
            role=output.get("role") or _ROLE[self.check],
            platform=_platform_name(name, output),
            hostname="192.0.2.1",
            venues=tuple(output.get("venues", [VENUE])),
            expect=Expect.model_validate(output.get("expect", {})),
            allow_cleartext=output.get("allow_cleartext", False),
            intents=output.get("intents", {}),
            access=Access.model_validate(output.get("access", {})),
        )


def _platform_name(device: str, output: Mapping[str, Any]) -> str:
    return f"platform-of-{device}" if "unsupported" in output else "any"


def status_of(finding: Finding) -> str:
    """The status as cases write it."""
    return "blind" if finding.blind and finding.status is Outcome.NOT_MEASURED else str(finding.status)


def rows(output: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, tuple[Fact, ...]]:
    """Records from a case's `now`, `before` or `baseline`."""
    return {
        fact: tuple(CATALOGUE[fact].record.model_validate(row) for row in result) for fact, result in output.items()
    }


def whole(output: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, FactRows[Fact]]:
    """Facts of an earlier run, each with all its records."""
    return {fact: FactRows(found) for fact, found in rows(output).items()}


def earlier(output: Mapping[str, Any]) -> EarlierReading:
    """An entry of a case's `history`: `age_s` seconds ago, or `days` at the same hour."""
    age_s = float(output.get("age_s", output.get("days", 0) * 86_400))
    return EarlierReading(age_s, "days" in output, whole(output.get("rows", {})), clients=output.get("clients", {}))


def observations(device: str, output: Mapping[str, Any]) -> Iterator[Observation]:
    """What the device was seen to tell: measured facts, first readings, and the reasons why others are missing."""
    before, now = rows(output.get("before", {})), rows(output.get("now", {}))
    for fact, result in before.items():
        yield _observation(device, fact, result, 1)
    for fact, result in now.items():
        yield _observation(device, fact, result, 2 if fact in before else 1)
    for fact, (status, reason) in output.get("unmeasured", {}).items():
        yield Observation(device, fact, Status(status), reason=reason, reading=2 if fact in before else 1)


def _observation(device: str, fact: str, result: tuple[Fact, ...], reading: int) -> Observation:
    status = Status.PARSED if result else Status.EMPTY
    return Observation(device, fact, status, f"show {fact}", result, evidence=f"{device}-{fact}", reading=reading)


@cache
def cases_of(check: str) -> list[Case]:
    """The cases of one check; none without a file."""
    path = FOLDER / f"{check}.yaml"
    if not path.exists():
        return []
    return [Case(check, text["name"], text) for text in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)]


def all_cases() -> list[Case]:
    """Every case of every check."""
    return [case for check in all_checks() for case in cases_of(check.name)]


def matrix_of(devices: list[Device], platform: FakePlatform | None = None) -> Matrix:
    """The matrix of devices that all speak one fake platform."""
    return build_matrix(devices, {device.platform: platform or FakePlatform() for device in devices})
