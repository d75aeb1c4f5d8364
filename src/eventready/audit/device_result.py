"""Result of a device: observations and findings, serialised for the run document.

Built in the thread or process that read the device. JSON bytes take the place of records and findings; only those
needed by checks across devices and by verdicts are kept as objects.
"""

from __future__ import annotations

import pickle
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Text, as_record, message, text, to_json
from eventready.core.strings.json_text import exact, sorted_json
from eventready.evaluation.bearing import Blocks, Weight, weights
from eventready.evaluation.matrix import Matrix
from eventready.evaluation.runner import Coverage, coverage
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.packed import PackedObservations
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.network.network_facts import DeviceFacts
from eventready.network.seen import SeenSubjects, seen_subjects
from eventready.store.evidence import pack
from eventready.store.run_items import ACROSS, ItemsOfDevice
from eventready.workspace.devices.device import Device

_NOT_READ = Observation(
    "", "", Status.UNREACHABLE, reason=text("facts:not_asked", "en"), message=message("facts:not_asked")
)
_NO_WAIVER = {"waiver": ""}
#: Statuses of a device without a usable session.
_NO_SESSION = frozenset({Status.UNREACHABLE, Status.DENIED, Status.TIMEOUT})


@dataclass(frozen=True)
class DeviceResult:
    """Serialised part of a run for a device.

    `items`: observations and findings. `waived`: findings with a waiver. `counts`: findings by status. `shared`:
    observations for the checks across devices. `unmeasured`: a need is. `packed`: pickled `weights`. `reason`: why a
    device is unreachable.
    """

    device: str
    reachable: bool
    reason: str
    message: Text | None
    items: tuple[ItemsOfDevice, ...]
    waived: tuple[Finding, ...]
    counts: Mapping[str, int]
    coverage: Coverage
    seen: SeenSubjects
    shared: PackedObservations
    unmeasured: bool
    packed: bytes

    @property
    def weights(self) -> tuple[Weight, ...]:
        """Input of verdicts, unpickled on every access."""
        found: tuple[Weight, ...] = pickle.loads(zlib.decompress(self.packed))  # noqa: S301  by `build_device_result`
        return found


def build_device_result(
    device: Device,
    matrix: Matrix,
    observations: Sequence[Observation],
    findings: Sequence[Finding],
    limits: Blocks | None = None,
) -> DeviceResult:
    """Build the result of a device from its observations and the findings of device checks."""
    name = device.name
    ordered = sorted(observations, key=lambda o: (o.fact, o.reading))
    inventory = matrix.inventory.get(name, ())
    answered = any(o.status not in _NO_SESSION and o.evidence and CATALOGUE[o.fact].of_commands for o in ordered)
    silent = None if answered else next((o for o in ordered if o.reason), _NOT_READ)
    shared = matrix.shared(name)
    rows = {o.fact: FactRows.of(o) for o in ordered if o.status.measured}
    return DeviceResult(
        device=name,
        reachable=answered,
        reason="" if silent is None else silent.reason,
        message=None if silent is None else silent.message,
        items=(
            ItemsOfDevice.of(
                "observations",
                name,
                {"": _items(observation_record(o, inventory=o.fact in inventory) for o in ordered)},
            ),
            ItemsOfDevice.of("findings", name, _by_check(findings)),
        ),
        waived=tuple(finding for finding in findings if finding.status is Outcome.WAIVED),
        counts=Counter(str(finding.status) for finding in findings),
        coverage=coverage(matrix, ordered, [name]),
        seen=seen_subjects(DeviceFacts(device, rows)),
        shared=PackedObservations.of(o for o in ordered if o.fact in shared),
        unmeasured=any(finding.status is Outcome.NOT_MEASURED and not finding.blind for finding in findings),
        packed=pack(pickle.dumps(weights([device], findings, limits), pickle.HIGHEST_PROTOCOL)),
    )


def elsewhere(finding: Finding, device: Device | None, venues: frozenset[str]) -> bool:
    """Return True for a finding about other venues than these, such as a cell there; False without `venues`.

    A finding about a device as a whole has the venues of the device, and may bear on all behind it.
    """
    own = device.venues if device else ()
    return bool(venues and finding.venues) and finding.venues != own and venues.isdisjoint(finding.venues)


def items_across(findings: Iterable[Finding]) -> Iterator[ItemsOfDevice]:
    """Findings of checks across devices, ordered by device and check, as rows of the run."""
    for name, group in groupby(findings, key=lambda finding: finding.device):
        yield ItemsOfDevice.of("findings", name, _by_check(group), ACROSS)


def _by_check(findings: Iterable[Finding]) -> dict[str, bytes]:
    """Findings of a device, sorted by check, as items of the JSON list by check."""
    together = groupby(findings, key=lambda finding: finding.check)
    return {check: _items(map(_finding, group)) for check, group in together}


def _items(entries: Iterable[Mapping[str, object]]) -> bytes:
    return sorted_json(list(entries))[1:-1]


def observation_record(observation: Observation, *, inventory: bool = False) -> dict[str, Any]:
    """Return an observation as in the run document."""
    rows = FactRows.of(observation)
    return {
        "device": observation.device,
        "fact": observation.fact,
        "reading": observation.reading,
        "status": str(observation.status),
        "command": observation.command,
        "evidence": observation.evidence,
        "reason": observation.reason,
        "rows": [_row(row) for row in rows.each_row()],
        "unmatched": list(observation.unmatched),
        **({"unread": [_unread(record) for record in rows.unread_records]} if rows.unread_records else {}),
        **({} if observation.complete else {"complete": "unknown"}),
        **({"unconfirmed": True} if observation.unconfirmed and observation.status.measured else {}),
        **({"inventory": True} if inventory else {}),
        "reason_message": exact(to_json(observation.message)),
    }


def _row(row: Fact) -> dict[str, Any]:
    fields = row.model_dump(mode="json") if _has_time(type(row)) else vars(row)
    return {name: value if type(value) is str else exact(value) for name, value in fields.items() if value is not None}


@cache
def _has_time(kind: type[Fact]) -> bool:
    return any("datetime" in str(field.annotation) for field in kind.model_fields.values())


def _unread(record: Unread) -> dict[str, Any]:
    return {"subject": record.subject, "reason": record.reason, "reason_message": exact(to_json(record.message))}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "device": finding.device,
        "subject": finding.subject,
        "status": finding.status._value_,
        "value": exact(finding.value),
        "limit": exact(finding.limit),
        "unit": finding.unit,
        "message": finding.message,
        "duties": finding.duties,
        "evidence": finding.evidence,
        "message_id": finding.message_id,
        "params": {
            name: value if type(value) is str else exact(to_json(value)) for name, value in finding.params.items()
        },
        "venues": finding.venues,
        "services": finding.services,
        "blind": finding.blind,
        **(exact(as_record("waiver", finding.waiver)) if finding.waiver else _NO_WAIVER),
        "was": str(finding.was) if finding.was else "",
    }
