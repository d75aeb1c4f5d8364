"""Scenario: the faults at the start of a rehearsal, each with its findings expected in an audit.

Scenarios are YAML files of the workspace, in `inventory/scenarios/`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from eventready.core.errors import UsageError
from eventready.core.messages import Bilingual, message, text
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import Title
from eventready_lab.faults.errors import unknown_fault
from eventready_lab.faults.simulated.catalogue import FAULT_TYPES
from eventready_lab.faults.simulated.injector import FaultInjector

NONE = "none"
AUTO = "auto"
FOLDER = Path("inventory") / "scenarios"


class Strict(BaseModel):
    """Base: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpectedFinding(Strict):
    """Required finding of a fault, on the fault's device unless `device` names another device."""

    check: str
    subject: str
    status: Literal["warn", "fail", "not_measured"]
    device: str = ""


class ScenarioFault(Strict):
    """Fault of a scenario, and its expected findings."""

    device: str
    fault: str
    args: dict[str, Any] = Field(default_factory=dict)
    expect: tuple[ExpectedFinding, ...] = Field(min_length=1)


class Scenario(Strict):
    """A scenario file. `expect_healthy` are findings without any fault: real risks of the network itself."""

    title: Title | str
    faults: tuple[ScenarioFault, ...] = ()
    expect_healthy: tuple[ExpectedFinding, ...] = ()

    @property
    def name(self) -> Bilingual:
        """The title in both languages."""
        return self.title.text if isinstance(self.title, Title) else Bilingual(self.title, self.title)

    @property
    def devices(self) -> set[str]:
        """The devices with a fault."""
        return {fault.device for fault in self.faults}

    @property
    def expected(self) -> set[tuple[str, str, str, str]]:
        """(check, device, subject, status) of every expected finding."""
        return {
            (finding.check, finding.device or fault.device, finding.subject, finding.status)
            for fault in self.faults
            for finding in fault.expect
        } | {(finding.check, finding.device, finding.subject, finding.status) for finding in self.expect_healthy}

    def inject(self, injector: FaultInjector) -> None:
        """Inject the faults. Raises UsageError."""
        for fault in self.faults:
            injector.inject(fault.device, fault.fault, fault.args)


_HEALTHY = Scenario(title=Title(vi=text("lab:scenario.healthy", "vi"), en=text("lab:scenario.healthy", "en")))


def load_scenario(
    name: str, workspace: Path, devices: Collection[str], rehearse: Callable[[Scenario], None]
) -> Scenario:
    """Return a scenario by name or file, valid for the devices. `auto` is the workspace's first valid scenario, or
    none.

    `rehearse` injects the faults into a lab that is thrown away, and raises UsageError for a fault that does not apply.
    Raises UsageError for an invalid scenario.
    """
    if name == NONE:
        return _HEALTHY
    known = {path.stem: path for path in sorted((workspace / FOLDER).glob("*.yaml"))}
    if name == AUTO:
        scenarios = (_read(path) for path in known.values())
        return next((scenario for scenario in scenarios if _applies(scenario, devices, rehearse)), _HEALTHY)
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        scenario = _read(path)
    elif name in known:
        scenario = _read(known[name])
    else:
        names = ", ".join([*known, NONE])
        raise UsageError(message("lab:scenario.unknown", name=name, names=names))
    unknown = sorted(scenario.devices - set(devices))
    if unknown:
        raise UsageError(message("lab:scenario.foreign_devices", name=name, devices=unknown))
    rehearse(scenario)
    return scenario


def _applies(scenario: Scenario, devices: Collection[str], rehearse: Callable[[Scenario], None]) -> bool:
    if not scenario.devices <= set(devices):
        return False
    try:
        rehearse(scenario)
    except UsageError:
        return False
    return True


def _read(path: Path) -> Scenario:
    document = load_yaml(path)
    scenario = document.validate(Scenario)
    for number, fault in enumerate(scenario.faults):
        if fault.fault not in FAULT_TYPES:
            unknown = unknown_fault(fault.fault, FAULT_TYPES)
            raise document.error(unknown.cause, "faults", number, "fault", do=unknown.remedy)
        FAULT_TYPES[fault.fault].arguments(fault.args)
    return scenario


def expected_as_data(scenario: Scenario) -> list[Mapping[str, str]]:
    """The expected findings as plain data for scripts."""
    keys = ("check", "device", "subject", "status")
    return [dict(zip(keys, finding, strict=True)) for finding in sorted(scenario.expected)]
