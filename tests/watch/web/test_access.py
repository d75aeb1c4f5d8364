"""Logins, sessions, roles and origins: nothing without a login, nothing for another site, no act by a viewer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from unicodedata import normalize

import pytest
from argon2 import PasswordHasher
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from eventready.core.clock import Clock
from eventready.watch.web.access import limits, login, sessions, users
from eventready.watch.web.access.sessions import COOKIE, Sessions
from eventready.watch.web.access.users import PageUsers
from eventready.watch.web.app import PAGES, application
from eventready.watch.web.page import WebPage, viewer_of
from eventready.watch.web.pages import wall
from tests.watch.web.live import served
from tests.watch.web.scene import EVENT, Scene, scene

OPEN = {"/login", "/logout", "/choices", "/healthz", "/oidc", "/oidc/back"}
PASSWORD = "correct horse battery"
ACT = WebPage("/act", lambda request: PlainTextResponse(viewer_of(request).name), "operator", ("POST",))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(sessions, "_AGAIN_S", 0.0)
    monkeypatch.setattr(users, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1))
    with scene(tmp_path) as opened:
        for name, role in (("Vy", "viewer"), ("Oanh", "operator")):
            PageUsers(opened.store).add(name, PASSWORD, "operator" if role == "operator" else "viewer", opened.clock)
        yield opened


def browser_of(made: Scene) -> TestClient:
    app = application(made.model, pages=(*PAGES, ACT))
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def logged_in(made: Scene, name: str) -> TestClient:
    client = browser_of(made)
    assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


def acts(made: Scene) -> list[tuple[str, str]]:
    return [(one.user, one.act) for one in limits.acts(made.store, EVENT.id, made.clock)]


@pytest.mark.attack(family="pages without a login")
def test_only_open_pages_answer_without_a_login(made: Scene) -> None:
    client = browser_of(made)
    closed = [page for page in (*PAGES, ACT) if page.access != "open" and "{" not in page.path]
    assert {client.request(page.methods[0], page.path).status_code for page in closed} == {401}
    assert {page.path for page in PAGES if page.access == "open"} == OPEN


@pytest.mark.parametrize(("remote", "status"), [(False, 200), (True, 401)])
def test_other_machines_need_a_login_after_the_last_user(made: Scene, remote: bool, status: int) -> None:
    client = TestClient(application(made.model, remote=remote), base_url="http://127.0.0.1")
    assert client.get("/").status_code == 401
    for name in ("Vy", "Oanh"):
        PageUsers(made.store).remove(name)
    assert client.get("/").status_code == status
    assert client.get("/", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401, "of another machine"


def test_a_login_is_logged_and_ends_with_its_user(made: Scene) -> None:
    client = logged_in(made, "Oanh")
    assert client.get("/").status_code == 200
    PageUsers(made.store).remove("Oanh")
    assert client.get("/").status_code == 401
    assert acts(made) == [("Oanh", "login")]


def test_a_new_password_ends_the_logins_of_before(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins with the new password last also after a clock set back."""
    client = logged_in(made, "Oanh")
    later = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr(Clock, "real", staticmethod(lambda: later))
    PageUsers(made.store).add("Oanh", PASSWORD, "operator", made.clock)
    assert client.get("/").status_code == 401
    assert logged_in(made, "Oanh").get("/").status_code == 200


def test_a_name_with_marks_is_the_same_composed_and_decomposed(made: Scene) -> None:
    forms = [normalize(form, "Đỗ Bình") for form in ("NFC", "NFD")]
    for name, typed in (forms, forms[::-1]):
        PageUsers(made.store).add(name, PASSWORD + name, "viewer", made.clock)
        form = {"name": typed, "password": PASSWORD + typed}
        assert browser_of(made).post("/login", data=form).status_code == 303
        assert browser_of(made).get("/", auth=(typed, PASSWORD + typed)).status_code == 200


