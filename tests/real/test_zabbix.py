"""Import from Debian's own Zabbix: its API on PostgreSQL answers with hosts, groups, interfaces and trends."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory
from eventready.workspace.examples.new_workspace import write_workspace
from eventready.workspace.workspace import load_workspace
from tests.session.real import free_port
from tests.workspace.test_new_workspace import BULL_RACE

FRONTEND, SCHEMA = Path("/usr/share/zabbix/api_jsonrpc.php"), Path("/usr/share/zabbix-server-pgsql")
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
ABSENT = [
    name
    for name, there in (
        ("zabbix-frontend-php", FRONTEND.exists()),
        ("zabbix-server-pgsql", SCHEMA.exists()),
        ("php", shutil.which("php")),
        ("postgresql", PROGRAMS),
        ("root", os.geteuid() == 0),
    )
    if not there
]

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
    pytest.mark.timeout(300),
]

CONFIG = """<?php
$DB['TYPE']='POSTGRESQL'; $DB['SERVER']='127.0.0.1'; $DB['PORT']='%d'; $DB['DATABASE']='zabbix'; $DB['USER']='postgres';
$DB['PASSWORD']=''; $DB['SCHEMA']=''; $DB['ENCRYPTION']=false; $DB['VAULT']=''; $DB['VERIFY_HOST']=false;
$DB['KEY_FILE']=$DB['CERT_FILE']=$DB['CA_FILE']=$DB['CIPHER_LIST']='';
$DB['VAULT_URL']=$DB['VAULT_DB_PATH']=$DB['VAULT_TOKEN']=$DB['VAULT_CERT_FILE']=$DB['VAULT_KEY_FILE']='';
$ZBX_SERVER_NAME='test'; $IMAGE_FORMAT_DEFAULT=IMAGE_FORMAT_PNG;
"""


@dataclass
class Zabbix:
    """Running frontend with its database."""

    url: str
    port: int
    session: str = ""
    token: str = ""

    def call(self, method: str, params: Any) -> Any:
        """Result of a method of the API."""
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        headers = {"Content-Type": "application/json-rpc"}
        headers |= {"Authorization": f"Bearer {self.session}"} if self.session else {}
        request = urllib.request.Request(f"{self.url}/api_jsonrpc.php", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            document = json.load(answer)
        assert "result" in document, document
        return document["result"]

    def sql(self, text: str) -> None:
        """Run statements in the database."""
        words = [
            "psql",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "zabbix",
        ]
        subprocess.run(words, input=text.encode(), check=True, capture_output=True, timeout=200)


@pytest.fixture(scope="module")
def zabbix() -> Iterator[Zabbix]:
    folder = Path(tempfile.mkdtemp(prefix="eventready-zabbix-"))  # the folders of pytest are closed to other users
    folder.chmod(0o755)
    data, etc = folder / "data", folder / "etc"
    etc.mkdir()
    data.mkdir()
    shutil.chown(data, "postgres")
    programs, port, web = PROGRAMS[-1].parent, free_port(), free_port()
    found = Zabbix(f"http://127.0.0.1:{web}", port)
    (etc / "zabbix.conf.php").write_text(CONFIG % port)
    as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    subprocess.run([*as_postgres, programs / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
                   check=True, capture_output=True)  # fmt: skip
    quick = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", f"unix_socket_directories={data}")
    options = [word for option in ("listen_addresses=127.0.0.1", f"port={port}", *quick) for word in ("-c", option)]
    with (folder / "log").open("wb") as log:
        database = subprocess.Popen([*as_postgres, programs / "postgres", "-D", data, *options], stderr=log)
        mounted = f"mount --bind {etc} /etc/zabbix && exec php -S 127.0.0.1:{web} -t {FRONTEND.parent}"
        frontend = subprocess.Popen(["unshare", "--mount", "sh", "-c", mounted], stderr=log)
        try:
            words = ["createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "zabbix"]
            _eventually(lambda: subprocess.run(words, check=True, capture_output=True))
            for name in ("schema", "images", "data"):
                found.sql(gzip.decompress((SCHEMA / f"{name}.sql.gz").read_bytes()).decode())
            _eventually(lambda: _login(found))
            yield found
        finally:
            for process in (frontend, database):
                process.terminate()
                process.wait(30)
            shutil.rmtree(folder)


def _eventually(work: Any) -> None:
    for _ in range(100):
        try:
            work()
        except (subprocess.CalledProcessError, urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    work()


def _login(zabbix: Zabbix) -> None:
    zabbix.session = zabbix.call("user.login", {"username": "Admin", "password": "zabbix"})
    (tokenid,) = zabbix.call("token.create", {"name": "import"})["tokenids"]
    zabbix.token = zabbix.call("token.generate", [tokenid])[0]["token"]


def interface(kind: int, address: str) -> dict[str, Any]:
    snmp = {"details": {"version": 2, "community": "{$C}"}} if kind == 2 else {}
    port = "161" if kind == 2 else "10050"
    return {"type": kind, "main": 1, "useip": 1, "ip": address, "dns": "", "port": port, **snmp}


def test_hosts_groups_interfaces_and_peaks_of_a_real_server(
    zabbix: Zabbix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Router", "WLC", "Hall")
    groups = {name: zabbix.call("hostgroup.create", {"name": name})["groupids"][0] for name in names}

    def host(name: str, group: str, kind: int, address: str, **more: Any) -> str:
        ids = [{"groupid": groups[group]}, {"groupid": groups["Hall"]}]
        made = {"host": name, "groups": ids, "interfaces": [interface(kind, address)], **more}
        return str(zabbix.call("host.create", made)["hostids"][0])

    core = host("hue-core-1", "Router", 2, "192.0.2.1", inventory_mode=0, inventory={"vendor": "Cisco", "os": "IOS XR"})
    host("hue-wlc-1", "WLC", 1, "192.0.2.2", inventory_mode=0, inventory={"vendor": "Huawei"},
         tags=[{"tag": "venues", "value": "Công viên"}])  # fmt: skip
    host("hue-off-1", "Router", 2, "192.0.2.3", status=1)
    shown = zabbix.call("host.get", {"hostids": core, "selectInterfaces": ["interfaceid"]})
    now = int(time.time())
    for way, peaks in (("in", (812_000_000, 95_000_000)), ("out", (40_000_000, 9_000_000))):
        item = {
            "name": f"Interface TenGigE0/0/0/1(to BNG): Bits {'received' if way == 'in' else 'sent'}", "type": 20,
            "key_": f"net.if.{way}[if.1]", "hostid": core, "value_type": 3, "units": "bps", "delay": "1m",
            "interfaceid": shown[0]["interfaces"][0]["interfaceid"], "snmp_oid": "get[1.3.6.1.2.1.31.1.1.1.6.1]",
        }  # fmt: skip
        itemid = zabbix.call("item.create", item)["itemids"][0]
        rows = [f"({itemid},{now - 3600 * hour},60,0,1,{peak})" for hour, peak in enumerate(peaks, 1)]
        old = f"({itemid},{now - 40 * 86400},60,0,1,9999999999)"
        zabbix.sql(
            f"insert into trends_uint (itemid,clock,num,value_min,value_avg,value_max) values {','.join([*rows, old])};"
        )

    monkeypatch.setenv("ZABBIX_TOKEN", zabbix.token)
    write_workspace(tmp_path / "w", BULL_RACE)
    filters = [word for name in names for word in ("--filter", f"group={name}")]
    words = ("import", "zabbix", "--url", zabbix.url, "--allow-http", *filters, "--venue-map", "Hall=hall", "--peaks")
    done = CliRunner().invoke(inventory, words, obj=App(workspace_path=tmp_path / "w"))
    assert done.exit_code == 0, done.exception
    assert zabbix.token not in done.output
    workspace = load_workspace(tmp_path / "w")
    devices = {device.name: device for device in workspace.devices}
    assert {name: (one.hostname, one.role, one.platform, one.venues) for name, one in devices.items()} == {
        "hue-core-1": ("192.0.2.1", "router", "cisco_xr", ("hall",)),
        "hue-wlc-1": ("192.0.2.2", "wifi_controller", "huawei_ac", ("hall", "park")),
    }
    notes = workspace.files.inventory().hosts["hue-core-1"].data["x_peaks"]
    assert notes == {"TenGigE0/0/0/1": "in 812 Mbit/s, out 40 Mbit/s"}
    refused = CliRunner().invoke(
        inventory, ("import", "zabbix", "--url", zabbix.url, "--allow-http", "--token", "wrong"),
        obj=App(workspace_path=tmp_path / "w"),
    )  # fmt: skip
    assert "Zabbix cannot be read" in str(refused.exception)
    assert "wrong" not in str(refused.exception)
