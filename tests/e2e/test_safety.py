"""What an audit leaves behind: no secret anywhere, nothing half-done after a kill, a run for whoever asks again."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Defaults, Groups, Host, Hosts, Inventory
from nornir.plugins.runners import SerialRunner

from eventready.audit.audit import AuditResult
from eventready.audit.tasks import read_facts, run_checks
from eventready.checks.finding import Outcome
from eventready.facts.observation import Status
from eventready.facts.platform import load_platform
from eventready.store.store import Store
from tests.e2e.conftest import NOW, Province
from tests.emptied import without_devices

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]


def lab_password(province: Province) -> str:
    """The password that the lab made up for this process."""
    hosts = yaml.safe_load((province.copy / "inventory" / "hosts.yaml").read_text(encoding="utf-8"))
    return str(next(iter(hosts.values()))["password"])


def contents(path: Path) -> bytes:
    """A file's bytes, with everything that a database keeps folded unfolded."""
    if path.suffix != ".db":
        return path.read_bytes()
    unfolded = [path.read_bytes()]
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f"select * from {table}"):  # table names come from the database itself
                for value in row:
                    if isinstance(value, bytes):
                        try:
                            unfolded.append(zlib.decompress(value))
                        except zlib.error:
                            unfolded.append(value)
                    else:
                        unfolded.append(str(value).encode())
    return b"\n".join(unfolded)


def test_no_secret_is_written_anywhere(province: Province, tmp_path: Path) -> None:
    secret = lab_password(province).encode()
    log, out = tmp_path / "log.txt", tmp_path / "run.json"
    with province.fault("core-2", "auth-refused"):
        audit = province.command(
            "--log", str(log), "-o", "json", "audit", "--interval", "0", "--out", str(out),
            "-l", "core-*,bsc-6900,wlc-1", expect=(4,),
        )  # fmt: skip
    report = province.call("report", "readiness", "--out", str(tmp_path / "report.html"))
    output = (audit.stdout + audit.stderr + report.stdout + report.stderr).encode()
    assert secret not in output
    inventory = province.copy / "inventory"
    kept = [path for path in (*province.copy.rglob("*"), *tmp_path.rglob("*")) if path.is_file()]
    assert len(kept) > 5
    assert log.stat().st_size > 1000
    leaks = [path for path in kept if inventory not in path.parents and secret in contents(path)]
    assert not leaks


