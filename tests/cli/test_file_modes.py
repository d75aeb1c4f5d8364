"""Whatever the commands write is for its owner only: files 0600, folders 0700."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventready.cli import main as command_line

CSV = "name,role,platform,hostname,venues\nspare-1,router,frr,192.0.2.77,van-hoa\n"
NOW = ("--now", "2022-04-25 07:00")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("inventory", "import", "{root}/new.csv"),
    (
        "audit",
        "--from",
        "{root}/saved",
        "--out",
        "{w}/run.json",
        "--junit",
        "{w}/a.xml",
        "--sarif",
        "{w}/a.sarif",
        *NOW,
    ),
    ("runs", "list"),
    ("report", "readiness", "--format", "html,md,json", "--out", "{w}/papers/readiness", *NOW),
    ("report", "weekly", "--format", "docx,pdf,xlsx", "--eml", "--rehearsal", "--out", "{w}/papers/weekly", *NOW),
    ("report", "roster", "--format", "xlsx", "--out", "{w}/papers/roster", "--rehearsal", *NOW),
    ("roster", "export", "--out", "{w}/roster-out", *NOW),
    ("duties", "deadlines", "--ics", "{w}/due.ics", *NOW),
    ("duties", "attest", "1.4", "--by", "An", "--note", "held", "--file", "{root}/new.csv", *NOW),
    (
        "incident",
        "new",
        "--summary",
        "fibre cut",
        "--by",
        "An",
        "--noticed",
        "2022-04-25 06:50",
        "--place",
        "hall",
        "--service",
        "mobile",
        *NOW,
    ),
    ("department", "keygen"),
    ("department", "bundle", "--out", "{w}/mine.evr", "--rehearsal", *NOW),
    (
        "department",
        "consolidate",
        "{w}/mine.evr",
        "--keys",
        "{w}/.eventready/keys",
        "--out",
        "{w}/province",
        "--rehearsal",
        *NOW,
    ),
    ("runs", "sign", "--out", "{w}/head.json"),
    ("doctor", "matrix"),
)


@pytest.fixture
def _umask() -> Iterator[None]:
    """A permissive mask, as most machines have it, and the present one afterwards."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.slow
@pytest.mark.usefixtures("_umask")
def test_a_session_of_commands_writes_for_its_owner_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    w = tmp_path / "w"
    (tmp_path / "new.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "saved").mkdir()
    codes: dict[tuple[str, ...], int] = {("init",): run("init", str(w), "--example")}
    for words in COMMANDS:
        filled = [word.format(w=w, root=tmp_path) for word in words]
        codes[words] = run("-w", str(w), "--log", str(w / "session.log"), *filled)
    output = capsys.readouterr().err
    assert not {words: code for words, code in codes.items() if code in (1, 2)}, output
    written = [path for path in w.rglob("*") if not path.is_symlink()]
    assert len([path for path in written if path.is_file()]) > 60
    modes = {str(path.relative_to(w)): stat.S_IMODE(path.stat().st_mode) for path in [w, *written]}
    assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    for needed in ("session.log", "mine.evr", "due.ics", "head.json", "run.json", "province", "inventory/hosts.yaml"):
        assert needed in modes
    shutil.rmtree(w)


def run(*words: str) -> int:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with pytest.raises(SystemExit) as left:
            command_line.main(list(words))
    finally:  # a process ends with its command; its log does not
        root.handlers[:] = handlers
        root.setLevel(level)
    return int(left.value.code or 0)
