"""A simulated VRP device that is changed: two stages and trials on VRP 8, at once on VRP 5; and every intent there and
back from configurations in which the same things have other values, or are not there, or are used by others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.change.configuration import Configuration, read_configuration
from eventready.change.delta import merge, same, way
from eventready.change.fragment import Fragment, join, parse_fragment
from eventready.change.intent import INTENTS, wanted_of
from eventready.change.tree import Tree
from eventready.lab.dialect import load_dialect
from eventready.lab.health import healthy
from eventready.lab.machine import Credentials, Machine
from eventready.lab.state import DeviceState
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.device import Device
from eventready.workspace.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace
from tests.lab.console import Console

STATUS = "display configuration trial status"
INACTIVE = "Trial status: INACTIVE\nTrial time left (sec): 0"
ABORTED = "Info: The trial configuration rollback succeeded."
IN_TRIAL = "Error: The system is in trial configuration mode."
UNKNOWN = "Error: Unrecognized command found at '^' position."
PORT = "interface XGigabitEthernet0/0/2"


@cache
def example() -> Workspace:
    return load_workspace(example_home())


@cache
def states() -> dict[str, DeviceState]:
    return healthy(list(example().devices))


def machine_of(name: str, **software: str) -> Machine:
    """A device of the example, of another model or version where told."""
    state = deepcopy(states()[name])
    for field, value in software.items():
        setattr(state, field, value)
    return Machine(state, load_dialect(state.platform), Credentials("netops", "lab-only"))


@pytest.fixture
def agg() -> Machine:
    return machine_of("agg-1")


@pytest.fixture
def say(agg: Machine) -> Console:
    return Console(agg)


def typed(say: Console, *lines: str) -> list[str]:
    """What is said to each line that says something."""
    return [said for line in lines if (said := say(line))]


def running(say: Console) -> str:
    return say("display current-configuration")


# --- which system -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "software", "version", "stages", "named"),
    [
        ("agg-1", {}, "8.210", True, True),
        ("agg-1", {"model": "NE40E-X8A", "version": "V800R011C00SPC200"}, "8.180", True, False),
        ("agg-1", {"model": "CE6881-48S6CQ", "version": "V200R019C10SPC800"}, "8.210", True, True),
        ("agg-1", {"model": "AR6280", "version": "V300R019C10SPC300"}, "5.170", False, False),
        ("edge-hn-1", {}, "5.170", False, False),
        ("ac-1", {}, "5.170", False, False),
    ],
)
def test_the_model_decides(name: str, software: dict[str, str], version: str, stages: bool, named: bool) -> None:
    machine = machine_of(name, **software)
    say = Console(machine)
    told = say("display version")
    assert f"Version {version} ({machine.state.model} {machine.state.version})" in told
    assert (say(STATUS) == INACTIVE) is stages
    assert running(say).startswith(f"!Software Version {machine.state.version}\n#\n")
    typed(say, "system-view", "info-center loghost 10.0.0.99")
    assert ("loghost 10.0.0.99" in running(say)) is not stages
    assert (UNKNOWN in say("commit trial 60 persist mine")) is not named
    assert (UNKNOWN in say("commit")) is not stages
    assert "loghost 10.0.0.99" in running(say)


def test_a_version_5_asks_nothing_when_it_is_left() -> None:
    say = Console(machine_of("edge-hn-1"))
    assert typed(say, "system-view", "info-center loghost 10.0.0.99", "return") == [
        "Enter system view, return user view with return command."
    ]
    assert UNKNOWN in say("abort trial")
    assert UNKNOWN in say("clear configuration candidate")


# --- trials -----------------------------------------------------------------------------------------------------------


def on_trial(say: Console, words: str = "", seconds: int = 120) -> str:
    """The running configuration before a trial that is under way."""
    before = running(say)
    typed(say, "system-view", PORT, "description on trial")
    assert say(f"commit trial {seconds}{words}") == (
        "Info: The system enters the trial configuration mode.\nThe system will revert to previous configuration if "
        f"the trial configuration is not confirmed in {seconds} seconds."
    )
    say("return")
    assert "on trial" in running(say)
    return before


@pytest.mark.parametrize("words", ["", " persist ours"])
def test_a_trial_expires(agg: Machine, say: Console, words: str) -> None:
    before = on_trial(say, words)
    agg.pass_time(100)
    named = "Persist id: ours\n" if words else ""
    assert re.fullmatch(rf"Trial status: ACTIVE\n{named}Trial time left \(sec\): 1?\d", say(STATUS))
    assert "on trial" in running(say)
    agg.pass_time(20)
    assert running(say) == before
    assert say(STATUS) == INACTIVE


def test_a_trial_can_be_made_longer_and_gone_back_from_to_its_beginning(agg: Machine, say: Console) -> None:
    before = on_trial(say)
    typed(say, "system-view", PORT, "description longer")
    assert "in 600 seconds" in say("commit trial")
    agg.pass_time(500)
    assert "description longer" in running(say)
    assert say("abort trial") == ""
    assert say("n") == ""
    assert "description longer" in running(say)
    say("abort trial")
    assert say("y") == ABORTED
    assert running(say) == before
    say("abort trial")
    assert say("y").startswith("Error: ")


@pytest.mark.parametrize("words", ["", " persist ours"])
def test_a_confirmed_trial_stays_and_only_save_saves_it(agg: Machine, say: Console, words: str) -> None:
    on_trial(say, words)
    assert typed(say, "system-view", f"commit{words}", "return") == [
        "Enter system view, return user view with return command."
    ]
    assert say(STATUS) == INACTIVE
    agg.pass_time(10_000)
    now = running(say)
    assert "on trial" in now
    assert "on trial" not in say("display saved-configuration")
    assert say("save") == ""
    assert "successfully" in say("y")
    assert say("display saved-configuration") == now


@pytest.mark.parametrize("words", ["", " persist ours"])
def test_nobody_else_commits_or_goes_back_meanwhile(agg: Machine, say: Console, words: str) -> None:
    before = on_trial(say, words)
    other = Console(agg)
    typed(other, "system-view", "interface LoopBack7")
    for line in ("commit", "commit trial 60", "commit persist theirs"):
        assert other(line) == IN_TRIAL
    other("abort trial")
    assert other("y") == IN_TRIAL
    other("clear configuration candidate")
    other("return")
    assert "on trial" in running(say)
    assert "LoopBack7" not in running(say)
    agg.pass_time(121)
    assert running(say) == before


def test_a_trial_without_a_name_ends_with_its_session(agg: Machine, say: Console) -> None:
    with Console(agg) as other:
        before = on_trial(other)
    assert running(say) == before
    assert say(STATUS) == INACTIVE


@pytest.mark.parametrize(("line", "stays"), [("commit persist ours", True), ("abort trial persist ours", False)])
def test_a_trial_with_a_name_is_decided_on_by_whoever_gives_it(
    agg: Machine, say: Console, line: str, stays: bool
) -> None:
    with Console(agg) as other:
        before = on_trial(other, " persist ours")
    assert "on trial" in running(say)
    typed(say, "system-view", line, *([] if stays else ["y"]), "return")
    assert say(STATUS) == INACTIVE
    agg.pass_time(1_000)
    assert ("on trial" in running(say), running(say) == before) == (stays, not stays)


def test_a_restart_forgets_the_trial_and_what_was_not_saved(agg: Machine, say: Console) -> None:
    before = on_trial(say, " persist ours")
    agg.restart()
    again = Console(agg)
    assert running(again) == before
    assert again(STATUS) == INACTIVE


@pytest.mark.parametrize(
    "line", ["commit trial 59", "commit trial 65536", "commit trial soon", "commit persist 9lives"]
)
def test_a_trial_that_cannot_be(say: Console, line: str) -> None:
    typed(say, "system-view", PORT, "description x")
    assert "Error: " in say(line)
    assert "description x" not in running(say)
    assert say(STATUS) == INACTIVE


def test_nothing_to_commit_is_no_trial(say: Console) -> None:
    typed(say, "system-view", "commit trial 60")
    assert say(STATUS) == INACTIVE


def test_a_save_that_fails_says_so(agg: Machine, say: Console) -> None:
    agg.wire.save_fails = True
    before = say("display saved-configuration")
    say("save")
    assert "Error: Failed to save" in say("y")
    assert say("display saved-configuration") == before


# --- lines ------------------------------------------------------------------------------------------------------------


TEST = ("nqa test-instance event uplink", "test-type icmp", "destination-address ipv4 10.0.1.5", "start now", "quit")


@pytest.mark.parametrize(
    ("before", "line", "said"),
    [
        (TEST, "undo nqa test-instance event uplink", "Error: The test is in progress, it cannot be deleted."),
        ((*TEST[:-1],), "frequency 9", "Error: The test is in progress, the parameter cannot be changed."),
        ((), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5 track nqa event uplink", "Error: The NQA test instance"),
        ((), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5 track bfd-session x", "Error: The BFD session does not"),
        ((*TEST[:3], "quit", "ip route-static 10.9.0.0 16 10.0.1.5 track nqa event uplink"),
         "undo nqa test-instance event uplink", "Error: The NQA test instance is in use."),
        (("interface Vlanif100",), "vrrp vrid 99 priority 120", "Error: The virtual router does not exist."),
        (("interface Vlanif100",), "undo vrrp vrid 99", "Error: The virtual router does not exist."),
        (("interface Vlanif100",), "vrrp vrid 10 priority 255", UNKNOWN),
        (("interface Vlanif100",), "vrrp vrid 10 preempt-mode timer delay 3601", UNKNOWN),
        (("interface Vlanif100",), "traffic-policy NONE inbound", "Error: The traffic policy does not exist."),
        (("traffic policy P", "quit", "traffic policy Q", "quit", "interface Vlanif100", "traffic-policy P inbound"),
         "traffic-policy Q inbound", "Error: A traffic policy has been applied to this direction."),
        (("traffic policy P", "quit", "interface Vlanif100", "traffic-policy P inbound", "quit"),
         "undo traffic policy P", "Error: The traffic policy is in use."),
        (("traffic policy P",), "classifier C behavior B", "Error: The classifier does not exist."),
        (("traffic behavior B",), "queue llq bandwidth pct 101", UNKNOWN),
        ((), "interface XGigabitEthernet9/9/9", "Error: Wrong parameter found at '^' position."),
        ((), "undo interface XGigabitEthernet0/0/1", "Error: Wrong parameter found at '^' position."),
        ((), "undo ip route-static 10.9.0.0 255.255.0.0 10.0.1.5", "Error: The specified route does not exist."),
        ((), "undo bfd to-10.0.1.5", "Error: The bfd is in use."),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(before: tuple[str, ...], line: str, said: str) -> None:
    say = Console(machine_of("edge-hn-1"))
    typed(say, "system-view")
    assert not typed(say, *before)
    was = running(say)
    assert said in say(line)
    assert running(say) == was


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (("ip route-static 10.9.0.0 16 10.0.1.5 preference 60",), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5"),
        (("ip route-static 10.9.8.7 16 10.0.1.5",), "ip route-static 10.9.0.0 255.255.0.0 10.0.1.5"),
        (("traffic classifier C operator or", "quit", "traffic classifier C", "if-match dscp ef"),
         "traffic classifier C operator or\n if-match dscp ef"),
        (("traffic classifier C", "if-match dscp ef"), "traffic classifier C operator or\n if-match dscp ef"),
        (("traffic classifier C", "if-match dscp ef", "quit", "traffic classifier C operator and"),
         "traffic classifier C operator and\n if-match dscp ef"),
        (("acl number 3000", "rule 5 permit ip source 10.1.0.0 0.0.0.255", "rule 5 permit ip destination 10.2.0.0 0"),
         "acl number 3000\n rule 5 permit ip destination 10.2.0.0 0 source 10.1.0.0 0.0.0.255"),
    ],
)  # fmt: skip
def test_what_is_shown_is_not_what_was_typed(lines: tuple[str, ...], shown: str) -> None:
    say = Console(machine_of("edge-hn-1"))
    assert not typed(say, "system-view")[1:]
    assert not typed(say, *lines)
    assert f"\n{shown}\n" in running(say)


def test_a_group_goes_with_its_last_address() -> None:
    machine = machine_of("edge-hn-1")
    say = Console(machine)
    assert "vrrp vrid 10 priority" in running(say)
    typed(say, "system-view", "interface Vlanif100", "undo vrrp vrid 10 virtual-ip 198.51.100.1")
    assert "vrrp vrid 10" not in running(say)
    assert [group.group for group in machine.state.gateways] == [20]


# --- there and back ---------------------------------------------------------------------------------------------------

NETWORKS = ("198.51.100.0 0.0.0.63", "198.51.100.64 0.0.0.63", "10.9.0.0 0.0.255.255")
SEVERAL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def device_of(name: str) -> Device:
    return next(device for device in example().devices if device.name == name)


@cache
def spec_of(platform: str) -> ChangeSpec:
    spec = describe(platform).spec.change
    assert spec is not None
    return spec


@cache
def fragment_of(name: str) -> Fragment:
    device = device_of(name)
    spec = spec_of(device.platform)
    wanted = [wanted_of(example(), device, intent) for intent in INTENTS if intent in device.intents]
    return join(spec, [parse_fragment(spec, one.text, one.origin) for one in wanted])


def some(*lines: str) -> st.SearchStrategy[tuple[str, ...]]:
    """One of the lines, or none; `{n}` is a number that all of them take."""
    return st.tuples(st.sampled_from(("", *lines)), st.integers(1, 99)).map(
        lambda pair: (pair[0].format(n=pair[1]),) if pair[0] else ()
    )


def section(header: str, *within: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[tuple[str, ...]]:
    """A section with what is drawn in it, or none; a header without `quit` would leave the session in it."""
    drawn = st.tuples(*within).map(lambda parts: (header, *(line for part in parts for line in part), "quit"))
    return st.one_of(st.just(()), drawn)


def probes(next_hop: str) -> st.SearchStrategy[tuple[str, ...]]:
    """The test of the templates with other values, running or not, and another one that is nobody's."""
    values = (
        some(f"destination-address ipv4 {next_hop}", "destination-address ipv4 10.9.9.{n}"), some("frequency {n}"),
        some("probe-count 3", "probe-count 5"), some("timeout 9"), some("start now"),
    )  # fmt: skip
    ours = section("nqa test-instance event uplink", st.just(("test-type icmp",)), *values)
    return st.tuples(ours, section("nqa test-instance other uplink", *values)).map(lambda pair: pair[0] + pair[1])


