"""Documents from outside (runs, mails, messages): nested without end, large, or of any types."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from eventready.cli.main import cli
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import from_json, from_stored
from eventready.core.redaction.redaction import redact
from eventready.core.strings.json_text import MAX_LEVELS, parse_json
from eventready.delivery.mail.mail import read
from eventready.store.run_records import SCHEMA


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.attack(family="documents of any depth and type")
@pytest.mark.parametrize("levels", [MAX_LEVELS + 1, 400, 100_000])
def test_json_has_a_depth(levels: int) -> None:
    assert parse_json(nested(MAX_LEVELS))
    with pytest.raises(ValueError, match="more than 64 levels"):
        parse_json(nested(levels))


@pytest.mark.attack(family="documents of any depth and type")
@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"schema": SCHEMA}),
        json.dumps({"schema": SCHEMA, "clock": 5, "id": [1]}),
        json.dumps({"schema": SCHEMA, "clock": {"rehearsal": True}, "event": 1, "id": "x", "devices": [5]}),
        f'{{"schema": "{SCHEMA}", "devices": {nested(100_000)}}}',
        "\ud800",
        None,
    ],
)
def test_a_report_of_a_file_is_a_sentence(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "run.json"
    if content is None:
        os.mkfifo(file)
    else:
        file.write_bytes(content.encode(errors="surrogatepass"))
    arguments = ["-w", str(tmp_path), "report", "readiness", str(file), "--out", "-"]
    error = CliRunner().invoke(cli, arguments, standalone_mode=False).exception
    assert isinstance(error, UsageError)
    assert str(file) in str(error)


@pytest.mark.attack(family="documents of any depth and type")
@pytest.mark.parametrize("levels", [51, 400, 20_000])
@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=b{0}\n\n--b{0}", "message/rfc822\n"])
def test_a_mail_of_parts_in_parts_is_a_sentence(levels: int, kind: str) -> None:
    mail = "From: a@b.vn\nTo: c@d.vn\nSubject: x\n"
    assert read((mail + "".join(f"Content-Type: {kind.format(n)}\n" for n in range(40))).encode())
    with pytest.raises(EventreadyError, match="parts in parts"):
        read((mail + "".join(f"Content-Type: {kind.format(n)}\n" for n in range(levels))).encode())


@pytest.mark.attack(family="documents of any depth and type")
@pytest.mark.parametrize("levels", [30, 400])
def test_messages_in_messages_are_refused(levels: int) -> None:
    """The sentence of this message shows its parameter three times: a text of 3**30 pieces."""
    value: Any = "x"
    for _ in range(levels):
        value = {"id": "cli:send.again", "params": {"id": value}}
    with pytest.raises(TypeError):
        from_json(value)
    with pytest.raises(ValueError, match="not a message"):
        from_stored({**value, "text": "x"})


@pytest.mark.attack(family="documents of any depth and type")
def test_deep_json_of_a_device_is_redacted() -> None:
    line = '{"password":' * 900 + '"s3cr3t-' + "x" * 9_000 + '"' + "}" * 900
    assert "s3cr3t" not in redact(line)
