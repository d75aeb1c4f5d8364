"""Values under names that no template knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from eventready.change.intents.render import intent_variables
from eventready.change.intents.template_values import collect_variables
from eventready.workspace.devices.intents import INTENTS
from eventready.workspace.workspace import load_workspace

EXAMPLE = Path(__file__).parents[3]
PLAIN = "{% if floating is defined %}ip route {{ floating.next_hop }}{% endif %}\n{% for u in uplinks %}{{ u.port }}\n"
PLAIN += "{% endfor %}{{ ports | map(attribute='name.short') | first }}"


def misspelt(templates: dict[str, str], values: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    found = collect_variables(Environment(loader=DictLoader(templates)), names or tuple(templates)).misspelt(values)
    return [(".".join(place), near) for place, near in found]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"floating": {"next_hop": "10.0.0.1"}, "uplinks": [{"port": "eth0"}]}, []),
        ({"floatingg": {}}, [("floatingg", "floating")]),
        ({"floating": {"next_hopp": "10.0.0.1"}}, [("floating.next_hopp", "next_hop")]),
        ({"uplinks": [{"port": "eth0"}, {"porrt": "eth1"}]}, [("uplinks.porrt", "port")]),
        ({"ports": [{"name": {"shrt": "e0"}}]}, [("ports.name.shrt", "short")]),
        ({"something_else": 1}, []),
        ({"floating": {}, "floatings": {}}, []),
        ({"floating": {7: "a number is no name"}}, []),
    ],
)
def test_a_misspelt_name_is_reported_with_the_one_that_was_meant(
    values: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert misspelt({"backup/box.j2": PLAIN}, values) == found


@pytest.mark.parametrize(
    "walking",
    [
        "{% for name, value in groups.items() %}{{ name }} {{ value.metric }}{% endfor %}",
        "{% for name in order %}{{ groups[name].metric }}{% endfor %}",
        "{% for name in order %}{{ groups.get(name, {}).metric }}{% endfor %}",
        "{% for name, value in groups | dictsort %}{{ name }} {{ value.metric }}{% endfor %}",
    ],
)
def test_keys_that_are_data_are_nobodys_mistake(walking: str) -> None:
    values = {"groups": {"metrics": {"metric": 1}}, "order": ["metrics"]}
    assert misspelt({"a.j2": walking}, values) == []
    assert misspelt({"a.j2": walking}, {"group": {}}) == [("group", "groups")]


def test_another_platforms_template_and_what_is_brought_in_count() -> None:
    templates = {
        "backup/one.j2": "{% include 'shared/tracks.j2' %}",
        "backup/two.j2": "{{ gateway }}",
        "shared/tracks.j2": "{{ tracks }}",
        "priority/one.j2": "{{ track }}",
    }
    values = {"tracks": 1, "gateway": 2}
    assert misspelt(templates, values, "backup/one.j2", "backup/two.j2") == []
    assert misspelt(templates, {"trackz": 1}, "backup/one.j2", "backup/two.j2") == [("trackz", "tracks")]


def test_a_template_that_does_not_hold_is_reported_by_whoever_renders_it() -> None:
    assert misspelt({"a.j2": "{% if %}", "b.j2": "{% include 'nowhere.j2' %}{{ floating }}"}, {"floatin": 1}) == [
        ("floatin", "floating")
    ]


@pytest.mark.parametrize("intent", INTENTS)
def test_the_examples_values_are_all_requested_for(intent: str) -> None:
    workspace = load_workspace(EXAMPLE)
    queries = intent_variables(workspace, intent)
    given = [device.intents[intent] for device in workspace.devices if intent in device.intents]
    assert given
    assert queries.names
    assert [found for values in given for found in queries.misspelt(values)] == []
