"""Drills in production on devices of the embedded lab: refusals, failure under guard, kill -9 at every step."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eventready.change.document import PlanFile, PlannedDrill, load_plan, parse_plan, write_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.plan.make import make_drill_plan
from eventready.change.safety.approval import approve
from eventready.cli.context import App
from eventready.cli.declare.change import drill as drill_command
from eventready.core.clock import Clock
from eventready.core.errors import Exit, RefusedError, UsageError
from eventready.drill.preparation import drills_of
from eventready.drill.production import ProductionTarget, plan_failure, refuse_production
from eventready.drill.record import drill_runs
from eventready.drill.spec import Drill, Probe
from eventready.facts.equipment import Equipment
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey, make_key
from eventready.workspace.permission import allow
from eventready.workspace.workspace import load_workspace
from tests import forked
from tests.change.lab_trial import Ground, Guarded, ground_of
from tests.conftest import Proved
from tests.drill.production_process import CLOCK, DrillProcess
from tests.proofs.size import WHOLE

pytestmark = [pytest.mark.slow, pytest.mark.lab]

_SECRET = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEY = PrivateKey(PublicKey("", _SECRET.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), _SECRET)
#: Devices by guard, with the lines of a failure.
DEVICES = {
    "revert_timer": ("edge-vh-2", ["interface TenGigabitEthernet0/0/0", " shutdown"]),
    "dead_man": ("edge-dt-2", ["interface eth1", " shutdown"]),
    "commit_trial": ("agg-2", ["interface XGigabitEthernet0/0/1", " shutdown"]),
    "inverse": ("edge-hn-2", ["interface XGigabitEthernet0/0/1", " shutdown"]),
}


def definition(device: str, lines: list[str], **more: Any) -> dict[str, Any]:
    return {
        "title": {"en": "Loss of an uplink", "vi": "Mất đường lên"}, "why": {"en": "A cut fibre", "vi": "Đứt cáp"},
        "break": [{"device": device, "fault": "link-down", "lines": lines}],
        "probes": [{"kind": "tcp", "name": "flow", "target": "internet", "outage_ms": 300}],
        "predicted_by": ["backup_route"], "observe_s": 1, "settle_s": 0, **more,
    }  # fmt: skip


@contextmanager
def ground(kind: str, folder: Path) -> Iterator[Ground]:
    """A device with that guard, in a workspace with a drill, a drill window and an approver."""
    device, lines = DEVICES[kind]

    def prepare(place: Path) -> None:
        inventory = place / "inventory"
        event = yaml.safe_load((inventory / "event.yaml").read_text(encoding="utf-8"))
        event["windows"].append({"kind": "drill", "from": "2022-04-20 06:00", "to": "2022-04-20 08:00"})
        approvers = [{"name": "Trần Thị Bình", "signs_with": KEY.public.id}]
        event["changes"] = {"approvers": approvers, "owns": event["changes"]["owns"]}
        (inventory / "event.yaml").write_text(yaml.safe_dump(event, allow_unicode=True), encoding="utf-8")
        drills = inventory / "drills"
        drills.mkdir(exist_ok=True)
        for old in drills.glob("*.yaml"):
            old.unlink()
        (inventory / "duties.yaml").unlink(missing_ok=True)  # its clauses name drills of the example
        (drills / "uplink.yaml").write_text(yaml.safe_dump(definition(device, lines)), encoding="utf-8")

    with ground_of(Guarded(kind, device, kind, ("neighbour-lost", {})), folder, prepare) as made:
        yield made


@pytest.fixture(scope="module")
def cisco(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground("revert_timer", tmp_path_factory.mktemp("cisco") / "workspace") as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


def drill_of(made: Ground) -> Drill:
    return drills_of(load_workspace(made.folder))["uplink"]


def planned(made: Ground) -> PlanFile:
    """The plan of the failure, approved by a second person."""
    plan = plan_failure(made.workspace, drill_of(made), clock=CLOCK, by="an")
    return approve(PlanFile(plan=plan), made.workspace.event.changes, KEY, CLOCK.real())


@pytest.fixture(scope="module")
def process() -> Iterator[DrillProcess]:
    with DrillProcess() as begun:
        yield begun


@pytest.mark.parametrize("kind", ["revert_timer", "dead_man", "commit_trial"])
def test_the_failure_is_made_under_the_guard_and_repaired(
    process: DrillProcess, kind: str, tmp_path: Path, proved: Proved
) -> None:
    with ground(kind, tmp_path / "workspace") as made:
        plan = tmp_path / "uplink.plan"
        write_plan(plan, planned(made))
        seen: list[str] = []
        order = partial(process.order, made.folder, plan, tmp_path / "store.db", "none")
        assert _watched(made, order, seen) == (0, "passed")
        assert made.picture() == made.old
        assert any(picture != made.old for picture in seen)
        made.advance_clock(3600)  # no guard is left armed
        assert made.picture() == made.old
        with Store(tmp_path / "store.db") as store:
            (entry,) = store.changes.entries()
            assert set(entry.outcomes.values()) == {"old"}
            assert "confirm" not in {step.step for step in store.changes.get(entry.id).steps}
        proved("drill in production", kind)


def _watched(made: Ground, work: Callable[[], Any], seen: list[str]) -> Any:
    """The result of `work`, with pictures of the device taken meanwhile."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.append(made.picture())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        return work()
    finally:
        over.set()
        thread.join()


