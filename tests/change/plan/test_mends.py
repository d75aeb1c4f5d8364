"""Findings behind a plan: those that its intents mend, the others, the age of the audit; bound by the seal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from eventready.change.document import Plan, parse_plan, seal
from eventready.change.plan.mends import basis_of
from eventready.change.plan.restated import refuse_other_basis
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import Message
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import connect, write_workspace
from tests.change.plan.test_planning import plan_of

AT = "2022-04-22T07:00:00+07:00"
#: Check, device, subject, status.
Row = tuple[str, str, str, str]
FOUND: tuple[Row, ...] = (
    ("floating_route", "box-1", "b", "warn"),
    ("floating_route", "box-1", "a", "fail"),
    ("floating_route", "box-3", "", "fail"),
    ("floating_route", "box-4", "", "fail"),
    ("hsrp_tracking", "box-2", "eth0 1", "warn"),
    ("hsrp_tracking", "box-1", "eth0 1", "pass"),
    ("hsrp_tracking", "box-3", "eth0 1", "not_measured"),
    ("hsrp_tracking", "box-3", "eth0 2", "waived"),
    ("cpu", "box-1", "", "fail"),
)
MENDS = "purpose: {en: Backup, vi: Dự phòng}\nmends: [hsrp_tracking, floating_route]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    connect(monkeypatch)
    write_workspace(tmp_path)
    (tmp_path / "templates" / "backup" / "values.yaml").write_text(MENDS)
    return tmp_path


def audited(folder: Path, found: Iterable[Row] = FOUND, at: str = AT, event: str = "fair") -> str:
    """Store an audit of all devices with findings; return its id."""
    clock = Clock.starting("2022-04-22 07:00")
    devices = [{"name": device.name, "reachable": True} for device in load_workspace(folder).devices]
    keys = ("check", "device", "subject", "status")
    with Store.of_workspace(folder) as store:
        name = store.begin(event, clock)
        store.finish(
            {
                **{"schema": SCHEMA, "id": name, "event": event, "started": at, "finished": at, "devices": devices},
                "clock": {"event": at, "rehearsal": True},
                "findings": [dict(zip(keys, row, strict=True)) for row in found],
            }
        )
    return name


def proven(folder: Path, plan: Plan, *, stored: bool = True) -> Message | None:
    """Compare a plan with the store of a workspace."""
    folders = load_workspace(folder).intents
    if not stored:
        return refuse_other_basis(plan, folders, None)
    with Store.of_workspace(folder, make=False, only_reads=True) as store:
        return refuse_other_basis(plan, folders, store)


def resealed(plan: Plan, **values: Any) -> Plan:
    """The plan with another basis, sealed anew as an attacker would."""
    document = plan.document
    return parse_plan({"plan": seal({**document, "basis": {**document["basis"], **values}}).document}).plan


def test_a_plan_without_an_audit_has_no_basis(folder: Path) -> None:
    """Nothing is stated of findings that were not measured."""
    plan = plan_of(folder)
    assert plan.basis is None
    assert proven(folder, plan, stored=False) is None


def test_findings_are_mended_by_the_intents_of_a_changed_device(folder: Path) -> None:
    """Open are failures and warnings; a device that complies already mends none."""
    name = audited(folder)
    basis = plan_of(folder, "backup", "priority").basis
    assert basis is not None
    assert (basis.run, basis.at, basis.mended, basis.left) == (name, AT, 4, 2)
    assert [(one.check, one.device, one.intents, one.subjects) for one in basis.mends] == [
        ("floating_route", "box-1", ("backup",), ("a", "b")),
        ("floating_route", "box-3", ("backup",), ("",)),
        ("hsrp_tracking", "box-2", ("backup",), ("eth0 1",)),
    ]
    assert [(one.check, one.findings, one.devices, one.first) for one in basis.untouched] == [
        ("cpu", 1, 1, ("box-1",)),
        ("floating_route", 1, 1, ("box-4",)),
    ]


def test_another_intent_of_the_same_device_mends_nothing(folder: Path) -> None:
    """Only the planned intents count."""
    audited(folder)
    basis = plan_of(folder, "priority").basis
    assert basis is not None
    assert (basis.mends, basis.left) == ((), 6)


def test_findings_of_many_devices_are_counted(folder: Path) -> None:
    """The first devices are named, in the order of their numbers."""
    rows = [("cpu", f"other-{number}", core, "fail") for number in range(40) for core in ("0", "1")]
    audited(folder, rows)
    basis = plan_of(folder).basis
    assert basis is not None
    (one,) = basis.untouched
    assert (one.findings, one.devices, one.first) == (80, 40, tuple(f"other-{number}" for number in range(12)))


def test_hostile_subjects_are_made_visible(folder: Path) -> None:
    """A plan holds no control character of a device."""
    audited(folder, [("floating_route", "box-1", "a\x1b[2J\u202e", "fail")])
    plan = plan_of(folder)
    assert plan.basis is not None
    assert all(subject.isprintable() for one in plan.basis.mends for subject in one.subjects)
    assert proven(folder, parse_plan({"plan": plan.document}).plan) is None


@pytest.mark.parametrize(
    ("mends", "reason"),
    [
        ("[hsrp_trakcing]", "hsrp_tracking"),
        ("[floating_route, routes]", "no check"),
        ("['*']", "no check"),
        ("hsrp_tracking", "mends"),
        ("[1]", "mends"),
    ],
)
def test_unknown_checks_are_refused_with_their_place(folder: Path, mends: str, reason: str) -> None:
    """The place is the line of values.yaml, before any device is read."""
    (folder / "templates" / "backup" / "values.yaml").write_text(f"purpose: {{en: B, vi: B}}\nmends: {mends}\n")
    with pytest.raises(EventreadyError) as error:
        plan_of(folder)
    assert reason in error.value.render("en")
    assert "values.yaml:2" in error.value.render("en")


def test_a_plan_as_it_was_made_is_proven(folder: Path) -> None:
    """Also from its file, and after a later audit."""
    audited(folder)
    plan = plan_of(folder, "backup", "priority")
    audited(folder, [])
    assert proven(folder, plan) is None
    assert proven(folder, parse_plan({"plan": plan.document}).plan) is None


ALTERED: Mapping[str, Mapping[str, Any]] = {
    "younger": {"at": "2022-04-25T07:00:00+07:00"},
    "nothing untouched": {"untouched": []},
    "fewer untouched": {"untouched": [{"check": "cpu", "findings": 1, "devices": 1, "first": ["box-1"]}]},
    "nothing mended": {"mends": []},
    "more mended": {"mends": [{"check": "cpu", "device": "box-1", "intents": ["backup"], "subjects": [""]}]},
    "latest": {"run": "latest"},
}


@pytest.mark.parametrize("values", ALTERED.values(), ids=ALTERED)
def test_an_altered_basis_is_refused(folder: Path, values: Mapping[str, Any]) -> None:
    """The findings are those of the audit, whoever sealed the plan."""
    audited(folder)
    with pytest.raises(RefusedError, match="are not those of its audit"):
        proven(folder, resealed(plan_of(folder), **values))


def test_the_audit_of_another_event_is_no_basis(folder: Path) -> None:
    """An audit counts for its own event only."""
    audited(folder)
    other = audited(folder, [], event="other")
    with pytest.raises(RefusedError):
        proven(folder, resealed(plan_of(folder), run=other, mends=[], untouched=[]))


def test_other_checks_of_an_intent_need_a_new_plan(folder: Path) -> None:
    """`mends` belongs to what was approved."""
    audited(folder)
    plan = plan_of(folder)
    (folder / "templates" / "backup" / "values.yaml").write_text(MENDS.replace("hsrp_tracking, ", ""))
    with pytest.raises(RefusedError):
        proven(folder, plan)


@pytest.mark.parametrize("stored", [True, False])
def test_an_unreadable_audit_leaves_the_basis_unproven(folder: Path, *, stored: bool) -> None:
    """A plan from another machine is no altered plan: a sentence says what is not proven here."""
    name = audited(folder)
    plan = resealed(plan_of(folder), run=name.replace("20220", "20210"))
    unproven = proven(folder, plan, stored=stored)
    assert unproven is not None
    assert "not proven here" in unproven.render("en")
    assert "chưa được chứng minh" in unproven.render("vi")


@pytest.mark.parametrize(
    "values", [{"rolls_back": "c-1"}, {"drill": {"name": "d", "definition": "0" * 64, "observe_s": 9.0}}]
)
def test_a_way_back_and_a_drill_have_no_basis(folder: Path, values: Mapping[str, Any]) -> None:
    """Their lines mend nothing."""
    audited(folder)
    plan = seal({**plan_of(folder).document, **values})
    with pytest.raises(RefusedError):
        proven(folder, plan)


@pytest.mark.parametrize("at", ["", "yesterday", "2022-04-22T07:00:00", "2022-04-22T07:00:00+07:00\x1b"])
def test_a_basis_has_a_moment(folder: Path, at: str) -> None:
    """A moment without a time zone has no age."""
    audited(folder)
    with pytest.raises(ValueError, match=r"moment|control"):
        resealed(plan_of(folder), at=at)


def test_no_run_is_no_basis() -> None:
    """Also for intents with checks."""
    assert basis_of(None, {"box-1": ("backup",)}, {}) is None
    assert basis_of(Run.of({"schema": SCHEMA, "id": "r", "started": AT}), {}, {}) is not None
