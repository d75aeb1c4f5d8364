"""The scheduler on a clock of the test's own: what is done when, once, over kills and restarts."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest

from eventready.clauses.deadlines import deadlines
from eventready.core.clock import Clock, parse_moment
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.delivery.mail.delivery_log import DeliveryLog, SentDocument
from eventready.delivery.mail.letter import Attachment, PaperReference
from eventready.delivery.mail.mail import read
from eventready.delivery.mail.smtp import SubmitResult
from eventready.delivery.notify.sender import Attempt
from eventready.delivery.service_units import cron, systemd
from eventready.store.store import Store
from eventready.submission import scheduler
from eventready.submission.mailer import draft_paper
from eventready.submission.scheduler import JobResult, ScheduleLog, Scheduler
from eventready.submission.timetable import ScheduledJob, jobs, next_moment
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace
from tests import forked
from tests.zones import TZ

pytestmark = pytest.mark.slow


def due(
    event: Event, when: str, *, done: frozenset[str] = frozenset(), sent: tuple[SentDocument, ...] = ()
) -> list[str]:
    moment = parse_moment(when)
    return [job.id for job in jobs(event, deadlines(event, (), sent, moment), (), done, moment)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2022-04-25 05:59", ["audit-2022-04-24", "draft-2022-04-18"]),
        ("2022-04-25 06:00", ["audit-2022-04-25", "draft-2022-04-18"]),
        ("2022-04-25 06:59", ["audit-2022-04-25", "draft-2022-04-18"]),
        ("2022-04-25 07:00", ["audit-2022-04-25", "draft-2022-04-25"]),
        ("2022-04-27 10:00", ["audit-2022-04-27", "draft-2022-04-25"]),
        # the day before a Monday off: Friday the 8th, for Giỗ Tổ on Monday the 11th
        ("2022-04-08 07:59", ["audit-2022-04-08", "draft-2022-04-04"]),
        ("2022-04-08 08:00", ["audit-2022-04-08", "draft-2022-04-04", "draft-2022-04-11-early"]),
        ("2022-04-11 07:00", ["audit-2022-04-11", "draft-2022-04-11"]),
        # the last one, and afterwards
        ("2022-05-30 07:00", ["audit-2022-05-30", "draft-2022-05-30"]),
        ("2022-06-06 07:00", ["audit-2022-06-06"]),
    ],
)
def test_audits_and_drafts_are_due_at_their_hour(event: Event, when: str, expected: list[str]) -> None:
    assert [job for job in due(event, when) if not job.startswith("remind")] == expected


def test_a_test_that_falls_between_daily_audits_gets_one_of_its_own(event: Event) -> None:
    assert due(event, "2022-04-29 07:00", done=frozenset({"audit-2022-04-29"}))[0] == "audit-for-audit-opening"
    (job, *_) = jobs(event, (), (), (), parse_moment("2022-04-29 07:30"))
    assert job.covers == ("audit-2022-04-29", "audit-for-audit-opening")
    assert "audit-for-audit-opening" not in due(event, "2022-04-29 13:01")
    assert "audit-for-audit-2" not in due(event, "2022-04-28 23:00")


def test_a_report_that_was_sent_is_not_drafted(event: Event) -> None:
    sent = SentDocument("weekly-report", parse_moment("2022-04-25 06:30"), date(2022, 4, 25))
    assert "draft-2022-04-25" not in due(event, "2022-04-25 07:00", sent=(sent,))


def test_each_standing_of_a_deadline_is_reported_once(event: Event) -> None:
    assert "remind-weekly-2022-04-11-near" in due(event, "2022-04-08 08:00")
    assert "remind-weekly-2022-04-25-due" in due(event, "2022-04-25 11:31")
    assert "remind-weekly-2022-04-25-late" in due(event, "2022-04-25 12:01")
    assert "remind-freeze-1-in_force" in due(event, "2022-04-26 00:00")
    known = frozenset(due(event, "2022-04-25 11:31"))
    assert due(event, "2022-04-25 11:45", done=known) == []


def test_the_next_look_is_when_something_changes(event: Event) -> None:
    moment = parse_moment("2022-04-25 07:00")
    found = deadlines(event, (), (), moment)
    assert next_moment(event, found, moment) <= parse_moment("2022-04-25 11:30")
    assert next_moment(event, (), parse_moment("2022-04-25 23:00")) == parse_moment("2022-04-26 00:00")


@dataclass
class Hands:
    """Notes what it was told to do; fails as often as `trouble` says."""

    clock: Clock
    did: list[str] = field(default_factory=list)
    trouble: int = 0
    channels: tuple[str, ...] = ()

    def notify(self, job: ScheduledJob) -> str:
        return self._do(f"{job.channel}: {len(job.texts)}")

    def deliver(self) -> Iterator[Attempt]:
        yield from ()

    def hire(self, _workspace: Workspace, _store: Store) -> Self:
        return self

    def audit(self) -> str:
        return self._do("audit")

    def draft(self, due: date, name: str) -> str:
        return self._do(f"{name} for {due}")

    def _do(self, what: str) -> str:
        if self.trouble:
            self.trouble -= 1
            raise UsageError(f"{what} cannot be done")
        self.did.append(f"{self.clock.now():%m-%d %H:%M} {what}")
        return "done"


class FakeClock(Clock):
    """Stands still until it is pushed."""

    def __init__(self, text: str) -> None:
        super().__init__(timedelta(days=-1))
        self.__dict__["moment"] = parse_moment(text)

    def now(self) -> datetime:
        moment: datetime = self.__dict__["moment"]
        return moment.astimezone(TZ)

    def push(self, seconds: float) -> None:
        self.__dict__["moment"] += timedelta(seconds=seconds)


class Enough(Exception):
    """The time of the test is over."""


def run_until(workspace: Path, clock: FakeClock, hands: Hands, end: str) -> list[JobResult | EventreadyError]:
    """Run the loop with time passing in its sleep only, until a moment."""
    until = parse_moment(end)

    def sleep(seconds: float) -> None:
        assert 0 <= seconds <= scheduler.LONGEST_PAUSE_S
        clock.push(max(seconds, 1))
        if clock.now() >= until:
            raise Enough

    heard: list[JobResult | EventreadyError] = []
    try:
        for result in Scheduler(workspace, clock, hands.hire, sleep).forever():
            heard.append(result)
    except Enough:
        return heard
    raise AssertionError("it never ends by itself")


def test_two_days_of_one_process_do_each_thing_once(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "LONGEST_PAUSE_S", 4 * 3600.0)
    clock = FakeClock("2022-04-24 05:00")
    hands = Hands(clock)
    heard = run_until(workspace, clock, hands, "2022-04-26 05:00")
    assert hands.did == [
        "04-24 05:00 audit",
        "04-24 05:00 draft-2022-04-18 for 2022-04-18",
        "04-24 06:00 audit",
        "04-25 06:00 audit",
        "04-25 07:00 draft-2022-04-25 for 2022-04-25",
    ]
    output = [result.job.id for result in heard if isinstance(result, JobResult) and result.job.kind == "remind"]
    assert len(output) == len(set(output))
    assert {"remind-weekly-2022-04-25-near", "remind-weekly-2022-04-25-due", "remind-weekly-2022-04-25-late"} <= set(
        output
    )


def once(workspace: Path, clock: Clock, hands: Hands) -> list[str]:
    working = Scheduler(workspace, clock, hands.hire)
    with working.alone():
        return [result.job.id for result in working.once()]


def test_a_restart_does_nothing_twice(workspace: Path) -> None:
    clock = FakeClock("2022-04-25 07:00")
    hands = Hands(clock)
    first = once(workspace, clock, hands)
    assert first[:2] == ["audit-2022-04-25", "draft-2022-04-25"]
    assert once(workspace, clock, hands) == []
    clock.push(24 * 3600)
    assert once(workspace, clock, hands)[0] == "audit-2022-04-26"
    assert len(hands.did) == 3


def test_a_rehearsal_keeps_a_diary_of_its_own(workspace: Path) -> None:
    with Store.of_workspace(workspace) as store:
        job = ScheduledJob("audit", ("audit-2022-04-25",))
        ScheduleLog(store, Clock.starting("2022-04-25 07:00")).done(job)
        assert ScheduleLog(store, Clock()).closed() == frozenset()
        assert ScheduleLog(store, Clock.starting("2022-04-25 08:00")).closed() == {"audit-2022-04-25"}


@pytest.mark.parametrize(("queued_by", "reminded"), [(FakeClock("2022-04-25 06:30"), True), (Clock(), False)])
def test_a_rehearsal_reminds_of_its_own_mails_only(
    workspace: Path, event: Event, queued_by: Clock, reminded: bool
) -> None:
    clock = FakeClock("2022-04-25 07:00")
    with Store.of_workspace(workspace) as store:
        record = DeliveryLog(store, queued_by)
        mail = read(draft_paper(event, PaperReference("plan"), [Attachment("a.pdf", b"1")], moment=clock.now()))
        queued = record.queue(mail, "0" * 64, ["desk@example.vn"])
        record.ended(queued, SubmitResult(refused={"desk@example.vn": "550 no such user"}))
    assert (f"remind-{queued.id}-refused-0" in once(workspace, clock, Hands(clock))) is reminded


def test_what_fails_is_tried_again_after_a_while_but_not_for_ever(workspace: Path) -> None:
    clock = FakeClock("2022-04-25 06:00")
    hands = Hands(clock, trouble=1)
    assert once(workspace, clock, hands)[0] == "audit-2022-04-25"
    assert "audit-2022-04-25" not in once(workspace, clock, hands)
    clock.push(601)
    assert once(workspace, clock, hands) == ["audit-2022-04-25"]
    assert hands.did == ["04-25 06:00 draft-2022-04-18 for 2022-04-18", "04-25 06:10 audit"]
    clock.push(24 * 3600)
    hands.trouble = 99
    tries = 0
    for _ in range(6):
        tries += once(workspace, clock, hands).count("audit-2022-04-26")
        clock.push(601)
    assert tries == 3


def test_a_defect_in_one_job_does_not_keep_the_others(workspace: Path) -> None:
    class Broken(Hands):
        def audit(self) -> str:
            raise RuntimeError("reading ac-1 failed") from ValueError("why")

    clock = FakeClock("2022-04-25 07:00")
    hands = Broken(clock)
    result = {one.job.kind: one for one in reversed(list(Scheduler(workspace, clock, hands.hire).once()))}
    assert result["audit"].failed
    assert in_english(result["audit"].outcome) == "internal error, RuntimeError: reading ac-1 failed (why)"
    assert hands.did == ["04-25 07:00 draft-2022-04-25 for 2022-04-25"]


def test_two_schedulers_do_not_work_at_once(workspace: Path) -> None:
    clock = FakeClock("2022-04-25 06:00")
    with (
        Scheduler(workspace, clock, Hands(clock).hire).alone(),
        pytest.raises(RefusedError, match="another `eventready watch schedule` is running"),
    ):
        once(workspace, clock, Hands(clock))


def test_a_workspace_that_breaks_is_reported_and_looked_at_again(workspace: Path) -> None:
    path = workspace / "inventory" / "event.yaml"
    good = path.read_text(encoding="utf-8")
    path.write_text("id: [", encoding="utf-8")
    clock = FakeClock("2022-04-25 06:00")
    hands = Hands(clock)

    def sleep(seconds: float) -> None:
        clock.push(seconds)
        path.write_text(good, encoding="utf-8")

    result = Scheduler(workspace, clock, hands.hire, sleep).forever()
    assert isinstance(next(result), EventreadyError)
    second = next(result)
    assert isinstance(second, JobResult)
    assert second.job.id == "audit-2022-04-25"


_VICTIM = """
    import os, signal, sys
    from pathlib import Path
    from eventready.core.clock import Clock
    from eventready.submission.scheduler import Scheduler
    moment = sys.argv[2]
    class Hands:
        channels = ()
        def audit(self):
            if moment == "audit": os.kill(os.getpid(), signal.SIGKILL)
            return "done"
        def draft(self, due, name):
            if moment == "draft": os.kill(os.getpid(), signal.SIGKILL)
            return "done"
        def deliver(self):
            return ()
    scheduler = Scheduler(Path(sys.argv[1]), Clock.starting("2022-04-25 07:00"), lambda w, s: Hands())
    with scheduler.alone():
        for told in scheduler.once():
            if told.job.kind == moment: os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("moment", "audits", "drafts", "first_again"),
    [("audit", 1, 1, "audit"), ("draft", 0, 1, "draft"), ("remind", 0, 0, "remind")],
)
def test_kill_9_and_restart(workspace: Path, moment: str, audits: int, drafts: int, first_again: str) -> None:
    assert forked.run_script(_VICTIM, workspace, moment).returncode == -signal.SIGKILL
    clock = Clock.starting("2022-04-25 07:00")
    hands = Hands(clock)
    working = Scheduler(workspace, clock, hands.hire)
    with working.alone():
        result = list(working.once())
    kinds = [one.job.kind for one in result]
    assert (kinds.count("audit"), kinds.count("draft")) == (audits, drafts)
    assert [one.job.kind for one in result if one.resumed] == [first_again]
    assert once(workspace, clock, hands) == []


