"""The way in of a real FRR is read again before the first line: zebra moves the route back between plan and apply."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import yaml

from eventready.change.document import Plan, PlanFile
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.result import ApplyResult
from eventready.change.plan.make import make_plan
from eventready.core.errors import Exit
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.session.target import Target
from eventready.session.trust import fetch_key
from eventready.store.change_steps import Arm, Confirm
from eventready.store.changes import last_of
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.control.workspace_copy import DeviceAccess, write_workspace_copy
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.view import STATION
from tests.change.execute.test_way_in_moved import CLOCK, QUICK, Silent
from tests.session import real
from tests.shared import example

pytestmark = real.frr_timer_marks()

NETWORK = "evrtest1"
LINES = {"interface way-b": {"ip ospf cost 20": None, "no ip ospf cost": None}, "ip route {prefix} blackhole": None}
MANY = "".join(f"ip route 198.51.100.{number}/32 blackhole\n" for number in range(60))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A router with two uplinks; the route back to the station is static, by the first."""
    folder = tmp_path_factory.mktemp("frr")
    with real.frr(folder, NETWORK) as router:
        real.call("chmod", "-R", "a+rwX", f"/etc/frr/{NETWORK}")  # `write memory` of the login
        for port, address in (("way-a", "10.77.1.2/24"), ("way-b", "10.77.2.2/24")):
            real.call("ip", "-n", NETWORK, "link", "add", port, "type", "veth", "peer", "name", f"{port}-far")
            real.call("ip", "-n", NETWORK, "addr", "add", address, "dev", port)
            for end in (port, f"{port}-far"):
                real.call("ip", "-n", NETWORK, "link", "set", end, "up")
        real.call("vtysh", "-N", NETWORK, "-c", "configure", "-c", "ip route 0.0.0.0/0 10.77.1.1")
        key = fetch_key(Target("frr-1", "127.0.0.1", router.port))
        expect = Expect.model_validate({"default_routes": 1})
        device = Device(
            "frr-1", "router", "frr", "127.0.0.1", venues=("van-hoa",), expect=expect, intents={"backup": {}}
        )
        login = DeviceAccess(
            router.port,
            Credentials(real.USER, real.PASSWORD),
            key.text,
            Credentials(real.SHELL_USER, real.SHELL_PASSWORD),
        )
        copy = folder / "w"
        write_workspace_copy(example(), {device: login}, {}, copy, {"frr-1": {"access": {"seen_from": STATION}}})
        addition = {"platform": "frr", "lines": LINES, "by": "An", "reason": "a test"}
        (copy / "inventory" / "writable.yaml").write_text(yaml.safe_dump({"additions": [addition]}))
        (copy / "templates" / "backup" / "frr.j2").write_text("interface way-b\n ip ospf cost 20\n")
        yield load_workspace(copy)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    with Store(workspace.path / ".eventready" / "eventready.db") as store:
        yield store


def move(word: str) -> None:
    """A more specific route to the station by the other uplink."""
    real.call("ip", "-n", NETWORK, "route", word, f"{STATION}/32", "via", "10.77.2.1")


def apply(workspace: Workspace, store: Store, plan: Plan) -> ApplyResult:
    options = Options(by="an", host="noc-1", timing=QUICK, settle_s=1, soak_s=0, partners=0)
    return apply_plan(ExecutionContext(workspace, store, CLOCK, options, Silent()), PlanFile(plan=plan))


def test_a_route_that_has_moved_is_refused_and_one_that_is_back_is_not(workspace: Workspace, store: Store) -> None:
    plan = make_plan(
        workspace,
        Equipment.of(workspace).only([workspace.device("frr-1")]),
        ("backup",),
        clock=CLOCK,
        by="an",
        progress=Silent(),
    )
    move("add")
    done = apply(workspace, store, plan)
    assert done.exit is Exit.REFUSED, done.results[0].why
    why = done.results[0].why
    assert "`ip ospf cost 20` in `interface way-b` changes the way in to frr-1" in in_english(why)
    assert "kernel, 10.77.2.1 (way-b)" in in_english(why)

    move("del")
    done = apply(workspace, store, plan)
    steps = store.changes.get(done.change).of("frr-1")
    arm = last_of(steps, Arm)
    assert arm is not None
    assert arm.route_back == "static, 10.77.1.1 (way-a)"
    assert last_of(steps, Confirm) is not None


def test_lines_that_frr_loses_beside_another_vtysh_are_sent_again(workspace: Workspace, store: Store) -> None:
    """With FRR 10.3 a vtysh that ends beside the change has mgmtd lose lines that it has accepted, in most rounds."""
    (workspace.path / "templates" / "backup" / "frr.j2").write_text(MANY)
    again = load_workspace(workspace.path)
    plan = make_plan(
        again,
        Equipment.of(again).only([workspace.device("frr-1")]),
        ("backup",),
        clock=CLOCK,
        by="an",
        progress=Silent(),
    )
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.05):
            real.call("vtysh", "-N", NETWORK, "-c", "show ip route")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = apply(workspace, store, plan)
    finally:
        over.set()
        reader.join()
    assert done.exit is Exit.OK, done.results[0].why
