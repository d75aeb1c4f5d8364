"""Pages behind the wall: in both languages, with hostile names and texts of devices, and the acts of operators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import quote, urlencode

import pytest

from eventready.checks.registry import all_checks
from eventready.core.catalogue import LANGS
from eventready.core.messages import Lang, text
from eventready.core.redaction.redaction import redactor
from eventready.incidents.log import Report, incidents, update_incident
from eventready.store.run_records import SCHEMA
from eventready.store.streams.journal import Journal
from eventready.store.streams.series import SeriesKey, Value
from eventready.watch.alerts.acts import Acts
from eventready.watch.kpi import UNITS
from eventready.watch.states import Key, StateChange
from eventready.watch.web.access import identity
from eventready.watch.web.page import Viewer
from eventready.watch.web.pages import network, timeline
from eventready.watch.web.pages.wall import wall_of
from tests.watch.web import scene as scenes
from tests.watch.web.scene import EVENT, Scene, client, scene

PEER = "<script>alert(1)</script>\"'&\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}"
NAME = "edge/1..Đà Nẵng?#&x=<b>"
VENUE = "hội/trường..1"
DRILL = """
title: {en: "Loss of <a> neighbour", vi: Mất láng giềng}
why: {en: Loss, vi: Mất}
break: [{device: "DEVICE", fault: isis-down}]
probes: [{kind: icmp, name: probe, target: internet, source: hall, outage_ms: 1000}]
predicted_by: [isis]
"""
FINDING = {"device": NAME, "check": "isis", "subject": PEER}


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A failed neighbour with a hostile name, at a device and a venue with a hostile name."""
    place = EVENT.venues[0].model_copy(update={"id": VENUE})
    monkeypatch.setattr(scenes, "EVENT", EVENT.model_copy(update={"venues": (place,)}))
    one, other = scenes.devices()
    expect = one.expect.model_copy(update={"isis": (PEER,)})
    monkeypatch.setattr(
        scenes,
        "devices",
        lambda: (replace(one, name=NAME, venues=(VENUE,), expect=expect), replace(other, venues=(VENUE,))),
    )
    (tmp_path / "inventory" / "drills").mkdir(parents=True)
    (tmp_path / "inventory" / "drills" / "loss.yaml").write_text(DRILL.replace("DEVICE", NAME), "utf-8")
    with scene(tmp_path) as made:
        for up in (True, True, False, False):
            made.read(NAME, up=up, peer=PEER)
        audit(made)
        keys = [SeriesKey(name, NAME, PEER) for name in UNITS]
        series = made.store.series(EVENT.id, rehearsal=made.clock.rehearsal)
        series.add(Value(key, made.clock.real(), 5.0) for key in keys)
        yield made


def audit(made: Scene, check: str = "isis") -> None:
    """A full audit with the failed neighbour, and a hostile output as its evidence."""
    run_id, at = made.store.begin(EVENT.id, made.clock), made.clock.real().isoformat()
    seen = {"device": NAME, "fact": "isis_neighbour", "status": "parsed", "command": "display isis peer", "rows": []}
    raw = made.store.evidence(f"System Id\n{PEER}\n")
    found = {
        **FINDING, "check": check, "status": "fail", "message": PEER, "message_id": "", "params": {}, "venues": [],
        "services": [], "blind": False, "evidence": [raw],
    }  # fmt: skip
    made.store.finish({
        "schema": SCHEMA, "id": run_id, "event": EVENT.id, "started": at, "finished": at,
        "clock": {"event": at, "rehearsal": False},
        "devices": [{"name": one.name} for one in made.workspace.devices], "verdicts": [],
        "observations": [{**seen, "evidence": raw}],
        "findings": [
            found,
            {**found, "check": "single_point", "device": "", "subject": NAME, "evidence": [], "venues": [VENUE]},
        ],
    })  # fmt: skip


