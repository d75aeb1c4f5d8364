"""Guards over real sessions on the simulated devices of every platform: confirmed, sent back, fired, refused, lost."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.guard import Guard, change_spec, guards_for
from eventready.change.intents.render import render_intent
from eventready.core.clock import Clock
from eventready.core.errors import RefusedError
from eventready.core.messages import in_english, in_language
from eventready.facts.platform import Platform, load_platform
from eventready.platforms.model import ChangeSpec
from eventready.session.connect import Session, open_session, open_shell
from eventready.session.reply import ReplyStatus
from eventready.session.target import Secret, Target
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import INTENTS
from eventready_lab.device.credentials import Credentials
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.embedded.process import simulate
from eventready_lab.real.province.layout import air_of, devices
from tests.lab.other_vendors import other_vendors
from tests.shared import example

pytestmark = pytest.mark.slow

KNOWN = Credentials("netops", "Pl4nted-l4b")
SECONDS = 600


@cache
def chosen() -> dict[str, Device]:
    """A device of each platform that takes part in an intent; the hotspot is the real province's, some routers are of
    other vendors.
    """
    event = example().event
    found: dict[str, Device] = {}
    for device in (*example().devices, *devices(event, air=air_of(event)), *other_vendors()):
        if any(intent in device.intents for intent in INTENTS):
            found.setdefault(device.platform, device)
    return found


PLATFORMS = sorted(chosen())


@dataclass
class Rig:
    """One simulated device with a session, and what is to be done to it."""

    lab: LabThread
    device: Device
    platform: Platform
    target: Target
    stack: ExitStack
    fragment: Fragment
    trial: Session | None = None

    def open(self, guard: str = "", *, armed: bool = False) -> None:
        """Another session, with another guard."""
        self.session = self.stack.enter_context(open_session(self.target, self.platform.spec))
        self.shell: Session | None = None
        if self.target.has_shell:
            self.shell = self.stack.enter_context(open_shell(self.target))
        running = self.read()
        spec = next(
            guards_for(
                self.platform,
                running,
                lambda command: self.session.send_commands([command])[0].text,
                has_shell=bool(self.shell),
            )
        )
        self.guard = self.guard_of(guard or "c-one", armed=armed, spec_of=spec.kind)
        self.kind = spec.kind

    def guard_of(self, name: str, *, spec_of: str = "", armed: bool = False) -> Guard:
        kind = spec_of or self.kind
        spec = next(one for one in self.spec.guards if one.kind == kind)
        return Guard(spec, self.spec, self.session, self.shell, name, SECONDS, armed=armed, open_trial=self.open_trial)

    def open_trial(self) -> Session:
        """A session to which a guard is bound."""
        self.trial = self.stack.enter_context(open_session(self.target, self.platform.spec))
        return self.trial

    @property
    def spec(self) -> ChangeSpec:
        return change_spec(self.platform)

    def read(self) -> Configuration:
        answers = {}
        for reply in self.session.send_commands(form_of(self.spec).commands_to_read(self.fragment)):
            assert reply.status is ReplyStatus.ANSWERED, reply
            answers[reply.command] = reply.text
        return form_of(self.spec).read(answers, device=self.device.name)

    def leaves_nothing(self) -> None:
        """A host keeps no folder of a change that has ended."""
        if self.kind == "dead_man":
            session = self.shell or self.session
            assert session.send_commands(['ls "$HOME/.eventready" 2>/dev/null; true'])[0].text.strip() == ""

    def end_trial(self) -> None:
        """Lose the session to which the guard is bound, and wait until the device has noticed."""
        assert self.trial is not None
        self.trial.close()
        self.await_end_of_trial()

    def await_end_of_trial(self) -> None:
        """Wait until the device has noticed that the session of a bound guard has ended."""
        machine = self.lab.lab.devices[self.device.name]
        while self.guard.spec.session_bound and self.lab.call(lambda: machine.sessions) > 1:
            time.sleep(0.01)

    def advance_clock(self, seconds: float) -> None:
        machine = self.lab.lab.devices[self.device.name]
        self.lab.call(lambda: machine.advance_clock(seconds))


@pytest.fixture(params=PLATFORMS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    device = chosen()[request.param]
    platform = load_platform(device.platform)
    spec = change_spec(platform)
    wanted = [render_intent(example(), device, intent) for intent in INTENTS if intent in device.intents]
    fragment = form_of(spec).join([form_of(spec).parse(one.text, one.origin) for one in wanted])
    with ExitStack() as stack:
        (machine,) = simulate([device], KNOWN, Clock())
        lab = stack.enter_context(LabThread([machine]))
        host, port = lab.address(device.name)
        known = tmp_path / "known_hosts"
        known.write_text(f"[{host}]:{port} {lab.lab.host_key(device.name)}\n")
        shell = machine.shell_credentials
        target = Target(
            name=device.name, host=host, port=port, username=KNOWN.username, password=Secret(KNOWN.password),
            element=device.element, known_hosts=known, allow_cleartext=True, attempts=1,
            shell_username=shell.username if shell else "",
            shell_password=Secret(shell.password if shell else ""),
        )  # fmt: skip
        made = Rig(lab, device, platform, target, stack, fragment)
        made.open()
        yield made


def forward_of(rig: Rig, running: Configuration) -> tuple[str, ...]:
    lines = form_of(rig.spec).commands_between(running.tree, form_of(rig.spec).merge(running.tree, rig.fragment))
    assert lines, "the example's device complies already: nothing is proven"
    return lines


def last_of(lines: tuple[str, ...]) -> str:
    """The pattern of the last line that says something."""
    return re.escape(next(line for line in reversed(lines) if line not in ("exit", "quit")).rstrip(";"))


def test_confirmed_it_stays_and_the_way_back_is_the_very_text(rig: Rig) -> None:
    before = rig.read()
    forward = forward_of(rig, before)
    assert rig.guard.arm().ok
    applied = rig.guard.apply(forward)
    assert applied.ok, applied
    assert applied.accepted == len(forward)
    after = rig.read()
    assert form_of(rig.spec).equivalent(after.tree, form_of(rig.spec).merge(before.tree, rig.fragment))
    if rig.guard.device_side:
        pending = rig.guard.pending()
        assert pending is not None
        assert pending.mine
    assert rig.guard.confirm().ok
    assert rig.guard.pending() is None
    rig.leaves_nothing()
    rig.advance_clock(SECONDS * 2)
    assert rig.read().text == after.text
    saved = rig.guard.save()
    assert saved.ok, saved

    back = rig.guard_of("c-back")
    assert back.arm().ok
    assert back.apply(form_of(rig.spec).commands_between(after.tree, before.tree)).ok
    assert back.confirm().ok
    assert rig.read().text == before.text


def test_no_person_confirms_and_the_device_goes_back_by_itself(rig: Rig) -> None:
    if not rig.guard.device_side:
        pytest.skip("its guard is the inverse")
    before = rig.read()
    assert rig.guard.arm().ok
    assert rig.guard.apply(forward_of(rig, before)).ok
    assert rig.read().text != before.text
    rig.advance_clock(SECONDS - 30)
    assert rig.read().text != before.text
    if rig.kind == "safe_mode":
        rig.end_trial()  # its time is that of its session
    else:
        rig.advance_clock(31)
    assert rig.read().text == before.text
    assert rig.guard.pending() is None
    rig.leaves_nothing()
    assert not rig.guard.confirm().ok


def test_it_goes_back_at_once_when_reported(rig: Rig) -> None:
    if not rig.guard.device_side:
        pytest.skip("its guard is the inverse")
    before = rig.read()
    assert rig.guard.arm().ok
    assert rig.guard.apply(forward_of(rig, before)).ok
    assert rig.guard.revert().ok
    rig.await_end_of_trial()
    assert rig.read().text == before.text
    assert rig.guard.pending() is None
    rig.leaves_nothing()


def test_a_refused_line_is_reported_and_leaves_a_way_back(rig: Rig) -> None:
    before = rig.read()
    forward = forward_of(rig, before)
    rig.lab.inject(rig.device.name, "refuse-line", {"pattern": last_of(forward)})
    assert rig.guard.arm().ok
    applied = rig.guard.apply(forward)
    rig.lab.clear(rig.device.name, "refuse-line", {})
    assert not applied.ok
    assert applied.rejected is not None
    assert applied.ended is ReplyStatus.REFUSED
    assert applied.rejected.reply
    reverted = rig.guard.revert()
    assert reverted.ok, reverted
    rig.await_end_of_trial()
    if not rig.guard.device_side:
        lines = form_of(rig.spec).commands_between(rig.read().tree, before.tree)
        assert rig.guard.apply(lines).ok
    assert rig.read().text == before.text


@pytest.mark.parametrize("fault", ["drop-at-line", "hang-at-line"])
def test_a_lost_session_is_over_and_another_one_finds_the_guard(rig: Rig, fault: str) -> None:
    before = rig.read()
    forward = forward_of(rig, before)
    rig.guard = replace_timeout(rig, 1.0)
    assert rig.guard.arm().ok
    rig.lab.inject(rig.device.name, fault, {"pattern": last_of(forward)})
    applied = rig.guard.apply(forward)
    rig.lab.clear(rig.device.name, fault, {})
    assert not applied.ok
    assert applied.ended in {ReplyStatus.DROPPED, ReplyStatus.TIMEOUT}
    lost = rig.trial or rig.session
    assert lost.over
    assert not rig.guard.apply(forward).ok
    lost.close()
    rig.open(armed=True)
    if rig.guard.device_side:
        assert rig.guard.revert().ok
        rig.advance_clock(SECONDS + 1)
    else:
        assert rig.guard.apply(form_of(rig.spec).commands_between(rig.read().tree, before.tree)).ok
    assert rig.read().text == before.text


def replace_timeout(rig: Rig, timeout_s: float) -> Guard:
    return Guard(
        rig.guard.spec, rig.spec, rig.session, rig.shell, "c-one", SECONDS, timeout_s=timeout_s,
        open_trial=rig.open_trial,
    )  # fmt: skip


def test_a_second_engineer_is_refused(rig: Rig) -> None:
    if not rig.guard.device_side:
        pytest.skip("its guard is the inverse")
    before = rig.read()
    assert rig.guard.arm().ok
    assert rig.guard.apply(forward_of(rig, before)).ok
    other = rig.guard_of("c-other")
    bound = rig.guard.spec.session_bound
    for step in (other.arm, *(() if bound else (other.confirm, other.revert))):
        with pytest.raises(RefusedError):
            step()
    assert not bound or not other.confirm().ok  # another session confirms nothing
    assert rig.guard.confirm().ok


@pytest.mark.parametrize("rig", ["mikrotik_routeros"], indirect=True)
def test_a_safe_mode_that_another_session_has_is_left_alone(rig: Rig) -> None:
    assert rig.guard.arm().ok
    done = rig.guard_of("c-other").arm()
    assert not done.ok
    assert "Safe Mode is taken" in in_english(done.reason)
    assert rig.guard.confirm().ok is False, "nothing was changed, so nothing is pending"


@pytest.mark.parametrize("rig", ["mikrotik_routeros"], indirect=True)
def test_more_lines_than_the_device_can_undo_are_not_sent(rig: Rig) -> None:
    before = rig.read()
    assert rig.guard.arm().ok
    applied = rig.guard.apply(["/ip route add gateway=10.0.0.1"] * (rig.guard.spec.most_lines + 1))
    assert not applied.ok
    assert applied.accepted == 0
    assert rig.read().text == before.text


def test_what_a_guard_needs_is_seen_before_it_is_promised(rig: Rig) -> None:
    assert rig.guard.lacking() == ()
    if rig.kind == "dead_man":
        host = rig.lab.lab.devices[rig.device.name].host
        rig.lab.call(lambda: setattr(host, "full", True))
        (lacks,) = rig.guard.lacking()
        assert "less than 1 MB of its storage is free" in in_language(lacks, "en")