def test_a_login_ends_after_its_age_and_at_logout(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client = logged_in(made, "Oanh")
    token = client.cookies[COOKIE]
    client.post("/logout")
    client.cookies.set(COOKIE, token)
    assert client.get("/").status_code == 401
    client = logged_in(made, "Oanh")
    monkeypatch.setattr(sessions, "AGE", sessions.AGE * 0)
    assert client.get("/").status_code == 401


@pytest.mark.attack(family="pages without a login")
def test_an_open_stream_ends_with_its_user(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall, "TICK_S", 0.1)
    token = logged_in(made, "Oanh").cookies[COOKIE]
    with served(made) as live, live.connection() as plain:
        plain.sendall(f"GET /wall/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {COOKIE}={token}\r\n\r\n".encode())
        assert plain.recv(1000).startswith(b"HTTP/1.1 200")
        PageUsers(made.store).remove("Oanh")
        while (received := plain.recv(100_000)) and not received.endswith(b"0\r\n\r\n"):
            pass
        assert received


def test_sessions_of_a_user_are_bounded(made: Scene) -> None:
    opened = Sessions(made.store)
    tokens = [opened.open("Oanh", "operator") for _ in range(sessions.OF_A_USER + 2)]
    assert [opened.find(token) is not None for token in tokens] == [False] * 2 + [True] * sessions.OF_A_USER


@pytest.mark.attack(family="acts of a viewer")
def test_a_viewer_may_not_act(made: Scene) -> None:
    assert logged_in(made, "Vy").post("/act").status_code == 403
    assert logged_in(made, "Oanh").post("/act").text == "Oanh"


@pytest.mark.attack(family="session fixation")
def test_a_planted_session_is_never_logged_in(made: Scene) -> None:
    client = browser_of(made)
    client.cookies.set(COOKIE, "planted")
    client.post("/login", data={"name": "Oanh", "password": PASSWORD})
    assert Sessions(made.store).find("planted") is None
    before = logged_in(made, "Vy")
    old = before.cookies[COOKIE]
    before.post("/login", data={"name": "Oanh", "password": PASSWORD})
    assert before.cookies[COOKIE] != old
    assert Sessions(made.store).find(old) is None


@pytest.mark.attack(family="requests of another site")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}, 200),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({}, 200),
        ({"Host": "evil.example"}, 400),
        ({"Host": "127.0.0.1.evil.example"}, 400),
    ],
)
def test_another_site_may_not_act(made: Scene, headers: dict[str, str], status: int) -> None:
    assert logged_in(made, "Oanh").post("/act", headers=headers).status_code == status


@pytest.mark.attack(family="guessed passwords")
def test_guessing_is_slow_and_logged(made: Scene) -> None:
    client = browser_of(made)
    answers = [client.post("/login", data={"name": "Oanh", "password": f"guess {n}"}).status_code for n in range(12)]
    assert answers == [401] * login._OF_ADDRESS[0] + [429] * 2
    assert client.post("/login", data={"name": "Oanh", "password": PASSWORD}).status_code == 429
    assert acts(made) == [("Oanh", "login refused")] * login._OF_ADDRESS[0]


def test_a_shift_logs_in_from_a_single_address(made: Scene) -> None:
    for _person in range(login._OF_ADDRESS[0] + 5):
        logged_in(made, "Vy")
        assert browser_of(made).get("/", auth=("Vy", PASSWORD)).status_code == 200
    client = browser_of(made)
    for _person in range(login._OF_ADDRESS[0] + 5):
        assert client.post("/login", data={"name": "Vy", "password": PASSWORD}).status_code == 303


@pytest.mark.attack(family="guessed passwords")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_addresses_of_the_same_network_are_the_same_client(one: str, other: str, same: bool) -> None:
    assert (limits.network_of({"client": (one, 1)}) == limits.network_of({"client": (other, 2)})) is same