#: On record, in their order. `make test` has those around the failure.
STEPS = ("prechecked", "failing", "precheck", "backup", "arm", "apply", "compare", "verify", "repairing", "revert",
         "done", "repaired", "measured")  # fmt: skip


@pytest.mark.parametrize("step", STEPS if WHOLE else ("failing", "apply", "repairing", "measured"))
def test_killed_at_a_step_everything_is_repaired_by_resume(
    process: DrillProcess, cisco: Ground, tmp_path: Path, proved: Proved, step: str
) -> None:
    plan, place = tmp_path / "uplink.plan", tmp_path / "store.db"
    write_plan(plan, planned(cisco))
    assert process.order(cisco.folder, plan, place, step) == (-9, "")
    assert process.order(cisco.folder, plan, place, "resume") == (0, "interrupted")
    assert cisco.picture() == cisco.old
    with Store(place) as store:
        (run,) = drill_runs(store)
        assert run.finished
        assert all(entry.ended for entry in store.changes.entries())
    proved("drill in production killed", step)


def test_killed_while_the_failure_stands_the_guard_repairs_it_alone(
    process: DrillProcess, cisco: Ground, tmp_path: Path
) -> None:
    plan, place = tmp_path / "uplink.plan", tmp_path / "store.db"
    write_plan(plan, planned(cisco))
    assert process.order(cisco.folder, plan, place, "verify") == (-9, "")
    assert cisco.picture() != cisco.old
    cisco.advance_clock(3600)
    assert cisco.picture() == cisco.old
    assert process.order(cisco.folder, plan, place, "resume") == (0, "interrupted")


def test_a_device_without_a_guard_of_its_own_is_refused(tmp_path: Path) -> None:
    with ground("inverse", tmp_path / "workspace") as made, pytest.raises(RefusedError, match="has no guard that"):
        plan_failure(made.workspace, drill_of(made), clock=CLOCK, by="an")


def test_refused_without_approval_window_or_the_plan_of_this_drill(cisco: Ground, store: Store) -> None:
    file, drill, workspace = planned(cisco), drill_of(cisco), cisco.workspace

    def refused(sentence: str, plan: PlanFile = file, what: Drill = drill, clock: Clock = CLOCK) -> None:
        with pytest.raises(RefusedError, match=sentence):
            refuse_production(workspace, what, plan, store, clock)

    refuse_production(workspace, drill, file, store, CLOCK)
    drills = workspace.event.windows_at(CLOCK.now(), "drill")
    here, elsewhere = (
        replace(
            workspace,
            event=workspace.event.model_copy(
                update={"windows": tuple(one.model_copy(update={"venues": (venue,)}) for one in drills)}
            ),
        )
        for venue in ("van-hoa", "hoi-nghi")
    )
    refuse_production(here, drill, file, store, CLOCK)
    with pytest.raises(RefusedError, match="window"):
        refuse_production(elsewhere, drill, file, store, CLOCK)
    refused("needs 1 approval beside its planner an", PlanFile(plan=file.plan))
    refused("no drill window of event.yaml is open", clock=Clock.starting("2022-04-20 07:58"))
    refused("changes are closed", clock=Clock.starting("2022-04-27 07:00"))
    with pytest.raises(RefusedError) as frozen:
        refuse_production(workspace, drill, file, store, Clock.starting("2022-04-27 07:00"))
    assert "--emergency" not in str(frozen.value), "a drill has none"
    refused("was altered after the plan", what=drill.model_copy(update={"observe_s": 2.0}))
    refused("is not of the drill other", what=drill.model_copy(update={"name": "other"}))
    refused("is not of the drill uplink", PlanFile(plan=cisco.plan))


