"""Protected time shortens the intervals of the devices at its venues, and their patience with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.watch.session import WatchSession
from eventready.watch.silence import Patience
from eventready.workspace.workspace import Workspace, load_workspace

EXAMPLE = load_workspace(Path(__file__).parents[2])
NIGHT = "2022-04-29 20:00"


def protected(workspace: Workspace, moment: str = NIGHT) -> frozenset[str]:
    """Devices in protected time, without any audit."""
    with TemporaryDirectory() as folder, Store(Path(folder) / "store.db") as store:
        return WatchSession(workspace, workspace.devices, store, Clock.starting(moment))._protection(None)()


def at(*venues: str) -> Workspace:
    windows = tuple(one.model_copy(update={"venues": venues}) for one in EXAMPLE.event.windows)
    return replace(EXAMPLE, event=EXAMPLE.event.model_copy(update={"windows": windows}))


@pytest.mark.parametrize("venues", [(), EXAMPLE.event.venue_ids])
def test_a_window_of_all_venues_protects_every_device(venues: tuple[str, ...]) -> None:
    assert protected(at(*venues)) == {one.name for one in EXAMPLE.devices}
    assert protected(at(*venues), "2022-04-20 20:00") == frozenset()


def test_without_a_measured_graph_the_devices_of_the_venue_and_shared_ones_are_protected() -> None:
    found = protected(at("van-hoa"))
    for one in EXAMPLE.devices:
        assert (one.name in found) == ("van-hoa" in one.venues or len(one.venues) != 1), one.name
    assert {"edge-vh-1", "core-1"} <= found
    assert "edge-hn-1" not in found


def test_patience_follows_the_interval_of_each_device() -> None:
    hastened = {"d1"}
    patience = Patience({"d0": ("interface",), "d1": ("interface",)}, lambda _fact: 60.0, lambda: {*hastened})
    assert patience.renewed()
    assert [patience.interval(name, "interface") for name in ("d0", "d1")] == [60.0, 30.0]
    assert patience.of_device("d1") < patience.of_device("d0")
    assert not patience.renewed()
    hastened.add("d0")
    assert patience.renewed()
    assert patience.of_device("d1") == patience.of_device("d0")
