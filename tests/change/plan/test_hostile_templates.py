"""Hostile templates: none reaches a plan, whatever the spelling; every shipped template does."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.change.errors import FragmentError
from eventready.change.forms.known_forms import form_of
from eventready.change.safety.effects import effects_of, refuse_effects, refuse_way_cut
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.change.safety.writable import WritableLines
from eventready.core.errors import RefusedError
from eventready.platforms.loader import describe, platform_names
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.devices.intents import INTENTS

ADDRESS, US = "192.0.2.9", "198.51.100.7"
DEVICE = Device(
    name="edge",
    role="router",
    platform="cisco_xe",
    hostname=ADDRESS,
    expect=Expect.model_validate(
        {
            "uplinks": ["GigabitEthernet0/0/0", "TenGigE0/0/0/0", "eth0", "ge-0/0/0"],
            "gateways": [
                {"group": 10, "interface": "GigabitEthernet0/0/0", "protocol": "hsrp"},
                {"group": 10, "interface": "eth0"},
            ],
        }
    ),
)
_FILE = Path(__file__).with_name("hostile_templates.yaml")


@cache
def suite() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def cases() -> list[Any]:
    return [
        pytest.param(platform, text, id=f"{platform}-{number}-{text.splitlines()[-1].strip()[:40]}")
        for platform, case in suite().items()
        for number, text in enumerate(case["templates"])
    ]


def writable(platform: str) -> WritableLines:
    return WritableLines.of(platform, describe(platform).spec, INTENTS, ())


def attempt(platform: str, text: str) -> None:
    """Plan a template as `plan` does, as far as the lines decide."""
    spec = describe(platform).spec
    change = spec.change
    assert change is not None
    lines = writable(platform)
    fragment = form_of(change).parse(lines.canonical_text(text, "templates/x.j2"), "templates/x.j2")
    lines.refuse_fragment(fragment, "templates/x.j2")
    if change.form == "mml":
        return
    running = form_of(change).read({change.read: suite()[platform]["running"]}, device="edge")
    predicted = form_of(change).merge(running.tree, fragment)
    now, then = (effects_of(change.effects, tree) for tree in (running.tree, predicted))
    refuse_effects(DEVICE, now, then)
    refuse_way_cut(DEVICE, US, now, then)
    for commands in (
        form_of(change).commands_between(running.tree, predicted),
        form_of(change).commands_between(predicted, running.tree),
    ):
        refuse_forbidden(spec, commands, device="edge", running=running, address=ADDRESS)
        lines.refuse_commands(commands, "edge")


@pytest.mark.attack(family="templates of a change")
@pytest.mark.slow
@pytest.mark.parametrize(("platform", "text"), cases())
def test_a_hostile_template_is_refused(platform: str, text: str) -> None:
    with pytest.raises((RefusedError, FragmentError)):
        attempt(platform, text)


def test_the_suite_covers_every_platform_that_can_be_changed() -> None:
    changes = {name: change for name in platform_names() if (change := describe(name).spec.change) is not None}
    assert set(suite()) == {name for name, change in changes.items() if change.form != "host_files"}
    assert len(cases()) >= 150
    for name in suite():
        change = changes[name]
        assert all(getattr(change.writable, intent) for intent in INTENTS if name not in ("cisco_ios",)), name
