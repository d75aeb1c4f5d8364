"""The example's templates: every platform and intent, every value, and what none of them may ever give."""

from __future__ import annotations

import copy
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.intents.render import render_intent
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.change.safety.writable import WritableLines
from eventready.core.errors import EventreadyError
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.devices.intents import INTENTS
from eventready.workspace.examples.example import example_home
from eventready_lab.real.province.layout import air_of, devices
from tests.lab.other_vendors import other_vendors
from tests.shared import example

pytestmark = pytest.mark.slow

PLATFORMS = (
    "cisco_9800", "cisco_ios", "cisco_xe", "cisco_xr", "frr", "huawei_ac", "huawei_enb", "huawei_mml",
    "huawei_vrp", "juniper_junos", "linux_hostapd", "mikrotik_routeros", "osmocom_bsc",
)  # fmt: skip

#: What no template gives on any platform, in whatever words: classes 11 to 15 or emergency calls barred, cells barred,
#: erasing, restarting, and the way by which a device is reached.
NEVER = (
    r"access-control-class 1[1-5]\b", r"emergency call allowed", r"(?i)emergency=", r"SPECACC", r"\bEC=",
    r"AC1[1-5]BAR", r"cell barred", r"rf_locked 1", r"^\s*shutdown", r"(?i)\bno (?:router|interface)\b",
    r"(?i)\b(?:erase|reload|reboot|format|factory)\b", r"(?i)^\s*(?:delete|reset|debug|clear|RST|RMV|FMT|BLK|DEA)\b",
    r"^line ", r"^user-interface", r"(?i)\b(?:aaa|username|password|snmp|ssh|stelnet|hostname|sysname)\b",
)  # fmt: skip

#: Values for what the example does not use, so that every line of every template is given by somebody.
MORE: dict[tuple[str, str], dict[str, Any]] = {
    ("load_balancing", "cisco_xe"): {
        "default_routes": [{"next_hop": "10.0.0.1", "track": 10}, {"next_hop": "10.0.0.5"}],
        "bgp": {"as": 65000, "maximum_paths": 4},
    },
    ("load_balancing", "huawei_vrp"): {
        "default_routes": [{"next_hop": "10.0.0.1", "track": "nqa event uplink"}, {"next_hop": "10.0.0.5"}],
        "ospf": {"process": 1, "maximum_paths": 4},
        "bgp": {"as": 65000, "maximum_paths": 4},
    },
    ("load_balancing", "frr"): {
        "default_routes": [{"next_hop": "10.0.0.1", "profile": "fast"}, {"next_hop": "10.0.0.5"}],
        "bgp": {"as": 65000, "maximum_paths": 4},
    },
    ("load_balancing", "cisco_xr"): {"default_routes": [{"next_hop": "10.0.9.9", "track": "UPLINK"}]},
    ("load_balancing", "juniper_junos"): {"default_routes": [{"next_hop": "10.0.9.1"}, {"next_hop": "10.0.9.5"}]},
    ("backup", "frr"): {"floating": [{"next_hop": "10.0.3.2", "distance": 200, "watched": True}]},
    ("backup", "cisco_9800"): {"pair": True, "spare": {"name": "wlc-9", "address": "192.0.2.79"}},
}


@cache
def everyone() -> tuple[Device, ...]:
    """The example's devices, the real province's, routers of other vendors, and a Cisco router that speaks VRRP."""
    event = example().event
    edge = next(one for one in example().devices if one.name == "edge-vh-1")
    spoken = [gateway.model_copy(update={"protocol": "vrrp"}) for gateway in edge.expect.gateways]
    expect = Expect.model_validate({**edge.expect.model_dump(), "gateways": spoken})
    vrrp = replace(edge, name="edge-vh-3", expect=expect)
    return (*example().devices, *devices(event, air=air_of(event)), *other_vendors(), vrrp)


def cases() -> list[Any]:
    return [
        pytest.param(one, intent, id=f"{one.name}-{intent}") for one in everyone() for intent in INTENTS
        if intent in one.intents
    ]  # fmt: skip


