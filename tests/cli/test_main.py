"""The command line as a whole: help, errors in one sentence, exit codes, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from eventready.cli import main as command_line
from eventready.cli.commands import COMMANDS, load_command
from eventready.cli.main import cli
from eventready.core.redaction.redaction import redactor
from tests import forked

pytestmark = pytest.mark.slow


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, as a shell would start it."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVENTREADY_") or name == "EVENTREADY_ALLOWED"
    }
    return forked.run(*words, env={**clean, **environment})


def leaves(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command, or all that are under it, with the words that call each."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, (*words, name))
    else:
        yield words, command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_takes_the_global_options(name: str) -> None:
    command = load_command(name)
    for words, _command in leaves(command, (name,)):
        shown = CliRunner().invoke(cli, [*words, "--help"])
        assert shown.exit_code == 0, shown.output
        assert "Global options: -w, -o" in shown.output
        assert "--workspace" not in shown.output, "listed once, in the help of eventready"


def test_help_lists_every_command_without_loading_it() -> None:
    done = run("-X", "importtime", "--help")
    assert done.returncode == 2  # -X is Python's, not ours: said, not guessed at
    listed = run("--help").stdout.decode()
    assert all(name in listed for name in COMMANDS)
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "eventready", "--help"], check=True, capture_output=True
    )
    assert b"netmiko" not in loaded.stderr


def test_a_mistyped_command_is_answered_with_the_right_one() -> None:
    done = run("adit")
    assert done.returncode == 2
    assert done.stderr.decode() == "eventready: there is no command 'adit'. Did you mean 'audit'?\n"


@pytest.mark.parametrize("words", [("-w", "nowhere", "doctor", "matrix"), ("doctor", "matrix", "-w", "nowhere")])
def test_global_options_stand_before_or_after_the_command(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert "nowhere is not a workspace" in done.stderr.decode()


def test_every_option_has_a_variable(tmp_path: Path) -> None:
    done = run("doctor", "matrix", EVENTREADY_WORKSPACE=str(tmp_path / "by-variable"))
    assert "by-variable is not a workspace" in done.stderr.decode()


@pytest.mark.parametrize(
    "words", [("-w", "typed", "doctor", "matrix"), ("doctor", "matrix", "-w", "typed"), ("lab", "-w", "typed", "up")]
)
def test_what_is_typed_wins_over_the_variable(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, EVENTREADY_WORKSPACE=str(tmp_path / "by-variable"))
    assert "typed is not a workspace" in done.stderr.decode()


def test_a_log_that_the_variable_names_is_written_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run("-w", str(tmp_path), "lab", "status", EVENTREADY_LOG=str(log))
    lines = log.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines)


def test_a_legacy_code_page_does_not_stop_vietnamese(tmp_path: Path) -> None:
    run("init", str(tmp_path / "event"), "--example")
    words = [sys.executable, "-m", "eventready", "-w", str(tmp_path / "event"), "doctor"]
    legacy = {**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(words, check=False, capture_output=True, env=legacy, timeout=60)
    assert "Trà Vinh" in done.stdout.decode("utf-8")


def test_a_defect_of_ours_is_one_sentence_and_a_file_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    redactor.register("Tr4Vinh-s3cret")

    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("while holding Tr4Vinh-s3cret")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line.cli, "make_context", broken)
    with pytest.raises(SystemExit) as left:
        command_line.main([])
    assert left.value.code == 1
    printed = capsys.readouterr().err
    assert "internal error (ZeroDivisionError" in printed
    assert "Traceback" not in printed
    (crash,) = tmp_path.glob("eventready-crash-*.log")
    kept = crash.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in kept
    assert "Tr4Vinh-s3cret" not in kept + printed


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "eventready", "doctor", "schema", "hosts"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("words", [("doctor", "schema", "event"), ("--help",)])
def test_a_full_disk_under_the_output_is_a_sentence_and_no_defect(tmp_path: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "eventready", *words], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    assert done.returncode == 2
    assert b"the output is incomplete: No space left on device" in done.stderr
    assert not list(tmp_path.iterdir())


def test_closed_outputs_are_as_good_as_none(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "eventready", "init", str(tmp_path / "event"), "--example"]
    done = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *words], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["event"]


@pytest.mark.parametrize("moment", ["0001-01-01 00:00", "9999-12-31 23:59-12:00"])
def test_a_year_without_neighbours_is_refused(moment: str) -> None:
    done = run("duties", "deadlines", "--now", moment)
    assert done.returncode == 2
    assert "is outside the years 1900 to 2199. Correct the year." in done.stderr.decode()


@pytest.mark.parametrize("form", ["table", "json"])
def test_an_audit_that_no_person_reads_ends_as_any_other(tmp_path: Path, form: str) -> None:
    run("init", str(tmp_path / "event"), "--example")
    (tmp_path / "saved").mkdir()
    words = ["-w", str(tmp_path / "event"), "-o", form, "audit", "--from", str(tmp_path / "saved")]
    process = subprocess.Popen(
        [sys.executable, "-m", "eventready", *words, "--out", str(tmp_path / "run.json")],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 4
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["verdicts"]


def test_json_is_json() -> None:
    done = run("doctor", "schema", "event", "-o", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["properties"]["venues"]


def test_a_package_that_not_everyone_needs_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(*_args: object, **_options: object) -> None:
        raise ModuleNotFoundError("No module named 'asyncssh'", name="asyncssh")

    monkeypatch.setattr(command_line.cli, "make_context", absent)
    with pytest.raises(SystemExit) as left:
        command_line.main([])
    assert left.value.code == 2
    assert "pip install 'eventready[lab]'" in capsys.readouterr().err


def test_a_remedy_names_the_workspace_in_use(tmp_path: Path) -> None:
    workspace = tmp_path / "fair"
    assert run("init", str(workspace), "--example").returncode == 0
    printed = run("-w", str(workspace), "runs", "show", "latest").stderr.decode()
    assert f"`eventready -w {workspace} audit`" in printed