def routes(next_hop: str, other: str, has_test: bool) -> st.SearchStrategy[tuple[str, ...]]:
    tracks = [f"ip route-static 0.0.0.0 0 {next_hop} track nqa event uplink"] if has_test else []
    ways = (
        some(f"ip route-static 0.0.0.0 0 {next_hop} preference {{n}}", *tracks,
             f"undo ip route-static 0.0.0.0 0.0.0.0 {next_hop}"),
        some(f"ip route-static 0.0.0.0 0 {other} preference {{n}}", f"ip route-static 0.0.0.0 0 {other}"),
        some("ip route-static 0.0.0.0 0 10.9.9.9 preference {n}"), some("ip route-static 10.8.0.0 16 10.9.9.9"),
    )  # fmt: skip
    return st.tuples(*ways).map(lambda parts: sum(parts, ()))


def groups(interface: str, group: int, has_test: bool) -> st.SearchStrategy[tuple[str, ...]]:
    name = f"vrrp vrid {group}"
    tracks = [f"{name} track nqa event uplink reduced {{n}}"] if has_test else []
    gone = st.just((f"interface {interface}", f"undo {name}", "quit"))
    return gone | section(
        f"interface {interface}", some(f"{name} priority {{n}}", f"undo {name} priority"),
        some(f"{name} preempt-mode disable", f"{name} preempt-mode timer delay {{n}}"), some(*tracks),
        some(f"{name} track interface XGigabitEthernet0/0/2 reduced {{n}}"), some("description by {n}"),
    )  # fmt: skip