def kinds() -> list[Any]:
    """One device for each platform and intent."""
    found = {(one.platform, intent): one for one in everyone() for intent in one.intents}
    return [pytest.param(one, intent, id=f"{platform}-{intent}") for (platform, intent), one in found.items()]


def spec_of(device: Device) -> PlatformSpec:
    return describe(device.platform).spec


def change_of(device: Device) -> ChangeSpec:
    spec = spec_of(device).change
    assert spec is not None
    return spec


def fragment_of(device: Device, intent: str) -> Fragment:
    wanted = render_intent(example(), device, intent)
    return form_of(change_of(device)).parse(wanted.text, wanted.origin)


def with_values(device: Device, intent: str, values: dict[str, Any]) -> Device:
    return replace(device, intents={**device.intents, intent: values})


def complete(device: Device, intent: str) -> Device:
    """The device with the values that make its template give all it can."""
    return with_values(device, intent, {**device.intents[intent], **MORE.get((intent, device.platform), {})})


def lines_to(device: Device, fragment: Fragment) -> tuple[str, ...]:
    """What would be sent to a device that has none of it."""
    now: Tree = {header: {} for header in fragment.tree} if change_of(device).form == "keyed" else {}
    return form_of(change_of(device)).commands_between(now, fragment.tree)


def test_every_platform_has_a_template_for_every_intent() -> None:
    for intent in INTENTS:
        there = {path.stem for path in (example_home() / "templates" / intent).glob("*.j2")}
        assert there == set(PLATFORMS)
    used = {(one.platform, intent) for one in everyone() for intent in one.intents}
    assert used == {(platform, intent) for platform in PLATFORMS for intent in INTENTS}


@pytest.mark.parametrize("intent", INTENTS)
def test_no_template_of_hostapd_writes_what_only_its_next_start_takes(intent: str) -> None:
    (device, *_) = [one for one in everyone() if one.platform == "linux_hostapd" and intent in one.intents]
    later = [re.compile(one.line) for one in change_of(device).values.later]
    keys = fragment_of(device, intent).tree
    assert later
    assert not [line for lines in keys.values() for line in lines for one in later if one.fullmatch(line)]


@pytest.mark.parametrize(("device", "intent"), cases())
def test_a_template_gives_lines_of_its_platforms_form(device: Device, intent: str) -> None:
    for one in (device, complete(device, intent)):
        wanted = render_intent(example(), one, intent)
        assert "\t" not in wanted.text
        fragment = fragment_of(one, intent)
        assert not fragment.empty
        assert lines_to(one, fragment)


@pytest.mark.parametrize("device", [one for one in everyone() if one.intents], ids=lambda one: one.name)
def test_the_intents_of_a_device_do_not_contradict_each_other(device: Device) -> None:
    joined = form_of(change_of(device)).join([fragment_of(device, intent) for intent in device.intents])
    assert not joined.empty


