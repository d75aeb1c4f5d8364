"""A platform of a workspace and a check of another package, written from the guides (docs/howto): no file of eventready
is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventready.platforms.model import FactSpec
from tests import forked

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "howto" / "platform.md"

PLATFORM = """\
title: Acme routers
roles: [router]
unconfirmed: true
netmiko: {device_type: generic}
session:
  prompt: 'acme-[\\w-]+[>#]'
  setup: ['page off']
  refused: ['^bad command']
  denied: ['^not for you']
read_only: ['list [a-z ]+']
"""

FACTS = """\
facts:
  cpu:
    command: list load
    parser: textfsm
    template: load.textfsm
    fields: {slot: NAME, five_minutes: LOAD}
    empty: ['^no processor']
unsupported:
  power: Acme routers have no readable power supplies.
"""

LOAD = """\
Value Required NAME (\\S+)
Value LOAD (\\d+)

Start
  ^processor ${NAME} load ${LOAD}$$ -> Record
  ^\\s*$$
  ^. -> Error
"""

CHECK = '''\
"""Checks of Acme."""

from collections.abc import Iterator

from eventready.checks.answer import failed, passed
from eventready.checks.check import DeviceView, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import Cpu


@check("acme_processors", kind="quality", roles=("router",), needs=("cpu",))
def acme_processors(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """An Acme router has its two processors."""
    rows = view.each_row("cpu", Cpu)
    yield passed("processors", "checks:subject.state", state="2") if len(rows) == 2 else failed(
        "processors", "checks:subject.missing"
    )
'''


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A workspace with the platform in one folder, and an installed package with the check."""
    package = tmp_path / "site"
    (package / "acme-1.dist-info").mkdir(parents=True)
    (package / "acme_checks.py").write_text(CHECK, encoding="utf-8")
    (package / "acme-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (package / "acme-1.dist-info" / "entry_points.txt").write_text("[eventready.checks]\nacme = acme_checks\n")
    run(tmp_path, "init", "w", "--event", "Fair", "--province", "Vĩnh Long", "--opening", "2033-04-29 19:30",
        "--venue", "hall=Hall")  # fmt: skip
    hosts = "edge-1: {hostname: 192.0.2.1, platform: acme_os, groups: [router], data: {venues: [hall]}}\n"
    (tmp_path / "w" / "inventory" / "hosts.yaml").write_text(hosts, encoding="utf-8")
    folder = tmp_path / "w" / "inventory" / "platforms" / "acme_os"
    (folder / "parse").mkdir(parents=True)
    (folder / "platform.yaml").write_text(PLATFORM, encoding="utf-8")
    (folder / "facts.yaml").write_text(FACTS, encoding="utf-8")
    (folder / "parse" / "load.textfsm").write_text(LOAD, encoding="utf-8")
    saved = tmp_path / "saved" / "edge-1"
    saved.mkdir(parents=True)
    (saved / "list_load.txt").write_text("acme-1> list load\nprocessor a load 12\nprocessor b load 91\nacme-1>\n")
    return tmp_path


def run(folder: Path, *words: str, expect: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[bytes]:
    """Run the command line on the workspace."""
    done = forked.run(*words, cwd=folder, env={**os.environ, "EVENTREADY_WORKSPACE": str(folder / "w")})
    assert done.returncode in expect, done.stderr.decode()
    return done


def run_installed(folder: Path, *words: str, expect: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run the command line with the package of the check."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "EVENTREADY_WORKSPACE": str(folder / "w")}
    done = subprocess.run([sys.executable, "-m", "eventready", *words], check=False, capture_output=True, text=True,
                          encoding="utf-8", cwd=folder, env=environment, timeout=100)  # fmt: skip
    assert done.returncode in expect, done.stderr
    return done


@pytest.mark.slow
def test_an_own_platform_and_an_own_check_give_findings(site: Path) -> None:
    done = run_installed(site, "-o", "json", "audit", "--from", "saved", "--interval", "0", expect=(3, 4))
    findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    found = {(f["check"], f["subject"]): f["status"] for f in findings if f["check"] in ("cpu", "acme_processors")}
    assert found == {("cpu", "CPU a"): "pass", ("cpu", "CPU b"): "fail", ("acme_processors", "processors"): "pass"}
    shown = run_installed(site, "-o", "json", "doctor", "matrix")
    (entry,) = json.loads(shown.stdout)
    assert entry["unconfirmed"] == ["cpu"]
    assert entry["checks"]["power"]["state"] == "unsupported"


@pytest.mark.slow
def test_a_sample_is_written_and_a_wrong_fact_leaves_the_others(site: Path) -> None:
    output = site / "ok.txt"
    output.write_text("processor a load 12\nprocessor b load 91\n", encoding="utf-8")
    run(site, "doctor", "parse", "--write-sample", "acme_os", "cpu", str(output))
    assert output.with_suffix(".yaml").read_text(encoding="utf-8") == (
        "status: parsed\nrows:\n- slot: a\n  five_minutes: 12.0\n- slot: b\n  five_minutes: 91.0\n"
    )
    refused = run(site, "doctor", "parse", "--write-sample", "acme_os", "cpu", str(output), expect=(2,))
    assert b"has its facts already" in refused.stderr
    facts = site / "w" / "inventory" / "platforms" / "acme_os" / "facts.yaml"
    for wrong in ("  power: {command: list power, parser: none, fields: {}}\n", "  fan: {comand: list fan}\n"):
        text = FACTS[: FACTS.index("unsupported:")] + wrong
        facts.write_text(text, encoding="utf-8")
        done = run(site, "doctor", "parse", "acme_os", "cpu", str(output))
        assert b"cpu: parsed" in done.stdout
        assert b"does not hold and is left out" in done.stderr
        assert b"facts.yaml:" in done.stderr
        assert b"facts.yaml:" in run(site, "audit", "--from", "saved", expect=(2,)).stderr
        name = wrong.split(":", maxsplit=1)[0].strip()
        assert b"facts.yaml:" in run(site, "doctor", "parse", "acme_os", name, str(output), expect=(2,)).stderr


def test_the_guide_names_every_key_of_a_fact() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in FactSpec.model_fields if f"`{name}`" not in text] == []
