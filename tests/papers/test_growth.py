"""The work for papers grows with the number of devices, and not with its square: calls of functions, counted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from benchmarks.papers import NOW, store_run

from eventready.core.clock import Clock
from eventready.papers.document.formats import render
from eventready.papers.document.profile import load_profile
from eventready.papers.document.registry import KINDS
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.kinds.weekly import weekly
from eventready.papers.material.gather import PaperRequest, gather
from eventready.papers.material.material import Week
from eventready.store.store import Store
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import Workspace, load_workspace


def write_readiness(_workspace: Workspace, store: Store) -> bytes:
    return render(readiness(store.get("latest"), "vi", Background()), "html")


def write_weekly(workspace: Workspace, store: Store) -> bytes:
    moment = Clock.starting(NOW).now()
    request = PaperRequest(KINDS["weekly"], moment, Week.at(moment), rehearsal=True)
    material, _ = gather(workspace, store, request, Clock(marked=True))
    return render(weekly(material, load_profile(workspace.path, "vi")), "xlsx")


def calls_of(write: Callable[[Workspace, Store], bytes], workspace: Workspace, store: Store) -> int:
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        write(workspace, store)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_readiness, write_weekly])
def test_twice_the_devices_take_twice_the_calls(tmp_path: Path, write: Callable[[Workspace, Store], bytes]) -> None:
    calls = []
    for number, devices in enumerate((4, 4, 8, 16)):  # the first fills caches
        copy_example(tmp_path / str(number))
        workspace = load_workspace(tmp_path / str(number))
        with Store.of_workspace(workspace.path) as store:
            store_run(store, devices)
            calls.append(calls_of(write, workspace, store))
    _, few, more, most = calls
    assert few < more < most
    assert most - more <= 2.2 * (more - few), calls