PAGES = (
    "/",
    f"/venue/{quote(VENUE, safe='')}",
    f"/device/{quote(NAME, safe='')}",
    "/check/isis",
    f"/finding?{urlencode(FINDING)}",
    "/map",
    "/timeline",
    "/handover",
)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("page", PAGES)
def test_texts_of_devices_are_texts(night: Scene, page: str, lang: str) -> None:
    answer = client(night, lang=lang).get(page)
    assert answer.status_code == 200, answer.text
    assert f'<html lang="{lang}"' in answer.text
    assert "<script>alert" not in answer.text
    assert not set(answer.text) & {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"}
    assert not re.search(r"\son\w+=|javascript:| style=", answer.text), "the policy would block it"


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_pages(night: Scene, page: str) -> None:
    browser = client(night)
    links = {*re.findall(r'href="(/[^"]*)"', browser.get(page).text)}
    assert links
    broken = [link for link in links if browser.get(link.replace("&amp;", "&")).status_code != 200]
    assert broken in ([], ["/login"])


def test_a_finding_has_its_runbook_and_its_history(night: Scene) -> None:
    shown = client(night).get(f"/finding?{urlencode(FINDING)}").text
    assert text("checks:runbook.isis", "en").split("\n")[0] in shown
    assert shown.count('<li class="fail">') == 1
    assert re.search(r"<pre[^>]*>System Id\n&lt;script&gt;alert", shown), "the evidence of the audit"
    assert "Loss of &lt;a&gt; neighbour (<code>eventready drill plan loss</code>)" in shown


def test_a_venue_has_what_the_audit_found_about_the_network(night: Scene) -> None:
    """Risks that no watch reads are behind its verdicts."""
    shown = unescape(client(night).get(PAGES[1]).text.split('id="network"')[1])
    assert f'href="/finding?{urlencode({"device": "", "check": "single_point", "subject": NAME})}"' in shown


def test_a_finding_without_a_reading_of_now_is_not_over(night: Scene, tmp_path: Path) -> None:
    gone, unread = text("web:detail.not_open", "en"), text("web:wall.unknown", "en")

    def headline(check: str) -> str:
        page = client(night).get(f"/finding?{urlencode({**FINDING, 'check': check})}").text
        return unescape(page.split('<p class="headline')[1].split("</p>")[0])

    night.read(NAME, up=True, peer=PEER)
    night.read(NAME, up=True, peer=PEER)
    assert gone in headline("isis")
    night.snapshots.keep(night.watcher, {NAME: ""}, night.now)
    assert unread in headline("isis"), "the device is paused"
    night.silent()
    audit(night, "bfd")
    assert unread in headline("bfd"), "the device gives no answer"
    whole = {"device": "", "check": "single_point", "subject": NAME}
    network = client(night).get(f"/finding?{urlencode(whole)}")
    assert text("web:detail.unwatched", "en") in network.text


def test_the_timeline_has_the_latest_changes_and_a_device_its_own(
    night: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "SHOWN", 5)
    at = night.clock.now().timestamp() - 100
    for number in range(9):
        key = Key(("r2", NAME)[number % 2], "isis", f"peer-{number}")
        night.record.changes([StateChange(at + number, key, "pass", "fail", None)])
    shown = client(night).get("/timeline").text
    assert re.findall(r"subject=peer-(\d)", shown) == list("87654")
    assert text("web:timeline.more", "en") in shown
    assert {*re.findall(r"subject=peer-(\d)", client(night).get("/device/r2").text)} == set("02468")


def test_the_map_has_the_states_of_now(night: Scene) -> None:
    shown = client(night).get("/map").text
    assert '<a href="/device/edge%2F1..%C4%90%C3%A0%20N%E1%BA%B5ng%3F%23%26x%3D%3Cb%3E"><rect' in shown
    drawn = shown[shown.index("<svg", shown.index('class="map')) :]
    assert "edge/1..Đà Nẵng?#&amp;x=&lt;b&gt;" in drawn
    assert text("terms:status.fail", "en") + " 1" in drawn
    folded = network._page((NAME, "r2"), wall_of(night.model.night(), night.workspace))
    assert client(night).get(folded).status_code == 200


@pytest.mark.parametrize("page", [*PAGES[1:], "/api/v1/night", "/api/v1/timeline"])
def test_a_lost_database_is_a_sentence(night: Scene, tmp_path: Path, page: str) -> None:
    browser = client(night)
    browser.get("/")
    night.store.close()
    (tmp_path / "night.db").unlink()
    (tmp_path / "night.db").mkdir()
    answer = browser.get(page)
    assert (answer.status_code, "Traceback" in answer.text) in ((503, False), (200, False))
    assert "database" in answer.text


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("page", ["/device/r1", "/map", "/api/v1/night", "/"])
def test_a_defect_is_a_sentence_on_the_page_and_a_line_in_the_log(
    night: Scene, page: str, lang: Lang, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    redactor.register("hidden-word")
    monkeypatch.setattr(night.model, "night", Mock(side_effect=ZeroDivisionError("hidden-word\nx")))
    answer = client(night, lang=lang).get(page)
    assert (answer.status_code, "Content-Security-Policy" in answer.headers) == (500, True)
    assert text("web:error.500", lang) in unescape(answer.text)
    assert "ZeroDivision" not in answer.text
    (line,) = [record.getMessage() for record in caplog.records if record.name == "uvicorn.error"]
    assert [word in line for word in ("ZeroDivision", "hidden-word", "\n")] == [True, False, False]


@pytest.mark.parametrize("page", ["/", "/handover"])
def test_an_unreadable_roster_is_not_an_empty_one(night: Scene, page: str) -> None:
    shown = client(night).get(page).text
    assert text("web:wall.no_roster", "en") in shown
    assert text("web:wall.nobody", "en") not in shown


@pytest.mark.slow
def test_every_check_has_a_page(night: Scene) -> None:
    browser = client(night, lang="vi")
    assert {browser.get(f"/check/{check.name}").status_code for check in all_checks()} == {200}


@pytest.mark.parametrize(
    "page",
    [
        "/venue/nowhere", "/device/nowhere", "/device/", "/check/../etc/passwd", "/check/nothing", "/incident/SC-1",
        "/finding", "/finding?device=nowhere&check=isis&subject=", "/nothing",
    ],
)  # fmt: skip
def test_an_unknown_name_is_a_sentence(night: Scene, page: str) -> None:
    answer = client(night).get(page)
    assert answer.status_code == 404
    assert text("web:error.404", "en") in answer.text


# Acts


@dataclass
class Users:
    """Viewer of all requests, in place of a login."""

    viewer: Viewer


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Users:
    made = Users(Viewer("An", "operator", "en"))
    monkeypatch.setattr(identity, "viewer_of", lambda _request: made.viewer)
    for module in ("pages.deeds", "pages.details", "pages.timeline", "page"):
        monkeypatch.setattr(f"eventready.watch.web.{module}.viewer_of", lambda _request: made.viewer)
    return made


ACTS = (
    ("/finding", {**FINDING, "kind": "acknowledgement"}),
    ("/finding", {**FINDING, "kind": "note", "text": "the crew is on its way"}),
    ("/finding", {**FINDING, "kind": "silence", "text": "works", "minutes": "60"}),
    ("/incident", {"summary": "no signal", "venue": VENUE, "service": "internet", "kind": "outage"}),
)


def recorded(made: Scene) -> tuple[int, int]:
    return len(Acts(made.store, EVENT.id, made.clock).all()), len(incidents(made.store))


@pytest.mark.parametrize(("page", "form"), ACTS)
def test_an_act_of_an_operator_is_on_record_with_the_name(
    night: Scene, users: Users, page: str, form: dict[str, str]
) -> None:
    browser = client(night)
    answer = browser.post(page, data=form)
    assert answer.status_code == 200, answer.text
    assert sum(recorded(night)) == 1
    done = [act.by for act in Acts(night.store, EVENT.id, night.clock).all()] or [incidents(night.store)[0].by]
    assert done == ["An"]
    assert "An" in browser.get("/timeline").text
    assert not night.store.changes.entries(), "no configuration is changed"


@pytest.mark.parametrize(("page", "form"), [*ACTS, ("/silence/end", {"act": "1"}), ("/incident/x/notice", {})])
def test_a_viewer_may_not_act(
    night: Scene, users: Users, monkeypatch: pytest.MonkeyPatch, page: str, form: dict[str, str]
) -> None:
    users.viewer = Viewer("Bình", "viewer", "en")
    monkeypatch.setattr(Journal, "append", lambda *_parts: pytest.fail("written"))
    answer = client(night).post(page, data=form)
    assert answer.status_code == 403
    assert text("web:error.403", "en") in answer.text


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/finding", {}),
        ("/finding", {**FINDING, "kind": "delete"}),
        ("/finding", {**FINDING, "kind": "note", "text": ""}),
        ("/finding", {**FINDING, "kind": "note", "text": "x" * 9_000}),
        ("/finding", {**FINDING, "kind": "silence", "text": "x", "minutes": "9999999"}),
        ("/finding", {"kind": "silence", "text": "x", "minutes": "60"}),
        ("/incident", {"summary": "x", "kind": "outage", "venue": "nowhere", "service": "internet"}),
        ("/incident", {"summary": "x", "kind": "outage", "venue": VENUE, "service": "beer"}),
        ("/incident", {"summary": "x", "kind": "outage", "venue": VENUE, "service": "internet", "subscribers": "٣"}),
        ("/incident", {"summary": "x", "kind": "outage", "venue": VENUE, "service": "internet", "began": "yesterday"}),
        ("/incident", {"summary": "x", "kind": "outage", "venue": VENUE, "service": "internet", "began": "2199-01-01"}),
        ("/finding", {**FINDING, "device": "nowhere", "kind": "acknowledgement"}),
        ("/silence/end", {"act": "9"}),
        ("/silence/end", {"act": "x"}),
        ("/silence/end", {"act": "9" * 5_000}),
        ("/incident", {**ACTS[3][1], "subscribers": "9" * 5_000}),
        ("/incident", {**ACTS[3][1], "began": "0001-01-01T00:00"}),
    ],
)
def test_an_invalid_act_is_refused_with_a_sentence(night: Scene, users: Users, page: str, form: dict[str, str]) -> None:
    answer = client(night).post(page, data=form)
    assert answer.status_code == 400
    found = re.search(r'role="alert">(\S.*[.!?])</p>', answer.text)
    assert found, answer.text
    assert "--" not in found[1], "an option of a command"
    assert recorded(night) == (0, 0)


