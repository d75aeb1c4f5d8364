"""The wall says the same as the audit: verdicts of a watch by its own readings, with and without a fault."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta

import pytest

from eventready.audit.audit import network_setting
from eventready.core.clock import Clock
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import build_matrix
from eventready.facts.platform import load_platform
from eventready.facts.questions import with_questions
from eventready.watch.job import WatchJob
from eventready.watch.reader import DeviceReader
from eventready.watch.session import network_weights
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from eventready.workspace.settings.waivers import Waiver
from eventready.workspace.workspace import load_workspace
from tests.e2e.conftest import NOW, Province

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

FIBRE = ("core-1", "link-down", "port=TenGigabitEthernet0/1/1")
MOMENT = Clock.starting(NOW).now()
INTERVAL_S = 15.0


class Watched:
    """A watch of all devices of a province, read as often as the test says."""

    def __init__(self, province: Province, waivers: tuple[Waiver, ...] = ()) -> None:
        self.workspace = workspace = load_workspace(province.copy)
        self.audited = province.audit(interval_s=0.2).run
        self.devices = {one.name: one for one in workspace.devices}
        platforms = {one.platform: load_platform(one.platform, workspace.platform_dirs) for one in workspace.devices}
        self.matrix = build_matrix(workspace.devices, platforms, network=network_setting(workspace))
        limits = resolve_limits(workspace.limits, workspace.devices)
        network = network_weights(self.audited, workspace.devices, limits)
        job = WatchJob(workspace.event, self.devices, self.matrix, limits, waivers, network=network)
        self.watcher, self.now = Watcher(job, States(), lambda _fact: INTERVAL_S), 0.0
        questions = {name: with_questions(platforms[one.platform], one) for name, one in self.devices.items()}
        self.reader = DeviceReader(workspace.nornir(8), questions)

    def read(self, times: int = 1) -> None:
        """Read all facts of all devices, and let time pass: counters need two readings, a lost device its patience."""
        for _time in range(times):
            self.now += INTERVAL_S
            moment = MOMENT + timedelta(seconds=self.now)
            with ThreadPoolExecutor(8) as pool:
                found = pool.map(lambda name: self.reader.read(name, self.matrix.needed(name)), self.devices)
                for name, answers in zip(self.devices, list(found), strict=True):
                    self.watcher.read(name, answers, self.now, moment)
            self.watcher.tick(self.now, moment)

    @property
    def verdicts(self) -> Mapping[tuple[str, str], str]:
        return {(one.venue, one.service): str(one.verdict) for one in self.watcher.verdicts()}

    def audit(self) -> Mapping[tuple[str, str], str]:
        return {one.place: one.verdict for one in self.audited.verdicts()}


@pytest.mark.parametrize(
    "fault", [(), FIBRE, ("svc-1", "silent"), ("wlc-1", "ap-lost")], ids=lambda one: " ".join(one[:2])
)
def test_the_wall_says_what_the_audit_says(province: Province, fault: tuple[str, ...]) -> None:
    with province.fault(*fault) if fault else nullcontext():
        watch = Watched(province)
        watch.read(4)
        assert watch.verdicts == watch.audit()
