"""Lines of an event that is over, on the devices: counted by plan, without their text; unread is not measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventready.change.document import Plan, Until, seal
from eventready.change.execute.event_lines import observe_event_lines
from eventready.change.execute.result import ApplyResult
from eventready.core.clock import Clock
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation, Status
from eventready.facts.records import EventConfiguration
from eventready.session.reply import Unreachable
from eventready.store.change_steps import Emergency
from eventready.workspace.devices.select import select
from tests.change.execute.test_apply import CLOCK
from tests.change.execute.test_removal_plan import Applied

pytestmark = pytest.mark.slow

END = "2022-04-29T23:00:00+07:00"


class Ended(Applied):
    """A rig of which the plan was applied, with an end."""

    plan: Plan

    def apply(
        self, plan: Plan | None = None, *, clock: Clock = CLOCK, emergency: Emergency | None = None
    ) -> ApplyResult:
        if plan is None:
            plan = self.plan = seal({**self.plan.document, "until": Until(at=END, window="event").model_dump()})
        return super().apply(plan, clock=clock, emergency=emergency)

    def observed(self, now: str = "2022-05-02 07:00", limit: str | None = None) -> dict[str, Observation]:
        devices = select(self.workspace.devices, limit)
        equipment = Equipment.of(self.workspace).only(devices)
        found = observe_event_lines(self.workspace, equipment, self.store, Clock.starting(now))
        return {one.device: one for one in found}

    def counts(self) -> dict[str, tuple[int, int, int]]:
        rows = [(name, row) for name, one in self.observed().items() for row in one.rows]
        return {
            name: (row.present, row.changed, row.absent) for name, row in rows if isinstance(row, EventConfiguration)
        }


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ended]:
    made = Ended(tmp_path, monkeypatch)
    yield made
    made.store.close()


def test_nothing_is_read_before_the_end(rig: Ended) -> None:
    """The lines are wanted until then."""
    for box in rig.sessions.values():
        box.queries.clear()
    assert rig.observed("2022-04-29 22:59") == {}
    assert not any(box.queries for box in rig.sessions.values())


def test_lines_are_counted_by_plan(rig: Ended) -> None:
    """As set, changed by others, absent; a device without lines is not read."""
    assert rig.counts() == {"box-1": (1, 0, 0), "box-2": (1, 0, 0), "box-3": (2, 0, 0)}
    assert set(rig.observed(limit="box-2,box-4")) == {"box-2"}
    rig.read(
        box_1=("standby 10 priority 110", "standby 10 priority 120"),
        box_2=("standby 10 priority 110", "standby 10 priority 100"),
        box_3=("standby 10 priority 110", "standby 10 priority 130"),
    )
    assert rig.counts() == {"box-1": (0, 1, 0), "box-2": (0, 0, 1), "box-3": (1, 1, 0)}
    assert "standby" not in repr(rig.observed())
    assert {row.subject for one in rig.observed().values() for row in one.rows} == {rig.plan.id}


def test_an_unread_device_is_not_measured(rig: Ended) -> None:
    """Neither as gone nor as left."""
    rig.sessions.named("box-1").error = Unreachable("no route")
    found = rig.observed()
    assert (found["box-1"].status, found["box-1"].rows) == (Status.UNREACHABLE, ())
    assert found["box-1"].reason
    assert found["box-2"].status is Status.PARSED


def test_removed_lines_are_no_longer_read(rig: Ended) -> None:
    """Nor those rolled back."""
    rig.apply(rig.removal())
    assert rig.observed() == {}


def test_lost_configurations_are_an_unread_record(rig: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of lines is not known."""
    monkeypatch.setattr("eventready.change.execute.recorded.Backups.before", lambda *_args: None)
    found = rig.observed()["box-1"]
    assert (found.rows, [one.subject for one in found.unread]) == ((), [rig.plan.id])
