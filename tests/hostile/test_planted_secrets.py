"""Secrets planted in configuration answers come out in no database, run, report, terminal or log."""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventready.audit.saved_outputs import file_name
from eventready.cli.main import cli
from eventready.core.strings.texts import lines_of
from eventready.facts.observe import commands_for, reduced_replies
from eventready.facts.platform import load_platform
from eventready.platforms.loader import platform_names
from eventready.session.reply import Reply
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from tests.planted import FORMS, PLANTED


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after an audit and a report; terminal.txt holds what both printed."""
    root = tmp_path_factory.mktemp("planted")
    copy_example(root / "w")
    for device in load_workspace(root / "w").devices:
        platform = load_platform(device.platform)
        (root / "saved" / device.name).mkdir(parents=True)
        for command in filter(platform.prints_configuration, commands_for(platform, platform.facts)):
            (root / "saved" / device.name / file_name(command)).write_text(f"{FORMS}\n", encoding="utf-8")
    shown = ""
    options = ["-w", str(root / "w"), "--log", str(root / "log.txt")]
    for words in (
        ["audit", "--from", str(root / "saved"), "--out", str(root / "run.json")],
        ["report", "readiness", "--rehearsal", "--format", "html,md,json", "--out", str(root / "reports")],
        ["runs", "show", "latest", "-o", "json"],
    ):
        done = CliRunner().invoke(cli, [*options, *words])
        assert done.exit_code in (0, 3, 4), done.output
        shown += done.output
    (root / "terminal.txt").write_text(shown, encoding="utf-8")
    return root


def test_no_file_has_a_planted_secret(audited: Path) -> None:
    files = [path for path in audited.rglob("*") if path.is_file() and "saved" not in path.parts]
    assert len(files) > 30
    found = [str(path) for path in files if PLANTED.encode() in path.read_bytes()]
    assert not found


def test_no_evidence_has_a_planted_secret(audited: Path) -> None:
    (database,) = (audited / "w" / ".eventready").glob("*.db")
    with sqlite3.connect(database) as connection:
        rows = connection.execute("select data from eventready_evidence").fetchall()
    texts = [zlib.decompress(data).decode() for (data,) in rows]
    run = json.loads((audited / "run.json").read_text(encoding="utf-8"))
    kept = {observation["evidence"] for observation in run["observations"] if observation["evidence"]}
    assert len(texts) == len(kept) > 3
    assert any("snmp" in text for text in texts)
    assert not [text for text in texts if PLANTED in text]


@pytest.mark.parametrize("name", platform_names())
def test_no_captured_configuration_has_a_planted_secret(name: str) -> None:
    platform = load_platform(name)
    commands = [c for c in commands_for(platform, platform.facts) if platform.prints_configuration(c)]
    for reply in reduced_replies("r1", platform, platform.facts, [Reply(command, FORMS) for command in commands]):
        assert PLANTED not in reply.text
        assert len(lines_of(reply.text)) == len(lines_of(FORMS))


def test_captured_configurations_differ_as_those_of_the_device() -> None:
    platform = load_platform("osmocom_bsc")
    commands = [c for c in commands_for(platform, ["saved_config"]) if platform.prints_configuration(c)]
    one, other = reduced_replies(
        "bsc-1", platform, ["saved_config"], [Reply(c, f"vty\n x {n}\n") for n, c in enumerate(commands)]
    )
    assert one.text != other.text
