"""Signatures of plans and changes: planner, approvers and applier, each with a key assigned by event.yaml."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from eventready.change.document import Plan, PlanFile
from eventready.change.forms.configuration import Configuration
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.change.safety.freeze import same_person
from eventready.change.safety.writable import PlanLines
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import canonical
from eventready.core.strings.texts import decode_base64
from eventready.facts.equipment import Equipment
from eventready.store.change_steps import Approval
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey, fingerprint_of
from eventready.workspace.settings.change_settings import ChangeSettings, KeyHolder
from eventready.workspace.settings.intent_folders import WritableAddition

SCHEMA = "eventready.approval/1"
_PLANNER, _APPLIER = "eventready.planner/1", "eventready.applier/1"
#: Seconds by which the clocks of an approver and of this machine may differ.
_SKEW_S = 300


@dataclass(frozen=True)
class _Statement:
    """Signed statement of a person about a plan, or about a change."""

    schema: str
    plan: Plan
    change: str = ""

    def sign(self, key: PrivateKey, by: str, now: datetime) -> Approval:
        """Return the statement of a person at the real time `now`."""
        at = now.isoformat(timespec="seconds")
        return Approval(by=by, key=_text(key.public.raw), at=at, signature=_text(key.sign(self._content(by, at))))

    def signer(self, mark: Approval, people: Iterable[KeyHolder]) -> KeyHolder | None:
        """Return the signer among these people; None for an invalid signature, or under another person's name."""
        raw = decode_base64(mark.key)
        owner = _owner(raw, people)
        if owner is None or not same_person(owner.name, mark.by):
            return None
        valid = PublicKey(owner.name, raw).verifies(decode_base64(mark.signature), self._content(mark.by, mark.at))
        return owner if valid else None

    def _content(self, by: str, at: str) -> bytes:
        of_change = {"change": self.change} if self.change else {}
        return canonical({"schema": self.schema, "plan": self.plan.sha256, "by": by, "at": at, **of_change})


#: Placeholders where no device is read: only the platform's own rules apply.
_NO_CONFIGURATION = Configuration({}, "", "")
_NO_ADDRESS = "192.0.2.0"


def refuse_unsendable(plan: Plan, equipment: Equipment, additions: Sequence[WritableAddition]) -> None:
    """Raise RefusedError for an unwritable or forbidden line of a plan, forward or backward.

    The way back is computed again before execution, but approvers read the one in the plan. `additions`: writable lines
    of the workspace.
    """
    shared = PlanLines(equipment, additions)
    for device in plan.devices:
        spec = equipment.named(device.platform).spec
        try:
            for lines in (device.forward, device.backward):
                refuse_forbidden(spec, lines, device=device.name, running=_NO_CONFIGURATION, address=_NO_ADDRESS)
                if plan.drill is None:
                    writable = shared.of(device.platform, device.intents)
                    strict = lines is device.forward and not plan.removes
                    (writable if strict else writable.restored).refuse_commands(lines, device.name)
        except RefusedError as error:
            raise RefusedError(message("change:approval.forbidden", plan=plan.id, reason=error.cause)) from None


def approve(
    file: PlanFile, settings: ChangeSettings, key: PrivateKey, now: datetime, used: Collection[str] = ()
) -> PlanFile:
    """Return the plan file with a further approval; `now` is the real time, `used` as of `approved_by`.

    Raises RefusedError for an unknown key, for the planner's key, and for a second approval by one person.
    """
    refuse_unsigned(file, settings)
    approver = owner_of(key, settings.approvers)
    if approver is None:
        raise RefusedError(message("change:approval.unknown_key", key=key.public.id))
    if same_person(approver.name, file.plan.by) or (file.planner and file.planner.key == _text(key.public.raw)):
        raise RefusedError(message("change:approval.planner", approver=approver.name))
    if approver.name in approved_by(file, settings, now, used):
        raise RefusedError(message("change:approval.twice", approver=approver.name))
    approval = _Statement(SCHEMA, file.plan).sign(key, approver.name, now)
    return file.model_copy(update={"approvals": (*file.approvals, approval)})


def sign_plan(plan: Plan, settings: ChangeSettings, key: PrivateKey | None, now: datetime) -> PlanFile:
    """Return the file of a new plan, signed by its planner if the workspace has keys of planners.

    Raises RefusedError without a key, or for a key of another person.
    """
    if not settings.planners:
        return PlanFile(plan=plan)
    owner = _require_owner(key, settings.planners, plan.by, "planners")
    return PlanFile(plan=plan, planner=_Statement(_PLANNER, plan).sign(owner, plan.by, now))


