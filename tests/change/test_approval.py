"""Approvals: by key, by somebody else, over the hash; nothing else counts."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eventready.change.approval import approve, approved_by, needed, refuse_unapproved
from eventready.change.plan import Approval, PlanFile
from eventready.errors import RefusedError
from eventready.keys import PrivateKey, PublicKey
from eventready.workspace.changes import Approver, ChangeSettings
from tests.change.plans import plan

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def key(number: int) -> PrivateKey:
    secret = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return PrivateKey(PublicKey("", secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), secret)


BINH, CUC, AN = key(1), key(2), key(3)
SETTINGS = ChangeSettings(
    approvals=2,
    approvers=(
        Approver(name="Trần Thị Bình", signs_with=BINH.public.id),
        Approver(name="Lê Cúc", signs_with=base64.b64encode(CUC.public.raw).decode()),
        Approver(name="NGUYỄN VĂN AN", signs_with=AN.public.id),
    ),
)
FILE = PlanFile(plan=plan(approvals_needed=2))


def test_two_people_approve() -> None:
    with pytest.raises(RefusedError, match=r"2 must approve .* nobody has approved so far"):
        refuse_unapproved(FILE, SETTINGS)
    once = approve(FILE, SETTINGS, BINH, NOW)
    with pytest.raises(RefusedError, match="Trần Thị Bình approved so far"):
        refuse_unapproved(once, SETTINGS)
    twice = approve(once, SETTINGS, CUC, NOW)
    assert refuse_unapproved(twice, SETTINGS) == ("Trần Thị Bình", "Lê Cúc")
    assert twice.plan == FILE.plan


def test_who_may_not() -> None:
    with pytest.raises(RefusedError, match="nobody may approve plans with this key"):
        approve(FILE, SETTINGS, key(9), NOW)
    with pytest.raises(RefusedError, match="made this plan"):
        approve(FILE, SETTINGS, AN, NOW)
    once = approve(FILE, SETTINGS, BINH, NOW)
    with pytest.raises(RefusedError, match="already"):
        approve(once, SETTINGS, BINH, NOW)


@pytest.mark.parametrize("by", ["an nguyen van", "Bình"])
def test_another_planner_is_another_person(by: str) -> None:
    file = PlanFile(plan=plan(by=by, approvals_needed=1))
    assert approved_by(approve(file, SETTINGS, AN, NOW), SETTINGS) == ("NGUYỄN VĂN AN",)


def test_the_planner_by_another_writing_is_the_planner() -> None:
    with pytest.raises(RefusedError, match="made this plan"):
        approve(PlanFile(plan=plan(by="nguyen van an")), SETTINGS, AN, NOW)


def bent(**values: Any) -> Approval:
    return approve(FILE, SETTINGS, BINH, NOW).approvals[0].model_copy(update=values)


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
    assert approved_by(file, SETTINGS) == ()
    with pytest.raises(RefusedError, match="1 in the file does not hold"):
        refuse_unapproved(file, SETTINGS)


def test_one_signature_twice_is_one_person() -> None:
    once = approve(FILE, SETTINGS, BINH, NOW)
    file = PlanFile(plan=FILE.plan, approvals=once.approvals * 2)
    assert approved_by(file, SETTINGS) == ("Trần Thị Bình",)
    with pytest.raises(RefusedError):
        refuse_unapproved(file, SETTINGS)


def test_who_has_left_does_not_count() -> None:
    once = approve(FILE, SETTINGS, BINH, NOW)
    assert approved_by(once, ChangeSettings(approvers=SETTINGS.approvers[1:])) == ()


def test_the_stricter_of_plan_and_workspace_counts() -> None:
    assert needed(plan(approvals_needed=2), ChangeSettings()) == 2
    assert needed(plan(), SETTINGS) == 2
    assert refuse_unapproved(PlanFile(plan=plan()), ChangeSettings()) == ()