RULES = some(*(f"rule {number} permit ip source {network}" for number in (5, 10) for network in NETWORKS))
QUEUES = some(*(f"queue {kind} bandwidth pct {{n}}" for kind in ("llq", "af", "ef")))


@st.composite
def services(draw: st.DrawFn, ports: tuple[str, ...]) -> tuple[str, ...]:
    """Access lists, classifiers, behaviors and policies of the templates' names with other contents."""
    lines = draw(section("acl number 3100", RULES, RULES, some("rule 90 deny ip source any")))
    matches = [some("if-match acl 3100")] if lines else []
    classes, behaviors = [], []
    for name in ("EVENT-VOICE", "EVENT-DATA", "EVENT-VIP", "OTHER"):
        operator = draw(st.sampled_from(("", " operator or", " operator and")))
        made = draw(
            section(f"traffic classifier {name}{operator}", some("if-match dscp cs6", "if-match dscp ef"), *matches)
        )
        classes += [name] if made else []
        lines += made
    for name in ("EVENT-VOICE", "EVENT-DATA", "EVENT-STEER", "OTHER"):
        made = draw(
            section(f"traffic behavior {name}", QUEUES, some("remark dscp ef"), some("redirect ip-nexthop 10.9.9.{n}"))
        )
        behaviors += [name] if made else []
        lines += made
    policies = []
    pairs = [f"classifier {one} behavior {other}" for one in classes for other in behaviors]
    for name in ("EVENT", "EVENT-STEER", "OTHER"):
        made = draw(section(f"traffic policy {name}", *([some(*pairs), some(*pairs)] if pairs else [])))
        policies += [name] if made else []
        lines += made
    for port in ports:
        for direction in ("inbound", "outbound"):
            applied = draw(some(*(f"traffic-policy {name} {direction}" for name in policies))) if policies else ()
            lines += (f"interface {port}", *applied, "quit") if applied else ()
    return lines


