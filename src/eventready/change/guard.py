"""What brings a device back by itself: chosen for it, armed before the first line, confirmed when all is well.

A guard speaks the platform's own words (`change.guards` in platform.yaml). What somebody else has armed is never
confirmed, and nothing is sent while it waits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Protocol

from eventready.errors import EventreadyError, Exit, RefusedError
from eventready.facts.platform import Platform
from eventready.platforms.model import ChangeSpec, GuardKind, GuardSpec
from eventready.session.connect import Session
from eventready.session.reply import Ended, Reply

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
#: A line's time limit is at most this part of the guard's time: the guard must not fire while a line is waited for.
_PART_FOR_A_LINE = 0.5
#: How long a device may take over what concerns its whole configuration: committing, going back, saving.
_LONG_S = 120.0

_PROTECTS: dict[GuardKind, str] = {
    "revert_timer": "The device goes back to its old configuration by itself {after} after the change began, "
    "unless the change is confirmed: also when we lose it, or this machine is lost.",
    "commit_trial": "The lines become active together, and the device takes them back by itself {after} later "
    "unless the change is confirmed: also when we lose it, or this machine is lost.",
    "dead_man": "A timer on the device's own host puts the old configuration back {after} after the change began, "
    "unless the change is confirmed: also when we lose it, or this machine is lost.",
    "inverse": "We take the lines back by the inverse commands if anything goes wrong; the startup configuration stays "
    "as it was until the change is verified, so that a restart brings the old state back.",
}
_GAP: dict[GuardKind, str] = {
    "revert_timer": "A restart within that time is covered by the startup configuration, which is saved only after the "
    "change is verified; what was done outside the configuration is not taken back.",
    "commit_trial": "Nobody else can commit on the device within that time. A restart is covered by the startup "
    "configuration, which is saved only after the change is verified.",
    "dead_man": "A restart of the host ends the timer; the startup configuration, which is saved only after the change "
    "is verified, brings the old state back then.",
    "inverse": "No device-side way back: if we lose the device or this machine, it keeps the new lines until somebody "
    "resumes the change or restarts the device.",
}


#: Where nothing need be saved, because what is written stays over a restart.
_PROTECTS_KEPT: dict[GuardKind, str] = {
    **_PROTECTS,
    "inverse": "We take the lines back by the inverse commands if anything goes wrong.",
}
_GAP_KEPT: dict[GuardKind, str] = {
    **_GAP,
    "dead_man": "A restart of the host ends the timer, and the host comes up with the new configuration.",
    "inverse": "No device-side way back: if we lose the device or this machine, it keeps the new configuration, over a "
    "restart too, until somebody resumes the change.",
}


class HasText(Protocol):
    """A configuration as text (`change.configuration.Configuration`)."""

    @property
    def text(self) -> str:
        """Every line of it."""


class GuardUnknown(EventreadyError):
    """The device does not say whether something waits to be confirmed."""

    exit = Exit.INCOMPLETE


@dataclass(frozen=True)
class Pending:
    """Something that is armed and not confirmed. `by` is what the device says of whose it is, empty if nothing."""

    by: str
    mine: bool


@dataclass(frozen=True)
class Refused:
    """The line that the device did not take, and its words."""

    line: str
    words: str


@dataclass(frozen=True)
class Applied:
    """How lines were taken. `taken` counts those of the caller's that the device took. `ended` is that of the last line
    that was sent: where it is TIMEOUT or DROPPED, the session is over and nobody knows what became of that line."""

    ok: bool
    refused: Refused | None
    ended: Ended
    taken: int


@dataclass(frozen=True)
class Done:
    """How a step on the device ended; `reason` is a sentence where it did not."""

    ok: bool
    reason: str = ""
    ended: Ended = Ended.ANSWERED


def choose_guard(platform: Platform, running: HasText, ask: Callable[[str], str], *, has_shell: bool) -> GuardSpec:
    """The first guard of the platform that this device can have.

    `ask` gives a command's answer; `has_shell` says that there is a login to its host's shell. Where none of the
    platform's guards fits, it is `inverse`. Raises RefusedError for a platform that is only read.
    """
    spec = change_spec(platform)
    ask = cache(ask)
    for guard in spec.guards:
        if guard.shell and not has_shell:
            continue
        text = ask(guard.ask) if guard.ask else running.text
        if not guard.when or re.search(guard.when, text, re.MULTILINE):
            return guard
    return GuardSpec(kind="inverse")


def change_spec(platform: Platform) -> ChangeSpec:
    """How the platform is configured. Raises RefusedError where it is only read."""
    if platform.spec.change is None:
        raise RefusedError(
            f"{platform.name} is only read: its platform.yaml has no `change`", do="Leave its devices out with -l."
        )
    return platform.spec.change


class Guard:
    """One device's guard for one change. `shell` is needed where the guard's lines go to the host's shell.

    `seconds` is brought within what the guard can do. `armed` says that this change armed it before (after a crash,
    out of the journal); `timeout_s` is a line's time limit, at most half the guard's time: so is that of committing and
    going back, which a device may take longer over.
    """

    def __init__(  # noqa: PLR0917  two sessions, two specifications, and whose it is
        self,
        spec: GuardSpec,
        change: ChangeSpec,
        session: Session,
        shell: Session | None,
        change_id: str,
        seconds: int,
        *,
        armed: bool = False,
        timeout_s: float = 30.0,
    ) -> None:
        if not _NAME.fullmatch(change_id):
            raise ValueError(f"{change_id!r} cannot name a change on a device")
        self.spec, self._change, self._id, self._armed = spec, change, change_id, armed
        self._session, self._shell = session, shell
        self.seconds = max(spec.least_s, min(seconds, spec.most_s))
        self.timeout_s = min(timeout_s, self.seconds * _PART_FOR_A_LINE)
        self._long_s = max(self.timeout_s, min(_LONG_S, self.seconds * _PART_FOR_A_LINE))
        self._inside = False

    # ------------------------------------------------------------------- words

    @property
    def by_itself(self) -> bool:
        """True when the device comes back without us."""
        return self.spec.kind != "inverse"

    @property
    def protects(self) -> str:
        """What the guard does, in a sentence."""
        return protects(self.spec, self.seconds, saves=bool(self._change.save))

    @property
    def gap(self) -> str:
        """What it does not protect from, in a sentence."""
        return gap(self.spec, saves=bool(self._change.save))

    # ------------------------------------------------------------------- steps

    def pending(self) -> Pending | None:
        """What is armed and not confirmed on the device. Only reads. Raises GuardUnknown when it does not say."""
        if not self.spec.pending:
            return None
        reply = self._beside.ask([self._filled(self.spec.pending)])[0]
        if reply.ended is not Ended.ANSWERED:
            raise GuardUnknown(
                f"{self._name} does not say whether a change waits to be confirmed: {reply.reason}",
                do="Look on the device before anything is sent to it.",
            )
        found = re.search(self.spec.is_pending, reply.text, re.MULTILINE) if self.spec.is_pending else None
        if found is None:
            return None
        by = (found.groupdict().get("by") or "").strip()
        return Pending(by, self._is_mine(by))

    def arm(self) -> Done:
        """Arm the guard; a guard that is armed by entering configuration mode enters it.

        Raises RefusedError, with nothing sent, when something waits to be confirmed already; GuardUnknown.
        """
        waiting = self.pending()
        if waiting is not None:
            raise RefusedError(
                f"{self._name} has a change that waits to be confirmed{_whose(waiting)}",
                do="Confirm it or take it back on the device, then try again.",
            )
        done = self._all(self._beside, self.spec.arm, self.timeout_s)
        if done.ok and self.spec.enter:
            done = self._enter()
        self._armed = self._armed or (done.ok and self.by_itself)
        return done

    def apply(self, lines: Sequence[str]) -> Applied:
        """Send the lines in configuration mode, and what makes them active; stops at the first that is not taken.

        Where a line is refused the device is left as it stands, in configuration mode: `revert` leaves it.
        """
        if not lines:
            return Applied(True, None, Ended.ANSWERED, 0)
        if not self._inside:
            entered = self._enter()
            if not entered.ok:
                return Applied(False, Refused("", entered.reason), entered.ended, 0)
        replies = self._session.tell(lines, spec=self._change, timeout_s=self.timeout_s)
        taken = sum(reply.ended is Ended.ANSWERED for reply in replies)
        if taken < len(lines):
            bad = replies[taken]
            return Applied(False, Refused(bad.command, bad.reason), bad.ended, taken)
        for after in (self.spec.arm_after, self._change.leave):
            replies = self._tell(self._session, after, self._long_s)
            self._armed = self._armed or (bool(replies) and after is self.spec.arm_after)
            bad_one = _first_bad(replies)
            if bad_one is not None:
                return Applied(False, Refused(bad_one.command, bad_one.reason), bad_one.ended, taken)
        self._inside = False
        return Applied(True, None, Ended.ANSWERED, taken)

    def confirm(self) -> Done:
        """Let the change stand. Raises RefusedError when what waits on the device is not ours, GuardUnknown.

        Not ok when nothing waits any more: the guard has fired, or somebody else has confirmed.
        """
        if not self.by_itself:
            return Done(True)
        if self.spec.pending:
            waiting = self.pending()
            if waiting is None:
                return Done(False, f"Nothing waits to be confirmed on {self._name}: its guard has fired, or is gone.")
            self._refuse_foreign(waiting)
        done = self._all(self._beside, self.spec.confirm, self._long_s)
        self._armed = self._armed and not done.ok
        return done

    def revert(self) -> Done:
        """Go back at once, where the device can; `inverse` only leaves configuration mode: the rest is its caller's.

        Ok does not prove the old state: read the configuration. Raises RefusedError when what waits is not ours.
        """
        left = self._leave()
        if not self.by_itself or (not left.ok and not self.spec.shell):
            return left
        if self.spec.pending:
            waiting = self.pending()
            if waiting is None:
                return Done(True, f"Nothing was armed on {self._name} any more.")
            self._refuse_foreign(waiting)
        done = self._all(self._beside, self.spec.revert, self._long_s)
        self._armed = self._armed and not done.ok
        return done

    def save(self) -> Done:
        """Make what runs what a restart brings back; ok only with the device's own word for it."""
        replies = self._tell(self._session, self._change.save, _LONG_S)
        bad = _first_bad(replies)
        if bad is not None:
            return _done(bad)
        if self._change.saved and not re.search(self._change.saved, replies[-1].text if replies else "", re.MULTILINE):
            return Done(False, f"{self._name} does not say that it has saved its configuration.")
        return Done(True)

    # ------------------------------------------------------------------ within

    @property
    def _name(self) -> str:
        return self._session.target.name

    @property
    def _beside(self) -> Session:
        """Where the guard's own lines go."""
        if not self.spec.shell:
            return self._session
        if self._shell is None:
            raise RefusedError(f"the guard of {self._name} needs its host's shell, and there is no login to it")
        return self._shell

    def _is_mine(self, by: str) -> bool:
        if by == self._id:
            return True
        return self._armed and by in ("", self._session.target.username)

    def _refuse_foreign(self, waiting: Pending) -> None:
        if not waiting.mine:
            raise RefusedError(
                f"{self._name} has a change that waits to be confirmed and is not ours{_whose(waiting)}",
                do="Leave it to whoever made it; ours is proven by its configuration.",
            )

    def _enter(self) -> Done:
        done = self._all(self._session, self.spec.enter or self._change.enter, self.timeout_s)
        self._inside = self._inside or done.ok
        return done

    def _leave(self) -> Done:
        """Out of configuration mode, after a line that was refused."""
        if not self._inside:
            return Done(True)
        done = self._all(self._session, self._change.leave, self.timeout_s)
        self._inside = not done.ok
        return done

    def _all(self, session: Session, lines: Sequence[str], timeout_s: float) -> Done:
        bad = _first_bad(self._tell(session, lines, timeout_s))
        return Done(True) if bad is None else _done(bad)

    def _tell(self, session: Session, lines: Sequence[str], timeout_s: float) -> list[Reply]:
        filled = [self._filled(line) for line in lines]
        return session.tell(filled, spec=self._change, timeout_s=timeout_s) if filled else []

    def _filled(self, line: str) -> str:
        """A guard's line with its time and its name; other braces are the device's own."""
        minutes = ceil(self.seconds / 60)
        for key, value in (("seconds", self.seconds), ("minutes", minutes), ("change", self._id)):
            line = line.replace(f"{{{key}}}", str(value))
        return line


def protects(spec: GuardSpec, seconds: int, *, saves: bool = True) -> str:
    """What a guard does, in a sentence. `saves`: the device has a startup configuration beside the running one."""
    minutes, rest = divmod(max(spec.least_s, min(seconds, spec.most_s)), 60)
    after = f"{minutes} min" if not rest else f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return (_PROTECTS if saves else _PROTECTS_KEPT)[spec.kind].format(after=after)


def gap(spec: GuardSpec, *, saves: bool = True) -> str:
    """What a guard does not protect from, in a sentence; `saves` as for `protects`."""
    return (_GAP if saves else _GAP_KEPT)[spec.kind]


def _first_bad(replies: Sequence[Reply]) -> Reply | None:
    return next((reply for reply in replies if reply.ended is not Ended.ANSWERED), None)


def _done(bad: Reply) -> Done:
    return Done(False, f"`{bad.command}`: {bad.reason}", bad.ended)


def _whose(waiting: Pending) -> str:
    return f" ({waiting.by})" if waiting.by else ""
