"""`eventready report readiness` and `eventready runs`, as a person types them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.store.database.connection import ENVIRONMENT
from eventready.store.run_items import ItemsOfDevice
from eventready.store.store import Store
from tests.papers.documents import Scene, broken, healthy
from tests.shared import called

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in the workspace `tmp_path`: exit code, stdout, stderr."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    return partial(called, capsys, "-w", tmp_path)


def keep(workspace: Path, *scenes: Scene) -> list[str]:
    """Store runs; their names."""
    with Store.of_workspace(workspace) as store:
        made = []
        for scene in scenes:
            for text in scene.texts.values():
                store.evidence(text)
            run_id = store.begin("tra-vinh-30", Clock.starting("2022-04-25 07:00"))
            made.append(store.finish({**scene.document, "id": run_id}).id)
        return made


def test_report_writes_a_file_and_names_it(call: Call, tmp_path: Path) -> None:
    (name,) = keep(tmp_path, broken())
    code, out, _ = call("report", "readiness")
    path = tmp_path / "reports" / f"readiness-{name}.vi.html"
    assert (code, out.strip()) == (0, str(path))
    text = path.read_text(encoding="utf-8")
    assert "show ip ospf neighbor" in text
    assert "10.255.0.41       1   INIT/DROTHER" in text
    assert list(path.parent.iterdir()) == [path], "no draft is left"


@pytest.mark.slow
def test_report_in_all_forms_and_english(call: Call, tmp_path: Path) -> None:
    (name,) = keep(tmp_path, broken())
    code, out, _ = call(
        "report",
        "readiness",
        name,
        "--lang",
        "en",
        "--format",
        "html,docx,pdf,xlsx,md,json",
        "--out",
        str(tmp_path / "o"),
    )
    assert code == 0
    assert [Path(line).name for line in out.split()] == [
        f"readiness-{name}.en.{form}" for form in ("html", "docx", "pdf", "xlsx", "md", "json")
    ]
    code, out, _ = call("-o", "json", "report", "readiness", "--format", "md", "--out", str(tmp_path / "o"))
    assert json.loads(out)[0]["format"] == "md"


def test_report_to_a_file_and_to_stdout(call: Call, tmp_path: Path) -> None:
    keep(tmp_path, healthy())
    assert call("report", "readiness", "--out", str(tmp_path / "x.html"))[0] == 0
    assert (tmp_path / "x.html").exists()
    code, out, _ = call("report", "readiness", "--format", "md", "--out", "-")
    assert code == 0
    assert "\n# Mức độ sẵn sàng của mạng lưới\n" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("readiness", "latets"), "Did you mean latest?"),
        (("readiness", "--format", "odt"), "choose among html, docx, pdf, xlsx, md, json"),
        (("readiness", "--format", "html,md", "--out", "-"), "only one format"),
        (("readiness", "--format", "html,md", "--out", "x.html"), "Name a folder"),
        (("readiness", "absent.json"), "cannot be read"),
        (("readiness", "--out", "/proc/nobody/x.html"), "The report cannot be written"),
    ],
)
def test_report_says_what_is_wrong(call: Call, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    keep(tmp_path, healthy())
    code, _, err = call("report", *arguments)
    assert code == Exit.USAGE
    assert words in err


def test_without_runs_reading_leaves_no_trace(call: Call, tmp_path: Path) -> None:
    for arguments in (("report", "readiness"), ("runs", "list"), ("runs", "verify"), ("runs", "diff")):
        code, _, err = call(*arguments)
        assert code == Exit.USAGE
        assert "No run is stored yet" in err
    assert list(tmp_path.iterdir()) == []


def test_a_saved_document_can_be_reported(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(b"".join(broken().run.json()))
    code, out, _ = call("report", "readiness", str(path), "--format", "md", "--out", "-")
    assert code == 0
    assert "AP\\-HN\\-07" in out


def test_list(call: Call, tmp_path: Path) -> None:
    first, second = keep(tmp_path, healthy(), broken())
    with Store.of_workspace(tmp_path) as store:
        lost = store.begin("tra-vinh-30", Clock())
    code, out, _ = call("runs", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["Run", first, second, lost]
    assert "5 Not ready" in out
    assert "interrupted" in out
    listed = json.loads(call("-o", "json", "runs", "list")[1])
    assert [entry["state"] for entry in listed] == ["finished", "finished", "interrupted"]
    assert [entry["id"] for entry in listed] == [first, second, lost]


def test_an_interrupted_run_is_named_so(call: Call, tmp_path: Path) -> None:
    """Devices with an answer on record count as reached."""
    scene = broken()
    (name,) = keep(tmp_path, scene)
    header = scene.run.header
    devices = tuple(replace(one, reachable=False, reason="") for one in header.devices)
    begun = replace(header, state="interrupted", devices=devices)
    first, second = (one.name for one in devices[:2])
    rows = {
        device: b'{"device":"%s","evidence":%s,"fact":"cpu","status":"parsed"}' % (device.encode(), evidence)
        for device, evidence in ((first, b'"ab"'), (second, b'""'))
    }
    with Store.of_workspace(tmp_path) as store:
        left = store.begin("tra-vinh-30", Clock.starting("2022-04-25 08:00"), begun)
        store.keep_items(left, [ItemsOfDevice.of("observations", device, {"": row}) for device, row in rows.items()])
    for words in (("runs", "show", left), ("runs", "diff", name, left), ("runs", "diff", left, name)):
        assert f"{left} was interrupted" in call(*words)[1]
    document = json.loads(call("-o", "json", "runs", "show", left)[1])
    assert [one["name"] for one in document["devices"] if one["reachable"]] == [first]
    assert "interrupted" not in call("runs", "diff", name, name)[1]


def test_show(call: Call, tmp_path: Path) -> None:
    (name,) = keep(tmp_path, broken())
    code, out, _ = call("runs", "show")
    assert code == 0
    assert re.search(r"hoi-nghi\s+wifi\s+Not ready", out)
    assert "TenGigabitEthernet0/1/1 is down" in out
    document = json.loads(call("runs", "show", name, "--output", "json")[1])
    assert document["id"] == name
    evidence = next(o["evidence"] for o in document["observations"] if o["fact"] == "ospf_neighbour")
    code, out, _ = call("runs", "show", name, "--evidence", evidence[:12])
    assert (code, out.splitlines()[0].split()[:2]) == (0, ["Neighbor", "ID"])
    code, _, err = call("runs", "show", "--evidence", "zz")
    assert code == Exit.USAGE
    assert "cites no 'zz'" in err


def test_diff(call: Call, tmp_path: Path) -> None:
    *_, whole = keep(tmp_path, healthy(), broken())
    code, out, _ = call("runs", "diff", "previous", "latest")
    assert code == Exit.FINDINGS
    assert "0 fixed" in out
    assert re.search(r"new\s+Failed\s+core-1\s+uplink\s+TenGigabitEthernet0/1/1 is down", out)
    code, out, _ = call("-o", "json", "runs", "diff", "latest", "previous")
    assert code == 0
    assert len(json.loads(out)["fixed"]) > 5
    assert call("runs", "diff", "latest", "latest")[0] == 0
    assert call("-o", "json", "runs", "diff")[0] == Exit.FINDINGS
    scene = broken()
    (part,) = keep(tmp_path, replace(scene, document={**scene.document, "devices": scene.document["devices"][1:]}))
    assert call("runs", "diff")[0] == Exit.USAGE  # no earlier run of these devices
    assert f"Only in {part}" not in (out := call("runs", "diff", whole, "latest")[1])
    assert ": 1 device, with findings counted as new or unseen" in out


def test_verify(call: Call, tmp_path: Path) -> None:
    import sqlite3

    (name,) = keep(tmp_path, broken())
    code, out, _ = call("runs", "verify")
    assert code == 0
    assert "Intact: 1 run" in out
    with sqlite3.connect(tmp_path / ".eventready" / "eventready.db") as raw:
        raw.execute("UPDATE eventready_run SET document = x'00'")
    raw.close()
    code, out, err = call("runs", "verify")
    assert code == Exit.FINDINGS
    assert f"{name}: The document is damaged" in out
    assert "Compare with a backup" in err
    assert json.loads(call("-o", "json", "runs", "verify")[1])["intact"] is False
    code, _, err = call("runs", "show")
    assert code == Exit.USAGE
    assert "is damaged" in err
