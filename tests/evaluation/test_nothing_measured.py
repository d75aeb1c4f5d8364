"""Without a measurement nothing passes: neither what is declared nor what nobody declared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eventready.audit.audit import network_setting
from eventready.checks.finding import Outcome
from eventready.checks.registry import all_checks
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.workspace.workspace import load_workspace
from tests.checks.casebook import MOMENT, Case, cases_of


def lost(observation: Observation) -> Observation:
    return replace(observation, status=Status.TIMEOUT, rows=(), unread=())


def test_no_check_of_the_example_passes() -> None:
    example = load_workspace(Path(__file__).parents[2])
    platforms = {name: load_platform(name) for name in {device.platform for device in example.devices}}
    matrix = build_matrix(example.devices, platforms, network=network_setting(example))
    limits = resolve_limits(example.limits, example.devices)
    found = evaluate(example.devices, matrix, (), moment=MOMENT, limits=limits)
    assert {one.check for one in found} > {"single_point", "risk_group", "capacity_service"}
    assert [one.message for one in found if one.status is Outcome.PASS] == []


@pytest.mark.parametrize("name", [one.name for one in all_checks()])
def test_no_case_passes(name: str) -> None:
    def passes(case: Case) -> list[str]:
        return [one.message for one in case.findings(lost) if one.status is Outcome.PASS]

    assert [text for case in cases_of(name) for text in passes(case)] == []
