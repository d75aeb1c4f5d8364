"""Approvals: a second person signs the hash of a plan with a key assigned by event.yaml."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from datetime import datetime

from eventready.change.config.configuration import Configuration
from eventready.change.plan.forbidden import refuse_forbidden
from eventready.change.plan.freeze import same_person
from eventready.change.plan.plan import Approval, Plan, PlanFile
from eventready.change.plan.writable import WritableLines
from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.facts.platform import load_platform
from eventready.store.run import canonical
from eventready.workspace.change_settings import Approver, ChangeSettings
from eventready.workspace.ed25519 import fingerprint_of
from eventready.workspace.signing_keys import PrivateKey, PublicKey
from eventready.workspace.workspace import Workspace

SCHEMA = "eventready.approval/1"
#: Seconds by which the clocks of an approver and of this machine may differ.
_SKEW_S = 300


#: Placeholders where no device is read: only the platform's own rules apply.
_NO_CONFIGURATION = Configuration({}, "", "")
_NO_ADDRESS = "192.0.2.0"


def refuse_unsendable(plan: Plan, workspace: Workspace) -> None:
    """Raise RefusedError for an unwritable or forbidden line of a plan, forward or backward.

    The way back is computed again before execution, but approvers read the one in the plan.
    """
    for device in plan.devices:
        spec = load_platform(device.platform, workspace.platform_dirs).spec
        try:
            for lines in (device.forward, device.backward):
                refuse_forbidden(spec, lines, device=device.name, running=_NO_CONFIGURATION, address=_NO_ADDRESS)
                if plan.drill is None:
                    writable = WritableLines.of(device.platform, spec, device.intents, workspace.writable)
                    (writable if lines is device.forward else writable.restored).refuse_commands(lines, device.name)
        except RefusedError as error:
            raise RefusedError(message("change:approval.forbidden", plan=plan.id, reason=error.cause)) from None


def approve(
    file: PlanFile, settings: ChangeSettings, key: PrivateKey, now: datetime, used: Collection[str] = ()
) -> PlanFile:
    """Return the plan file with a further approval; `now` is the real time, `used` as of `approved_by`.

    Raises RefusedError for an unknown key, for the planner's key, and for a second approval by one person.
    """
    approver = _owner(key.public.raw, settings)
    if approver is None:
        raise RefusedError(message("change:approval.unknown_key", key=key.public.id))
    if same_person(approver.name, file.plan.by):
        raise RefusedError(message("change:approval.planner", approver=approver.name))
    if approver.name in approved_by(file, settings, now, used):
        raise RefusedError(message("change:approval.twice", approver=approver.name))
    at = now.isoformat(timespec="seconds")
    signature = key.sign(_signed(file.plan, approver.name, at))
    approval = Approval(by=approver.name, key=_text(key.public.raw), at=at, signature=_text(signature))
    return PlanFile(plan=file.plan, approvals=(*file.approvals, approval))


def approved_by(file: PlanFile, settings: ChangeSettings, now: datetime, used: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of the approvers, each once: unexpired signatures by keys of the workspace.

    `now` is the real time. A signature from the future, beyond the difference of two clocks, does not count, nor does a
    signature in `used`: an earlier change has begun with it.
    """
    names = []
    for approval in file.approvals:
        raw = _bytes(approval.key)
        owner = _owner(raw, settings)
        if owner is None or owner.name != approval.by or same_person(owner.name, file.plan.by):
            continue
        signed = _signed(file.plan, approval.by, approval.at)
        valid = PublicKey(owner.name, raw).verifies(_bytes(approval.signature), signed)
        counts = valid and approval.signature not in used and _is_current(approval, settings, now)
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
    file: PlanFile, settings: ChangeSettings, now: datetime, used: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the names of the approvers at the real time `now`. Raises RefusedError if there are too few.

    `used` are the signatures with which earlier changes have begun, each with the change.
    """
    names, required = approved_by(file, settings, now, used), approvals_required(file.plan, settings)
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


def _signed(plan: Plan, by: str, at: str) -> bytes:
    return canonical({"schema": SCHEMA, "plan": plan.sha256, "by": by, "at": at})


def _owner(raw: bytes, settings: ChangeSettings) -> Approver | None:
    fingerprint = fingerprint_of(raw)
    return next((one for one in settings.approvers if one.fingerprint == fingerprint), None)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
