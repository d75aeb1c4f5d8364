"""Overrides of limits: what they give, and what is said of those that do not hold."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.checks.check import CHECKS
from eventready.checks.equipment.hardware import CpuLimits
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.evaluation.limits import resolve_limits
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.limits import SCOPES, LimitOverride, LimitOverrides, Scope

CORE = Device("core-1", "router", "any", "192.0.2.1", venues=("hoi-nghi", "van-hoa"))
EDGE = Device("edge-1", "router", "any", "192.0.2.2", venues=("den-tho",))


def override(scope: Scope, of: str, check: str, limit: str, value: Any, *, line: int = 1) -> LimitOverride:
    return LimitOverride(scope, of, check, limit, value, origin=f"inventory/limits.yaml:{line}")


def limits(*overrides: LimitOverride) -> LimitOverrides:
    return LimitOverrides(tuple(sorted(overrides, key=lambda one: SCOPES.index(one.scope))))


def refused(*overrides: LimitOverride) -> str:
    with pytest.raises(WorkspaceError) as caught:
        resolve_limits(limits(*overrides), [CORE, EDGE])
    return str(caught.value)


def test_without_overrides_a_check_has_its_own_limits() -> None:
    resolved = resolve_limits(LimitOverrides(), [CORE])
    assert all(resolved.of(check, CORE) is check.limits for check in all_checks())


def test_the_nearer_word_wins() -> None:
    resolved = resolve_limits(
        limits(
            override("defaults", "", "cpu", "warn", 60),
            override("roles", "router", "cpu", "warn", 50),
            override("devices", "core-1", "cpu", "warn", 40),
            override("venues", "den-tho", "cpu", "fail", 55),
        ),
        [CORE, EDGE],
    )
    assert resolved.of(CHECKS["cpu"], CORE) == CpuLimits(warn=40, fail=85)
    assert resolved.of(CHECKS["cpu"], EDGE) == CpuLimits(warn=50, fail=55)
    assert resolved.of(CHECKS["cpu"]) == CpuLimits(warn=60, fail=85)  # of the whole network: the default


def test_care_blocks_where_the_limits_say_so() -> None:
    resolved = resolve_limits(limits(override("venues", "den-tho", "ntp", "blocks", True)), [CORE, EDGE])
    assert [resolved.blocks(CHECKS["ntp"], device) for device in (CORE, EDGE)] == [False, True]
    assert "syslog: 'blocks' must be true or false" in refused(override("defaults", "", "syslog", "blocks", "yes"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_limit_is_infinite_or_no_number(value: float) -> None:
    """Every comparison with NaN is false, and nothing passes an infinite limit: all devices would be in order."""
    for check in all_checks():
        for name, field in type(check.limits).model_fields.items():
            if field.annotation is float:
                assert f"{check.name}: '{name}'" in refused(override("defaults", "", check.name, name, value))


def test_devices_with_equal_overrides_share_one_object() -> None:
    resolved = resolve_limits(limits(override("defaults", "", "cpu", "warn", 60)), [CORE, EDGE])
    assert resolved.of(CHECKS["cpu"], CORE) is resolved.of(CHECKS["cpu"], EDGE)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            override("defaults", "", "cpuu", "warn", 60, line=3),
            "inventory/limits.yaml:3: there is no check 'cpuu'. Did you mean 'cpu'?",
        ),
        (
            override("defaults", "", "cpu", "wran", 60, line=4),
            "inventory/limits.yaml:4: the check 'cpu' has no limit 'wran'. Did you mean 'warn'?",
        ),
        (
            override("defaults", "", "ospf", "warn", 60, line=5),
            "inventory/limits.yaml:5: the check 'ospf' has no limit 'warn'. Known: blocks.",
        ),
        (
            override("defaults", "", "cpu", "warn", "much", line=6),
            "inventory/limits.yaml:6: cpu: 'warn' must be a number, not 'much'.",
        ),
        (
            override("defaults", "", "cpu", "warn", 170, line=7),
            "inventory/limits.yaml:7: cpu: 'warn' must be at most 100",
        ),
        (
            override("devices", "core-1", "cpu", "warn", 90, line=8),
            "inventory/limits.yaml:8: cpu at core-1: warn 90 lies beyond fail 85: it would never warn. "
            "Change one of the two.",
        ),
        (
            override("defaults", "", "uptime", "warn", 0.5, line=9),
            "inventory/limits.yaml:9: uptime at core-1: warn 0.5 lies beyond fail 1: it would never warn.",
        ),
    ],
    ids=lambda value: value.limit if isinstance(value, LimitOverride) else "",
)
def test_what_does_not_hold_is_reported_with_its_place(wrong: LimitOverride, sentence: str) -> None:
    assert sentence in refused(wrong)


def test_two_overrides_that_only_together_do_not_hold() -> None:
    output = refused(
        override("defaults", "", "cpu", "fail", 75, line=2), override("devices", "core-1", "cpu", "warn", 80, line=9)
    )
    assert "inventory/limits.yaml:9: cpu at core-1: warn 80 lies beyond fail 75" in output


def test_two_overrides_that_only_together_hold() -> None:
    resolved = resolve_limits(
        limits(override("defaults", "", "cpu", "warn", 90), override("defaults", "", "cpu", "fail", 95)), [CORE]
    )
    assert resolved.of(CHECKS["cpu"], CORE) == CpuLimits(warn=90, fail=95)


def test_everything_that_does_not_hold_is_reported_at_once() -> None:
    output = refused(
        override("defaults", "", "nope", "warn", 1, line=2), override("defaults", "", "cpu", "warn", -1, line=3)
    )
    assert "limits.yaml:2" in output
    assert "limits.yaml:3" in output
