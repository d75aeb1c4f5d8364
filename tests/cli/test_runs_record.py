"""`runs sign`, `verify` and `prune` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eventready.cli.audit.runs import parse_span
from eventready.cli.context import App, Output
from eventready.cli.declare.audit import runs
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.store.store import Store
from eventready.workspace.examples.new_workspace import write_workspace
from eventready.workspace.keys.signing_keys import OWN_KEY, make_key
from tests.store.conftest import Document, document
from tests.store.integrity.test_checkpoints import fill, rewrite
from tests.workspace.test_new_workspace import BULL_RACE

__all__ = ["document"]


@pytest.fixture
def folder(tmp_path: Path, document: Document) -> Path:
    write_workspace(tmp_path / "w", BULL_RACE)
    with Store.of_workspace(tmp_path / "w"):
        pass
    fill(tmp_path / "w" / ".eventready" / "eventready.db", Clock(), document)
    return tmp_path / "w"


def run(folder: Path, *words: str, output: Output = "table") -> Result:
    return CliRunner().invoke(runs, words, obj=App(workspace_path=folder, output=output), standalone_mode=False)


def test_without_a_key_the_verification_says_what_it_does_not_prove(folder: Path) -> None:
    done = run(folder, "verify")
    assert done.return_value == 0
    assert "No signed head" in done.stderr
    assert f"eventready -w {folder} runs sign --out FILE" in done.stderr


def test_sign_prune_verify(folder: Path, tmp_path: Path) -> None:
    make_key(folder / OWN_KEY, "Nhà mạng A")
    head = tmp_path / "head.json"
    assert run(folder, "sign", "--out", str(head)).exception is None
    assert "Signed up to run number 3 of 3 by Nhà mạng A" in run(folder, "verify").stderr
    assert "2 runs would be pruned" in run(folder, "prune", "--keep", "1", "--dry-run").stderr
    assert "2 runs pruned; 2 raw texts" in run(folder, "prune", "--keep", "1").stderr
    plain = json.loads(run(folder, "verify", output="json").stdout)
    assert (plain["intact"], plain["pruned"], plain["signed"]["position"]) == (True, 2, 3)


def test_a_checkpoint_kept_elsewhere_reveals_a_rewritten_store(folder: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "keys" / "own.pem", "A")
    head = str(tmp_path / "head.json")
    assert run(folder, "sign", "--key", str(tmp_path / "keys" / "own.pem"), "--out", head).exception is None
    rewrite(folder / ".eventready" / "eventready.db")
    done = run(folder, "verify", "--keys", str(tmp_path / "keys"), "--checkpoint", head)
    assert done.return_value == 3
    assert "is not the one signed by" in done.stdout


@pytest.mark.parametrize("text", ["", "90", "90m", "-1d", "99999d"])
def test_spans_that_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a length of time"):
        parse_span(text)


def test_prune_needs_a_rule(folder: Path) -> None:
    assert "Give --keep N or --older-than SPAN." in str(run(folder, "prune").exception)
