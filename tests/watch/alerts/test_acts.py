"""Acts of people on alerts: recorded with name and reason, apart by event and rehearsal, in force until their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.strings.matchers import Matcher, matcher
from eventready.store.store import Store
from eventready.watch.alerts.acts import Acts, covering, matchers_of

LABELS = {"device": "core-1", "check": "uplink", "subject": "Te0/1", "status": "fail", "venues": "hall,park"}


def test_an_act_is_in_force_until_its_end(tmp_path: Path) -> None:
    clock = Clock.starting("2031-04-29 19:00")
    with Store(tmp_path / "acts.db") as store:
        acts = Acts(store, "night", clock)
        now = clock.now()
        hour = now + timedelta(hours=1)
        silence = acts.add("silence", matchers_of(["core-1"]), by="An", text="port moved", until=hour)
        taken = acts.add("acknowledgement", matchers_of(["core-1/uplink/Te0/1"]), by="Bình")
        note = acts.add("note", matchers_of(['venues=~".*hall.*"']), by="An", text="spare is on its way")
        found = acts.all()
        assert found == (silence, taken, note)
        assert covering(found, "silence", LABELS, hour, clock.now()) == silence
        assert covering(found, "silence", LABELS, hour, hour) is None
        assert covering(found, "acknowledgement", LABELS, now, clock.now()) == taken
        assert covering(found, "acknowledgement", LABELS, clock.now() + timedelta(seconds=1), hour) is None
        assert covering(found, "note", {**LABELS, "venues": "stadium"}, now, hour) is None
        assert acts.expire(silence.id, by="Chi").ended_by == "Chi"
        assert acts.active() == (taken, note)
        assert acts.all()[0].ended_by == "Chi"
        for unknown in (silence.id, 99):
            with pytest.raises(UsageError):
                acts.expire(unknown, by="Chi")
        assert Acts(store, "another", clock).all() == Acts(store, "night", Clock()).all() == ()
        assert store.verify().intact


def test_of_several_acts_the_longest_silence_and_the_latest_acknowledgement_count(tmp_path: Path) -> None:
    clock = Clock.starting("2031-04-29 19:00")
    with Store(tmp_path / "acts.db") as store:
        acts, now = Acts(store, "night", clock), clock.now()
        for texts, hours in ((["core-1"], 1), (["core-1/uplink"], 3), (["check=uplink"], 2), (["core-2"], 4)):
            acts.add("silence", matchers_of(texts), by="An", text="x", until=now + timedelta(hours=hours))
        for by in ("An", "Bình"):
            acts.add("acknowledgement", matchers_of(["core-1"]), by=by)
        silence = covering(acts.all(), "silence", LABELS, now, now)
        taken = covering(acts.all(), "acknowledgement", LABELS, now, now)
    assert silence is not None
    assert silence.until == now + timedelta(hours=3)
    assert taken is not None
    assert taken.by == "Bình"


@pytest.mark.parametrize(
    ("texts", "text", "by", "hours"),
    [
        (["core-1"], "", "An", 1.0),
        (["core-1"], "moved", "", 1.0),
        (["core-1"], "moved", "An", None),
        (["core-1"], "moved", "An", -1.0),
        (["core-1"], "moved", "An", 24 * 8.0),
        (["device=~.*"], "moved", "An", 1.0),
        ([], "moved", "An", 1.0),
        (["/"], "moved", "An", 1.0),
    ],
)
def test_a_silence_needs_alerts_an_end_a_name_and_a_reason(
    tmp_path: Path, texts: list[str], text: str, by: str, hours: float | None
) -> None:
    with Store(tmp_path / "acts.db") as store:
        acts = Acts(store, "night", Clock())
        until = None if hours is None else datetime.now().astimezone() + timedelta(hours=hours)
        with pytest.raises(UsageError):
            acts.add("silence", matchers_of(texts), by=by, text=text, until=until)
        assert acts.all() == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "core-1",
        "=core",
        "device=~(",
        "device=~(a+)+b",
        "device=~(?i)(a+)+b",
        "device=~" + "a?" * 30,
        "d=" + "x" * 600,
        "a-b=c",
    ],
)
def test_a_wrong_or_costly_matcher_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        matcher(text)


@given(st.text(max_size=40), st.sampled_from(["=", "!="]))
def test_a_written_matcher_is_read_back(value: str, operator: str) -> None:
    one = Matcher("device", operator, value)
    assert matcher(str(one)) == one
    assert one.matches({"device": value}) is (operator == "=")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("device=core-1", True),
        ('check=~"uplink|isis"', True),
        ("check=~up", False),
        ("check=~(?i)UP.*", True),
        ("check!~up", True),
        ("absent=", True),
        ("absent!=x", True),
        ("status != fail", False),
    ],
)
def test_matchers_have_the_meaning_of_alertmanager(text: str, fits: bool) -> None:
    assert matcher(text).matches(LABELS) is fits
