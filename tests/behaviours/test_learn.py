"""Expectations learnt from the real province: nothing else is wrong, and every fault is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest

import pytest
import yaml

from eventready.workspace.workspace import load_workspace
from eventready_lab.real.province.layout import AIR_HOST, CONTROLLER
from tests.behaviours.test_behaviours import CASES, STANDING, Case, reported
from tests.behaviours.twin import Twin
from tests.e2e.conftest import Row

pytestmark = [pytest.mark.xdist_group("twin"), pytest.mark.timeout(600), pytest.mark.real]

NAMES = (
    "--venue", "hall-*=hoi-nghi", "--venue", "press=hoi-nghi", "--venue", "stage-*=van-hoa", "--venue", "gate=van-hoa",
    "--mobile", "BTS-LD-*",
)  # fmt: skip

#: Audits until all faults of a round are found: a crowd on a cell comes and goes.
AUDITS = 3

#: With origins the network is judged too: a single host has all access points, a single controller with one link to the
#: core all cells.
ALONE = {
    ("ap-host-1", "single_point", "ap-host-1", "warn"), ("bsc", "single_point", "bsc", "warn"),
    ("bsc", "single_point", "bsc 0", "warn"),
}  # fmt: skip


@pytest.fixture
def learnt(real_province: Twin) -> Iterator[Twin]:
    """The province with learnt expectations in place of the written ones."""
    twin = real_province
    with twin.inventory_restored() as inventory:
        hosts = yaml.safe_load((inventory / "hosts.yaml").read_text(encoding="utf-8"))
        for entry in hosts.values():
            del entry["data"]["expect"]
        (inventory / "hosts.yaml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
        event = yaml.safe_load((inventory / "event.yaml").read_text(encoding="utf-8"))
        event["origins"] = [{"kind": "upstream", "device": name} for name in ("isp-1", "isp-2")]
        (inventory / "event.yaml").write_text(yaml.safe_dump(event, allow_unicode=True), encoding="utf-8")
        twin.call("trust", "content", "--yes")
        twin.call("inventory", "learn", *NAMES, "--accept", "all,sites:open")
        yield twin


def side_by_side() -> list[list[Case]]:
    """The cases in rounds, with at most one of the routers, of the controller and of the radios in each."""
    parts: dict[str, list[Case]] = {}
    for case in CASES:
        parts.setdefault(case.device if case.device in (CONTROLLER, AIR_HOST) else "routers", []).append(case)
    return [[case for case in together if case] for together in zip_longest(*parts.values())]


def test_the_province_is_learnt_in_order_and_every_fault_is_found(learnt: Twin) -> None:
    devices = load_workspace(learnt.copy).devices
    uplinks = {(device.name, port) for device in devices for port in device.expect.uplinks}
    assert reported(learnt.audit()) <= STANDING | ALONE
    missed: dict[str, set[Row]] = {}
    seen: dict[str, list[Row]] = {}
    for together in side_by_side():
        with ExitStack() as stack:
            for case in together:
                stack.enter_context(learnt.fault(case.device, case.fault, *case.args))
            for _ in range(AUDITS):
                found = reported(learnt.audit(interval_s=max(case.interval_s for case in together)))
                left = {f"{case.device} {case.fault}": wanted(case, uplinks) - found for case in together}
                if not any(left.values()):
                    break
        missed |= {name: rows for name, rows in left.items() if rows}
        seen |= dict.fromkeys(missed.keys() - seen.keys(), sorted(found))
    assert not missed, seen


def wanted(case: Case, uplinks: set[tuple[str, str]]) -> set[Row]:
    """The findings of a case, but those of uplinks that were not learnt."""
    return {row for row in case.found if row[1] != "uplink" or (row[0], row[2]) in uplinks}
