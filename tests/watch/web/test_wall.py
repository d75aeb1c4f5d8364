"""The wall: green only with everything measured, red without data of the present."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from eventready.core.clock import Clock
from eventready.core.language import Language
from eventready.core.messages import Lang, text
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.verdicts import NO_ANSWER_EXPECTED
from eventready.roster.roster import Person, Shift
from eventready.store.change_steps import ChangeHeader
from eventready.store.waiting_changes import Announced
from eventready.store.watch_log import Beat
from eventready.watch import snapshot, snapshot_record
from eventready.watch.alerts.acts import Acts, matchers_of
from eventready.watch.own_clock import CHECK, graded_clock
from eventready.watch.session import network_weights
from eventready.watch.snapshot_record import DeviceAge, OpenEntry, ServiceVerdict, Snapshot
from eventready.watch.states import Key, States
from eventready.watch.web import read_model
from eventready.watch.web.page import Viewer, hour
from eventready.watch.web.pages.wall import wall_body, wall_of
from eventready.watch.web.read_model import OnDuty
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from tests.watch.web.scene import EVENT, Scene, client, devices, scene
from tests.zones import TZ

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


def test_the_first_reading_says_so_beside_the_verdicts_of_before(tmp_path: Path) -> None:
    """Also after a kill of a watch that read for the first time itself."""
    with scene(tmp_path) as made:
        made.all_up()
        for _kill in range(2):
            before = made.snapshots.latest()
            assert before
            made.begin(before.last)
            made.read("r1", up=True)
            page = client(made).get("/").text
            assert headline(made) == ("not_measured", text("web:wall.first", "en"))
            assert text("web:wall.first_left", "en", n=1) in page
            assert client(made).get("/api/v1/night").json()["first_left"] == 1
            assert text("web:wall.before", "en", verdict="Ready, with risk") in page
        made.read("r2", up=True)
        page = client(made).get("/").text
    assert text("web:wall.first", "en") not in page
    assert "(before:" not in page


def test_a_fault_is_named_until_mended(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        assert headline(made)[0] == "risk", "no answer of the service is expected: measured, with a risk"
        for up, expected in ((False, "fail"), (True, "risk")):
            made.read("r1", up=up)
            made.read("r1", up=up)
            assert headline(made)[0] == expected


NOW = datetime(2031, 4, 29, 19, tzinfo=TZ)
R1, R2 = (DeviceAge(name, 3.0, None) for name in ("r1", "r2"))
VERDICT = ServiceVerdict("hall", "internet", "READY", (), None)
CLEAR = Snapshot(NOW, NOW, 5.0, (), "", None, None, (), (R1, R2), (VERDICT,))


@pytest.mark.parametrize(
    ("missing", "found"),
    [
        ({}, "clear"),
        ({"audit_age_s": None}, "not_measured"),
        ({"audit_age_s": 86_401.0}, "risk"),
        ({"outdated": True}, "not_measured"),
        ({"devices": (replace(R1, change=""), R2)}, "not_measured"),
        ({"devices": (replace(R1, change="c-1 (An)"), R2)}, "not_measured"),
        ({"devices": (replace(R1, age=None), R2)}, "not_measured"),
        ({"devices": (R2,)}, "not_measured"),
        ({"verdicts": (replace(VERDICT, verdict="READY_WITH_RISK"),)}, "risk"),
        ({"verdicts": (replace(VERDICT, verdict="NOT_MEASURED"),)}, "not_measured"),
        ({"verdicts": (replace(VERDICT, verdict="NOT_READY"),)}, "fail"),
        ({"verdicts": ()}, "not_measured"),
        ({"age_s": 16}, "gone"),
    ],
)
def test_all_clear_needs_everything_measured(tmp_path: Path, missing: Mapping[str, Any], found: str) -> None:
    """The present inventory, no device left alone, every service ready, and the network judged by an audit."""
    with scene(tmp_path) as made:
        kept = replace(CLEAR, **{key: missing[key] for key in missing if key in vars(CLEAR)})
        night = replace(made.model.night(), snapshot=kept, age_s=1.0, audit_age_s=60.0)
        shown = wall_of(
            replace(night, **{key: missing[key] for key in missing if key not in vars(CLEAR)}), made.workspace
        )
    assert shown.headline == found
    assert not any(shown.ages[name] for name in shown.resting), "a device left alone is not measured"


def test_the_wall_has_the_age_of_the_last_full_audit_and_none_of_a_rehearsal(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.read("r1", up=True)
        real, made.clock = made.clock, Clock(marked=True)
        made.audited()
        made.clock = real
        unknown, known = text("web:wall.no_audit", "en"), text("web:wall.audit", "en", span="0 s")
        shown = client(made).get("/").text
        assert (unknown in shown, known in shown) == (True, False)
        assert "audit_age" not in client(made).get("/metrics").text
        made.audited()
        made.model = read_model.ReadModel(made.workspace, made.store, made.clock)
        shown = client(made).get("/").text
        assert (unknown in shown, known in shown) == (False, True)


def test_an_inventory_changed_since_is_named(tmp_path: Path) -> None:
    copy_example(tmp_path / "event")
    with scene(tmp_path) as made:
        made.all_up()
        assert not made.model.night().outdated
        made.snapshots.keep(made.watcher, {}, made.now, notes=[snapshot.OUTDATED])
        assert text(snapshot.OUTDATED, "vi") in wall_body(wall_of(made.model.night(), made.workspace), VIEWERS[0])
        made.all_up()
        made.model.workspace = replace(made.workspace, stamps=(None,))
        assert made.model.night().outdated
    workspace = load_workspace(tmp_path / "event")
    assert not workspace.changed
    for name in ("waivers", "hosts"):
        workspace = load_workspace(tmp_path / "event")
        (tmp_path / "event" / "inventory" / f"{name}.yaml").unlink()
        assert workspace.changed


def test_what_the_audit_found_about_the_whole_network_is_in_the_verdicts(tmp_path: Path) -> None:
    """A watch runs the checks by which a service may be lost itself, and no check of audits alone."""
    known = {"device": "r1", "subject": "x", "message_id": "", "venues": [], "services": [], "blind": False}
    with scene(tmp_path) as made:
        found = [{**known, "check": name, "status": "fail"} for name in ("single_point", "capacity_link", "isis")]
        run = made.audited(*found, {**known, "check": "cabling", "status": "pass"})
        network = network_weights(run, devices(), ResolvedLimits())
        made.watcher._fleet.job = replace(made.watcher._fleet.job, network=network)
        made.all_up()
        (verdict,) = made.watcher.verdicts()
        assert verdict.because == (text(NO_ANSWER_EXPECTED, "en"), "r1 single_point x")


def test_the_wall_has_the_walk_of_each_service_and_says_when_it_is_old(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        night = made.model.night()
        assert night.snapshot is not None
        old = replace(night.snapshot, walk=40.0)
        pages = {
            lang: wall_body(wall_of(replace(night, snapshot=old), made.workspace), Viewer("an", "viewer", lang=lang))
            for lang in ("en", "vi")
        }
        fresh = wall_body(wall_of(night, made.workspace), VIEWERS[0])
        venue = client(made, lang="vi").get("/venue/hall").text
    assert "Internet at Hall: 2 networks are served by r1" in pages["en"]
    assert "Internet tại Hall: 2 mạng được phục vụ qua r1" in pages["vi"]
    assert "2 mạng được phục vụ qua r1" in venue
    waits = {lang: text("web:wall.walk", lang, span="").partition(":")[2] for lang in ("en", "vi")}
    assert all(waits[lang] in pages[lang] for lang in waits)
    assert waits["en"] not in fresh


def test_a_watch_of_some_devices_does_not_speak_for_the_others(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        job = made.watcher._fleet.job
        left_out = (replace(devices()[0], name="r3"),)
        made.watcher._fleet.job = replace(job, matrix=replace(job.matrix, left_out=left_out))
        made.all_up()
        assert [str(one.verdict) for one in made.watcher.verdicts()] == ["NOT_MEASURED"]


def test_a_state_begins_at_a_time_of_the_event(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        before = made.clock.now().replace(microsecond=0)
        made.read("r1", up=False)
        made.read("r1", up=False)
        kept = made.snapshots.latest()
        assert kept is not None
        assert before <= kept.open[0].since <= kept.at


def test_a_state_keeps_its_begin_over_a_restart_of_the_watch(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.read("r1", up=False)
        made.read("r1", up=False)
        key = Key("r1", "isis", "peer")
        states = States()
        last = made.record.last_changes()
        states.begin(made.record.states(), {one: begun.timestamp() for one, (begun, _change) in last.items()})
        before, after = made.watcher.states.status(key), states.status(key)
    assert before is not None
    assert after is not None
    assert (after[0], int(after[1])) == (before[0], int(before[1]))


def test_silence_is_never_green(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.silent()
        assert headline(made)[0] == "not_measured"
        assert "no reading in use" in client(made).get("/").text


def test_an_old_snapshot_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        monkeypatch.setattr(snapshot_record, "MISSED", -1)
        state, sentence = headline(made)
        assert state == "gone"
        assert sentence.startswith("No data since ")
        assert text("web:wall.none_open", "en") not in client(made).get("/").text, "not known"


@pytest.mark.parametrize(("age_s", "every_s", "gone"), [(14, 5, False), (16, 5, True), (16, 20, False), (61, 20, True),
                                                        (-3600, 5, True)])  # fmt: skip
def test_the_watch_is_gone_after_missed_snapshots_and_when_the_clock_was_set_back(
    tmp_path: Path, age_s: float, every_s: float, gone: bool
) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.snapshots.keep(made.watcher, {}, made.now, every_s)
        assert replace(made.model.night(), age_s=age_s).gone is gone


def test_a_watch_without_calls_is_named_on_the_wall(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.snapshots.keep(made.watcher, {}, made.now, notes=[snapshot.NO_CALLS])
        shown = wall_body(wall_of(made.model.night(), made.workspace), VIEWERS[0])
    assert text(snapshot.NO_CALLS, "vi") in shown


def test_a_rehearsal_is_marked_and_a_time_of_another_day_has_its_day(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        marked = '<aside class="rehearsal">Rehearsal<'
        assert marked not in client(made).get("/").text
        made.model.clock = made.clock = Clock(marked=True)
        until = made.clock.now() + timedelta(days=3)
        Acts(made.store, EVENT.id, made.clock).add("silence", matchers_of(["r1"]), by="An", text="x", until=until)
        shown = client(made).get("/").text
        for page in ("/timeline", "/?kiosk"):
            before, _bar = client(made).get(page).text.split('<header class="bar">')
            assert marked in before, "kiosk and paper have no bar"
    assert f"until {until:%d/%m %H:%M}" in shown


def test_devices_outside_of_a_limited_watch_are_not_measured(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        night = made.model.night()
        more = replace(made.workspace, devices=(*made.workspace.devices, replace(made.workspace.devices[0], name="r3")))
        shown = wall_of(night, more)
    assert (shown.headline, shown.measured, shown.ages["r3"]) == ("not_measured", 2, None)


def test_a_storm_leaves_incidents_and_duty_in_sight(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        for up in (False, False):
            made.read("r1", up=up)
        night = made.model.night()
        assert night.snapshot is not None
        found = tuple(replace(one, params={"number": number}) for number in range(1000) for one in night.snapshot.open)
        storm = replace(night, snapshot=replace(night.snapshot, open=found[:100]))
        shown = wall_body(wall_of(storm, made.workspace), VIEWERS[0])
        made.show(replace(night.snapshot, open=found))
        sheet = client(made, lang="vi").get("/handover").text
    assert shown.count('<li class="fail">') <= 12
    assert f'<a href="/handover">{text("web:wall.more", "vi", n=88)}</a>' in shown, "the sheet has them"
    assert sheet.count('<li class="fail">') == 300
    assert text("web:wall.more", "vi", n=700) in sheet


def test_a_question_for_three_venues_is_one_line_with_the_acts_of_all(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        found = tuple(
            OpenEntry(
                "", "checks:answer.none", {"subject": f"ping a ({venue})"}, "fail", device="r1", check="answer_ping",
                subject=f"ping a ({venue})", since=made.clock.now(), venues=(venue,), services=(), cause="",
            )
            for venue in ("hall", "park", "temple")
        )  # fmt: skip
        for subject in ("ping a (hall)", "~ping a.*"):
            Acts(made.store, EVENT.id, made.clock).add(
                "silence", matchers_of([f"subject={subject}"]), by="An", text=subject,
                until=made.clock.now() + timedelta(hours=1),
            )  # fmt: skip
        night = made.model.night()
        assert night.snapshot is not None
        wall = wall_of(replace(night, snapshot=replace(night.snapshot, open=found)), made.workspace)
        shown = wall_body(wall, VIEWERS[0])
    assert shown.count('<li class="fail">') == 1
    assert "ping a (hall, park, temple)" in shown
    (row,) = wall.found
    assert [act.text for act in wall.acts_on_all(row.findings)] == ["~ping a.*"]


def test_a_state_that_waits_for_its_second_reading_stays_open(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.watcher.states._states.clear()
        made.watcher.states.begin({Key("r1", "isis", "peer"): "warn"}, 0.0)
        made.read("r1", up=False)
        kept = made.snapshots.latest()
    assert kept is not None
    assert [one.status for one in kept.open] == ["warn"]


def test_a_finding_without_a_device_has_no_link_to_a_device(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        wrong = graded_clock(5, 0).replace(check=CHECK)
        for _twice in range(2):
            made.record.changes(made.watcher.read_own([wrong], made.clock.now()))
        made.snapshots.keep(made.watcher, {}, made.now)
        browser = client(made, lang="vi")
        found = "/finding?device=&check=watch_clock&subject=clock"
        pages = [browser.get(path) for path in ("/", "/handover", "/timeline", found, "/check/watch_clock")]
    assert [one.status_code for one in pages] == [200] * 5
    assert not [one.url.path for one in pages if 'href="/device/"' in one.text]
    assert all("Đồng hồ máy theo dõi" in one.text for one in pages)


def test_a_silence_of_a_venue_is_shown_where_it_silences(tmp_path: Path) -> None:
    """A finding has venues of its own; the alert has those of its device."""
    with scene(tmp_path) as made:
        made.all_up()
        made.read("r1", up=False)
        made.read("r1", up=False)
        until = made.clock.now() + timedelta(hours=1)
        Acts(made.store, EVENT.id, made.clock).add(
            "silence", matchers_of(["venues=park"]), by="An", text="moved", until=until
        )
        shown = wall_of(made.model.night(), made.workspace)
        (row,) = shown.found
    assert shown.acts_on(replace(row.first, venues=("park",))) == []


def test_programs_get_no_data_of_the_past_as_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.record.beat(Beat(2, 2, 10, 0.5))
        browser = client(made)
        assert "eventready_watch_lag_seconds 0.5" in browser.get("/metrics").text
        monkeypatch.setattr(Snapshot, "age_s", 600.0)
        found = browser.get("/metrics").text
        assert "eventready_watch_up 0" in found
        assert not re.search("watch_lag|service_state|device_findings", found)
        assert [browser.get(f"/api/v1/{one}").status_code for one in ("night", "findings")] == [503, 503]


def test_a_lost_database_is_red(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        browser = client(made)
        assert headline(made, browser)[0] != "gone"
        browser.app.state.feed._read = None  # type: ignore[attr-defined]  # the next tick
        made.store.close()
        (tmp_path / "night.db").unlink()
        (tmp_path / "night.db").mkdir()
        assert headline(made, browser) == ("gone", text("web:wall.broken", "en"))
        empty = ("none_open", "no_incident", "no_silence", "no_change", "no_figure")
        shown = browser.get("/").text
        assert not [one for one in empty if text(f"web:wall.{one}", "en") in shown], "not known"
        for program in ("/healthz", "/api/v1/night", "/api/v1/findings"):
            assert browser.get(program).status_code == 503
        assert "eventready_store_up 0\n" in browser.get("/metrics").text


def test_a_kiosk_and_a_viewer_without_a_name_have_no_button_for_numbers(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        night = replace(made.model.night(), on_duty=[ON_DUTY])
        content = wall_of(night, made.workspace)
        offered = {viewer: "/duty/number" in wall_body(content, viewer) for viewer in VIEWERS}
    assert offered == dict(zip(VIEWERS, (True, False, False), strict=True))
    assert not any(ON_DUTY.person.phones[0] in wall_body(content, viewer) for viewer in VIEWERS)


def test_a_paused_device_and_a_change_are_on_the_wall_and_on_the_sheet(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        header = ChangeHeader(by="Chị Lan", host="here")
        made.store.changes.begin("c-1", event="e", plan=b'{"plan":{}}', devices=["r2"], header=header)
        for page, reason in product(("/", "/handover"), ("", "capture")):
            made.snapshots.keep(made.watcher, {"r1": reason, "r2": "c-1 (Lan)"}, made.now)
            section = re.search(r'id="changes">(.*?)</section>', client(made).get(page).text, re.S)
            assert section
            assert f"<b>c-1</b> {text('change:progress.no_process', 'en')}; 1 device to go <small>Chị Lan" in section[1]
            assert "apply --resume c-1" in section[1]
            assert f"<b>r1</b> {reason or text('web:wall.paused', 'en')}" in section[1]
            assert section[1].count(">r2<") == 1


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
    shown = hour(until, made.clock.now())
    assert f"until {shown}: moved" in page
    assert f"silenced by An until {shown}" in page, "beside the finding, which stays"


@pytest.mark.parametrize(
    ("lang", "waits", "lost"),
    [
        ("en", "waits: plan quiet on 2 devices begins at", "lost: plan &lt;b&gt; on 1 device does not begin at"),
        ("vi", "đang chờ: kế hoạch quiet trên 2 thiết bị bắt đầu lúc", "đã mất: kế hoạch &lt;b&gt; trên 1 thiết bị"),
    ],
)
def test_a_waiting_change_is_on_the_wall_and_on_the_sheet_and_a_lost_one_as_lost(
    tmp_path: Path, lang: Lang, waits: str, lost: str
) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        at = datetime(2199, 4, 29, 16, 30, tzinfo=UTC)
        soon = Announced("e", "quiet", "0", "Chị Lan", "noc-1", at, ("a",), ("r1", "r2"))
        with made.store.waiting.waiting("c-1", replace(soon, plan="<b>", devices=("r1",))):
            pass
        with made.store.waiting.waiting("c-2", replace(soon, at=at + timedelta(hours=1), rehearsal=True)):
            browser = client(made, lang=lang)
            pages = [browser.get(page).text for page in ("/", "/handover")]
    for page in pages:
        section = re.search(r'id="changes">(.*?)</section>', page, re.S)
        assert section
        shown, language = " ".join(section[1].split()), Language(lang)
        begins = [language.moment(moment.isoformat()) for moment in (at, at + timedelta(hours=1))]
        assert f'<p class="warn"><b>c-1</b> {lost}' in shown
        assert begins[0] in shown
        assert "<code>eventready changes cancel c-1</code>" in shown
        rehearsed = text("change:event_rehearsal", lang, at=begins[1])
        assert f"<p><b>c-2</b> {waits} {rehearsed} <small>Chị Lan, noc-1</small></p>" in shown
        assert text("web:wall.no_change", lang) not in shown
