"""The loop: a device that hangs delays no other, devices at rest are left alone, and the time watched is proven."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.cli.context import App
from eventready.core.clock import Clock
from eventready.core.errors import StoreError, WorkspaceError
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.store.change_steps import Arm, ChangeHeader
from eventready.store.changes import StepEntry
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.store.watch_log import BEAT_S, Beat, watch_log, watched
from eventready.watch import loop, silence
from eventready.watch import session as session_module
from eventready.watch.job import WatchJob
from eventready.watch.loop import ReaderThreads, WatchLoop
from eventready.watch.record import WatchRecord
from eventready.watch.schedule import DueReading, Schedule
from eventready.watch.session import WatchSession, known_states
from eventready.watch.snapshot import OUTDATED, Snapshots
from eventready.watch.states import Key, StateChange, States
from eventready.watch.watcher import Watcher
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from tests.watch.test_causes import watching
from tests.watch.test_night import EVENT, FACT, devices
from tests.zones import TZ

START = datetime(2031, 4, 29, 19, tzinfo=TZ)


class Recorder:
    """Reader of empty answers; `hanging` devices answer at the end of the test only."""

    def __init__(self, hanging: Collection[str] = ()) -> None:
        self.hanging, self.read_at, self.ended = hanging, dict[str, list[float]](), list[str]()
        self.end, self.held = threading.Event(), ()

    def close(self) -> None:
        """Keep no session."""

    def read(self, device: str, facts: Sequence[str]) -> Sequence[Observation]:
        if not facts:
            self.ended.append(device)
            return ()
        self.read_at.setdefault(device, []).append(time.monotonic())
        if device in self.hanging:
            self.end.wait(30)
        return [Observation(device, fact, Status.EMPTY) for fact in facts]


class Memory:
    def __init__(self) -> None:
        self.beats, self.found = list[Beat](), list[StateChange]()

    def beat(self, beat: Beat) -> None:
        self.beats.append(beat)

    def changes(self, changes: Sequence[StateChange]) -> None:
        self.found += changes

    def take(self, device: str, observations: Sequence[Observation], now: float, real: datetime) -> None:
        """No figures."""

    def flush(self, now: float, real: datetime) -> None:
        """No figures."""


def run(
    reader: Recorder,
    *,
    resting: Collection[str] = (),
    seconds: float = 1.0,
    facts: tuple[str, ...] = (FACT,),
    on_round: Callable[[Sequence[StateChange]], None] = lambda _changes: None,
) -> Memory:
    known = dict(list(devices().items())[:6])
    matrix = build_matrix(tuple(known.values()), {"huawei_vrp": load_platform("huawei_vrp")})
    log = Memory()

    def interval_of(_fact: str) -> float:
        return 0.1

    WatchLoop(
        watcher=Watcher(WatchJob(EVENT, known, matrix), States(), interval_of),
        schedule=Schedule(dict.fromkeys(known, facts), interval_of),
        reader=reader,
        log=log,
        figures=log,
        clock=Clock(),
        resting=lambda: resting,
        on_round=on_round,
        workers=3,
    ).run(time.monotonic() + seconds)
    reader.end.set()
    return log


def test_a_hanging_question_leaves_the_other_facts_of_its_host_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(silence, "_READING_S", 0.1)
    monkeypatch.setattr(loop, "_HANGS_S", 0.05)
    monkeypatch.setattr(loop, "_ROUND_S", 0.05)

    class Asker(Recorder):
        """Reader whose questions hang."""

        def read(self, device: str, facts: Sequence[str]) -> Sequence[Observation]:
            if "answer_ping" in facts:
                self.read_at.setdefault("questions", []).append(time.monotonic())
                self.end.wait(30)
            return super().read(device, facts)

    reader = Asker()
    log = run(reader, facts=(FACT, "answer_ping"))
    assert not [change for change in log.found if change.key.check in ("device", silence.REACH)]
    assert len(reader.read_at["questions"]) == 6
    assert all(len(reader.read_at[name]) >= 4 for name in ("r00", "r05"))


@pytest.mark.slow
def test_a_watch_that_stood_still_blames_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor after a second time: the process was stopped, or its disk."""
    stood, real, rounds = [0.0], time.monotonic, [0]
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: real() + stood[0]))
    monkeypatch.setattr(loop, "_ROUND_S", 0.05)

    def stand(_changes: Sequence[StateChange]) -> None:
        rounds[0] += 1
        stood[0] += 100.0 if rounds[0] in (12, 30) else 0.0

    reader = Recorder()
    log = run(reader, seconds=201.5, on_round=stand)
    assert stood[0] == 200.0
    assert not [change for change in log.found if change.key.check in ("device", silence.REACH)]
    assert len(reader.read_at["r00"]) > 3


