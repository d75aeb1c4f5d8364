"""`eventready serve`: users of the pages, and no server for other machines without users."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from eventready.cli.main import main
from eventready.store.store import Store
from eventready.watch.web.access.users import PageUsers
from eventready.workspace.settings.watch import ServeFile

EXAMPLE = Path(__file__).parents[3]
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTREADY_DATABASE_URL", f"sqlite:///{tmp_path}/night.db")


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["-w", str(EXAMPLE), *words])
    return left.value.code if isinstance(left.value.code, int) else 0


@pytest.mark.slow
def test_users_are_added_listed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run("serve", "user", "add", "An", "--role", "operator") == 0
    with Store(tmp_path / "night.db") as store:
        assert PageUsers(store).verify("An", PASSWORD) == "operator"
    capsys.readouterr()
    assert run("-o", "json", "serve", "user", "list") == 0
    listed = capsys.readouterr().out
    assert [(one["name"], one["role"]) for one in json.loads(listed)] == [("An", "operator")]
    assert "argon2" not in listed
    assert run("serve", "user", "remove", "An") == 0
    assert run("serve", "user", "remove", "An") == 2


@pytest.mark.parametrize(("name", "password"), [("An", "short\n"), ("An", ""), ("An", "x" * 201), ("a\nb", PASSWORD)])
def test_an_invalid_user_is_refused(name: str, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    assert run("serve", "user", "add", name) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "203.0.113.77", "localhost", "nothing.invalid"])
def test_an_address_in_use_or_of_another_machine_is_a_sentence(
    host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run("serve", "user", "add", "An") == 0
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
def test_other_machines_are_served_with_users_only(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", *where) == 2
    assert "serve user add" in capsys.readouterr().err
