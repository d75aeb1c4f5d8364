"""The way in is read again before the first line: the route back may have moved since the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from click.testing import CliRunner, Result

from eventready.change.document import Plan, PlanFile, write_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.device.live import LiveDevice
from eventready.change.execute.rehearsal import rehearsal_options
from eventready.change.execute.result import ApplyResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.execute.status import DeviceStatus, describe_step, device_statuses
from eventready.change.plan.make import make_plan
from eventready.change.safety import way_in
from eventready.change.safety.way_in import WayIn
from eventready.change.times import RetryTiming
from eventready.cli.context import App
from eventready.cli.declare.change import apply
from eventready.core.clock import Clock
from eventready.core.errors import Exit, RefusedError
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.session import connect
from eventready.session.connect import Session
from eventready.session.reply import Reply
from eventready.store.change_steps import Arm
from eventready.store.changes import last_of
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from eventready_lab.control.workspace_copy import DeviceAccess, write_workspace_copy
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import Learned
from eventready_lab.device.view import STATION
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.embedded.process import simulate
from tests.change.guard.test_guard_lab import KNOWN, chosen
from tests.shared import example

pytestmark = pytest.mark.slow

CLOCK = Clock.starting("2022-04-20 07:00")
QUICK = RetryTiming(pause_s=0.05, margin_s=5, grace_s=2, reach_s=20)


@dataclass(frozen=True)
class Case:
    """A template with a line of a port, allowed while the route back leaves by another port.

    `back`: the line of its way back; `trips`: round trips for the route back before it moves.
    """

    platform: str
    port: str
    section: str
    line: str
    back: str
    trips: int = 1

    @property
    def template(self) -> str:
        """The text of the template."""
        return f"{self.section}\n {self.line}\n" if self.section else f"{self.line}\n"


CASES = [
    Case("cisco_xe", "TenGigabitEthernet0/1/2", "interface TenGigabitEthernet0/1/2", "ip ospf cost 20",
         "no ip ospf cost", trips=2),
    Case("cisco_xr", "GigabitEthernet0/0/0/6", "interface GigabitEthernet0/0/0/6", "mtu 4000", "no mtu"),
    Case("frr", "eth3", "interface eth3", "ip ospf cost 20", "no ip ospf cost"),
    Case("huawei_vrp", "XGigabitEthernet0/0/2", "interface XGigabitEthernet0/0/2", "mtu 4000", "undo mtu"),
    Case("juniper_junos", "ge-0/0/5.100", "", "set interfaces ge-0/0/5 mtu 4000", "delete interfaces ge-0/0/5 mtu"),
]  # fmt: skip
BY_PLATFORM = {case.platform: case for case in CASES}


class Silent:
    """Progress that nobody sees."""

    def stage(self, name: str, total: int) -> None:
        """See ReadProgress."""

    def waits(self, *_: object) -> None:
        """See ChangeProgress."""

    def begun(self, change: str, devices: int) -> None:
        """See ChangeProgress."""

    def wave(self, number: int, of: int, devices: object) -> None:
        """See ChangeProgress."""

    def step(self, device: str, step: str) -> None:
        """See ChangeProgress."""

    def done(self, *result: object) -> None:
        """See ReadProgress and ChangeProgress."""


@dataclass
class Site:
    """A simulated device, its workspace, and a plan made while the route back left by another port."""

    case: Case
    folder: Path
    lab: LabThread
    machine: SimulatedDevice
    store: Store

    def __post_init__(self) -> None:
        self.workspace = load_workspace(self.folder)
        self.plan = self.make_plan()
        (self.part,) = self.plan.devices
        self.old = self.picture()

    def make_plan(self) -> Plan:
        """A plan for the present state."""
        device = self.workspace.device(self.machine.state.name)
        return make_plan(
            self.workspace,
            Equipment.of(self.workspace).only([device]),
            ("backup",),
            clock=CLOCK,
            by="an",
            progress=Silent(),
        )

    def picture(self) -> str:
        """The running configuration of the device."""
        return self.lab.call(lambda: self.machine.layout.text(self.machine.config.running))

    def move(self, port: str = "") -> None:
        """OSPF moves the route back to a port, by default to the port of the template."""
        route = Learned("198.51.100.0/24", "10.77.0.1", port or self.case.port)
        self.lab.call(lambda: self.machine.state.learned.append(route))

    def apply(self, plan: Plan | None = None) -> ApplyResult:
        """Execute a plan, by default the first."""
        return apply_plan(self.context(), PlanFile(plan=plan or self.plan))

    def context(self) -> ExecutionContext:
        options = Options(by="an", host="noc-1", timing=QUICK, settle_s=1, soak_s=0, partners=0)
        return ExecutionContext(self.workspace, self.store, CLOCK, options, Silent())

    def rollback(self) -> Plan:
        """The plan of a rollback of the last change."""
        return make_rollback(self.context(), "latest")

    def dry_run(self) -> tuple[int, dict[str, str]]:
        """Run the plan dry through the command line."""
        done = self.cli("json", "--dry-run")
        (row,) = json.loads(done.stdout)["devices"]
        return int(done.return_value), row

    def cli(self, output: Literal["json", "table"], *words: str) -> Result:
        """Run `apply` with the plan."""
        file = self.folder / "a.plan"
        write_plan(file, PlanFile(plan=self.plan))
        app = App(workspace_path=self.folder, output=output)
        app.clock = CLOCK
        done = CliRunner().invoke(apply, [str(file), *words], obj=app, standalone_mode=False)
        assert done.exception is None, done.exception
        return done

    def status(self, done: ApplyResult) -> DeviceStatus:
        """The recorded state of the device."""
        (status,) = device_statuses(self.store.changes.get(done.change))
        return status

    def steps(self, done: ApplyResult) -> list[str]:
        """The recorded steps of the device."""
        return [step.step for step in self.store.changes.get(done.change).of(self.part.name)]


@contextmanager
def site_of(folder: Path, case: Case, *, seen_from: str = STATION) -> Iterator[Site]:
    device = chosen()[case.platform]
    (machine,) = simulate([device], KNOWN, CLOCK)
    alone = device.expect.model_copy(update={"links": ()})
    device = replace(device, expect=alone, intents={"backup": {}})
    lines = {case.section: {case.line: None, case.back: None}} if case.section else {case.line: None, case.back: None}
    addition = {"platform": case.platform, "lines": lines, "by": "An", "reason": "a test"}
    with LabThread([machine]) as lab:
        login = DeviceAccess(lab.lab.port(device.name), KNOWN, lab.lab.host_key(device.name), machine.shell_credentials)
        seen = {device.name: {"access": {"seen_from": seen_from}}} if seen_from else None
        write_workspace_copy(example(), {device: login}, {}, folder, seen)
        (folder / "inventory" / "writable.yaml").write_text(yaml.safe_dump({"additions": [addition]}))
        (folder / "templates" / "backup" / f"{case.platform}.j2").write_text(case.template)
        with Store(folder / ".eventready" / "eventready.db") as store:
            yield Site(case, folder, lab, machine, store)


@pytest.fixture(params=CASES, ids=lambda case: case.platform)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with site_of(tmp_path / "w", request.param) as made:
        yield made


@pytest.fixture
def frr(tmp_path: Path) -> Iterator[Site]:
    with site_of(tmp_path / "w", BY_PLATFORM["frr"]) as made:
        yield made


class Trips:
    """The round trips of the readings of the route back, and the logins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trips, self.logins, self._reading = 0, 0, False
        sends, reads, opens = Session.send_commands, way_in.read_way_in, connect.open_session

        def send(session: Session, commands: Sequence[str]) -> list[Reply]:
            self.trips += self._reading
            return sends(session, commands)

        def read(*given: Any) -> WayIn:
            self._reading = True
            try:
                return reads(*given)
            finally:
                self._reading = False

        def opened(*given: Any) -> Session:
            self.logins += 1
            return opens(*given)

        monkeypatch.setattr(Session, "send_commands", send)
        monkeypatch.setattr(f"{LiveDevice.__module__}.read_way_in", read)
        monkeypatch.setattr(f"{LiveDevice.__module__}.open_session", opened)


