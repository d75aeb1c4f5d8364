"""A scheduler and three workers in networks of their own: lost, cut, strange and outdated members.

`make test` has strangers, a worker that is killed and an audit that is interrupted; `test_collector.py` has every order
of answers and losses in memory.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.collectors.cluster.certificates import Authority
from eventready.core.confinement import unconfinable
from eventready.store.database.connection import ENVIRONMENT
from eventready.workspace.devices.select import select
from eventready.workspace.workspace import load_workspace
from tests.audit.cluster.members import end, eventready, free_port, running, scheduler, until
from tests.audit.cluster.networks import PREFIX, REACH, connections, inside, moved, networks, scheduler_for
from tests.e2e.conftest import NOW, province_of
from tests.proofs.size import WHOLE
from tests.session.real import missing, refused

ABSENT = missing("ip", "nft", "unshare") or refused("unshare", "--net", "ip", "link", "set", "lo", "up")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.lab,
    pytest.mark.xdist_group("cluster"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(ABSENT), reason=ABSENT),
    pytest.mark.skipif(bool(unconfinable()), reason="the kernel cannot confine a client"),
]
IN_PROOFS = pytest.mark.skipif(not WHOLE, reason="make proofs")
#: A lost connection is noticed after the shortest time that Dask accepts.
FAST = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "11s", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "4s"}
#: An audit connects in the default time: on a loaded machine a handshake may take more than 4 s.
PATIENT = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "30s"}


def spawned(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


@dataclass
class Cluster:
    """Members under test: workspace, certificates, scheduler, workers."""

    copy: Path
    certificates: Path
    port: int
    scheduler: subprocess.Popen[str]
    workers: dict[int, subprocess.Popen[str]] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    alone: dict[str, Any] = field(default_factory=dict)

    def worker(self, number: int, *, certificate: str = "", workspace: Path | None = None) -> tuple[str, ...]:
        name = certificate or f"w{number}"
        words = eventready(
            "-w", workspace or self.copy, "cluster", "worker", "--scheduler", f"tls://{scheduler_for(number)}:{self.port}",
            "--reach", REACH[number][0], "--workers", "4", "--certificates", self.certificates / name,
        )  # fmt: skip
        return (*inside(number), *map(str, words))

    def start(self, number: int) -> None:
        """Start a worker, without waiting for its connection."""
        self.begun.append(number)
        self.workers[number] = spawned(*self.worker(number))

    def wait(self, *numbers: int) -> None:
        """Wait until these workers have connected."""
        for number in numbers:
            errors = self.workers[number].stderr
            assert errors is not None
            lines = iter(errors.readline, "")
            assert any("connected" in line for line in lines)
        self.begun = [number for number in self.begun if number not in numbers]

    def audit(self, *words: str, certificate: str = "auditor") -> subprocess.Popen[str]:
        """Start an audit by the cluster."""
        where = f"tls://127.0.0.1:{self.port}"
        command = eventready(
            "-w", self.copy, "--now", NOW, "-o", "json", "audit", "--interval", "0.3", "--cluster", where,
            "--certificates", self.certificates / certificate, *words,
        )  # fmt: skip
        self.wait(*self.begun)
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **PATIENT},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  ignored in the background
        )  # fmt: skip

    def run(self, *words: str) -> dict[str, Any]:
        return document(self.audit(*words))


def document(audit: subprocess.Popen[str]) -> dict[str, Any]:
    """The run of an audit, in which every device was read, each once."""
    out, errors = audit.communicate(timeout=90)
    assert "Traceback" not in errors
    assert out, errors
    run: dict[str, Any] = json.loads(out)
    unread = {device["name"]: device["reason"] for device in run["devices"] if not device["reachable"]}
    assert unread == {}, errors
    queries = [(o["device"], o["fact"], o["reading"]) for o in run["observations"]]
    assert len(queries) == len(set(queries))
    reach = {name: "far" if worker == "w3" else "near" for name, worker in readers(run).items()}
    assert reach == {device.name: device.reach for device in DEVICES if device.name in reach}
    return run


def readers(run: dict[str, Any]) -> dict[str, str]:
    return {device["name"]: device["worker"] for device in run["devices"]}


DEVICES: list[Any] = []


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("cluster")
    authority = Authority.of(home / "certificates")
    for name in ("noc", "auditor", "w1", "w2", "w3", "gone"):
        authority.add(name)
    authority.revoke(["gone"])
    Authority.of(home / "strangers").add("w1")
    shutil.copytree(home / "strangers" / "w1", home / "certificates" / "stranger")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("EVENTREADY_ALLOWED", str(home))
        for name, value in FAST.items():
            patch.setenv(name, value)
        stack.enter_context(networks())
        place = stack.enter_context(province_of(home, "none"))
        stack.enter_context(moved(place.copy))
        DEVICES[:] = select(load_workspace(place.copy).devices, None)
        port = free_port()
        central = stack.enter_context(scheduler(port, home / "certificates" / "noc", "0.0.0.0"))
        made = Cluster(place.copy, home / "certificates", port, central)
        for number in REACH:
            made.start(number)
        try:
            made.alone = alone(made.copy)
            made.wait(*REACH)
            yield made
        finally:
            for worker in made.workers.values():
                end(worker)


def alone(copy: Path) -> dict[str, Any]:
    """The run of a single machine, without earlier runs to compare with."""
    words = eventready("-w", copy, "--now", NOW, "-o", "json", "audit", "--interval", "0.3")
    apart = {**os.environ, ENVIRONMENT: str(copy.parent / "alone.db")}
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=90, env=apart)
    run: dict[str, Any] = json.loads(done.stdout)
    return run


def measured(run: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """A run without ids, times, workers, and the figures that change from reading to reading."""
    observations = [(o["device"], o["fact"], o["reading"], o["status"], len(o["rows"])) for o in run["observations"]]
    findings = [(f["device"], f["check"], f["subject"], f["status"]) for f in run["findings"]]
    return observations, findings, run["verdicts"]


OLD = (
    "import sys, eventready; eventready.__version__ = '0.0.1'; from eventready.cli.main import main; main(sys.argv[1:])"
)


def test_a_cluster_beside_strangers_reads_what_one_machine_reads(cluster: Cluster) -> None:
    """First, without earlier runs: strangers and revoked members do not come in, other workers are named."""
    other = cluster.copy.parent / "other"
    shutil.copytree(cluster.copy, other, ignore=shutil.ignore_patterns("*.sock"))
    with (other / "inventory" / "groups.yaml").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    changed = cluster.worker(1, workspace=other)
    before, (_python, _m, _module, *words) = changed[:3], cluster.worker(2, certificate="noc")[4:]
    with ExitStack() as stack:
        stack.enter_context(running(*changed))
        stack.enter_context(running(*before, f"{PREFIX}2", sys.executable, "-c", OLD, *words))
        foreign = stack.enter_context(running(*cluster.worker(1, certificate="stranger")))
        gone = cluster.audit(certificate="gone")
        run = cluster.run()
        out, errors = gone.communicate(timeout=60)
        assert (gone.returncode, out) == (4, "")
        assert "connection to the scheduler is lost" in errors
        assert foreign.poll() is None
    assert measured(run) == measured(cluster.alone)
    entry = run["cluster"]
    assert {worker["name"] for worker in entry["workers"]} == {"w1", "w2", "w3"}
    assert sum(worker["devices"] for worker in entry["workers"]) == len(DEVICES)
    assert all(abs(worker["skew_s"]) < 1 for worker in entry["workers"])
    assert {(one["name"], one["other"]) for one in entry["refused"]} == {("w1", "workspace"), ("noc", "product")}


def reading(audit: subprocess.Popen[str]) -> None:
    """Wait until an audit reads, and a moment of its first seconds more."""
    before = len(connections)
    until("a device that is read", lambda: len(connections) > before or audit.poll() is not None, 60)
    time.sleep(random.random() / 2)


@pytest.mark.parametrize(
    ("number", "by"),
    [
        pytest.param(1, signal.SIGSEGV, id="segfault", marks=IN_PROOFS),
        pytest.param(2, signal.SIGTERM, id="graceful", marks=IN_PROOFS),
        pytest.param(1, signal.SIGKILL, id="exit"),
    ],
)
def test_the_devices_of_a_lost_worker_are_read_by_another(number: int, by: signal.Signals, cluster: Cluster) -> None:
    audit = cluster.audit()
    reading(audit)
    end(cluster.workers[number], by)
    try:
        document(audit)
    finally:
        cluster.start(number)


@contextmanager
def cut(number: int) -> Iterator[None]:
    """The network of a worker without any packet."""
    table = [*inside(number), "nft"]
    subprocess.run([*table, "add table inet cut"], check=True)
    for way in ("input", "output"):
        rule = f"add chain inet cut {way} {{ type filter hook {way} priority 0; policy drop; }}"
        subprocess.run([*table, rule], check=True)
    try:
        yield
    finally:
        subprocess.run([*table, "delete table inet cut"], check=True)


@IN_PROOFS
def test_the_devices_of_a_cut_worker_are_read_by_another(cluster: Cluster) -> None:
    audit = cluster.audit()
    reading(audit)
    with cut(1):
        document(audit)
    cluster.wait(1)


def netem() -> bool:
    words = [*inside(1), "tc", "qdisc", "add", "dev", "out", "root", "netem", "delay", "300ms"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


@IN_PROOFS
def test_a_delayed_worker_changes_nothing(cluster: Cluster) -> None:
    if not netem():
        pytest.skip("the kernel has no netem")
    try:
        cluster.run()
    finally:
        subprocess.run([*inside(1), "tc", "qdisc", "delete", "dev", "out", "root"], check=True)


def client_of(audit: subprocess.Popen[str]) -> list[str]:
    return Path(f"/proc/{audit.pid}/task/{audit.pid}/children").read_text(encoding="ascii").split()


def test_an_interrupted_audit_leaves_no_process(cluster: Cluster) -> None:
    audit = cluster.audit()
    reading(audit)
    children = client_of(audit)
    audit.send_signal(signal.SIGINT)
    _, errors = audit.communicate(timeout=30)
    assert audit.returncode == 4, errors
    assert children
    until("the end of the client", lambda: not any(Path(f"/proc/{child}").exists() for child in children))


@IN_PROOFS
def test_the_time_limit_holds_for_a_stopped_client(cluster: Cluster) -> None:
    audit = cluster.audit("--time-limit", "6")
    reading(audit)
    for child in client_of(audit):
        os.kill(int(child), signal.SIGSTOP)
    out, errors = audit.communicate(timeout=60)
    assert audit.returncode == 4, errors
    reasons = {device["reason"] for device in json.loads(out)["devices"] if not device["reachable"]}
    assert any("time limit" in reason for reason in reasons), reasons


@IN_PROOFS
def test_a_lost_scheduler_interrupts_the_audit(cluster: Cluster) -> None:
    """Last: the workers find the next scheduler by themselves."""
    audit = cluster.audit("-l", "core-*")
    reading(audit)
    end(cluster.scheduler, signal.SIGKILL)
    _, errors = audit.communicate(timeout=60)
    lost = audit.returncode == 4 and "connection to the scheduler is lost" in errors
    assert lost, errors
    with scheduler(cluster.port, cluster.certificates / "noc", "0.0.0.0"):
        cluster.wait(1)
    listed = subprocess.run(
        eventready("-w", cluster.copy, "-o", "json", "runs", "list"), capture_output=True, text=True, check=True
    )
    assert '"interrupted"' in listed.stdout
