"""Explanations say what the dispatcher does: next message and escalation of each alert, over random nights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.core.strings.matchers import matcher
from eventready.store.streams.notification_outbox import OutboxNotice, OutgoingMessage, Wording
from eventready.watch.alerts.acts import Act
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.dispatcher import Dispatcher, Notification, Situation, Way
from eventready.watch.alerts.explain import explain
from eventready.watch.states import Key
from tests.watch.alerts.test_dispatcher import Log, act, alert, alerts_file, at

#: Seconds between two looks; last one before the explanation; last one after it.
STEP, NOW, END = 10, 1500, 4600
_MOMENTS = st.integers(0, NOW // STEP).map(STEP.__mul__)
_FINDINGS = st.tuples(st.sampled_from("abc"), st.sampled_from(["uplink", "cell", "device"]))
_SPANS = st.lists(st.tuples(_FINDINGS, _MOMENTS, st.integers(1, 120).map(STEP.__mul__)), min_size=1, max_size=8)
_ACTS = st.lists(
    st.tuples(st.sampled_from(["silence", "acknowledgement"]), st.sampled_from("abc"), _MOMENTS), max_size=3
)
_RULE = {"source_matchers": ["check=device"], "target_matchers": ["check=cell"], "equal": ["device"]}


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    _SPANS, _ACTS, st.sampled_from([[], ["device"], ["..."]]), st.sampled_from(["", "duty", "chief"]),
    st.sampled_from([0, 30, 300]),
)  # fmt: skip
def test_an_explanation_is_what_happens_while_nothing_changes(
    spans: Sequence[tuple[tuple[str, str], int, int]], done: Sequence[tuple[Any, str, int]], grouped: list[str],
    down: str, wait: int,
) -> None:  # fmt: skip
    radio = {
        "matchers": ["check=cell"],
        "receiver": "radio",
        "continue": True,
        "escalate": {"receiver": "duty", "after": "3m"},
    }
    file = alerts_file(
        group_by=grouped, group_wait=f"{wait}s", group_interval="4m", repeat_interval="20m", inhibit_rules=[_RULE],
        escalate={"receiver": "chief", "after": "10m"}, routes=[radio, {"matchers": ["check=~cell|uplink"]}],
    )  # fmt: skip
    log = Log(file, down=[down])

    def present(moment: int) -> list[Alert]:
        """Alerts in force, each once."""
        found: dict[tuple[str, str], Alert] = {}
        for finding, start, length in spans:
            if start <= moment < start + length:
                found.setdefault(finding, alert(*finding, since=start))
        return [*found.values()]

    for second in range(0, NOW + 1, STEP):
        log.at(second, *present(second), acts=_acts(done, second))
    alerts, before = present(NOW), len(log.sent)
    situation = Situation(at(NOW), alerts, acts=_acts(done, NOW))
    foretold = explain(_calls(log), situation, [matcher('check=~".+"')]) if alerts else []
    log.down = []
    for second in range(NOW + STEP, END + 1, STEP):
        log.at(second, *alerts, acts=_acts(done, NOW))
    for one in foretold:
        named = Alert(Key(one.labels["device"], one.labels["check"], ""), one.labels, at(0))
        for way, route in zip(Dispatcher(file).ways(named), one.routes, strict=True):
            assert _agree(_first(log.sent[before:], way, named), route.next)
            if way.escalate:
                higher = way.escalation(way.escalate)
                assert route.escalation
                assert _agree(_first(log.sent[before:], higher, named), route.escalation.next)
        listed = {sent.id for route in one.routes for sent in route.messages}
        assert listed == {made.id for made in log.sent[:before] if named.fingerprint in map(_name, made.firing)}


def _name(one: Alert) -> str:
    return one.fingerprint


def _first(sent: Sequence[Notification], way: Way, named: Alert) -> datetime | None:
    """Return the moment of the first message on a way with an alert."""
    fits = (
        one.at for one in sent if one.group == way.group(named.labels) and named.fingerprint in map(_name, one.firing)
    )
    return next(fits, None)


def _agree(found: datetime | None, foretold: datetime | None) -> bool:
    """True for a message at the look at, or right after, the moment of an explanation; both none after the last."""
    moment = max(foretold, at(NOW + STEP)) if foretold else at(END + STEP)
    return moment <= found <= moment + timedelta(seconds=STEP) if found else moment >= at(END)


def _acts(done: Sequence[tuple[Any, str, int]], moment: int) -> list[Act]:
    ends = {"silence": 700.0, "acknowledgement": None}
    return [
        act(kind, f"device={device}", start, until=(end := ends[kind]) and start + end)
        for kind, device, start in done
        if start <= moment
    ]


def _calls(log: Log) -> AlertCalls:
    outbox = SimpleNamespace(
        messages=lambda: [
            OutgoingMessage(one.id, one.at, OutboxNotice("alert", Wording("", "", "en"))) for one in log.sent
        ]
    )
    receivers = SimpleNamespace(outbox=outbox, log=lambda: log.sent, roster=lambda: None)
    calls = SimpleNamespace(dispatcher=Dispatcher(log.file), receivers=receivers)
    return cast("AlertCalls", calls)
