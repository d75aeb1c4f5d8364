"""The key of backups: made once, for its owner only; by reference; everything else is refused."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from eventready.audit.doctor import backup_key
from eventready.core.errors import RefusedError, UsageError
from eventready.core.files import create_atomic
from eventready.store.backup_cipher import BackupCipher
from eventready.store.change_steps import Backup, ChangeHeader, StoredConfiguration
from eventready.store.changes import StepEntry
from eventready.store.evidence import PackedEvidence
from eventready.store.store import Store
from eventready.workspace.keys.backup_key import BACKUP_KEY, ENVIRONMENT, load_backup_key, make_backup_key


def test_it_is_made_once_for_its_owner(tmp_path: Path) -> None:
    assert load_backup_key(tmp_path) is None
    key = make_backup_key(tmp_path)
    assert len(key) == 32
    assert make_backup_key(tmp_path) == load_backup_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / BACKUP_KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / BACKUP_KEY).parent.stat().st_mode) == 0o700
    create_atomic(tmp_path / BACKUP_KEY, b"another process was slower")
    assert load_backup_key(tmp_path) == key
    assert [path.name for path in (tmp_path / BACKUP_KEY).parent.iterdir()] == ["backup.key"]


def test_a_file_that_others_read_is_refused(tmp_path: Path) -> None:
    make_backup_key(tmp_path)
    (tmp_path / BACKUP_KEY).chmod(0o644)
    with pytest.raises(RefusedError, match="readable by others"):
        load_backup_key(tmp_path)
    assert not backup_key(tmp_path).ok


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff\xfe", base64.b64encode(b"x" * 31), b"A" * 5_000])
def test_a_file_without_a_key_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    create_atomic(tmp_path / BACKUP_KEY, content)
    with pytest.raises(UsageError, match="key of backups"):
        make_backup_key(tmp_path)


def test_a_reference_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "env:MY_BACKUP_KEY")
    monkeypatch.setenv("MY_BACKUP_KEY", base64.b64encode(b"x" * 32).decode())
    assert make_backup_key(tmp_path) == b"x" * 32
    assert not (tmp_path / BACKUP_KEY).exists()
    monkeypatch.setenv("MY_BACKUP_KEY", "short")
    with pytest.raises(UsageError, match="32 bytes in Base64"):
        load_backup_key(tmp_path)


def test_doctor_says_which_key_is_missing(tmp_path: Path) -> None:
    assert backup_key(tmp_path).rendered("en").detail == "made by the first change"
    cipher = BackupCipher(make_backup_key(tmp_path))
    text = PackedEvidence.of("hostname r1")
    with Store.of_workspace(tmp_path) as store:
        store.changes.begin(
            "c", event="e", plan=b'{"plan":{}}', devices=["r1"], header=ChangeHeader(by="An", host="noc")
        )
        kept, texts = cipher.encrypt_answers(StoredConfiguration("ab", (("show run", text.name),)), (text,))
        store.changes.record("c", StepEntry(Backup("r1", kept), texts))
    assert backup_key(tmp_path).ok
    (tmp_path / BACKUP_KEY).unlink()
    assert backup_key(tmp_path).rendered("en").detail == "absent, and recorded backups need it"
    make_backup_key(tmp_path)
    found = backup_key(tmp_path).rendered("en")
    assert (found.ok, found.detail) == (False, f"not the key {cipher.id} of recorded backups")
