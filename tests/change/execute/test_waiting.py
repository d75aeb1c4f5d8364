"""A change begins at its time within an approval, or not at all."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventready.change.document import PlanFile, seal
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.waiting import Begin, apply_at, refuse_later, window_begin
from eventready.change.safety.approval import approve
from eventready.change.times import Timer
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError
from eventready.core.messages import in_english
from eventready.store.change_steps import ChangeHeader
from eventready.store.store import Store
from eventready.store.waiting_changes import Cancelled, CancelledError, NotBegun, WaitingChange
from eventready.workspace.workspace import Workspace, load_workspace
from tests.change.execute.test_apply import Rig, outcomes
from tests.change.fake_fleet import EVENT
from tests.change.plan.test_approval import BINH, CUC
from tests.zones import TZ

pytestmark = pytest.mark.slow

APPROVED = EVENT.replace("soak_s: {}", f'soak_s: {{}}, approvers: [{{name: Bình, signs_with: "{BINH.public.id}"}}]')
#: Time from the announcement to the begin.
WAIT = timedelta(minutes=20)


@dataclass
class Times:
    """Clock of the event, and the time that passes, moved by the pauses of a waiting change."""

    passed: timedelta = timedelta()
    jumped: timedelta = timedelta()
    sleeps: list[float] = field(default_factory=list)
    events: list[tuple[timedelta, Callable[[], object]]] = field(default_factory=list)
    start: datetime = datetime(2022, 4, 20, 7, tzinfo=TZ)
    real: datetime = field(default_factory=lambda: datetime.now(UTC))

    def clock(self) -> Clock:
        clock = Clock(self.start - self.real)
        object.__setattr__(clock, "now", lambda: self.start + self.passed + self.jumped)
        object.__setattr__(clock, "real", lambda: self.real + self.passed + self.jumped)
        return clock

    def timer(self) -> Timer:
        return Timer(elapsed=self.elapsed, sleep=self.sleep)

    def elapsed(self) -> float:
        return self.passed.total_seconds()

    def sleep(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)
        while self.events and self.events[0][0] <= self.passed:
            self.events.pop(0)[1]()

    def after(self, passed: timedelta, action: Callable[[], object]) -> None:
        self.events.append((passed, action))


class Waiting:
    """A rig, its approved plan in a file, and its begin in twenty minutes."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig, self.times, self.path = rig, Times(), folder / "tonight.plan"
        settings = rig.workspace.event.changes
        self.file = approve(PlanFile(plan=rig.plan), settings, BINH, self.times.real)
        self.write(self.file)
        self.clock = self.times.clock()

    def write(self, file: PlanFile) -> None:
        self.path.write_text(file.model_dump_json(by_alias=True), encoding="utf-8")

    def reload(self) -> Workspace:
        return load_workspace(self.rig.workspace.path)

    def context(self, window: str = "") -> ExecutionContext:
        options = replace(self.rig.options(), unattended=True, window=window, timer=self.times.timer())
        return self.rig.context(options, self.clock)

    def in_window(self, name: str) -> dict[str, str]:
        begin = replace(self.begin(), at=window_begin(self.context(name), self.file.plan, name))
        refuse_later(self.context(name), self.file, begin.change, begin.at)
        return outcomes(apply_at(self.context(name), self.file, begin))

    def begin(self) -> Begin:
        at = self.clock.now() + WAIT
        return Begin(self.rig.store.changes.new_id(at), at, self.path, self.reload)

    def apply(self) -> dict[str, str]:
        begin = self.begin()
        refuse_later(self.context(), self.file, begin.change, begin.at)
        return outcomes(apply_at(self.context(), self.file, begin))

    def event(self, text: str) -> None:
        (self.rig.workspace.path / "inventory" / "event.yaml").write_text(text, encoding="utf-8")

    def only(self) -> WaitingChange:
        (one,) = self.rig.store.waiting.all()
        return one

    def calls(self) -> list[str]:
        outbox = self.rig.store.outbox("fair", rehearsal=True)
        return [one.body.sentence.render("en") for one in outbox.messages() if one.body.sentence is not None]

    def untouched(self) -> bool:
        sent = any(box.sent for box in self.rig.fleet.values())
        return not sent and not self.rig.store.changes.entries() and not self.rig.store.changes.locks()


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    monkeypatch.setattr("eventready.change.execute.waiting._LOOK_S", 10.0)
    rig = Rig(tmp_path, monkeypatch, event=APPROVED)
    yield Waiting(rig, tmp_path)
    rig.store.close()


