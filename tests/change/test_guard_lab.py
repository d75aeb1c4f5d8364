"""Guards over real sessions on the simulated devices of every platform: confirmed, sent back, fired, refused, lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from eventready.change.configuration import Configuration, commands_to_read, read_configuration
from eventready.change.delta import merge, same, way
from eventready.change.fragment import Fragment, join, parse_fragment
from eventready.change.guard import Guard, change_spec, choose_guard
from eventready.change.intent import INTENTS, wanted_of
from eventready.clock import Clock
from eventready.errors import RefusedError
from eventready.facts.platform import Platform, load_platform
from eventready.lab.machine import Credentials
from eventready.lab.process import machines_of
from eventready.lab.real.plan import air_of, devices
from eventready.lab.thread import LabThread
from eventready.platforms.model import ChangeSpec
from eventready.session.connect import Session, open_session
from eventready.session.login_shell import open_shell
from eventready.session.reply import Ended
from eventready.session.target import Secret, Target
from eventready.workspace.device import Device
from eventready.workspace.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace

KNOWN = Credentials("netops", "Pl4nted-l4b")
SECONDS = 600


@cache
def example() -> Workspace:
    return load_workspace(example_home())


@cache
def chosen() -> dict[str, Device]:
    """A device of each platform that takes part in an intent; the hotspot is the real province's."""
    event = example().event
    found: dict[str, Device] = {}
    for device in (*example().devices, *devices(event, air=air_of(event))):
        if any(intent in device.intents for intent in INTENTS):
            found.setdefault(device.platform, device)
    return found


PLATFORMS = sorted(chosen())


@dataclass
class Bench:
    """One simulated device with a session, and what is to be done to it."""

    lab: LabThread
    device: Device
    platform: Platform
    target: Target
    stack: ExitStack
    fragment: Fragment

    def open(self, guard: str = "", *, armed: bool = False) -> None:
        """Another session, with another guard."""
        self.session = self.stack.enter_context(open_session(self.target, self.platform))
        self.shell: Session | None = None
        if self.target.has_shell:
            self.shell = self.stack.enter_context(open_shell(self.target))
        running = self.read()
        spec = choose_guard(
            self.platform, running, lambda command: self.session.ask([command])[0].text, has_shell=bool(self.shell)
        )
        self.guard = self.guard_of(guard or "c-one", armed=armed, spec_of=spec.kind)
        self.kind = spec.kind

    def guard_of(self, name: str, *, spec_of: str = "", armed: bool = False) -> Guard:
        kind = spec_of or self.kind
        spec = next(one for one in self.spec.guards if one.kind == kind)
        return Guard(spec, self.spec, self.session, self.shell, name, SECONDS, armed=armed)

    @property
    def spec(self) -> ChangeSpec:
        return change_spec(self.platform)

    def read(self) -> Configuration:
        answers = {}
        for reply in self.session.ask(commands_to_read(self.spec, self.fragment)):
            assert reply.ended is Ended.ANSWERED, reply
            answers[reply.command] = reply.text
        return read_configuration(self.spec, answers, device=self.device.name)

    def pass_time(self, seconds: float) -> None:
        machine = self.lab.lab.machines[self.device.name]
        self.lab.within(lambda: machine.pass_time(seconds))


