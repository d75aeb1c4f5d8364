"""Login by an identity provider: a verified answer opens a session with the role of its claim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from eventready.watch.web.access import oidc
from eventready.watch.web.access.limits import acts
from eventready.watch.web.access.oidc import SignIn, name_of
from eventready.watch.web.app import application
from eventready.workspace.settings.watch import IdentityProvider
from tests.watch.web.scene import EVENT, Scene, scene

COOKIE = "eventready_night_0"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    mock: Any = pytest.importorskip("oidc_provider_mock", reason="no oidc-provider-mock")
    with mock.run_server_in_thread() as server:
        url = f"http://localhost:{server.server_port}"
        for name, groups in (("an", ["noc"]), ("vy", ["staff"]), ("eve", ["guests"])):
            httpx.put(f"{url}/users/{name}", json={"preferred_username": name, "groups": groups}).raise_for_status()
        yield url


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as opened:
        yield opened


def browser_of(made: Scene, issuer: str) -> TestClient:
    settings = {"issuer": issuer, "client": "pages", "secret": "env:X", "operators": ["noc"], "viewers": ["staff"]}
    sign_in = SignIn(IdentityProvider.model_validate(settings), "secret")
    return TestClient(application(made.model, sign_in=sign_in), base_url="http://localhost", follow_redirects=False)


def answer_for(client: TestClient, name: str) -> str:
    """Address of the answer of the provider, after the login of a person there."""
    left = client.get("/oidc")
    assert left.status_code in (302, 303)
    return str(httpx.post(left.headers["location"], data={"sub": name}).headers["location"])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "role"), [("an", "operator"), ("vy", "viewer"), ("eve", None)])
def test_the_claim_decides_the_role(made: Scene, provider: str, name: str, role: str | None) -> None:
    client = browser_of(made, provider)
    assert client.get("/").status_code == 401, "a login is needed, without users too"
    assert client.get(answer_for(client, name)).status_code == (303 if role else 403)
    page = client.get("/", headers={"Accept-Language": "en"})
    assert page.status_code == (200 if role else 401)
    assert (f"{name} (localhost) ({role})" in page.text) == bool(role)
    act = "login" if role else "login refused"
    assert [one.act for one in acts(made.store, EVENT.id, made.clock)] == [act]


@pytest.mark.attack(family="answers of an identity provider")
@pytest.mark.parametrize(
    ("claims", "name", "role"),
    [
        ({"preferred_username": "An", "groups": "noc"}, "An", "operator"),
        (
            {"preferred_username": " \t", "email": "an@example.vn", "groups": ["noc", "staff"]},
            "an@example.vn",
            "operator",
        ),
        ({"preferred_username": {"first": "An"}, "sub": "7", "groups": ["staff", 1, None]}, "7", "viewer"),
        ({"preferred_username": "A\u202en\n" + "x" * 100, "groups": []}, "A\ufffdn " + "x" * 60, None),
        ({"preferred_username": 7, "email": [], "sub": "", "groups": {"noc": True}}, "", None),
        ({"groups": [["noc"], {"noc": 1}]}, "", None),
    ],
)
def test_only_plain_claims_count(claims: dict[str, Any], name: str, role: str | None) -> None:
    settings = {"issuer": "http://127.0.0.1:9", "client": "x", "secret": "env:X", "operators": ["noc", "['noc']"],
                "viewers": ["staff", "None"]}  # fmt: skip
    sign_in = SignIn(IdentityProvider.model_validate(settings), "secret")
    assert (name_of(claims), sign_in.role(claims)) == (name, role)


@pytest.mark.attack(family="answers of an identity provider")
@pytest.mark.parametrize("altered", ["state", "code", "twice", "another browser", "error"])
def test_an_altered_or_foreign_answer_opens_nothing(made: Scene, provider: str, altered: str) -> None:
    client = browser_of(made, provider)
    url = httpx.URL(answer_for(client, "an"))
    if altered == "twice":
        assert client.get(str(url)).status_code == 303
        client.cookies.delete(COOKIE)
    if altered == "another browser":
        client.cookies.clear()
    if altered in ("state", "code"):
        url = url.copy_set_param(altered, "other")
    if altered == "error":
        url = url.copy_with(query=b"error=access_denied&error_description=<b>x</b>")
    answer = client.get(str(url))
    assert answer.status_code == 400
    assert "<b>x</b>" not in answer.text
    assert COOKIE not in client.cookies


@pytest.mark.attack(family="answers of an identity provider")
def test_logins_begun_by_a_client_do_not_end_those_of_others(
    made: Scene, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_OF_CLIENT", (2, 0))
    client = browser_of(made, provider)
    begun = answer_for(client, "an")
    flood = TestClient(client.app, base_url="http://localhost", follow_redirects=False)
    assert [flood.get("/oidc").status_code for _ in range(3)] == [302, 429, 429]
    assert client.get(begun).status_code == 303


def test_a_provider_without_an_answer_is_named(made: Scene) -> None:
    assert browser_of(made, "http://127.0.0.1:9").get("/oidc").status_code == 502


def test_without_a_provider_there_is_no_such_page(made: Scene) -> None:
    assert TestClient(application(made.model), base_url="http://localhost").get("/oidc").status_code == 404