def freeze(start: str, end: str) -> str:
    return f'{APPROVED}windows: [{{kind: freeze, from: "{start}", to: "{end}"}}]\n'


def test_a_change_begins_at_its_time_and_not_before(waiting: Waiting) -> None:
    seen = []
    waiting.times.after(WAIT - timedelta(seconds=20), lambda: seen.append((waiting.untouched(), waiting.only().state)))
    assert set(waiting.apply().values()) == {"new"}
    assert seen == [(True, "waiting")]
    assert waiting.times.passed >= WAIT
    (entry,) = waiting.rig.store.changes.entries()
    assert (entry.id, entry.header.approved_by) == (waiting.only().id, ("Bình",))
    assert entry.id.startswith("c-20220420-072000")
    assert waiting.only().state == "begun"
    assert waiting.rig.store.waiting.pending() == ()
    assert waiting.calls() == []
    assert waiting.rig.store.verify().problems == ()


def other_plan(waiting: Waiting) -> None:
    waiting.write(PlanFile(plan=seal({**waiting.rig.plan.document, "id": "p-20220420-065900-aaaa"})))


def other_change(waiting: Waiting) -> None:
    header = ChangeHeader(
        by="Cúc", host="noc-2", plan="p-other", mode="apply", approved_by=(), rolls_back="", event_time="",
        rehearsal=True, emergency=None,
    )  # fmt: skip
    waiting.rig.store.changes.begin("c-other", event="fair", plan=b"{}", devices=["box-1"], header=header)


ALTERED: dict[str, tuple[Callable[[Waiting], object], str]] = {
    "freeze": (lambda one: one.event(freeze("2022-04-20 07:15", "2022-04-20 09:00")), "the freeze window lasts"),
    "freeze soon": (lambda one: one.event(freeze("2022-04-20 07:20:10", "2022-04-20 09:00")), "expected to last"),
    "approval expired": (
        lambda one: one.event(APPROVED.replace("approvers", "approval_expires_s: 600, approvers")), "1 approval",
    ),
    "approver gone": (lambda one: one.event(APPROVED.replace(BINH.public.id, CUC.public.id)), "1 approval"),
    "more approvals": (lambda one: one.event(APPROVED.replace("approvers", "approvals: 2, approvers")), "2 approvals"),
    "another plan": (other_plan, "no longer has the plan"),
    "plan gone": (lambda one: one.path.unlink(), "can no longer be read"),
    "plan cut": (lambda one: one.path.write_text("{"), "can no longer be read"),
    "workspace broken": (lambda one: one.event("id: ["), "event.yaml"),
    "another event": (lambda one: one.event(APPROVED.replace("id: fair", "id: other")), "other"),
    "locked": (other_change, "box-1 is locked|Cúc"),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_a_refusal_at_the_begin_is_a_call_and_nothing_is_sent(waiting: Waiting, what: str) -> None:
    alter, reason = ALTERED[what]
    waiting.times.after(WAIT / 2, lambda: alter(waiting))
    with pytest.raises(Exception, match=reason):
        waiting.apply()
    assert not any(box.sent for box in waiting.rig.fleet.values())
    one = waiting.only()
    assert isinstance(one.last, NotBegun)
    assert one.state == "not_begun"
    (call,) = waiting.calls()
    assert call.startswith(f"Change {one.id} by plan {waiting.rig.plan.id} did not begin at 20/04/2022 07:20")
    assert in_english(one.last.why) in call


def jump(waiting: Waiting, by: timedelta) -> None:
    waiting.times.jumped += by


def suspend(waiting: Waiting, until: timedelta) -> None:
    waiting.times.passed = until


MISSED: dict[str, tuple[Callable[[Waiting], object], str]] = {
    "suspended over the begin": (lambda one: suspend(one, WAIT + timedelta(minutes=2)), "more than a minute after"),
    "clock forward": (lambda one: jump(one, timedelta(hours=5)), "clock jumped by 18,000 s"),
    "clock forward to the begin": (lambda one: jump(one, WAIT / 2), "clock jumped"),
    "clock back": (lambda one: jump(one, timedelta(minutes=-2)), "clock jumped by -120 s"),
}


@pytest.mark.parametrize("what", MISSED)
def test_a_late_or_uncertain_begin_is_a_call_and_is_not_made_up_for(waiting: Waiting, what: str) -> None:
    alter, reason = MISSED[what]
    waiting.times.after(WAIT / 2, lambda: alter(waiting))
    with pytest.raises(RefusedError, match=reason):
        waiting.apply()
    assert waiting.untouched()
    assert waiting.only().state == "not_begun"
    assert len(waiting.calls()) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        lambda one: suspend(one, WAIT - timedelta(minutes=1)),
        lambda one: suspend(one, WAIT + timedelta(seconds=50)),
        lambda one: jump(one, timedelta(seconds=-30)),
    ],
    ids=["suspended before", "a little late", "clock set right"],
)
def test_a_begin_in_time_is_begun(waiting: Waiting, harmless: Callable[[Waiting], object]) -> None:
    waiting.times.after(WAIT / 2, lambda: harmless(waiting))
    assert set(waiting.apply().values()) == {"new"}
    assert waiting.calls() == []


