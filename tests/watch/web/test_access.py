"""Links, sessions, tokens, roles and origins: nothing without a key, nothing for another site, no act by a viewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from socket import socket
from threading import Event
from time import sleep
from unicodedata import normalize
from urllib.request import Request, urlopen

import pytest
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.watch.web import shares
from eventready.watch.web.access import keys, limits
from eventready.watch.web.access.cookie import SessionCookie
from eventready.watch.web.access.keys import AccessKeys
from eventready.watch.web.app import PAGES, application
from eventready.watch.web.page import Role, WebPage, viewer_of
from eventready.watch.web.pages import wall
from tests.watch.web.live import served
from tests.watch.web.scene import EVENT, LOOK, Scene, scene

OPEN = {"/enter", "/logout", "/choices", "/healthz", "/oidc", "/oidc/back"}
COOKIE = "eventready_night_0"
ROLES: dict[str, Role] = {"Vy": "viewer", "Oanh": "operator"}
ACT = WebPage("/act", lambda request: PlainTextResponse(viewer_of(request).name), "operator", ("POST",))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(keys, "_AGAIN_S", 0.0)
    with scene(tmp_path) as opened:
        yield opened


def keys_of(made: Scene) -> AccessKeys:
    return AccessKeys(made.store, EVENT)


def browser_of(made: Scene, *, look: str = "") -> TestClient:
    app = application(made.model, pages=(*PAGES, ACT), look=look)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, headers={"Accept-Language": "en"})


def entered(made: Scene, name: str) -> TestClient:
    client = browser_of(made)
    assert client.post("/enter", data={"secret": keys_of(made).invite(name, ROLES[name])}).status_code == 303
    return client


def acts(made: Scene) -> list[tuple[str, str]]:
    return [(one.user, one.act) for one in limits.acts(made.store, EVENT.id, made.clock)]


def later(monkeypatch: pytest.MonkeyPatch, span: timedelta) -> None:
    at = datetime.now().astimezone() + span
    monkeypatch.setattr(Clock, "real", staticmethod(lambda: at))


@pytest.mark.attack(family="pages without a key")
def test_only_open_pages_answer_without_a_key(made: Scene) -> None:
    client = browser_of(made)
    closed = [page for page in (*PAGES, ACT) if page.access != "open" and "{" not in page.path]
    assert {client.request(page.methods[0], page.path).status_code for page in closed} == {401}
    assert {page.path for page in PAGES if page.access == "open"} == OPEN


def test_a_wall_without_persons_is_looked_at_by_its_printed_link(made: Scene) -> None:
    """Any number of browsers; no act; nothing for who has not seen the link, also on this machine."""
    assert browser_of(made, look=LOOK).get("/").status_code == 401
    for _browser in range(2):
        client = browser_of(made, look=LOOK)
        assert client.post("/enter", data={"secret": LOOK}).status_code == 303
        assert client.get("/").status_code == 200
        assert client.post("/act").status_code == 403
    assert browser_of(made).post("/enter", data={"secret": ""}).status_code == 401, "no link is printed"


@pytest.mark.parametrize("key", ["link", "token", "session"])
def test_the_printed_link_opens_nothing_once_anybody_has_a_key(key: str, made: Scene) -> None:
    """A running wall, and browsers that it opened before; it opens again where no key is left."""
    client, later = browser_of(made, look=LOOK), browser_of(made, look=LOOK)
    client.post("/enter", data={"secret": LOOK})
    opened = keys_of(made)
    make: dict[str, Callable[[str, Role], str]] = {
        "link": opened.invite,
        "token": opened.issue,
        "session": lambda name, role: opened.open(name, role, ""),
    }
    make[key]("Vy", "viewer")
    assert client.get("/").status_code == 401
    assert later.post("/enter", data={"secret": LOOK}).status_code == 401
    opened.revoke("Vy")
    assert client.get("/").status_code == 200


@pytest.mark.attack(family="personal links")
def test_a_link_opens_one_browser_and_says_so_to_another(made: Scene) -> None:
    link = keys_of(made).invite("Oanh", "operator")
    first, second = browser_of(made), browser_of(made)
    assert first.post("/enter", data={"secret": link}).status_code == 303
    refused = second.post("/enter", data={"secret": link})
    assert refused.status_code == 401
    assert "The link of Oanh was opened at" in refused.text
    assert "from testclient" in refused.text
    assert second.get("/").status_code == 401
    assert first.post("/act").text == "Oanh"
    assert acts(made) == [("Oanh", "login"), ("Oanh", "opened link")]


@pytest.mark.attack(family="personal links")
def test_two_browsers_at_once_open_one_session(made: Scene) -> None:
    opened = keys_of(made)
    link = opened.invite("Oanh", "operator")
    with ThreadPoolExecutor(8) as pool:
        sessions = [
            session for _link, session in pool.map(lambda _n: keys_of(made).exchange(link, ""), range(8)) if session
        ]
    assert len(sessions) == 1


@pytest.mark.attack(family="personal links")
@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("", "unknown or was revoked"),
        ("x" * 1000, "unknown or was revoked"),
        ("session", "unknown"),
        ("late", "has ended"),
    ],
)
def test_no_other_secret_opens_a_session(
    made: Scene, monkeypatch: pytest.MonkeyPatch, secret: str, sentence: str
) -> None:
    opened = keys_of(made)
    if secret == "session":
        secret = opened.open("Oanh", "operator", "")
    if secret == "late":
        secret = opened.invite("Oanh", "operator")
        later(monkeypatch, keys.LINK)
    answer = browser_of(made).post("/enter", data={"secret": secret})
    assert (answer.status_code, sentence in answer.text) == (401, True)


def test_sessions_end_with_revocation_logout_and_without_use(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client, other = entered(made, "Oanh"), entered(made, "Oanh")
    secret = client.cookies[COOKIE]
    left = client.post("/logout")
    assert client.get(left.headers["location"]).status_code == 200
    client.cookies.set(COOKIE, secret)
    assert client.get("/").status_code == 401
    assert other.get("/").status_code == 200
    assert keys_of(made).revoke("Oanh") == 3  # two opened links, a session
    assert other.get("/").status_code == 401
    with pytest.raises(UsageError, match="nobody has the name"):
        keys_of(made).revoke("Oanh")
    operator, viewer = entered(made, "Oanh"), entered(made, "Vy")
    later(monkeypatch, keys.UNUSED - timedelta(hours=1))
    assert operator.get("/").status_code == 200, "in use"
    later(monkeypatch, 2 * keys.UNUSED - timedelta(hours=2))
    assert operator.get("/").status_code == 200, "in use again"
    later(monkeypatch, 4 * keys.UNUSED)
    assert (operator.get("/").status_code, viewer.get("/").status_code) == (401, 200)
    after_the_event = EVENT.windows[0].end
    monkeypatch.setattr(Clock, "real", staticmethod(lambda: after_the_event))
    assert viewer.get("/").status_code == 401


@pytest.mark.attack(family="personal links")
def test_a_revoked_operator_acts_no_more_at_once(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_AGAIN_S", 60.0)
    client = entered(made, "Oanh")
    assert client.get("/").status_code == 200
    keys_of(made).revoke("Oanh")
    assert client.get("/").status_code == 200, "looked up a moment ago"
    assert client.post("/act").status_code == 401


def test_a_name_with_marks_is_the_same_composed_and_decomposed(made: Scene) -> None:
    opened = keys_of(made)
    opened.invite(normalize("NFD", "Đỗ Bình"), "viewer")
    assert [key.name for key in opened.all().values()] == [normalize("NFC", "Đỗ Bình")]
    assert opened.revoke(normalize("NFD", "Đỗ Bình")) == 1
    for name in ("", "a\nb", "An (login.example.vn)", "x" * 65, "<b>"):
        with pytest.raises(UsageError):
            opened.invite(name, "viewer")


def test_a_person_of_a_provider_is_never_a_person_of_a_link(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, bounds and revocation are apart; the role is asked again within an hour."""
    opened, client = keys_of(made), entered(made, "Oanh")
    sub = {"source": "https://login.example.vn/realm", "subject": "7"}
    sessions = [opened.open("Oanh", "operator", "", **sub) for _ in range(keys.OF_A_PERSON + 1)]
    assert client.post("/act").text == "Oanh"
    other = browser_of(made)
    other.cookies.set(COOKIE, sessions[-1])
    assert other.post("/act").text == "Oanh (login.example.vn)"
    opened.revoke("Oanh")
    assert (client.get("/").status_code, other.get("/").status_code) == (401, 200)
    later(monkeypatch, keys.PROVIDED)
    assert other.get("/").status_code == 401