@st.composite
def starts(draw: st.DrawFn, name: str) -> tuple[str, ...]:
    """Lines that lead from the example's configuration of a router to another one."""
    uplink = device_of(name).intents["backup"]["uplink"]["next_hop"]
    other = device_of(name).intents["backup"]["floating"][0]["next_hop"]
    lines = draw(section("isis 1", some("maximum load-balancing {n}", "is-name other")))
    if name.startswith("agg"):
        within = draw(some("maximum load-balancing {n}", "maximum load-balancing ibgp {n}"))
        lines += ("bgp 65000", "ipv4-family unicast", *within, "quit", "quit")
        lines += draw(section("interface Eth-Trunk1", some("least active-linknumber 2"), some("mtu 9000")))
    made = draw(probes(uplink))
    lines += made
    has_test = "nqa test-instance event uplink" in made
    lines += draw(routes(uplink, other, has_test))
    ports: tuple[str, ...] = ("XGigabitEthernet0/0/1",)
    if name.startswith("edge"):
        ports = (*ports, "Vlanif100", "Vlanif200")
        lines += draw(groups("Vlanif100", 10, has_test)) + draw(groups("Vlanif200", 20, has_test))
    # A number out of a line's range is refused by the device; such a line was never there.
    return tuple(
        line
        for line in lines + draw(services(ports))
        if not re.search(r"balancing (?:ibgp )?(?:6[5-9]|[7-9]\d)$", line)
    )


