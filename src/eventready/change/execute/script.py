"""Changes from anyone's own Nornir script: a plan opened with its workspace, store and Nornir."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nornir.core import Nornir

from eventready.change.document.plan_file import load_plan
from eventready.change.execute.apply import open_change
from eventready.change.execute.change import RunningChange
from eventready.change.execute.context import ChangeProgress, ExecutionContext, NoChangeProgress, Options
from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import load_workspace, require_workspace


@contextmanager
def open_plan(
    plan: str | Path,
    *,
    workspace: str | Path = ".",
    by: str = "",
    now: str = "",
    progress: ChangeProgress | None = None,
    **options: Any,
) -> Iterator[tuple[Nornir, RunningChange]]:
    """Open a change by a plan for the block; yield Nornir with the hosts of the workspace, and the change.

    `by` is the operator (default: the login), `now` the event's clock of a rehearsal, `options` those of `Options`.
    Raises WorkspaceError, RefusedError (also without `eventready trust content`), and the errors of `open_change`.
    """
    folder = Path(workspace)
    require_workspace(folder)
    require_allowed(folder)
    loaded = load_workspace(folder)
    settings = Options(by=by or getpass.getuser(), host=socket.gethostname() or "?", **options)
    with Store.of_workspace(folder) as store:
        clock = Clock.starting(now) if now else Clock()
        context = ExecutionContext(loaded, store, clock, settings, progress or NoChangeProgress())
        with open_change(context, load_plan(Path(plan))) as change:
            yield loaded.nornir(), change
