"""Words of a resealed plan: the guard and the risks must be those of its lines, whoever sealed them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from eventready.change.document import Plan, parse_plan, seal
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.known_forms import form_of
from eventready.change.plan.restated import refuse_new_risks, refuse_other_words, refuse_restated, unsaved_risks
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message, to_stored
from eventready.facts.equipment import Equipment
from eventready.facts.platform import load_platform
from eventready.workspace.devices.intents import INTENTS
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
    refuse_other_words(platform, device, same, (running, target))
    for diff in ((), (*same.diff, "  nothing else"), ("Everything is safe.",)):
        with pytest.raises(RefusedError, match="the difference in the plan is not that of its lines"):
            refuse_other_words(platform, device, planned.model_copy(update={"diff": diff}), (running, target))


def test_unsaved_lines_cannot_be_taken_out_of_a_plan(made: tuple[Workspace, Plan]) -> None:
    workspace, plan = made
    platform = load_platform("box", workspace.platform_dirs).spec
    assert platform.change is not None
    form, planned = form_of(platform.change), plan.devices[0]
    running, saved = (
        Configuration.of(form.parse(text, "test").tree, text)
        for text in ("interface eth0\n standby 10 priority 100\n", "interface eth0\n standby 10 priority 90\n")
    )
    stated = planned.model_copy(update={"risks": tuple(unsaved_risks(form, running, saved))})
    refuse_new_risks(stated, unsaved_risks(form, running, saved))
    refuse_new_risks(planned, unsaved_risks(form, running, running))
    with pytest.raises(RefusedError, match="a risk that the plan does not state: It runs unsaved changes"):
        refuse_new_risks(planned.model_copy(update={"risks": ()}), unsaved_risks(form, running, saved))


@pytest.mark.parametrize(("station", "lines", "new"), [("10.0.0.9", "`bfd`", False), ("10.0.0.1", "`shutdown`", True)])
def test_a_new_risk_is_one_of_other_lines(made: tuple[Workspace, Plan], station: str, lines: str, new: bool) -> None:
    def way(station: str, lines: str) -> Message:
        return message("change:risk.way_line", lines=lines, station=station, route="static, 10.0.0.254")

    planned = made[1].devices[0].model_copy(update={"risks": (way("10.0.0.1", "`bfd`"),)})
    with pytest.raises(RefusedError, match="Nobody has agreed") if new else nullcontext():
        refuse_new_risks(planned, [way(station, lines)])


@pytest.mark.parametrize("where", ["plan", "device"])
def test_the_label_of_a_plan_is_that_of_its_devices_and_of_the_inventory(
    made: tuple[Workspace, Plan], where: str
) -> None:
    workspace, plan = made
    other = next(intent for intent in INTENTS if intent not in workspace.device("box-1").intents)
    document = plan.document
    devices = [{**document["devices"][0], "intents": [other]}] if where == "device" else document["devices"]
    relabelled = seal({**document, "intents": [other], "devices": devices})
    with pytest.raises(RefusedError, match="the intents of box-1 are not those"):
        refuse_restated(relabelled, Equipment.of(workspace), workspace.writable)
