"""A change through the simulated devices and back: what the templates give is taken, shown as it was predicted, and
taken back to the very same text, by the same rules as `plan` and `apply` follow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from eventready.change.configuration import Configuration, commands_to_read, read_configuration
from eventready.change.delta import merge, same, way
from eventready.change.errors import FragmentError
from eventready.change.fragment import Fragment, join, parse_fragment
from eventready.change.intent import INTENTS, wanted_of
from eventready.change.tree import Tree
from eventready.clock import Clock
from eventready.lab.machine import Credentials
from eventready.lab.process import machines_of
from eventready.lab.real.plan import air_of, devices
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.device import Device
from eventready.workspace.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace
from tests.conftest import Proved
from tests.lab.console import Console
from tests.lab.starts import IN_USE, earlier, is_refused, take_away, type_in

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
    """An engineer's session on a simulated device of its own, and the code that changes such devices beside it."""

    def __init__(self, device: Device) -> None:
        self.spec = spec_of(device)
        (self.machine,) = machines_of([device], Credentials("netops", "lab-only"), Clock())
        self.say = Console(self.machine)

    def become(self, version: str) -> None:
        """Run another version from now on."""
        machine = self.machine
        machine.state.version = version
        machine.dialect = machine.dialect.on(machine.state) if machine.dialect.on else machine.dialect

    def tell(self, lines: tuple[str, ...]) -> None:
        """Carry out lines, none of which is refused, and commit them where the device has two stages."""
        self.enter()
        said = {line: self.say(line) for line in lines}
        assert {line: words for line, words in said.items() if is_refused(self.spec, words)} == {}
        self.leave()

    def enter(self) -> None:
        """Go to where the configuration is changed."""
        for line in self.spec.enter:
            self.say(line)

    def leave(self) -> None:
        """Commit, and go back."""
        if self.machine.dialect.config is not None and self.machine.config.has_candidate:
            self.say("commit")
        for line in self.spec.leave:
            self.say(line)

    def read(self, fragment: Fragment) -> Configuration:
        answers = {command: self.say(command) for command in commands_to_read(self.spec, fragment)}
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
def test_one_intent_there_and_back(proved: Proved, name: str, intent: str) -> None:
    device = everyone()[name]
    there_and_back(device, fragment_of(device, intent))
    proved("there and back, at the console", device.platform, intent, name)


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_there_and_back_where_other_values_were_before(proved: Proved, platform: str, seed: int) -> None:
    """The device has other values of the same things first, as an engineer typed them; what it refused it never had."""
    chance = Random(seed)
    device = chance.choice([one for one in everyone().values() if one.platform == platform and one.intents])
    session, fragment = Session(device), fragment_of(device, *(i for i in INTENTS if i in device.intents))
    if platform == "cisco_xe" and chance.random() < 0.5:
        session.become("03.16.10.S")  # which prints no numbers of access lists
    session.enter()
    take_away(session.spec, fragment.tree, session.say, chance)
    start = earlier(fragment.tree, chance)
    refused = type_in(session.spec, start, session.say)
    session.leave()
    note(f"{device.name} from {start}; it refused {refused}")
    try:
        there_and_back(device, fragment, session)
    except FragmentError as error:
        if IN_USE not in str(error):
            raise
    proved("there and back from other values, at the console", platform, str(seed))


@pytest.mark.parametrize("name", sorted({name for name, _ in cases()}))
def test_all_intents_there_and_back(name: str) -> None:
    device = everyone()[name]
    there_and_back(device, fragment_of(device, *(intent for intent in INTENTS if intent in device.intents)))
