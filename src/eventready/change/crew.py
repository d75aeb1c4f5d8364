"""Those who carry a change out: a thread per device, each with its assignment, its device in hand, and the record."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from types import FrameType
from typing import Any, Protocol

from nornir.core.task import Result, Task

from eventready.change.case import CALLED_BACK, Assignment, Ending, Hand, Orders, Outcome
from eventready.change.configuration import Configuration, read_configuration
from eventready.change.delta import merge
from eventready.change.device_machine import DeviceMachine
from eventready.change.forbidden import refuse_forbidden
from eventready.change.fragment import Fragment, parse_fragment
from eventready.change.freeze import Emergency
from eventready.change.guard import change_spec
from eventready.change.hand import DeviceHand
from eventready.change.plan import Plan, PlannedDevice
from eventready.change.timing import Patience, Time
from eventready.change.tree import Tree
from eventready.change.verify import Amiss, Examination
from eventready.change.waves import members_of
from eventready.checks.limits import resolve_limits
from eventready.clock import Clock
from eventready.errors import RefusedError, StoreError
from eventready.facts.platform import load_platform
from eventready.pace import PacedRunner
from eventready.session.plugin import target_of
from eventready.store.changes import ChangeRecord, Note, Step
from eventready.store.evidence import Packed
from eventready.store.store import Store
from eventready.workspace.device import Device
from eventready.workspace.workspace import CONNECTION, Workspace

#: How a thread works on its device: begin it, or resume it.
Work = Callable[[DeviceMachine], Ending]


class Watch(Protocol):
    """Somebody who follows along. What it raises is ignored: it never takes a change with it. Any thread may call."""

    def begun(self, change: str, devices: int) -> None:
        """The change is on record under this name."""

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """A wave begins; numbers count from 1."""

    def step(self, device: str, step: str) -> None:
        """A device takes a step: look, read, backup, arm, apply, compare, verify, confirm, prove, save, revert, ..."""

    def done(self, ending: Ending) -> None:
        """One device is at its end."""


@dataclass(frozen=True)
class Options:
    """How to carry a change out. Without times those of event.yaml count.

    `by` is who does it. An `emergency` is carried out in a closed window, and stands in the record.
    """

    by: str
    host: str
    workers: int = 32
    confirm_within_s: int | None = None
    settle_s: float | None = None
    emergency: Emergency | None = None
    patience: Patience = field(default_factory=Patience)
    time: Time = field(default_factory=Time)


class Crew:
    """Works on the devices of one change. `hand_of` is for tests: it gives the hand for a planned device."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        change: str,
        *,
        store: Store,
        clock: Clock,
        options: Options,
        watch: Watch,
        before: ChangeRecord | None = None,
        armed: bool = False,
        hand_of: Callable[[PlannedDevice], Hand] | None = None,
    ) -> None:
        """`before` is the change that this one takes back; `armed`: this one was cut off and is resumed."""
        self._workspace, self._plan, self._change = workspace, plan, change
        self._store, self._clock, self._options, self._watch = store, clock, options, watch
        self._taken_back, self._armed = before, armed
        self._hand_of = hand_of or self._real_hand
        self.orders = Orders()
        self._devices = {device.name: device for device in workspace.devices}
        _refuse_strangers(plan, workspace, fresh=before is None and not armed)
        self._limits = resolve_limits(workspace.limits, [self._devices[d.name] for d in plan.devices])
        self._nornir = workspace.nornir(options.workers)
        self._jobs = {planned.name: self._assignment(planned) for planned in plan.devices}

    def run(self, names: Iterable[str], work: Mapping[str, Work] | None = None) -> dict[str, Ending]:
        """Every device's ending. A device that does not end as new holds all others back that have not armed yet."""
        wanted = frozenset(names)
        endings: dict[str, Ending] = {}

        def one(task: Task) -> Result:
            name = task.host.name
            endings[name] = self.carry_out(name, (work or {}).get(name, DeviceMachine.carry_out))
            return Result(host=task.host)

        chosen = self._nornir.filter(filter_func=lambda host: host.name in wanted)
        # a device is waited for a dozen times, and so is the disk: all of a wave begin at once
        chosen.with_runner(PacedRunner(self._options.workers, few=self._options.workers)).run(task=one)
        return endings

    def carry_out(self, name: str, work: Work = DeviceMachine.carry_out) -> Ending:
        """One device's ending, in the caller's thread. Raises nothing but KeyError for a device of no plan."""
        planned = self._plan.device(name)
        try:
            machine = DeviceMachine(
                self._jobs[name], self._hand_of(planned), partial(self._log, name), self.orders, self._options.time
            )
            ending = work(machine)
        except Exception as error:  # a defect of ours: nobody knows where the device is
            ending = Ending(name, Outcome.UNPROVEN, f"An internal error ({type(error).__name__}).", recorded=False)
        if ending.outcome is not Outcome.NEW and not self.orders.no_more:
            self.orders.no_more = f"{name} did not take the change, so the rest was left as it is."
        with suppress(Exception):
            self._watch.done(ending)
        return ending

    def leave_alone(self, names: Sequence[str], why: str) -> dict[str, Ending]:
        """Devices whose turn does not come: on record as untouched, and given back."""
        recorded = True
        body = {"outcome": Outcome.UNTOUCHED.value, "why": why, "sha256": "", "held_back": True}
        try:
            self._store.changes.record(self._change, *(Note(name, "done", body, gives_back=True) for name in names))
        except StoreError:
            recorded = False
        return {name: Ending(name, Outcome.UNTOUCHED, why, held_back=True, recorded=recorded) for name in names}

    # ------------------------------------------------------------------ one device

    def _log(
        self,
        device: str,
        step: str,
        body: Mapping[str, Any],
        *,
        evidence: tuple[Packed, ...] = (),
        gives_back: bool = False,
    ) -> None:
        self._store.changes.record(self._change, Note(device, step, body, evidence, gives_back))
        with suppress(Exception):
            self._watch.step(device, step)

    def _assignment(self, planned: PlannedDevice) -> Assignment:
        settings = self._workspace.event.changes
        platform = load_platform(planned.platform, self._workspace.platform_dirs)
        spec = change_spec(platform)
        address = self._devices[planned.name].hostname
        settle_s = self._options.settle_s
        return Assignment(
            device=planned.name,
            spec=spec,
            before=planned.before,
            predicted=planned.predicted,
            forward=planned.forward,
            backward=planned.backward,
            wanted=self._wanted(planned),
            refuse=lambda lines, running: refuse_forbidden(
                platform.spec, lines, device=planned.name, running=running, address=address
            ),
            moved=partial(self._moved, planned),
            tolerated=self._tolerated(planned),
            settle_s=settings.settle_s if settle_s is None else settle_s,
            patience=self._options.patience,
        )

    def _moved(self, planned: PlannedDevice, found: Configuration) -> str:
        """Who has changed a device since the plan was made for it, as far as this workspace's record knows."""
        name = planned.name
        changes = self._store.changes
        made = [entry for entry in changes.entries() if entry.outcomes.get(name) == Outcome.NEW]
        if made:
            last = made[-1]
            steps = {step.step: step.body for step in changes.get(last.id).of(name)}
            by = f"our own change {last.id} (by {last.opening['by']}"
            if steps["save"]["sha256"] == found.sha256:
                if last.opening.get("plan") == self._plan.id:
                    return f"This plan was carried out on it already: {by})."
                if self._plan.rolls_back:
                    return f"It was changed since by {by}); take that back first: `eventready rollback {last.id}`."
                return f"It was changed since by {by}); make a new plan."
            if steps["backup"]["sha256"] == planned.before:
                return f"It was changed since by {by}), and once more by somebody else; make a new plan."
        return "Somebody has changed it since; make a new plan."

    def _tolerated(self, planned: PlannedDevice) -> Amiss:
        """What was amiss before the change that this one takes back."""
        steps = self._taken_back.of(planned.name) if self._taken_back is not None else ()
        told = next((step.body["amiss"] for step in reversed(steps) if "amiss" in step.body), ())
        return tuple((str(check), str(subject), str(status)) for check, subject, status in told)

    def _wanted(self, planned: PlannedDevice) -> Callable[[Tree], Tree]:
        """What a plan's fragment makes of a configuration; for a rollback, what the change on record has found."""
        spec = change_spec(load_platform(planned.platform, self._workspace.platform_dirs))
        if self._taken_back is not None:
            steps = self._taken_back.of(planned.name)
            was = kept_configuration(self._workspace, self._store, planned, steps, "backup")
            if was is None:
                raise RefusedError(
                    f"What {planned.name} was before {self._taken_back.entry.id} is no longer in the store",
                    do="`eventready runs verify` says what was lost.",
                )
            tree = was.tree
            return lambda _running: tree
        fragment = self._fragment(planned)
        return lambda running: merge(spec, running, fragment)

    def _fragment(self, planned: PlannedDevice) -> Fragment:
        spec = change_spec(load_platform(planned.platform, self._workspace.platform_dirs))
        return parse_fragment(spec, planned.fragment, f"the plan {self._plan.id} for {planned.name}")

    def _real_hand(self, planned: PlannedDevice) -> Hand:
        host = self._nornir.inventory.hosts[planned.name].get_connection_parameters(CONNECTION)
        target = target_of(host.hostname or "", host.username, host.password, host.port, host.extras or {})
        platform = load_platform(planned.platform, self._workspace.platform_dirs)
        within = self._options.confirm_within_s
        return DeviceHand(
            target,
            Examination(self._devices[planned.name], platform, self._limits),
            self._fragment(planned),
            clock=self._clock,
            change=self._change,
            seconds=self._workspace.event.changes.confirm_within_s if within is None else within,
            planned=planned.guard.kind,
            armed=self._armed,
        )


