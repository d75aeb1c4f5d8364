"""Readings of devices for a watch: in a session per reading or a held session; equal answers are parsed once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from nornir.core import Nornir
from nornir.core.task import Result, Task

from eventready.audit.tasks import read_replies
from eventready.facts.observation import Observation
from eventready.facts.observe import commands_for, observe, unreached
from eventready.facts.platform import Platform
from eventready.session.plugin import CONNECTION
from eventready.session.reply import Reply, ReplyStatus, SessionError


class DeviceReader:
    """Reader of the devices of a workspace. A device has a single thread at a time."""

    def __init__(self, nornir: Nornir, platforms: Mapping[str, Platform], hold: Collection[str] = ()) -> None:
        self._nornir, self._platforms, self._hold = nornir, platforms, hold
        self._known: dict[str, dict[str, tuple[bytes, Observation]]] = {name: {} for name in platforms}

    def read(self, device: str, facts: Sequence[str]) -> tuple[Observation, ...]:
        """Return the observations of facts; an unreachable device is an answer too."""
        platform = self._platforms[device]
        try:
            replies = self._replies(device, commands_for(platform, facts))
        except SessionError as error:
            return tuple(unreached(device, platform, facts, error))
        known = self._known[device]
        answers = {fact: _digest(platform, fact, replies) for fact in facts}
        same = {fact for fact in facts if answers[fact] and fact in known and known[fact][0] == answers[fact]}
        fresh = observe(device, platform, [fact for fact in facts if fact not in same], lambda _commands: replies)
        known.update({one.fact: (answers[one.fact], replace(one, raw="")) for one in fresh})
        return tuple(known[fact][1] for fact in facts)

    def _replies(self, device: str, commands: Sequence[str]) -> Sequence[Reply]:
        host = self._nornir.inventory.hosts[device]
        found: list[Sequence[Reply]] = []

        def run(task: Task) -> Result:
            found.append(self._held(task, commands) if device in self._hold else read_replies(task, commands))
            return Result(host=task.host)

        chosen = self._nornir.data
        outcome = Task(run, self._nornir, chosen.dry_run, self._nornir.processors, "watch").copy().start(host)
        if outcome.exception:
            raise outcome.exception
        return found[0]

    @staticmethod
    def _held(task: Task, commands: Sequence[str]) -> Sequence[Reply]:
        """Send commands in the open session of a device; a lost session is opened anew once."""
        for last in (False, True):
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
        """Close the held sessions."""
        for device in self._hold:
            with suppress(Exception):
                self._nornir.inventory.hosts[device].close_connection(CONNECTION)


def _digest(platform: Platform, fact: str, replies: Sequence[Reply]) -> bytes:
    """Hash of the answers to the commands of a fact; empty for a fact without commands or with a lost reply."""
    if fact not in platform.facts:
        return b""
    by_command = {reply.command: reply for reply in replies}
    found = [by_command.get(command) for command in platform.facts[fact].commands]
    texts = [reply.text for reply in found if reply and reply.status is ReplyStatus.ANSWERED]
    return sha256("\0".join(texts).encode("utf-8", "backslashreplace")).digest() if len(texts) == len(found) else b""
