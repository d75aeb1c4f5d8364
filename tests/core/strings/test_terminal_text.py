"""Text from outside reaches terminals and logs with control characters, escapes and bidirectional marks visible."""

from __future__ import annotations

import json
import logging
import re
import sys
import unicodedata
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from eventready.cli.console import VisibleConsole
from eventready.core.redaction.redaction import RedactingFilter
from eventready.core.strings.terminal_text import VisibleStream, visible
from tests import forked

HOSTILE = "a\x1b[2J\x1b]0;t\x07b\u202ec\x9b31m\r\u2066\x00\ufeff\U000e0041"


def hidden(text: str) -> set[str]:
    """Characters that a terminal interprets or does not show, but for tab, line feed and the joiner of emoji."""
    marks = set("\xad\u061c\u115f\u1160\u180e\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u3164\ufeff\uffa0")
    marks |= {chr(code) for code in (*range(0x200B, 0x2010), *range(0x2060, 0x2070), *range(0xE0000, 0xE0080))}
    joined = re.sub("\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])", "", text)
    return {c for c in joined if (unicodedata.category(c) == "Cc" and c not in "\t\n") or c in marks}


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    assert not hidden(shown)
    assert visible(shown) == shown
    if not hidden(text):
        assert shown == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_meaning(text: str) -> None:
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def test_vietnamese_and_emoji_stay() -> None:
    text = "Trạm BTS số 1 ổn định: 👩\u200d🔧 được\tbật\n"
    assert visible(text) == text
    assert visible("a\nb", lines=False) == "a\\nb"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"{HOSTILE[:5]}x\n", "a\\u001b[2Jx\n"),
        ("co\u200bre-1 core\u200d-1\n", "co\\u200bre-1 core\\u200d-1\n"),
        ("\x1b[1mbold\x1b[0m\n", "\x1b[1mbold\x1b[0m\n"),  # click's style around a message
        ("\x1b[1mbold\x1b[31m\x1b[0m\n", "\x1b[1mbold\\u001b[31m\x1b[0m\n"),
        ("", ""),
    ],
)
def test_streams(written: str, shown: str) -> None:
    raw = StringIO()
    VisibleStream(raw).write(written)
    assert raw.getvalue() == shown


def test_tables_keep_their_own_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = StringIO()
    monkeypatch.setattr(sys, "stdout", VisibleStream(raw))
    table = Table("Device")
    table.add_row(Text(HOSTILE, style="red"))
    VisibleConsole(force_terminal=True, width=200, color_system="standard").print(table)
    text = raw.getvalue()
    assert "\x1b[31m" in text
    assert "\\u001b[2J" in text
    assert not hidden(text) - {"\x1b"}
    assert "\x1b[2J" not in text


def test_log_lines_cannot_be_forged() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    record = logging.LogRecord("x", logging.INFO, "f", 1, "got %s", (f"x\n2022-04-25 ok\x1b[1A{HOSTILE}",), None)
    handler.handle(record)
    assert stream.getvalue().count("\n") == 1
    assert not hidden(stream.getvalue())


@pytest.mark.slow
@pytest.mark.parametrize("output", ["table", "json"])
def test_a_file_from_outside(tmp_path: Path, output: str) -> None:
    """`parse` prints the lines of a file that no template knows."""
    saved = tmp_path / "show.txt"
    saved.write_text(f"nonsense {HOSTILE} word\n".replace("\r", ""), encoding="utf-8")
    done = forked.run_text("doctor", "parse", "cisco_xe", "interface", saved, "-o", output)
    assert "nonsense" in done.stdout
    assert not hidden(done.stdout + done.stderr)


@pytest.mark.slow
def test_a_name_from_outside(tmp_path: Path) -> None:
    """An error names a folder that does not exist."""
    done = forked.run_text("-w", tmp_path / "\x08red\u202e", "doctor", "matrix")
    assert "\\u0008red\\u202e" in done.stderr
    assert not hidden(done.stdout + done.stderr)