@pytest.mark.parametrize("name", ["latest", "id", "plan", "prefix"])
def test_a_cancelled_change_does_not_begin(waiting: Waiting, name: str) -> None:
    def cancel() -> None:
        one = waiting.only()
        names = {"latest": "latest", "id": one.id, "plan": one.announced.plan, "prefix": one.id[:-2]}
        with Store(waiting.rig.workspace.path / "e.db") as store:
            store.waiting.cancel(names[name], "Cúc", "noc-2")

    waiting.times.after(WAIT / 2, cancel)
    with pytest.raises(CancelledError, match="was cancelled by Cúc on noc-2"):
        waiting.apply()
    assert waiting.times.passed < WAIT / 2 + timedelta(seconds=20)
    assert waiting.untouched()
    assert waiting.only().last == Cancelled("Cúc", "noc-2")
    assert waiting.calls() == []
    with pytest.raises(CancelledError):
        waiting.rig.store.waiting.cancel(waiting.only().id, "An", "noc-1")


def test_a_cancellation_in_the_last_moment_counts_or_is_refused(waiting: Waiting) -> None:
    """Between the last look and the begin."""
    store = waiting.rig.store

    def reload() -> Workspace:
        with pytest.raises(RefusedError, match="has begun"):
            store.waiting.cancel("latest", "Cúc", "noc-2")
        return waiting.reload()

    begin = replace(waiting.begin(), reload=reload)
    assert set(outcomes(apply_at(waiting.context(), waiting.file, begin)).values()) == {"new"}
    with pytest.raises(RefusedError, match="has begun"):
        store.waiting.cancel(begin.change, "Cúc", "noc-2")


@pytest.mark.parametrize(
    ("number", "state", "calls"), [(signal.SIGINT, "cancelled", 0), (signal.SIGTERM, "not_begun", 1)]
)
def test_ctrl_c_cancels_and_the_end_of_the_process_is_a_call(
    waiting: Waiting, number: signal.Signals, state: str, calls: int
) -> None:
    before = signal.getsignal(number)
    waiting.times.after(WAIT / 2, lambda: os.kill(os.getpid(), signal.SIGHUP))
    waiting.times.after(WAIT / 2, lambda: os.kill(os.getpid(), number))
    with pytest.raises(RefusedError) as refused:
        waiting.apply()
    assert refused.value.exit is Exit.REFUSED
    assert (waiting.only().state, len(waiting.calls())) == (state, calls)
    assert waiting.untouched()
    assert signal.getsignal(number) is before