def test_hanging_devices_delay_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also more of them than readings at once."""
    monkeypatch.setattr(silence, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(silence, "_READING_S", 0.1)
    monkeypatch.setattr(loop, "_HANGS_S", 0.05)
    monkeypatch.setattr(loop, "_ROUND_S", 0.05)
    reader = Recorder({"r00", "r01", "r02", "r03"})
    log = run(reader)
    assert all(len(reader.read_at[name]) == 1 for name in reader.hanging)
    assert all(len(reader.read_at[name]) >= 4 for name in ("r04", "r05"))
    named = {change.key for change in log.found if change.key.check == "device"}
    assert named == {Key(name, "device", "") for name in reader.hanging}
    assert log.beats


def test_a_device_at_rest_is_not_read_and_not_named() -> None:
    reader = Recorder()
    log = run(reader, resting={"r03"})
    assert "r03" not in reader.read_at
    assert set(reader.ended) == {"r03"}
    assert not [change for change in log.found if change.key.device == "r03"]


def test_a_defect_of_a_reader_ends_the_watch() -> None:
    class Broken(Recorder):
        def read(self, device: str, facts: Sequence[str]) -> Sequence[Observation]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(Broken())


def test_threads_are_begun_as_needed() -> None:
    threads = ReaderThreads(Recorder(), 2)
    threads.start(DueReading("a", (FACT,), 0))
    assert [reading.device for reading, _ in threads.ended(5)] == ["a"]
    assert threads.ended(0) == []


@given(st.lists(st.integers(0, 7200), max_size=150))
def test_minutes_and_gaps_of_a_watch_make_up_the_span(seconds: list[int]) -> None:
    end = START + timedelta(seconds=7200)
    found = watched((START + timedelta(seconds=one) for one in seconds), START, end)
    lost = sum((stop - start for start, stop in found.gaps), timedelta())
    assert found.minutes == int((end - START - lost) / timedelta(minutes=1))
    assert all(stop - start > timedelta(seconds=2 * BEAT_S) for start, stop in found.gaps)
    for one in seconds:
        at = START + timedelta(seconds=one)
        assert not any(start < at < stop for start, stop in found.gaps)


def test_the_record_has_states_pauses_and_time_watched(tmp_path: Path) -> None:
    clock = Clock.starting("2031-04-29 19:00")
    key = Key("core-1", "uplink", "Te0/1")
    with Store(tmp_path / "watch.db") as store:
        record = WatchRecord(store, "night", clock)
        record.changes([StateChange(0, key, "pass", "fail", None), StateChange(5, key, "fail", "warn", None)])
        record.beat(Beat(2, 2, 10, 0.1))
        record.pause("core-1", clock.now() + timedelta(minutes=30), "An")
        other = WatchRecord(store, "another", clock)
        assert (record.states(), other.states()) == ({key: "warn"}, {})
        assert record.paused(clock.now()) == {"core-1": ""}
        assert record.paused(clock.now() + timedelta(hours=1)) == {}
        with record.working(["edge-1", "edge-2"], "capture"):
            assert record.paused(clock.now()) == {"core-1": "", "edge-1": "capture", "edge-2": "capture"}
        record.pause("core-1", clock.now(), "An")
        assert record.paused(clock.now() + timedelta(seconds=1)) == {}
        now = clock.now()
        log = watch_log(store, "night", rehearsal=True)
        assert log.watched(now - timedelta(minutes=1), now + timedelta(minutes=1)).gaps == ()
        assert len(record.timeline()) == 2
        assert store.verify().intact


def test_the_later_of_an_audit_and_an_earlier_watch_counts_with_its_begin(tmp_path: Path) -> None:
    now = Clock.starting("2031-04-29 19:00").now()
    watched, same, audited = (Key("core-1", "uplink", subject) for subject in ("a", "b", "c"))
    audit = {watched: "fail", same: "warn", audited: "fail"}
    findings = [{**one._asdict(), "status": status} for one, status in audit.items()]
    with Store(tmp_path / "watch.db") as store:
        record = WatchRecord(store, "night", Clock.starting("2031-04-29 19:00"))
        record.changes([StateChange(0, watched, "fail", "pass", None), StateChange(0, same, "pass", "warn", None)])
        begun = record.last_changes()[same][0].timestamp()
        later, early = (now + timedelta(hours=hours) for hours in (1, -1))
        found = [
            known_states(
                record,
                Run.of({"schema": SCHEMA, "clock": {"event": at.isoformat()}, "findings": findings}),
                until.timestamp(),
            )
            for at, until in ((later, later + timedelta(hours=1)), (early, later), (later, now))
        ]
    assert [states[watched] for states, _since, _causes in found] == ["fail", "pass", "pass"]
    assert {(states[audited], states[same], since[same]) for states, since, _causes in found} == {
        ("fail", "warn", begun)
    }
    assert [since[audited] for _states, since, _causes in found] == [one.timestamp() for one in (later, early, now)]


def test_a_device_at_rest_does_not_count_as_watched() -> None:
    watcher, memory = watching(2), Memory()
    loop = WatchLoop(
        watcher, Schedule(dict.fromkeys(watcher.devices, (FACT,)), lambda _fact: 10.0), Recorder(), memory, memory,
        Clock(), tuple, lambda _changes: None,
    )  # fmt: skip
    assert [loop._beat(rest).answering for rest in ((), {"r00"}, {"r00", "r01"})] == [2, 1, 0]


@pytest.mark.slow
def test_work_that_was_killed_is_no_pause(tmp_path: Path) -> None:
    script = """
