"""A service host for the device machine: a playbook writes the files, and the host itself restores them.

Only `apply` of the planned lines runs the playbook. Every other line, forward or backward, is a command of the program
`host_files.sh` on the host, which has saved each file under its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from eventready.change.document import PlannedDevice
from eventready.change.execute.device.live import LiveDevice
from eventready.change.execute.device.verify import Findings
from eventready.change.forms.host_files import PROGRAM
from eventready.change.guard import RejectedLine, SendResult, StepResult
from eventready.change.intents.playbook import playbook_of, run_playbook
from eventready.change.intents.playbook_fragment import check_playbook, failure_of
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.files import sweep
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.session.reply import ReplyStatus
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace

#: Characters of the program in one line: a terminal takes lines of up to 4096.
_PIECE = 2_000


class ServiceHost(LiveDevice):
    """LiveDevice with planned lines written by a playbook. `restores`: the lines belong to a rollback, and are sent."""

    def __init__(
        self, *args: Any, workspace: Workspace, device: Device, part: PlannedDevice, restores: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._workspace, self._device, self._part, self._restores = workspace, device, part, restores
        self._playbook = playbook_of(workspace.path, part.intents)
        sweep()

    def precheck(self) -> Findings:
        """See DeviceDriver. Raises RefusedError if the playbook would write other files than the plan has."""
        if not self._restores:
            checked = check_playbook(self._workspace, self._device, self._form, self._playbook)
            if checked.fragment.text != self._part.fragment:
                raise RefusedError(message("change:playbook.other_files", device=self._device.name))
        return super().precheck()

    def arm(self) -> StepResult:
        """See DeviceDriver. The program and the saved files are on the host before the guard is armed."""
        sent = super().apply([*_program_lines(), *self._save_lines()])
        return super().arm() if sent.ok else StepResult(False, _reason(sent), sent.ended)

    def apply(self, lines: Sequence[str]) -> SendResult:
        """See DeviceDriver. The planned lines are written by the playbook, or not at all."""
        if self._restores or tuple(lines) != self._part.forward:
            return super().apply([f"sh {PROGRAM} close {self._change}", *lines])
        begun = super().apply([f"sh {PROGRAM} play {self._change}"])
        if not begun.ok:
            return begun
        try:
            run = run_playbook(
                self._workspace, self._playbook, [self._device], change=self._change, check=False, guarded=True
            )
            reason = failure_of(run)
        except EventreadyError as error:
            reason = error.whole
        if reason:
            return SendResult(False, RejectedLine("", reason), ReplyStatus.REFUSED, 0)
        ended = super().apply([f"sh {PROGRAM} played {self._change}"])
        return SendResult(True, None, ReplyStatus.ANSWERED, len(lines)) if ended.ok else ended

    def _save_lines(self) -> Iterator[str]:
        names = " ".join(line for line in lines_of(self._part.fragment) if line[:1].strip())
        folder = f"{PROGRAM.rpartition('/')[0]}/{self._change}"
        yield f"umask 077; mkdir -p {folder} && echo {names} > {folder}/files"
        yield f"sh {PROGRAM} save {self._change}"


def _program_lines() -> Iterator[str]:
    """Yield the lines for the installation of the program on the host, whole or not at all."""
    program = files("eventready.change.forms").joinpath("host_files.sh").read_bytes()
    text, part = base64.b64encode(program).decode(), f"{PROGRAM}.part"
    yield f"umask 077; mkdir -p {PROGRAM.rpartition('/')[0]} && : > {part}"
    for at in range(0, len(text), _PIECE):
        yield f"printf %s {text[at : at + _PIECE]} >> {part}"
    check = f'[ "$(sha256sum < {part}.sh | cut -c-64)" = {hashlib.sha256(program).hexdigest()} ]'
    yield f"base64 -d < {part} > {part}.sh && {check} && mv -f {part}.sh {PROGRAM} && rm -f {part}"


def _reason(sent: SendResult) -> str | Message:
    return sent.rejected.reason if sent.rejected else message("change:why.ended", status=sent.ended.value)
