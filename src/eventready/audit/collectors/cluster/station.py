"""Reading of devices at a worker: its own copy of the workspace, secrets resolved and redacted here."""

from __future__ import annotations

import time
from collections.abc import Sequence

from nornir.core.processor import Processors
from nornir.core.task import Result, Task

from eventready.audit.collectors.cluster.codec import (
    ReadRequest,
    WorkerAnswer,
    encode_answer,
    encode_error,
    encode_failure,
    encode_replies,
    encode_steps,
)
from eventready.audit.collectors.reading import packed
from eventready.audit.tasks import read_facts, read_replies
from eventready.core.errors import EventreadyError
from eventready.core.redaction.redaction import redact
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.facts.observe import commands_for
from eventready.session.diagnosis import diagnose
from eventready.session.hostkeys import known_hosts
from eventready.session.plugin import CONNECTION, host_target, register_secrets
from eventready.session.reply import SessionError
from eventready.workspace.workspace import Workspace


class Station:
    """Reader of the devices within reach of a worker, with all secrets resolved once.

    Raises EventreadyError for a missing secret and for invalid host keys.
    """

    def __init__(self, workspace: Workspace, name: str, reach: Sequence[str]) -> None:
        own = Equipment.of(workspace).only(one for one in workspace.devices if one.reach in ("", *reach))
        within = own.by_name
        workspace.check_secrets(within)
        known_hosts(workspace.known_hosts)
        self._nornir = workspace.nornir()
        register_secrets(self._nornir, within)
        self._asking = own.asking
        self.name, self.devices, self.platforms = name, within, tuple(own.asking.values())

    def answer(self, data: bytes) -> tuple[str, str, bytes]:
        """Return key, topic and answer of a request. Raises ShapeError for an invalid request."""
        request = ReadRequest.decode(data)
        try:
            answer = self._read(request)
        except Exception as error:
            reason = error.render("en") if isinstance(error, EventreadyError) else f"{type(error).__name__}: {error}"
            answer = encode_failure(self.name, redact(reason))
        return request.key, request.topic, answer

    def _read(self, request: ReadRequest) -> bytes:
        host = self._nornir.inventory.hosts[request.device]
        options = host.get_connection_parameters(CONNECTION)
        options.extras = {**(options.extras or {}), "not_after": time.monotonic() + request.seconds}
        host.connection_options[CONNECTION] = options
        task = Task(lambda task: Result(host=task.host), self._nornir, False, Processors())
        task.host = host
        asking = self._asking[request.device]
        if request.kind == "steps":
            return encode_steps(diagnose(request.device, lambda: (host_target(self._nornir, host.name), asking.spec)))
        if request.kind == "replies":
            try:
                return encode_replies(read_replies(task, commands_for(asking, request.facts)))
            except SessionError as error:
                return encode_error(error)
        began = time.monotonic()
        found: Sequence[Observation] = ()
        if request.facts:
            found = read_facts(task, request.facts, request.reading, asking).result
        observations, evidence = packed(found, request.inventory)
        return encode_answer(WorkerAnswer(self.name, time.time(), time.monotonic() - began, observations, evidence))
