"""Without some of its readings nothing is better than with all; the names of venues change nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from eventready.evaluation.verdicts import Readiness
from eventready.facts.observation import Observation, Status
from eventready.workspace.workspace import load_workspace
from tests.proofs.agreement import improved
from tests.proofs.forwarding import Oracle
from tests.proofs.invented import invent, renamed
from tests.proofs.played import Played
from tests.proofs.product import Audited, Network, audit
from tests.proofs.shown import Inventory
from tests.proofs.size import WHOLE, some
from tests.proofs.test_networks import in_order
from tests.shared import example

pytestmark = pytest.mark.slow

#: The example in order, and with a cable of a venue's pair cut.
FAULTS: tuple[tuple[str, ...], ...] = ((), ("core-1 TenGigabitEthernet0/1/1 - edge-vh-1 TenGigabitEthernet0/0/0",))
INVENTED = 60 if WHOLE else 3

Key = tuple[str, str]


@cache
def lab() -> Played:
    """The example's devices."""
    return Played(example())


@cache
def networks() -> dict[str, Network]:
    """The example in order and with a cable cut, and invented networks, every second with a failure."""
    found = {f"example {', '.join(fault)}": lab().broken(fault) if fault else lab().healthy for fault in FAULTS}
    for seed in islice(in_order(), INVENTED):
        net = invent(seed)
        failures = [*net.failures()]
        names = Random(f"blanks {seed}").choice(failures) if seed % 2 else ()
        found[f"network {seed} {', '.join(names)}"] = Inventory(net).network(Oracle(net).moment(names))
    return found


def keys(network: Network) -> list[Key]:
    """Device and fact of every observation that is a measurement."""
    return [*dict.fromkeys((one.device, one.fact) for one in network.observations if one.status.measured)]


def blanked(network: Network, gone: Iterable[Key], *, silent: bool) -> Audited:
    """An audit without some observations: they are missing, or without an answer."""
    lost = frozenset(gone)
    return audit(network.reading(_blanked(network.observations, lost, silent=silent), network.down))


def _blanked(observations: Iterable[Observation], lost: frozenset[Key], *, silent: bool) -> Iterator[Observation]:
    for one in observations:
        if (one.device, one.fact) not in lost:
            yield one
        elif silent:
            yield replace(one, status=Status.TIMEOUT, rows=(), reason="no answer")


def sets(network: Network, of: str) -> Iterator[tuple[str, list[Key]]]:
    """Sets of observations: each by itself, those of each device, and random ones of any size."""
    known, chance = keys(network), Random(f"sets {of}")
    for key in some(known, 3, of):
        yield " ".join(key), [key]
    for device in some([*dict.fromkeys(device for device, _fact in known)], 1, of):
        yield device, [key for key in known if key[0] == device]
    for number in range(40 if WHOLE else 2):
        yield f"set {number}", [key for key in known if chance.random() < chance.choice((0.1, 0.5, 0.9))]


@pytest.mark.parametrize("number", range(len(FAULTS) + INVENTED))
def test_nothing_is_better_without_some_readings(number: int) -> None:
    name, network = [*networks().items()][number]
    whole, found = audit(network), list[str]()
    for place, (title, gone) in enumerate(sets(network, name)):
        better = improved(whole, blanked(network, gone, silent=bool(place % 2)))
        found += [f"without {title}: {' '.join(at)} {one}, now {other}" for at, (one, other) in better.items()]
    assert not found, "\n".join((name, *found))


@pytest.mark.parametrize("silent", [False, True])
def test_without_any_reading_nothing_passes_and_nothing_is_measured(*, silent: bool) -> None:
    for name, network in networks().items():
        audited = blanked(network, keys(network), silent=silent)
        passes = [f"{one.device} {one.check} {one.subject}: {one.message}" for one in audited.passes]
        assert (passes, {*audited.verdicts.values()}) == ([], {Readiness.NOT_MEASURED}), name


@pytest.mark.parametrize("number", range(INVENTED))
def test_other_names_of_venues_give_the_same_verdicts(number: int) -> None:
    net = invent([*islice(in_order(), INVENTED)][number])
    names = {venue: f"place{9 - place}" for place, (venue, _services) in enumerate(net.venues)}
    for failed in some([*net.failures()], 1, f"names {net.seed}"):
        moment = Oracle(net).moment(failed)
        before, other = Inventory(net).network(moment), renamed(net, names)
        after = Inventory(other).network(Oracle(other).moment(failed))
        audited = audit(before).verdicts
        assert audit(after).verdicts == {(names[venue], service): one for (venue, service), one in audited.items()}


def test_other_names_of_venues_give_the_same_verdicts_in_the_example(tmp_path: Path) -> None:
    names = {"hoi-nghi": "san-van-dong", "van-hoa": "cho-noi", "den-tho": "bao-tang"}
    home = tmp_path / "renamed"
    for folder in ("inventory", "templates"):
        shutil.copytree(example().path / folder, home / folder)
    for path in (home / "inventory").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub("|".join(names), lambda found: names[found[0]], text), encoding="utf-8")
    other = Played(load_workspace(home))
    audited = audit(lab().broken(FAULTS[1])).verdicts
    expected = {(names[venue], service): verdict for (venue, service), verdict in audited.items()}
    assert audit(other.broken(FAULTS[1])).verdicts == expected
