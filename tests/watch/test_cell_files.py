"""Files of a folder under a watch: each is read once, also over a kill, in whatever order and state they arrive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from eventready.checks.finding import Outcome
from eventready.core.clock import Clock
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.performance.cell_records import observe_cells
from eventready.facts.performance.cell_source import cell_sources
from eventready.facts.performance.counters import Counters
from eventready.facts.performance.folder import FILES_READ
from eventready.facts.performance.gathering import read_wanted
from eventready.facts.platform import load_platform
from eventready.store.store import Store
from eventready.watch import cell_files
from eventready.watch.cell_files import CellFiles
from eventready.watch.job import WatchJob
from eventready.watch.schedule import FILES, Schedule
from eventready.watch.states import StateChange, States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.performance import PerformanceFile
from tests.facts.performance.test_cell_records import BAD, END, GOOD, device, reasons, rows, text_of
from tests.watch.test_night import EVENT

BEFORE = END - timedelta(minutes=15)
PERFORMANCE = PerformanceFile.model_validate({"sources": [{"name": "oss", "folder": "pm", "layout": "3gpp"}]})
CELLS = ("A", "B")


def clock_at(moment: datetime = END + timedelta(minutes=5)) -> Clock:
    return Clock(offset=moment - datetime.now(UTC))


def write(file: Path, text: str, age_s: float = 60) -> Path:
    """A file changed some real seconds ago."""
    file.write_text(text)
    then = time.time() - age_s
    os.utime(file, (then, then))
    return file


class Watched:
    """Folder of a workspace with the files of a controller, in a store; `opened`: names of the files read."""

    def __init__(self, home: Path, clock: Clock | None = None, performance: PerformanceFile = PERFORMANCE) -> None:
        self.home, self.folder, self.clock, self.performance = home, home / "pm", clock or clock_at(), performance
        self.folder.mkdir(exist_ok=True)
        self.device = device(*CELLS)
        self.store = Store(home / "watch.db")
        self.begin()

    def begin(self) -> None:
        """Begin a watch, the first or after a kill."""
        sources = cell_sources(self.home, self.performance, [self.device])
        self.files = CellFiles(sources, [self.device], self.store, "event", self.clock)

    def read(self) -> Observation:
        return self.files.observation(self.device.name)

    @property
    def audited(self) -> Observation:
        """The same by an audit."""
        (found,) = observe_cells(self.home, self.performance, [self.device], self.clock)
        return found

    def agrees(self) -> Observation:
        """The figures of the watch, which are those of an audit of the same folder."""
        found, audited = self.read(), self.audited
        assert (found.rows, found.unread) == (audited.rows, audited.unread)
        return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files opened by a watch."""
    found: list[str] = []

    def counted(file: Path, *args: Any, **more: Any) -> list[Counters]:
        found.append(file.name)
        return read_wanted(file, *args, **more)

    monkeypatch.setattr("eventready.facts.performance.folder.read_wanted", counted)
    return found


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(cell_files, "_LOOK_S", 0.0)
    made = Watched(tmp_path)
    yield made
    made.store.close()


def test_a_file_is_read_once_also_over_a_kill(watched: Watched, opened: list[str]) -> None:
    write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, GOOD), BEFORE))
    write(watched.folder / "cut.xml", text_of(dict.fromkeys(CELLS, GOOD))[:-40])
    first = watched.agrees()
    assert watched.read() is first
    watched.begin()
    assert watched.agrees() == first
    write(watched.folder / "b.xml", text_of(dict.fromkeys(CELLS, BAD)))
    found = rows(watched.agrees())["A"]
    assert (found.prb_down, found.prb_down_before) == (98.0, 20.0)
    assert sorted(opened) == ["a.xml", "b.xml", "cut.xml"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_files_count_alike_in_any_order_of_arrival(order: Sequence[int], watched: Watched) -> None:
    texts = [text_of({"A": BAD}, BEFORE), text_of({"A": BAD, "B": GOOD}), text_of({"B": BAD}, BEFORE)]
    for number in order:
        write(watched.folder / f"{number}.xml", texts[number])
        watched.agrees()
        watched.begin()
    found = rows(watched.agrees())
    assert (found["A"].prb_down_before, found["B"].prb_down, found["B"].prb_down_before) == (98.0, 20.0, 98.0)


def test_a_half_written_file_is_read_when_whole(watched: Watched, opened: list[str]) -> None:
    whole = text_of(dict.fromkeys(CELLS, BAD))
    file = write(watched.folder / "a.xml", whole[: len(whole) // 2])
    assert "cut off" in reasons(watched.agrees())["A"]
    write(file, whole, 30)
    assert rows(watched.agrees())["A"].prb_down == 98.0
    assert opened == ["a.xml", "a.xml"]
    watched.begin()
    assert rows(watched.agrees())["A"].prb_down == 98.0
    assert opened == ["a.xml", "a.xml"]


def test_a_file_just_changed_waits_for_the_next_reading(watched: Watched, opened: list[str]) -> None:
    """Its time may not tell two versions of a size apart."""
    file = write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD)), 0)
    assert "no performance file" in reasons(watched.read())["A"]
    assert opened == []
    write(file, text_of(dict.fromkeys(CELLS, GOOD)), 3)
    assert rows(watched.agrees())["A"].prb_down == 20.0


