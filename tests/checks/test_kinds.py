"""Kinds of checks: what a failure does to users."""

from __future__ import annotations

from typing import get_args

import pytest

from eventready.checks.check import Check, Kind
from eventready.checks.ip.redundancy import GRAPH_FACTS
from eventready.checks.registry import all_checks, kind_of


def test_each_check_has_a_kind() -> None:
    assert {one.kind for one in all_checks()} == {*get_args(Kind)}
    assert kind_of("unchecked") == "care"


@pytest.mark.parametrize("one", [one for one in all_checks() if one.kind == "state"], ids=lambda one: one.name)
def test_the_graph_reads_what_a_state_rests_on(one: Check) -> None:
    """A failure of kind `state` counts nowhere but in the graph: a fact that it does not read would be lost."""
    assert one.needs
    assert {*one.needs} <= {*GRAPH_FACTS}
