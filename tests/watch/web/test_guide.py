"""The guide of the wall, docs/howto/serve.md, followed to the letter: first link, second person, program, revocation,
provider. Its nginx is in `test_nginx`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.testclient import TestClient

from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.watch.web.access import keys
from eventready.watch.web.access.oidc import SignIn
from eventready.watch.web.app import application
from eventready.watch.web.read_model import ReadModel
from eventready.workspace.settings.watch import ServeFile
from eventready.workspace.workspace import load_workspace

pytestmark = pytest.mark.slow

HOME = Path(__file__).parents[3]
GUIDE = (HOME / "docs" / "howto" / "serve.md").read_text("utf-8")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{tmp_path}/night.db")
    monkeypatch.setattr(keys, "_AGAIN_S", 0.0)
    with Store(tmp_path / "night.db") as opened:
        yield opened


def typed(line: str, capsys: pytest.CaptureFixture[str]) -> Any:
    with pytest.raises(SystemExit) as left:
        main(["-w", str(HOME), "-o", "json", *line.split()[1:]])
    assert not left.value.code
    found = capsys.readouterr().out
    return json.loads(found) if found else None


def browser(store: Store, **options: Any) -> TestClient:
    app = application(ReadModel(load_workspace(HOME), store, Clock()), **options)
    return TestClient(app, base_url="http://localhost", follow_redirects=False, headers={"Accept-Language": "en"})


def test_first_link_second_person_program_and_revocation(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    block = re.search(r"## Persons and programs.*?```console\n(.*?)```", GUIDE, re.DOTALL)
    assert block
    first, second, program, people, revoke = block[1].splitlines()
    an, lan = browser(store), browser(store)
    link = typed(first, capsys)["link"].partition("#")[2]
    assert an.post("/enter", data={"secret": link}).status_code == 303
    assert "opened at" in lan.post("/enter", data={"secret": link}).text, "it says so to another"
    assert lan.post("/enter", data={"secret": typed(second, capsys)["link"].partition("#")[2]}).status_code == 303
    token = typed(program, capsys)["token"]
    night = browser(store).get("/api/v1/night", headers={"Authorization": f"Bearer {token}"})
    assert night.status_code == 503, "no watch yet, and a known program"
    assert [(one["name"], one["role"], one["state"]) for one in typed(people, capsys)] == [
        ("An", "operator", "opened"), ("An", "operator", "session"),
        ("Lan", "viewer", "opened"), ("Lan", "viewer", "session"), ("prometheus", "viewer", "token"),
    ]  # fmt: skip
    typed(revoke, capsys)
    assert [one.get("/").status_code for one in (an, lan)] == [401, 200]


def test_the_provider_of_the_guide_gives_the_roles(store: Store) -> None:
    mock: Any = pytest.importorskip("oidc_provider_mock", reason="no oidc-provider-mock")
    block = re.search(r"## An identity provider.*?```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert block
    settings = ServeFile.model_validate(yaml.safe_load(block[1]))
    assert settings.oidc
    with mock.run_server_in_thread() as server:
        url = f"http://localhost:{server.server_port}"
        sign_in = SignIn(settings.oidc.model_copy(update={"issuer": url}), "secret")
        for name, group, status in (("an", "noc", 303), ("vy", "staff", 303), ("eve", "guests", 403)):
            httpx.put(f"{url}/users/{name}", json={"preferred_username": name, "groups": [group]}).raise_for_status()
            client = browser(store, sign_in=sign_in)
            answer = httpx.post(client.get("/oidc").headers["location"], data={"sub": name}).headers["location"]
            assert client.get(answer).status_code == status
