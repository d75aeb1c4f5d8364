"""`eventready serve`: keys of persons and programs, and no server for other machines without persons."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from eventready.cli.main import main
from eventready.store.store import Store
from eventready.watch.web.access.keys import SERVED, AccessKeys, Served
from eventready.workspace.settings.watch import ServeFile
from eventready.workspace.workspace import load_workspace

EXAMPLE = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{tmp_path}/night.db")


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["-w", str(EXAMPLE), *words])
    return left.value.code if isinstance(left.value.code, int) else 0


def test_persons_and_programs_are_invited_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("-o", "json", "serve", "invite", "An", "--role", "operator", "--url", "https://wall.example.vn/") == 0
    made = json.loads(capsys.readouterr().out)
    address, secret = made["link"].split("#")
    assert (address, made["role"]) == ("https://wall.example.vn/enter", "operator")
    assert run("serve", "token", "prometheus") == 0
    shown = capsys.readouterr()
    token = shown.out.strip()
    assert "Authorization: Bearer" in shown.err
    with Store(tmp_path / "night.db") as store:
        keys = AccessKeys(store, load_workspace(EXAMPLE).event)
        assert keys.find(token, "token") is not None
        link, session = keys.exchange(secret, "192.0.2.7")
        assert link is not None
        assert keys.find(session, "session") is not None
        stored = str([*keys.all().items()])
    assert not any(one in stored for one in (secret, token, session)), "hashes only"
    assert run("-o", "json", "serve", "people") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["state"], one["address"]) for one in listed] == [
        ("An", "opened", "192.0.2.7"), ("An", "session", "192.0.2.7"), ("prometheus", "token", "")
    ]  # fmt: skip
    assert run("serve", "people") == 0
    assert run("serve", "revoke", "An") == 0
    assert run("serve", "revoke", "An") == 2
    assert run("serve", "invite", "a\nb") == 2
    assert r"'a\nb' is no name" in capsys.readouterr().err.replace("eventready: ", "")


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "wall.example.vn", "http://an:secret@wall.example.vn", "https://wall.example.vn/?a=b",
     "https://wall.example.vn/#x", "https://", "https://wall.example.vn/a\nb"],
    ids=repr,
)  # fmt: skip
def test_a_personal_link_begins_with_an_address_of_pages(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "invite", "An", "--url", url) == 2
    assert "https://wall.example.vn" in capsys.readouterr().err
    assert run("serve", "people") == 0
    assert "An" not in capsys.readouterr().out


def test_a_personal_link_begins_with_the_address_of_the_last_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("serve", "invite", "An") == 0
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8750/enter#")
    with Store(tmp_path / "night.db") as store:
        store.current(SERVED).put("", Served("http://127.0.0.1:8800"))
    assert run("serve", "invite", "An") == 0
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8800/enter#")


@pytest.mark.parametrize("host", ["127.0.0.1", "203.0.113.77", "localhost", "nothing.invalid"])
def test_an_address_in_use_or_of_another_machine_is_a_sentence(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "invite", "An") == 0
    capsys.readouterr()
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert run("serve", "--host", host, "--port", str(other.getsockname()[1])) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"eventready: cannot listen on {host} port ")
    assert "Serving" not in shown


@pytest.mark.parametrize("name", ["wall.example.vn:8443", "https://wall.example.vn", "wall.example.vn/", "", "*.vn"])
def test_an_address_is_no_name_of_a_server(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--name", name) == 2
    assert "is no name of a server" in capsys.readouterr().err
    with pytest.raises(ValidationError):
        ServeFile(names=(name,))


@pytest.mark.parametrize(
    "where",
    [*(["--host", one] for one in ("0.0.0.0", "::", "192.0.2.1", "wall.example.vn")), ["--name", "wall.example.vn"]],
)
def test_other_machines_are_served_with_persons_only(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", *where) == 2
    assert "serve invite" in capsys.readouterr().err