import os, sys
from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.watch.record import WatchRecord
with WatchRecord(Store(sys.argv[1]), "night", Clock()).working(["core-1"], "capture"):
    print("working", flush=True)
    sys.stdin.read()
"""
    place = str(tmp_path / "watch.db")
    worker = subprocess.Popen(
        [sys.executable, "-c", script, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout
    assert worker.stdout.readline() == "working\n"
    with Store(place) as store:
        record = WatchRecord(store, "night", Clock())
        assert record.paused(Clock().now()) == {"core-1": "capture"}
        worker.kill()
        worker.communicate()
        assert record.paused(Clock().now()) == {}


def test_a_change_in_progress_and_a_command_at_work_are_at_rest(tmp_path: Path) -> None:
    copy_example(tmp_path / "event")
    app, started = App(tmp_path / "event"), list[Mapping[str, str]]()
    devices = app.workspace.devices[:3]
    with Store.of_workspace(tmp_path / "event") as store:
        header = ChangeHeader(by="An", host="here")
        store.changes.begin("c-1", event="e", plan=b'{"plan":{}}', devices=[devices[0].name], header=header)
        store.changes.record("c-1", StepEntry(Arm(devices[0].name, "revert_timer", 600)))
        record = WatchRecord(store, app.workspace.event.id, app.clock)
        with app.at_work("capture", devices[1:2]):
            session = WatchSession(app.workspace, devices, store, app.clock)
            started.append(session._rest(record))
        assert started == [{devices[0].name: "c-1 (An)", devices[1].name: "capture"}]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("intervals: {interfaces: 20}", "interfaces of `intervals` is no fact"),
        ("intervals: {interface: 1}", "must be at least 5"),
        ("hold: [nobody-*]", "no device has the name nobody-* of `hold`"),
    ],
)
def test_a_wrong_setting_is_named_before_the_first_reading(tmp_path: Path, text: str, sentence: str) -> None:
    copy_example(tmp_path / "event")
    (tmp_path / "event" / "inventory" / "watch.yaml").write_text(text, encoding="utf-8")
    workspace = load_workspace(tmp_path / "event")
    with Store.of_workspace(tmp_path / "event") as store, pytest.raises(WorkspaceError, match=re.escape(sentence)):
        WatchSession(workspace, workspace.devices, store, Clock()).run(1, lambda *_round: None)


@pytest.mark.slow
def test_a_failure_of_the_store_ends_no_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second to fourth snapshot find a full disk; the watch goes on, without more threads."""
    copy_example(tmp_path / "event")
    workspace, reader, kept = load_workspace(tmp_path / "event"), Recorder(), list[float]()
    monkeypatch.setattr(session_module, "_STANDBY_S", 0.05)
    monkeypatch.setattr(session_module, "SNAPSHOT_S", 0.0)
    monkeypatch.setattr(session_module, "_PAUSES", 1e-9)
    monkeypatch.setattr(session_module, "DeviceReader", lambda *_: reader)
    monkeypatch.setattr(type(workspace), "check_secrets", lambda *_: None)
    named, begun, rounds, notes = list[str](), list[object](), list[float](), list[Any]()

    def keep(*taken: object) -> None:
        kept.append(time.monotonic())
        notes.append(taken[-1])
        (workspace.path / "inventory" / "hosts.yaml").touch()
        if 2 <= len(kept) <= 4:
            raise StoreError("the disk is full")

    monkeypatch.setattr(Snapshots, "keep", keep)
    with Store.of_workspace(tmp_path / "event") as store:
        session = WatchSession(workspace, workspace.devices[:2], store, Clock(), workers=2)
        session.run(
            4, lambda *_: rounds.append(time.monotonic()), on_begin=begun.append,
            on_outage=lambda error: named.append(str(error)),
        )  # fmt: skip
        with store.exclusive("watch") as free:
            assert free
    assert (named, len(begun)) == (["the disk is full."], 1)
    assert [OUTDATED in one for one in notes[:3]] == [False, True, True], "an inventory changed after the first of them"
    assert sum(moment > kept[4] for moment in rounds) > 0
    assert sum(thread.name == "watch" for thread in threading.enumerate()) <= 2