def test_what_is_printed_for_systemd_and_cron_calls_us_with_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "sự kiện 100%"
    assert f'-w "{str(folder).replace("%", "%%")}" watch schedule --once' in systemd(folder, "tra-vinh-30")
    assert "OnCalendar=*:0/5" in systemd(folder, "tra-vinh-30")
    assert "EnvironmentFile=-%h/.config/eventready/tra-vinh-30.env" in systemd(folder, "tra-vinh-30")
    watch = systemd(folder, "tra-vinh-30", ["--really"]).partition("-watch.service\n")[2]
    assert " watch --really\n" in watch
    assert "Type=notify" in watch
    assert "WatchdogSec=60" in watch
    assert "schedule --once --really\n" in systemd(folder, "tra-vinh-30", ["--really"])
    line = cron(folder, "tra-vinh-30")
    assert line.startswith('*/5 * * * * set -a; [ ! -r "$HOME"/.config/eventready/tra-vinh-30.env ] || . ')
    assert "100\\%' watch schedule --once >> " in line
    assert line.count("\n") == 1


def test_moments_are_those_of_the_event_whatever_the_machine_keeps(event: Event) -> None:
    utc = datetime(2022, 4, 24, 23, 0, tzinfo=UTC)
    assert jobs(event, (), (), (), utc)[0].id == "audit-2022-04-25"


@pytest.fixture(autouse=True)
def _no_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "America/New_York")
