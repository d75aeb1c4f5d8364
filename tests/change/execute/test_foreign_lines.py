"""States between old and new: whatever prefix of a change's commands the device has executed, forward or backward, no
line of the result counts as another operator's, and the commands of the way back lead to the old text."""

from __future__ import annotations

from random import Random

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import parse_tree
from eventready.platforms.loader import describe
from eventready.workspace.devices.intents import INTENTS
from tests.conftest import Proved
from tests.lab.dialects.test_round_trip import PLATFORMS, Session, cases, everyone, fragment_of
from tests.proofs.size import WHOLE
from tests.shared import change_spec_of

#: One device per platform, with the most intents.
DEVICES = [
    name
    for platform in PLATFORMS
    for name in sorted(
        {name for name, _ in cases() if everyone()[name].platform == platform},
        key=lambda name: (-len(everyone()[name].intents), name),
    )[:1]
]


#: Lines of a change after which it is killed, always the same ones: controllers have ten for each of many cells.
#: `make proofs` takes every line.
MOST = 25


def counts(forward: int, chance: Random) -> list[int]:
    """Numbers of lines that the device has executed, the first and the last among them."""
    every = range(1, forward + 1)
    if WHOLE or forward <= MOST:
        return list(every)
    return sorted({1, forward, *chance.sample(every, MOST - 2)})


@pytest.mark.slow
@pytest.mark.parametrize("name", DEVICES)
def test_killed_after_every_single_line(proved: Proved, name: str) -> None:
    """After each line forward, and then after a random line of the way back, in one session that goes on."""
    device, spec, chance = everyone()[name], change_spec_of(everyone()[name].platform), Random(name)
    fragment = fragment_of(device, *(intent for intent in INTENTS if intent in device.intents))
    session = Session(device)
    before = session.read(fragment)
    target = form_of(spec).merge(before.tree, fragment)
    forward = form_of(spec).commands_between(before.tree, target)
    for count in counts(len(forward), chance):
        session.send_config(forward[:count])
        found = session.read(fragment)
        assert form_of(spec).foreign_lines(found.tree, before.tree, target) == (), forward[count - 1]
        back = form_of(spec).commands_between(found.tree, before.tree)
        session.send_config(back[: chance.randint(0, len(back))])
        found = session.read(fragment)
        assert form_of(spec).foreign_lines(found.tree, before.tree, target) == (), (forward[count - 1], back)
        session.send_config(form_of(spec).commands_between(found.tree, before.tree))
        assert session.read(fragment).text == before.text, forward[count - 1]
        proved("killed after a line, at the console", device.platform, name, str(count))


OLD = "network\n bts 0\n  type osmo-bts\n"
NEW = f"{OLD}  access-control-class-ramping\n  access-control-class-ramping-step-interval 30\n  codec-support fr amr\n"


@pytest.mark.parametrize(
    ("added", "foreign"),
    [
        ("  access-control-class-ramping-step-interval 5\n", ()),
        ("  access-control-class-ramping-step-size 1\n", ()),
        ("  amr tch-h start-mode auto\n", ()),
        ("  access-control-class-ramping-step-interval 6\n", ("access-control-class-ramping-step-interval 6",)),
        ("  access-control-class-ramping-step-size 2\n", ("access-control-class-ramping-step-size 2",)),
        ("  description x\n", ("description x",)),
        (" bts 1\n  amr tch-h start-mode auto\n", ("bts 1", "amr tch-h start-mode auto")),
    ],
)
def test_only_defaults_in_a_section_of_the_change_are_the_devices_own(added: str, foreign: tuple[str, ...]) -> None:
    spec = describe("osmocom_bsc").spec.change
    assert spec is not None
    found = form_of(spec).foreign_lines(parse_tree(OLD + added), parse_tree(OLD), parse_tree(NEW))
    assert tuple(path[-1] for path in found) == foreign
