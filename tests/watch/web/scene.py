"""A watch of two routers without a network: readings come from the test, the pages read what the watch keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from starlette.testclient import TestClient

from eventready.checks.ip.ways import SERVICE_WAY
from eventready.core.clock import Clock
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import RoutingPeer
from eventready.network.setting import NetworkSetting
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.watch.job import WatchJob
from eventready.watch.record import WatchRecord
from eventready.watch.snapshot import Snapshots
from eventready.watch.snapshot_record import OPEN, SNAPSHOTS, LastVerdicts, OpenFindings, Snapshot
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from eventready.watch.web.app import application
from eventready.watch.web.read_model import ReadModel
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event, ServiceOrigin
from eventready.workspace.workspace import Workspace

#: Secret of the printed link of a wall without persons.
LOOK = "printed-link"
CHECK, FACT, INTERVAL = "isis", "isis_neighbour", 15.0
EVENT = Event.model_validate(
    {
        "id": "night",
        "name": "Night",
        "name_vi": "Đêm",
        "recipient": {"name": "R", "email": "r@example.vn"},
        "venues": [{"id": "hall", "name": "Hall", "services": ["internet"]}],
        "windows": [{"kind": "event", "name": "Show", "from": "2199-04-29 19:00", "to": "2199-04-29 23:00"}],
    }
)


def devices() -> tuple[Device, ...]:
    expect = Expect.model_validate({"isis": ["peer"]})
    return tuple(
        Device(name, "router", "huawei_vrp", "192.0.2.1", venues=("hall",), expect=expect) for name in ("r1", "r2")
    )


@dataclass
class Scene:
    """Watch, store and workspace of a test. Times are seconds of the test."""

    store: Store
    workspace: Workspace
    clock: Clock = field(default_factory=Clock)
    now: float = 0.0

    def __post_init__(self) -> None:
        known = devices()
        origins = [ServiceOrigin(kind="upstream", device=one.name) for one in known]
        network = NetworkSetting(EVENT.venues, origins)
        whole = build_matrix(known, {"huawei_vrp": load_platform("huawei_vrp")}, network=network)
        checks = {name: whole.checks[name] for name in (CHECK, SERVICE_WAY)}
        cells = {device: tuple(cell for cell in cells if cell.check in checks) for device, cells in whole.cells.items()}
        matrix = replace(whole, checks=checks, cells=cells, asks_of={})
        self.job = WatchJob(EVENT, {one.name: one for one in known}, matrix)
        self.begin()
        self.snapshots = Snapshots(self.store, EVENT.id, self.clock)
        self.record = WatchRecord(self.store, EVENT.id, self.clock)
        self.model = ReadModel(self.workspace, self.store, self.clock)

    def begin(self, last: LastVerdicts | None = None) -> None:
        """Start a watch, the first or another one."""
        self.watcher = Watcher(replace(self.job, last=last), States(), lambda _fact: INTERVAL)

    def read(self, device: str, *, up: bool, peer: str = "peer") -> None:
        """Take a reading of a device, and keep what the watch would keep."""
        row = RoutingPeer.model_validate({"protocol": "isis", "peer": peer, "state": "Up" if up else "Down", "up": up})
        self.keep([Observation(device, FACT, Status.PARSED, rows=(row,))], device)

    def silent(self) -> None:
        """Let all answers grow stale."""
        self.now += 10 * INTERVAL
        self.record.changes(self.watcher.tick(self.now, datetime.now(self.clock.now().tzinfo)))
        self.snapshots.keep(self.watcher, {}, self.now)

    def keep(self, observations: list[Observation], device: str) -> None:
        self.now += INTERVAL / 2
        self.record.changes(self.watcher.read(device, observations, self.now, self.clock.now()))
        self.snapshots.keep(self.watcher, {}, self.now)

    def walk(self) -> None:
        """Let the watch walk the ways of the services."""
        self.record.changes(self.watcher.tick(self.now, self.clock.now()))
        self.snapshots.keep(self.watcher, {}, self.now)

    def audited(self, *findings: Mapping[str, object]) -> Run:
        """A full audit of now with these findings."""
        run_id, at = self.store.begin(EVENT.id, self.clock), self.clock.real().isoformat()
        return self.store.finish({
            "schema": SCHEMA, "id": run_id, "event": EVENT.id, "started": at, "finished": at,
            "clock": {"event": at, "rehearsal": self.clock.rehearsal},
            "devices": [{"name": one.name} for one in self.workspace.devices],
            "verdicts": [], "observations": [], "findings": [*findings],
        })  # fmt: skip

    def show(self, snapshot: Snapshot) -> None:
        """Let the pages read a snapshot."""
        self.store.current(OPEN).put(EVENT.id, OpenFindings("shown", snapshot.open))
        self.store.current(SNAPSHOTS).put(EVENT.id, replace(snapshot, opened="shown", open=()))

    def all_up(self) -> None:
        self.audited()
        for _twice in range(2):
            for one in devices():
                self.read(one.name, up=True)
        self.walk()


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    with Store(folder / "night.db") as store:
        yield Scene(store, Workspace(folder, EVENT, devices()))


def client(made: Scene, *, lang: str = "en") -> TestClient:
    headers = {"Accept-Language": lang, "Authorization": f"Bearer {LOOK}"}
    return TestClient(application(made.model, look=LOOK), base_url="http://127.0.0.1", headers=headers)