def killed_while_waiting(waiting: Waiting) -> str:
    """Return the id of a change whose process is killed while it waits."""
    begin = waiting.begin()
    child = os.fork()
    if child == 0:
        waiting.times.after(WAIT / 2, lambda: os.kill(os.getpid(), signal.SIGKILL))
        with Store(waiting.rig.workspace.path / "e.db") as store:
            apply_at(replace(waiting.context(), store=store), waiting.file, begin)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return begin.change


def test_a_change_killed_while_it_waits_never_begins(waiting: Waiting) -> None:
    change = killed_while_waiting(waiting)
    store = waiting.rig.store
    assert (waiting.only().id, waiting.only().state) == (change, "lost")
    assert [one.id for one in store.waiting.pending()] == [change]
    assert waiting.untouched()
    with pytest.raises(RefusedError, match=f"waits already as change {change}"):
        waiting.apply()
    assert store.waiting.cancel("latest", "Cúc", "noc-2").state == "lost"
    assert store.waiting.pending() == ()
    assert set(waiting.apply().values()) == {"new"}


def test_a_begin_without_a_person_needs_an_approval(waiting: Waiting) -> None:
    waiting.file = PlanFile(plan=waiting.rig.plan)
    with pytest.raises(RefusedError, match="1 approval"):
        waiting.apply()
    assert waiting.rig.store.waiting.all() == ()
    assert set(outcomes(waiting.rig.apply_file(waiting.file)).values()) == {"new"}, "at the keys it needs none"


def test_a_way_back_without_a_person_needs_an_approval_of_its_own(waiting: Waiting) -> None:
    waiting.rig.apply_file(waiting.file)
    waiting.file = PlanFile(plan=waiting.rig.rollback())
    waiting.write(waiting.file)
    with pytest.raises(RefusedError, match="1 approval"):
        waiting.apply()
    waiting.file = approve(waiting.file, waiting.rig.workspace.event.changes, BINH, waiting.times.real)
    assert set(waiting.apply().values()) == {"new"}


REFUSED_AT_THE_KEYS = {
    "freeze at the begin": (freeze("2022-04-20 07:15", "2022-04-20 09:00"), "the freeze window lasts"),
    "freeze before the end": (freeze("2022-04-20 07:20:10", "2022-04-20 09:00"), "expected to last"),
    "approval expires before": (APPROVED.replace("approvers", "approval_expires_s: 600, approvers"), "1 approval"),
}


@pytest.mark.parametrize("what", REFUSED_AT_THE_KEYS)
def test_a_begin_is_checked_for_its_moment_at_the_keys(waiting: Waiting, what: str) -> None:
    text, reason = REFUSED_AT_THE_KEYS[what]
    waiting.event(text)
    waiting.rig.workspace = waiting.reload()
    with pytest.raises(RefusedError, match=reason):
        waiting.apply()
    assert waiting.times.passed == timedelta()
    assert waiting.calls() == []


@pytest.mark.parametrize("what", ["freeze at the begin", "freeze before the end"])
def test_a_begin_refused_for_a_freeze_names_a_way_that_it_takes(waiting: Waiting, what: str) -> None:
    """Another time, or an emergency at the keys, without --at."""
    waiting.event(REFUSED_AT_THE_KEYS[what][0])
    waiting.rig.workspace = waiting.reload()
    with pytest.raises(RefusedError, match=r"[Gg]ive a(nother)? time.* at the keys: .*--emergency.* without --at"):
        waiting.apply()


def test_an_unknown_maintenance_window_is_answered_with_each_once(waiting: Waiting) -> None:
    """In the language of the reader, with its kind."""
    both = maintenance(("08:00", "09:00"), ("10:00", "11:00")).replace("name: Night", "name_vi: Đêm 1, name: Night")
    waiting.event(both)
    waiting.rig.workspace = waiting.reload()
    with pytest.raises(EventreadyError) as refused:
        waiting.in_window("Night 2")
    assert refused.value.render("en").endswith("event.yaml has Night 1 (maintenance).")
    assert refused.value.render("vi").endswith("event.yaml có Đêm 1 (maintenance).")