WLAN = section(
    "wlan",
    section("rrm-profile name default", some("airtime-fair-schedule enable"),
            some("band-steer balance start-threshold {n}"), some("sta-load-balance dynamic enable"),
            some("sta-load-balance dynamic sta-number start-threshold 7"), some("uac client-number enable"),
            some("uac client-number threshold access {n}", "uac client-number threshold access {n} roam 120")),
    section("traffic-profile name guest", some("rate-limit client up {n}", "undo rate-limit client up"),
            some("rate-limit client down {n}", "undo rate-limit client down"), some("rate-limit vap up {n}")),
    some("ac protect enable"), some("ac protect protect-ac ip-address 192.0.2.{n}"), some("ac protect priority 5"),
)  # fmt: skip


class Bench:
    """A session on a device that is changed."""

    def __init__(self, name: str) -> None:
        self.machine, self.spec = machine_of(name), spec_of(device_of(name).platform)
        self.say = Console(self.machine)
        self.fragment = fragment_of(name)

    def read(self) -> Configuration:
        return read_configuration(self.spec, {self.spec.read: running(self.say)}, device="lab")

    def take(self, lines: tuple[str, ...]) -> None:
        """Lines of the system view, none of which is refused."""
        mode = self.machine.dialect.config
        commit = ("commit",) if mode and mode.candidate else ()
        for line in (*self.spec.enter, *lines, *commit, *self.spec.leave):
            said = self.say(line)
            refused = [one for one in said.splitlines() if any(re.search(p, one) for p in self.spec.refused)]
            assert not refused, f"{line!r}: {said!r} in {lines}"

    def there_and_back(self, start: tuple[str, ...], broken: int) -> None:
        """From `start` to the fragment and back; and back from where it broke off after `broken` hundredths."""
        self.take(start)
        before = self.read()
        predicted = merge(self.spec, before.tree, self.fragment)
        forward = way(self.spec, before.tree, predicted)
        self.take(forward)
        after = self.read()
        assert same(self.spec, after.tree, predicted), list(differing(after.tree, predicted))
        assert way(self.spec, after.tree, merge(self.spec, after.tree, self.fragment)) == ()
        self.take(way(self.spec, after.tree, before.tree))
        assert self.read().text == before.text
        self.take(forward[: len(forward) * broken // 100])
        self.take(way(self.spec, self.read().tree, before.tree))
        assert self.read().text == before.text


def differing(one: Tree, other: Tree, path: str = "") -> Iterator[str]:
    for line in {**one, **other}:
        if line not in one or line not in other:
            yield f"{'-' if line in one else '+'} {path}{line}"
        else:
            yield from differing(one[line], other[line], f"{path}{line} / ")


@pytest.mark.parametrize("name", ["agg-1", "edge-hn-1", "edge-hn-2"])
@SEVERAL
@given(data=st.data(), broken=st.integers(0, 100))
def test_a_router_there_and_back_whatever_was_there(name: str, data: st.DataObject, broken: int) -> None:
    Bench(name).there_and_back(data.draw(starts(name)), broken)


@SEVERAL
@given(start=WLAN, broken=st.integers(0, 100))
def test_an_access_controller_there_and_back_whatever_was_there(start: tuple[str, ...], broken: int) -> None:
    Bench("ac-1").there_and_back(start, broken)
