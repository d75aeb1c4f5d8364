"""A change of a real service host that is killed at any step ends in its old or its new state, to the byte."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventready.change.document import PlanFile, write_plan
from eventready.change.execute.device import service_host
from eventready.change.intents import playbook_fragment
from eventready.change.plan.make import make_plan
from eventready.core.messages import Message
from eventready.facts.equipment import Equipment
from tests import forked
from tests.change.intents import killed_process, real_host
from tests.change.intents.real_host import RealHost
from tests.change.intents.test_playbook import needs_ansible
from tests.conftest import Proved
from tests.proofs.size import WHOLE

pytestmark = [
    pytest.mark.xdist_group("real-session"),
    pytest.mark.skipif(bool(real_host.ABSENT), reason=real_host.ABSENT),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

UNTOUCHED, OLD, NEW = ("precheck", "read", "backup"), ("arm", "apply", "compare", "verify"), ("confirm", "verify_state")
#: Steps at which the process is killed, and the outcome that the record must then have.
CASES = {
    **dict.fromkeys(UNTOUCHED, "untouched"),
    **dict.fromkeys(OLD, "old"),
    **dict.fromkeys((*NEW, "save", "done"), "new"),
}


_EXECUTE = "import sys; from tests.change.intents.killed_process import main; main(*sys.argv[1:])"


class _Silent:
    def stage(self, name: str, total: int) -> None:
        """See ReadProgress."""

    def done(self, device: str, trouble: str | Message) -> None:
        """See ReadProgress."""


class Ground:
    """A running host, a plan for it, and its states before and after."""

    def __init__(self, running: RealHost, plan: Path) -> None:
        self.running, self.plan, self.old, self.new = running, plan, running.picture(), ""

    @classmethod
    def planned(cls, running: RealHost, place: Path) -> Ground:
        """Make the plan of the host's intent, by a real playbook."""
        workspace, by, clock = running.workspace, "an", killed_process.CLOCK
        plan = make_plan(workspace, Equipment.of(workspace), ("backup",), clock=clock, by=by, progress=_Silent())
        write_plan(place, PlanFile(plan=plan))
        return cls(running, place)

    def order(self, do: str, store: Path, place: str = "", how: str = "fake") -> tuple[int, str, str]:
        """Execute in a process of its own: exit status, outcome, reason."""
        done = forked.run_script(
            _EXECUTE, self.running.folder, store, self.running.host.name, str(self.running.host._first_process), do,
            self.plan, place, how, timeout_s=200,
        )  # fmt: skip
        assert done.returncode in (0, -9), done.stderr
        found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"outcome": "", "why": ""}
        return done.returncode, found["outcome"], found["why"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("service-host")
    with real_host.real_host(folder / "workspace") as running, pytest.MonkeyPatch.context() as patch:
        fake = real_host.fake_playbook(running.host)
        patch.setattr(playbook_fragment, "run_playbook", fake)
        patch.setattr(service_host, "run_playbook", fake)
        workspace = running.workspace
        plan = make_plan(
            workspace, Equipment.of(workspace), ("backup",), clock=killed_process.CLOCK, by="an", progress=_Silent()
        )
        write_plan(folder / "plan.json", PlanFile(plan=plan))
        patch.undo()
        made = Ground(running, folder / "plan.json")
        assert made.order("apply", folder / "first.db") == (0, "new", "")
        made.new = running.picture()
        assert "least_conn" in made.new != made.old
        assert made.order("rollback", folder / "first.db") == (0, "new", "")
        assert running.picture() == made.old
        yield made


SOME = CASES if WHOLE else ("apply", "confirm")


@pytest.mark.parametrize("step", SOME)
def test_killed_at_any_step_it_ends_old_or_new(ground: Ground, tmp_path: Path, step: str, proved: Proved) -> None:
    assert ground.order("apply", tmp_path / "e.db", step)[0] == -9
    _, outcome, why = ground.order("resume", tmp_path / "e.db")
    assert outcome == CASES[step], why
    assert ground.running.picture() == (ground.new if outcome == "new" else ground.old)
    if outcome == "new":
        _, outcome, why = ground.order("rollback", tmp_path / "e.db")
        assert outcome == "new", why
        assert ground.running.picture() == ground.old
    proved("fault", "dead_man linux", f"kill at {step}", outcome)


def test_killed_without_a_resume_the_host_restores_itself(ground: Ground, tmp_path: Path, proved: Proved) -> None:
    assert ground.order("apply", tmp_path / "e.db", "compare", "short")[0] == -9
    until(lambda: ground.running.picture() == ground.old, 60)
    _, outcome, why = ground.order("resume", tmp_path / "e.db")
    assert outcome == "old", why
    assert ground.running.picture() == ground.old
    proved("fault", "dead_man linux", "the guard fires", outcome)


def test_a_failed_task_is_reverted_at_once(ground: Ground, tmp_path: Path, proved: Proved) -> None:
    part = "time"
    status, outcome, why = ground.order("apply", tmp_path / "e.db", f"broken {part}")
    assert (status, outcome) == (0, "old")
    assert f"{part}: broken on purpose" in why
    assert ground.running.picture() == ground.old
    proved("fault", "dead_man linux", f"task {part} fails", outcome)


@needs_ansible
@pytest.mark.skipif(not WHOLE, reason="runs of Ansible: make proofs")
def test_killed_in_the_middle_of_its_playbook_it_ends_old(ground: Ground, tmp_path: Path, proved: Proved) -> None:
    """The Ansible that outlives eventready writes nothing more once the change is reverted."""
    real = Ground.planned(ground.running, tmp_path / "plan.json")
    assert real.order("apply", tmp_path / "e.db", "after 2", "real")[0] == -9
    assert ground.running.picture() != ground.old
    _, outcome, why = real.order("resume", tmp_path / "e.db", how="real")
    assert outcome == "old", why
    time.sleep(10)
    assert ground.running.picture() == ground.old
    proved("fault", "dead_man linux", "kill in the playbook", outcome)


def test_a_host_that_was_changed_since_is_refused(ground: Ground, tmp_path: Path) -> None:
    ground.running.shell("cp /etc/dnsmasq.d/event.conf /root/kept; echo '# by hand' >> /etc/dnsmasq.d/event.conf")
    try:
        _, outcome, why = ground.order("apply", tmp_path / "e.db")
    finally:
        ground.running.shell("cp /root/kept /etc/dnsmasq.d/event.conf")
    assert outcome == "untouched"
    assert "is not the planned one" in why
    assert ground.running.picture() == ground.old


def test_a_daemon_that_does_not_take_its_file_is_started_again_with_the_old_one(
    ground: Ground, tmp_path: Path, proved: Proved
) -> None:
    """The daemon ends between the playbook and the comparison: its state is a part of the old state."""
    assert ground.order("apply", tmp_path / "e.db", "compare")[0] == -9
    ground.running.shell("kill $(pidof dnsmasq)")
    _, outcome, why = ground.order("resume", tmp_path / "e.db")
    assert outcome == "old", why
    assert ground.running.picture() == ground.old
    proved("fault", "dead_man linux", "a daemon ends", outcome)


def test_a_daemon_starts_again_while_the_kernel_still_holds_its_addresses(ground: Ground) -> None:
    hold = "import socket,time; s=socket.socket(type=socket.SOCK_DGRAM); s.bind(('127.0.0.1',53)); time.sleep(1.8)"
    ground.running.shell(
        "kill $(pidof dnsmasq); while pidof dnsmasq; do sleep 0.1; done; f=/etc/dnsmasq.d/event.conf; "
        f'python3 -c "{hold}" >/dev/null 2>&1 & sleep 0.5; '
        "sh /var/lib/eventready/host_files put dnsmasq:$f running $(stat -c '%a %U %G' $f) $(sha256sum <$f | cut -c-64)"
    )
    assert ground.running.picture() == ground.old


def until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the host did not restore itself"
        time.sleep(1)
