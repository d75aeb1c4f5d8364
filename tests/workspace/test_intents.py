"""Intents, pairs and the settings of changes, as an engineer writes them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.workspace.keys.signing_keys import fingerprint_of
from eventready.workspace.schema import MODELS, schema_of
from eventready.workspace.settings.change_settings import KeyHolder
from eventready.workspace.workspace import load_workspace
from tests.workspace.conftest import EVENT, Make

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()


def test_values_are_merged_key_by_key_host_over_group_over_defaults_over_event(make: Make) -> None:
    folder = make(
        event=EVENT + "intents: {backup: {a: event, b: event, c: event, d: event}, priority: {p: 1}}\n",
        defaults="data: {intents: {backup: {b: defaults, c: defaults, d: defaults}}}\n",
        groups="router:\n  platform: frr\n"
        "  data: {role: router, intents: {backup: {c: group, d: group}, load_balancing: {}}}\n",
        hosts="r1:\n  hostname: 192.0.2.1\n  groups: [router]\n  data: {pair: hall, intents: {backup: {d: host}}}\n"
        "r2:\n  hostname: 192.0.2.2\n  groups: [router]\n",
    )
    one, two = load_workspace(folder).devices
    assert one.intents == {"backup": {"a": "event", "b": "defaults", "c": "group", "d": "host"}, "load_balancing": {}}
    assert two.intents["backup"]["d"] == "group"
    assert (one.pair, two.pair) == ("hall", "")


def test_the_events_values_make_no_person_take_part(make: Make) -> None:
    assert load_workspace(make(event=EVENT + "intents: {backup: {a: 1}}\n")).device("r1").intents == {}


def test_a_device_with_intents_can_still_be_a_key(make: Make) -> None:
    folder = make(hosts="r1:\n  hostname: 192.0.2.1\n  groups: [router]\n  data: {intents: {backup: {a: [1]}}}\n")
    device = load_workspace(folder).device("r1")
    assert {device: 1}[device] == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("intents: {backups: {}}", "backup"),
        ("intents: {backup: 3}", "mapping"),
        ("intents: [backup]", "mapping"),
        ("intents: {backup: {Gateway-1: x}}", "invalid variable name"),
        ("intents: {backup: {class: x}}", "invalid variable name"),
        ("intents: {backup: {device: x}}", "'device' is reserved"),
        ("pair: ''", "must not be empty"),
        ("intents: {backup: {password: opensesame}}", "secret"),
    ],
)
def test_what_does_not_hold_is_named_with_its_line(make: Make, data: str, says: str) -> None:
    folder = make(hosts=f"r1:\n  hostname: 192.0.2.1\n  groups: [router]\n  data: {{{data}}}\n")
    with pytest.raises(WorkspaceError) as error:
        load_workspace(folder)
    assert says in str(error.value)
    assert "hosts.yaml:4" in str(error.value)


def test_defaults_of_changes(make: Make) -> None:
    settings = load_workspace(make()).event.changes
    assert (settings.approvals, settings.batch, settings.approvers) == (0, 20, ())
    assert settings.settle_s < settings.confirm_within_s


def test_an_approver_is_known_by_key_or_fingerprint() -> None:
    raw = bytes(range(32))
    by_key = KeyHolder(name="Chi", signs_with=KEY)
    by_fingerprint = KeyHolder(name="Chi", signs_with=fingerprint_of(raw))
    assert by_key.fingerprint == by_fingerprint.fingerprint == fingerprint_of(raw)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ("approvals: 1", "1 approvals are required and 0 approvers"),
        ("approvals: -1", "at least 0"),
        ("batch: 0", "at least 1"),
        ("settle_s: 600, confirm_within_s: 600", "before the device settles"),
        ("confirm_within_s: 5", "at least 60"),
        ("approvers: [{name: A, signs_with: abc}]", "neither a fingerprint nor a public"),
        (f"approvers: [{{name: A, signs_with: '{KEY}'}}, {{name: a, signs_with: '{OTHER}'}}]", "duplicate approver"),
        (f"approvers: [{{name: A, signs_with: '{KEY}'}}, {{name: B, signs_with: '{KEY}'}}]", "duplicate approver"),
        ("aprovals: 1", "approvals"),
    ],
)
def test_settings_that_do_not_hold(make: Make, tmp_path: Path, changes: str, says: str) -> None:
    with pytest.raises(WorkspaceError) as error:
        load_workspace(make(event=EVENT + f"changes: {{{changes}}}\n"))
    assert says in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_editors_know_them_too() -> None:
    event, hosts = (json.dumps(schema_of(MODELS[kind], kind)) for kind in ("event", "hosts"))
    for name in ("approvals", "approvers", "signs_with", "confirm_within_s"):
        assert f'"{name}"' in event
    for name in ("intents", "pair", "load_balancing"):
        assert f'"{name}"' in hosts
