"""Devices with the lines of a change: by outcomes, ways back, and removals of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.store.change_steps import ChangeHeader, DeviceOutcome
from eventready.store.changes import ChangeEntry
from eventready.store.standing import MAYBE, standing_devices

BEGUN = "2022-04-24T20:00:00+07:00"


def entry(
    change: str, outcomes: Mapping[str, str], plan: str = "p-1", rolls_back: str = "", removes: str = ""
) -> ChangeEntry:
    header = ChangeHeader("an", "nms", plan=plan, rolls_back=rolls_back, removes=removes)
    found = {device: DeviceOutcome(outcome) for device, outcome in outcomes.items()}
    return ChangeEntry(change, "fair", BEGUN, BEGUN, header, found)


ONE = entry("c-1", {"r1": "new", "r2": "new", "r3": "old", "r4": "by_hand"})


def test_reached_devices_have_the_lines() -> None:
    """Devices in an unknown state may have them."""
    assert standing_devices([ONE]) == {"c-1": {"r1", "r2"}}
    assert standing_devices([ONE], MAYBE) == {"c-1": {"r1", "r2", "r4"}}


def test_ways_back_add_up() -> None:
    """Each takes its own devices; a way back without a result takes none."""
    first, none = entry("c-2", {"r1": "new"}, "p-2", "c-1"), entry("c-3", {"r2": "old"}, "p-3", "c-1")
    assert standing_devices([ONE, first, none]) == {"c-1": {"r2"}}
    assert standing_devices([ONE, first, none, entry("c-4", {"r2": "new"}, "p-4", "c-1")]) == {"c-1": set()}


def test_the_rollback_of_a_way_back_puts_the_lines_there_again() -> None:
    """Of its own devices only."""
    back = entry("c-2", {"r1": "new", "r2": "new"}, "p-2", "c-1")
    assert standing_devices([ONE, back, entry("c-3", {"r2": "new"}, "p-3", "c-2")]) == {"c-1": {"r2"}}


def test_a_removal_is_of_all_changes_of_a_plan() -> None:
    """It is no change that stands; its rollback puts the lines there again."""
    rest, other = entry("c-2", {"r3": "new"}), entry("c-3", {"r1": "new"}, "p-3")
    removal = entry("c-4", {"r1": "new", "r3": "new"}, "p-4", removes="p-1")
    assert standing_devices([ONE, rest, other, removal]) == {"c-1": {"r2"}, "c-2": set(), "c-3": {"r1"}}
    back = entry("c-5", {"r3": "new"}, "p-5", "c-4")
    assert standing_devices([ONE, rest, other, removal, back])["c-2"] == {"r3"}


def test_a_way_back_of_an_unknown_change_takes_nothing() -> None:
    """Such as of a pruned change."""
    assert standing_devices([ONE, entry("c-2", {"r1": "new"}, "p-2", "c-0")]) == {"c-1": {"r1", "r2"}}
    assert standing_devices([ONE, entry("c-2", {"r1": "new"}, "p-2", removes="p-0")]) == {"c-1": {"r1", "r2"}}
