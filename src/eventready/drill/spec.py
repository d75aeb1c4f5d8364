"""inventory/drills/*.yaml, a file per drill: requirements, failures, probes and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from eventready.core.errors import InvalidValue, UsageError, WorkspaceError
from eventready.core.messages import Lang, message
from eventready.core.validation_messages import Suggestions, suggest
from eventready.workspace.devices.answers import IpAddress
from eventready.workspace.devices.intents import Intent
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.model import Title, WorkspaceModel

#: Kinds of probe. The first five send requests; `calls` and `stations` read counters of a controller.
ProbeKind = Literal["icmp", "udp", "tcp", "http", "dns", "calls", "stations"]
STREAMS: tuple[ProbeKind, ...] = ("icmp", "udp", "tcp", "http", "dns")


class Requirement(WorkspaceModel):
    """Check to pass on some devices before the failure and after the repair."""

    check: str = Field(min_length=1, description="Name of a check")
    devices: tuple[str, ...] = Field(min_length=1, description="Names of devices")


class Failure(WorkspaceModel):
    """Failure of a device.

    On a lab: a fault of `eventready lab fault --list` with its arguments. In production: configuration lines in the
    device's own language, sent under its guard.
    """

    device: str = Field(min_length=1)
    fault: str = Field(min_length=1)
    arguments: Mapping[str, str | int | float] = {}
    lines: tuple[str, ...] = Field(default=(), description="Production: configuration lines, indented as on the device")


class Probe(WorkspaceModel):
    """Measurement during the whole drill.

    A stream sends `rate` requests per second to `target`, from the place `source`: names that the lab resolves. In
    production it begins at this machine and goes to the address `host`. `calls` and `stations` read the controller
    `target` before and after.
    """

    kind: ProbeKind
    name: str = Field(min_length=1)
    name_vi: str = ""
    target: str = Field(min_length=1)
    source: str = ""
    host: str = Field(default="", description="Production: the address or name that the stream goes to")
    port: int = Field(default=0, ge=0, le=65_535, description="The port, where it is not the usual one")
    query: str = Field(default="", description="http: the path; dns: the name to resolve")
    status: int = Field(default=200, ge=100, le=599, description="http: the status of a right answer")
    addresses: tuple[IpAddress, ...] = Field(
        default=(), description="dns: the addresses of a right answer; without them, those of the first answers"
    )
    size: int = Field(default=0, ge=0, le=9000, description="icmp, udp: bytes of a request, sent without fragmentation")
    flows: int = Field(default=16, ge=1, le=64, description="Streams side by side, each with its own source port")
    source_addresses: tuple[IpAddress, ...] = Field(
        default=(), description="The local addresses that the flows are sent from, in turn"
    )
    rate: float = Field(default=50, ge=0.1, le=100, description="Requests per second of each flow")
    outage_ms: float | None = Field(default=None, ge=0, description="The longest outage of a flow that is allowed, ms")
    loss_percent: float | None = Field(
        default=None, ge=0, le=100, description="The largest loss from failure to repair that is allowed, %"
    )
    latency_ms: float | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="The longest round trip that is allowed, ms; a later answer is a loss",
    )
    refused_percent: float | None = Field(default=None, ge=0, le=100, description="calls: refusals allowed, %")
    most_per_mean: float | None = Field(
        default=None, ge=1, description="stations: the fullest access point against the mean"
    )

    def name_in(self, lang: str) -> str:
        """Return the name in a language."""
        return self.name_vi or self.name if lang == "vi" else self.name

    @model_validator(mode="after")
    def _has_its_limit(self) -> Probe:
        own = {"calls": (self.refused_percent,), "stations": (self.most_per_mean,)}
        if all(limit is None for limit in own.get(self.kind, (self.outage_ms, self.loss_percent, self.latency_ms))):
            wanted = {"calls": "refused_percent", "stations": "most_per_mean"}.get(self.kind, "outage_ms")
            raise InvalidValue(message("drill:spec.no_limit", wanted=wanted))
        return self


class Drill(WorkspaceModel):
    """Drill definition. Times in seconds: `observe_s` between failure and repair, `settle_s` before and after."""

    title: Title
    why: Title
    requires: tuple[Requirement, ...] = ()
    break_: tuple[Failure, ...] = Field(min_length=1, alias="break")
    probes: tuple[Probe, ...] = Field(min_length=1)
    predicted_by: tuple[str, ...] = Field(min_length=1, description="Checks whose findings announce a long outage")
    prepared_by: tuple[Intent, ...] = Field(
        default=("backup", "load_balancing"), min_length=1,
        description="Intents whose changes prepare the devices for this failure: before and after in the minutes",
    )  # fmt: skip
    observe_s: float = Field(default=10, ge=1, le=3600)
    settle_s: float = Field(default=3, ge=0, le=600)
    name: str = Field(default="", exclude=True)

    @property
    def devices(self) -> tuple[str, ...]:
        """Failing devices without duplicates, in the order of the file."""
        return tuple(dict.fromkeys(failure.device for failure in self.break_))

    @property
    def tested(self) -> tuple[str, ...]:
        """Tested devices: failing, required, and read by counters."""
        required = (device for requirement in self.requires for device in requirement.devices)
        read = (probe.target for probe in self.probes if probe.kind not in STREAMS)
        return tuple(dict.fromkeys((*self.devices, *required, *read)))

    def probe_title(self, name: str, lang: Lang) -> str:
        """Name of a probe in a language."""
        return next((probe.name_in(lang) for probe in self.probes if probe.name == name), name)


def load_drills(folder: Path, *, devices: Iterable[str], checks: Iterable[str]) -> Mapping[str, Drill]:
    """The drills of a workspace's `inventory/drills`, by the name of their file. Raises WorkspaceError."""
    found: dict[str, Drill] = {}
    problems: list[WorkspaceError] = []
    known = {"device": dict.fromkeys(devices), "check": dict.fromkeys(checks)}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        try:
            document = load_yaml(path)
            drill = document.validate(Drill).model_copy(update={"name": path.stem})
        except WorkspaceError as error:
            problems.append(error)
            continue
        problems += (*_unknown_names(document, drill, known), *_too_short(document, drill))
        found[path.stem] = drill
    raise_errors(problems)
    return found