def test_a_route_that_has_moved_to_a_planned_port_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.move()
    seen = Trips(monkeypatch)
    done = site.apply()
    assert done.exit is Exit.REFUSED
    (result,) = done.results
    assert (result.outcome, result.refused) == ("untouched", True)
    assert site.case.line in in_english(result.why)
    assert f"changes the way in to {site.part.name}" in in_english(result.why)
    assert "read again before the first line" in in_english(result.why)
    assert "Make the plan again" in in_english(result.why)
    assert site.case.port in in_english(result.why)
    assert site.picture() == site.old
    assert (seen.trips, seen.logins) == (1, 1)
    steps = site.steps(done)
    assert not {"backup", "arm", "apply"} & set(steps)
    assert steps[-1] == "done"
    assert site.store.changes.locks() == ()
    with pytest.raises(RefusedError, match="changes the way in"):
        site.make_plan()


def test_a_route_that_stays_lets_the_change_through(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Trips(monkeypatch)
    done = site.apply()
    assert done.exit is Exit.OK, done
    assert seen.trips == site.case.trips
    assert site.status(done).risks == ()
    assert "way_in" not in site.steps(done)
    arm = last_of(site.store.changes.get(done.change).of(site.part.name), Arm)
    assert arm is not None
    assert "tatic" in arm.route_back


def test_a_rollback_on_the_way_in_is_a_risk(site: Site) -> None:
    assert site.apply().exit is Exit.OK
    site.move()
    done = site.apply(site.rollback())
    assert done.exit is Exit.OK, done
    assert site.picture() == site.old
    (risk,) = site.status(done).risks
    assert site.case.line in in_english(risk)
    assert site.case.port in in_english(risk)
    (step,) = [step for step in site.store.changes.get(done.change).of(site.part.name) if step.step == "way_in"]
    for lang in ("en", "vi"):
        assert site.case.line in describe_step(step).render(lang)


def test_a_dry_run_reads_the_route_too(site: Site) -> None:
    code, row = site.dry_run()
    checked = {"juniper_junos": (0, "commit"), "cisco_xe": (4, "unchecked")}
    assert (code, row["outcome"]) == checked.get(site.case.platform, (0, "lines")), row
    site.move()
    code, row = site.dry_run()
    assert (code, row["outcome"]) == (7, "rejected")
    assert f"changes the way in to {site.part.name}" in row["why"]
    assert site.picture() == site.old


def test_a_route_to_a_third_port_moves_nothing(frr: Site) -> None:
    frr.move("eth2")
    assert frr.apply().exit is Exit.OK


def test_an_answer_that_is_no_longer_understood_needs_a_new_yes(frr: Site) -> None:
    frr.lab.call(frr.machine.state.statics.clear)
    code, row = frr.dry_run()
    assert (code, row["outcome"]) == (7, "rejected")
    assert "could not be read" in row["why"]
    done = frr.apply()
    assert done.exit is Exit.REFUSED, done
    assert f"could not be read (the device shows no route to {STATION})" in in_english(frr.status(done).why)
    assert not {"arm", "apply"} & set(frr.steps(done))


def test_a_dry_run_of_a_rollback_names_the_risk(tmp_path: Path) -> None:
    with site_of(tmp_path / "w", BY_PLATFORM["cisco_xe"]) as site:
        assert site.apply().exit is Exit.OK
        site.move()
        site.plan = site.rollback()
        code, row = site.dry_run()
        assert (code, row["outcome"]) == (4, "unchecked")
        assert "`ip ospf cost 20` on the way in" in row["why"]


def test_a_risk_of_the_plan_is_not_repeated(tmp_path: Path) -> None:
    with site_of(tmp_path / "w", BY_PLATFORM["frr"], seen_from="") as frr:
        assert any("could not be read" in in_english(risk) for risk in frr.part.risks)
        done = frr.apply()
        assert done.exit is Exit.OK, done
        assert frr.status(done).risks == ()


def test_a_conditional_line_on_the_new_way_needs_a_new_yes(tmp_path: Path) -> None:
    case = replace(BY_PLATFORM["frr"], line="ip ospf bfd", back="no ip ospf bfd")
    with site_of(tmp_path / "w", case) as frr:
        assert not any("on the way in" in in_english(risk) for risk in frr.part.risks)
        frr.move()
        done = frr.apply()
        assert done.exit is Exit.REFUSED, done
        assert "a risk that the plan does not state: `ip ospf bfd` on the way in" in in_english(frr.status(done).why)


def test_the_result_of_a_way_back_on_the_terminal_has_the_risk(tmp_path: Path) -> None:
    case = replace(BY_PLATFORM["frr"], line="ip ospf bfd", back="no ip ospf bfd")
    with site_of(tmp_path / "w", case) as frr:
        assert frr.apply().exit is Exit.OK
        frr.move()
        frr.plan = frr.rollback()
        done = frr.cli("table", "--soak", "0s", "--settle", "1s")
        assert done.return_value == Exit.OK, done.output
        assert f"{frr.part.name}, its route back to this machine read again: `ip ospf bfd` on the way in" in done.stdout


def test_a_rehearsal_does_not_evaluate_the_routes_of_its_twin() -> None:
    assert not rehearsal_options(Options(by="an", host="noc-1")).way_in