def test_a_renamed_file_is_not_read_again(watched: Watched, opened: list[str]) -> None:
    file = write(watched.folder / "a.xml.part", text_of(dict.fromkeys(CELLS, BAD)))
    first = watched.agrees()
    file.rename(watched.folder / "a.xml")
    assert watched.agrees() == first
    watched.begin()
    assert watched.agrees() == first
    assert opened == ["a.xml.part"]


def test_a_later_version_takes_the_place_of_its_periods(watched: Watched) -> None:
    """A line-wise file, or an element manager that corrects its figures, is no contradiction."""
    file = write(watched.folder / "a.xml", text_of({"A": BAD}))
    assert "no performance file" in reasons(watched.agrees())["B"]
    file.unlink()
    write(file, text_of({"A": GOOD, "B": GOOD}), 30)
    assert {name: row.prb_down for name, row in rows(watched.agrees()).items()} == {"A": 20.0, "B": 20.0}
    watched.begin()
    assert {name: row.prb_down for name, row in rows(watched.agrees()).items()} == {"A": 20.0, "B": 20.0}


def test_two_files_that_stand_side_by_side_contradict_each_other(watched: Watched) -> None:
    for name, counters in (("a.xml", GOOD), ("b.xml", BAD)):
        write(watched.folder / name, text_of(dict.fromkeys(CELLS, counters)))
    for _watch in range(2):
        assert "stands twice" in reasons(watched.agrees())["A"]
        watched.begin()


@pytest.mark.parametrize("overwritten", [False, True])
def test_the_period_of_a_file_that_is_gone_is_kept(overwritten: bool, watched: Watched) -> None:
    file = write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD), BEFORE))
    watched.agrees()
    file.unlink()
    write(file if overwritten else watched.folder / "b.xml", text_of(dict.fromkeys(CELLS, BAD)), 30)
    for _watch in range(2):
        assert rows(watched.read())["A"].prb_down_before == 98.0
        watched.begin()


def test_what_is_no_longer_in_use_is_forgotten(watched: Watched) -> None:
    file = write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD)))
    watched.agrees()
    kept = watched.store.current(FILES_READ)
    assert len(kept.all()) == 1
    file.unlink()
    watched.clock = clock_at(END + timedelta(hours=3))
    watched.begin()
    assert "no performance file" in reasons(watched.agrees())["A"]
    assert kept.all() == {}


def test_after_a_clock_set_back_the_files_are_read_again(watched: Watched, opened: list[str]) -> None:
    write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD)))
    watched.clock = clock_at(END + timedelta(hours=3))
    watched.begin()
    assert not watched.read().rows
    watched.clock = clock_at()
    watched.begin()
    assert rows(watched.agrees())["A"].prb_down == 98.0
    assert opened == ["a.xml", "a.xml"]


def test_other_cells_or_another_layout_read_the_files_again(watched: Watched, opened: list[str]) -> None:
    write(watched.folder / "a.xml", text_of({"A": BAD, "Z": BAD}))
    watched.agrees()
    watched.performance = PERFORMANCE.model_copy(update={"cells": {"B": ("Z",)}})
    watched.begin()
    assert rows(watched.agrees())["B"].prb_down == 98.0
    assert opened == ["a.xml", "a.xml"]
    assert len(watched.store.current(FILES_READ).all()) == 1


def test_unreadable_memory_is_read_again(watched: Watched, opened: list[str]) -> None:
    write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD)))
    first = watched.agrees()
    kept = watched.store.current(FILES_READ)
    (key,) = kept.all()
    kept.put_encoded(key, b'{"of": "another version"}')
    watched.begin()
    assert watched.agrees() == first
    assert opened == ["a.xml", "a.xml"]


def test_a_folder_that_does_not_answer_is_no_measurement(
    watched: Watched, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD)))
    monkeypatch.setattr(cell_files, "_WAIT_S", 0.05)
    answered = threading.Event()

    def hanging(*args: Any, **more: Any) -> list[Counters]:
        answered.wait(30)
        return read_wanted(*args, **more)

    monkeypatch.setattr("eventready.facts.performance.folder.read_wanted", hanging)
    assert watched.read().status is Status.TIMEOUT
    answered.set()
    monkeypatch.setattr(cell_files, "_WAIT_S", 10)
    assert rows(watched.agrees())["A"].prb_down == 98.0


