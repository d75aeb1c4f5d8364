"""Ten thousand devices: what is done once must not be done once per device. Steps are counted, no time is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from eventready.core import validation_messages
from eventready.core.errors import WorkspaceError
from eventready.workspace.files import yaml_document
from eventready.workspace.settings import waivers
from eventready.workspace.settings.limits import LimitOverride, LimitOverrides
from eventready.workspace.workspace import load_workspace

from .conftest import Make

MANY = 60


class Counted:
    """A function, and how often it has been called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.calls = 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Count it."""
        self.calls += 1
        return self._function(*args, **named)


def hosts(more: str = "") -> str:
    return "".join(f"r{number}: {{hostname: 192.0.2.1, groups: [router]{more}}}\n" for number in range(MANY))


def test_one_mistake_in_every_host_walks_the_file_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Counted(yaml_document._scalar_text)
    monkeypatch.setattr(yaml_document, "_scalar_text", keys)
    with pytest.raises(WorkspaceError, match=rf"hosts.yaml:20: unknown key 'prot'(.|\n)*and {MANY - 20} more"):
        load_workspace(make(hosts=hosts(", prot: 22")))
    assert keys.calls < 10 * MANY


def test_no_person_looks_for_names_that_no_person_will_read(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = Counted(validation_messages.suggest)
    monkeypatch.setattr(validation_messages, "suggest", queries)
    cut = "".join(
        f"r{number}: {{hostname: 192.0.2.1, groups: [router], "
        f"data: {{expect: {{links: [{{port: a, device: rr{number}, to_port: b}}]}}}}}}\n"
        for number in range(MANY)
    )
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(make(hosts=cut))
    shown = str(caught.value).splitlines()[1:-1]
    assert len(shown) == queries.calls == validation_messages.SHOWN
    assert all("Did you mean 'r" in line for line in shown)


def test_a_waiver_of_one_device_is_not_held_against_the_others(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = Counted(fnmatchcase)
    monkeypatch.setattr(waivers, "fnmatchcase", compared)
    written = "".join(
        f"- {{check: cpu, device: r{number}, by: Nam, reason: old, until: 2022-05-01}}\n" for number in range(MANY)
    )
    assert len(load_workspace(make(hosts=hosts(), waivers=f"waivers:\n{written}")).waivers) == MANY
    assert not compared.calls


class Overrides(tuple[LimitOverride, ...]):
    """Overrides that count how often somebody walks through all of them."""

    walks = 0

    def __iter__(self) -> Iterator[LimitOverride]:
        """Count it."""
        Overrides.walks += 1
        return super().__iter__()


def test_a_limit_of_each_device_is_found_without_the_others(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Overrides, "walks", 0)
    devices = load_workspace(make(hosts=hosts())).devices
    limits = LimitOverrides(
        Overrides(LimitOverride("devices", d.name, "cpu", "warn", number) for number, d in enumerate(devices))
    )
    assert [limits.for_check("cpu", device) for device in devices] == [{"warn": number} for number in range(MANY)]
    assert Overrides.walks == 1


def test_where_every_limit_stands_is_found_in_one_walk(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Counted(yaml_document._scalar_text)
    monkeypatch.setattr(yaml_document, "_scalar_text", keys)
    written = "".join(f"  r{number}: {{cpu: {{warn: 5}}}}\n" for number in range(MANY))
    found = load_workspace(make(hosts=hosts(), limits=f"devices:\n{written}")).limits.overrides
    assert [override.origin.rpartition(":")[2] for override in found] == [str(2 + number) for number in range(MANY)]
    assert keys.calls < 10 * MANY
