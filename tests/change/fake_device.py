"""A device that is only a configuration, a guard and a clock, and a hand on it in which anything can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from eventready.change.document import PlannedDevice
from eventready.change.execute.device.assignment import Assignment, DeviceRules, Procedure
from eventready.change.execute.device.driver import ConfigurationReading, GuardTerms, Verification, VerifyTimes
from eventready.change.execute.device.verify import Findings
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, copy_tree
from eventready.change.guard import PendingChange, RejectedLine, SendResult, StepResult
from eventready.change.safety.way_in import WayIn
from eventready.change.times import RetryTiming, Soak, Timer
from eventready.core.errors import RefusedError, StoreError
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec, GuardSpec, Single
from eventready.session.reply import ReplyStatus, SessionLost, Unreachable
from eventready.store.change_steps import ChangeStep, Drift
from eventready.store.changes import Step
from eventready.store.evidence import PackedEvidence
from eventready_lab.device.configuration.grammar import Grammar, Section
from eventready_lab.device.configuration.mode import ConfigurationSession
from eventready_lab.device.configuration.store import ConfigStore
from eventready_lab.device.configuration.tree import Layout, parse_tree
from tests.change.plans import planned

T = TypeVar("T")

SPEC = ChangeSpec(
    read="show run",
    complete=r"^end$",
    separators=("!", "end"),
    enter=("configure",),
    leave=("end",),
    permanent=(r"interface \S+",),
    single=(Single(line=r"standby 10 priority", unset="no standby 10 priority"), Single(line=r"description")),
    guards=(GuardSpec(kind="inverse"),),
)
GRAMMAR = Grammar(sections=(Section(r"interface (\S+)", "interface"),), single=(r"standby 10 priority", r"description"))
OLD = """hostname core-1
interface Gi1
 description uplink
 standby 10 priority 100
interface Gi2
 description spare
end
"""
FRAGMENT = """ip route 0.0.0.0 0.0.0.0 10.0.2.1 200
interface Gi1
 standby 10 priority 110
 standby 10 preempt
"""
KINDS = ("revert_timer", "commit_trial", "dead_man", "inverse")
SECONDS = 300
PATIENCE = RetryTiming(pause_s=2, margin_s=10, grace_s=20, reach_s=120, rollback_attempts=3)


class Killed(BaseException):
    """kill -9: nothing of ours runs any more."""


@dataclass
class FakeDevice:
    """The device. `kind` is its guard; `healthy` what its checks say of it; `sent` every line that reached it."""

    kind: str
    now: float = 1000.0
    verify_s: float = 5.0
    healthy: bool = True
    down_until: float = 0.0
    refuses: str = ""
    loses: int = 0
    cannot_save: bool = False
    silent_save: bool = False
    tells_startup: bool = False
    foreign: str = ""
    locked_out: bool = False
    lacks: str = ""
    way_in: WayIn | None = None
    sent: list[str] = field(default_factory=list)
    running: Tree = field(default_factory=lambda: parse_tree(OLD))
    startup: Tree = field(default_factory=lambda: parse_tree(OLD))
    archived: Tree | None = None
    fires_at: float = 0.0

    def advance_clock(self, seconds: float) -> None:
        self.now += seconds
        self.look_at_the_timer()

    def look_at_the_timer(self) -> None:
        if self.archived is not None and self.now >= self.fires_at:
            self.running, self.archived = self.archived, None

    def restart(self) -> None:
        """A restart forgets the timer, and what was not saved."""
        self.running, self.archived = copy_tree(self.startup), None

    def time(self) -> Timer:
        start = datetime(2026, 11, 25, tzinfo=UTC)
        return Timer(lambda: self.now, lambda: start + timedelta(seconds=self.now), self.advance_clock)

    def locks_out(self) -> bool:
        """True while the new lines keep every new login out."""
        return self.locked_out and not form_of(SPEC).equivalent(self.running, parse_tree(OLD))

    @property
    def text(self) -> str:
        return Layout(separator="").text(self.running)

    def take(self, store: ConfigStore, line: str, configuring: ConfigurationSession) -> bool:
        """One line in configuration mode; False when it is refused. With one stage it acts at once."""
        self.sent.append(line)
        if self.refuses and self.refuses in line:
            return False
        if self.loses and "preempt" in line:
            self.loses -= 1
            return True
        taken = configuring.close_section() if line == "exit" else configuring.execute(line)
        if self.kind != "commit_trial":
            self.running = store.running
        return taken


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the crossing number `at` (calls to the device, or steps put on record, counted from 1)."""

    at: int
    kind: str


