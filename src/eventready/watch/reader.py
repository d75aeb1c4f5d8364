"""Readings of devices for a watch, in a session each or held; an answer known but for figures is not parsed again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import astuple, dataclass, replace
from hashlib import sha256
from typing import Protocol

from nornir.core import Nornir
from nornir.core.task import Result, Task

from eventready.audit.tasks import read_replies
from eventready.facts.moved_figures import ReadAnswer
from eventready.facts.observation import Observation
from eventready.facts.observe import commands_for, observe, unreached
from eventready.facts.platform import Platform
from eventready.session.plugin import CONNECTION, KeptTargets
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.watch.schedule import FILES, QUESTIONS

#: Lines for logins that stay free beside a held session; they are looked up so often, in seconds.
FREE_LINES, _LOOK_S = 2, 60.0
#: A held session is opened anew after so long, in seconds.
_HELD_S = 3_600.0

#: Answer as last read: with its lines, or with a hash alone.
_Known = ReadAnswer | tuple[bytes, Observation]
#: Source of the replies of a device to the commands of facts. Raises SessionError.
Ask = Callable[[str, Sequence[str]], Sequence[Reply]]


class OfFiles(Protocol):
    """Source of facts of performance files."""

    def observation(self, device: str) -> Observation:
        """Return the observation of a device."""

    def close(self) -> None:
        """End the readings."""


@dataclass(frozen=True)
class Accounting:
    """Logins and commands of a watch at a device in an hour, as its AAA accounts for them."""

    logins: float
    commands: float


def accounting(
    platform: Platform, facts: Collection[str], interval_of: Callable[[str], float], *, held: bool
) -> Accounting:
    """Return the logins and commands in an hour. A held session has no keepalives, and asks for the free lines.

    Without one the questions of a device have logins of their own.
    """
    if not held and not QUESTIONS.isdisjoint(facts) and not QUESTIONS.issuperset(facts):
        own, put = ([fact for fact in facts if (fact in QUESTIONS) is one] for one in (False, True))
        found = [accounting(platform, some, interval_of, held=False) for some in (own, put)]
        return Accounting(*(sum(rates) for rates in zip(*map(astuple, found), strict=True)))
    rates: dict[str, float] = {}
    for fact in facts:
        for command in commands_for(platform, [fact]):
            rates[command] = max(rates.get(command, 0.0), 3600 / interval_of(fact))
    spec = platform.spec.session
    logins = 3600 / _HELD_S if held else max(rates.values(), default=0.0)
    looks = 3600 / _LOOK_S if held else 0.0
    return Accounting(logins, sum(rates.values()) + logins * len(spec.setup) + looks)


class DeviceReader:
    """Reader of the devices of a workspace. A device has a single thread at a time, and a further for its questions.

    `held`: devices whose session stays open while enough lines are free, as their platform finds them. `ask`: source of
    replies in place of sessions. `of_files`: source of the facts of performance files.
    """

    def __init__(
        self,
        nornir: Nornir,
        platforms: Mapping[str, Platform],
        hold: Collection[str] = (),
        ask: Ask | None = None,
        of_files: OfFiles | None = None,
    ) -> None:
        self._nornir, self._platforms, self._ask, self._of_files = nornir, platforms, ask, of_files
        self.held = {name for name in hold if platforms[name].spec.session.lines}
        self._looked_at: dict[str, float] = {}
        self._without_room = set(self.held)
        self._known: dict[str, dict[str, _Known]] = {name: {} for name in platforms}
        self._targets = KeptTargets()
        for host in nornir.inventory.hosts.values():
            if options := host.connection_options.get(CONNECTION):
                options.extras = {**(options.extras or {}), "kept": self._targets}

    def read(self, device: str, facts: Sequence[str]) -> tuple[Observation, ...]:
        """Return the observations of facts; an unreachable device is an answer too. Without facts, end the session."""
        platform = self._platforms[device]
        if not facts:
            self._end(device)
            return ()
        if self._of_files and FILES.issuperset(facts):
            return (self._of_files.observation(device),)
        try:
            commands = commands_for(platform, facts)
            questions = device not in self.held and QUESTIONS.issuperset(facts)
            replies = self._ask(device, facts) if self._ask else self._replies(device, commands, questions=questions)
        except SessionError as error:
            self._targets.forget(device)
            return tuple(unreached(device, platform, facts, error))
        by_command = {reply.command: reply.as_printed for reply in replies}
        known = {fact: one for fact in facts if (one := self._again(device, fact, by_command)) is not None}
        anew = [fact for fact in facts if fact not in known]
        for one in observe(device, platform, anew, lambda _commands: replies) if anew else ():
            known[one.fact] = found = replace(one, raw="")
            self._known[device][one.fact] = _read(platform, found, by_command)
        return tuple(known[fact] for fact in facts)

    def _again(self, device: str, fact: str, replies: Mapping[str, Reply]) -> Observation | None:
        """Return the observation of a known answer, also with moved figures; None for any other."""
        known = self._known[device].get(fact)
        if isinstance(known, ReadAnswer):
            return known.again(replies[known.observation.command])
        digest = _digest(self._platforms[device], fact, replies)
        return known[1] if known and digest and known[0] == digest else None

    def _replies(self, device: str, commands: Sequence[str], *, questions: bool) -> Sequence[Reply]:
        host = self._nornir.inventory.hosts[device]
        if questions:  # whose session is beside that of the other facts
            host = copy(host)
            host.connections = {}
        found: list[Sequence[Reply]] = []

        def run(task: Task) -> Result:
            found.append(self._kept(task, commands) if device in self.held else read_replies(task, commands))
            return Result(host=task.host)

        chosen = self._nornir.data
        outcome = Task(run, self._nornir, chosen.dry_run, self._nornir.processors, "watch").copy().start(host)
        if outcome.exception:
            raise outcome.exception
        return found[0]

    def _kept(self, task: Task, commands: Sequence[str]) -> Sequence[Reply]:
        """Send commands in a session left open beside enough free lines, which are counted at times."""
        device, lines = task.host.name, self._platforms[task.host.name].spec.session.lines
        if lines is None:
            return read_replies(task, commands)
        look = time.monotonic() - self._looked_at.get(device, -_LOOK_S) >= _LOOK_S
        replies = self._held(task, [*commands, lines.command] if look else commands)
        if look:
            self._looked_at[device] = time.monotonic()
            free = len(re.findall(lines.free, replies[-1].text, re.M)) if _answered(replies[-1]) else 0
            (self._without_room.discard if free >= FREE_LINES else self._without_room.add)(device)
        if device in self._without_room:
            self._end(device)
        return replies[: len(commands)]

    @staticmethod
    def _held(task: Task, commands: Sequence[str]) -> Sequence[Reply]:
        """Send commands in the open session of a device; a lost session is opened anew once."""
        for last in (False, True):
            if CONNECTION not in task.host.connections:
                extras = task.host.get_connection_parameters(CONNECTION).extras or {}
                task.host.open_connection(
                    CONNECTION, task.nornir.config, extras={**extras, "device_timeout_s": _HELD_S}
                )
            session = task.host.get_connection(CONNECTION, task.nornir.config)
            try:
                replies: Sequence[Reply] = session.send_commands(commands)
            except SessionError:
                task.host.close_connection(CONNECTION)
                if last:
                    raise
                continue
            if last or not any(reply.status is ReplyStatus.DROPPED for reply in replies):
                return replies
            task.host.close_connection(CONNECTION)
        raise AssertionError("two attempts")

    def close(self) -> None:
        """Close the held sessions, and the source of files."""
        for device in self.held:
            self._end(device)
        if self._of_files:
            self._of_files.close()

    def _end(self, device: str) -> None:
        """Close the open session of a device."""
        with suppress(Exception):
            self._nornir.inventory.hosts[device].close_connection(CONNECTION)


def _read(platform: Platform, observation: Observation, replies: Mapping[str, Reply]) -> _Known:
    """Return an answer just read, to be known again."""
    compiled = platform.facts.get(observation.fact)
    reply = replies.get(observation.command)
    read = ReadAnswer.of(compiled, reply, observation) if compiled and reply and platform.packaged else None
    return read or (_digest(platform, observation.fact, replies), observation)


def _digest(platform: Platform, fact: str, replies: Mapping[str, Reply]) -> bytes:
    """Hash of the answers to the commands of a fact; empty for a fact without commands or with a lost reply."""
    if fact not in platform.facts:
        return b""
    found = [replies.get(command) for command in platform.facts[fact].commands]
    texts = [reply.text for reply in found if reply and _answered(reply)]
    return sha256("\0".join(texts).encode("utf-8", "backslashreplace")).digest() if len(texts) == len(found) else b""


def _answered(reply: Reply) -> bool:
    return reply.status is ReplyStatus.ANSWERED
