"""Intents for open findings: of devices that take part, without those whose change stands already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from eventready.change.plan.mends import IntentProposal, concerns, open_findings, proposals
from eventready.change.plan.paths import last_audit
from eventready.core.clock import Clock
from eventready.facts.equipment import Equipment
from eventready.store.run_records import RunFinding
from eventready.workspace.devices.select import select
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import connect, write_workspace
from tests.change.plan.test_mends import FOUND, MENDS, Row, audited

PRIORITY = "purpose: {en: Priority, vi: Ưu tiên}\nmends: [cpu, floating_route]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    connect(monkeypatch)
    write_workspace(tmp_path)
    (tmp_path / "templates" / "backup" / "values.yaml").write_text(MENDS)
    (tmp_path / "templates" / "priority" / "values.yaml").write_text(PRIORITY)
    return tmp_path


def proposed(
    folder: Path,
    *more: Row,
    standing: Mapping[str, Collection[str]] | None = None,
    limit: str | None = None,
) -> tuple[IntentProposal, ...]:
    """Proposals for all open findings of an audit."""
    audited(folder, [*FOUND, *more])
    workspace = load_workspace(folder)
    run = last_audit(workspace, Clock.starting("2022-04-25 07:00"))
    assert run is not None
    equipment = Equipment.of(workspace).only(select(workspace.devices, limit))
    return proposals(workspace, equipment, open_findings(run), standing or {})


def devices(made: Collection[IntentProposal]) -> dict[str, tuple[str, ...]]:
    return {one.intent: one.devices for one in made}


def test_the_intent_that_mends_most_comes_first(folder: Path) -> None:
    """`priority` mends on box-3 alone, which has this intent."""
    made = proposed(folder)
    assert [(one.intent, len(one.findings)) for one in made] == [("backup", 5), ("priority", 1)]
    assert devices(made) == {"backup": ("box-1", "box-2", "box-3", "box-4"), "priority": ("box-3",)}


def test_another_order_of_the_findings_is_another_first_intent(folder: Path) -> None:
    """The number of findings counts, not the order of the intents."""
    made = proposed(folder, *(("cpu", "box-3", str(number), "warn") for number in range(9)))
    assert [one.intent for one in made] == ["priority", "backup"]


def test_devices_without_the_intent_or_of_no_inventory_do_not_count(folder: Path) -> None:
    """box-5 does not name the intent; box-9 is gone."""
    made = proposed(folder, ("floating_route", "box-5", "", "fail"), ("floating_route", "box-9", "", "fail"))
    assert devices(made)["backup"] == ("box-1", "box-2", "box-3", "box-4")


def test_devices_outside_of_the_selection_do_not_count(folder: Path) -> None:
    """The plan would leave them out."""
    assert devices(proposed(folder, limit="box-1")) == {"backup": ("box-1",)}


def test_a_change_that_stands_is_not_proposed_again(folder: Path) -> None:
    """The findings outlived the change: a second plan has no difference."""
    made = proposed(folder, standing={"box-1": ["backup"], "box-3": ["backup", "priority"]})
    assert devices(made) == {"backup": ("box-2", "box-4")}


@pytest.mark.parametrize("template", ["", "{# nothing #}\n", "{{ absent }}\n", "{% for %}\n"])
def test_an_intent_without_lines_is_not_proposed(folder: Path, template: str) -> None:
    """Also one with a broken template, or without a value."""
    (folder / "templates" / "backup" / "box.j2").write_text(template)
    assert [one.intent for one in proposed(folder)] == ["priority"]


def test_an_intent_without_a_template_of_the_platform_is_not_proposed(folder: Path) -> None:
    """`intents:` alone changes nothing."""
    (folder / "templates" / "backup" / "box.j2").rename(folder / "templates" / "backup" / "frr.j2")
    assert [one.intent for one in proposed(folder)] == ["priority"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("cpu", True),
        ("hall", True),
        ("box-1", True),
        ("box-1 cpu", True),
        ("box-1 cpu core 1", True),
        ("box", False),
        ("box-1 cp", False),
        ("box-1 cpu core 11", False),
        ("cpu box-1", False),
        ("other", False),
        ("", False),
    ],
)
def test_findings_are_named_by_venue_check_device_or_reference(wanted: str, *, found: bool) -> None:
    """A reference is that of a verdict, also its beginning, in whole words."""
    finding = RunFinding(check="cpu", device="box-1", status="fail", subject="core 1", venues=("hall",))
    assert concerns(finding, wanted) is found
