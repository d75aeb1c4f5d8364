"""Signing: all of it or nothing, whatever happens on the way."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eventready.clauses.attestations import attestation as shelf
from eventready.clauses.attestations.attestation import Attachment, Attachments
from eventready.clauses.attesting import AttestationRequest, attest, attestations, withdraw
from eventready.core.errors import StoreError, UsageError
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace
from tests import forked
from tests.clauses.conftest import clock

pytestmark = pytest.mark.slow


def sign(workspace: Workspace, clause: str = "1.1a", *files: Path, fields: Mapping[str, str] | None = None) -> str:
    """Sign with files; the attestation's name."""
    with Store.of_workspace(workspace.path) as store:
        queries = AttestationRequest(clause, "Nguyễn A", "đã ký", files, fields=fields)
        return attest(queries, workspace, store, clock()).id


def made(workspace: Workspace) -> list[tuple[str, str, bool]]:
    """What is on record: name, files, whether it stands."""
    with Store.of_workspace(workspace.path) as store:
        found = attestations(store, workspace.path)
    return [(a.id, ", ".join(file.name for file in a.files), a.stands) for a in found]


def paper(folder: Path, name: str = "phương án.PDF", content: bytes = b"%PDF-") -> Path:
    """A file outside the workspace."""
    path = folder / name
    path.write_bytes(content)
    return path


def test_files_are_kept_by_their_hash(workspace: Workspace, tmp_path: Path) -> None:
    source = paper(tmp_path)
    assert sign(workspace, "1.1a", source, source) == "A-0001"
    source.unlink()
    kept = list((workspace.path / ".eventready" / "attachments").iterdir())
    assert [path.name for path in kept] == [hashlib.sha256(b"%PDF-").hexdigest() + ".pdf"]
    assert kept[0].read_bytes() == b"%PDF-"
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    assert made(workspace) == [("A-0001", "phương án.PDF", True)]


def test_a_kept_file_that_is_altered_or_lost_is_noticed(workspace: Workspace, tmp_path: Path) -> None:
    sign(workspace, "1.1a", paper(tmp_path))
    kept = next((workspace.path / ".eventready" / "attachments").iterdir())
    kept.write_bytes(b"%PDF+")
    assert made(workspace)[0][2] is False
    kept.unlink()
    assert made(workspace)[0][2] is False
    # Attached again, it is whole again.
    sign(workspace, "1.1a", paper(tmp_path))
    assert [stands for _, _, stands in made(workspace)] == [True, True]


@pytest.fixture
def bad(tmp_path: Path) -> dict[str, Path]:
    """Files that cannot be kept."""
    found = {name: tmp_path / name for name in ("missing", "folder", "pipe", "huge", "empty", "unreadable")}
    found["folder"].mkdir()
    os.mkfifo(found["pipe"])
    found["empty"].touch()
    found["unreadable"].write_bytes(b"x")
    found["unreadable"].chmod(0)
    with found["huge"].open("wb") as file:
        file.truncate(shelf.MAX_BYTES + 1)
    found["nul"] = Path("a\x00b")
    return found


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("missing", "the file does not exist"),
        ("folder", "this is a folder"),
        ("pipe", "this is not an ordinary file"),
        ("huge", "the file has 100 MB, more than the 100 MB that are kept"),
        ("empty", "the file is empty"),
        ("nul", "the file cannot be read"),
        ("unreadable", "the file cannot be read"),
    ],
)
def test_a_file_that_cannot_be_kept_records_nothing(
    workspace: Workspace, tmp_path: Path, bad: dict[str, Path], name: str, output: str
) -> None:
    if name == "unreadable" and os.geteuid() == 0:
        pytest.skip("root reads everything")
    with pytest.raises(UsageError) as caught:
        sign(workspace, "1.1a", paper(tmp_path), bad[name])
    assert output in str(caught.value)
    assert "Nothing was recorded." in str(caught.value)
    assert made(workspace) == []
    assert not (workspace.path / ".eventready" / "attachments").exists()


def test_a_file_that_grows_while_it_is_read(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "MAX_BYTES", 10)
    monkeypatch.setattr(shelf, "_inspect", lambda path: None)
    with pytest.raises(UsageError, match="more than the"):
        sign(workspace, "1.1a", paper(tmp_path, content=b"x" * 11))
    assert made(workspace) == []
    assert not (workspace.path / ".eventready" / "attachments").exists()


def test_too_many_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than the 100"):
        Attachments(tmp_path / "x").keep([tmp_path / "y"] * 101)


def test_a_folder_that_cannot_be_written(workspace: Workspace, tmp_path: Path) -> None:
    Store.of_workspace(workspace.path).close()
    (workspace.path / ".eventready" / "attachments").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        sign(workspace, "1.1a", paper(tmp_path))
    assert "Nothing was recorded." in str(caught.value)
    assert made(workspace) == []


@pytest.mark.parametrize(
    ("clause", "change", "output"),
    [
        ("9.9", {}, "there is no clause '9.9'"),
        ("1.1aa", {}, "Did you mean '1.1a'?"),
        ("4.d", {}, "is for the Department"),
        ("1.1a", {}, "needs 1 file"),
        ("1.1a", {"by": "  "}, "who signs for it. Give --by"),
        ("1.1a", {"note": ""}, "what is signed for. Give --note"),
        ("1.1a", {"note": "x" * 5000}, "more than 4,000"),
        ("1.1a", {"document": "weekly-report"}, "has no paper 'weekly-report'"),
        ("1.2a", {}, "more than one paper. Say which with --document: maintenance-minutes, line-measurements"),
        ("1.1d", {}, "more than one paper. Say which with --document: priority-numbers, test-calls"),
        ("1.1a", {"fields": {"a": "b"}}, "has no form"),
        ("3.k", {"document": "incident-report"}, "has no paper 'incident-report' to sign for"),
    ],
)
def test_what_cannot_be_signed(workspace: Workspace, clause: str, change: dict[str, Any], output: str) -> None:
    from dataclasses import replace

    with Store.of_workspace(workspace.path) as store:
        with pytest.raises(UsageError) as caught:
            attest(replace(AttestationRequest(clause, "A", "b"), **change), workspace, store, clock())
        assert output in str(caught.value)
    assert made(workspace) == []


