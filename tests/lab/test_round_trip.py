"""A change through the simulated devices and back: what the templates give is taken, shown as it was predicted, and
taken back to the very same text, by the same rules as `plan` and `apply` follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.change.configuration import Configuration, commands_to_read, read_configuration
from eventready.change.delta import merge, same, way
from eventready.change.fragment import Fragment, join, parse_fragment
from eventready.change.intent import INTENTS, wanted_of
from eventready.change.tree import Tree
from eventready.lab.dialect import load_dialect
from eventready.lab.health import healthy
from eventready.lab.host.login import HostShell
from eventready.lab.machine import Credentials, Machine
from eventready.lab.mml import Manager, MmlSession
from eventready.lab.real.plan import air_of, devices
from eventready.lab.shell import Shell
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.device import Device
from eventready.workspace.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace
from tests.lab.test_hostapd_configuration import Line

PLATFORMS = (
    *("cisco_9800", "cisco_xe", "frr", "huawei_ac", "huawei_enb", "huawei_mml"),
    *("huawei_vrp", "linux_hostapd", "osmocom_bsc"),
)


@cache
def example() -> Workspace:
    return load_workspace(example_home())


@cache
def everyone() -> dict[str, Device]:
    """The example's devices, and the real province's hotspot."""
    event = example().event
    return {device.name: device for device in (*example().devices, *devices(event, air=air_of(event)))}


def cases() -> Iterator[tuple[str, str]]:
    for device in everyone().values():
        for intent in INTENTS:
            if device.platform in PLATFORMS and intent in device.intents:
                yield device.name, intent


class Session:
    """A session on a simulated device that asks and tells, as the platform wants to be spoken to."""

    def __init__(self, device: Device) -> None:
        self.spec = spec_of(device)
        state = healthy(list(everyone().values()))[device.name]
        self.machine = Machine(state, load_dialect(device.platform), Credentials("netops", "lab-only"))
        self.line = Line(self.machine)
        self.end = "\n"
        if self.spec.form == "mml":
            self.session: MmlSession | Shell = MmlSession(Manager("bsc", [self.machine]), self.line)
            self('LGI:OP="netops",PWD="lab-only";')
            return
        host = self.machine.dialect.host
        self.session = (HostShell if host and host.main else Shell)(self.machine, self.line)
        self.session.greet()
        self.session.begin()
        for command in ("enable", *describe(device.platform).spec.session.setup):
            if command != "enable" or self.machine.dialect.enable:
                self(command)

    def __call__(self, command: str) -> str:
        """What the device says to a line, without echo and prompt."""
        self.line.sent = ""
        self.session.feed(command + self.end)
        self.machine.pass_time(2)
        said = self.line.sent.replace("\r\n", "\n")
        if self.spec.form == "mml":
            return said
        lines = said.split("\n")
        return "\n".join(lines[1:-1])

    def tell(self, lines: tuple[str, ...]) -> None:
        """Carry out lines, none of which is refused, and commit them where the device has two stages."""
        for line in self.typed(lines):
            said = self(line)
            for one in said.splitlines():
                harmless = any(re.search(pattern, one) for pattern in self.spec.harmless)
                assert harmless or not any(re.search(pattern, one) for pattern in self.spec.refused), (line, said)

    def typed(self, lines: tuple[str, ...]) -> tuple[str, ...]:
        """The lines with what stands around them."""
        if self.spec.form == "mml":
            return lines
        mode = self.machine.dialect.config
        commit = ("commit",) if mode and mode.candidate else ()
        return (*self.spec.enter, *lines, *commit, *self.spec.leave)

    def read(self, fragment: Fragment) -> Configuration:
        answers = {command: self(command) for command in commands_to_read(self.spec, fragment)}
        return read_configuration(self.spec, answers, device="lab")


def spec_of(device: Device) -> ChangeSpec:
    spec = describe(device.platform).spec.change
    assert spec is not None
    return spec


def fragment_of(device: Device, *intents: str) -> Fragment:
    spec = spec_of(device)
    wanted = [wanted_of(example(), device, intent) for intent in intents]
    return join(spec, [parse_fragment(spec, one.text, one.origin) for one in wanted])


def there_and_back(device: Device, fragment: Fragment, session: Session | None = None) -> None:
    """Apply, find what was predicted, plan again nothing, go back, find the very same text."""
    spec, session = spec_of(device), session or Session(device)
    before = session.read(fragment)
    predicted = merge(spec, before.tree, fragment)
    forward = way(spec, before.tree, predicted)
    session.tell(forward)
    after = session.read(fragment)
    assert same(spec, after.tree, predicted), _differs(after, predicted)
    assert way(spec, after.tree, merge(spec, after.tree, fragment)) == ()
    session.tell(way(spec, after.tree, before.tree))
    assert session.read(fragment).text == before.text


def _differs(after: Configuration, predicted: Tree) -> str:
    return f"shown: {after.tree}\npredicted: {predicted}"


@pytest.mark.parametrize(("name", "intent"), list(cases()))
def test_one_intent_there_and_back(name: str, intent: str) -> None:
    device = everyone()[name]
    there_and_back(device, fragment_of(device, intent))


def altered(tree: Tree, numbers: Iterator[int]) -> Tree:
    """The lines with other numbers and words where they end; sections keep their names."""

    def other(line: str) -> str:
        number = next(numbers)
        words = {"YES": "NO", "dynamic": "ascending", "descending": "ascending", "hr amr": "hr"}
        for word, instead in words.items():
            if line.endswith(word) and number % 2:
                return line.removesuffix(word) + instead
        return re.sub(r"-?\d+$", str(number), line)

    return {other(line) if not beneath else line: altered(beneath, numbers) for line, beneath in tree.items()}


KINDS = {device.platform: device for device in everyone().values() if device.platform in PLATFORMS and device.intents}


@pytest.mark.parametrize("platform", sorted(KINDS))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(numbers=st.lists(st.integers(0, 90), min_size=8, max_size=8))
def test_there_and_back_where_other_values_were_before(platform: str, numbers: list[int]) -> None:
    """The device has other values of the same things first; what it refuses of them it never had."""
    device = KINDS[platform]
    spec, session = spec_of(device), Session(device)
    fragment = fragment_of(device, *(intent for intent in INTENTS if intent in device.intents))
    before = session.read(fragment)
    earlier = merge(spec, before.tree, replace(fragment, tree=altered(fragment.tree, cycle(numbers))))
    for line in session.typed(way(spec, before.tree, earlier)):
        session(line)
    there_and_back(device, fragment, session)


@pytest.mark.parametrize("name", sorted({name for name, _ in cases()}))
def test_all_intents_there_and_back(name: str) -> None:
    device = everyone()[name]
    there_and_back(device, fragment_of(device, *(intent for intent in INTENTS if intent in device.intents)))
