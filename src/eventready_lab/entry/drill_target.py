"""Running lab as the network of a drill: entry point of `eventready.drill_targets`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventready.core.messages import Message, message
from eventready.drill.spec import Failure, Probe
from eventready.drill.targets import Network
from eventready.session.probes.stream import StreamTarget
from eventready_lab.control.control_socket import send_request
from eventready_lab.control.lab_folder import LabFolder, LabRecord


class LabTarget:
    """Failures are faults of the lab; probe streams pass through its simulated or real routers."""

    rehearsal = True

    def __init__(self, record: LabRecord) -> None:
        self._record = record

    @property
    def description(self) -> Message:
        """The kind of lab, and its number of devices."""
        return message(f"drill:target.{self.network}", n=self._record.devices)

    @property
    def network(self) -> Network:
        """The kind of lab."""
        return "real" if self._record.real else "embedded"

    def fail(self, failure: Failure) -> None:
        """Inject the fault. Raises UsageError."""
        self._fault(failure, clear=False)

    def repair(self, failure: Failure) -> None:
        """Clear the fault if still active. Raises UsageError."""
        if self.stands(failure):
            self._fault(failure, clear=True)

    def stands(self, failure: Failure) -> bool:
        """True while the fault is active with these arguments."""
        return any(
            (fault["device"], fault["fault"]) == (failure.device, failure.fault)
            and _includes(fault["args"], failure.arguments)
            for fault in send_request(self._record, do="status")["faults"]
        )

    def stream(self, probe: Probe) -> StreamTarget:
        """The address of a probe stream. Raises UsageError for an unknown source or target."""
        flow: Mapping[str, Any] = send_request(
            self._record, do="flow", source=probe.source, kind=probe.kind, target=probe.target
        )
        enter = ("nsenter", "--target", str(self._record.pid), "--mount", "ip", "netns", "exec")
        launcher = (*enter, str(flow["namespace"])) if flow["namespace"] else ()
        return StreamTarget(str(flow["kind"]), str(flow["host"]), int(flow["port"]), probe.query, launcher)

    def _fault(self, failure: Failure, *, clear: bool) -> None:
        send_request(
            self._record, do="fault", device=failure.device, fault=failure.fault, args=dict(failure.arguments),
            clear=clear,
        )  # fmt: skip


def _includes(arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """True when all wanted arguments are there; 5 and 5.0 are equal: a fault converts its arguments."""
    return all(
        key in arguments and (value == arguments[key] or str(value) == str(arguments[key]))
        for key, value in wanted.items()
    )


def lab_target(workspace: Path) -> LabTarget | None:
    """The running lab of a workspace; None otherwise."""
    record = LabFolder.of(workspace).read_record()
    return LabTarget(record) if record else None
