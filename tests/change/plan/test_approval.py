"""Approvals: by key, by somebody else, over the hash; nothing else counts."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from eventready.change.document import PlanFile, parse_plan
from eventready.change.safety.approval import (
    SCHEMA,
    approvals_required,
    approve,
    approved_by,
    refuse_unapproved,
    refuse_unsigned,
    sign_plan,
)
from eventready.core.errors import RefusedError
from eventready.core.strings.json_text import canonical
from eventready.store.change_steps import Approval
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey
from eventready.workspace.settings.change_settings import ChangeSettings, KeyHolder
from tests.change.plans import plan

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def key(number: int) -> PrivateKey:
    secret = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return PrivateKey(PublicKey("", secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), secret)


BINH, CUC, AN = key(1), key(2), key(3)
SETTINGS = ChangeSettings(
    approvals=2,
    approvers=(
        KeyHolder(name="Trần Thị Bình", signs_with=BINH.public.id),
        KeyHolder(name="Lê Cúc", signs_with=base64.b64encode(CUC.public.raw).decode()),
        KeyHolder(name="NGUYỄN VĂN AN", signs_with=AN.public.id),
    ),
)
FILE = PlanFile(plan=plan(approvals_needed=2))


def test_two_people_approve() -> None:
    with pytest.raises(RefusedError, match=r"needs 2 approvals .* no valid approval"):
        refuse_unapproved(FILE, SETTINGS, NOW, {})
    once = approve(FILE, SETTINGS, BINH, NOW)
    with pytest.raises(RefusedError, match="so far: approved by Trần Thị Bình"):
        refuse_unapproved(once, SETTINGS, NOW, {})
    twice = approve(once, SETTINGS, CUC, NOW)
    assert refuse_unapproved(twice, SETTINGS, NOW, {}) == ("Trần Thị Bình", "Lê Cúc")
    assert twice.plan == FILE.plan


def test_who_may_not() -> None:
    with pytest.raises(RefusedError, match="unknown approver key"):
        approve(FILE, SETTINGS, key(9), NOW)
    with pytest.raises(RefusedError, match="made this plan"):
        approve(FILE, SETTINGS, AN, NOW)
    once = approve(FILE, SETTINGS, BINH, NOW)
    with pytest.raises(RefusedError, match="already"):
        approve(once, SETTINGS, BINH, NOW)


@pytest.mark.parametrize("by", ["an nguyen van", "Bình"])
def test_another_planner_is_another_person(by: str) -> None:
    file = PlanFile(plan=plan(by=by, approvals_needed=1))
    assert approved_by(approve(file, SETTINGS, AN, NOW), SETTINGS, NOW) == ("NGUYỄN VĂN AN",)


def test_the_planner_by_another_writing_is_the_planner() -> None:
    with pytest.raises(RefusedError, match="made this plan"):
        approve(PlanFile(plan=plan(by="nguyen van an")), SETTINGS, AN, NOW)


def bent(**values: Any) -> Approval:
    return replace(approve(FILE, SETTINGS, BINH, NOW).approvals[0], **values)


OTHER = approve(PlanFile(plan=plan(approvals_needed=0)), SETTINGS, BINH, NOW).approvals[0]


@pytest.mark.parametrize(
    "approval",
    [
        OTHER,
        bent(by="Lê Cúc"),
        bent(at="2026-11-25T04:00:01+00:00"),
        bent(key=base64.b64encode(CUC.public.raw).decode()),
        bent(key=base64.b64encode(CUC.public.raw).decode(), by="Lê Cúc"),
        bent(key="no base64!"),
        bent(key=""),
        bent(signature=""),
        bent(signature="AAAA"),
        bent(signature="é"),
    ],
)
def test_what_does_not_hold_does_not_count(approval: Approval) -> None:
    file = PlanFile(plan=FILE.plan, approvals=(approval,))
    assert approved_by(file, SETTINGS, NOW) == ()
    with pytest.raises(RefusedError, match="1 invalid or expired in the file"):
        refuse_unapproved(file, SETTINGS, NOW, {})


PLANNERS = ChangeSettings(
    planners=(KeyHolder(name="Nguyễn Văn An", signs_with=AN.public.id),), approvals=1, approvers=SETTINGS.approvers[:2]
)


def test_a_plan_has_the_signature_of_its_planner() -> None:
    with pytest.raises(RefusedError, match="no valid signature of its planner Nguyễn Văn An"):
        approve(PlanFile(plan=plan()), PLANNERS, BINH, NOW)
    for key in (None, BINH):
        with pytest.raises(RefusedError, match="not of the planner Nguyễn Văn An"):
            sign_plan(plan(), PLANNERS, key, NOW)
    file = approve(sign_plan(plan(), PLANNERS, AN, NOW), PLANNERS, BINH, NOW)
    refuse_unsigned(file, PLANNERS)
    assert parse_plan(file.document) == file
    assert refuse_unapproved(file, PLANNERS, NOW, {}) == ("Trần Thị Bình",)
    assert sign_plan(plan(), SETTINGS, None, NOW) == PlanFile(plan=plan()), "without keys of planners there is none"
    assert "planner" not in PlanFile(plan=plan()).document


@pytest.mark.parametrize(
    "change", [{"by": "Trần Thị Bình"}, {"at": "2026-11-25T05:00:00+00:00"}, {"signature": "AAAA"}]
)
def test_an_altered_signature_of_a_planner(change: dict[str, str]) -> None:
    mark = sign_plan(plan(), PLANNERS, AN, NOW).planner
    assert mark is not None
    with pytest.raises(RefusedError, match="no valid signature"):
        refuse_unsigned(PlanFile(plan=plan(), planner=replace(mark, **change)), PLANNERS)
    with pytest.raises(RefusedError, match="no valid signature"):
        refuse_unsigned(PlanFile(plan=plan(approvals_needed=1), planner=mark), PLANNERS)


def test_an_approval_is_no_signature_of_the_planner() -> None:
    both = ChangeSettings(planners=PLANNERS.planners, approvers=SETTINGS.approvers[:2])
    other = plan(by="Trần Thị Bình")
    approval = approve(FILE, SETTINGS, BINH, NOW).approvals[0]
    with pytest.raises(RefusedError, match="no valid signature"):
        refuse_unsigned(PlanFile(plan=other, planner=approval), both)


def test_a_key_has_one_owner_in_all_roles() -> None:
    with pytest.raises(ValidationError):
        ChangeSettings(
            planners=(KeyHolder(name="An", signs_with=AN.public.id),),
            approvers=(KeyHolder(name="Bình", signs_with=AN.public.id),),
        )


def test_one_signature_twice_is_one_person() -> None:
    once = approve(FILE, SETTINGS, BINH, NOW)
    file = PlanFile(plan=FILE.plan, approvals=once.approvals * 2)
    assert approved_by(file, SETTINGS, NOW) == ("Trần Thị Bình",)
    with pytest.raises(RefusedError):
        refuse_unapproved(file, SETTINGS, NOW, {})


def test_who_has_left_does_not_count() -> None:
    once = approve(FILE, SETTINGS, BINH, NOW)
    assert approved_by(once, ChangeSettings(approvers=SETTINGS.approvers[1:]), NOW) == ()


def test_the_stricter_of_plan_and_workspace_counts() -> None:
    assert approvals_required(plan(approvals_needed=2), ChangeSettings()) == 2
    assert approvals_required(plan(), SETTINGS) == 2
    assert refuse_unapproved(PlanFile(plan=plan()), ChangeSettings(), NOW, {}) == ()


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(hours=23), True),
        (timedelta(hours=25), False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_an_approval_expires(after: timedelta, counts: bool) -> None:
    """A signature from the future does not count either; who approved too long ago may approve again."""
    once = approve(FILE, SETTINGS, BINH, NOW)
    assert bool(approved_by(once, SETTINGS, NOW + after)) is counts
    if after > timedelta(hours=24):
        again = approve(once, SETTINGS, BINH, NOW + after)
        assert approved_by(again, SETTINGS, NOW + after) == ("Trần Thị Bình",)
        with pytest.raises(RefusedError, match=r"1 invalid or expired in the file.* an approval counts for 24 h"):
            refuse_unapproved(once, SETTINGS, NOW + after, {})


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-25T04:00:00"])
def test_a_time_that_cannot_be_read_does_not_count(at: str) -> None:
    signature = BINH.sign(canonical({"schema": SCHEMA, "plan": FILE.plan.sha256, "by": "Trần Thị Bình", "at": at}))
    words = {"key": BINH.public.raw, "signature": signature}
    approval = Approval(
        by="Trần Thị Bình", at=at, **{name: base64.b64encode(raw).decode() for name, raw in words.items()}
    )
    assert approved_by(PlanFile(plan=FILE.plan, approvals=(approval,)), SETTINGS, NOW) == ()


def test_an_approval_is_used_up() -> None:
    """By the change that began with it; the same people may approve again."""
    twice = approve(approve(FILE, SETTINGS, BINH, NOW), SETTINGS, CUC, NOW)
    used = {one.signature: "c-1" for one in twice.approvals}
    with pytest.raises(RefusedError, match=f"the approvals of the plan {FILE.plan.id} were used up by the change c-1"):
        refuse_unapproved(twice, SETTINGS, NOW, used)
    later = NOW + timedelta(seconds=1)
    again = approve(approve(twice, SETTINGS, BINH, later, used), SETTINGS, CUC, later, used)
    assert refuse_unapproved(again, SETTINGS, later, used) == ("Trần Thị Bình", "Lê Cúc")
