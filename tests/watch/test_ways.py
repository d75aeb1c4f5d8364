"""A watch walks the ways of the services by what it reads: as an audit of the same answers, and only after a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from eventready.checks.check import Scope
from eventready.core.messages import Bilingual
from eventready.evaluation.bearing import weights
from eventready.evaluation.matrix import Matrix, build_matrix
from eventready.evaluation.runner import evaluate_all
from eventready.evaluation.verdicts import Readiness, verdicts_of
from eventready.facts import records as r
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.facts.records import Fact
from eventready.network.unchanged import FIGURES
from eventready.watch.job import WatchJob
from eventready.watch.states import StateChange, States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.waivers import Waiver
from tests.checks.casebook import MOMENT, FakePlatform
from tests.network.four_venues import CAPACITY, SERVICES, SETTING, four_venues
from tests.proofs.size import some

Answers = dict[str, dict[str, Observation]]
Place = tuple[str, str]

EVENT = Event.model_validate({
    "id": "night", "name": "Night", "recipient": {"name": "R", "email": "r@example.vn"},
    "venues": [{"id": name, "name": name, "services": services} for name, services in SERVICES.items()],
})  # fmt: skip
INTERVAL_S = 15.0
#: Facts without an offer of the platforms in this test: they are not missing.
_UNOFFERED = {
    fact: Bilingual("", "not offered")
    for fact in CATALOGUE
    if fact not in {row_fact for facts in four_venues().rows.values() for row_fact in facts}
}


def _routed(device: Device, rows: Mapping[str, list[Fact]]) -> Device:
    """The device with its neighbours expected: what nobody expects is not asked."""
    peers = tuple(dict.fromkeys(row.peer for row in rows["ospf_neighbour"] if isinstance(row, r.RoutingPeer)))
    return replace(device, expect=device.expect.model_copy(update={"ospf": peers or None}))


def _matrix(devices: Iterable[Device]) -> Matrix:
    platforms: Mapping[str, Any] = {one.platform: FakePlatform(one.platform, _UNOFFERED) for one in devices}
    return build_matrix(tuple(devices), platforms, network=SETTING)


class Watched:
    """A watch of the four venues; each answer as of now is read again every interval."""

    def __init__(self, *waivers: Waiver) -> None:
        network = four_venues()
        self.devices = {one.name: _routed(one, network.rows[one.name]) for one in network.all(CAPACITY)}
        self.matrix, self.waivers = _matrix(self.devices.values()), waivers
        self.answers: Answers = {
            name: {fact: self.answer(name, fact, network.rows[name].get(fact, ())) for fact in self.matrix.needed(name)}
            for name in self.devices
        }
        audited = self._evaluated([one for facts in self.answers.values() for one in facts.values()])
        care = [one for one in audited.findings if one.check not in {"service_way", "origin", "capacity_link"}]
        of_network = [one for one in care if self.matrix.checks[one.check].scope == "network"]
        job = WatchJob(
            EVENT, self.devices, self.matrix, waivers=waivers, network=weights(self.devices.values(), of_network)
        )
        self.watcher, self.now = Watcher(job, States(), lambda _fact: INTERVAL_S), 0.0
        self.read(3)

    @staticmethod
    def answer(device: str, fact: str, rows: Iterable[Fact]) -> Observation:
        rows = tuple(rows)
        return Observation(device, fact, Status.PARSED if rows else Status.EMPTY, "show", rows)

    def change(self, device: str, fact: str, **values: Any) -> None:
        """Let the first row of a fact of a device have other values."""
        first, *others = self.answers[device][fact].rows
        self.answers[device][fact] = self.answer(device, fact, (first.model_copy(update=values), *others))

    def cut(self, device: str, port: str) -> None:
        """Let a port of a device be down, with the adjacency over the port."""
        for fact, fields in (("interface", {"oper": "down"}), ("ospf_neighbour", {"up": False, "state": "Down"})):
            if fact not in self.answers[device]:
                continue
            rows = [
                row.model_copy(update=fields)
                if port in {getattr(row, "name", ""), getattr(row, "interface", "")}
                else row
                for row in _rows(self.answers[device], fact)
            ]
            self.answers[device][fact] = self.answer(device, fact, rows)

    def read(self, times: int = 1) -> list[StateChange]:
        changes = []
        for _time in range(times):
            self.now += INTERVAL_S
            for name, facts in self.answers.items():
                changes += self.watcher.read(name, facts.values(), self.now, MOMENT)
            changes += self.watcher.tick(self.now, MOMENT)
        return changes

    def silence(self, device: str) -> None:
        """Let a device give no answer."""
        facts = self.answers[device]
        self.answers[device] = {one: Observation(device, one, Status.UNREACHABLE, reason="-") for one in facts}

    def _evaluated(self, observations: Iterable[Observation], scope: Scope | None = None) -> Any:
        return evaluate_all(
            tuple(self.devices.values()), self.matrix, observations, moment=MOMENT, waivers=self.waivers, scope=scope
        )

    @property
    def audit(self) -> Mapping[Place, Readiness]:
        """Verdicts of an audit of the same answers, counters read twice."""
        once = [one for facts in self.answers.values() for one in facts.values()]
        twice = (Observation(**{**vars(one), "reading": 2}) for one in once if CATALOGUE[one.fact].counter)
        found = self._evaluated([*once, *twice])
        devices = tuple(self.devices.values())
        verdicts = verdicts_of(EVENT.venues, devices, weights(devices, found.findings), network=found.network)
        return {(one.venue, one.service): one.verdict for one in verdicts}

    @property
    def verdicts(self) -> Mapping[Place, Readiness]:
        return {(one.venue, one.service): one.verdict for one in self.watcher.verdicts()}

    def of(self, venue: str, service: str) -> str:
        """State of the service's users as last walked."""
        (found,) = (one for one in self.watcher.ways() if one.subject == f"{venue} {service}")
        return str(found.status)