class FakeDriver:
    """See change.case.Hand. Faults: drop or kill `before` or `after` the device has heard, restart, down."""

    def __init__(
        self,
        box: FakeDevice,
        faults: Sequence[Fault] = (),
        *,
        armed: bool = False,
        spec: ChangeSpec = SPEC,
        grammar: Grammar = GRAMMAR,
    ) -> None:
        self.box, self.faults = box, {fault.at: fault.kind for fault in faults}
        self._spec, self._grammar = spec, grammar
        self.crossings = 0
        self.calls: list[str] = []
        self._armed, self._connected = armed, False

    def _cross(self, name: str, action: Callable[[], T]) -> T:
        self.crossings += 1
        self.calls.append(name)
        self.box.advance_clock(0.2)
        fault = self.faults.get(self.crossings, "")
        if self.box.now < self.box.down_until:
            raise Unreachable("core-1 does not answer")
        if not self._connected and self.box.locks_out():
            raise Unreachable("core-1 refuses a new connection")
        self._connected = True
        match fault:
            case "drop before":
                raise SessionLost("core-1 was lost")
            case "kill before":
                raise Killed
            case "restart":
                self.box.restart()
                raise SessionLost("core-1 was lost")
            case "down":
                self.box.down_until = self.box.now + 60
                raise Unreachable("core-1 does not answer")
            case "defect":
                raise KeyError("a defect of ours")
        result = action()
        match fault:
            case "drop after":
                raise SessionLost("core-1 was lost")
            case "kill after":
                raise Killed
            case "long":
                self.box.advance_clock(SECONDS - 5)
        return result

    def precheck(self) -> Findings:
        return self._cross("precheck", lambda: ())

    def verify(self, before: Findings, times: VerifyTimes, sleep: Callable[[float], None]) -> Verification:
        def watch() -> Verification:
            times.soaking()
            for _ in range(5):
                sleep((self.box.verify_s + times.soak_s) / 5)
            return Verification(self.box.healthy, "12 findings, none worse" if self.box.healthy else "ports: failed")

        return self._cross("settle", watch)

    def login_again(self) -> None:
        def login() -> None:
            if self.box.locks_out():
                raise Unreachable("core-1 refuses a new connection")

        self._cross("login", login)

    def read(self) -> ConfigurationReading:
        def reading() -> ConfigurationReading:
            answers = {self._spec.read: self.box.text}
            return ConfigurationReading(form_of(self._spec).read(answers, device="core-1"), answers)

        return self._cross("read", reading)

    def way_in(self, running: Configuration) -> WayIn:
        way = self.box.way_in
        return WayIn() if way is None else self._cross("way_in", lambda: way)

    def shown(self, command: str) -> str:
        return ""

    def terms(self, running: Configuration) -> GuardTerms:
        return GuardTerms(self.box.kind, SECONDS, self.box.kind != "inverse")

    def probe_guard(self) -> None:
        def probe() -> None:
            if self.box.lacks:
                raise RefusedError(f"the guard cannot be used: {self.box.lacks}")

        self._cross("probe", probe)

    def pending(self) -> PendingChange | None:
        def reported() -> PendingChange | None:
            if self.box.foreign:
                return PendingChange(self.box.foreign, mine=False)
            return None if self.box.archived is None else PendingChange("us", mine=self._armed)

        return self._cross("pending", reported)

    def arm(self) -> StepResult:
        self._armed = True

        def armed() -> StepResult:
            if self.box.kind in ("revert_timer", "dead_man"):
                self.box.archived, self.box.fires_at = copy_tree(self.box.running), self.box.now + SECONDS
            return StepResult(True)

        return self._cross("arm", armed)

    def apply(self, lines: Sequence[str]) -> SendResult:
        """Each line is a crossing of its own; with two stages they count all together, when they are committed."""
        store = ConfigStore(copy_tree(self.box.running), self._grammar, candidate=False, changed=lambda _store: None)
        configuring = ConfigurationSession(store)
        for number, line in enumerate(lines):
            taken = self._cross("line", lambda line=line: self.box.take(store, line, configuring))  # type: ignore[misc]  # mypy infers no type for a lambda with a default
            if not taken:
                return SendResult(False, RejectedLine(line, "% Invalid input"), ReplyStatus.REFUSED, number)
        if self.box.kind == "commit_trial":
            self._cross("commit", lambda: self._commit(store.running))
        return SendResult(True, None, ReplyStatus.ANSWERED, len(lines))

    def _commit(self, tree: Tree) -> None:
        self.box.archived, self.box.fires_at = self.box.running, self.box.now + SECONDS
        self.box.running = tree

    def confirm(self) -> StepResult:
        def confirmed() -> StepResult:
            if self.box.kind == "inverse":
                return StepResult(True)
            if self.box.archived is None:
                return StepResult(False, "No change is pending.")
            self.box.archived = None
            return StepResult(True)

        return self._cross("confirm", confirmed)

    def revert(self) -> StepResult:
        def reverted() -> StepResult:
            if self.box.archived is not None:
                self.box.running, self.box.archived = self.box.archived, None
            return StepResult(True)

        return self._cross("revert", reverted)

    def save(self) -> StepResult:
        def saved() -> StepResult:
            if self.box.cannot_save:
                return StepResult(False, "% Error writing startup-config", ReplyStatus.REFUSED)
            if self.box.silent_save:
                return StepResult(False, "core-1 does not acknowledge saving its configuration.")
            self.box.startup = copy_tree(self.box.running)
            return StepResult(True)

        return self._cross("save", saved)

    def startup(self) -> Configuration | None:
        if not self.box.tells_startup:
            return None
        text = Layout(separator="").text(self.box.startup)
        return self._cross("startup", lambda: form_of(self._spec).read({self._spec.read: text}, device="core-1"))

    def disconnect(self) -> None:
        self._connected = False


