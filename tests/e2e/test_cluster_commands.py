"""Commands beside the audit that read by a cluster: a worker in this process gives what one machine gives."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from eventready.audit.collectors.cluster import frames, reader, requests
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import ReadRequest
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.labels import content_labels
from eventready.audit.collectors.cluster.reader import open_reader
from eventready.audit.collectors.cluster.station import Station
from eventready.facts.equipment import Equipment
from eventready.session.reply import Unreachable
from eventready.workspace.workspace import Workspace, load_workspace
from tests.audit.cluster.members import until
from tests.e2e.conftest import Province

pytestmark = pytest.mark.lab

DEVICES = "agg-1,core-1,wlc-1"
CLUSTER = ("--cluster", "tcp://127.0.0.1:1")


class WorkerLink:
    """Worker in this process; the reading machine has no secrets."""

    station: Station
    labels: list[str]
    opened: list[WorkerLink]

    def __init__(self, _address: object, _topic: str) -> None:
        self.frames: SimpleQueue[Frame] = SimpleQueue()
        self.requests: list[ReadRequest] = []
        self.opened.append(self)
        self._threads = ThreadPoolExecutor(4)
        self.frames.put(
            Frame(frames.WORKERS, json.dumps([{"name": "w", "threads": 4, "labels": self.labels}]).encode())
        )

    def request(self, key: str, _labels: set[str], request: bytes) -> None:
        self.requests.append(ReadRequest.decode(request))
        self._threads.submit(self._answer, key, request)

    def _answer(self, key: str, request: bytes) -> None:
        self.frames.put(Frame(frames.ANSWER, key.encode() + b"\n" + self.station.answer(request)[2]))

    def receive(self, timeout_s: float) -> Frame | None:
        try:
            return self.frames.get(timeout=timeout_s) if timeout_s else self.frames.get_nowait()
        except Empty:
            return None

    def close(self) -> None:
        self._threads.shutdown()


@pytest.fixture
def links(province: Province, monkeypatch: pytest.MonkeyPatch) -> list[WorkerLink]:
    """Connections to the worker."""
    workspace = load_workspace(province.copy)
    WorkerLink.station, WorkerLink.opened = Station(workspace, "w", ()), []
    WorkerLink.labels = sorted(content_labels(workspace).values())
    monkeypatch.setattr(requests, "ClusterLink", WorkerLink)
    monkeypatch.setattr(requests, "_FIRST_S", 0.1)
    return WorkerLink.opened


def unresolved(_workspace: Workspace, _names: object) -> None:
    raise AssertionError("a secret is resolved")


def test_a_capture_by_a_cluster_has_the_files_of_one_machine(
    province: Province, links: list[WorkerLink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, words in (("alone", ()), ("cluster", CLUSTER)):
        if words:
            monkeypatch.setattr(Workspace, "check_secrets", unresolved)
        out = ("-o", "json", "audit", "-l", DEVICES, "--interval", "0.2", "--save", str(tmp_path / name))
        document = json.loads(province.call(*out, *words).stdout)
        files = {str(path.relative_to(tmp_path / name)) for path in (tmp_path / name).rglob("*.txt")}
        found.append((files, [(one["device"], one["missing"], one["unparsed"]) for one in document]))
    assert found[0] == found[1]
    assert {request.reading for request in links[0].requests} == {1}


def test_a_diagnosis_by_a_cluster_has_the_steps_of_one_machine(province: Province, links: list[WorkerLink]) -> None:
    words = ("-o", "json", "doctor", "--connect", "-l", DEVICES)
    alone, by_cluster = (json.loads(province.call(*words, *more).stdout) for more in ((), CLUSTER))
    assert alone == by_cluster
    assert len(links[0].requests) == 3


def test_a_watch_reads_by_a_cluster(province: Province, links: list[WorkerLink]) -> None:
    province.call("-o", "ndjson", "watch", "-l", "core-1", "--for", "2s", *CLUSTER)
    assert {(request.device, request.kind) for request in links[0].requests} == {("core-1", "replies")}


@pytest.mark.parametrize("command", [("audit", "--save", "captured"), ("doctor", "--connect"), ("watch",)])
def test_devices_beyond_reach_end_a_command_before_the_start(
    command: tuple[str, ...],
    province: Province,
    links: list[WorkerLink],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(WorkerLink, "labels", [])
    monkeypatch.chdir(tmp_path)
    assert "install the same version" in province.call(*command, "-l", "core-1", *CLUSTER, expect=(2,)).stderr
    assert links[0].requests == []
    assert list(tmp_path.iterdir()) == []


def test_a_lost_scheduler_is_found_again(
    province: Province, links: list[WorkerLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_AGAIN_S", 0.5)
    workspace = load_workspace(province.copy)
    address = SchedulerAddress("tcp", "127.0.0.1", 1, province.copy)
    with open_reader(workspace, Equipment.of(workspace).only([workspace.device("core-1")]), address) as opened:

        def answers() -> bool:
            try:
                return bool(opened.replies("core-1", ["cpu"]))
            except Unreachable:
                return False

        assert answers()
        links[0].frames.put(Frame(frames.END, b"gone"))
        until("the loss", lambda: not answers())
        until("another connection", answers)
    assert len(links) == 2
