"""One simulated device to be changed by an engineer's process, while things go wrong at a step that can be chosen."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eventready.change.document import Plan, PlanFile, write_plan
from eventready.change.plan.make import make_plan
from eventready.core.messages import Message
from eventready.facts.equipment import Equipment
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import Intent
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.control.workspace_copy import DeviceAccess, write_workspace_copy
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.session_faults import LineFault
from eventready_lab.device.view import View
from eventready_lab.embedded.lab import write_embedded_copy
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.embedded.process import simulate
from eventready_lab.real.province.layout import air_of, devices
from tests.change.engineer_process import CLOCK, SECONDS, Engineer, kill

KNOWN = Credentials("netops", "Pl4nted-l4b")
#: A device that keeps silent costs this long, instead of minutes.
_PATIENCE = "connection_options: {eventready: {extras: {connect_timeout_s: 4, attempts: 1}}}\n"
#: The steps of a change that goes well, in their order.
STEPS = ("precheck", "read", "backup", "arm", "apply", "compare", "verify", "confirm", "verify_state", "save", "done")


@dataclass(frozen=True)
class Case:
    """What happens, and when. `place`: a step, or a line of `apply` (first, middle, last, activate).

    `kind` of what happens as the step begins: kill, hangup, full (the disk), full a while, restart, expire (the guard),
    worse (a check), truncated, garbage (all answers in it). Of what happens at its first line, or at the one that
    counts: drop, hang, refuse, kill heard, restart heard, lost (nobody is let in again).
    `taken`: the line takes effect. `later`: whoever goes on after a kill comes when the guard's time is over.
    """

    guard: str
    place: str
    kind: str
    taken: bool = False
    later: bool = False

    def __str__(self) -> str:
        extra = [word for word in ("taken", "later") if getattr(self, word)]
        return "-".join([self.guard, self.place, self.kind.replace(" ", "_"), *extra])

    @property
    def step(self) -> str:
        """The step on record in which it happens."""
        return "apply" if self.place in LINES else self.place


LINES = ("first", "middle", "last", "activate")


@dataclass
class Strike(LineFault):
    """A line fault that does something else besides, in the lab's own thread."""

    then: Callable[[], None] = lambda: None
    struck: int = 0
    counts: bool = True

    def triggers(self, line: str, *, configuring: bool) -> bool:
        """See LineFault."""
        if not super().triggers(line, configuring=configuring):
            return False
        self.struck += 1
        self.then()
        return True


@dataclass(frozen=True)
class Reported:
    """What an engineer's process came to: how it ended (0, or -9 when it was killed), what it told, its steps."""

    status: int
    ended: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    steps: tuple[str, ...] = ()


class Ground:
    """The device, the workspace in which it is changed, and the first plan: from `old` to `new` (its pictures)."""

    def __init__(self, lab: LabThread, device: Device, folder: Path, intents: tuple[Intent, ...]) -> None:
        self.lab, self.device, self.folder, self.intents = lab, device, folder, intents
        self.workspace: Workspace = load_workspace(folder)
        self.machine: SimulatedDevice = lab.lab.devices[device.name]
        self.plan = self.make_plan()
        self.old, self.new = self.picture(), ""
        self.file = folder / "first.plan"
        write_plan(self.file, PlanFile(plan=self.plan))
        self.lines = len(self.plan.devices[0].forward)

    def make_plan(self) -> Plan:
        """A plan for what runs now."""
        found = self.workspace.device(self.device.name)
        return make_plan(
            self.workspace,
            Equipment.of(self.workspace).only([found]),
            self.intents,
            clock=CLOCK,
            by="an",
            progress=_Silent(),
        )

    def picture(self) -> str:
        """What is configured, as the lab itself has it."""
        return self.lab.call(lambda: picture(self.machine))

    def advance_clock(self, seconds: float) -> None:
        """On the device, with all that it does by itself in it."""
        self.lab.call(lambda: self.machine.advance_clock(seconds))

    def restart(self, down_s: float = 0.0) -> None:
        """The device loses power."""
        self.lab.call(lambda: self.machine.restart(down_s))

    def wire(self, **values: Any) -> None:
        """How the device misbehaves on the wire."""

        def set_them() -> None:
            for name, value in values.items():
                setattr(self.machine.session_faults, name, value)

        self.lab.call(set_them)


