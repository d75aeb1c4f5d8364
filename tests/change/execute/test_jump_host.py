"""A jump host that dies during an apply: the device ends in its old or its new state, and the record has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventready.session.ssh.jump_hosts import jump_hosts
from tests.change.engineer_process import SECONDS, Engineer
from tests.change.execute.test_faults import GUARDED, ended, is_so
from tests.change.lab_trial import STEPS, Case, Ground, Trial, ground_of
from tests.session.openssh import OpenSsh, Server, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.xdist_group("openssh"),
]


class JumpHostTrial(Trial):
    """The jump host dies as the step begins."""

    def __init__(self, server: Server, step: str, *given: Any) -> None:
        super().__init__(*given)
        self._server, self._step = server, step

    def _at(self, step: str) -> str:
        if step == self._step and not self.happened:
            self._server.stop()
            self.happened = True
        return "go"


@pytest.fixture(scope="module")
def engineer() -> Iterator[Engineer]:
    with Engineer() as one:
        yield one


@pytest.fixture
def openssh(tmp_path: Path) -> Iterator[OpenSsh]:
    running = OpenSsh(tmp_path)
    yield running
    jump_hosts.close()
    running.stop()


def behind(openssh: OpenSsh, server: Server, folder: Path) -> None:
    """Put all devices of the workspace behind the jump host."""
    inventory = folder / "inventory"
    with (inventory / "defaults.yaml").open("a", encoding="utf-8") as file:
        file.write("data: {access: {jump_host: bastion-1}}\n")
    (inventory / "jump_hosts.yaml").write_text(
        f"bastion-1: {{hostname: 127.0.0.1, port: {server.port}, username: {openssh.user},\n"
        f"  connect_timeout_s: 4, access: {{identity_files: [{openssh.key}]}}}}\n"
    )
    with (folder / "known_hosts").open("a", encoding="utf-8") as file:
        file.write(f"[127.0.0.1]:{server.port} {server.host_key.text}\n")


@pytest.mark.parametrize("step", ["apply", "verify", "confirm"])
@pytest.mark.parametrize("name", ["revert_timer cisco_xe", "inverse cisco_xe"])
def test_jump_host_dies(openssh: OpenSsh, engineer: Engineer, tmp_path: Path, name: str, step: str) -> None:
    server, guarded = openssh.server(), GUARDED[name]
    with ground_of(guarded, tmp_path / "lab", lambda folder: behind(openssh, server, folder)) as ground:
        ground.new = new_state(ground, engineer, name, tmp_path)
        trial = JumpHostTrial(server, step, ground, guarded, engineer, Case(name, step, "lost"), tmp_path / "e.db")
        trial.apply()
        assert trial.happened
        server.start()
        ground.advance_clock(2 * SECONDS)
        trial.skew += 2 * SECONDS
        outcome = ended(trial, ground)
        assert outcome in ({"old"} if step == "apply" else {"old", "new"})
        is_so(ground, outcome)
        ground.advance_clock(10 * SECONDS)
        is_so(ground, outcome)


def new_state(ground: Ground, engineer: Engineer, name: str, folder: Path) -> str:
    """The configuration after the change, by applying it through the jump host and taking it back."""
    trial = Trial(ground, GUARDED[name], engineer, Case(name, "", ""), folder / "first.db")
    applied = trial.apply()
    assert applied.steps == STEPS, applied
    new = ground.picture()
    assert trial.rollback().ended["outcome"] == "new"
    assert ground.picture() == ground.old != new
    return new