def test_the_plan_of_a_drill_is_not_applied_as_a_change(cisco: Ground, store: Store) -> None:
    with pytest.raises(RefusedError, match="makes the failure of the drill uplink"):
        apply_plan(ExecutionContext(cisco.workspace, store, CLOCK, Options("an", "noc-1"), _Quiet()), planned(cisco))
    assert cisco.picture() == cisco.old


def test_a_plan_of_a_drill_survives_its_file_and_earlier_plans_keep_their_hash(cisco: Ground) -> None:
    file = planned(cisco)
    assert parse_plan(file.document) == file
    assert cisco.plan.drill is None
    assert parse_plan(PlanFile(plan=cisco.plan).document).plan == cisco.plan


def test_what_cannot_be_broken_in_production_is_refused(cisco: Ground) -> None:
    device, lines = DEVICES["revert_timer"]
    for change, sentence in (
        ({"break": [{"device": device, "fault": "link-down"}]}, "has no configuration lines"),
        ({"break": [{"device": one, "fault": "x", "lines": lines} for one in (device, "core-1")]}, "breaks 2 devices"),
    ):
        drill = Drill.model_validate(definition(device, lines, **change)).model_copy(update={"name": "x"})
        with pytest.raises(RefusedError, match=sentence):
            plan_failure(cisco.workspace, drill, clock=CLOCK, by="an")


def test_a_failure_longer_than_the_guard_is_refused(cisco: Ground) -> None:
    drill = PlannedDrill(name="uplink", definition="0" * 64, observe_s=7200)
    device, lines = DEVICES["revert_timer"]
    with pytest.raises(RefusedError, match="no guard that repairs it without eventready within 7,300 s"):
        make_drill_plan(
            cisco.workspace,
            Equipment.of(cisco.workspace),
            device,
            "\n".join(lines),
            drill,
            clock=CLOCK,
            by="an",
            seconds=7300,
        )


def test_a_probe_without_an_address_is_refused(cisco: Ground, store: Store) -> None:
    target = ProductionTarget(cisco.workspace, drill_of(cisco), "p-1", store, CLOCK, "an", "noc-1")
    probe = Probe(kind="http", name="portal", target="portal", outage_ms=1)
    with pytest.raises(UsageError, match="has no address for production"):
        target.stream(probe)
    given = target.stream(probe.model_copy(update={"host": "192.0.2.9", "port": 8080, "query": "/health"}))
    assert (given.host, given.port, given.argument) == ("192.0.2.9", 8080, "/health")


class _Listener(socketserver.ThreadingTCPServer):
    #: Connections that the kernel completes while this process is busy: a full queue is an outage of one second.
    request_queue_size = 4096


