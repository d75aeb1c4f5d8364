"""The dispatcher has Alertmanager's meanings: no message twice, none missed, repeats and ends in their time."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.core.strings.matchers import matcher
from eventready.watch.alerts.acts import Act, ActKind
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.dispatcher import Dispatcher, Notification, Situation
from eventready.watch.states import Key
from eventready.workspace.settings.alerts import AlertsFile
from tests.zones import TZ

START = datetime(2031, 4, 29, 19, tzinfo=TZ)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def alert(device: str, check: str = "uplink", since: float = 0, status: str = "fail", venues: str = "hall") -> Alert:
    key = Key(device, check, "")
    return Alert(key, {**key._asdict(), "status": status, "role": "router", "venues": venues}, at(since))


def alerts_file(**route: Any) -> AlertsFile:
    more = {name: route.pop(name) for name in ("inhibit_rules",) if name in route}
    receivers = [{"name": name, "mail": [f"{name}@example.vn"]} for name in ("duty", "chief", "radio")]
    return AlertsFile.model_validate({"route": {"receiver": "duty", **route}, "receivers": receivers, **more})


@dataclass
class Log:
    """Dispatcher over time; its notifications so far. `down`: receivers that nothing reaches."""

    file: AlertsFile
    sent: list[Notification] = field(default_factory=list)
    down: Sequence[str] = ()

    def at(
        self, seconds: float, *alerts: Alert, muted: Sequence[str] = (), acts: Sequence[Act] = ()
    ) -> list[Notification]:
        found = Dispatcher(self.file).due(Situation(at(seconds), alerts, muted, acts), self.sent)
        self.sent += [replace(one, failed=one.receiver in self.down) for one in found]
        return found


def names(found: Sequence[Notification]) -> list[tuple[str, list[str], list[str]]]:
    return [(one.receiver, [a.key.device for a in one.firing], [a.key.device for a in one.ended]) for one in found]


def act(kind: ActKind, condition: str, moment: float = 0, until: float | None = None) -> Act:
    return Act(1, kind, (matcher(condition),), "An", "", at(moment), None if until is None else at(until))


@pytest.mark.slow
def test_a_storm_of_a_thousand_findings_is_one_message() -> None:
    log = Log(alerts_file())
    storm = [alert(f"r{number}", since=number / 100) for number in range(1000)]
    assert log.at(29, *storm) == []
    (one,) = log.at(30, *storm)
    assert len(one.firing) == 1000
    assert all(log.at(second, *storm) == [] for second in range(31, 4 * 3600, 311))
    (again,) = log.at(30 + 4 * 3600, *storm)
    assert (len(again.firing), again.number) == (1000, 1)


def test_a_change_waits_for_the_interval_of_its_group_and_an_end_is_named() -> None:
    log = Log(alerts_file())
    one, two = alert("a"), alert("b", since=40)
    assert names(log.at(30, one)) == [("duty", ["a"], [])]
    assert log.at(329, one, two) == []
    assert names(log.at(330, one, two)) == [("duty", ["b", "a"], [])]
    assert names(log.at(640, two)) == [("duty", ["b"], ["a"])]
    assert log.at(900, two, alert("a", since=890)) == []
    assert names(log.at(1000)) == [("duty", [], ["b"])]
    assert log.at(9000) == []
    assert names(log.at(9100, alert("b", since=9070))) == [("duty", ["b"], [])]


def test_new_alerts_are_the_first_of_a_message_then_the_worst() -> None:
    log = Log(alerts_file())
    found = [alert("a", status="warn"), alert("b"), alert("c", status="not_measured")]
    assert names(log.at(30, *found)) == [("duty", ["b", "c", "a"], [])]
    assert names(log.at(330, *found, alert("d", since=300, status="warn"))) == [("duty", ["d", "b", "c", "a"], [])]


def test_a_clock_set_back_delays_no_message_by_the_jump() -> None:
    log = Log(alerts_file())
    log.at(3630, alert("a", since=3600))
    assert names(log.at(40, alert("a", since=3600), alert("b", since=10))) == [("duty", ["b", "a"], [])]


def test_an_alert_of_seconds_is_no_message() -> None:
    log = Log(alerts_file())
    log.at(10, alert("a"))
    assert log.at(40) == log.at(4000) == []


def test_a_worse_status_is_a_new_alert_and_a_better_one_no_end() -> None:
    log = Log(alerts_file())
    log.at(30, alert("a", status="warn"))
    (worse,) = log.at(340, alert("a", since=100))
    assert ([one.labels["status"] for one in worse.firing], list(worse.ended)) == (["fail"], [])


@pytest.mark.parametrize("how", ["silence", "inhibition", "cause"])
def test_a_muted_alert_is_in_no_message_and_its_end_neither(how: str) -> None:
    rule = {"source_matchers": ["check=device"], "target_matchers": ["check!=device"], "equal": ["device"]}
    log = Log(alerts_file(inhibit_rules=[rule], routes=[{"matchers": ["check=device"], "receiver": "chief"}]))
    one = alert("a")
    source = [alert("a", "device")] if how == "inhibition" else []
    acts = [act("silence", "device=a", until=5000)] if how == "silence" else []
    muted = [one.fingerprint] if how == "cause" else []
    found = [log.at(second, one, *source, muted=muted, acts=acts) for second in (30, 600, 4000)]
    assert [entry for entry in found if names(entry) != [("chief", ["a"], [])]] == [[], []] + [[]] * (not source)
    assert log.at(4400, *source, muted=muted, acts=acts) == []
    assert [entry[0] for entry in names(log.at(4800, alert("b", since=4400)))].count("duty") == 1


def test_the_end_of_a_silenced_alert_comes_after_the_silence() -> None:
    log = Log(alerts_file())
    log.at(30, alert("a"))
    quiet = [act("silence", "device=a", 100, until=5000)]
    assert [log.at(second, acts=quiet) for second in (400, 4999)] == [[], []]
    assert names(log.at(5000, acts=quiet)) == [("duty", [], ["a"])]


def test_an_alert_that_is_back_before_its_end_was_sent_stays_acknowledged() -> None:
    log = Log(alerts_file(escalate={"receiver": "chief", "after": "10m"}))
    log.at(30, alert("a"))
    taken = [act("acknowledgement", "device=a", 60)]
    log.at(120, acts=taken)
    assert [log.at(second, alert("a", since=200), acts=taken) for second in (240, 400, 700)] == [[], [], []]


def test_an_alert_that_is_back_after_an_end_unseen_here_is_new() -> None:
    """The end was in the time of an Alertmanager, or of a silence."""
    log = Log(alerts_file(escalate={"receiver": "chief", "after": "10m"}))
    log.at(30, alert("a"))
    taken = [act("acknowledgement", "device=a", 60)]
    back = alert("a", since=2000)
    assert log.at(2029, back, acts=taken) == []
    assert names(log.at(2030, back, acts=taken)) == [("duty", ["a"], [])]
    assert log.at(2629, back, acts=taken) == []
    assert names(log.at(2630, back, acts=taken)) == [("chief", ["a"], [])]


def test_a_silence_after_the_message_stops_repeats_and_is_no_end() -> None:
    log = Log(alerts_file(repeat_interval="1h"))
    one = alert("a")
    log.at(30, one)
    quiet = [act("silence", "device=a", 100, until=20_000)]
    assert [log.at(second, one, acts=quiet) for second in (400, 3700, 8000)] == [[], [], []]
    assert names(log.at(20_001, one, acts=quiet)) == [("duty", ["a"], [])]


def test_an_acknowledgement_stops_repeats_and_the_escalation_until_the_next_alert() -> None:
    log = Log(alerts_file(repeat_interval="1h", escalate={"receiver": "chief", "after": "10m"}))
    one = alert("a")
    log.at(30, one)
    taken = [act("acknowledgement", "device=a", 60)]
    assert [log.at(second, one, acts=taken) for second in (700, 4000, 90_000)] == [[], [], []]
    assert names(log.at(90_400, acts=taken)) == [("duty", [], ["a"])]
    again = alert("a", since=90_500)
    assert names(log.at(91_000, again, acts=taken)) == [("duty", ["a"], [])]
    assert names(log.at(91_600, again, acts=taken)) == [("chief", ["a"], [])]
    assert sorted(names(log.at(92_300, acts=taken))) == [("chief", [], ["a"]), ("duty", [], ["a"])]


def test_alerts_that_were_not_delivered_escalate_at_once() -> None:
    log = Log(alerts_file(escalate={"receiver": "chief", "after": "10m"}), down=["duty"])
    one = alert("a")
    assert names(log.at(30, one)) == [("duty", ["a"], [])]
    assert names(log.at(31, one)) == [("chief", ["a"], [])]
    assert log.at(3000, one) == []


def test_ends_that_are_not_sent_delay_neither_a_repeat_nor_a_new_alert() -> None:
    file = alerts_file(repeat_interval="1h")
    receivers = [one.model_copy(update={"send_resolved": False}) for one in file.receivers]
    log = Log(file.model_copy(update={"receivers": tuple(receivers)}))
    log.at(30, alert("a"), alert("b"), alert("c"))
    (ended,) = log.at(3000, alert("a"), alert("b"))
    assert (ended.silent, log.at(3001, alert("a"), alert("b"))) == (True, [])
    assert names(log.at(3002, alert("a"), alert("b"), alert("d", since=3002))) == [("duty", ["d", "a", "b"], [])]
    log.at(6000, alert("a"), alert("b"))
    assert names(log.at(6602, alert("a"), alert("b"))) == [("duty", ["a", "b"], [])]


def test_routes_take_the_first_fitting_child_and_go_on_after_continue() -> None:
    file = alerts_file(
        routes=[
            {"matchers": ["status=fail"], "receiver": "chief", "continue": True, "group_by": ["device"]},
            {"matchers": ['check=~"cell|site"'], "receiver": "radio", "group_wait": "0s"},
            {"matchers": ["check=cell"], "receiver": "duty"},
        ]
    )
    log = Log(file)
    found = [alert("a", "cell"), alert("b", "cell"), alert("c", status="warn")]
    assert names(log.at(0, *found)) == [("radio", ["a", "b"], [])]
    assert sorted(names(log.at(30, *found))) == [("chief", ["a"], []), ("chief", ["b"], []), ("duty", ["c"], [])]


@pytest.mark.skipif(not shutil.which("amtool"), reason="needs amtool of Debian's prometheus-alertmanager")
@pytest.mark.parametrize("outer", ["role=''", 'role!~"router|bsc"', 'check=~"up.*"', 'venues!=""'])
def test_routes_are_those_of_an_alertmanager(tmp_path: Path, outer: str) -> None:
    """Nested routes with and without `continue`; empty, absent, negative, quoted and regular conditions."""
    inner = [
        {"matchers": ['device=~"a|c"', 'subject!~"Te.*"'], "receiver": "radio", "continue": True},
        {"matchers": ['subject="q\\"\\\\x"'], "receiver": "chief"},
        {"matchers": ["device!=b"], "receiver": "duty"},
    ]
    routes: list[dict[str, Any]] = [
        {"matchers": [outer.replace("''", '""')], "receiver": "chief", "continue": True, "routes": inner},
        {"matchers": ['status=~".+"', 'check=~"(cell|uplink)"'], "receiver": "radio", "routes": inner[1:]},
    ]
    file = alerts_file(routes=routes)
    names = [{"name": one.name} for one in file.receivers]
    (tmp_path / "am.yml").write_text(json.dumps({"route": {"receiver": "duty", "routes": routes}, "receivers": names}))
    for device, check, subject in product("ab", ["uplink", "device"], ["", "Te0/1", 'q"\\x']):
        labels = {**alert(device, check).labels, "subject": subject, "venues": "" if device == "a" else "hall,park"}
        pairs = [f"{name}={json.dumps(one)}" for name, one in labels.items() if one]
        call = ["amtool", "config", "routes", "test", f"--config.file={tmp_path}/am.yml", *pairs]
        found = subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip().split(",")
        ways = Dispatcher(file).ways(Alert(Key(device, check, subject), labels, at(0)))
        assert [way.receiver for way in ways] == found, labels


def test_a_change_of_the_tree_repeats_no_call_and_calls_a_new_receiver_at_once() -> None:
    cells = {"matchers": ["check=cell"], "receiver": "radio"}
    log = Log(alerts_file(routes=[cells], escalate={"receiver": "chief", "after": "1h"}))
    one = alert("a", "cell")
    assert names(log.at(30, one)) == [("radio", ["a"], [])]
    log.file = alerts_file(routes=[{"matchers": ["check=site"], "receiver": "chief"}, cells])
    assert log.at(900, one) == []
    log.file = alerts_file(routes=[{**cells, "receiver": "chief"}])
    assert names(log.at(905, one)) == [("chief", ["a"], [])]
    log.file = alerts_file(receiver="radio", routes=[{**cells, "receiver": "chief"}])
    assert log.at(1300, one) == []


def test_a_change_of_group_by_repeats_no_call_and_names_each_end_once() -> None:
    log = Log(alerts_file(group_by=["venues"], escalate={"receiver": "chief", "after": "10m"}))
    found = [alert("a"), alert("b"), alert("c", venues="park")]
    log.at(30, *found)
    assert len(log.at(630, *found)) == 2
    log.file = alerts_file(group_by=["device"], escalate={"receiver": "chief", "after": "10m"})
    assert log.at(1300, *found) == []
    assert sorted(names(log.at(1400, *found[1:]))) == [("chief", [], ["a"]), ("duty", [], ["a"])]
    log.file = alerts_file(group_by=["venues"], escalate={"receiver": "chief", "after": "10m"})
    assert log.at(1900, *found[1:]) == []
    assert sorted(names(log.at(2000, found[2]))) == [("chief", [], ["b"]), ("duty", [], ["b"])]
    assert len({one.id for one in log.sent}) == len(log.sent)


_TIMES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5000), st.integers(1, 5000)), max_size=12)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(_TIMES, st.sampled_from([[], ["device"], ["..."], ["venues"]]), st.integers(5, 60))
def test_no_alert_is_missed_named_twice_or_repeated_early(
    drawn: list[tuple[int, int, int]], grouped: list[str], step: int
) -> None:
    file = alerts_file(group_by=grouped, repeat_interval="1h")
    log = Log(file)
    spans: dict[int, list[tuple[int, int]]] = {}
    for device, start, length in sorted(drawn, key=lambda one: one[1]):
        if not spans.get(device) or spans[device][-1][1] + 400 < start:
            spans.setdefault(device, []).append((start, start + length))
    for second in range(0, 16_000, step):
        log.at(
            second,
            *(alert(f"r{d}", since=a) for d, all_ in spans.items() for a, b in all_ if a <= second < b),
        )
    by_group: dict[str, list[Notification]] = {}
    for one in log.sent:
        by_group.setdefault(one.group, []).append(one)
    for found in by_group.values():
        assert [one.number for one in found] == list(range(len(found)))
        for before, after in pairwise(found):
            same = {a.fingerprint for a in before.firing} == {a.fingerprint for a in after.firing} and not after.ended
            if before.firing:
                assert after.at - before.at >= timedelta(hours=1) if same else timedelta(minutes=5)
    for device, all_ in spans.items():
        for start, end in all_:
            if end - start > 30 + 300 + 2 * step:
                named = [one for one in log.sent if any(a.key.device == f"r{device}" for a in one.firing)]
                inside = [one for one in named if at(start) <= one.at < at(end)]
                assert inside, (device, start, end)
                assert inside[0].at <= at(start + 330 + step)
    assert not {a.key.device for one in by_group.values() for a in one[-1].firing}