@pytest.fixture(params=PLATFORMS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    device = chosen()[request.param]
    platform = load_platform(device.platform)
    spec = change_spec(platform)
    wanted = [wanted_of(example(), device, intent) for intent in INTENTS if intent in device.intents]
    fragment = join(spec, [parse_fragment(spec, one.text, one.origin) for one in wanted])
    with ExitStack() as stack:
        (machine,) = machines_of([device], KNOWN, Clock())
        lab = stack.enter_context(LabThread([machine]))
        host, port = lab.address(device.name)
        known = tmp_path / "known_hosts"
        known.write_text(f"[{host}]:{port} {lab.lab.host_key(device.name)}\n")
        shell = machine.host
        target = Target(
            name=device.name, host=host, port=port, username=KNOWN.username, password=Secret(KNOWN.password),
            element=device.element, known_hosts=known, allow_cleartext=True, attempts=1,
            shell_username=shell.username if shell else "",
            shell_password=Secret(shell.password if shell else ""),
        )  # fmt: skip
        made = Bench(lab, device, platform, target, stack, fragment)
        made.open()
        yield made


def forward_of(bench: Bench, running: Configuration) -> tuple[str, ...]:
    lines = way(bench.spec, running.tree, merge(bench.spec, running.tree, bench.fragment))
    assert lines, "the example's device complies already: nothing is proven"
    return lines


def last_of(lines: tuple[str, ...]) -> str:
    """The pattern of the last line that says something."""
    return re.escape(next(line for line in reversed(lines) if line not in ("exit", "quit")).rstrip(";"))


def test_confirmed_it_stays_and_the_way_back_is_the_very_text(bench: Bench) -> None:
    before = bench.read()
    forward = forward_of(bench, before)
    assert bench.guard.arm().ok
    applied = bench.guard.apply(forward)
    assert applied.ok, applied
    assert applied.taken == len(forward)
    after = bench.read()
    assert same(bench.spec, after.tree, merge(bench.spec, before.tree, bench.fragment))
    if bench.guard.by_itself:
        pending = bench.guard.pending()
        assert pending is not None
        assert pending.mine
    assert bench.guard.confirm().ok
    assert bench.guard.pending() is None
    bench.pass_time(SECONDS * 2)
    assert bench.read().text == after.text
    saved = bench.guard.save()
    assert saved.ok, saved

    back = bench.guard_of("c-back")
    assert back.arm().ok
    assert back.apply(way(bench.spec, after.tree, before.tree)).ok
    assert back.confirm().ok
    assert bench.read().text == before.text


def test_nobody_confirms_and_the_device_goes_back_by_itself(bench: Bench) -> None:
    if not bench.guard.by_itself:
        pytest.skip("its guard is the inverse")
    before = bench.read()
    assert bench.guard.arm().ok
    assert bench.guard.apply(forward_of(bench, before)).ok
    assert bench.read().text != before.text
    bench.pass_time(SECONDS - 30)
    assert bench.read().text != before.text
    bench.pass_time(31)
    assert bench.read().text == before.text
    assert bench.guard.pending() is None
    assert not bench.guard.confirm().ok


def test_it_goes_back_at_once_when_told(bench: Bench) -> None:
    if not bench.guard.by_itself:
        pytest.skip("its guard is the inverse")
    before = bench.read()
    assert bench.guard.arm().ok
    assert bench.guard.apply(forward_of(bench, before)).ok
    assert bench.guard.revert().ok
    assert bench.read().text == before.text
    assert bench.guard.pending() is None


def test_a_refused_line_is_told_and_leaves_a_way_back(bench: Bench) -> None:
    before = bench.read()
    forward = forward_of(bench, before)
    bench.lab.make(bench.device.name, "refuse-line", {"pattern": last_of(forward)})
    assert bench.guard.arm().ok
    applied = bench.guard.apply(forward)
    bench.lab.clear(bench.device.name, "refuse-line", {})
    assert not applied.ok
    assert applied.refused is not None
    assert applied.ended is Ended.REFUSED
    assert applied.refused.words
    reverted = bench.guard.revert()
    assert reverted.ok, reverted
    if not bench.guard.by_itself:
        lines = way(bench.spec, bench.read().tree, before.tree)
        assert bench.guard.apply(lines).ok
    assert bench.read().text == before.text


@pytest.mark.parametrize("fault", ["drop-at-line", "hang-at-line"])
def test_a_lost_session_is_over_and_another_one_finds_the_guard(bench: Bench, fault: str) -> None:
    before = bench.read()
    forward = forward_of(bench, before)
    bench.guard = replace_timeout(bench, 1.0)
    assert bench.guard.arm().ok
    bench.lab.make(bench.device.name, fault, {"pattern": last_of(forward)})
    applied = bench.guard.apply(forward)
    bench.lab.clear(bench.device.name, fault, {})
    assert not applied.ok
    assert applied.ended in {Ended.DROPPED, Ended.TIMEOUT}
    assert bench.session.over
    assert not bench.guard.apply(forward).ok
    bench.session.close()
    bench.open(armed=True)
    if bench.guard.by_itself:
        assert bench.guard.revert().ok
        bench.pass_time(SECONDS + 1)
    else:
        assert bench.guard.apply(way(bench.spec, bench.read().tree, before.tree)).ok
    assert bench.read().text == before.text


def replace_timeout(bench: Bench, timeout_s: float) -> Guard:
    return Guard(bench.guard.spec, bench.spec, bench.session, bench.shell, "c-one", SECONDS, timeout_s=timeout_s)


def test_a_second_engineer_is_refused(bench: Bench) -> None:
    if not bench.guard.by_itself:
        pytest.skip("its guard is the inverse")
    before = bench.read()
    assert bench.guard.arm().ok
    assert bench.guard.apply(forward_of(bench, before)).ok
    other = bench.guard_of("c-other")
    for step in (other.arm, other.confirm, other.revert):
        with pytest.raises(RefusedError):
            step()
    assert bench.guard.confirm().ok
