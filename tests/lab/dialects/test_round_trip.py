"""A change through the simulated devices and back: what the templates give is taken, shown as it was predicted, and
taken back to the very same text, by the same rules as `plan` and `apply` follow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from eventready.change.errors import FragmentError
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.intents.render import render_intent
from eventready.core.clock import Clock
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import INTENTS
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.embedded.process import simulate
from eventready_lab.real.province.layout import air_of, devices
from tests.conftest import Proved
from tests.lab.console import Console
from tests.lab.earlier_configuration import IN_USE, earlier, is_refused, take_away, type_in
from tests.lab.other_vendors import other_vendors

pytestmark = pytest.mark.slow

PLATFORMS = (
    *("cisco_9800", "cisco_ios", "cisco_xe", "cisco_xr", "frr", "huawei_ac", "huawei_enb", "huawei_mml"),
    *("huawei_vrp", "juniper_junos", "linux_hostapd", "mikrotik_routeros", "osmocom_bsc"),
)


@cache
def example() -> Workspace:
    return load_workspace(example_home())


@cache
def everyone() -> dict[str, Device]:
    """The example's devices, the real province's hotspot, and routers of other vendors."""
    event = example().event
    known = (*example().devices, *devices(event, air=air_of(event)), *other_vendors())
    return {device.name: device for device in known}


def cases() -> Iterator[tuple[str, str]]:
    for device in everyone().values():
        for intent in INTENTS:
            if device.platform in PLATFORMS and intent in device.intents:
                yield device.name, intent


class Session:
    """An engineer's session on a simulated device of its own, and the code that changes such devices beside it."""

    def __init__(self, device: Device) -> None:
        self.spec = spec_of(device)
        (self.machine,) = simulate([device], Credentials("netops", "lab-only"), Clock())
        self.say = Console(self.machine)

    def become(self, version: str) -> None:
        """Run unsupported plan version from now on."""
        machine = self.machine
        machine.state.version = version
        machine.dialect = machine.dialect.variant(machine.state) if machine.dialect.variant else machine.dialect

    def send_config(self, lines: tuple[str, ...]) -> None:
        """Carry out lines, none of which is refused, and commit them where the device has two stages."""
        self.enter()
        output = {line: self.say(line) for line in lines}
        assert {line: words for line, words in output.items() if is_refused(self.spec, words)} == {}
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
        answers = {command: self.say(command) for command in form_of(self.spec).commands_to_read(fragment)}
        return form_of(self.spec).read(answers, device="lab")


def spec_of(device: Device) -> ChangeSpec:
    spec = describe(device.platform).spec.change
    assert spec is not None
    return spec


def fragment_of(device: Device, *intents: str) -> Fragment:
    spec = spec_of(device)
    wanted = [render_intent(example(), device, intent) for intent in intents]
    return form_of(spec).join([form_of(spec).parse(one.text, one.origin) for one in wanted])


def there_and_back(device: Device, fragment: Fragment, session: Session | None = None, broken_off: int = 0) -> None:
    """Apply, compare with the prediction, plan an empty change, roll back, compare the text.

    Then roll back from a change that was broken off after `broken_off` percent of its lines, if any.
    """
    spec, session = spec_of(device), session or Session(device)
    before = session.read(fragment)
    predicted = form_of(spec).merge(before.tree, fragment)
    forward = form_of(spec).commands_between(before.tree, predicted)
    session.send_config(forward)
    after = session.read(fragment)
    assert form_of(spec).equivalent(after.tree, predicted), _differs(after, predicted)
    assert form_of(spec).commands_between(after.tree, form_of(spec).merge(after.tree, fragment)) == ()
    session.send_config(form_of(spec).commands_between(after.tree, before.tree))
    assert session.read(fragment).text == before.text
    if part := forward[: len(forward) * broken_off // 100]:
        session.send_config(part)
        session.send_config(form_of(spec).commands_between(session.read(fragment).tree, before.tree))
        assert session.read(fragment).text == before.text


def _differs(after: Configuration, predicted: Tree) -> str:
    return f"shown: {after.tree}\npredicted: {predicted}"


@pytest.mark.parametrize(("name", "intent"), list(cases()))
def test_one_intent_there_and_back(proved: Proved, name: str, intent: str) -> None:
    device = everyone()[name]
    there_and_back(device, fragment_of(device, intent))
    proved("there and back, at the console", device.platform, intent, name)


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
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
        there_and_back(device, fragment, session, broken_off=chance.randrange(101))
    except FragmentError as error:
        if IN_USE not in str(error):
            raise
    proved("there and back from other values, at the console", platform, str(seed))


@pytest.mark.parametrize("name", sorted({name for name, _ in cases()}))
def test_all_intents_there_and_back(name: str) -> None:
    device = everyone()[name]
    there_and_back(device, fragment_of(device, *(intent for intent in INTENTS if intent in device.intents)))