def kept_configuration(
    workspace: Workspace, store: Store, planned: PlannedDevice, steps: Sequence[Step], step: str
) -> Configuration | None:
    """The configuration that a device's steps have kept: before the change (`backup`) or after it (`save`).

    None where the store does not have it, or not as it was. Raises UnreadableConfiguration.
    """
    kept = next((one for one in reversed(steps) if one.step == step), None)
    if kept is None:
        return None
    answers = {str(command): str(name) for command, name in kept.body["answers"]}
    texts = store.texts(answers.values())
    if not set(answers.values()) <= texts.keys():
        return None
    spec = change_spec(load_platform(planned.platform, workspace.platform_dirs))
    told = {command: texts[name] for command, name in answers.items()}
    configuration = read_configuration(spec, told, device=planned.name)
    return configuration if configuration.sha256 == kept.body["sha256"] else None


def _refuse_strangers(plan: Plan, workspace: Workspace, *, fresh: bool) -> None:
    """Raise RefusedError where the plan is not for this workspace as it is now.

    What a device is for, and what stands in for it, counts for a `fresh` plan: what has been begun must be finished or
    taken back wherever a device belongs now.
    """
    if plan.event != workspace.event.id:
        raise RefusedError(
            f"The plan {plan.id} is for the event {plan.event}, and this workspace is {workspace.event.id}",
            do="Name the workspace that it was made in with -w.",
        )
    do = "Make a new plan." if fresh else "Put it back as it was: what has been begun on it must come to its end."
    devices = {device.name: device for device in workspace.devices}
    for planned in plan.devices:
        device = devices.get(planned.name)
        if device is None:
            raise RefusedError(f"{planned.name} is not in the inventory", do=do)
        then_and_now = {
            "platform": (planned.platform, device.platform),
            "address": (planned.endpoint, device.endpoint),
            "role": (planned.role if fresh else "", device.role),
            "venue": (", ".join(planned.venues) or "none", ", ".join(device.venues) or "none") if fresh else ("", ""),
        }
        for what, (then, now) in then_and_now.items():
            if then and then != now:
                raise RefusedError(
                    f"{planned.name} has changed in the inventory since the plan was made: its {what} was {then} and "
                    f"is {now} now",
                    where=device.origin,
                    do=do,
                )
    if fresh:
        _refuse_pairs(plan, workspace, [devices[planned.name] for planned in plan.devices])


def _refuse_pairs(plan: Plan, workspace: Workspace, devices: Sequence[Device]) -> None:
    """Raise RefusedError where the inventory has made a pair of two that the plan changes at once."""
    groups = {name: (raw or {}).get("groups") or () for name, raw in workspace.files.hosts.items()}
    pairs = {member.name: member.pairs for member in members_of(devices, groups)}
    for wave in plan.waves:
        for one, other in combinations(wave, 2):
            if pairs[one] & pairs[other]:
                raise RefusedError(
                    f"{one} and {other} stand in for each other in the inventory now, and the plan changes both at "
                    "once",
                    do="Make a new plan.",
                )


@contextmanager
def called_back(orders: Orders) -> Iterator[None]:
    """Ctrl-C and a polite kill call the change back while the block lasts, instead of ending the process.

    No device begins any more, and who is not confirmed goes back. The machinery of signals is the main thread's; in
    another thread nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def call(_number: int, _frame: FrameType | None) -> None:
        orders.no_more = orders.no_more or f"{CALLED_BACK} before this device's turn."
        orders.back = orders.back or f"{CALLED_BACK}."

    before = {number: signal.signal(number, call) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
