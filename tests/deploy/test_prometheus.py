"""Prometheus of Debian reads the metrics; every panel of the dashboard and every rule answers with data."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from threading import Thread
from typing import Any

import pytest
import yaml

from eventready.core.clock import Clock
from eventready.incidents.incident import Incident
from eventready.store.changes import LockHolder
from eventready.store.streams.series import SeriesKey
from eventready.store.watch_log import Beat
from eventready.watch import kpi
from eventready.watch.snapshot_record import DeviceAge, OpenEntry, ServiceVerdict, Snapshot
from eventready.watch.web.metrics import MEDIA_TYPE, Measured, exposition
from eventready.watch.web.read_model import Night
from tests.watch.web.scene import EVENT, client, scene

DEPLOY = Path(__file__).parents[2] / "deploy"
HOSTILE = 'r1"} 1\n\\evil{x="\N{PILE OF POO}'
pytestmark = pytest.mark.skipif(not which("prometheus"), reason="not installed: prometheus")


def bad_night() -> Measured:
    """Every kind of trouble at once, with a hostile device name."""
    now = Clock().now()
    past = now - timedelta(days=1)
    incident = Incident("SC-1", past, past, "hall", "Hall", ("internet",), "outage", "x", "An")
    verdicts = (("internet", "NOT_READY"), ("wifi", "NOT_MEASURED"), ("mobile", "READY"))
    findings = ((HOSTILE, "isis", "fail"), ("r2", "cpu", "not_measured"))
    snapshot = Snapshot(
        now, now, 5.0, (), "", None, None, (),
        (DeviceAge(HOSTILE, 4.0, None), DeviceAge("r2", None, "")),
        tuple(ServiceVerdict("hall", service, verdict, (), None) for service, verdict in verdicts),
        tuple(
            OpenEntry(
                "", "", {}, status, device=name, check=check, subject="", since=now, venues=(), services=(), cause=""
            )
            for name, check, status in findings
        ),
    )  # fmt: skip
    figures = {SeriesKey(name, HOSTILE, "port 1"): 50.0 for name in kpi.UNITS}
    lock = LockHolder(device="r1", change="c", by="An", host="h", since=past.isoformat())
    night = Night(now, snapshot, 1.0, None, [incident], [lock], audit_age_s=200_000.0)
    return Measured(night, Beat(devices=2, answering=2, readings=12, lag_s=90.0), figures)


@contextmanager
def endpoint(answer: dict[str, str]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", MEDIA_TYPE)
            self.end_headers()
            self.wfile.write(answer["text"].encode())

        def log_message(self, *_parts: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextmanager
def prometheus(folder: Path, target: int) -> Iterator[str]:
    """Prometheus with the shipped configuration, at another port and pace. Gives its address."""
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")
    assert "127.0.0.1:8750" in text
    quick = text.replace("127.0.0.1:8750", f"127.0.0.1:{target}").replace("15s", "500ms")
    (folder / "token").write_text("secret")
    quick = quick.replace("/etc/prometheus/eventready.token", str(folder / "token"))
    (folder / "prometheus.yml").write_text(f"global: {{evaluation_interval: 500ms}}\n{quick}", "utf-8")
    rules = (DEPLOY / "prometheus" / "eventready.rules.yml").read_text("utf-8")
    (folder / "eventready.rules.yml").write_text(rules, "utf-8")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def ask(address: str, expression: str) -> list[Any]:
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{address}/api/v1/query?{query}", timeout=10) as answer:
        result: list[Any] = json.load(answer)["data"]["result"]
    return result


def wait_for(address: str, expression: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if ask(address, expression):
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"no data within a minute: {expression}")


def panels() -> list[tuple[str, str]]:
    dashboard = json.loads((DEPLOY / "grafana" / "eventready.json").read_text("utf-8"))
    return [(one["title"], target["expr"]) for one in dashboard["panels"] for target in one["targets"]]


def rules() -> list[tuple[str, str]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "eventready.rules.yml").read_text("utf-8"))["groups"]
    return [(rule.get("alert") or rule["record"], rule["expr"]) for group in groups for rule in group["rules"]]


@pytest.mark.slow
def test_every_panel_and_rule_answers_with_data(tmp_path: Path) -> None:
    night = bad_night()
    answer = {"text": exposition(night, EVENT)}
    with endpoint(answer) as target, prometheus(tmp_path, target) as address:
        wait_for(address, "eventready_store_up")
        wait_for(address, "eventready:devices_answering:ratio")
        dark = [title for title, expression in panels() if not ask(address, expression)]
        assert not dark
        assert ask(address, "eventready_device_findings")[0]["metric"]["device"] in (HOSTILE, "r2")
        left = {name: expression for name, expression in rules() if not ask(address, expression)}
        assert sorted(left) == ["EventreadyUnreachable", "EventreadyWatchGone"]
        answer["text"] = exposition(Measured(Night(night.night.moment)), EVENT)
        wait_for(address, left["EventreadyWatchGone"])
        assert not ask(address, "eventready_service_state"), "the states of a watch that is gone are not of now"
        answer["text"] = "no metrics"
        wait_for(address, left["EventreadyUnreachable"])


@pytest.mark.parametrize("measured", [bad_night(), Measured(Night(Clock().now()))], ids=["bad", "nothing"])
def test_the_metrics_are_in_the_names_and_units_of_prometheus(measured: Measured) -> None:
    check(exposition(measured, EVENT))


def test_the_page_of_the_metrics(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.read("r1", up=False)
        made.read("r1", up=False)
        browser = client(made)
        answer = browser.get("/metrics")
        assert answer.headers["content-type"] == MEDIA_TYPE
        check(answer.text)
        assert 'eventready_check_findings{device="r1",check="isis",status="fail"} 1\n' in answer.text
        made.store.close()
        (tmp_path / "night.db").unlink()
        (tmp_path / "night.db").mkdir()
        lost = browser.get("/metrics").text
        assert "eventready_store_up 0\n" in lost
        assert "eventready_check_findings" not in lost


def check(text: str) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
