"""A strange record of any platform changes no finding about another subject, and passes none of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from eventready.checks.finding import Finding, OtherRecords, Outcome
from eventready.checks.registry import all_checks
from eventready.core.strings.texts import lines_of
from eventready.evaluation.runner import coverage, evaluate
from eventready.facts import records as r
from eventready.facts.observation import Observation
from eventready.facts.ports import port_key
from eventready.facts.subjects import peer_name
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from tests.checks.casebook import MOMENT, matrix_of
from tests.facts.test_record_blocks import GOOD, foreign_line, garbled, observe
from tests.platforms.samples import Sample
from tests.proofs.size import one_each

ROLES: dict[str, Role] = {
    **dict.fromkeys(("site", "cell", "channel_load", "channel_requests", "alarm", "core_link"), "bts_controller"),
    **dict.fromkeys(("access_point", "wlan", "radio", "radio_24", "radio_load", "radio_load_24"), "wifi_controller"),
    **dict.fromkeys(("radius_server", "controller_pair"), "wifi_controller"),
    **dict.fromkeys(("disk", "service", "listener", "certificate", "backend", "dns_answer"), "service_host"),
    "dhcp_pool": "service_host",
}  # fmt: skip


def group(row: r.GatewayGroup | r.GatewayFailover) -> dict[str, Any]:
    return {"protocol": row.protocol, "group": row.group, "interface": row.interface, "tracking": True}


#: Expectation of a record, by its type.
EXPECTED: dict[type[r.Fact], Callable[[Any], tuple[str, Any]]] = {
    r.Interface: lambda row: ("uplinks", row.name),
    r.Optic: lambda row: ("uplinks", row.interface),
    r.RoutingPeer: lambda row: (row.protocol, peer_name(row)),
    r.BfdSession: lambda row: ("bfd", peer_name(row)),
    r.GatewayGroup: lambda row: ("gateways", group(row)),
    r.GatewayFailover: lambda row: ("gateways", group(row)),
    r.LinkBundle: lambda row: ("bundles", {"name": row.name, "members": max(1, len(row.bundled))}),
    r.AccessPoint: lambda row: ("access_points", {"name": row.name}),
    r.Radio: lambda row: ("access_points", {"name": row.ap}),
    r.RadioLoad: lambda row: ("access_points", {"name": row.ap}),
    r.Site: lambda row: ("sites", {"name": row.name}),
    r.Cell: lambda row: ("cells", {"name": row.name}),
    r.ServiceUnit: lambda row: ("services", row.name),
}
#: Checks that count or compare the records of a fact, and so may not know without one.
COMPARING = {"access_point", "alarm", "fan", "power", "radio"}


def expected(rows: Iterable[r.Fact]) -> dict[str, Any]:
    """Expectations of all subjects of rows."""
    found: dict[str, dict[str, Any]] = {}
    for key, one in (EXPECTED[type(row)](row) for row in rows if type(row) in EXPECTED):
        found.setdefault(key, {})[str(one)] = one
    return {key: [*values.values()] for key, values in found.items()}


def device_of(sample: Sample, rows: Sequence[r.Fact]) -> Device:
    try:
        expect = Expect.model_validate(expected(rows))
    except ValueError:
        expect = Expect()  # names that no expectation may have
    return Device("r1", ROLES.get(sample.fact, "router"), "any", "192.0.2.1", venues=("hoi-nghi",), expect=expect)


def findings(device: Device, sample: Sample, observation: Observation) -> dict[tuple[str, str], Finding]:
    """Findings of the checks that need this fact alone."""
    checks = [check.name for check in all_checks() if {*check.needs} == {sample.fact}]
    seen = [replace(observation, device="r1", reading=reading) for reading in (1, 2)]
    found = evaluate([device], matrix_of([device]), seen, moment=MOMENT, scope="device", checks=checks)
    return {(one.check, one.subject): one for one in found if one.check in checks}


def words(*texts: object) -> set[str]:
    return {port_key(word) for text in texts for word in str(text).replace("@", " ").split()}


@pytest.mark.slow
@pytest.mark.parametrize("sample", one_each(GOOD, lambda sample: sample.fact, "finding"), ids=lambda sample: sample.id)
def test_a_strange_record_changes_no_finding_about_another_subject(sample: Sample) -> None:
    lines, bounds = lines_of(sample.observe().raw), sample.compiled().record
    assert bounds is not None
    before = observe(sample, lines)
    if before.unread or not before.status.measured:
        return  # a sample of a strange record
    device = device_of(sample, before.rows)
    whole = findings(device, sample, before)
    for block in bounds.split(lines)[:6]:
        for damage in (foreign_line, *map(garbled, (0, 1, 2))):
            seen = observe(sample, damage(lines, block))
            if not seen.unread:
                continue
            found = findings(device, sample, seen)
            lost = [row for row in before.rows if row not in seen.rows]
            own = words(block.subject, *(value for row in lost for value in vars(row).values()))
            compare(whole, found, own, block.subject)
            covered = coverage(matrix_of([device]), [replace(seen, device="r1")])
            assert covered.measured == 0 or sample.fact not in matrix_of([device]).needed("r1")


def compare(
    whole: dict[tuple[str, str], Finding], found: dict[tuple[str, str], Finding], own: set[str], lost: str
) -> None:
    """Hold the findings beside a strange record with the words `own` against those of the whole answer."""
    for (check, subject), one in found.items():
        earlier = whole.get((check, subject))
        if one.status is not Outcome.NOT_MEASURED:
            assert earlier is not None, (lost, subject, one.message)
            assert one.status is earlier.status, (lost, earlier.message, one.message)
        elif earlier is not None and earlier.status is not Outcome.NOT_MEASURED and check not in COMPARING:
            rests = earlier.rests or OtherRecords((subject,))
            assert not rests.names or rests.absent or own & words(*rests.names), (lost, earlier.message, one.message)
    for (check, subject), earlier in whole.items():
        gone = (check, subject) not in found and earlier.status is not Outcome.NOT_MEASURED
        assert not gone or own & words(subject), (lost, earlier.message)
