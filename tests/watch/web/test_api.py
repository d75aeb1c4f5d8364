"""The JSON API answers as its OpenAPI document says, and has no other paths."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs
from starlette.testclient import TestClient

from eventready.store.waiting_changes import Announced
from eventready.watch.web.access import limits
from eventready.watch.web.access.keys import AccessKeys
from eventready.watch.web.api import PREFIX, description
from eventready.watch.web.app import PAGES, application
from tests.watch.web.scene import EVENT, client, scene

DOCUMENT = description()


def schema(path: str, status: int) -> dict[str, Any]:
    found = DOCUMENT["paths"][path]["get"]["responses"][str(status)]["content"]["application/json"]["schema"]
    return {**found, "components": DOCUMENT["components"]}


def test_the_document_has_the_paths_of_the_application() -> None:
    """The keys of OpenAPI 3.1, a name per path, and every reference leads to a schema."""
    served = {re.sub(r"\{name:path\}", "{check}", page.path) for page in PAGES if page.path.startswith(PREFIX)}
    assert served == DOCUMENT["paths"].keys()
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    operations = [entry["get"] for entry in DOCUMENT["paths"].values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(answer["description"] for one in operations for answer in one["responses"].values())
    for name, one in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(one)
        for reference in re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(one)):
            assert reference in DOCUMENT["components"]["schemas"], f"{name} refers to {reference}"
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {name for one in DOCUMENT["security"] for name in one} == schemes.keys()


@pytest.mark.parametrize("watch", ["faults", "nothing"])
@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/v1/night", "", 200),
        ("/api/v1/findings", "?device=r1&check=isis&status=fail", 200),
        ("/api/v1/findings", "?status=failed", 400),
        ("/api/v1/findings", "?device=r9", 400),
        ("/api/v1/findings", "?check=isiss", 400),
        ("/api/v1/findings", "?state=fail", 400),
        ("/api/v1/runbooks/{check}", "isis", 200),
        ("/api/v1/runbooks/{check}", "../x", 404),
        ("/api/v1/timeline", "", 200),
        ("/api/v1/openapi.json", "", 200),
    ],
)
def test_an_answer_has_the_form_of_the_document(tmp_path: Path, watch: str, path: str, query: str, status: int) -> None:
    with scene(tmp_path) as made:
        if watch == "faults":
            made.all_up()
            made.read("r1", up=False)
            made.read("r1", up=False)
        url = path.replace("{check}", query) if "{" in path else path + query
        answer = client(made).get(url)
        if watch == "nothing" and status == 200 and path in ("/api/v1/night", "/api/v1/findings"):
            status = 503
        assert answer.status_code == status
        Draft202012Validator(schema(path, status)).validate(answer.json())
        if (watch, path, status) == ("faults", "/api/v1/findings", 200):
            assert [one["check"] for one in answer.json()["findings"]] == ["isis"]
        if (watch, path) == ("nothing", "/api/v1/night"):
            assert answer.json()["gone"] is True


def test_waiting_and_lost_changes_are_in_the_answer(tmp_path: Path) -> None:
    at = datetime(2199, 4, 29, 16, 30, tzinfo=UTC)
    with scene(tmp_path) as made:
        made.all_up()
        with made.store.waiting.waiting("c-1", Announced("e", "p-1", "0", "An", "noc-1", at, (), ("r1", "r2"))):
            pass
        with made.store.waiting.waiting("c-2", Announced("e", "p-2", "0", "An", "noc-1", at, (), ("r1",))):
            night = client(made).get("/api/v1/night").json()
    Draft202012Validator(schema("/api/v1/night", 200)).validate(night)
    found = [(one["change"], one["state"], one["plan"], one["by"], len(one["devices"])) for one in night["waiting"]]
    assert found == [("c-1", "lost", "p-1", "An", 2), ("c-2", "waiting", "p-2", "An", 1)]
    assert {datetime.fromisoformat(one["begins"]) for one in night["waiting"]} == {at}


def test_a_refusal_has_the_form_of_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the database, and above the rate."""
    with scene(tmp_path) as made:
        made.all_up()
        browser = client(made)
        assert browser.get("/api/v1/timeline").status_code == 200
        made.store.close()
        (tmp_path / "night.db").unlink()
        (tmp_path / "night.db").mkdir()
        for path in ("/api/v1/night", "/api/v1/findings", "/api/v1/timeline"):
            answer = browser.get(path)
            Draft202012Validator(schema(path, answer.status_code)).validate(answer.json())
            assert answer.status_code == 503
        monkeypatch.setattr(limits, "BURST", 0)
        monkeypatch.setattr(limits, "LOOKUPS", 0)
        for path, entry in DOCUMENT["paths"].items():
            answer = client(made).get(path)
            (kind,) = entry["get"]["responses"][str(answer.status_code)]["content"]
            assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (429, kind)
            assert answer.headers["retry-after"]


def test_a_program_has_a_token(tmp_path: Path) -> None:
    """Bearer token for Prometheus: valid, wrong, of a session, revoked."""
    with scene(tmp_path) as made:
        made.all_up()
        keys = AccessKeys(made.store, EVENT)
        token = keys.issue("prometheus", "viewer")
        browser = TestClient(application(made.model), base_url="http://127.0.0.1", headers={"Accept-Language": "en"})
        assert browser.get("/api/v1/night").json() == {"error": "Log in first."}
        bearer = {"Authorization": f"Bearer {token}"}
        for page in ("/metrics", "/api/v1/night"):
            assert browser.get(page).status_code == 401
            assert browser.get(page, headers=bearer).status_code == 200
        session = keys.open("An", "viewer", "")
        for header in (
            "Bearer",
            "Bearer x",
            f"Basic {token}",
            f"Bearer {session}",
            f"Bearer {keys.invite('An', 'viewer')}",
        ):
            assert browser.get("/metrics", headers={"Authorization": header}).status_code == 401
        assert browser.post("/finding", data={"kind": "note"}, headers=bearer).status_code == 403
        keys.revoke("prometheus")
        assert browser.post("/finding", headers=bearer).status_code == 401, "at once for acts"
