"""Snapshot of a watch: open findings are written when they have changed, and read with the rest as of one writing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventready.store.streams.current import Current
from eventready.watch.snapshot import OPEN, Snapshots
from tests.watch.test_night import EVENT
from tests.watch.web.scene import scene


def test_open_findings_are_written_when_they_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    put = Current.put

    def counted(self: Current[Any], key: str, value: object) -> None:
        written.append(self._kind)
        put(self, key, value)

    with scene(tmp_path) as made:
        made.all_up()
        monkeypatch.setattr(Current, "put", counted)
        counts = []
        for up in (True, True, False, False, False, True, True, True):
            made.read("r1", up=up)
            counts.append((written.count(OPEN), len((made.snapshots.latest() or {})["open"])))
            written.clear()
    assert counts == [(0, 0), (0, 0), (0, 0), (1, 1), (0, 1), (1, 0), (0, 0), (0, 0)]


def test_open_findings_of_a_watcher_that_lost_its_lock_do_not_stay(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        for minute in range(2):
            made.store.current(OPEN).put(EVENT.id, {"version": "other", "open": []})
            for _eighth in range(8 + minute):
                made.read("r1", up=False)
        assert len((made.snapshots.latest() or {})["open"]) == 1


def test_a_reading_between_two_writings_has_the_findings_of_its_own_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch writes the open findings first: a reader of the former rest reads both again."""
    with scene(tmp_path) as made:
        made.all_up()
        reader, before = Snapshots(made.store, EVENT.id, made.clock), made.snapshots.latest()
        made.read("r1", up=False)
        heads = iter([{key: value for key, value in (before or {}).items() if key != "open"}, *[None] * 9])
        get = reader._current.get
        monkeypatch.setattr(reader._current, "get", lambda key: next(heads) or get(key))
        made.read("r1", up=False)
        found = reader.latest() or {}
    assert before is not None
    assert found["at"] > before["at"]
    assert len(found["open"]) == 1
