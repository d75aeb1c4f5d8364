"""Walks of the services as in the run document: users alike in groups, and the sentence of each service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.ways import SERVICE_WAY, place_of
from eventready.core.messages import Bilingual, Message, message
from eventready.evaluation.verdicts import Verdict
from eventready.network.graph.outcome import WhatIf
from eventready.network.graph.walk import ServiceWay
from eventready.store.run_walk import WORST_FIRST, ServiceWalk, StoredSentence, WalkHop, WalkUsers
from eventready.workspace.settings.event import Venue


class ServiceWalks:
    """Walks of the services of a run. `proof`: time of the readings behind the witnesses, or their source."""

    def __init__(
        self, network: WhatIf | None, findings: Iterable[Finding], venues: Iterable[Venue], proof: Message
    ) -> None:
        self._network, self._proof = network, proof
        self._titles = {one.id: Bilingual(one.name_vi, one.name) for one in venues}
        services = network.services if network else {}
        self._numbers: dict[tuple[str, str], tuple[int, ...]] = {(*place,): services[place] for place in services}
        self._found = {
            (one.venues[0], one.services[0]): one for one in findings if one.check == SERVICE_WAY and one.venues
        }

    def of(self, verdict: Verdict) -> ServiceWalk:
        """Walk of the service of a verdict; without a network its users are not known."""
        place = verdict.venue, verdict.service
        groups = grouped(self._network, self._numbers.get(place, ())) if self._network else ()
        state = groups[0].state if groups else "unmeasured"
        return ServiceWalk(state, StoredSentence.of(self._sentence(place, groups)), groups)

    def _sentence(self, place: tuple[str, str], groups: Sequence[WalkUsers]) -> Message:
        finding = self._found.get(place)
        if finding is None:
            title = self._titles.get(place[0], place[0])
            return message("checks:service_way.not_walked", place=place_of(title, place[1]))
        sentence = Message(finding.message_id, finding.params)
        if groups and all(map(_proven, groups)) and not finding.blind:
            sentence = message("checks:service_way.proven", sentence=sentence, proof=self._proof)
        if finding.status is Outcome.WAIVED:
            sentence = message("checks:service_way.under_waiver", sentence=sentence, waiver=finding.waiver)
        return sentence


def _proven(users: WalkUsers) -> bool:
    """True for users with a witness of each hop of their way."""
    served = users.state in {"served", "one_way_left"}
    return served and all(hop.witness not in {"declared", "none"} for hop in users.first)


def grouped(network: WhatIf, numbers: Iterable[int]) -> tuple[WalkUsers, ...]:
    """Users of a service in groups of those alike, the worst state first."""
    found: dict[WalkUsers, list[int]] = {}
    for number in numbers:
        found.setdefault(_alike(network, number), []).append(number)
    groups = [_group(network, alike, same) for alike, same in found.items()]
    return tuple(sorted(groups, key=lambda one: WORST_FIRST.index(one.state)))


def _alike(network: WhatIf, number: int) -> WalkUsers:
    """Group of the users, without names."""
    state, ways = network.state(number), network.walks.of(number)
    server = network.measured.server(number)
    return WalkUsers(
        state, (), server=network.walks.device(server) if server is not None else "",
        first=_hops(network, ways.first), second=_hops(network, ways.second), next=network.takes_next.get(number, ()),
        missing=() if state == "served" else network.walks.missing(number),
    )  # fmt: skip


def _group(network: WhatIf, alike: WalkUsers, numbers: Sequence[int]) -> WalkUsers:
    users = [network.users[number] for number in numbers]
    return replace(alike, users=tuple(one.name for one in users), people=sum(one.people for one in users))


def _hops(network: WhatIf, way: ServiceWay | None) -> tuple[WalkHop, ...]:
    hops = way.hops if way else ()
    return tuple(WalkHop(_end(network, hop.near), _end(network, hop.far), hop.witness) for hop in hops)


def _end(network: WhatIf, end: tuple[str, str]) -> str:
    device, port = end
    reading = network.topology.readings.by_name.get(device)
    return f"{device} {reading.spelled(port) if reading else port}" if port else device
