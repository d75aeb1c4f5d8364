"""Approvals: a second person signs the hash of a plan, and is known by the key that event.yaml names for them."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from eventready.change.configuration import Configuration
from eventready.change.forbidden import refuse_forbidden
from eventready.change.freeze import same_person
from eventready.change.plan import Approval, Plan, PlanFile
from eventready.errors import RefusedError
from eventready.facts.platform import load_platform
from eventready.keys import PrivateKey, PublicKey
from eventready.run import canonical
from eventready.workspace.changes import Approver, ChangeSettings, fingerprint_of
from eventready.workspace.workspace import Workspace

SCHEMA = "eventready.approval/1"


#: What stands for what runs where no device is asked: only the platform's own rules are looked at.
_NOTHING = Configuration({}, "", "")
_NOWHERE = "192.0.2.0"


def refuse_unsendable(plan: Plan, workspace: Workspace) -> None:
    """Raise RefusedError for a plan with a line, there or back, that may be sent to no device of its platform.

    No such plan is ever made. The way back is worked out anew before anything is sent, but whoever approves reads it.
    """
    for device in plan.devices:
        spec = load_platform(device.platform, workspace.platform_dirs).spec
        for lines in (device.forward, device.backward):
            try:
                refuse_forbidden(spec, lines, device=device.name, running=_NOTHING, address=_NOWHERE)
            except RefusedError as error:
                raise RefusedError(
                    f"the plan {plan.id} was not made like this: {error.what}",
                    do="It was altered and sealed anew, or the rules have changed. Make one with `eventready plan`.",
                ) from None


def approve(file: PlanFile, settings: ChangeSettings, key: PrivateKey, now: datetime) -> PlanFile:
    """The plan file with one more approval; `now` is the real time.

    Raises RefusedError when nobody is known by the key, or its owner planned it or has approved it already.
    """
    approver = _owner(key.public.raw, settings)
    if approver is None:
        raise RefusedError(
            f"nobody may approve plans with this key ({key.public.id})",
            do="Add its owner to `changes: approvers:` of event.yaml, or name another key with --key.",
        )
    if same_person(approver.name, file.plan.by):
        raise RefusedError(f"{approver.name} made this plan", do="Somebody else approves it.")
    if approver.name in approved_by(file, settings):
        raise RefusedError(f"{approver.name} has approved this plan already", do="Another person approves it next.")
    at = now.isoformat(timespec="seconds")
    signature = key.sign(_signed(file.plan, approver.name, at))
    approval = Approval(by=approver.name, key=_text(key.public.raw), at=at, signature=_text(signature))
    return PlanFile(plan=file.plan, approvals=(*file.approvals, approval))


def approved_by(file: PlanFile, settings: ChangeSettings) -> tuple[str, ...]:
    """Who has approved the plan: each once, by a signature that holds and a key that the workspace names today."""
    names = []
    for approval in file.approvals:
        raw = _bytes(approval.key)
        owner = _owner(raw, settings)
        if owner is None or owner.name != approval.by or same_person(owner.name, file.plan.by):
            continue
        signed = _signed(file.plan, approval.by, approval.at)
        if PublicKey(owner.name, raw).verifies(_bytes(approval.signature), signed):
            names.append(owner.name)
    return tuple(dict.fromkeys(names))


def needed(plan: Plan, settings: ChangeSettings) -> int:
    """How many must approve: what the plan says or the workspace says today, whichever is more."""
    return max(plan.approvals_needed, settings.approvals)


def refuse_unapproved(file: PlanFile, settings: ChangeSettings) -> tuple[str, ...]:
    """Raise RefusedError unless enough people have approved the plan; gives who has."""
    names, wanted = approved_by(file, settings), needed(file.plan, settings)
    if len(names) < wanted:
        have = f"{', '.join(names)} approved" if names else "nobody has approved"
        void = len(file.approvals) - len(names)
        bad = f", and {void} in the file {'do' if void > 1 else 'does'} not hold" if void else ""
        raise RefusedError(
            f"{wanted} must approve the plan {file.plan.id} beside {file.plan.by}; {have} so far{bad}",
            do="One of the approvers in event.yaml runs `eventready approve PLAN`.",
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
