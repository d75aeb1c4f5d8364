"""What people see keeps to the width of the console, and loses nothing."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eventready.cli import console, folding
from eventready.cli.console import Listing
from eventready.cli.context import App
from eventready.cli.folding import fold
from tests.cli.bsc_lab import Lab

ID, PATH = "20261127-111835-ed9b", "inventory/scenarios/opening.yaml"
COLUMNS = ("run", "", "state")


def test_a_narrow_table_cuts_no_cell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    Listing("cli:runs_column", ("run", "finding"), [(ID, PATH)]).print("en")
    shown = capsys.readouterr().out
    assert f"{ID}  " in shown
    assert PATH in "".join(line[len(ID) :].strip() for line in shown.splitlines()[1:])
    assert "…" not in shown
    assert all(len(line) <= 40 for line in shown.splitlines())


def test_a_terminal_of_unknown_width_has_the_one_of_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    assert folding.width() == Console(file=io.StringIO(), force_terminal=True).width == 80


def test_no_line_ends_with_the_padding_of_rich(capsys: pytest.CaptureFixture[str]) -> None:
    console.VisibleConsole(width=60).print("of a  device " * 9, "a text of two \nlines")
    lines = capsys.readouterr().out.splitlines()
    assert "a text of two" in lines[-2]
    assert all(line == line.rstrip() for line in lines)


def test_lines_are_folded_between_words_under_their_indent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert list(fold(["  the words of a long line", "", "x" * 30])) == [
        "  the words of a",
        "    long line",
        "",
        "x" * 30,
    ]


@pytest.mark.parametrize(
    "command",
    ["`eventready trust allow`", "eventready -w '/a b' runs sign --out FILE", "eventready audit"],
)
def test_a_command_in_a_sentence_stays_whole(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    folded = list(fold([f"Sign the head of it: {command}, then go on"]))
    assert any(command in line for line in folded)
    assert all(len(line) <= 20 for line in folded if command not in line)


#: Commands with sentences, and how they end in the lab of two devices.
WORDY = {
    "plan load_balancing": 0, "trust": 0, "inventory learn --check": 0, "doctor": 0, "runs verify": 0,
    "watch schedule --once": 0, "watch alerts explain bsc-1/uplink": 0, "plan nothing": 2,
}  # fmt: skip


#: By language: a job of the schedule is done once a day.
DAYS = {"en": "2022-04-25 07:00", "vi": "2022-04-26 07:00"}


@pytest.fixture(scope="module")
def audited(lab: Lab) -> Lab:
    with (lab.copy / "inventory" / "event.yaml").open("a", encoding="utf-8") as file:
        file.write("\nreading: {interval_s: 0}\n")
    lab.run("audit", expect=(3, 4))
    return lab


@pytest.mark.lab
@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("words", WORDY)
def test_sentences_keep_to_the_width_of_a_pipe(
    audited: Lab, monkeypatch: pytest.MonkeyPatch, words: str, lang: str
) -> None:
    """Lines of devices, commands and single words may be wider."""
    monkeypatch.setenv("COLUMNS", "60")
    done = audited.run("--lang", lang, *words.split(), now=DAYS[lang], expect=[WORDY[words]])
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(("+", "-"))]
    wide = [line for line in lines if len(line) > 60 and " " in line.strip()]
    assert lines
    assert [line for line in wide if not line.strip().startswith(("eventready ", "`"))] == []


def test_a_table_without_rows_is_its_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    App().show([], Listing("cli:runs_column", ("run", "finding"), (), "cli:runs.none"), closing=["done"])
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err.splitlines()[-1] == "done"
    assert len(shown.err.splitlines()) == 2


def test_a_program_has_the_document_alone_and_nothing_is_made_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    def lines() -> Any:
        raise AssertionError("made for people")
        yield ""

    App(output="json").show(lambda: {"a": "đ"}, lines(), closing=lines())
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ('{\n "a": "đ"\n}\n', "")


_CELLS = st.text("aB9 .-đọ漢́🚂\u200d", max_size=9)


@pytest.mark.slow
@given(rows=st.lists(st.tuples(_CELLS, _CELLS, _CELLS), min_size=1, max_size=4), columns=st.integers(20, 60))
def test_a_table_without_a_terminal_is_that_of_rich(rows: list[tuple[str, str, str]], columns: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        outputs = []
        for plain in (console._plain, lambda *_: None):
            out: Any = io.StringIO()
            patch.setattr("sys.stdout", out)
            patch.setattr(console, "_plain", plain)
            Listing("cli:runs_column", COLUMNS, rows).print("vi")
            outputs.append(out.getvalue())
    assert outputs[0] == outputs[1]