@pytest.mark.attack(family="floods of requests")
def test_a_flood_of_a_client_does_not_touch_a_viewer(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RATE", 0.001)
    monkeypatch.setattr(limits, "LOOKUPS", 2)
    viewer, other = logged_in(made, "Vy"), browser_of(made)
    other.app = viewer.app
    flood = [other.get("/login").status_code for _ in range(limits.BURST + 10)]
    assert 429 in flood
    assert viewer.get("/").status_code == 200, "known since its login"
    known = viewer.app.state.sessions._known  # type: ignore[attr-defined]  # as after a restart
    known.clear()
    assert viewer.get("/").status_code == 200
    forged = [other.get("/", cookies={COOKIE: f"{n}"}).status_code for n in range(60)]
    assert set(forged) == {401, 429}
    assert viewer.get("/").status_code == 200


@pytest.mark.attack(family="large and invalid requests")
def test_a_large_or_invalid_body_is_refused(made: Scene) -> None:
    client = logged_in(made, "Oanh")
    assert client.post("/choices", content=b"x" * (limits.BODY + 1)).status_code == 413
    assert client.post("/choices", headers={"Content-Length": "-1"}, content=b"").status_code == 413
    for content in (b"\xff\xfe=%ff&lang", b"--x\r\n", b"a" * 60_000):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"):
            answer = client.post("/choices", content=content, headers={"Content-Type": kind})
            assert answer.status_code in (303, 400)


@pytest.mark.attack(family="paths out of the pages")
@pytest.mark.parametrize("path", ["../page.py", "%2e%2e/page.py", "..%2fpage.py", "/etc/passwd", "vendor", "", "%00"])
def test_no_file_outside_of_the_static_ones_is_served(made: Scene, path: str) -> None:
    assert logged_in(made, "Vy").get(f"/static/{path}").status_code == 404


@pytest.mark.attack(family="redirects to another site")
@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\nx", "javascript:1"])
def test_a_login_goes_to_a_page_of_its_own(made: Scene, back: str) -> None:
    answer = browser_of(made).post("/login", data={"name": "Oanh", "password": PASSWORD, "back": back})
    assert answer.headers["location"] == "/"


def test_login_and_choice_of_the_language_keep_the_page(made: Scene) -> None:
    page = "/finding?device=edge%2F1..%C4%90%C3%A0+N%E1%BA%B5ng&check=isis&subject=TenGigE0%2F0%3A1"
    form_page = browser_of(made).get(page, headers={"accept": "text/html"}).headers["location"]
    shown = browser_of(made).get(form_page).text
    for form, sent in (("login", {"name": "Vy", "password": PASSWORD}), ("choices", {"lang": "en"})):
        back = unescape(shown.split(f'action="/{form}"')[1].split('name="back" value="')[1].split('"')[0])
        led = browser_of(made).post(f"/{form}", data={**sent, "back": back}).headers["location"]
        assert led == (page if form == "login" else form_page)


def test_no_hash_or_token_is_on_a_page(made: Scene) -> None:
    client = logged_in(made, "Oanh")
    token = client.cookies[COOKIE]
    for page in PAGES:
        if page.path != "/wall/stream" and "GET" in page.methods and "{" not in page.path:
            content = client.get(page.path).text
            assert token not in content
            assert "argon2" not in content


def test_a_name_of_the_server_is_served_where_given(made: Scene) -> None:
    for names, status in (((), 400), (("wall.example.vn",), 200)):
        client = TestClient(application(made.model, names=names), base_url="http://wall.example.vn")
        assert client.get("/login").status_code == status
    sent = {"Host": "BẢNG.example.vn".encode("idna").decode() + ":8443"}
    written = TestClient(application(made.model, names=("BẢNG.example.vn",)), base_url="http://evil.example.vn")
    assert (written.get("/login").status_code, written.get("/login", headers=sent).status_code) == (400, 200)
