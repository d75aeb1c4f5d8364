"""A hostile worker runs code where Dask opens its pickles: in a process that can do nothing with it."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import ReadRequest
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.link import ClusterLink
from eventready.core.this_process import confinable
from tests.audit.cluster.members import free_port, running, scheduler

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not confinable(), reason="the kernel has no Landlock for TCP")]


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


def attacked(place: str, kind: str, secret: Path, folder: Path) -> Frame:
    with ExitStack() as open_things:
        database = open_things.enter_context(socket.create_server(("127.0.0.1", 0)))
        worker = (sys.executable, "-m", "tests.audit.cluster.hostile_worker")
        port = database.getsockname()[1]
        open_things.enter_context(running(*worker, place, kind, secret, str(port), str(os.getpid())))
        link = ClusterLink(SchedulerAddress.of(place, folder), "topic")
        open_things.callback(link.close)
        link.request(
            "read_device-1", {"label"}, ReadRequest("r1", key="read_device-1", topic="topic", seconds=9.0).encode()
        )
        return last(link)


@pytest.mark.parametrize("kind", ["result", "exception"])
def test_code_of_a_worker_reaches_nothing(
    kind: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "keys" / "bundle.pem"
    secret.parent.mkdir()
    secret.write_text("a signing key", encoding="utf-8")
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", "postgresql://user:planted@db/runs")
    frame = attacked(place, kind, secret, tmp_path)
    assert frame.kind == frames.END
    found = json.loads(frame.data)
    assert {"PATH", "LANG"} >= set(found.pop("own environment").split(",")) - {"LC_CTYPE", "TZ", "LD_LIBRARY_PATH"}
    assert not [name for name in found.pop("modules").split(",") if "vault" in name or "store.database" in name]
    assert len(found) == 11
    assert {name: text for name, text in found.items() if not text.startswith("refused")} == {}
    assert secret.read_text(encoding="utf-8") == "a signing key"


def test_bytes_without_end_are_the_end_of_the_connection(place: str, tmp_path: Path) -> None:
    assert attacked(place, "endless", tmp_path / "x", tmp_path).kind == frames.END


def test_an_answer_of_another_type_is_a_lost_request(place: str, tmp_path: Path) -> None:
    assert attacked(place, "other", tmp_path / "x", tmp_path).kind in (frames.LOST, frames.END)
