"""The walk of a service on the terminal: two lines in every run, and whole with `--explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eventready.cli.audit.run_summary import run_summary
from eventready.cli.context import App, Output
from eventready.cli.declare.audit import audit, runs
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message
from eventready.core.records import Shape
from eventready.evaluation.verdicts import NO_ORIGINS
from eventready.store.run import Run
from eventready.store.run_walk import ServiceWalk, StoredSentence, WalkHop, WalkUsers
from eventready.store.store import Store
from eventready.workspace.examples.new_workspace import write_workspace
from tests.papers.documents import broken
from tests.workspace.test_new_workspace import BULL_RACE

HOP = WalkHop("edge Gi0/1", "core Gi0/2", "adjacency")
SENTENCE = message("checks:service_way.route_none", device="edge-vh-1")
WALK = ServiceWalk(
    "one_way_left",
    StoredSentence.of(SENTENCE),
    (WalkUsers("one_way_left", ("lan 1", "lan 2"), 40, "edge", (HOP,), next=("agg-2",), missing=("agg-1",)),),
)


def document(**more: Any) -> dict[str, Any]:
    made = broken().document
    one = next(one for one in made["verdicts"] if (one["venue"], one["service"]) == ("hoi-nghi", "internet"))
    one.update(
        walk=Shape(ServiceWalk, whole=True).plain(WALK), because=["core-1 uplink TenGigabitEthernet0/1/1"], **more
    )
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "w", BULL_RACE)
    with Store.of_workspace(tmp_path / "w") as store:
        run_id = store.begin("e", Clock())
        store.finish({**document(), "id": run_id})
    return tmp_path / "w"


def run(folder: Path, *words: str, output: Output = "table", lang: Lang = "en") -> Result:
    app = App(workspace_path=folder, output=output, chosen_lang=lang)
    return CliRunner().invoke(runs, ["show", "latest", *words], obj=app, standalone_mode=False)


def test_a_walk_whole_has_hops_with_witness_missing_parts_dangers_and_findings(folder: Path) -> None:
    output = run(folder, "--explain", "hoi-nghi/internet").stdout
    for part in (
        "edge-vh-1 has no default route", "2 networks, one way left: lan 1, lan 2", "Expected people: 40",
        "edge Gi0/1 -> core Gi0/2: adjacency of a routing protocol at the receiver", "Second way: none",
        "without a witness: agg-1", "takes the service: agg-2", "TenGigabitEthernet0/1/1 is down",
    ):  # fmt: skip
        assert part in output
    assert "is broken" not in output  # a finding that does not bear on it
    assert "2 mạng, chỉ còn một đường" in run(folder, "--explain", "hoi-nghi/internet", lang="vi").stdout


def test_a_walk_as_json_is_that_of_the_run(folder: Path) -> None:
    plain = json.loads(run(folder, "--explain", "hoi-nghi/internet", output="json").stdout)
    assert plain["walk"] == Shape(ServiceWalk, whole=True).plain(WALK)
    assert [one["check"] for one in plain["findings"]] == ["uplink"]


@pytest.mark.parametrize(("name", "words"), [("hoi-nghi/interne", "Did you mean"), ("hoi-nghi", "VENUE/SERVICE")])
def test_an_unknown_service_is_refused_with_a_suggestion(folder: Path, name: str, words: str) -> None:
    assert words in str(run(folder, "--explain", name).exception)


def test_an_audit_explains_the_last_full_one_and_reads_nothing(folder: Path) -> None:
    app = App(workspace_path=folder)
    done = CliRunner().invoke(audit, ["--explain", "hall/internet"], obj=app, standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    with Store.of_workspace(folder) as store:
        assert len(store.runs()) == 1


def test_each_service_with_a_walk_has_its_verdict_with_the_reasons_and_its_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    App().display(run_summary(Run.sealed(document(verdict="NOT_MEASURED", reasons=[NO_ORIGINS]))))
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("  edge-vh-1 has no default route")
    assert any(line.startswith("NOT MEASURED: No origin is declared") for line in lines[:place])
    assert "origins:" in "\n".join(lines[place - 3 : place])
