"""The wall: green only with everything measured, red without data of the present."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from eventready.assurance.roster.roster import Person, Shift
from eventready.core.messages import text
from eventready.watch.alerts.acts import Acts, matchers_of
from eventready.watch.states import Key, States
from eventready.watch.web import read_model
from eventready.watch.web.page import Viewer
from eventready.watch.web.read_model import OnDuty
from eventready.watch.web.wall import wall_body, wall_of
from tests.watch.web.scene import EVENT, Scene, client, scene

VIEWERS = (Viewer("an", "viewer"), Viewer("an", "viewer", kiosk=True), Viewer("", "viewer"))
_SHIFT = Shift("An", "CA", EVENT.windows[0].start, EVENT.windows[0].end)
ON_DUTY = OnDuty(Person("An", "An", phones=("0900000000",)), _SHIFT)


def headline(made: Scene, browser: TestClient | None = None) -> tuple[str, str]:
    """Class and sentence of the headline."""
    page = (browser or client(made)).get("/")
    assert page.status_code == 200
    found = re.search(r'class="headline (\w+)" role="status">\s*(.*?)\s*</p>', page.text, re.S)
    assert found
    return found[1], found[2]


def test_no_watch_is_red(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        assert headline(made) == ("gone", text("web:wall.never", "en"))


def test_a_device_without_a_reading_is_not_measured(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.read("r1", up=True)
        assert headline(made)[0] == "not_measured"


def test_a_fault_is_named_until_mended(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        assert headline(made)[0] == "risk", "no answer of the service is expected: measured, with a risk"
        for up, expected in ((False, "fail"), (True, "risk")):
            made.read("r1", up=up)
            made.read("r1", up=up)
            assert headline(made)[0] == expected


def test_a_state_begins_at_a_time_of_the_event(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        before = made.clock.now().replace(microsecond=0)
        made.read("r1", up=False)
        made.read("r1", up=False)
        kept = made.snapshots.latest()
        assert kept is not None
        assert before <= datetime.fromisoformat(kept["open"][0]["since"]) <= datetime.fromisoformat(kept["at"])


def test_a_state_keeps_its_begin_over_a_restart_of_the_watch(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.read("r1", up=False)
        made.read("r1", up=False)
        key = Key("r1", "isis", "peer")
        states = States()
        states.begin(made.record.states(), made.record.begins())
        before, after = made.watcher.states.status(key), states.status(key)
    assert before is not None
    assert after is not None
    assert (after[0], int(after[1])) == (before[0], int(before[1]))


def test_silence_is_never_green(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.silent()
        assert headline(made)[0] == "not_measured"


def test_an_old_snapshot_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        monkeypatch.setattr(read_model, "GONE_S", -1.0)
        state, sentence = headline(made)
        assert state == "gone"
        assert sentence.startswith("No data since ")


def test_a_lost_database_is_red(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        browser = client(made)
        assert headline(made, browser)[0] != "gone"
        browser.app.state.feed._read_at = float("-inf")  # type: ignore[attr-defined]  # the next tick
        made.store.close()
        (tmp_path / "night.db").unlink()
        (tmp_path / "night.db").mkdir()
        assert headline(made, browser) == ("gone", text("web:wall.broken", "en"))
        assert browser.get("/healthz").status_code == 503


def test_a_kiosk_and_a_viewer_without_a_name_have_no_button_for_numbers(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        night = replace(made.model.night(), on_duty=[ON_DUTY])
        content = wall_of(night, made.workspace)
        offered = {viewer: "/duty/number" in wall_body(content, viewer) for viewer in VIEWERS}
    assert offered == dict(zip(VIEWERS, (True, False, False), strict=True))
    assert not any(ON_DUTY.person.phones[0] in wall_body(content, viewer) for viewer in VIEWERS)


def test_a_silence_is_named_with_its_end_and_reason(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        until = made.clock.now() + timedelta(hours=1)
        Acts(made.store, EVENT.id, made.clock).add(
            "silence", matchers_of(["r1/isis"]), by="An", text="moved", until=until
        )
        made.read("r1", up=False)
        made.read("r1", up=False)
        page = client(made).get("/").text
    assert re.search(rf"until {until:%H:%M}: moved", page)
    assert f"silenced by An until {until:%H:%M}" in page, "beside the finding, which stays"
