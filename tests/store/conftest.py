"""Stores to test with, and the least run document there is."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventready.core.clock import Clock
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store

Document = Callable[..., dict[str, Any]]


def _document(run_id: str, *, evidence: str = "", status: str = "fail", event: str = "le-30-4") -> dict[str, Any]:
    finding = {
        "check": "cpu",
        "device": "core-1",
        "subject": "",
        "status": status,
        "evidence": [evidence] * bool(evidence),
    }
    return {
        "schema": SCHEMA,
        "id": run_id,
        "event": event,
        "started": "2026-11-25T01:00:00.000+00:00",
        "finished": "2026-11-25T01:00:09.000+00:00",
        "clock": {"event": "2022-04-25T07:00:00+07:00", "rehearsal": True},
        "coverage": {"needed": 4, "measured": 3, "ratio": 0.75},
        "devices": [],
        "observations": [],
        "findings": [finding],
        "verdicts": [{"venue": "hoi-nghi", "service": "wifi", "verdict": "NOT_READY", "because": []}],
    }


@pytest.fixture
def document() -> Document:
    """Makes a run document."""
    return _document


@pytest.fixture
def clock() -> Clock:
    """The event's clock at the rehearsed moment."""
    return Clock.starting("2022-04-25 07:00")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on loopback; its URL without a database."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if Path("/usr/lib/postgresql").is_dir() else []
    programs = found[-1].parent if found else None
    if programs is None:
        pytest.skip("no PostgreSQL server programs under /usr/lib/postgresql")
    pytest.importorskip("psycopg", reason="no psycopg")
    folder = tmp_path_factory.mktemp("postgres")
    user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        if not shutil.which("runuser"):
            pytest.skip("running as root without runuser, and PostgreSQL refuses root")
        user = ["runuser", "-u", "postgres", "--"]
        for path in (folder, *folder.parents):
            if path.stat().st_uid == 0 and path != Path("/") and "pytest" in str(path):
                path.chmod(0o755)
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, log = folder / "data", folder / "log"

    def postgres(program: str, *arguments: str | Path) -> None:
        command = [*user, programs / program, "-D", data, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60)

    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    postgres("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
    postgres("pg_ctl", "-l", log, "-o", options, "-w", "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            postgres("pg_ctl", "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / ".eventready" / "eventready.db")
    import psycopg

    server: str = request.getfixturevalue("server")
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    return f"{server}/{name}"


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """An open store of each kind."""
    with Store(place) as opened:
        yield opened