@pytest.mark.attack(family="pages without a key")
def test_an_open_stream_ends_with_its_person(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall, "TICK_S", 0.1)
    opened = keys_of(made)
    secret = opened.open("Oanh", "operator", "")
    with served(made) as live, live.connection() as plain:
        plain.sendall(f"GET /wall/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {COOKIE}={secret}\r\n\r\n".encode())
        assert plain.recv(1000).startswith(b"HTTP/1.1 200")
        opened.revoke("Oanh")
        while (received := plain.recv(100_000)) and not received.endswith(b"0\r\n\r\n"):
            pass
        assert received


def test_sessions_of_a_person_are_bounded(made: Scene) -> None:
    opened = keys_of(made)
    secrets = [opened.open("Oanh", "operator", "") for _ in range(keys.OF_A_PERSON + 2)]
    assert sum(opened.find(secret, "session") is not None for secret in secrets) == keys.OF_A_PERSON
    assert opened.find(secrets[-1], "session")


def test_two_events_and_two_ports_have_cookies_of_their_own() -> None:
    names = {SessionCookie.at(event, port).name for event in ("night", "Night", "đêm", "dem", "hội") for port in (1, 2)}
    assert len(names) == 10
    assert all(name.isascii() and name.replace("_", "").replace("-", "").isalnum() for name in names)


