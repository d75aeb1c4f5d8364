"""Import from NetBox, against a stub server with recorded answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlparse

import pytest

pytest.importorskip("pynetbox")

from click.testing import CliRunner

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory
from eventready.core.errors import EventreadyError
from eventready.workspace.importing import netbox, web
from eventready.workspace.workspace import load_workspace
from tests.shared import called
from tests.workspace.importing.stubs import JsonHandler, run_import, serving


def device(name: str | None, role: str, platform: str, venues: Any, address: str | None) -> dict[str, Any]:
    """Record as NetBox 4 prints it, shortened."""
    return {
        "id": 1,
        "url": "/api/dcim/devices/1/",
        "display": name,
        "name": name,
        "role": {"id": 1, "name": role.title(), "slug": role},
        "platform": {"id": 1, "name": platform.title(), "slug": platform},
        "site": {"id": 1, "name": "Hall", "slug": "hall"},
        "status": {"value": "active", "label": "Active"},
        "primary_ip4": {"id": 1, "family": 4, "address": f"{address}/32"} if address else None,
        "primary_ip6": None,
        "custom_fields": {"venues": venues, "served": [{"id": 1, "name": "Park", "slug": "park"}]},
    }


DEVICES = [
    device("edge-1", "edge", "cisco-ios-xe", ["hall"], "192.0.2.1"),
    device("ac-1", "wifi-controller", "huawei-ac", "hall; park", "192.0.2.2"),
    device(None, "edge", "cisco-ios-xe", None, "192.0.2.3"),
    device("rack-1", "edge", "cisco-ios-xe", None, None),
]


class Stub(JsonHandler):
    """`dcim/devices` in pages of two."""

    queries: ClassVar[list[dict[str, list[str]]]] = []
    tokens: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        url = urlparse(self.path)
        query = parse_qs(url.query)
        self.tokens.append(self.headers.get("Authorization", ""))
        if url.path.rstrip("/") != "/api/dcim/devices":
            self.send_json({"netbox-version": "4.4.0"}, API_Version="4.4")
            return
        self.queries.append(query)
        if "denied" in self.tokens[-1]:
            self.send_json({"detail": "Invalid token"}, 403, API_Version="4.4")
            return
        start = int(query.get("offset", ["0"])[0])
        rest = start + 2 < len(DEVICES)
        address = f"http://127.0.0.1:{self.connection.getsockname()[1]}{url.path}?limit=2&offset={start + 2}"
        self.send_json({"count": len(DEVICES), "next": address if rest else None, "previous": None,
                    "results": DEVICES[start : start + 2]}, API_Version="4.4")  # fmt: skip


@pytest.fixture
def url() -> Iterator[str]:
    Stub.queries.clear()
    Stub.tokens.clear()
    with serving(Stub) as address:
        yield address


run = partial(run_import, "netbox")


MAPS = ("--role-map", "edge=router", "--platform-map", "cisco-ios-xe=cisco_xe")


def test_devices_of_all_pages_are_imported(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "s3cret")
    done = run(folder, url, *MAPS, "--filter", "site=hall", "--filter", "site=park")
    assert done.exit_code == 0, done.output
    devices = {device.name: device for device in load_workspace(folder).devices}
    assert set(devices) == {"edge-1", "ac-1"}
    assert (devices["edge-1"].role, devices["edge-1"].platform) == ("router", "cisco_xe")
    assert devices["ac-1"].venues == ("hall", "park")
    assert Stub.queries[0]["site"] == ["hall", "park"]
    assert "s3cret" in Stub.tokens[-1]
    assert "s3cret" not in done.output


TOKEN = "tok-EN.ofTheOffice0123"
PARTS = ("hostname", "venue", "role", "platform", "name")


class Echo(JsonHandler):
    """Server that prints the token of the request in its error, or as a value of a device."""

    part: ClassVar[str] = ""

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Token ").removeprefix("Bearer ")
        named = {"name": "edge-1", "role": "edge", "platform": "cisco-ios-xe", "venue": "hall", "hostname": "192.0.2.1"}
        record = device(*(named | ({self.part: token} if self.part in named else {})).values())
        if self.part == "reason":
            self.send_response(403, f"No {token}")
            self.end_headers()
            return
        following = f"http://{self.headers['Host']}/api/dcim/devices/?{token}" if self.part == "next" else None
        found = {"count": 2, "next": following, "previous": None, "results": [record]}
        if self.part == "detail":
            found = {"detail": f"unknown token {token}"}
        self.send_json(found, 403 if self.part == "detail" else 200, API_Version="4.4")


@pytest.mark.attack(family="servers of an import")
@pytest.mark.parametrize("part", ["detail", "reason", "next", *PARTS])
def test_a_token_that_the_server_prints_comes_to_no_terminal_and_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", TOKEN)
    monkeypatch.setattr(Echo, "part", part)
    with serving(Echo) as url:
        words = ("inventory", "import", "netbox", "--url", url, "--allow-http", *MAPS)
        code, out, err = called(capsys, "-w", str(folder), *words)
    assert code == 2, out
    assert TOKEN not in out + err
    assert not [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.attack(family="servers of an import")
@pytest.mark.parametrize("value", ["env:HOME", "vault:admin", "exec:id", "keyring:login/root"])
@pytest.mark.parametrize("part", PARTS)
def test_a_value_of_a_server_is_no_reference(
    folder: Path, monkeypatch: pytest.MonkeyPatch, part: str, value: str
) -> None:
    named = {"name": "edge-1", "role": "edge", "platform": "cisco-ios-xe", "venue": "hall", "hostname": "192.0.2.1"}
    record = device(*(named | {part: value}).values())
    monkeypatch.setenv("NETBOX_TOKEN", "x")
    monkeypatch.setattr(f"{__name__}.DEVICES", [record])
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    with serving(Stub) as url:
        done = run(folder, url, *MAPS)
    assert isinstance(done.exception, EventreadyError), done.output
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_a_field_of_objects_gives_venues(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "x")
    assert run(folder, url, *MAPS, "--venue-field", "served").exit_code == 0
    assert {device.venues for device in load_workspace(folder).devices} == {("park",)}


def test_unknown_platforms_are_named_by_device(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "x")
    error = run(folder, url, "--role-map", "edge=router").exception
    assert f"{url}, device edge-1: unknown platform 'cisco_ios_xe'. Did you mean 'cisco_xe'?" in str(error) or (
        f"{url}, device edge-1: unknown platform 'cisco_ios_xe'." in str(error)
    )


@pytest.mark.parametrize(
    ("token", "sentence"), [("denied", "NetBox cannot be read"), (None, "NETBOX_TOKEN is not set")]
)
def test_refusals(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, token: str | None, sentence: str) -> None:
    if token:
        monkeypatch.setenv("NETBOX_TOKEN", token)
    else:
        monkeypatch.delenv("NETBOX_TOKEN", raising=False)
    error = run(folder, url).exception
    assert isinstance(error, EventreadyError)
    assert sentence in str(error)


def test_a_server_that_is_down_is_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "x")
    error = run(folder, "http://127.0.0.1:9").exception
    assert isinstance(error, EventreadyError)
    assert "NetBox cannot be read" in str(error)


class Hostile(BaseHTTPRequestHandler):
    """Answers of a server without end, by the attack in `attack`."""

    attack: ClassVar[str] = ""

    def do_GET(self) -> None:
        here = f"http://127.0.0.1:{self.connection.getsockname()[1]}"
        offset = int(parse_qs(urlparse(self.path).query).get("offset", ["0"])[0])
        following = {
            "pages": f"{here}/api/dcim/devices/?offset={offset + 1}",
            "same page": f"{here}{self.path}",
            "other server": "http://localhost:9/api/dcim/devices/?offset=1",
            "rows": None,
        }
        if self.attack == "redirect":
            self.send_response(302)
            self.send_header("Location", "http://localhost:9/")
            self.end_headers()
        elif self.attack in following or offset:
            self._send(
                json.dumps({"count": 9, "next": following.get(self.attack), "results": DEVICES[:1] * 4}).encode()
            )
        elif self.attack == "megabytes":
            self._send(b"[" + b" " * 2_000_000)
        else:
            self._drip()

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while not self.server.shutting_down:  # type: ignore[attr-defined]
                self.wfile.write(b" ")
                sleep(0.05)

    def _send(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None: ...


@pytest.mark.attack(family="servers of an import")
@pytest.mark.parametrize(
    ("attack", "sentence"),
    [
        ("pages", "more than 5 pages"),
        ("same page", "again and again"),
        ("other server", "refers to another server, http://localhost:9"),
        ("redirect", "NetBox cannot be read"),
        ("megabytes", "more than 1 MB"),
        ("rows", "more than 3 devices"),
        ("drip", "did not finish within 1 s"),
    ],
)
def test_a_server_without_end_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, attack: str, sentence: str
) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "x")
    monkeypatch.setattr(Hostile, "attack", attack)
    monkeypatch.setattr(web, "MAX_REQUESTS", 5)
    monkeypatch.setattr(web, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(netbox, "MAX_RECORDS", 3 if attack == "rows" else 1_000)
    monkeypatch.setattr(web, "MAX_SECONDS", 1.0 if attack == "drip" else 60.0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.shutting_down = False  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    error = run(folder, f"http://127.0.0.1:{server.server_address[1]}").exception
    server.shutting_down = True  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    assert isinstance(error, EventreadyError)
    assert sentence in str(error)


@pytest.mark.parametrize(("url", "sentence"), [("http://127.0.0.1:9", "read on the way"), ("netbox", "no address")])
def test_an_address_that_does_not_protect_the_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "x")
    error = CliRunner().invoke(inventory, ("import", "netbox", "--url", url), obj=App(workspace_path=folder)).exception
    assert isinstance(error, EventreadyError)
    assert sentence in str(error)