class Record:
    """See change.case.Log. `full_from` is the first step (counted from 1) that the disk has no room for."""

    def __init__(
        self, box: FakeDevice, faults: Sequence[Fault] = (), *, full: Callable[[int], bool] = lambda _n: False
    ) -> None:
        self.box, self.faults, self.full = box, {fault.at: fault.kind for fault in faults}, full
        self.steps: list[Step] = []
        self.tried = 0
        self.given_back = False

    def __call__(
        self,
        step: ChangeStep,
        *,
        evidence: tuple[PackedEvidence, ...] = (),
        releases_lock: bool = False,
    ) -> None:
        self.tried += 1
        fault = self.faults.get(self.tried, "")
        if fault == "kill before":
            raise Killed
        if self.full(self.tried):
            raise StoreError("The disk is full", do="Make room.")
        moment = self.box.time().real().isoformat()
        self.steps.append(Step(step, moment))
        self.given_back = self.given_back or releases_lock
        if fault == "kill after":
            raise Killed

    @property
    def names(self) -> list[str]:
        return [step.step for step in self.steps]


BEFORE = form_of(SPEC).read({"show run": Layout(separator="").text(parse_tree(OLD))}, device="core-1")
_FRAGMENT = form_of(SPEC).parse(FRAGMENT, "a test")
NEW_TREE = form_of(SPEC).merge(BEFORE.tree, _FRAGMENT)


PLANNED = PlannedDevice(**planned(
    "core-1",
    before=BEFORE.sha256,
    predicted=form_of(SPEC).fingerprint(NEW_TREE),
    forward=form_of(SPEC).commands_between(BEFORE.tree, NEW_TREE),
    backward=form_of(SPEC).commands_between(NEW_TREE, BEFORE.tree),
))  # fmt: skip


class OwnRules:
    """See DeviceRules: those of the plan alone, or as given."""

    def __init__(self, part: PlannedDevice, form: ConfigurationForm, given: Mapping[str, Any]) -> None:
        self.planned, self.form, self.reads_way_in = part, form, "check_way_in" in given
        self.refuse: Callable[..., None] = given.get("refuse", lambda _lines, _running: None)
        self.check_way_in = given.get("check_way_in")

    def target(self, running: Tree) -> Tree:
        return form_of(SPEC).merge(running, _FRAGMENT)

    def refuse_other_words(self, before: Tree, target: Tree) -> None:
        pass

    def refuse_unsaved(self, running: Configuration, startup: Configuration | None) -> None:
        pass

    def drift(self, running: Configuration) -> Drift | None:
        return Drift() if running.sha256 == self.planned.before else None

    def explain_drift(self, found: Configuration) -> Message:
        return message("change:drift.unexplained")


@dataclass(frozen=True)
class OwnProcedure(Procedure):
    """See Procedure: the soak as given."""

    given: Callable[..., Soak] = lambda *_: Soak(0.0, "none")

    def soak(self, *arguments: Any) -> Soak:
        return self.given(*arguments)


def assignment(form: ConfigurationForm | None = None, **changes: Any) -> Assignment:
    part = PLANNED.model_copy(update={key: value for key, value in changes.items() if key in ("forward", "predicted")})
    rules = cast(DeviceRules, OwnRules(part, form or form_of(SPEC), changes))
    given = {"given": changes["soak"]} if "soak" in changes else {}
    procedure = OwnProcedure(settle_s=60.0, timing=PATIENCE, word=changes.get("word"), **given)
    return Assignment(rules, procedure, changes.get("startup"))