def test_without_the_folder_no_cell_is_measured(watched: Watched) -> None:
    write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, BAD)))
    watched.agrees()
    watched.folder.rename(watched.home / "moved")
    assert "cannot be read" in reasons(watched.agrees())["A"]
    (watched.home / "moved").rename(watched.folder)
    assert rows(watched.agrees())["A"].prb_down == 98.0


READER = """
import sys
from pathlib import Path
from typing import Any
from tests.watch.test_cell_files import Watched
watched = Watched(Path(sys.argv[1]))
print("begun", flush=True)
watched.files._begun().result()
print(len(watched.read().rows), flush=True)
"""


@pytest.mark.slow
def test_killed_readings_count_no_file_twice(tmp_path: Path) -> None:
    """The reader is killed while it reads and keeps 1200 files; the last one ends and has what an audit has."""
    watched = Watched(tmp_path)
    for number in range(1200):
        cell = CELLS[number % 2]
        name = "RRU.PrbTotDl" if number < 2 else f"XYZ.{number}"
        write(watched.folder / f"{number}.xml", text_of({cell: {name: 98}}))
    with watched.store:
        kept = watched.store.current(FILES_READ)
        for delay_s in (0.05, 0.2, 0.4, 0.1, 0.6, 0.3):
            process = subprocess.Popen([sys.executable, "-c", READER, str(tmp_path)], stdout=subprocess.PIPE)
            assert process.stdout
            process.stdout.readline()
            time.sleep(delay_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        found = subprocess.run([sys.executable, "-c", READER, str(tmp_path)], capture_output=True, check=True)
        assert found.stdout.split() == [b"begun", b"2"]
        names = [file.name for reading in kept.all().values() for file in reading.files]
        assert sorted(names) == sorted({f"{number}.xml" for number in range(1200)})
        watched.begin()
        watched.agrees()


def watcher_of(*devices: Device) -> Watcher:
    named = {one.name: one for one in devices}
    matrix = build_matrix(list(devices), {"huawei_enb": load_platform("huawei_enb")}, of_files=named)
    return Watcher(WatchJob(EVENT, named, matrix), States(), lambda _fact: 15.0)


def named(changes: Sequence[StateChange]) -> Mapping[tuple[str, str], tuple[str, str]]:
    return {(one.key.check, one.key.subject): (one.new, one.cause) for one in changes}


def test_a_crowd_is_named_from_the_second_reading_also_of_a_lost_controller(watched: Watched) -> None:
    """The files come from the element manager, and are no answer of the controller either."""
    watcher, moment = watcher_of(watched.device), END
    write(watched.folder / "a.xml", text_of(dict.fromkeys(CELLS, GOOD), BEFORE))
    for at in (0.0, 15.0, 30.0, 45.0, 60.0, 75.0):
        watcher.read("enb", [watched.read()], at, moment)
        watcher.tick(at, moment)
    assert watcher.age("enb", 75.0) is None, "files are no answer of the controller"
    write(watched.folder / "b.xml", text_of({"A": BAD, "B": GOOD}))
    found = named([one for at in (90.0, 105.0) for one in watcher.read("enb", [watched.read()], at, moment)])
    assert found["cell_refusals", "A refusals"] == ("fail", "")
    assert not any(subject.startswith("B") for _check, subject in found)
    (crowd,) = (one for one in watcher.open_findings() if one.finding.subject == "A refusals")
    assert (crowd.status, crowd.cause) == (Outcome.FAIL, "")


def test_a_figure_of_an_unmeasured_cell_has_not_ended(watched: Watched) -> None:
    """A failed figure of a cell becomes unmeasured with its cell, never passed, and passes with a good period only."""
    watcher, moment = watcher_of(watched.device), END
    crowded = text_of({"A": BAD, "B": GOOD})
    suspect = crowded.replace("</measValue>", "<suspect>true</suspect></measValue>", 1)
    found: list[tuple[str, str]] = []
    for number, text in enumerate((crowded, suspect, text_of(dict.fromkeys(CELLS, GOOD)))):
        write(watched.folder / "a.xml", text, 60 - number)
        for turn in range(4):
            at = 60.0 * number + 15 * turn
            changes = watcher.read("enb", [watched.read()], at, moment)
            found += [(one.old, one.new) for one in changes if one.key.subject == "A refusals"]
    assert found == [("pass", "fail"), ("fail", "not_measured"), ("not_measured", "pass")]


def test_files_are_read_beside_the_session_and_the_questions_of_a_device() -> None:
    facts = ("interface", "answer_http", *FILES)
    schedule = Schedule({"d": facts}, lambda _fact: 15.0)
    schedule.start(0.0)
    found = [schedule.take(0.0) for _place in range(3)]
    assert {one.beside: one.facts for one in found if one} == {
        "": ("interface",), "questions": ("answer_http",), "files": tuple(FILES),
    }  # fmt: skip
    schedule.done("d", "files")
    assert schedule.take(14.0) is None
