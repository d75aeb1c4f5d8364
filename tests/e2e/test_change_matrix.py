"""Every platform and intent, on simulated devices: planned, applied, planned again (nothing is left to do), rolled
back, and configured to the letter as before, running and startup, nobody else touched.

`make proofs` has every platform and intent by itself, `make test` one for each form of configuration and then all in
one plan; `tests/lab/dialects/test_round_trip.py` has all at the console.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from eventready.change.document import Plan, PlanFile, load_plan
from eventready.change.errors import FragmentError
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.result import ApplyResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.intents.render import render_intent
from eventready.change.plan.make import make_plan
from eventready.change.times import RetryTiming
from eventready.core.clock import Clock
from eventready.core.errors import RefusedError
from eventready.facts.equipment import Equipment
from eventready.platforms.loader import describe
from eventready.store.store import Store
from eventready.workspace.devices.intents import INTENTS, Intent
from eventready.workspace.examples.example import example_home
from tests.change.execute.test_kill_lab import Silent
from tests.conftest import Proved
from tests.e2e.conftest import NOW
from tests.e2e.rig import Look, Rig, rig_of
from tests.lab.earlier_configuration import IN_USE
from tests.proofs.size import WHOLE
from tests.shared import change_spec_of

pytestmark = pytest.mark.lab

CLOCK = Clock.starting(NOW)
OF_OTHERS = "not from an earlier change of ours"
BY = Options(
    by="an", host="noc-1", timing=RetryTiming(pause_s=0.2, margin_s=5, grace_s=2, reach_s=20), settle_s=20, soak_s=0,
    partners=0,  # the changes by the command line read them
)  # fmt: skip


def pairs() -> list[tuple[str, str]]:
    """Platform and intent of every template there is."""
    found = (example_home() / "templates").glob("*/*.j2")
    return sorted((path.stem, path.parent.name) for path in found if path.parent.name in INTENTS)


PLATFORMS = sorted({platform for platform, _intent in pairs()})
EACH = [(platform,) for platform in PLATFORMS]


def cases_of(found: Sequence[tuple[str, ...]]) -> list[Any]:
    """All cases under `make proofs`, else one for each form of configuration, of which each has another place.

    A platform's cases stay on one worker, beside one lab of its own.
    """
    by_form: dict[str, list[tuple[str, ...]]] = {}
    for case in found:
        change = describe(case[0]).spec.change
        assert change is not None
        by_form.setdefault(change.form, []).append(case)
    once = [those[number % len(those)] for number, those in enumerate(by_form.values())]
    return [
        pytest.param(*case, marks=pytest.mark.xdist_group(f"change matrix {case[0]}"), id="-".join(case))
        for case in (found if WHOLE else once)
    ]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A province to be changed by these tests only."""
    with rig_of(tmp_path_factory.mktemp("matrix")) as made:
        yield made


def those(rig: Rig, platform: str, *intents: str) -> list[str]:
    """The devices of a platform that take part in any of the intents."""
    found = [d.name for d in rig.load.devices if d.platform == platform and any(i in d.intents for i in intents)]
    assert found, f"no {platform} takes part in {' or '.join(intents)}: nothing would be proven"
    return found


def there_and_back(
    rig: Rig, names: Sequence[str], intents: Sequence[str], folder: Path, *, power_cuts: bool = False
) -> None:
    """Change the devices by the command line, and take it back; look at the whole province in between.

    `power_cuts`: after each of the two the devices start anew, with what was saved.
    """

    def after_power_cuts() -> Mapping[str, Look]:
        for name in names:
            rig.cut_power(name)
        return rig.look()

    limit, file = ["-l", ",".join(names)], folder / "the.plan"
    before = rig.look()
    assert planned(rig, *intents, *limit, "--out", str(file), expect=3) == sorted(names)
    assert rig.look() == before, "who plans only reads"
    rig.cli("apply", str(file))
    after = rig.look()
    assert changed(before, after) == sorted(names)
    for name in names:
        assert_saved(rig, name, before[name], after[name])
    if power_cuts:
        assert after_power_cuts() == after
    assert planned(rig, *intents, *limit, expect=0) == []
    rig.cli("rollback", "latest")
    assert rig.look() == before
    if power_cuts:
        assert after_power_cuts() == before


def planned(rig: Rig, *words: str, expect: int) -> list[str]:
    """The devices that a plan would change."""
    plan: Mapping[str, Any] = json.loads(rig.cli("-o", "json", "plan", *words, "--detailed-exitcode", expect=expect))
    return sorted(device["name"] for device in plan["devices"])


def changed(before: Mapping[str, Look], after: Mapping[str, Look]) -> list[str]:
    """The devices that run something else."""
    return sorted(name for name in before if before[name].running != after[name].running)


def assert_saved(rig: Rig, name: str, before: Look, after: Look) -> None:
    """A restart would bring the new configuration; elements of MML have none that could be another."""
    assert (before.startup == after.startup) == (change_spec_of(rig.machine(name).dialect.platform).form == "mml"), name
    assert rig.saved(name)