@pytest.mark.parametrize("path", sorted((example_home() / "templates").glob("*/*.j2")), ids=lambda path: path.stem)
def test_a_template_is_short_and_says_why(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("{# ")
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize(("device", "intent"), cases())
def test_every_line_is_writable_as_it_stands_and_back(device: Device, intent: str) -> None:
    for one in (device, complete(device, intent)):
        writable = WritableLines.of(one.platform, spec_of(one), (intent,), ())
        rendered = render_intent(example(), one, intent)
        assert writable.canonical_text(rendered.text, rendered.origin) == rendered.text
        fragment = fragment_of(one, intent)
        writable.refuse_fragment(fragment, rendered.origin)
        writable.refuse_commands(lines_to(one, fragment), one.name)
        if change_of(one).form == "indented":
            before = standing(writable, fragment.tree, writable.rules)
            writable.refuse_commands(form_of(change_of(one)).commands_between(fragment.tree, before), one.name)


def standing(writable: WritableLines, tree: Tree, level: Any) -> Tree:
    """The sections of a template that no plan may remove: an interface, a routing process."""
    found: Tree = {}
    for line, beneath in tree.items():
        section = writable.find(line, level, whole=True)
        assert section is not None
        if section.beneath and writable.find(f"{writable.form.spec.negation} {line}", level, whole=True) is None:
            found[line] = standing(writable, beneath, section.beneath)
    return found


@pytest.mark.parametrize(("device", "intent"), cases())
def test_nothing_forbidden_is_given(device: Device, intent: str) -> None:
    for one in (device, complete(device, intent)):
        text = render_intent(example(), one, intent).text
        assert [line for line in text.splitlines() for rule in NEVER if re.search(rule, line)] == []
        nothing = Configuration({}, "", "")
        lines = lines_to(one, fragment_of(one, intent))
        refuse_forbidden(spec_of(one), lines, device=one.name, running=nothing, address=one.hostname or "192.0.2.1")


HOSTILE = (
    "1\n rach access-control-class 11 barred", "1\r\nreload", "1 \x1b[2J", "1\u2028erase startup-config", "1\0",
    "60; RST BSC:; MOD X: A=1", "60, SPECACC=L11_FORBID-1", "0, EC=NO", "1;\nFMT DISK:;", "YES; RMV CELL: CELLIDX=1",
    "1 | redirect flash:x", "$(reboot)", "15\nwpa_passphrase=known", "' ; reboot ; '", "0; rm -rf /", "{{ 7 * 7 }}",
    "x/../../../etc/passwd", "barred 1\u0085reload",
)  # fmt: skip


def leaves(values: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list | tuple) else ()
    )
    found = False
    for key, inner in pairs:
        found = True
        yield from leaves(inner, (*place, key))
    if not found and place:
        yield place


def planted(values: dict[str, Any], place: tuple[Any, ...], word: str) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    here: Any = changed
    for key in place[:-1]:
        here[key] = list(here[key]) if isinstance(here[key], tuple) else here[key]
        here = here[key]
    here[place[-1]] = word
    return changed


@pytest.mark.parametrize(("device", "intent"), kinds())
def test_no_value_makes_a_template_give_a_second_command(device: Device, intent: str) -> None:
    """A hostile value is refused, or stays a word in its own line, which the platform's rules are held against."""
    one = complete(device, intent)
    plain = render_intent(example(), one, intent).text
    tried = 0
    for place in leaves(one.intents[intent]):
        for word in HOSTILE:
            tried += 1
            bad = with_values(one, intent, planted(dict(one.intents[intent]), place, word))
            try:
                text = render_intent(example(), bad, intent).text
                fragment = fragment_of(bad, intent)
                lines = lines_to(bad, fragment)
                refuse_forbidden(
                    spec_of(bad), lines, device=bad.name, running=Configuration({}, "", ""), address="192.0.2.9"
                )
            except EventreadyError:
                continue
            assert len(text.splitlines()) <= len(plain.splitlines()), (place, word)
            assert all(line.isprintable() for line in lines)
            if change_of(bad).form == "mml":
                assert [line.count(";") for line in lines] == [1] * len(lines)
            if change_of(bad).form == "keyed":
                for line in lines:
                    signs = [
                        word
                        for word in shlex.shlex(line, posix=True, punctuation_chars=True)
                        if not word.strip("();<>|&$`")
                    ]
                    assert signs == ["&&", ">", "&&"]
    assert tried or not list(leaves(one.intents[intent]))


@pytest.mark.skipif(shutil.which("vtysh") is None, reason="FRR is not installed")
@pytest.mark.parametrize("intent", INTENTS)
def test_frr_itself_knows_every_line(tmp_path: Path, intent: str) -> None:
    """`vtysh -C` reads the file and does nothing."""
    for device in (one for one in everyone() if one.platform == "frr" and intent in one.intents):
        file = tmp_path / f"{device.name}.conf"
        file.write_text(render_intent(example(), complete(device, intent), intent).text, encoding="utf-8")
        done = subprocess.run(["vtysh", "-C", "-f", str(file)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        file.write_text("router ospf\n maximum-pths 8\n", encoding="utf-8")
        bad = subprocess.run(["vtysh", "-C", "-f", str(file)], check=False, capture_output=True, text=True)
        assert bad.returncode != 0
