"""Every platform and intent, on simulated devices: planned, applied, planned again (nothing is left to do), rolled back,
and configured to the letter as before, running and startup, nobody else touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from eventready.platforms.loader import describe
from eventready.workspace.example import example_home
from eventready.workspace.intents import INTENTS
from tests.conftest import Proved
from tests.e2e.bench import Bench, Look, bench_of

pytestmark = pytest.mark.lab


def pairs() -> list[tuple[str, str]]:
    """Platform and intent of every template there is."""
    found = (example_home() / "templates").glob("*/*.j2")
    return sorted((path.stem, path.parent.name) for path in found if path.parent.name in INTENTS)


PLATFORMS = sorted({platform for platform, _intent in pairs()})


#: Simulated devices that are being made to have what their platform's guard needs.
UNFINISHED = {"huawei_vrp": "its `commit trial` is being built"}


def on_one_worker(*values: Any) -> Any:
    """A platform's cases stay on one worker, beside one lab of its own."""
    platform = str(values[0])
    marks = [pytest.mark.xdist_group(f"change matrix {platform}")]
    if platform in UNFINISHED:
        marks.append(pytest.mark.xfail(reason=UNFINISHED[platform], strict=False))
    return pytest.param(*values, marks=marks)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A province to be changed by these tests only."""
    with bench_of(tmp_path_factory.mktemp("matrix")) as made:
        yield made


def those(bench: Bench, platform: str, *intents: str) -> list[str]:
    """The devices of a platform that take part in any of the intents."""
    found = [d.name for d in bench.load.devices if d.platform == platform and any(i in d.intents for i in intents)]
    assert found, f"no {platform} takes part in {' or '.join(intents)}: nothing would be proven"
    return found


def there_and_back(bench: Bench, names: Sequence[str], intents: Sequence[str], folder: Path) -> None:
    """Change the devices by the command line, and take it back; look at the whole province in between."""
    limit, file = ["-l", ",".join(names)], folder / "the.plan"
    before = bench.look()
    assert planned(bench, *intents, *limit, "--out", str(file), expect=3) == sorted(names)
    assert bench.look() == before, "who plans only reads"
    bench.cli("apply", str(file))
    after = bench.look()
    assert changed(before, after) == sorted(names)
    for name in names:
        assert_saved(bench, name, before[name], after[name])
    assert planned(bench, *intents, *limit, expect=0) == []
    bench.cli("rollback", "latest")
    assert bench.look() == before


def planned(bench: Bench, *words: str, expect: int) -> list[str]:
    """The devices that a plan would change."""
    plan: Mapping[str, Any] = json.loads(bench.cli("-o", "json", "plan", *words, "--detailed-exitcode", expect=expect))
    return sorted(device["name"] for device in plan["devices"])


def changed(before: Mapping[str, Look], after: Mapping[str, Look]) -> list[str]:
    """The devices that run something else."""
    return sorted(name for name in before if before[name].running != after[name].running)


def assert_saved(bench: Bench, name: str, before: Look, after: Look) -> None:
    """A restart would bring the new configuration; elements of MML have none that could be another."""
    spec = describe(bench.machine(name).dialect.platform).spec.change
    assert spec is not None
    assert (before.startup == after.startup) == (spec.form == "mml"), name
    assert bench.saved(name)


def test_there_is_a_template_for_every_platform_and_intent() -> None:
    assert len(PLATFORMS) == 9
    assert len(pairs()) == 27
    assert {platform for platform in PLATFORMS if describe(platform).spec.change is None} == set()


@pytest.mark.parametrize(("platform", "intent"), [on_one_worker(*pair) for pair in pairs()])
def test_one_intent_there_and_back(bench: Bench, proved: Proved, tmp_path: Path, platform: str, intent: str) -> None:
    (name, *_others) = those(bench, platform, intent)
    there_and_back(bench, [name], [intent], tmp_path)
    proved("there and back", platform, intent, "one device")


@pytest.mark.parametrize("platform", [on_one_worker(platform) for platform in PLATFORMS])
def test_all_devices_of_a_platform_with_all_intents(
    bench: Bench, proved: Proved, tmp_path: Path, platform: str
) -> None:
    names = those(bench, platform, *INTENTS)
    there_and_back(bench, names, INTENTS, tmp_path)
    proved("there and back", platform, "all intents", "all devices")
