"""What is wrong with the workspace is one refusal before anybody is called, and no run is begun."""

from __future__ import annotations

import pytest

from eventready.audit.audit import AuditOptions, audit
from eventready.cli.progress import ProgressBars
from eventready.core.clock import Clock
from eventready.core.errors import WorkspaceError
from eventready.facts.equipment import Equipment
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.workspace.conftest import Make, make

__all__ = ["make"]


def test_a_damaged_known_hosts_file(make: Make) -> None:
    workspace = load_workspace(make())
    (workspace.path / "known_hosts").write_text("garbage\n")
    with Store.of_workspace(workspace.path) as store:
        with pytest.raises(WorkspaceError, match="known_hosts:1: invalid known_hosts line"):
            audit(
                workspace, Equipment.of(workspace), store=store, clock=Clock(), options=AuditOptions(),
                progress=ProgressBars(interactive=False),
            )  # fmt: skip
        assert not store.runs()