def drill_named(drills: Mapping[str, Drill], name: str) -> Drill:
    """Drill by name. Raises UsageError."""
    if name not in drills:
        raise UsageError(
            message("drill:spec.unknown", name=name), do=suggest(name, drills) or message("drill:spec.add")
        )
    return drills[name]


def _unknown_names(
    document: YamlDocument, drill: Drill, known: Mapping[str, Mapping[str, None]]
) -> Iterable[WorkspaceError]:
    """Errors for unknown devices and checks."""
    remedies = {kind: Suggestions(names) for kind, names in known.items()}
    for kind, name, keys in _names(drill):
        if name not in known[kind]:
            yield document.error(message(f"drill:spec_unknown.{kind}", name=name), *keys, do=remedies[kind].of(name))


def _too_short(document: YamlDocument, drill: Drill) -> Iterable[WorkspaceError]:
    """Errors for allowed outages longer than the failure; drills on record stay readable."""
    for index, probe in enumerate(drill.probes):
        if probe.kind in STREAMS and 1000 * drill.observe_s < (probe.outage_ms or 0):
            figures = {"seconds": drill.observe_s, "allowed": probe.outage_ms or 0}
            yield document.error(message("drill:spec.observe", **figures), "probes", index, "outage_ms")


def _names(drill: Drill) -> Iterable[tuple[str, str, Sequence[str | int]]]:
    """(device or check, name, keys in the file) of each name in a drill."""
    for index, requirement in enumerate(drill.requires):
        yield "check", requirement.check, ("requires", index, "check")
        for number, device in enumerate(requirement.devices):
            yield "device", device, ("requires", index, "devices", number)
    for index, failure in enumerate(drill.break_):
        yield "device", failure.device, ("break", index, "device")
    for index, probe in enumerate(drill.probes):
        if probe.kind not in STREAMS:
            yield "device", probe.target, ("probes", index, "target")
    for index, check in enumerate(drill.predicted_by):
        yield "check", check, ("predicted_by", index)
