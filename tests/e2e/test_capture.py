"""Captures of the simulated province: the files, what `audit --from` and `parse` make of them, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.audit import AuditResult
from eventready.audit.saved_outputs import SavedOutputs, file_name
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.facts.platform import load_platform
from eventready.platforms.loader import platform_names
from tests.e2e.conftest import PATIENCE, Province, troubles

pytestmark = pytest.mark.lab

DEVICES = "agg-1,bsc-6900,core-1,wlc-1"


def captured(province: Province, folder: Path, *words: str, expect: int = 0) -> tuple[list[dict[str, Any]], str]:
    """The document of `eventready audit --save`, and its messages."""
    done = province.call("-o", "json", "audit", "--save", str(folder), *words, expect=(expect,))
    return json.loads(done.stdout), done.stderr


@pytest.fixture
def patient(province: Province) -> Iterator[None]:
    """Devices have the time to answer all that their platforms read, on a busy machine too."""
    defaults = province.copy / "inventory" / "defaults.yaml"
    defaults.write_text(PATIENCE.replace("device_timeout_s: 6", "device_timeout_s: 60"), encoding="utf-8")
    yield
    defaults.write_text(PATIENCE, encoding="utf-8")


@pytest.mark.usefixtures("patient")
def test_a_capture_gives_the_audit_of_the_devices(province: Province, tmp_path: Path) -> None:
    folder = tmp_path / "capture"
    document, _ = captured(province, folder, "-l", DEVICES, "--interval", "1")
    assert {one["device"]: (one["missing"], one["unparsed"]) for one in document} == dict.fromkeys(
        DEVICES.split(","), ({}, {})
    )
    route = folder / "core-1" / file_name("show ip route 192.0.2.90")
    assert route.is_file(), "an audit of all devices needs it"
    live = province.audit(DEVICES)
    saved = province.audit(DEVICES, saved=folder)
    measured = [{(o["device"], o["fact"]): o["status"] for o in r.run.document["observations"]} for r in (live, saved)]
    assert measured[0] == measured[1]
    assert troubles(saved) == troubles(live)
    assert_inventory_counts_for_nothing(saved, province.audit(DEVICES, saved=folder, wide=True))
    real_clock = province.audit(DEVICES, saved=folder, clock=Clock())
    assert real_clock.run.document["clock"]["rehearsal"], "the capture is of a lab"
    assert saved.run.document["coverage"] == live.run.document["coverage"]
    assert (SavedOutputs(folder).interval_s("core-1") or 0) >= 1
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.name for path in folder.iterdir()} == {*DEVICES.split(","), "capture.json"}
    index = json.loads((folder / "capture.json").read_text(encoding="utf-8"))
    moment = datetime.fromisoformat(index["captured"]) - timedelta(days=2)
    (folder / "capture.json").write_text(json.dumps({**index, "captured": moment.isoformat()}), encoding="utf-8")
    old = set(troubles(province.audit(DEVICES, saved=folder))) - set(troubles(saved))
    assert old == {(name, "capture", "", "warn") for name in DEVICES.split(",")}


def assert_inventory_counts_for_nothing(narrow: AuditResult, wide: AuditResult) -> None:
    """A wide audit has more observations, and the findings, verdicts, coverage and exit code of the other."""
    documents = [done.run.document for done in (narrow, wide)]
    findings = [{(f["device"], f["check"], f["subject"], f["status"]) for f in one["findings"]} for one in documents]
    assert findings[0] == findings[1]
    assert documents[0]["verdicts"] == documents[1]["verdicts"]
    few, all_ = (one["coverage"] for one in documents)
    assert (few["needed"], few["measured"]) == (all_["needed"], all_["measured"])
    assert all_["seen"] >= few["seen"] > few["uncovered"]
    assert narrow.exit == wide.exit
    inventory = [o for o in documents[1]["observations"] if o.get("inventory")]
    judged = [(o["device"], o["fact"], o["reading"]) for o in documents[1]["observations"] if not o.get("inventory")]
    assert judged == [(o["device"], o["fact"], o["reading"]) for o in documents[0]["observations"]]
    assert any(o["status"] == "parsed" for o in inventory)


def test_a_refused_form_is_named_with_the_command_that_shows_its_lines(
    province: Province, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with province.fault("agg-1", "garbage"):
        done = province.call("audit", "-l", "agg-1", "--save", str(tmp_path / "c"), "--interval", "0")
    hint = re.search(r"eventready (-w \S+ doctor parse .*)", done.stderr)
    assert hint
    with pytest.raises(SystemExit, match="4"):
        main(shlex.split(hint[1]))
    assert "Not matched:" in capsys.readouterr().out


def test_a_device_that_does_not_answer_has_no_file(province: Province, tmp_path: Path) -> None:
    with province.fault("agg-1", "auth-refused"):
        (one,), messages = captured(province, tmp_path / "c", "-l", "agg-1", expect=4)
    assert one["files"] == 0
    assert all(one["missing"].values())
    assert "agg-1: not measured." in messages
    assert not (tmp_path / "c" / "agg-1").exists()


def test_a_folder_with_files_is_replaced_on_request_only(province: Province, tmp_path: Path) -> None:
    place = ("audit", "-l", "agg-1", "--interval", "0", "--save", str(tmp_path))
    note = tmp_path / "note.txt"
    note.write_text("mine\n", encoding="utf-8")
    assert "is not empty" in province.call(*place, expect=(2,)).stderr
    assert "holds no capture" in province.call(*place, "--replace", expect=(2,)).stderr
    note.unlink()
    province.call(*place)
    stale = tmp_path / "agg-1" / "show_of_yesterday.txt"
    stale.write_text("x\n", encoding="utf-8")
    assert "--replace" in province.call(*place, expect=(2,)).stderr
    province.call(*place, "--replace")
    assert not stale.exists()


@pytest.mark.attack(family="files")
@pytest.mark.parametrize("place", ["core-1", "core-1/2"])
def test_a_linked_folder_of_a_device_is_left_alone(province: Province, tmp_path: Path, place: str) -> None:
    folder, other = tmp_path / "capture", tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    (folder / place).parent.mkdir(parents=True)
    (folder / place).symlink_to(other)
    (folder / "capture.json").write_text("{}")
    done = province.call("audit", "--save", str(folder), "-l", "core-1", "--replace", expect=(2,))
    assert "is a link, whose files would be removed" in done.stderr
    assert [path.name for path in other.iterdir()] == ["notes.txt"]


def test_a_file_name_belongs_to_one_command() -> None:
    for platform in map(load_platform, platform_names()):
        commands = {command for fact in platform.facts.values() for command in fact.commands}
        names = [file_name(command) for command in commands]
        assert len({name.lower() for name in names}) == len(commands), platform.name
        assert max(map(len, names), default=0) <= 124, platform.name


_CAPTURED = '{"schema": "eventready.capture/1", "captured": "%s", "devices": []}'
_SECONDS = '{"schema": "eventready.capture/1", "devices": [{"device": "core-1", "interval_s": %s}]}'


@pytest.mark.parametrize(
    "index",
    ["", "[]", "{}", '{"schema": "other/1", "devices": []}', '{"schema": 1', "[" * 9999,
     *(_SECONDS % seconds for seconds in ("NaN", "Infinity", "-10")),
     *(_CAPTURED % moment for moment in ("yesterday", "2022-04-25T07:00:00"))],
)  # fmt: skip
def test_an_index_that_is_none_is_refused(tmp_path: Path, index: str) -> None:
    (tmp_path / "capture.json").write_text(index, encoding="utf-8")
    with pytest.raises(UsageError, match="index of the capture"):
        SavedOutputs(tmp_path)
