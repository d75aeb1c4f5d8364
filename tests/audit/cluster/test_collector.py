"""Distribution over a cluster: limits hold over all workers, and each device is recorded once, whatever is lost."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.audit.collectors.cluster import frames
from eventready.audit.collectors.cluster import requests as module
from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.codec import ReadRequest, WorkerAnswer, encode_answer, encode_failure
from eventready.audit.collectors.cluster.frames import Frame
from eventready.audit.collectors.cluster.labels import content_labels
from eventready.audit.collectors.cluster.link import ClusterLink
from eventready.audit.collectors.cluster.reader import ClusterCollector
from eventready.audit.collectors.cluster.requests import ClusterRequests, SchedulerLost, Slots
from eventready.audit.collectors.reading import AuditJob, DeviceRead, OnRead, packed
from eventready.core.errors import UsageError
from eventready.core.messages import in_english, message
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import unreached
from eventready.facts.platform import load_platform
from eventready.session.plugin import session_slots
from eventready.session.reply import NoPrompt
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import Workspace, load_workspace

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "cluster.md"
CONTENT = {"product": "product=1", "platforms": "platforms=2", "workspace": "workspace=3"}
SILENT = NoPrompt(message("session:no_answer", where="r1", seconds=10.0))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return made(tmp_path_factory.mktemp("example") / "w")


def made(folder: Path) -> Workspace:
    copy_example(folder)
    return load_workspace(folder)


def job_of(workspace: Workspace, reach: dict[str, str] | None = None) -> AuditJob:
    devices = [replace(one, reach=(reach or {}).get(one.name, "")) for one in workspace.devices]
    platforms = {name: load_platform(name) for name in {device.platform for device in devices}}
    return AuditJob(
        devices={device.name: device for device in devices},
        platforms={device.name: platforms[device.platform] for device in devices},
        matrix=build_matrix(devices, platforms),
        limits=resolve_limits(workspace.limits, devices),
        moment=datetime(2022, 4, 25, tzinfo=UTC),
    )


@dataclass
class Cluster:
    """Workers in memory: `act` chooses what happens to one of the requests under way."""

    job: AuditJob
    workers: list[dict[str, object]]
    act: Callable[[Cluster, str, ReadRequest], Iterable[Frame]]
    choose: random.Random = field(default_factory=random.Random)
    under_way: dict[str, ReadRequest] = field(default_factory=dict)
    waiting: deque[Frame] = field(default_factory=deque)
    most: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    def request(self, key: str, labels: set[str], request: bytes) -> None:
        assert any(labels <= set(worker["labels"]) for worker in self.workers)  # type: ignore[call-overload]
        self.under_way[key] = ReadRequest.decode(request)
        self.sent += 1

    def receive(self, timeout_s: float) -> Frame | None:
        if self.waiting:
            return self.waiting.popleft()
        if timeout_s == 0:
            return None
        self.waiting.append(Frame(frames.WORKERS, json.dumps(self.workers).encode()))
        if self.under_way:
            key = self.choose.choice(sorted(self.under_way))
            self.waiting.extend(self.act(self, key, self.under_way[key]))
        return self.waiting.popleft()

    def answer(self, key: str) -> Frame:
        request = self.under_way.pop(key)
        platform = self.job.platforms[request.device]
        observations = unreached(request.device, platform, request.facts, SILENT, request.reading)
        return Frame(
            frames.ANSWER, key.encode() + b"\n" + encode_answer(WorkerAnswer("w1", 0.0, 0.1, observations, ()))
        )


def worker(name: str, threads: int = 4, labels: Iterable[str] = ()) -> dict[str, object]:
    return {"name": f"{name}#77", "threads": threads, "labels": [*CONTENT.values(), *labels]}


def other(*labels: str) -> dict[str, object]:
    return {**worker("w1"), "labels": labels}


def answered(cluster: Cluster, key: str, _request: ReadRequest) -> Iterable[Frame]:
    return [cluster.answer(key)]


def collected(cluster: Cluster, slots: Mapping[str, Slots] | None = None, ends_in: float = 600) -> list[DeviceRead]:
    heard: list[DeviceRead] = []
    opened(cluster, heard.append, slots, ends_in).read()
    return heard


def opened(
    cluster: Cluster, on_read: OnRead, slots: Mapping[str, Slots] | None = None, ends_in: float = 600
) -> ClusterCollector:
    requests = ClusterRequests(
        cluster.job.devices, cluster, topic="t", content=CONTENT, slots=slots or {}, ends_at=monotonic() + ends_in
    )
    requests.open()
    return ClusterCollector(cluster.job, requests, on_read)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000_000), st.integers(1, 9), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_limits_hold_and_each_device_is_recorded_once(
    workspace: Workspace, seed: int, threads: int, limits: list[int]
) -> None:
    chance = random.Random(seed)
    job = job_of(workspace)
    endpoints = {name: chance.choice("abc") for name in job.devices}
    slots = {name: {endpoint: limits["abc".index(endpoint)], "jump": 5} for name, endpoint in endpoints.items()}

    def act(cluster: Cluster, key: str, request: ReadRequest) -> Iterable[Frame]:
        taken = Counter(slot for one in cluster.under_way.values() for slot in slots[one.device])
        assert all(taken[slot] <= limit for of in slots.values() for slot, limit in of.items())
        chosen = chance.random()
        if chosen < 0.1:  # its workers were lost, one after the other
            del cluster.under_way[key]
            return [Frame(frames.LOST, key.encode())]
        frame = cluster.answer(key)
        if chosen < 0.3:  # a worker thought lost answers as well
            return [frame, frame]
        if chosen < 0.4:
            return [Frame(frames.ANSWER, key.encode() + b"\n" + encode_failure("w1", "a defect"))]
        return [frame, Frame(frames.ANSWER, b"no such key\n{}")]

    heard = collected(Cluster(job, [worker("w1", threads), worker("w2", threads)], act), slots)
    assert sorted(read.device for read in heard) == sorted(job.devices)
    assert all(read.result is not None for read in heard)


def test_requests_are_no_more_than_the_workers_take(workspace: Workspace) -> None:
    def act(cluster: Cluster, key: str, _request: ReadRequest) -> Iterable[Frame]:
        assert len(cluster.under_way) <= 5  # a quarter more than the threads: the next one is there
        return [cluster.answer(key)]

    assert len(collected(Cluster(job_of(workspace), [worker("w1", 2), worker("w2", 2)], act))) == len(workspace.devices)


def test_a_device_goes_to_a_worker_of_its_network(workspace: Workspace) -> None:
    name = workspace.devices[0].name
    job = job_of(workspace, {name: "hcm-oss"})
    cluster = Cluster(job, [worker("w1"), worker("w2", labels=["reach=hcm-oss"])], answered)
    assert len(collected(cluster)) == len(job.devices)
    assert cluster.sent == len(job.devices)


@pytest.mark.parametrize(
    ("workers", "problem"),
    [
        ([], "the scheduler has no worker"),
        ([worker("w1")], r"1 device of hcm-oss: core-1.*--reach"),
        ([other("product=1", "platforms=2", "workspace=9")], r"w1 \(workspace 9, here 3: .*git pull.*trust content"),
        ([other("product=0", "platforms=9", "workspace=9")], r"w1 \(eventready 0, here 1: install"),
        ([other("product=1", "platforms=9", "x")], r"w1 \(platforms 9, here 2: install"),
        ([other("clock=+3600")], r"w1 \(clock \+3600 s off .*: set the clock"),
    ],
)  # fmt: skip
def test_devices_beyond_reach_are_named_before_the_start(
    workers: list[dict[str, object]], problem: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FIRST_S", 0.05)
    cluster = Cluster(job_of(workspace, {"core-1": "hcm-oss"}), workers, answered)
    with pytest.raises(UsageError) as raised:
        collected(cluster)
    assert re.search(problem, str(raised.value))
    assert cluster.sent == 0


def test_another_version_is_named_beside_the_others(workspace: Workspace) -> None:
    job = job_of(workspace)
    cluster = Cluster(job, [worker("w1"), {**worker("w2"), "labels": ["product=1"]}], answered)
    assert opened(cluster, lambda _read: None).read().refused == (("w2", "platforms", "-", "2"),)


def test_a_lost_scheduler_is_the_end(workspace: Workspace) -> None:
    with pytest.raises(SchedulerLost, match="timed out"):
        collected(Cluster(job_of(workspace), [worker("w1")], lambda *_: [Frame(frames.END, b"timed out")]))


def test_devices_without_a_worker_for_too_long_are_not_measured(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_UNREACHED_S", 0.05)

    def act(cluster: Cluster, _key: str, _request: ReadRequest) -> Iterable[Frame]:
        cluster.workers = []
        return []

    heard = collected(Cluster(job_of(workspace), [worker("w1")], act))
    assert len(heard) == len(workspace.devices)
    assert {in_english(read.trouble) for read in heard if read.trouble} == {
        "no worker reached the network of the device for too long"
    }


def test_the_end_of_the_run_ends_requests_without_an_answer(workspace: Workspace) -> None:
    heard = collected(Cluster(job_of(workspace), [worker("w1")], lambda *_: []), ends_in=0.05)
    assert len(heard) == len(workspace.devices)
    assert all("time limit" in in_english(read.trouble) for read in heard if read.trouble)


@pytest.mark.parametrize("fate", ["silence", "lost worker", "no answer"])
def test_a_first_reading_counts_where_the_second_is_missing(fate: str, workspace: Workspace) -> None:
    """As with the threads of a single machine."""
    job = replace(job_of(workspace), interval_s=10.0)

    def act(cluster: Cluster, key: str, request: ReadRequest) -> Iterable[Frame]:
        del cluster.under_way[key]
        if request.reading == 1:
            found = [Observation(request.device, fact, Status.PARSED, raw="up") for fact in request.facts]
            answer = encode_answer(WorkerAnswer("w1", 0.0, 0.1, *packed(found, ())))
            return [Frame(frames.ANSWER, key.encode() + b"\n" + answer)]
        fates = {
            "lost worker": Frame(frames.LOST, key.encode()),
            "no answer": Frame(frames.ANSWER, key.encode() + b"\n{}"),
        }
        return [fates[fate]] if fate in fates else []

    heard: dict[str, DeviceRead] = {}
    collector = opened(
        Cluster(job, [worker("w1")], act), lambda read: heard.update({read.device: read}), ends_in=2.0
    )  # fmt: skip
    waiting = collector.read().waiting
    collector.read_again()
    results = [read.result for read in heard.values() if read.trouble]
    assert len(results) == waiting > 10
    assert all(result and result.reachable and result.coverage.measured for result in results)


@dataclass
class Quiet(Cluster):
    """A client that reports once, and then nothing."""

    def receive(self, timeout_s: float) -> Frame | None:
        if self.sent:
            sleep(min(timeout_s, 0.01))
            return None
        return super().receive(timeout_s)


@dataclass
class Flood(Cluster):
    """A client that never has nothing to say."""

    def receive(self, timeout_s: float) -> Frame:
        return super().receive(1) or Frame(frames.ANSWER, b"")


@pytest.mark.attack(family="waits without an end")
@pytest.mark.parametrize("client", [Cluster, Quiet, Flood])
def test_the_end_of_the_run_counts_whatever_a_client_does(client: type[Cluster], workspace: Workspace) -> None:
    """`Cluster`: it reports, and its workers are stopped."""
    heard = collected(client(job_of(workspace), [worker("w1")], lambda *_: []), ends_in=0.1)
    assert len(heard) == len(workspace.devices)


@pytest.mark.parametrize("ends_in", [1.0, 25.0, 7200.0, 1e9, float("inf")])
def test_a_reading_ends_before_its_run_for_the_way_of_its_answer(ends_in: float, workspace: Workspace) -> None:
    given: list[float] = []

    def act(cluster: Cluster, key: str, request: ReadRequest) -> Iterable[Frame]:
        given.append(request.seconds)
        return answered(cluster, key, request)

    collected(Cluster(job_of(workspace), [worker("w1")], act), ends_in=ends_in)
    assert all(0 < seconds < ends_in for seconds in given)
    assert max(given) >= min(0.5 * ends_in, 0.9 * 86_400)


@pytest.mark.attack(family="waits without an end")
def test_a_client_without_a_sign_of_life_is_lost(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENT_S", 0.05)
    with pytest.raises(SchedulerLost, match="no sign of life"):
        collected(Quiet(job_of(workspace), [worker("w1")], lambda *_: []))


@pytest.mark.attack(family="waits without an end")
@pytest.mark.parametrize("stopped", [False, True])
def test_neither_a_silent_scheduler_nor_a_stopped_client_holds_a_run(workspace: Workspace, *, stopped: bool) -> None:
    """A client that reads no request blocks neither the one who sends nor the end."""
    job = job_of(workspace)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        link = ClusterLink(SchedulerAddress.of(place, workspace.path, unconfined=True), "t")
        try:
            if stopped:
                os.kill(link.process, signal.SIGSTOP)
            for key in map(str, range(100)):
                link.request(key, set(), bytes(10_000))
            requests = ClusterRequests(job.devices, link, topic="t", content={}, slots={}, ends_at=monotonic() + 0.3)
            with pytest.raises(SchedulerLost, match="no sign of life"):
                requests.open()
        finally:
            link.close()
    assert not Path(f"/proc/{link.process}").exists()


@pytest.mark.slow
def test_labels_follow_the_content_of_the_workspace(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one"), made(tmp_path / "other")
    assert content_labels(one) == content_labels(other)
    with (other.path / "inventory" / "groups.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    changed = content_labels(other)
    assert changed.pop("workspace") != content_labels(one)["workspace"]
    assert changed.items() < content_labels(one).items()


def test_the_documented_copy_has_the_same_content_without_secrets(tmp_path: Path) -> None:
    noc = made(tmp_path / "my-event")
    secret = {Path("inventory/vault.yml"), Path(".eventready/keys/bundle.pem")}
    for path in (noc.path / name for name in secret):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret\n", encoding="utf-8")
    (noc.path / "ssh_config").touch()
    words = re.findall(r"rsync -a (.*) \S+:my-event/", PAGE.read_text(encoding="utf-8"))[0]
    excluded = shutil.ignore_patterns(*re.findall(r"--exclude (\S+)", words))
    for source in re.findall(r"my-event/(\S*)", words):
        shutil.copytree(noc.path / source, tmp_path / "hcm-1" / source, ignore=excluded)
    assert content_labels(load_workspace(tmp_path / "hcm-1")) == content_labels(noc)
    assert not any((tmp_path / "hcm-1" / name).exists() for name in secret)


def test_sessions_are_counted_without_a_secret(tmp_path: Path) -> None:
    copy_example(tmp_path / "w")
    folder = tmp_path / "w" / "inventory"
    (folder / "jump_hosts.yaml").write_text(
        "bastion: {hostname: 192.0.2.7, username: 'env:NO_SUCH', password: 'env:NO_SUCH', sessions: 3}\n",
        encoding="utf-8",
    )
    (folder / "defaults.yaml").write_text(
        "{username: 'env:NO_SUCH', password: 'env:NO_SUCH', data: {access: {jump_host: bastion}}}\n", encoding="utf-8"
    )
    workspace = load_workspace(tmp_path / "w")
    found = session_slots(workspace.nornir(), {device.name: 4 for device in workspace.devices})
    assert all(len(slots) == 2 for slots in found.values())
    assert {tuple(sorted(slots.values())) for slots in found.values()} == {(3, 4)}