def test_a_refused_incident_keeps_what_was_typed(night: Scene, users: Users) -> None:
    typed = {"summary": "no <b> signal", "venue": VENUE, "place": "gate 2", "kind": "accident", "subscribers": "40"}
    shown = client(night).post("/incident", data={**typed, "service": ["mobile", "wifi"], "began": "2199-01-01"})
    assert shown.status_code == 400
    assert (
        len(re.findall(r' checked>| selected>| value="(?:gate 2|40|2199-01-01|no &lt;b&gt; signal)"', shown.text)) == 8
    )
    assert recorded(night) == (0, 0)


def test_a_file_is_no_text_and_an_unknown_incident_has_no_notice(night: Scene, users: Users) -> None:
    browser = client(night)
    files = {"device": ("name", b"x"), "text": ("name", b"x")}
    assert browser.post("/finding", data={"kind": "note", "check": "isis"}, files=files).status_code == 400
    for name in ("SC-1", "latest", ""):
        answer = browser.post(f"/incident/{name}/notice", data={"to": "department", "how": "phone"})
        assert answer.status_code == 404
    assert recorded(night) == (0, 0)


def test_a_finding_of_the_whole_network_is_acknowledged(night: Scene, users: Users) -> None:
    assert (
        client(night).post("/finding", data={**FINDING, "check": "isiss", "kind": "note", "text": "x"}).status_code
        == 400
    )
    form = {"device": "", "check": "single_point", "subject": NAME, "kind": "acknowledgement"}
    assert client(night).post("/finding", data=form).status_code == 200
    assert recorded(night) == (1, 0)


