"""What counts as worse after a change, and how long one waits for it to get better."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.execute.device.verify import (
    DeviceChecks,
    Findings,
    ages,
    improvements,
    lost_meanwhile,
    open_issues,
    regressions,
    tolerate,
    verify_until_stable,
)
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.clock import parse_moment
from eventready.core.messages import in_english
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import RoutingPeer
from eventready.session.reply import Reply, ReplyStatus
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect

MOMENT = parse_moment("2022-04-25 07:00")


def finding(status: str, subject: str = "Vlan10", check: str = "gateways") -> Finding:
    return Finding(
        Outcome(status), subject, "checks:access_point.not_joined", {"subject": status}, check=check, device="r1"
    )


@pytest.mark.parametrize(
    ("before", "after", "bad"),
    [
        ("pass", "pass", False),
        ("pass", "warn", True),
        ("pass", "fail", True),
        ("pass", "not_measured", True),
        ("warn", "pass", False),
        ("warn", "warn", False),
        ("warn", "fail", True),
        ("warn", "not_measured", True),
        ("fail", "pass", False),
        ("fail", "fail", False),
        ("not_measured", "not_measured", False),
        ("not_measured", "fail", False),
        ("not_measured", "pass", False),
        (None, "pass", False),
        (None, "warn", False),
        (None, "fail", True),
        (None, "not_measured", False),
    ],
)
def test_what_is_worse(before: str | None, after: str, bad: bool) -> None:
    found = regressions((finding(before),) if before else (), (finding(after),))
    assert bool(found) is bad


def test_a_subject_that_is_gone_is_worse_only_where_its_check_tells_nothing_at_all() -> None:
    before = (finding("pass", "a"), finding("pass", "b"))
    assert not regressions(before, (finding("pass", "a"),))
    assert len(regressions(before, (finding("not_measured", ""),))) == 2
    assert len(regressions(before, ())) == 2


def test_of_two_findings_about_one_subject_the_worse_one_counts() -> None:
    before = (finding("pass"), finding("warn"))
    assert not regressions(before, (finding("warn"), finding("pass")))
    assert regressions(before, (finding("pass"), finding("fail")))


def test_the_sentence_says_how_it_was_and_how_it_is() -> None:
    (found,) = regressions((finding("pass"),), (finding("fail"),))
    assert in_english(found.summary) == "gateways Vlan10: passed before, now: fail has not joined"
    (found,) = regressions((finding("pass"),), ())
    assert in_english(found.summary) == "gateways Vlan10: passed before, no longer reported"
    (found,) = regressions((), (finding("fail"),))
    assert in_english(found.summary) == "gateways Vlan10: new, now: fail has not joined"


def test_what_got_better_is_reported() -> None:
    assert [f.status for f in improvements((finding("fail"),), (finding("pass"),))] == ["pass"]
    assert not improvements((finding("not_measured"),), (finding("pass"),))
    assert not improvements((finding("fail"),), (finding("not_measured"),))


@pytest.mark.parametrize(
    ("before_the_change", "now", "after_the_rollback", "bad"),
    [
        ("fail", "pass", "fail", False),
        ("warn", "pass", "warn", False),
        ("warn", "pass", "fail", True),
        ("pass", "pass", "fail", True),
        ("pass", "pass", "not_measured", True),
        ("not_measured", "pass", "not_measured", False),
        ("fail", "fail", "pass", False),
    ],
)
def test_a_rollback_may_be_as_bad_as_before_the_change(
    before_the_change: str, now: str, after_the_rollback: str, bad: bool
) -> None:
    known = open_issues((finding(before_the_change),))
    assert bool(regressions(tolerate((finding(now),), known), (finding(after_the_rollback),))) is bad


def test_a_defect_that_has_gone_may_come_back() -> None:
    known = open_issues((finding("fail", "alarm 7", "alarms"),))
    assert not regressions(tolerate((finding("pass", "", "alarms"),), known), (finding("fail", "alarm 7", "alarms"),))
    assert regressions(tolerate((finding("pass", "", "alarms"),), known), (finding("fail", "alarm 8", "alarms"),))


def test_a_check_that_had_nothing_to_evaluate_may_have_nothing_again() -> None:
    known = open_issues((finding("not_measured", ""),))
    assert not regressions(tolerate((finding("pass", "Vlan10"),), known), (finding("not_measured", ""),))


def test_a_check_that_reported_nothing_tells_of_what_is_bad_for_another_reason() -> None:
    """The device could not be asked before the change, and has restarted since: taking the change back is no worse."""
    known = open_issues((finding("not_measured", ""),))
    assert not regressions(tolerate((finding("fail", "uptime"),), known), (finding("fail", "uptime"),))
    assert regressions(tolerate((finding("pass", "uptime"),), known), (finding("fail", "uptime"),))


def test_a_check_that_measured_no_subject_may_state_of_none_again() -> None:
    known = open_issues((finding("not_measured", "a"),))
    assert known == (("gateways", "", "not_measured"), ("gateways", "a", "not_measured"))
    assert not regressions(tolerate((finding("pass", "b"),), known), (finding("not_measured", "a"),))
    assert open_issues((finding("not_measured", "a"), finding("pass", "b"))) == (("gateways", "a", "not_measured"),)


STATUSES = st.sampled_from(["pass", "warn", "fail", "not_measured", "waived"])
FINDINGS = st.lists(st.builds(finding, STATUSES, st.sampled_from("abc"), st.sampled_from("xy")), max_size=8).map(tuple)


@pytest.mark.slow
@given(FINDINGS)
def test_nothing_is_worse_than_itself(findings: Findings) -> None:
    assert not regressions(findings, findings)
    assert not improvements(findings, findings)


@pytest.mark.slow
@given(FINDINGS, FINDINGS)
def test_a_rollback_to_what_was_is_never_worse(was: Findings, now: Findings) -> None:
    result = {one.check for one in was}
    assert not [one for one in regressions(tolerate(now, open_issues(was)), was) if one.check in result]


@given(FINDINGS, FINDINGS)
def test_the_order_does_not_matter_and_nothing_is_both(before: Findings, after: Findings) -> None:
    found = regressions(before, after)
    subjects = {(one.check, one.subject) for one in found}
    assert subjects == {(one.check, one.subject) for one in regressions(before[::-1], after[::-1])}
    assert not subjects & {(one.check, one.subject) for one in improvements(before, after)}


class Time:
    """A clock that only sleeping and looking move."""

    def __init__(self, look_s: float = 1.0) -> None:
        self.now, self.look_s, self.slept = 0.0, look_s, 0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += 1

    def looks(self, *states: Sequence[Finding]) -> Findings:
        self.now += self.look_s
        return tuple(states[min(self.slept, len(states) - 1)])


GOOD, BAD = (finding("pass"),), (finding("fail"),)


def test_it_waits_until_nothing_is_worse() -> None:
    time = Time()
    settled = verify_until_stable(
        lambda: time.looks(BAD, BAD, GOOD), GOOD, limit_s=60, sleep=time.sleep, clock=time.clock
    )
    assert (settled.good, settled.looks) == (True, 3)
    assert in_english(settled.summary) == "1 findings, none worse"


def test_it_gives_up_before_the_limit_and_says_why() -> None:
    time = Time(look_s=2)
    settled = verify_until_stable(
        lambda: time.looks(BAD), GOOD, limit_s=20, every_s=3, sleep=time.sleep, clock=time.clock
    )
    assert not settled.good
    assert time.now <= 20
    assert settled.looks == 4
    assert in_english(settled.summary) == "gateways Vlan10: passed before, now: fail has not joined"


def test_a_limit_that_is_too_short_still_takes_one_look() -> None:
    time = Time(look_s=100)
    assert verify_until_stable(lambda: time.looks(GOOD), GOOD, limit_s=0, sleep=time.sleep, clock=time.clock).good
    assert time.slept == 0


def test_nothing_measured_is_never_good() -> None:
    time = Time()
    settled = verify_until_stable(
        lambda: time.looks([finding("not_measured")]), (finding("not_measured"),), limit_s=5,
        sleep=time.sleep, clock=time.clock,
    )  # fmt: skip
    assert not settled.regressions
    assert not settled.good
    assert in_english(settled.summary) == "nothing could be measured"


def test_what_a_look_raises_goes_to_the_caller() -> None:
    def lost() -> Findings:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        verify_until_stable(lost, GOOD, limit_s=5)


ROUTER = Device("r1", "router", "cisco_xe", "192.0.2.1", venues=("v",), expect=Expect.model_validate({"ntp": False}))


def refused(commands: Sequence[str]) -> list[Reply]:
    return [Reply(command, "", ReplyStatus.DROPPED) for command in commands]


def test_a_device_that_is_lost_is_worse_wherever_it_passed() -> None:
    checks = DeviceChecks(ROUTER, load_platform("cisco_xe"))
    after = checks.evaluate(checks.read({"r1": refused}), MOMENT)
    assert after
    assert {one.status for one in after} == {Outcome.NOT_MEASURED}
    before = tuple(one.replace(status=Outcome.PASS) for one in after)
    assert len(regressions(before, after)) == len(after)


def test_the_saved_configuration_is_no_part_of_it() -> None:
    """Until it is saved, every change would fail there."""
    assert ROUTER.expect.saved_config
    checks = DeviceChecks(ROUTER, load_platform("cisco_xe"))
    assert checks.applicable
    assert "saved_config" not in checks.facts
    assert "cpu" in checks.facts
    assert "saved_config" not in {one.check for one in checks.evaluate(checks.read({"r1": refused}), MOMENT)}


def test_shares_of_the_traffic_are_no_part_of_it() -> None:
    """Radios that shared their clients before need not have as many afterwards."""
    expect = Expect.model_validate({"access_points": [{"name": "AP-1", "venue": "v"}]})
    controller = Device(
        "w1", "wifi_controller", "cisco_9800", "192.0.2.1", venues=("v",), expect=expect, intents={"load_balancing": {}}
    )
    checks = DeviceChecks(controller, load_platform("cisco_9800"))
    found = {one.check for one in checks.evaluate(checks.read({"w1": refused}), MOMENT)}
    assert "access_point" in found
    assert not {name for name in found if name.startswith("balance_")}
    assert {check.name for check in all_checks() if check.varies} == {"balance_link", "balance_cell", "balance_radio"}


def test_only_commands_that_read_are_requested() -> None:
    queries: list[str] = []

    def ask(commands: Sequence[str]) -> list[Reply]:
        queries.extend(commands)
        return refused(commands)

    platform = load_platform("cisco_xe")
    DeviceChecks(ROUTER, platform).read({"r1": ask})
    assert queries
    assert all(platform.allows(command) for command in queries)
    assert len(queries) == len(set(queries))


def peers(**ages: float) -> list[Observation]:
    rows = tuple(
        RoutingPeer(protocol="ospf", peer=name, state="Full/DR", up=True, uptime_s=int(age))
        for name, age in ages.items()
    )
    return [Observation("r1", "ospf_peer", Status.PARSED, "show", rows=rows)]


@pytest.mark.parametrize(
    ("at_the_end", "lost"),
    [
        ({"a": 1045.0, "b": 50.0}, ()),
        ({"a": 1000.0, "b": 5.0}, ()),  # a device that prints hours
        ({"a": 12.0, "b": 50.0}, ("ospf peer a on r1",)),
        ({"a": 12.0, "b": 0.0}, ("ospf peer a on r1", "ospf peer b on r1")),
        ({"b": 50.0}, ()),  # what is missing is the check's to say
        ({"a": 900.0, "b": 50.0}, ()),  # younger than before, and older than the soak: printed in another unit
    ],
)
def test_an_adjacency_that_was_lost_and_came_back_is_younger(
    at_the_end: dict[str, float], lost: tuple[str, ...]
) -> None:
    assert lost_meanwhile(ages(peers(a=1000.0, b=5.0)), ages(peers(**at_the_end)), 45) == lost
