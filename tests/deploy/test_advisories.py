"""Known vulnerabilities of pinned packages: ranges of OSV, and sources that know nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests import advisories

HOME = Path(__file__).parents[2]


def test_old_packages_are_named_as_locked() -> None:
    named = re.findall(r"(?m)^\| ([\w.-]+) (\d[\w.]*) \| \d{4} \|", (HOME / "SECURITY.md").read_text("utf-8"))
    locked = re.findall(r"(?m)^([\w.-]+)==([\w.]+)", (HOME / "constraints.txt").read_text("utf-8"))
    assert len(named) > 5
    assert {*named} <= {*locked}, "a package that left or was released again has no place in the table"


def test_the_oldest_package_is_never_imported() -> None:
    pytest.importorskip("ansible_runner")
    code = "import sys, ansible_runner.interface; sys.exit('lockfile' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def advisory(*events: dict[str, str], name: str = "Widget.Kit", **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": more.pop("ecosystem", "PyPI"), "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
        "versions": more.pop("versions", []),
    }
    return {"id": "PYSEC-1", "modified": "2026-11-01T00:00:00Z", "affected": [affected], **more}


FROM_0 = {"introduced": "0"}
TWO_RANGES = (FROM_0, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.1"})


@pytest.mark.parametrize(
    ("entry", "release", "known"),
    [
        pytest.param(advisory(FROM_0, {"fixed": "1.10"}), "1.9", True, id="before the fix, by number"),
        pytest.param(advisory(FROM_0, {"fixed": "1.10"}), "1.10", False, id="the fix"),
        pytest.param(advisory(FROM_0, {"last_affected": "1.10"}), "1.10", True, id="the last affected"),
        pytest.param(advisory(FROM_0, {"last_affected": "1.10"}), "1.10.1", False, id="after the last affected"),
        pytest.param(advisory({"introduced": "2.0"}), "1.9", False, id="before the beginning"),
        pytest.param(
            advisory(*TWO_RANGES),
            "2.0.5",
            True,
            id="second range",
        ),
        pytest.param(
            advisory(*TWO_RANGES),
            "1.5",
            False,
            id="between ranges",
        ),
        pytest.param(advisory({"introduced": "9"}, versions=["1.9"]), "1.9", True, id="listed"),
        pytest.param(advisory(FROM_0, name="widget_kit"), "1", True, id="another spelling"),
        pytest.param(advisory(FROM_0, name="widget"), "1", False, id="another package"),
        pytest.param(advisory(FROM_0, ecosystem="npm"), "1", False, id="another ecosystem"),
        pytest.param(advisory(FROM_0, withdrawn="2026-11-02T00:00:00Z"), "1", False, id="withdrawn"),
    ],
)
def test_ranges(tmp_path: Path, entry: dict[str, Any], release: str, known: bool) -> None:
    (tmp_path / "PYSEC-1.json").write_text(json.dumps(entry), encoding="utf-8")
    checked = advisories.by_copy({"widget-kit": release}, tmp_path)
    assert [line.split(":")[0] for line in checked.found] == [f"widget-kit {release}"] * known
    assert "the newest of 2026-11-01" in checked.source


def test_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages are counted as checked only where a source knows advisories."""
    lock, archive = tmp_path / "constraints.txt", tmp_path / "all.zip"
    lock.write_text("widget-kit==1.0 \\\n    --hash=sha256:00\nother==2\n", encoding="utf-8")
    with ZipFile(archive, "w") as written:
        written.writestr("PYSEC-1.json", json.dumps(advisory(FROM_0)))
    assert advisories.main(str(lock), str(archive)) == 1
    assert "2 packages checked, 1 vulnerabilities known" in capsys.readouterr().out
    with ZipFile(archive, "w"):
        pass
    assert advisories.main(str(lock), str(archive)) == 2
    assert advisories.main(str(lock), str(tmp_path / "nowhere.zip")) == 2
    monkeypatch.setattr(advisories, "_audited", lambda *_pins: ())  # a mirror: packages without advisories
    assert advisories.main(str(lock)) == 2
    assert "none of 2 packages was checked" in capsys.readouterr().err
