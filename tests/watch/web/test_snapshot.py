"""Snapshot of a watch: open findings are written when they have changed, and read with the rest as of one writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventready.store.streams.current import Current
from eventready.watch.snapshot import Snapshots
from eventready.watch.snapshot_record import OPEN, OpenEntry, OpenFindings
from tests.watch.test_night import EVENT
from tests.watch.web.scene import Scene, scene


def opened(made: Scene) -> Sequence[OpenEntry]:
    found = made.snapshots.latest()
    return found.open if found else ()


def test_open_findings_are_written_when_they_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    put = Current.put_encoded

    def counted(self: Current[Any], key: str, data: bytes) -> None:
        written.append(self._kind.name)
        put(self, key, data)

    with scene(tmp_path) as made:
        made.all_up()
        monkeypatch.setattr(Current, "put_encoded", counted)
        counts = []
        for up in (True, True, False, False, False, True, True, True):
            made.read("r1", up=up)
            counts.append((written.count(OPEN.name), len(opened(made))))
            written.clear()
    assert counts == [(0, 0), (0, 0), (0, 0), (1, 1), (0, 1), (1, 0), (0, 0), (0, 0)]


def test_open_findings_of_a_watcher_that_lost_its_lock_do_not_stay(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        for minute in range(2):
            made.store.current(OPEN).put(EVENT.id, OpenFindings("other", ()))
            for _eighth in range(8 + minute):
                made.read("r1", up=False)
        assert len(opened(made)) == 1


def test_a_reading_between_two_writings_has_the_findings_of_its_own_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch writes the open findings first: a reader of the former rest reads both again."""
    with scene(tmp_path) as made:
        made.all_up()
        reader, before = Snapshots(made.store, EVENT.id, made.clock), made.snapshots.latest()
        made.read("r1", up=False)
        assert before
        heads = iter([replace(before, open=()), *[None] * 9])
        get = reader._current.get
        monkeypatch.setattr(reader._current, "get", lambda key: next(heads) or get(key))
        made.read("r1", up=False)
        found = reader.latest()
    assert found
    assert found.at > before.at
    assert len(found.open) == 1
