"""Recorded configurations are encrypted with the key of the workspace, and lead back with it only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from eventready.core.errors import Exit, RefusedError
from eventready.store.backup_cipher import SCHEMA, BackupCipher
from eventready.store.change_steps import Backup, Save
from eventready.workspace.keys.backup_key import BACKUP_KEY, load_backup_key
from tests.change.execute.test_apply import Rig
from tests.change.fake_device import FakeDriver


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig(tmp_path, monkeypatch)
    yield made
    made.store.close()


def stored(rig: Rig, *steps: str) -> list[str]:
    record = rig.store.changes.get("latest")
    found = (step.body for step in record.steps if step.step in steps)
    names = [name for body in found if isinstance(body, Backup | Save) for _, name in body.kept.answers]
    return list(rig.store.texts(names).values())


def test_backups_are_encrypted_and_lead_back(rig: Rig) -> None:
    rig.apply()
    texts = stored(rig, "backup", "save")
    assert len(texts) == 6
    assert all(text.startswith(f"{SCHEMA} ") and "interface" not in text for text in texts)
    bodies = (step.body for step in rig.store.changes.get("latest").steps)
    (key,) = {body.kept.key for body in bodies if isinstance(body, Backup | Save)}
    assert key == BackupCipher(load_backup_key(rig.workspace.path) or b"").id
    assert rig.apply(rig.rollback()).exit is Exit.OK
    assert rig.running() == rig.at_start


def test_another_key_is_a_sentence_and_nothing_is_sent(rig: Rig) -> None:
    rig.apply()
    after = rig.running()
    back = rig.rollback()
    (rig.workspace.path / BACKUP_KEY).unlink()
    for attempt in (rig.rollback, lambda: rig.apply(back)):
        with pytest.raises(
            RefusedError, match=r"encrypted with the key [0-9a-f]{16}, and this workspace has the key"
        ) as e:
            attempt()
        assert "EVENTREADY_BACKUP_KEY" in (e.value.do or "")
    assert rig.running() == after


def _cross_or_lose(
    driver: FakeDriver, crossed: Callable[..., object], what: str, action: Callable[[], object]
) -> object:
    if what == "settle":
        driver.box.down_until = 1e9
    return crossed(what, action)


def test_an_unproven_device_is_not_resumed_without_the_key(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    last = rig.plan.waves[-1][-1]

    def lose(name: str, driver: FakeDriver) -> None:
        if name == last:
            monkeypatch.setattr(driver, "_cross", partial(_cross_or_lose, driver, driver._cross))

    rig.change_hand = lose
    done = rig.apply()
    assert done.exit is Exit.REVERT_FAILED
    rig.change_hand = lambda _name, _driver: None
    rig.fleet[last].down_until = 0
    key = (rig.workspace.path / BACKUP_KEY).read_bytes()
    (rig.workspace.path / BACKUP_KEY).unlink()
    with pytest.raises(RefusedError, match="encrypted with the key"):
        rig.resume()
    assert [hold.device for hold in rig.store.changes.locks()] == [last]
    (rig.workspace.path / BACKUP_KEY).write_bytes(key)
    assert {result.device: result.outcome.value for result in rig.resume().results}[last] == "old"