def picture(machine: SimulatedDevice) -> str:
    """What is configured of a machine, to the letter: a router's or controller's text, an element's values, a hostapd
    host's files with what hostapd works with."""
    dialect = machine.dialect
    if dialect.transport == "mml":
        found = [dialect.find_show(command) for command in dialect.shows if re.fullmatch(r"LST G?CELL[A-Z]+", command)]
        return "\n".join(str(render(View(machine, match, {}))) for render, match in filter(None, found))
    if dialect.config is not None:
        return machine.layout.text(machine.config.running)
    system = machine.host
    files = {name: system.read(name) for name in system.names() if name.startswith("/etc/hostapd/")}
    return json.dumps({"files": files, "memory": dict(system.daemon_settings("hostapd") or {})}, indent=1)


class _Silent:
    def stage(self, name: str, total: int) -> None:
        """Nothing to show."""

    def done(self, device: str, trouble: str | Message) -> None:
        assert not trouble


@dataclass(frozen=True)
class Guarded:
    """A device of the table. `counts`: per step the line that counts, where it is not the first that the device hears.

    `silent`: steps in which it hears nothing, and why. `worse`: a fault of the lab that makes a check worse.
    `prepare` makes the device what the guard needs.
    """

    name: str
    device: str
    kind: str
    worse: tuple[str, dict[str, Any]]
    intents: tuple[Intent, ...] = ("load_balancing", "backup")
    counts: dict[str, str] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[SimulatedDevice], None] = lambda _machine: None

    @property
    def device_side(self) -> bool:
        """True when the device comes back without us."""
        return self.kind != "inverse"


@contextmanager
def ground_of(
    guarded: Guarded, folder: Path, prepare_workspace: Callable[[Path], None] = lambda _folder: None
) -> Iterator[Ground]:
    """A lab of this one device; `prepare_workspace` edits the workspace before the plan is made."""
    example = load_workspace(example_home())
    hotspots = {device.name: device for device in devices(example.event, air=air_of(example.event))}
    known = {device.name: device for device in example.devices}
    device = known.get(guarded.device) or hotspots[guarded.device]
    (machine,) = simulate([device], KNOWN, CLOCK)
    guarded.prepare(machine)
    with LabThread([machine]) as lab:
        if device.name in known:
            write_embedded_copy(example, example.devices, lab.lab, KNOWN, folder)
        else:
            answer = DeviceAccess(
                lab.lab.port(device.name), KNOWN, lab.lab.host_key(device.name), machine.shell_credentials
            )
            write_workspace_copy(example, {device: answer}, {}, folder)
        (folder / "inventory" / "defaults.yaml").write_text(_PATIENCE, encoding="utf-8")
        prepare_workspace(folder)
        yield Ground(lab, device, folder, tuple(one for one in guarded.intents if one in device.intents))