def test_a_killed_audit_is_marked_interrupted_and_costs_nothing_else(province: Province) -> None:
    before = province.audit("core-1", interval_s=0).run.id
    with province.fault("core-2", "slow", "seconds=3"):
        command = [sys.executable, "-m", "eventready", "-w", str(province.copy), "--now", NOW, "audit"]
        with subprocess.Popen([*command, "-l", "core-2"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as killed:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and killed.poll() is None and not running(province):
                time.sleep(0.05)
            assert running(province), "the audit did not begin"
            killed.send_signal(signal.SIGKILL)
            killed.wait()
    listed = json.loads(province.call("-o", "json", "runs", "list").stdout)
    states = {run["id"]: run["state"] for run in listed}
    assert states[before] == "finished"
    assert list(states.values()).count("interrupted") == 1
    province.call("runs", "verify")
    province.call("audit", "--interval", "0", "-l", "core-1", expect=(0, 3, 4))


def running(province: Province) -> bool:
    """True while the store has a run that is under way."""
    with Store.of_workspace(province.copy) as store:
        return any(entry.state == "running" for entry in store.runs())


def test_saved_outputs_say_what_the_devices_reported(province: Province, tmp_path: Path) -> None:
    from eventready.audit.saved_outputs import file_name

    live = province.audit("agg-1,enb-hn-1", interval_s=0).run.document
    with Store.of_workspace(province.copy) as store:
        texts = store.texts(o["evidence"] for o in live["observations"] if o["evidence"])
    for reported in live["observations"]:
        if reported["evidence"]:
            path = tmp_path / reported["device"] / file_name(reported["command"])
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts[reported["evidence"]], encoding="utf-8")
    saved = province.audit("agg-1,enb-hn-1", interval_s=0, saved=tmp_path).run.document

    platforms = {device["name"]: load_platform(device["platform"]) for device in live["devices"]}

    def reported_of(document: dict[str, list[dict[str, Any]]]) -> list[tuple[object, ...]]:
        """Observations of facts of one command: the evidence of two commands is one text; a file has no prompt."""
        return [
            (
                o["device"],
                o["fact"],
                o["status"],
                [{k: v for k, v in row.items() if k != "hostname"} for row in o["rows"]],
            )
            for o in document["observations"]
            if o["fact"] not in platforms[o["device"]].facts or not platforms[o["device"]].facts[o["fact"]].spec.also
        ]

    assert reported_of(dict(saved)) == reported_of(dict(live))


def test_a_device_without_saved_outputs_is_not_measured(province: Province, tmp_path: Path) -> None:
    done = province.audit("agg-1", saved=tmp_path)
    assert done.exit == 4
    assert done.run.document["coverage"]["measured"] == 0
    assert done.run.document["devices"][0]["reachable"] is False


def test_the_tasks_work_in_anyones_nornir(province: Province) -> None:
    raw = yaml.safe_load((province.copy / "inventory" / "hosts.yaml").read_text(encoding="utf-8"))["core-1"]
    extras = {"workspace": str(province.copy), "name": "core-1"}
    host = Host(
        "core-1", hostname=raw["hostname"], port=raw["port"], username=raw["username"], password=raw["password"],
        platform="cisco_xe", data={"role": "router", **raw.get("data", {})},
        connection_options={"eventready": ConnectionOptions(extras=extras)}, defaults=Defaults(),
    )  # fmt: skip
    mine = Nornir(inventory=Inventory(Hosts({"core-1": host}), Groups(), Defaults()), runner=SerialRunner())
    reported = mine.run(task=read_facts, facts=("system", "cpu", "ospf_neighbour"))["core-1"][0].result
    assert [(o.fact, o.status) for o in reported] == [
        ("system", Status.PARSED), ("cpu", Status.PARSED), ("ospf_neighbour", Status.PARSED)
    ]  # fmt: skip
    found = mine.run(task=run_checks)["core-1"][0].result
    assert {f.check for f in found if f.status is Outcome.PASS} >= {"cpu", "ospf", "uplink", "ntp"}


def test_a_secret_that_leads_nowhere_stops_the_audit_before_it_begins(province: Province, tmp_path: Path) -> None:
    from eventready.workspace.examples.example import copy_example

    copy_example(tmp_path / "event")
    mine = Province(province.workspace, tmp_path / "event")
    done = mine.call("audit", "-l", "core-1", expect=(2,))
    assert "the environment variable EVENTREADY_PASSWORD is not set" in done.stderr
    with Store.of_workspace(mine.copy) as store:
        assert store.runs() == ()


def test_an_inventory_of_no_person_is_never_ready(province: Province, tmp_path: Path) -> None:
    from eventready.workspace.examples.example import copy_example

    copy_example(tmp_path / "empty")
    without_devices(tmp_path / "empty")
    empty = Province(province.workspace, tmp_path / "empty")
    done = empty.call("-o", "json", "audit", "--interval", "0", expect=(4,))
    document = json.loads(done.stdout)
    assert {verdict["verdict"] for verdict in document["verdicts"]} == {"NOT_MEASURED"}
    assert not any(document["coverage"].values())
    assert "nothing is ready" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_processes_find_what_threads_find(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    def reported_of(done: AuditResult) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        document = done.run.document
        queries: list[tuple[object, ...]] = [
            (o["device"], o["fact"], o["reading"], o["status"]) for o in document["observations"]
        ]
        return queries, [(f["device"], f["check"], f["subject"], f["status"]) for f in document["findings"]]

    threads = province.audit()
    monkeypatch.setattr("eventready.audit.collectors.processes._MANY", 0)
    processes = province.audit()
    assert reported_of(processes) == reported_of(threads)
    assert processes.exit == threads.exit
    assert any(reading == 2 for _, _, reading, _ in reported_of(processes)[0])
    with Store.of_workspace(province.copy) as store:
        assert store.verify().intact