def test_fields_state_which_form_is_meant(workspace: Workspace) -> None:
    number = {"number": "0912345678", "unit": "BCĐ", "group": "steering"}
    call = {"number": "0912345678", "at": "2022-04-24 09:00", "success": "true"}
    for fields in (number, call):
        sign(workspace, "1.1d", fields=fields)
    with Store.of_workspace(workspace.path) as store:
        found = attestations(store, workspace.path)
    assert [attestation.document for attestation in found] == ["priority-numbers", "test-calls"]
    assert found[0].rows[0]["number"] == "0912345678"


def test_what_was_signed_by_mistake_is_taken_back_and_stays(workspace: Workspace, tmp_path: Path) -> None:
    name = sign(workspace, "1.1a", paper(tmp_path))
    with Store.of_workspace(workspace.path) as store:
        for bad, output in (("A-0009", "there is no attestation 'A-0009'"), ("", "there is no attestation")):
            with pytest.raises(UsageError, match=output):
                withdraw(bad, "B", "nhầm", store, clock())
        assert withdraw(name.lower(), "B", "nhầm tệp", store, clock()).withdrawn == "B: nhầm tệp"
        with pytest.raises(UsageError, match=r"withdrawn already \(B: nhầm tệp\)"):
            withdraw(name, "B", "nữa", store, clock())
    assert made(workspace) == [(name, "phương án.PDF", False)]
    assert sign(workspace, "1.1a", paper(tmp_path)) == "A-0003"


def test_leftovers_of_the_dead_are_cleared_away(workspace: Workspace, tmp_path: Path) -> None:
    folder = workspace.path / ".eventready" / "attachments"
    folder.mkdir(parents=True)
    old, young = folder / "tmpold.part", folder / "tmpyoung.part"
    for path in (old, young):
        path.write_bytes(b"half")
    past = time.time() - 7200
    os.utime(old, (past, past))
    sign(workspace, "1.1a", paper(tmp_path))
    assert (old.exists(), young.exists()) == (False, True)


#: Where the process dies: while the copy is written, before and after it gets its name, before and after the entry
#: is committed.
DEATHS = {
    "copying": ("eventready.core.files.os", "fdopen", False),
    "synced": ("eventready.clauses.attestations.attestation.os", "fsync", True),
    "before its name": ("pathlib.Path", "replace", False),
    "after its name": ("pathlib.Path", "replace", True),
    "before the entry": ("eventready.store.streams.journal.Journal", "append", False),
    "in the transaction": ("eventready.store.streams.journal.Journal", "_head", True),
    "after the entry": ("eventready.store.streams.journal.Journal", "append", True),
}


@pytest.mark.parametrize("where", DEATHS)
def test_killed_on_the_way_it_is_whole_or_not_there(workspace: Workspace, tmp_path: Path, where: str) -> None:
    place, name, after = DEATHS[where]
    source = paper(tmp_path, content=b"x" * 100_000)
    script = f"""
        import importlib, os, signal, sys
        from pathlib import Path
        from eventready.cli.main import main
        import eventready.clauses.attestations.attestation, eventready.store.streams.journal
        parts = {place!r}.split(".")
        target = importlib.import_module(parts[0])
        for part in parts[1:]:
            target = getattr(target, part)
        before = getattr(target, {name!r})
        def dying(*arguments, **options):
            if {after!r}:
                before(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(target, {name!r}, dying)
        main(["-w", sys.argv[1], "duties", "attest", "1.1a", "--by", "A", "--note", "b", "--file", sys.argv[2]])
    """
    Store.of_workspace(workspace.path).close()
    done = forked.run_script(script, workspace.path, source)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    there = made(workspace)
    assert there == ([("A-0001", "phương án.PDF", True)] if where == "after the entry" else [])
    with Store.of_workspace(workspace.path) as store:
        assert store.verify().intact
    # And the next one goes through.
    sign(workspace, "1.1a", source)
    assert made(workspace)[-1][1:] == ("phương án.PDF", True)


def test_killed_at_any_moment(workspace: Workspace, tmp_path: Path) -> None:
    """Not at a chosen place, but whenever: a real process, a larger file."""
    source = paper(tmp_path, content=os.urandom(20_000_000))
    arguments = [
        "-w",
        str(workspace.path),
        "duties",
        "attest",
        "1.1a",
        "--by",
        "A",
        "--note",
        "b",
        "--file",
        str(source),
    ]
    for delay in (0.2, 0.4, 0.5, 0.6, 0.7, 0.9):
        process = subprocess.Popen([sys.executable, "-m", "eventready", *arguments], stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        assert all(stands for _, _, stands in made(workspace))
    sign(workspace, "1.1a", source)
    assert made(workspace)[-1][2]


def test_an_attachment_s_place_follows_from_its_name() -> None:
    folder = Attachments(Path("x"))
    places = {
        folder.path(Attachment(name, "a" * 64, 1)).suffix
        for name in ("a.PDF", "b.pdf", "c", "d.tar.gz", "e.quá-dài-và-lạ", "../f.sh;rm")
    }
    assert places == {".pdf", "", ".gz"}