@pytest.mark.attack(family="acts of a viewer")
def test_a_viewer_may_not_act(made: Scene) -> None:
    assert entered(made, "Vy").post("/act").status_code == 403
    assert entered(made, "Oanh").post("/act").text == "Oanh"


@pytest.mark.attack(family="session fixation")
def test_a_planted_session_is_never_opened(made: Scene) -> None:
    client = browser_of(made)
    client.cookies.set(COOKIE, "planted")
    client.post("/enter", data={"secret": keys_of(made).invite("Oanh", "operator")})
    assert keys_of(made).find("planted", "session") is None
    before = entered(made, "Vy")
    old = before.cookies[COOKIE]
    before.post("/enter", data={"secret": keys_of(made).invite("Oanh", "operator")})
    assert before.cookies[COOKIE] != old
    assert keys_of(made).find(old, "session") is None


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
    assert entered(made, "Oanh").post("/act", headers=headers).status_code == status


@pytest.mark.attack(family="floods of requests")
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
    assert (shares.network_of(one) == shares.network_of(other)) is same


@pytest.mark.slow
@pytest.mark.attack(family="floods of requests")
def test_a_flood_of_a_client_does_not_touch_a_viewer(made: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RATE", 0.001)
    monkeypatch.setattr(limits, "LOOKUPS", 2)
    viewer, other = entered(made, "Vy"), browser_of(made)
    assert viewer.get("/").status_code == 200
    other.app = viewer.app
    flood = [other.post("/enter", data={"secret": "x"}).status_code for _ in range(limits.BURST + 10)]
    assert 429 in flood
    assert viewer.get("/").status_code == 200, "known since its entry"
    known = viewer.app.state.keys._known  # type: ignore[attr-defined]  # as after a restart
    known.clear()
    assert viewer.get("/").status_code == 200
    forged = [other.get("/", cookies={COOKIE: f"{n}"}).status_code for n in range(60)]
    assert set(forged) == {401, 429}
    assert viewer.get("/").status_code == 200


@pytest.mark.attack(family="floods of requests")
@pytest.mark.parametrize(
    ("persons", "left"),
    [
        (["Vy", "Vy", "Vy"], [1, 2]),
        (["Vy", "An", "Bo", "Chi"], [1, 2, 3]),
        (["Vy", "An", "An", "Bo"], [0, 2, 3]),
        (["Vy", "An", "Bo", "Oanh", "Chi"], [1, 2, 3, 4]),
        (["Oanh", "Vy", "An", "Bo"], [0, 2, 3]),
        (["Oanh", "Vy", "An", "Oanh", "Bo"], [0, 2, 3, 4]),
        (["Vy", "An", "Bo", "Oanh", "Oanh", "Chi"], [2, 3, 4, 5]),
        (["Oanh", "Oanh", "Oanh"], [1, 2]),
    ],
)
def test_the_newest_stream_takes_the_place_of_the_oldest_of_who_has_most(
    persons: list[str], left: list[int], made: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams of viewers leave those of operators free, with any number of sessions, and without a page before."""
    for name, value in (("STREAMS", 2), ("ALL_STREAMS", 4), ("OF_OPERATORS", 1)):
        monkeypatch.setattr(shares, name, value)
    monkeypatch.setattr(wall, "TICK_S", 0.02)
    opened = keys_of(made)
    with served(made) as live, ExitStack() as held:
        streams = []
        for name in persons:
            secret = opened.open(name, "operator" if name == "Oanh" else "viewer", "")
            plain = held.enter_context(live.connection())
            plain.sendall(f"GET /wall/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {COOKIE}={secret}\r\n\r\n".encode())
            assert plain.recv(12)[9:12] == b"200"
            streams.append(plain)
        gone = [number for number in range(len(persons)) if number not in left]
        for number in gone:
            while (received := streams[number].recv(1_000_000)) and not received.endswith(b"0\r\n\r\n"):
                pass
            assert received, "ended, not cut"
        for number in left:
            streams[number].settimeout(0.2)
            assert not ended(streams[number])


def ended(stream: socket) -> bool:
    """True for a stream that ends within some ticks."""
    with suppress(TimeoutError):
        for _tick in range(10):
            received = stream.recv(1_000_000)
            if not received or received.endswith(b"\r\n0\r\n\r\n"):
                return True
    return False


@pytest.mark.attack(family="floods of requests")
def test_pages_of_a_client_take_a_share_of_the_threads(made: Scene) -> None:
    """Further ones wait, and those of another client do not."""
    at_work, gate = Counter[str](), Event()

    def slow(request: HttpRequest) -> PlainTextResponse:
        name = viewer_of(request).name
        at_work[name] += 1
        gate.wait(20)
        return PlainTextResponse(name)

    app = application(made.model, pages=(WebPage("/slow", slow),))
    opened = keys_of(made)
    with served(made, app) as live, ThreadPoolExecutor(20) as pool:

        def ask(name: str) -> bytes:
            secret = opened.open(name, "viewer", "")
            with urlopen(Request(f"{live.url}/slow", headers={"Cookie": f"{COOKIE}={secret}"})) as answer:
                return bytes(answer.read())

        answers = [pool.submit(ask, name) for name in ["Vy"] * (shares.THREADS + 3) + ["An"]]
        while at_work != {"Vy": shares.THREADS, "An": 1}:
            assert at_work["Vy"] <= shares.THREADS
            sleep(0.01)
        gate.set()
        assert [one.result() for one in answers] == [b"Vy"] * (shares.THREADS + 3) + [b"An"]


@pytest.mark.attack(family="large and invalid requests")
def test_a_large_or_invalid_body_is_refused(made: Scene) -> None:
    client = entered(made, "Oanh")
    assert client.post("/choices", content=b"x" * (limits.BODY + 1)).status_code == 413
    assert client.post("/choices", headers={"Content-Length": "-1"}, content=b"").status_code == 413
    chunked, form = iter([b"x" * limits.BODY, b"x"]), {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/choices", content=chunked, headers=form).status_code == 413, "without a length"
    for content in (b"\xff\xfe=%ff&lang", b"--x\r\n", b"a" * 60_000):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"):
            answer = client.post("/choices", content=content, headers={"Content-Type": kind})
            assert answer.status_code in (303, 400)


@pytest.mark.attack(family="paths out of the pages")
@pytest.mark.parametrize("path", ["../page.py", "%2e%2e/page.py", "..%2fpage.py", "/etc/passwd", "vendor", "", "%00"])
def test_no_file_outside_of_the_static_ones_is_served(made: Scene, path: str) -> None:
    assert entered(made, "Vy").get(f"/static/{path}").status_code == (400 if path == "%00" else 404)


def test_a_choice_of_the_language_keeps_the_page(made: Scene) -> None:
    page = "/finding?device=edge%2F1..%C4%90%C3%A0+N%E1%BA%B5ng&check=isis&subject=TenGigE0%2F0%3A1"
    assert browser_of(made).get(page, headers={"accept": "text/html"}).headers["location"] == "/enter"
    shown = entered(made, "Vy").get(page).text
    back = unescape(shown.split('action="/choices"')[1].split('name="back" value="')[1].split('"')[0])
    assert browser_of(made).post("/choices", data={"lang": "en", "back": back}).headers["location"] == page


@pytest.mark.attack(family="redirects to another site")
@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\nx", "javascript:1"])
def test_a_choice_goes_to_a_page_of_its_own(made: Scene, back: str) -> None:
    assert browser_of(made).post("/choices", data={"lang": "en", "back": back}).headers["location"] == "/"


@pytest.mark.attack(family="large and invalid requests")
def test_a_request_of_two_lengths_ends_its_connection(made: Scene) -> None:
    with served(made) as live, live.connection() as plain:
        plain.sendall(
            b"POST /choices HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        )
        received = b""
        while part := plain.recv(10_000):
            received += part
    assert (received.count(b"HTTP/1.1 "), received.startswith(b"HTTP/1.1 400")) == (1, True)


def test_no_hash_or_token_is_on_a_page(made: Scene) -> None:
    client = entered(made, "Oanh")
    token = client.cookies[COOKIE]
    for page in PAGES:
        if page.path != "/wall/stream" and "GET" in page.methods and "{" not in page.path:
            content = client.get(page.path).text
            assert token not in content


def test_a_name_of_the_server_is_served_where_given(made: Scene) -> None:
    for names, status in (((), 400), (("wall.example.vn",), 200)):
        client = TestClient(application(made.model, names=names), base_url="http://wall.example.vn")
        assert client.get("/enter").status_code == status
    sent = {"Host": "BẢNG.example.vn".encode("idna").decode() + ":8443"}
    written = TestClient(application(made.model, names=("BẢNG.example.vn",)), base_url="http://evil.example.vn")
    assert (written.get("/enter").status_code, written.get("/enter", headers=sent).status_code) == (400, 200)
