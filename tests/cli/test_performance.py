"""`eventready network performance`: what is read of files and sources, and the figures of a cell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eventready.cli.main import main
from tests.facts.performance.samples import PLACES

EXAMPLE = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE / "inventory", tmp_path / "ws" / "inventory")
    (tmp_path / "ws" / "pm").mkdir()
    (tmp_path / "ws" / "pm" / "a.xml").write_text(PLACES.replace("EUtranCellFDD=A", "EUtranCellFDD=BTS-HN-01"))
    return tmp_path / "ws"


def run(workspace: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["-w", str(workspace), "--now", "2022-04-25 06:20", *words])
    return left.value.code if isinstance(left.value.code, int) else 0


def source(workspace: Path, **values: str) -> None:
    lines = {"name": "oss", "folder": "pm", "pattern": "'*.xml'", "layout": "3gpp", **values}
    text = "\n  ".join(f"{key}: {value}" for key, value in lines.items())
    (workspace / "inventory" / "performance.yaml").write_text(f"sources:\n- {text}\ncells:\n  BTS-HN-02: [B]\n")


def test_sources_are_checked_against_the_cells_of_the_inventory(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source(workspace)
    (workspace / "pm" / "b.xml").write_text(PLACES[:300])
    assert run(workspace, "-o", "json", "network", "performance", "check") == 4
    (found,) = json.loads(capsys.readouterr().out)
    assert [Path(name).name for name in found["files"]] == ["a.xml"]
    assert [Path(name).name for name in found["refused"]] == ["b.xml"]
    assert not {"BTS-HN-01", "BTS-HN-02"} & set(found["missing"])
    assert "BTS-HN-03" in found["missing"]
    assert (found["others"], found["suspect"], found["unknown"]) == ([], ["BTS-HN-02"], ["XYZ.Unknown"])
    assert run(workspace, "--lang", "vi", "network", "performance", "check") == 4
    assert "b.xml: tệp bị cắt cụt" in capsys.readouterr().out


def test_an_old_period_is_late(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source(workspace)
    assert run(workspace, "--now", "2022-04-25 07:00", "-o", "json", "network", "performance", "check") == 4
    assert json.loads(capsys.readouterr().out)[0]["late"] == ["BTS-HN-01", "BTS-HN-02"]


def test_the_figures_of_a_cell(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(workspace / "pm" / "a.xml")
    assert run(workspace, "network", "performance", "show", "bts-hn-01", file, "--layout", "3gpp") == 0
    shown = capsys.readouterr().out
    assert "25/04 06:00" in shown
    assert "rrc_success [%]  96" in shown
    assert run(workspace, "network", "performance", "show", "bts-hn-10", file, "--layout", "3gpp") == 2
    assert "BTS-HN-01" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"zone": "Mars"}, "Mars is no time zone"),
        ({"layout": "3gp"}, "3gpp"),
        ({"folder": "nowhere"}, "nowhere"),
        ({"period_minutes": "0"}, "performance.yaml:6"),
    ],
    ids=["zone", "layout", "folder", "period"],
)
def test_a_wrong_source_is_a_sentence(
    values: dict[str, str], sentence: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source(workspace, **values)
    assert run(workspace, "--lang", "en", "network", "performance", "check") == 2
    assert sentence in capsys.readouterr().err


def test_files_need_a_layout_and_a_workspace_a_source(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "network", "performance", "check", str(workspace / "pm" / "a.xml")) == 2
    assert "--layout" in capsys.readouterr().err
    assert run(workspace, "network", "performance", "check") == 2
    assert "performance.yaml" in capsys.readouterr().err
