"""whatif on the command line: the run that it takes, drills of the same failure, and refusals in a sentence."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eventready.cli.audit.whatif import _drilled, last_full, load_whatif
from eventready.core.errors import UsageError
from eventready.network.graph.outcome import WhatIf
from eventready.network.setting import NetworkSetting
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.network.test_whatif import gateways, whatif

EXAMPLE = load_workspace(Path(__file__).parents[2])


def drill(*broken: tuple[str, dict[str, str]], value: float | None = 850.0) -> Any:
    failures = [SimpleNamespace(device=device, arguments=arguments) for device, arguments in broken]
    probe = SimpleNamespace(unit="ms", value=value)
    return SimpleNamespace(drill=SimpleNamespace(name="cut", break_=failures), probes=(probe,))


def drilled(names: list[str], run: Any) -> list[tuple[str, float]]:
    found: WhatIf = whatif(*gateways(tracks=True))
    return list(_drilled(found, found.outcome(names), [run]))


def test_a_drill_counts_for_the_failure_that_it_made() -> None:
    cable = drill(("e1", {"port": "up"}))
    assert drilled(["core a - e1 up"], cable) == [("cut", 0.85)]
    assert drilled(["core:a"], cable) == [("cut", 0.85)]
    assert drilled(["e1"], cable) == []
    assert drilled(["e1"], drill(("e1", {}))) == [("cut", 0.85)]
    assert drilled(["e1"], drill(("e1", {"port": "up"}), ("e1", {"port": "lan"}))) == [("cut", 0.85)]
    assert drilled(["e1"], drill(("elsewhere", {}))) == []
    assert drilled(["e1"], drill(("e1", {}), value=None)) == []


def test_a_workspace_without_a_full_audit_is_refused(tmp_path: Path) -> None:
    with Store.of_workspace(tmp_path) as store, pytest.raises(UsageError, match="no finished audit of all devices"):
        last_full(store, EXAMPLE)


@pytest.mark.parametrize(
    ("given", "sentence"), [(["cor-1"], "nothing is known of 'cor-1'"), ([":"], "nothing is known")]
)
def test_an_unknown_failure_before_is_refused(given: list[str], sentence: str) -> None:
    run: Any = SimpleNamespace(document={"findings": []}, observations=list)
    with pytest.raises(UsageError, match=sentence):
        load_whatif(EXAMPLE, run, given)


def test_nothing_read_is_nothing_lost_and_not_measured() -> None:
    run: Any = SimpleNamespace(document={"findings": []}, observations=list)
    found = load_whatif(EXAMPLE, run)
    states = {one.state for one in found.outcome(["core-1"]).services}
    assert states == {"unmeasured"}
    assert isinstance(found.topology.setting, NetworkSetting)
