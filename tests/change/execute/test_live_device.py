"""Before a change is confirmed: checks, adjacencies and counters at the end of the soak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import pytest

from eventready.change.execute.device.driver import Verification, VerifyTimes
from eventready.change.execute.device.live import LiveDevice
from eventready.change.execute.device.partners import Partner
from eventready.change.execute.device.verify import Findings
from eventready.change.forms.configuration import Fragment
from eventready.checks.finding import Finding, Outcome
from eventready.core.clock import Clock
from eventready.core.messages import in_english
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import RoutingPeer
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.target import Target

FRR = load_platform("frr")
TARGET = Target("r1", "127.0.0.1", port=1, attempts=1, connect_timeout_s=0.2)


Round: TypeAlias = "tuple[Findings, Sequence[Observation]]"


def found(status: str = "pass", subject: str = "192.0.2.2", check: str = "ospf_peer") -> Finding:
    return Finding(Outcome(status), subject, "checks:subject.state", {"subject": subject, "state": status}, check=check)


def peer(age: float) -> Observation:
    row = RoutingPeer(protocol="ospf", peer="192.0.2.2", state="Full/DR", up=True, uptime_s=int(age))
    return Observation("r1", "ospf_peer", Status.PARSED, rows=(row,))


class Scripted:
    """Checks of a script: what is found and observed in each reading, the last one again and again."""

    platform, applicable = FRR, True

    def __init__(self, *rounds: Round, counters: tuple[str, ...] = ()) -> None:
        self.rounds, self.counters = list(rounds), counters
        self.intervals: list[tuple[float, list[int]]] = []

    def read(self, _send: object) -> tuple[Observation, ...]:
        self.now = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        return tuple(self.now[1])

    def read_counters(self, _send: object) -> tuple[Observation, ...]:
        return (Observation("r1", "interface", Status.PARSED, reading=2),)

    def evaluate(self, observations: Sequence[Observation], _moment: object, interval_s: float = 0.0) -> Findings:
        self.intervals.append((interval_s, sorted(one.reading for one in observations if one.fact == "interface")))
        rates = (found("pass", "eth0", "drops"),) if interval_s else ()
        return (*self.now[0], *rates)


def device(checks: Scripted, monkeypatch: pytest.MonkeyPatch, interval_s: float = 0.0) -> LiveDevice:
    live = LiveDevice(
        TARGET, checks, Fragment(), clock=Clock(), change="c-1", seconds=60, planned="inverse",  # type: ignore[arg-type]
        counter_interval_s=interval_s,
    )  # fmt: skip

    class Open:
        over = ""

        def send_commands(self, _commands: Sequence[str]) -> list[Reply]:
            return []

    monkeypatch.setattr(live, "_open_session", Open())
    return live


def verified(checks: Scripted, monkeypatch: pytest.MonkeyPatch, soak_s: float = 0.05) -> Verification:
    return device(checks, monkeypatch).verify((found(),), VerifyTimes(1.0, soak_s), lambda _s: None)


def test_what_is_good_at_first_and_bad_at_the_end_of_the_soak_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """FRR with another hello interval: the neighbour is lost when its dead interval is over, and not before."""
    good: Round = ((found(),), [peer(100)])
    bad: Round = ((found("fail"),), [])
    assert verified(Scripted(good), monkeypatch).good
    assert not verified(Scripted(good, bad), monkeypatch).good
    assert verified(Scripted(good, bad), monkeypatch, soak_s=0).good, "without a soak nobody would have seen it"


def test_an_adjacency_that_came_back_within_the_soak_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    result = verified(Scripted(((found(),), [peer(100)]), ((found(),), [peer(0)])), monkeypatch)
    assert not result.good
    assert in_english(result.summary) == "lost and came back during the soak: ospf peer 192.0.2.2 on r1"


def test_counters_are_compared_over_the_soak_where_they_were_before(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Observation("r1", "interface", Status.PARSED)
    checks = Scripted(((found(),), [counter]), counters=("interface",))
    live = device(checks, monkeypatch, interval_s=0.01)
    before = live.precheck()
    assert {one.check for one in before} == {"ospf_peer", "drops"}
    assert live.verify(before, VerifyTimes(1.0, 0.05), lambda _s: None).good
    interval_s, readings = checks.intervals[-1]
    assert interval_s > 0
    assert readings == [1, 2], "one reading from before the soak and one from its end"


def test_a_partner_that_cannot_be_reached_answers_nothing() -> None:
    (reply,) = Partner(TARGET, FRR).send(["show ip ospf neighbor json"])
    assert (reply.status, reply.text) == (ReplyStatus.DROPPED, "")


def test_sessions_of_partners_last_as_long_as_that_of_the_changed_device() -> None:
    """A partner is read before the change and at the end of the soak, in one session."""
    partner = Partner(replace(TARGET, device_timeout_s=5), FRR)
    live = LiveDevice(
        TARGET, Scripted(), Fragment(), clock=Clock(), change="c-1", seconds=600, planned="inverse",  # type: ignore[arg-type]
        partners={"r2": partner},
    )  # fmt: skip
    assert live._partners["r2"].target.device_timeout_s == live._target.device_timeout_s > 600
