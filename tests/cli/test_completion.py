"""Completion of commands, options and values of a workspace, without importing the commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eventready.cli.workspace.completion import candidates as completed
from eventready.cli.workspace.completion import split_line
from eventready.core.clock import Clock
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.examples.new_workspace import write_workspace
from tests.workspace.test_new_workspace import BULL_RACE

HOSTS = '# x\ncore-1:\n  hostname: a\n"core 2": {}\nedge-1: {hostname: b}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "w", BULL_RACE)
    (tmp_path / "w" / "inventory" / "hosts.yaml").write_text(HOSTS)
    return tmp_path / "w"


def candidates(folder: Path, line: str) -> list[str]:
    words, incomplete = split_line(f"eventready -w {folder} {line}")
    return completed(words, incomplete)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("aud", ["audit"]),
        ("audit --fail-on ", ["fail", "warn"]),
        ("audit --base", ["--baseline"]),
        ("audit --wor", ["--workers", "--workspace"]),
        ("audit -l co", ["core 2", "core-1"]),
        ("audit -l core-1,ed", ["core-1,edge-1"]),
        ("audit -l role=ro", ["role=router"]),
        ("audit -l core-1,!venue=", ["core-1,!venue=hall", "core-1,!venue=park"]),
        ("duties show ", ["1", "2", "3", "4"]),
        ("lab fault core-1 link-d", ["link-down"]),
        ("lab st", ["status"]),
        ("docs howto/own", ["howto/own-event"]),
        ("doctor parse frr", ["frr"]),
        ("nonsense ", []),
    ],
)
def test_candidates(folder: Path, line: str, expected: list[str]) -> None:
    found = candidates(folder, line)
    assert [value for value in expected if value not in found] == []
    if expected and not line.endswith(" "):
        assert found == expected


def test_runs_of_the_store(folder: Path) -> None:
    with Store.of_workspace(folder) as store:
        run_id = store.begin("x", Clock())
        document = {
            "schema": SCHEMA,
            "id": run_id,
            "event": "x",
            "started": "1",
            "finished": "2",
            "clock": {},
            "verdicts": [],
        }
        store.finish({**document, "coverage": {}, "findings": [], "observations": []})
    assert candidates(folder, "runs show ") == sorted(["latest", "previous", run_id])


def test_a_damaged_workspace_completes_nothing(tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / ".eventready").mkdir()
    (tmp_path / ".eventready" / "eventready.db").write_bytes(b"garbage")
    assert candidates(tmp_path, "audit -l z") == []
    assert candidates(tmp_path, "runs show l") == ["latest"]


def test_a_completion_writes_no_log(folder: Path) -> None:
    assert candidates(folder, f"--log {folder}/log audit -l core-1,ed") == ["core-1,edge-1"]
    assert not (folder / "log").exists()


def test_an_open_quotation_mark_is_no_error() -> None:
    assert split_line("eventready audit -l 'co") == (["audit", "-l"], "co")
    assert split_line("") == ([], "")


@pytest.mark.slow
def test_words_are_completed_without_importing_a_command(folder: Path) -> None:
    start = [sys.executable, "-X", "importtime", "-m", "eventready", "completion", "words"]
    line = {"EVENTREADY_COMPLETE_LINE": f"eventready -w {folder} audit -l co"}
    done = subprocess.run(start, env={**os.environ, **line}, capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["core 2", "core-1"]
    for heavy in (b"pydantic", b"sqlalchemy", b"nornir", b"netmiko", b"yaml", b"rich"):
        assert heavy not in done.stderr