@pytest.mark.slow
def test_the_wall_follows_every_single_failure_as_an_audit_does() -> None:
    healthy = Watched()
    places = {(name, port) for name, port in _ports(healthy)}
    differing, seen = [], set()
    for device, port in some([*sorted(places), *((name, "") for name in healthy.devices)], 20, "wall"):
        watch = Watched()
        if port:
            watch.cut(device, port)
        else:
            facts = watch.answers[device]
            watch.answers[device] = {
                one: Observation(device, one, Status.UNREACHABLE, reason="silent") for one in facts
            }
        watch.read(4)
        seen |= {*watch.verdicts.values()}
        differing += [(device, port)] if watch.verdicts != watch.audit else []
    assert not differing
    assert {Readiness.NOT_READY, Readiness.NOT_MEASURED, Readiness.READY_WITH_RISK} <= seen


def _rows(facts: Mapping[str, Observation], fact: str) -> tuple[Any, ...]:
    return facts[fact].rows if fact in facts else ()


def _ports(watch: Watched) -> list[tuple[str, str]]:
    return [(name, row.name) for name, facts in watch.answers.items() for row in _rows(facts, "interface")]


FIGURES_THAT_MOVE: list[tuple[str, str, dict[str, Any]]] = [
    ("core-1", "interface", {"in_bytes": 7, "in_errors": 3, "transitions": 4, "changed_s": 5}),
    ("core-1", "ospf_neighbour", {"uptime_s": 9, "prefixes": 120}),
    ("wlc-market", "access_point", {"clients": 30, "uptime_s": 9}),
]


@pytest.mark.parametrize(("device", "fact", "moved"), FIGURES_THAT_MOVE, ids=str)
def test_figures_that_move_rebuild_no_network(device: str, fact: str, moved: dict[str, Any]) -> None:
    watch = Watched()
    before = watch.watcher._fleet.ways.network
    watch.change(device, fact, **moved)
    watch.read(3)
    assert watch.watcher._fleet.ways.network is before
    watch.change(device, fact, **({"oper": "down"} if fact == "interface" else {"state": "down", "up": False}))
    watch.read()
    assert watch.watcher._fleet.ways.network is not before


def test_the_graph_reads_no_figure_that_may_move_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    read: dict[type[Fact], set[str]] = {}
    get = object.__getattribute__
    watch = Watched()

    def noted(self: Fact, name: str) -> Any:
        read.setdefault(type(self), set()).add(name)
        return get(self, name)

    for record in FIGURES:
        monkeypatch.setattr(record, "__getattribute__", noted, raising=False)
    watch._evaluated([one for facts in watch.answers.values() for one in facts.values()], "network")
    assert {r.Interface, r.RoutingPeer, r.AccessPoint} <= read.keys()
    assert {record: names & FIGURES[record] for record, names in read.items() if names & FIGURES[record]} == {}


def test_a_large_network_is_not_walked_again_within_a_multiple_of_its_walk() -> None:
    watch = Watched()
    costly, before = watch.watcher._fleet.ways, watch.watcher._fleet.ways.network
    costly._cost_s = 9.0
    watch.cut("core-1", "stadium-up")
    for _reading in range(3):
        watch.read()
        assert (costly.network is before, watch.watcher.walk_waits(watch.now)) == (True, watch.now - costly._walked.at)
    watch.read()
    assert (costly.network is before, watch.watcher.walk_waits(watch.now)) == (False, None)


def test_a_lost_service_is_named_from_its_second_reading_and_stands_first() -> None:
    watch, named = Watched(), []
    for port in ("ether1", "ether2"):
        watch.cut("stadium-1", port)
    for _reading in range(3):
        named.append([one.new for one in watch.read() if one.key.subject == "stadium internet"])
    assert named == [[], ["fail"], []]
    opened = [(one.key.check == "service_way", one.key.subject) for one in watch.watcher.open_findings()]
    assert (True, "stadium internet") in opened
    assert [of_service for of_service, _subject in opened] == sorted((one for one, _subject in opened), reverse=True)


def test_a_service_without_a_witness_stands_behind_the_lost_device() -> None:
    watch = Watched()
    watch.silence("stadium-1")
    watch.read(5)
    (found,) = (one for one in watch.watcher.open_findings() if one.key.subject == "stadium internet")
    assert (found.status, found.cause) == ("not_measured", "stadium-1")


@pytest.mark.slow
def test_a_service_under_a_waiver_is_a_risk() -> None:
    waiver = Waiver(check="service_way", device="*", by="An", reason="known", until=MOMENT.date())
    for waivers, expected in (((), Readiness.NOT_READY), ((waiver,), Readiness.READY_WITH_RISK)):
        watch = Watched(*waivers)
        for port in ("ether1", "ether2"):
            watch.cut("stadium-1", port)
        watch.read(3)
        assert watch.verdicts["stadium", "internet"] is watch.audit["stadium", "internet"] is expected
