"""A hostile worker runs code where Dask opens its pickles: in a process that can do nothing with it."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import ReadRequest
from eventready.audit.collectors.cluster.dask_parts import CONNECTIONS
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.link import ClusterLink
from eventready.core.confinement import unconfinable
from eventready.core.errors import UsageError
from tests.audit.cluster import hostile_worker
from tests.audit.cluster.members import free_port, running, scheduler
from tests.session.real import missing, refused

ABSENT = unconfinable()
UNSHARE = missing("unshare") or refused("unshare", "--user", "--map-root-user", "true")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(ABSENT), reason=f"the kernel lacks {ABSENT}")]

#: Answers of the kernel: of raised limits Python makes a ValueError, of a refused trace the attempt a division by zero.
REFUSED = {
    f"refused {name}"
    for name in ("PermissionError", "OSError", "FileNotFoundError", "MemoryError", "ValueError", "ZeroDivisionError")
}

#: A Python in a user namespace that allows no other: the client stays in the network, and the filter holds alone.
WITHOUT_NAMESPACES = """#!/bin/sh
exec unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' sh {python} "$@"
"""


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    port = free_port()
    with scheduler(port):
        yield f"tcp://127.0.0.1:{port}"


def last(link: ClusterLink) -> Frame:
    """The frame after the request, the reports about workers aside."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        frame = link.receive(1)
        if frame and frame.kind != frames.WORKERS:
            return frame
    pytest.fail("no answer")


def attacked(place: str, kind: str, secret: Path, folder: Path, python: str = sys.executable) -> Frame:
    with ExitStack() as open_things:
        database = open_things.enter_context(socket.create_server(("127.0.0.1", 0)))
        worker = (sys.executable, "-m", "tests.audit.cluster.hostile_worker")
        port = database.getsockname()[1]
        open_things.enter_context(running(*worker, place, kind, secret, str(port), str(os.getpid())))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "executable", python)
            link = ClusterLink(SchedulerAddress.of(place, folder), "topic")
        open_things.callback(link.close)
        link.request(
            "read_device-1", {"label"}, ReadRequest("r1", key="read_device-1", topic="topic", seconds=9.0).encode()
        )
        return last(link)


def interpreter(folder: Path) -> str:
    """Program that runs Python without further namespaces."""
    path = folder / "python"
    path.write_text(WITHOUT_NAMESPACES.format(python=sys.executable), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@contextmanager
def sockets(folder: Path) -> Iterator[None]:
    """Open sockets of other programs of the account."""
    with ExitStack() as stack:
        for kind, place in (
            (socket.SOCK_STREAM, f"{folder}/stream"), (socket.SOCK_DGRAM, f"{folder}/datagram"),
            (socket.SOCK_STREAM, f"\0{folder}/abstract"),
        ):  # fmt: skip
            one = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            one.bind(place)
            if kind == socket.SOCK_STREAM:
                one.listen()
        yield


@pytest.mark.attack(family="code of a cluster's member")
@pytest.mark.parametrize(
    ("kind", "emptied"),
    [
        ("result", True), ("exception", True),
        pytest.param("result", False, marks=pytest.mark.skipif(bool(UNSHARE), reason=UNSHARE)),
    ],
)  # fmt: skip
def test_code_of_a_worker_reaches_nothing(
    kind: str, *, emptied: bool, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "keys" / "bundle.pem"
    secret.parent.mkdir()
    secret.write_text("a signing key", encoding="utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", "postgresql://user:planted@db/runs")
    with sockets(secret.parent):
        frame = attacked(place, kind, secret, tmp_path, sys.executable if emptied else interpreter(tmp_path))
    assert frame.kind == frames.END
    found = json.loads(frame.data)
    assert {"PATH", "LANG"} >= set(found.pop("own environment").split(",")) - {
        "LC_CTYPE",
        "TZ",
        "LD_LIBRARY_PATH",
        "PWD",
    }
    assert not [name for name in found.pop("modules").split(",") if "vault" in name or "store.database" in name]
    assert (found.pop("network") != str(Path("/proc/self/ns/net").readlink())) == emptied
    assert found.pop("connections") > CONNECTIONS  # those to the scheduler, and of the loop to itself
    assert {name: text for name, text in found.items() if not text.startswith("refused")} == {}
    assert set(found.values()) <= REFUSED, found
    assert len(found) == hostile_worker.ATTEMPTS.count("\nattempt(") + 15
    assert secret.read_text(encoding="utf-8") == "a signing key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_bytes_without_end_are_the_end_of_the_connection(place: str, tmp_path: Path) -> None:
    assert attacked(place, "endless", tmp_path / "x", tmp_path).kind == frames.END


def test_an_answer_of_another_type_is_a_lost_request(place: str, tmp_path: Path) -> None:
    assert attacked(place, "other", tmp_path / "x", tmp_path).kind in (frames.LOST, frames.END)


def test_a_client_that_nothing_confines_starts_only_unconfined(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventready.audit.collectors.cluster.link.unconfinable", lambda: "Landlock")
    with pytest.raises(UsageError, match="lacks Landlock"):
        ClusterLink(SchedulerAddress.of(place, tmp_path), "topic")
    link = ClusterLink(SchedulerAddress.of(place, tmp_path, unconfined=True), "topic")
    try:
        assert link.receive(40) == Frame(frames.WORKERS, b"[]")
    finally:
        link.close()