@pytest.mark.slow
def test_a_notice_and_a_silence_from_begin_to_end(night: Scene, users: Users) -> None:
    browser = client(night)
    browser.post("/incident", data={**ACTS[3][1], "began": "2020-02-03T04:05"})
    name = incidents(night.store)[0].id
    assert name == "SC-20200203-01"
    given = {"to": "department", "how": "phone", "recipient": "Chị Lan"}
    assert "Chị Lan" in browser.post(f"/incident/{name}/notice", data=given).text
    now, before = night.clock.now(), night.clock.now() - timedelta(days=1)
    report = Report(by="An", restored=now, at=before, actions=("called",))
    update_incident(name, report, EVENT, night.store, night.clock)
    assert f"<time>{before:%d/%m %H:%M}</time> called" in browser.get(f"/incident/{name}").text
    for page in ("/", "/handover"):
        browser = client(night)
        shown = browser.get(page).text
        assert f'<a href="/incident/{name}">' in shown, "notices are due"
        assert text("web:did.restored", "en") in shown
    assert "eventready_incidents_open 0\n" in browser.get("/metrics").text
    assert name in browser.get("/").text
    for to, how in (("police", "phone"), ("department", "email"), ("police", "letter")):
        browser.post(f"/incident/{name}/notice", data={**given, "to": to, "how": how, "final": "1" * (how != "phone")})
    assert name not in browser.get("/").text, "an act is on the wall at once"
    browser.post("/finding", data=dict(ACTS[2][1]))
    (act,) = Acts(night.store, EVENT.id, night.clock).active()
    assert text("web:deed.end", "en") in browser.get("/handover").text
    browser.post("/silence/end", data={"act": str(act.id)})
    assert not Acts(night.store, EVENT.id, night.clock).active()
    browser.post("/finding", data=dict(ACTS[1][1]))
    for page in ("/timeline", PAGES[2], PAGES[4]):
        shown = browser.get(page).text
        assert text("web:did.end", "en", act="silenced: works") in shown
        assert ACTS[1][1]["text"] in shown, "notes on a finding are on its page"