class Trial:
    """One case on its ground: its fault is made as the engineer tells the steps."""

    def __init__(self, ground: Ground, guarded: Guarded, engineer: Engineer, case: Case, store: Path) -> None:
        self._ground, self._guarded, self._engineer, self._case, self.store = ground, guarded, engineer, case, store
        self._strike: Strike | None = None
        self._worse: tuple[str, dict[str, Any]] | None = None
        self._pid = 0
        self.skew = 0.0
        self.happened = False

    def apply(self) -> Reported:
        """Apply the first plan, with the fault; whatever of it still stands is gone afterwards."""
        if self._case.kind == "save fails":
            self._ground.wire(save_fails=True)
            self.happened = True
        try:
            return self._order("apply", hurried=self._case.kind in ("hang", "truncated", "garbage"), faulty=True)
        finally:
            self._clear()

    def resume(self) -> Reported:
        """Somebody goes on."""
        return self._order("resume")

    def rollback(self) -> Reported:
        """Somebody takes it back."""
        return self._order("rollback")

    def _order(self, do: str, *, hurried: bool = False, faulty: bool = False) -> Reported:
        ground, engineer = self._ground, self._engineer
        full = faulty and (self._case.kind, self._case.place) == ("full", "begin")
        self.happened = self.happened or full
        self._pid = engineer.begin(
            do=do, workspace=str(ground.folder), plan=str(ground.file), store=str(self.store), skew=self.skew,
            hurried=hurried, full=full,
        )  # fmt: skip
        try:
            return self._until_over(faulty)
        except BaseException:  # of a test that fails or lasts too long: the next has an engineer, too
            with suppress(ProcessLookupError):
                kill(self._pid)
            while engineer.hear()[0] != "over":
                pass
            raise

    def _until_over(self, faulty: bool) -> Reported:
        engineer = self._engineer
        result: dict[str, Any] = {}
        refused = ""
        steps: list[str] = []
        while True:
            word, rest = engineer.hear()
            if word == "over":
                return Reported(int(rest), result, refused, tuple(steps))
            if word == "ended":
                result = json.loads(rest)
            elif word == "refused":
                refused = json.loads(rest)["why"]
            elif word == "sleep":
                self._pass(float(rest))
                engineer.leave("room" if self._case.kind == "full a while" else "go")
            elif word in ("begun", "step"):
                steps += [rest] if word == "step" else []
                leave = self._at(rest or word) if faulty else "go"
                if leave:
                    engineer.leave(leave)
            else:
                raise AssertionError(f"the engineer tells {word} {rest}")

    def _pass(self, seconds: float) -> None:
        self.skew += seconds
        self._ground.advance_clock(seconds)

    # ------------------------------------------------------------------ faults

    def _at(self, step: str) -> str:
        """A step is on record and is taken next: the leave to give, nothing where the engineer is dead."""
        case = self._case
        self._disarm()
        if case.place == "revert" and step == "apply" and self._guarded.kind != "commit_trial":
            self._strike_at(Strike("refuse", number=self._ground.lines, counts=False))  # which makes it go back
        elif case.place == "revert" and step == "verify":
            self._make_worse()  # before it is committed there is nothing to go back from
        if case.kind in ("full", "full a while"):
            now = step == self._before(case.place)
            self.happened = self.happened or now
            return "full" if now else "go"
        return self._now(case) if step == case.step else "go"

    def _before(self, step: str) -> str:
        """The step before this one; before the first the change itself is on record."""
        if step == "revert":
            return "verify" if self._guarded.kind == "commit_trial" else "apply"
        at = STEPS.index(step) if step in STEPS else 0
        return STEPS[at - 1] if at else "begun"

    def _now(self, case: Case) -> str:
        ground = self._ground
        match case.kind:
            case "kill":
                self.happened = True
                kill(self._pid)
                return ""
            case "hangup":
                self.happened = True
                os.kill(self._pid, signal.SIGHUP)
            case "restart":
                ground.restart(down_s=3)
                self.happened = True
            case "expire":
                self._pass(SECONDS + 1)
                self.happened = True
            case "worse":
                self._make_worse()
                self.happened = True
            case "truncated" | "garbage":
                ground.wire(**{case.kind: True})
                self.happened = True
            case "drop" | "hang" | "refuse":
                self._strike_at(self._line_fault(case.kind))
            case "kill heard":
                pid = self._pid
                self._strike_at(self._line_fault("drop", lambda: kill(pid)))
            case "restart heard":
                self._strike_at(self._line_fault("drop", lambda: ground.machine.restart(3)))
            case "lost":
                self._strike_at(
                    self._line_fault("drop", lambda: setattr(ground.machine.session_faults, "auth_refused", True))
                )
            case "save fails":
                pass
            case _:
                raise AssertionError(case.kind)
        return "go"

    def _make_worse(self) -> None:
        self._worse = self._guarded.worse
        self._ground.lab.inject(self._ground.device.name, *self._worse)

    def _line_fault(self, kind: Any, then: Callable[[], None] = lambda: None) -> Strike:
        case, lines = self._case, self._ground.lines
        number = {"first": 1, "middle": (lines + 1) // 2, "last": lines, "activate": lines + 1}.get(case.place, 1)
        pattern = "" if case.place in LINES else self._guarded.counts.get(case.step, ".")
        return Strike(kind, pattern, number, case.taken, then=then)

    def _strike_at(self, strike: Strike) -> None:
        re.compile(strike.pattern)
        self._strike = strike
        self._ground.wire(lines=(strike,))

    def _disarm(self) -> None:
        if self._strike is not None:
            self.happened = self.happened or bool(self._strike.counts and self._strike.struck)
        self._strike = None
        self._ground.wire(lines=(), truncated=False, garbage=False)

    def _clear(self) -> None:
        self._disarm()
        self._ground.wire(auth_refused=False, save_fails=False)
        if self._worse is not None:
            self._ground.lab.clear(self._ground.device.name, *self._worse)