def test_the_command_line_plans_and_runs_an_approved_drill(cisco: Ground, tmp_path: Path) -> None:
    device, lines = DEVICES["revert_timer"]
    plan = tmp_path / "uplink.plan"

    def command(*words: str, expect: int = 0) -> str:
        done = forked.run_text("-w", cisco.folder, "--now", "2022-04-20 07:00", *words)
        assert done.returncode == expect, done.stderr
        return done.stdout + done.stderr

    with _Listener(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        probe = {"kind": "tcp", "name": "flow", "target": "internet", "host": "127.0.0.1",
                 "port": server.server_address[1], "outage_ms": 900}  # fmt: skip
        drill = cisco.folder / "inventory" / "drills" / "flow.yaml"
        drill.write_text(yaml.safe_dump(definition(device, lines, probes=[probe])), encoding="utf-8")
        command("trust", "content", "--yes")
        assert "Give your name with --by." in command("drill", "plan", "flow", "--out", str(plan), expect=2)
        made = command("drill", "plan", "flow", "--out", str(plan), "--by", "an")
        assert "> shutdown" in made
        assert "`shutdown` on the way in" in made, "a risk of a drill, and no refusal"
        assert "needs 1 approval" in command("drill", "run", "flow", "--production", str(plan), expect=7)
        write_plan(plan, approve(load_plan(plan), cisco.workspace.event.changes, KEY, CLOCK.real()))
        assert "flow: passed (rehearsal)" in command("drill", "run", "flow", "--production", str(plan))
        assert "was executed already" in command("drill", "run", "flow", "--production", str(plan), expect=7)
        server.shutdown()
        drill.unlink()
    assert cisco.picture() == cisco.old


def _app(folder: Path) -> App:
    app = App(workspace_path=folder, output="json")
    app.clock = CLOCK
    return app


def test_planners_and_appliers_prove_themselves_by_key(cisco: Ground, tmp_path: Path) -> None:
    keys = {name: tmp_path / f"{name}.pem" for name in ("An", "Cúc", "Eve")}
    ids = {name: make_key(path, name).id for name, path in keys.items()}
    event = cisco.folder / "inventory" / "event.yaml"
    before = event.read_text(encoding="utf-8")
    settings = yaml.safe_load(before)
    settings["changes"]["planners"] = [{"name": "An", "signs_with": ids["An"]}]
    settings["changes"]["appliers"] = [{"name": "Cúc", "signs_with": ids["Cúc"]}]
    plan = tmp_path / "uplink.plan"

    def drill(*words: str) -> Any:
        done = CliRunner().invoke(drill_command, words, obj=_app(cisco.folder), standalone_mode=False)
        return done.return_value if done.exception is None else done.exception

    def plan_by(*words: str) -> Any:
        return drill("plan", "flow", "--out", str(plan), *words)

    def run_by(*words: str) -> Any:
        return drill("run", "flow", "--production", str(plan), *words)

    with _Listener(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        probe = {"kind": "tcp", "name": "flow", "target": "internet", "host": "127.0.0.1",
                 "port": server.server_address[1], "outage_ms": 900}  # fmt: skip
        flow = cisco.folder / "inventory" / "drills" / "flow.yaml"
        flow.write_text(yaml.safe_dump(definition(*DEVICES["revert_timer"], probes=[probe])), encoding="utf-8")
        event.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        allow(cisco.folder)
        try:
            assert "you have no signing key" in str(plan_by("--by", "An"))
            outsider = plan_by("--key", str(keys["Eve"]), "--by", "An")
            assert isinstance(outsider, RefusedError)
            assert "the key is not of the planner An" in str(outsider)
            assert not plan.exists()
            assert plan_by("--key", str(keys["An"])) is None
            file = load_plan(plan)
            assert file.plan.by == "An", "the name is that of the key"
            changes = load_workspace(cisco.folder).event.changes
            approved = approve(file, changes, KEY, CLOCK.real())
            write_plan(plan, PlanFile(plan=file.plan, approvals=approved.approvals))
            assert "no valid signature of its planner An" in str(run_by("--key", str(keys["Cúc"])))
            write_plan(plan, approved)
            assert "you have no signing key" in str(run_by("--by", "Cúc"))
            assert isinstance(run_by("--key", str(keys["An"])), RefusedError), "a planner is no applier"
            with Store.of_workspace(cisco.folder) as store:
                begun = {entry.id for entry in store.changes.entries()}
            assert run_by("--key", str(keys["Cúc"])) in set(Exit) - {Exit.REFUSED}, "admitted, whatever was measured"
            with Store.of_workspace(cisco.folder) as store:
                (made,) = (entry for entry in store.changes.entries() if entry.id not in begun)
                assert made.header.applied
                assert made.header.applied.by == "Cúc"
        finally:
            server.shutdown()
            flow.unlink()
            event.write_text(before, encoding="utf-8")
            allow(cisco.folder)
    assert cisco.picture() == cisco.old


class _Quiet:
    def waits(self, *_: object) -> None: ...
    def begun(self, change: str, devices: int) -> None: ...
    def wave(self, number: int, of: int, devices: Any) -> None: ...
    def step(self, device: str, step: str) -> None: ...
    def done(self, result: Any) -> None: ...
