"""Words of a resealed plan: the guard and the risks must be those of its lines, whoever sealed them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventready.change.document import Plan, parse_plan, seal
from eventready.change.forms.known_forms import form_of
from eventready.change.plan.restated import refuse_other_words, refuse_restated
from eventready.core.errors import RefusedError
from eventready.core.messages import message, to_stored
from eventready.facts.equipment import Equipment
from eventready.facts.platform import load_platform
from eventready.workspace.workspace import Workspace, load_workspace
from tests.change.fake_fleet import connect, write_workspace
from tests.change.plan.test_planning import plan_of

REVERT = {"kind": "revert_timer"}
INVERSE = {
    "kind": "inverse", "protects": to_stored(message("change:guard_protects.inverse", after="")),
    "gap": to_stored(message("change:guard_gap.inverse")),
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, Plan]:
    connect(monkeypatch)
    folder = write_workspace(tmp_path)
    return load_workspace(folder), plan_of(folder, limit="box-1")


def resealed(plan: Plan, **values: Any) -> Plan:
    """The plan with other words of its device, sealed anew as an attacker would."""
    document = plan.document
    device = {**document["devices"][0], **values}
    return parse_plan({"plan": seal({**document, "devices": [device]}).document}).plan


def test_a_plan_as_it_was_made_has_its_own_words(made: tuple[Workspace, Plan]) -> None:
    workspace, plan = made
    refuse_restated(plan, Equipment.of(workspace), workspace.writable)
    refuse_restated(parse_plan({"plan": plan.document}).plan, Equipment.of(workspace), workspace.writable)


@pytest.mark.parametrize(
    "words",
    [
        {"risks": ["Everything is safe."]},
        {"risks": [{"text": "Everything is safe.", "id": "change:risk.startup", "params": {}}]},
        {"risks": [to_stored(message("change:errors.count", n=2))]},
        {"guard": {**REVERT, "protects": "It comes back by itself.", "gap": "none"}},
        {"guard": {**INVERSE, "kind": "dead_man"}},
        {"guard": INVERSE, "risks": []},
    ],
)
def test_other_words_are_refused(made: tuple[Workspace, Plan], words: dict[str, Any]) -> None:
    workspace, plan = made
    with pytest.raises(RefusedError, match="are not those of its lines"):
        refuse_restated(resealed(plan, **words), Equipment.of(workspace), workspace.writable)


def test_the_difference_is_that_of_the_lines(made: tuple[Workspace, Plan]) -> None:
    workspace, plan = made
    platform = load_platform("box", workspace.platform_dirs).spec
    assert platform.change is not None
    form, planned = form_of(platform.change), plan.devices[0]
    running = form.parse("interface eth0\n standby 10 priority 100\n", "test").tree
    target = form.merge(running, form.parse(planned.fragment, "test"))
    device = workspace.device("box-1")
    same = planned.model_copy(update={"diff": form.diff(running, target)})
    refuse_other_words(platform, device, same, running, target)
    for diff in ((), (*same.diff, "  nothing else"), ("Everything is safe.",)):
        with pytest.raises(RefusedError, match="the difference in the plan is not that of its lines"):
            refuse_other_words(platform, device, planned.model_copy(update={"diff": diff}), running, target)