def is_signed_plan(file: PlanFile, settings: ChangeSettings) -> bool:
    """Return True for a valid signature of the planner by a key of the workspace."""
    mark = file.planner
    signer = _Statement(_PLANNER, file.plan).signer(mark, settings.planners) if mark else None
    return mark is not None and signer is not None and mark.by == file.plan.by


def four_eyes_unproven(file: PlanFile, settings: ChangeSettings) -> Message | None:
    """Return the sentence for a plan to approve without the proof of its planner; None for any other plan."""
    if is_signed_plan(file, settings) or not approvals_required(file.plan, settings):
        return None
    return message("change:four_eyes", by=file.plan.by)


def refuse_unsigned(file: PlanFile, settings: ChangeSettings) -> None:
    """Raise RefusedError for a plan without its planner's signature, if the workspace has keys of planners.

    The plan of a rollback is made from the record, and has none.
    """
    if settings.planners and not file.plan.rolls_back and not is_signed_plan(file, settings):
        raise RefusedError(message("change:signature.plan", plan=file.plan.id, by=file.plan.by))


def sign_change(
    plan: Plan, change: str, settings: ChangeSettings, *, by: str, key: PrivateKey | None, now: datetime
) -> Approval | None:
    """Return the applier's signature of a change for its record; None without keys of appliers in the workspace.

    Raises RefusedError without a key, or for a key of another person.
    """
    if not settings.appliers:
        return None
    owner = _require_owner(key, settings.appliers, by, "appliers")
    return _Statement(_APPLIER, plan, change).sign(owner, by, now)


def is_signed_change(mark: Approval, plan: Plan, change: str, settings: ChangeSettings) -> bool:
    """Return True for a valid signature of an applier of the workspace."""
    return _Statement(_APPLIER, plan, change).signer(mark, settings.appliers) is not None


def owner_of(key: PrivateKey, people: Iterable[KeyHolder]) -> KeyHolder | None:
    """Return the owner of a key among these people."""
    return _owner(key.public.raw, people)


def _require_owner(key: PrivateKey | None, people: Iterable[KeyHolder], by: str, role: str) -> PrivateKey:
    owner = owner_of(key, people) if key else None
    if key is None or owner is None or not same_person(owner.name, by):
        raise RefusedError(message(f"change:signature.{role}", by=by))
    return key


def approved_by(file: PlanFile, settings: ChangeSettings, now: datetime, used: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of the approvers, each once: unexpired signatures by keys of the workspace.

    `now` is the real time. A signature from the future, beyond the difference of two clocks, does not count, nor does a
    signature in `used`: an earlier change has begun with it.
    """
    names = []
    for approval in file.approvals:
        owner = _Statement(SCHEMA, file.plan).signer(approval, settings.approvers)
        if owner is None or owner.name != approval.by or same_person(owner.name, file.plan.by):
            continue
        counts = approval.signature not in used and _is_current(approval, settings, now)
        names += [owner.name] if counts else []
    return tuple(dict.fromkeys(names))


def _is_current(approval: Approval, settings: ChangeSettings, now: datetime) -> bool:
    try:
        age = (now - datetime.fromisoformat(approval.at)).total_seconds()
    except (TypeError, ValueError):  # no time, or one without a zone
        return False
    return -_SKEW_S <= age <= settings.approval_expires_s


def approvals_required(plan: Plan, settings: ChangeSettings) -> int:
    """Return the number of required approvals: the larger of the plan's and the workspace's current number."""
    return max(plan.approvals_needed, settings.approvals)


def refuse_unapproved(
    file: PlanFile, settings: ChangeSettings, now: datetime, used: Mapping[str, str], least: int = 0
) -> tuple[str, ...]:
    """Return the names of the approvers at the real time `now`. Raises RefusedError if there are too few.

    `used` are the signatures with which earlier changes have begun, each with the change. `least`: number of approvals
    required of any plan.
    """
    names, required = approved_by(file, settings, now, used), max(least, approvals_required(file.plan, settings))
    if len(names) < required and len(approved_by(file, settings, now)) >= required:
        change = next(used[one.signature] for one in reversed(file.approvals) if one.signature in used)
        raise RefusedError(message("change:approval.used", plan=file.plan.id, change=change))
    if len(names) < required:
        have = message("change:approval.have", names=names) if names else message("change:approval.none")
        void = len(file.approvals) - len(names)
        bad = message("change:approval.void", have=have, number=void) if void else have
        hours, plan = settings.approval_expires_s / 3600, file.plan
        raise RefusedError(
            message("change:approval.missing", plan=plan.id, required=required, by=plan.by, have=bad, hours=hours)
        )
    return names


def _owner(raw: bytes, people: Iterable[KeyHolder]) -> KeyHolder | None:
    fingerprint = fingerprint_of(raw)
    return next((one for one in people if one.fingerprint == fingerprint), None)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