def test_a_freeze_that_is_over_by_then_does_not_count(waiting: Waiting) -> None:
    waiting.event(freeze("2022-04-20 06:00", "2022-04-20 07:19"))
    waiting.rig.workspace = waiting.reload()
    assert set(waiting.apply().values()) == {"new"}


def maintenance(*spans: tuple[str, str], venues: str = "") -> str:
    windows = [
        f'{{kind: maintenance, name: Night 1, from: "2022-04-20 {start}", to: "2022-04-20 {end}"{venues}}}'
        for start, end in spans
    ]
    return f"{APPROVED}windows: [{', '.join(windows)}]\n"


@pytest.mark.parametrize(
    ("windows", "begin"),
    [
        (maintenance(("08:00", "09:00")), "08:00"),
        (maintenance(("06:00", "09:00")), "07:00"),
        (maintenance(("06:00", "07:00:20"), ("08:00", "08:00:10"), ("09:00", "10:00")), "09:00"),
        (maintenance(("08:00", "09:00"), venues=", venues: [hall]"), "08:00"),
    ],
    ids=["next", "open", "with time", "of its venue"],
)
@pytest.mark.parametrize("name", ["Night 1", "maintenance"])
def test_a_change_begins_in_its_window(waiting: Waiting, windows: str, begin: str, name: str) -> None:
    waiting.event(windows)
    waiting.rig.workspace = waiting.reload()
    assert set(waiting.in_window(name).values()) == {"new"}
    assert f"{waiting.only().announced.at:%H:%M}" == begin
    assert waiting.only().announced.window == name


OTHER_VENUES = maintenance(("08:00", "09:00"), venues=", venues: [park]").replace(
    "venues: [", "venues: [{id: park, name: Park, services: [internet]}, ", 1
)
NO_WINDOW = {
    "none": (APPROVED, "no window of kind `maintenance`"),
    "another name": (maintenance(("08:00", "09:00")).replace("Night 1", "Night 2"), "Night 2"),
    "another kind": (maintenance(("08:00", "09:00")).replace("maintenance", "drill"), "no window of kind"),
    "over": (maintenance(("05:00", "06:59")), "has 1 min for it"),
    "too short": (maintenance(("08:00", "08:00:50")), "has 1 min for it"),
    "other venues": (OTHER_VENUES, "at all venues"),
}


@pytest.mark.parametrize("what", NO_WINDOW)
def test_without_a_window_with_time_for_it_a_change_is_refused(waiting: Waiting, what: str) -> None:
    text, reason = NO_WINDOW[what]
    waiting.event(text)
    waiting.rig.workspace = waiting.reload()
    with pytest.raises(EventreadyError, match=reason):
        waiting.in_window("Night 1")
    assert waiting.rig.store.waiting.all() == ()


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (maintenance(("08:30", "09:30")), "is not open now"),
        (maintenance(("08:00", "08:00:30")), "has 1 min for it"),
        (APPROVED, "no window of kind"),
    ],
    ids=["moved", "shortened", "gone"],
)
def test_a_window_moved_meanwhile_is_a_call(waiting: Waiting, then: str, reason: str) -> None:
    waiting.event(maintenance(("08:00", "09:00")))
    waiting.rig.workspace = waiting.reload()
    waiting.times.after(WAIT, lambda: waiting.event(then))
    with pytest.raises(EventreadyError, match=reason):
        waiting.in_window("Night 1")
    assert waiting.untouched()
    assert len(waiting.calls()) == 1


def test_no_wave_begins_after_the_end_of_the_window(waiting: Waiting) -> None:
    waiting.event(maintenance(("07:00", "08:00")))
    waiting.rig.workspace = waiting.reload()
    first = waiting.rig.plan.order[0]

    def overrun(name: str, _driver: object) -> None:
        if name == first:
            waiting.times.passed += timedelta(hours=1)

    waiting.rig.change_hand = overrun
    found = waiting.in_window("Night 1")
    assert found == {name: "new" if name == first else "untouched" for name in waiting.rig.plan.order}
