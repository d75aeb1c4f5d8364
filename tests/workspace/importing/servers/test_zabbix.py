"""Import from Zabbix against a stub with replies in the form of a server of release 7.0; the real one: tests/real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("requests")


from eventready.core.errors import EventreadyError
from eventready.workspace.importing import web, zabbix
from eventready.workspace.workspace import load_workspace
from tests.workspace.importing.stubs import JsonHandler, run_import, serving


def interface(kind: str, main: str, useip: str, ip: str, dns: str = "") -> dict[str, str]:
    return {"type": kind, "main": main, "useip": useip, "ip": ip, "dns": dns, "port": "161"}


def host(
    hostid: str, name: str, interfaces: list[dict[str, str]], template: str, inventory: Any = ()
) -> dict[str, Any]:
    return {
        "hostid": hostid, "host": name, "name": name, "interfaces": interfaces, "tags": [],
        "parentTemplates": [{"name": template, "templateid": "1"}], "inventory": inventory or [],
    }  # fmt: skip


def item(itemid: str, key: str, name: str, units: str = "bps") -> dict[str, str]:
    return {"itemid": itemid, "hostid": "1", "key_": key, "name": name, "units": units}


HOSTS = [
    host(
        "1",
        "edge-1",
        [interface("1", "1", "1", "10.0.0.1"), interface("2", "1", "1", "192.0.2.1")],
        "Huawei VRP by SNMP",
    ),
    host("2", "ac-1", [interface("2", "1", "0", "", "ac-1.example.net")], "Cloud", {"vendor": "Huawei"}),
    host("3", "no-address", [], "Huawei VRP by SNMP"),
]
REPLIES: dict[str, Any] = {
    "hostgroup.get": [
        {"groupid": "5", "name": "Routers", "hosts": [{"hostid": "1"}]},
        {"groupid": "6", "name": "Wireless controller", "hosts": [{"hostid": "2"}]},
    ],
    "host.get": HOSTS,
    "item.get": [
        item("11", "net.if.in[ifHCInOctets.7]", "Interface XGigabitEthernet0/0/1(): Bits received"),
        item("12", "net.if.out[ifHCOutOctets.7]", "Interface XGigabitEthernet0/0/1(): Bits sent"),
        item("13", "net.if.in.errors[ifInErrors.7]", "Interface XGigabitEthernet0/0/1(): Errors", ""),
    ],
    "trend.get": [
        {"itemid": "11", "value_max": "7000000"}, {"itemid": "11", "value_max": "812000000"},
        {"itemid": "12", "value_max": "95000000"},
    ],
}  # fmt: skip


class Stub(JsonHandler):
    """Replies by method; an error for the token `wrong`."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append(call)
        document: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        if self.headers["Authorization"] == "Bearer wrong":
            document["error"] = {"code": -32602, "message": "Invalid params.", "data": "Not authorized."}
        else:
            document["result"] = REPLIES[call["method"]]
        self.send_json(document)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(Stub) as address:
        yield address


run = partial(run_import, "zabbix")


def test_hosts_with_addresses_platforms_and_peaks(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZABBIX_TOKEN", "s3cret")
    Stub.calls.clear()
    done = run(folder, url, "--peaks", "--venue-map", "Routers=hall", "--role-map", "Routers=router")
    assert done.exit_code == 0, done.exception
    workspace = load_workspace(folder)
    devices = {device.name: device for device in workspace.devices}
    assert {name: (one.hostname, one.role, one.platform, one.venues) for name, one in devices.items()} == {
        "edge-1": ("192.0.2.1", "router", "huawei_vrp", ("hall",)),
        "ac-1": ("ac-1.example.net", "wifi_controller", "huawei_ac", ()),
    }
    notes = workspace.files.inventory().hosts["edge-1"].data["x_peaks"]
    assert notes == {"XGigabitEthernet0/0/1": "in 812 Mbit/s, out 95 Mbit/s"}
    assert Stub.calls[-1]["params"]["itemids"] == ["11", "12"]
    assert "s3cret" not in done.output + str(workspace.files.hosts)


@pytest.mark.parametrize(
    ("words", "most", "sentence"),
    [
        (("--token", "wrong"), 200, "Zabbix cannot be read: Invalid params. Not authorized."),
        (("--token", "x", "--filter", "group=Hall"), 200, "no host group 'Hall'"),
        (("--token", "x"), 1, "more than 1 pages"),
    ],
)
def test_refusals(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, *, words: tuple[str, ...], most: int, sentence: str
) -> None:
    monkeypatch.setattr(web, "MAX_REQUESTS", most)
    error = run(folder, url, *words).exception
    assert isinstance(error, EventreadyError)
    assert sentence in str(error)


class Hostile(JsonHandler):
    """Reply of the attack in `reply`: bytes, or a document."""

    reply: ClassVar[Any] = None

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.reply == "redirect":
            self.send_json({}, 307, Location="http://localhost:9/api_jsonrpc.php")
        elif isinstance(self.reply, str):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(self.reply.encode())
        else:
            self.send_json({"jsonrpc": "2.0", "id": 1, "result": self.reply})


@pytest.mark.attack(family="servers of an import")
@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ("redirect", "Zabbix cannot be read"),
        ("[" * 2_000_000, "more than 1 MB"),
        ("[" * 200_000, "Zabbix cannot be read"),
        ([HOSTS[0]] * 6, "more than 5"),
        ([{"groupid": [], "name": {}, "hosts": 5}], "Zabbix cannot be read"),
        (["text"], "Zabbix cannot be read"),
        (5, "Zabbix cannot be read"),
    ],
)
def test_a_hostile_server_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, reply: Any, sentence: str
) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(zabbix, "MAX_HOSTS", 5)
    if isinstance(reply, list) and len(reply) > 5:
        monkeypatch.setattr(zabbix, "_groups", lambda _api, _source: [])
    monkeypatch.setattr(Hostile, "reply", reply)
    with serving(Hostile) as address:
        error = run(folder, address, "--token", "x").exception
    assert isinstance(error, EventreadyError), error
    assert sentence in str(error)
    assert error.exit == 2
