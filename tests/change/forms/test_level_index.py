"""Long sections: an index answers as a search through all lines does, in linear time."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from eventready.change.forms import rules
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Tree, parse_tree
from eventready.change.intents.render import render_intent
from eventready.core.errors import EventreadyError
from eventready.platforms.model import ChangeSpec
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace
from tests.lab.earlier_configuration import earlier
from tests.shared import change_spec_of

PLATFORMS = ("cisco_xe", "huawei_vrp", "frr", "osmocom_bsc", "cisco_9800")


@cache
def wanted(platform: str) -> Fragment:
    workspace = load_workspace(example_home())
    device = next(one for one in workspace.devices if one.platform == platform and len(one.intents) == 3)
    rendered = [render_intent(workspace, device, intent) for intent in device.intents]
    spec = change_spec_of(platform)
    return form_of(spec).join([form_of(spec).parse(one.text, one.origin) for one in rendered])


def outcome(spec: ChangeSpec, running: Tree, fragment: Fragment) -> object:
    try:
        then = form_of(spec).merge(running, fragment)
        return (
            form_of(spec).commands_between(running, then),
            form_of(spec).commands_between(then, running),
            form_of(spec).recreated(running, then),
            form_of(spec).diff(running, then),
        )
    except EventreadyError as error:
        return str(error)


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_index_answers_as_a_search_does(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Over what may have stood on a device before: other values, other names, another order."""
    fragment, chance = wanted(platform), Random(5)
    planned = 0
    for _ in range(25):
        running = earlier(fragment.tree, chance)
        monkeypatch.setattr(rules, "SHORT", 10**9)
        searched = outcome(change_spec_of(platform), running, fragment)
        monkeypatch.setattr(rules, "SHORT", -1)
        assert outcome(change_spec_of(platform), running, fragment) == searched
        planned += not isinstance(searched, str)
    assert planned


def settings_requested(monkeypatch: pytest.MonkeyPatch, routes: int) -> int:
    """How often a plan of 100 new routes asks for the setting of a line, on a device with `routes`."""
    count = 0
    setting = Rules.setting

    def counted(self: Rules, line: str) -> object:
        nonlocal count
        count += 1
        return setting(self, line)

    monkeypatch.setattr(Rules, "setting", counted)
    spec = change_spec_of("cisco_xe")
    running = parse_tree("".join(f"ip route 10.{n // 250}.{n % 250}.0 255.255.255.0 10.0.0.1\n" for n in range(routes)))
    text = "".join(f"ip route 0.0.0.0 0.0.0.0 172.16.0.{n}\n" for n in range(1, 101))
    then = form_of(spec).merge(running, form_of(spec).parse(text, "t.j2"))
    assert (
        len(form_of(spec).commands_between(running, then)) == len(form_of(spec).commands_between(then, running)) == 100
    )
    monkeypatch.setattr(Rules, "setting", setting)
    return count


@pytest.mark.slow
def test_planning_is_linear_in_the_length_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (settings_requested(monkeypatch, routes) for routes in (1_000, 4_000))
    assert large < 4.5 * small
    assert large < 10 * 4_000 + 20_000
