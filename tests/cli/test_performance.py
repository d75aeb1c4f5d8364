"""`eventready network performance`: what is read of files and sources, and the figures of a cell."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from eventready.cli.audit.performance import _value
from eventready.cli.main import main
from eventready.workspace.workspace import load_workspace
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


def write_source(workspace: Path, **values: str) -> None:
    lines = {"name": "oss", "folder": "pm", "pattern": "'*.xml'", "layout": "3gpp", **values}
    text = "\n  ".join(f"{key}: {value}" for key, value in lines.items())
    (workspace / "inventory" / "performance.yaml").write_text(f"sources:\n- {text}\ncells:\n  BTS-HN-02: [B]\n")


def test_sources_are_checked_against_the_cells_of_the_inventory(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_source(workspace)
    (workspace / "pm" / "b.xml").write_text(PLACES[:300])
    assert run(workspace, "-o", "json", "network", "performance", "check") == 4
    found = json.loads(capsys.readouterr().out)
    (source,) = found["sources"]
    assert [Path(name).name for name in source["files"]] == ["a.xml"]
    assert [Path(name).name for name in source["refused"]] == ["b.xml"]
    assert not {"BTS-HN-01", "BTS-HN-02"} & set(found["missing"])
    assert "BTS-HN-03" in found["missing"]
    assert (found["others"], source["suspect"], source["unknown"]) == ([], ["BTS-HN-02"], ["XYZ.Unknown"])
    assert run(workspace, "--lang", "vi", "network", "performance", "check") == 4
    assert "b.xml: tệp bị cắt cụt" in capsys.readouterr().out


def test_an_old_period_is_late(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_source(workspace)
    assert run(workspace, "--now", "2022-04-25 07:00", "-o", "json", "network", "performance", "check") == 4
    assert json.loads(capsys.readouterr().out)["sources"][0]["late"] == ["BTS-HN-01", "BTS-HN-02"]


def test_the_figures_of_a_cell(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(workspace / "pm" / "a.xml")
    assert run(workspace, "network", "performance", "show", "bts-hn-01", file, "--layout", "3gpp") == 0
    shown = capsys.readouterr().out
    assert "25/04/2022 06:00" in shown
    assert re.search(r"prb_up \[%\] +\?", shown)
    assert re.search(r"rrc_success \[%\] +96\n", shown)
    assert run(workspace, "network", "performance", "show", "bts-hn-10", file, "--layout", "3gpp") == 2
    assert "BTS-HN-01" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"zone": "Mars"}, "Mars is no time zone"),
        ({"layout": "3gp"}, "3gpp"),
        ({"folder": "nowhere"}, "nowhere"),
        ({"pattern": "'../*'"}, "pattern"),
        ({"pattern": "a**b"}, "pattern"),
        ({"period_minutes": "0"}, "performance.yaml:6"),
    ],
    ids=["zone", "layout", "folder", "outside", "stars", "period"],
)
def test_a_wrong_source_is_a_sentence(
    values: dict[str, str], sentence: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_source(workspace, **values)
    assert run(workspace, "--lang", "en", "network", "performance", "check") == 2
    assert sentence in capsys.readouterr().err


def test_files_need_a_layout_and_a_workspace_a_source(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "network", "performance", "check", str(workspace / "pm" / "a.xml")) == 2
    assert "--layout" in capsys.readouterr().err
    assert run(workspace, "network", "performance", "check") == 2
    assert "performance.yaml" in capsys.readouterr().err


#: The sample without its second cell.
ALONE = re.sub(r'<measValue measObjLdn="[^"]*FDD=B">.*?</measValue>\n', "", PLACES, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (ALONE, None),
        (ALONE.replace('<r p="3">1</r>', '<r p="3">1</r><suspect>true</suspect>'), "suspect"),
        (re.sub(r'<r p="(.)">\d+<', r'<r p="\1">NULL<', ALONE), "useless"),
        (ALONE.replace("2022-04-25T06:15", "2031-04-25T06:15"), "future"),
        (ALONE.replace("PT900S", "PT1H").replace("PT15M", "PT1H"), "length"),
        (ALONE.replace("2022-04-25T06:15", "2022-04-25T05:45"), "late"),
        (ALONE.replace('<r p="1">480</r>', '<r p="1">480</r><r p="1">481</r>'), "differing"),
    ],
    ids=["whole", "suspect", "useless", "future", "length", "late", "differing"],
)
def test_what_is_doubtful_is_not_in_order(
    text: str, finding: str | None, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With every cell of the inventory in the files, the exit code is that of a gap."""
    write_source(workspace)
    (workspace / "pm" / "a.xml").unlink()
    cells = [one.name for device in load_workspace(EXAMPLE).devices for one in device.expect.cells]
    for number, name in enumerate(cells):
        (workspace / "pm" / f"{number}.xml").write_text(text.replace("FDD=A", f"FDD={name}"))
    (workspace / "inventory" / "performance.yaml").write_text(
        (workspace / "inventory" / "performance.yaml").read_text().partition("cells:")[0]
    )
    code = run(workspace, "-o", "json", "network", "performance", "check")
    found = json.loads(capsys.readouterr().out)
    assert found["missing"] == []
    assert code == (0 if finding is None else 4)
    assert finding is None or len(found["sources"][0][finding]) == len(cells)


def test_cells_of_all_sources_together_are_those_of_the_inventory(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "sources:\n" + "".join(f"- {{name: s{one}, folder: pm{one}, layout: 3gpp}}\n" for one in (1, 2))
    (workspace / "inventory" / "performance.yaml").write_text(text)
    for one, name in ((1, "BTS-HN-01"), (2, "BTS-HN-02")):
        (workspace / f"pm{one}").mkdir()
        (workspace / f"pm{one}" / "a.xml").write_text(ALONE.replace("FDD=A", f"FDD={name}"))
    run(workspace, "-o", "json", "network", "performance", "check")
    missing = json.loads(capsys.readouterr().out)["missing"]
    assert not {"BTS-HN-01", "BTS-HN-02"} & set(missing)


def test_a_share_is_never_rounded_up() -> None:
    shown = [_value(one) for one in (99.9999, 100.0, 99.996, 0.03, 12345.0, -101.5, 0.0, None)]
    assert shown == ["99.99", "100", "99.99", "0.03", "12,345", "-101.5", "0", "?"]