def test_there_is_a_template_for_every_platform_and_intent() -> None:
    assert len(PLATFORMS) == 13
    assert len(pairs()) == 39
    assert {platform for platform in PLATFORMS if describe(platform).spec.change is None} == set()


@pytest.mark.parametrize(("platform", "intent"), cases_of(pairs()))
def test_one_intent_there_and_back(rig: Rig, proved: Proved, tmp_path: Path, platform: str, intent: str) -> None:
    names = those(rig, platform, intent)
    there_and_back(rig, names, [intent], tmp_path)
    for name in names:
        proved("there and back", platform, intent, name)


@pytest.mark.parametrize("platform", cases_of(EACH))
def test_all_intents_there_and_back(rig: Rig, proved: Proved, tmp_path: Path, platform: str) -> None:
    names = those(rig, platform, *INTENTS)
    there_and_back(rig, names, INTENTS, tmp_path, power_cuts=True)
    for name in names:
        proved("there and back", platform, "all intents", name)


@pytest.mark.timeout(400)  # four processes and nineteen devices, on a machine that others use too
@pytest.mark.xdist_group("change matrix")
def test_the_whole_province_in_one_plan(rig: Rig, proved: Proved, tmp_path: Path) -> None:
    """All intents on all that take part, by another process each time, as an engineer does it on the evening before."""
    names = sorted(name for platform in PLATFORMS for name in those(rig, platform, *INTENTS))
    file, before = tmp_path / "the.plan", rig.look()
    rig.command("plan", *INTENTS, "--out", str(file), "--detailed-exitcode", expect=(3,))
    plan = load_plan(file).plan
    assert sorted(device.name for device in plan.devices) == names
    assert {one.name for one in plan.left_out} == {device.name for device in rig.load.devices} - set(names)
    rig.command("apply", str(file))
    after = rig.look()
    assert changed(before, after) == names
    for name in names:
        assert_saved(rig, name, before[name], after[name])
    rig.command("plan", *INTENTS, "--detailed-exitcode")
    rig.command("rollback", "latest")
    assert rig.look() == before
    for name in names:
        proved("there and back", rig.load.device(name).platform, "all intents", "the whole province", name)


@pytest.mark.parametrize("platform", cases_of(EACH))
@settings(
    max_examples=8 if WHOLE else 4,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller example tells no more, and takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_there_and_back_from_other_values(rig: Rig, proved: Proved, platform: str, seed: int) -> None:
    """The device has other values of the same things before, as an engineer typed them; it gets these back."""
    chance = Random(seed)
    intents = tuple(intent for intent in INTENTS if chance.random() < 0.6) or (chance.choice(INTENTS),)
    name = chance.choice(those(rig, platform, *intents))
    rig.reset(name)
    start, refused = rig.configure(name, wanted(rig, name, intents), chance)
    note(f"{name} for {', '.join(intents)} from {start}; it refused {refused}")
    from_there_and_back(rig, name, intents)
    proved("there and back from other values", platform, str(seed))


def wanted(rig: Rig, name: str, intents: Sequence[Intent]) -> Tree:
    """The lines that the templates give a device."""
    spec, device = change_spec_of(rig.machine(name).dialect.platform), rig.load.device(name)
    texts = [render_intent(rig.load, device, intent) for intent in intents if intent in device.intents]
    return form_of(spec).join([form_of(spec).parse(one.text, one.origin) for one in texts]).tree


def from_there_and_back(rig: Rig, name: str, intents: Sequence[Intent]) -> None:
    """As `there_and_back`, by the functions that the command line calls, and on a store of its own."""
    before, device = rig.look(), rig.load.device(name)

    def plan() -> Plan:
        return make_plan(
            rig.load, Equipment.of(rig.load).only([device]), intents, clock=CLOCK, by="an", progress=Silent()
        )

    try:
        first = plan()
    except FragmentError as error:
        if IN_USE not in str(error) or f"for {name}:" not in str(error):
            raise
        assert rig.look() == before
        return
    except RefusedError as error:
        if OF_OTHERS not in str(error):  # a line of the engineer names an object of the engineer's own
            raise
        assert rig.look() == before
        return
    assume(not first.empty)
    with TemporaryDirectory() as folder, Store(Path(folder) / "store.db") as store:
        context = ExecutionContext(rig.load, store, CLOCK, BY, Silent())

        def carry_out(plan: Plan) -> ApplyResult:
            done = apply_plan(context, PlanFile(plan=plan))
            assert [(end.outcome, end.why) for end in done.results] == [("new", "")]
            return done

        done = carry_out(first)
        after = rig.look()
        assert changed(before, after) == [name]
        assert_saved(rig, name, before[name], after[name])
        assert plan().empty
        carry_out(make_rollback(context, done.change))
        assert rig.look() == before
