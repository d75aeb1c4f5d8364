"""Templates: strict, sandboxed, and every complaint names device, template with line, and variable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.intents import render
from eventready.change.intents.render import render_intent
from eventready.core.errors import WorkspaceError
from eventready.core.messages import in_english
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect, ExpectedGateway
from eventready.workspace.settings.event import Event, Recipient, Venue
from eventready.workspace.workspace import Workspace

EVENT = Event(
    id="fair",
    name="The fair",
    recipient=Recipient(name="Department", email="desk@example.org"),
    venues=(Venue(id="hall", name="Hall", services=("internet",)),),
)
EXPECT = Expect(gateways=(ExpectedGateway(group=10, interface="Vlan10", virtual_ip="10.0.0.1"),))
ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
DOUBLED = "{{% set it = namespace(x={}) %}}{{% for i in range(60) %}}{{% set it.x = it.x {} it.x %}}{{% endfor %}}"


def device(platform: str = "frr", /, **values: Any) -> Device:
    return Device(
        "r1", "router", platform, "192.0.2.1", venues=("hall",), expect=EXPECT,
        origin="inventory/hosts.yaml:1", intents={"backup": values},
    )  # fmt: skip


def workspace(tmp_path: Path, text: str, name: str = "frr") -> Workspace:
    file = tmp_path / "templates" / "backup" / f"{name}.j2"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return Workspace(tmp_path, EVENT, ())


def complaint(tmp_path: Path, text: str, **values: object) -> str:
    with pytest.raises(WorkspaceError) as error:
        render_intent(workspace(tmp_path, text), device(**values), "backup")
    assert "Traceback" not in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_a_template_is_given(tmp_path: Path) -> None:
    text = (
        "{% for gateway in expect.gateways %}\n"
        "  {# a remark #}\n"
        "interface {{ gateway.interface }}\n"
        " standby {{ gateway.group }} priority {{ priority }}\n"
        "{% endfor %}\n"
        "! {{ device.name }} {{ device.role }} {{ device.platform }} {{ device.venues[0] }} {{ event.id }}"
        "{{ ' spoken of' if expect.ospf is defined }}{{ device.element }}\n"
    )
    wanted = render_intent(workspace(tmp_path, text), device(priority=110), "backup")
    assert wanted.text == "interface Vlan10\n standby 10 priority 110\n! r1 router frr hall fair"
    assert in_english(wanted.origin) == "templates/backup/frr.j2 for r1"


def test_nothing_is_escaped(tmp_path: Path) -> None:
    assert render_intent(workspace(tmp_path, "{{ name }}"), device(name='R&D <x> "y"'), "backup").text == 'R&D <x> "y"'


def test_a_platform_that_extends_another_uses_its_template(tmp_path: Path) -> None:
    place = workspace(tmp_path, "of the XE", "cisco_xe")
    assert render_intent(place, device("cisco_9800"), "backup").text == "of the XE"
    workspace(tmp_path, "its own", "cisco_9800")
    assert render_intent(place, device("cisco_9800"), "backup").text == "its own"


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as error:
        render_intent(workspace(tmp_path, "", "cisco_xe"), device("frr"), "backup")
    assert "r1 has the intent backup, and there is no template for frr" in str(error.value)
    assert str(tmp_path / "templates" / "backup" / "frr.j2") in str(error.value)


@pytest.mark.parametrize(
    ("text", "line", "variable"),
    [
        ("a\n\nip route {{ gw1 }}\n", 3, "gw1"),
        ("a\n{% if gw1 == 3 %}b{% endif %}\n", 2, "gw1"),
        ("{% for way in ways %}\n{{ way }}\n{% endfor %}", 1, "ways"),
        ("x\n{{ uplink.address }}", 2, "uplink.address"),
        ("x\n{{ uplink['address'] }}", 2, "uplink.address"),
        ("x\n{% for way in uplink.ways %}\n{{ way.metric }}\n{% endfor %}", 3, "uplink.ways.1.metric"),
        ("x\n{% set name = 'way' %}{{ uplink[name ~ 3] }}", 2, "uplink.way3"),
        ("x\n{{ uplink.port.name }}", 2, "uplink.port.name"),
        ("x\n{{ uplink.ways[7] }}", 2, "uplink.ways.7"),
        ("x\n{{ uplink.one.name }}", 2, "name"),  # the same number stands in two places
        ("x\n{{ event.organiser }}", 2, "event.organiser"),
        ("x\n{{ expect.ospf.area }}", 2, "expect.ospf"),
        ("x\n{{ gw1.address }}", 2, "gw1"),
    ],
)
def test_a_missing_value_names_device_template_line_and_variable(
    tmp_path: Path, text: str, line: int, variable: str
) -> None:
    uplink = {"port": "eth0", "one": 1, "other": 1, "ways": [{"metric": 5}, {}]}
    output = complaint(tmp_path, text, uplink=uplink)
    assert f"{tmp_path / 'templates' / 'backup' / 'frr.j2'}:{line}: the template needs {variable!r}" in output
    assert "r1 has no value" in output


@pytest.mark.parametrize(
    ("text", "do"),
    [
        (
            "{{ uplink }}",
            "Add it under `intents: backup:` of the device (inventory/hosts.yaml:1), a group, or event.yaml.",
        ),
        ("{{ expect.ospf }}", "Add it under `expect:` of the device (inventory/hosts.yaml:1) or a group"),
        ("{{ event.organiser }}", "Remove it from the template: `event` has id, name, venues."),
    ],
)
def test_a_missing_value_is_reported_where_it_belongs(tmp_path: Path, text: str, do: str) -> None:
    assert do in complaint(tmp_path, text)


def test_a_missing_value_in_an_included_template_names_that_one(tmp_path: Path) -> None:
    workspace(tmp_path, "x\n{{ gw1 }}\n", "common")
    assert "common.j2:2: the template needs 'gw1'" in complaint(tmp_path, "{% include 'backup/common.j2' %}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\n{% if %}", "frr.j2:2: the template is not well formed"),
        ("a\n{{ expect.gateways }}", "frr.j2:2: the template cannot be rendered for r1: list"),
        ("{{ 'x' if none }}{{ [] | first + 'x' }}", "frr.j2:1: the template cannot be rendered for r1: No first item"),
        ("{{ none }}", "NoneType"),
        ("{{ true }}", "bool"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 1e999 }}", "cannot be rendered"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ device.update({'name': 'x'}) }}", "unsafe"),
        ("{{ '\\x07' }}", "control character"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion does not end"),
        ("{% include 'backup/frr.j2' %}", "recursion does not end"),
        pytest.param("{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}", "more than 1 MB", marks=pytest.mark.slow),
        ("{{ 'x' * 4001 }}", "a line of more than 4,000 characters"),
        ("{% for i in range(9999999) %}{% endfor %}", "Range too big"),
        ("{% include '../../../../etc/passwd' %}", "is no template of a folder of templates/"),
        ("{% include 'backup/none.j2' %}", "there is no template 'backup/none.j2' in the folder"),
        pytest.param(
            ENDLESS,
            "frr.j2:1: the template cannot be rendered for r1: it does not end within 2 million lines",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "{% macro m() %}" + ENDLESS + "{% endmacro %}\n\n{{ m() }}",
            "it does not end within",
            marks=pytest.mark.slow,
        ),
        ("{% set x = 'a' * 5000000000 %}{{ x }}", "it needs more than 512 MB"),
        ("{{ 'a' * 5000000000 }}", "it needs more than 512 MB"),
        ("{{ '%0999999999d' % 1 }}", "it needs more than 512 MB"),
        ("{{ 'a'.ljust(99999999999) }}", "it needs more than 512 MB"),
        (DOUBLED.format("[1]", "+"), "it needs more than 512 MB"),
        (DOUBLED.format("'abc'", "~"), "it needs more than 512 MB"),
        ("{{ 9 ** (9 ** 9) }}", "a number is too large"),
        (DOUBLED.format("3", "*"), "a number is too large"),
        ("{{ 3.foo() }}", "frr.j2:1"),
        ("{{ 'a' + 3 }}", "frr.j2:1"),
    ],
)
def test_templates_that_do_not_hold(tmp_path: Path, text: str, says: str) -> None:
    assert says in complaint(tmp_path, text)


def test_a_recursion_ends_far_from_the_end_of_the_stack(tmp_path: Path) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    try:
        assert "recursion does not end" in complaint(tmp_path, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "text",
    [
        "{% set x = 'a' * 99999999 %}{{ range(100000) | map('string') | select('in', x ~ 'b') | list | length }}",
        "{% set x = 'a' * 99999999 %}{% for i in range(99999) %}{% if 'b' in x %}{% endif %}{% endfor %}",
    ],
)
def test_a_search_over_long_texts_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(render, "MAX_SECONDS", 0.2)
    assert "of processor time" in complaint(tmp_path, text)


@given(bad=st.characters(categories=["Cc", "Zl", "Zp", "Cf", "Cs", "Co"]), place=st.integers(0, 3))
def test_no_value_brings_a_line_of_its_own(tmp_path_factory: pytest.TempPathFactory, bad: str, place: int) -> None:
    text = f"10.0.0.1{bad}reload"
    values: tuple[dict[str, object], ...] = (
        {"gw": text},
        {"gw": {"x": [1, {"y": text}]}},
        {"gw": {text: 1}},
        {"gw": "10.0.0.1", "unused": [text]},
    )
    output = complaint(tmp_path_factory.mktemp("t"), "ip route {{ gw }}", **values[place])
    assert "line break or a control character" in output


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    place = workspace(tmp_path, "")
    (tmp_path / "templates" / "backup" / "frr.j2").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkspaceError, match="not UTF-8"):
        render_intent(place, device(), "backup")


def test_a_macro_may_give_several_lines(tmp_path: Path) -> None:
    text = "{% macro port(name) %}\ninterface {{ name }}\n bfd\n{% endmacro %}\n{{ port('a') }}{{ port('b') }}"
    assert render_intent(workspace(tmp_path, text), device(), "backup").text == "interface a\n bfd\ninterface b\n bfd\n"
