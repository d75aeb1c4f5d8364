"""A run on the terminal: devices with one reason share a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.cells import cell_len

from eventready.cli.audit import runs
from eventready.cli.audit.run_summary import Line, Unmeasured, run_summary
from eventready.cli.context import App
from eventready.core.language import Language
from eventready.core.messages import LANGS, Lang, message, to_json
from eventready.store.run_records import RunFinding
from tests.papers.documents import broken, healthy

LOST = "The jump host bastion-1 (203.0.113.9) was lost. Check it, then run again."


def finding(device: str, check: str, message: str, *, blind: bool = False) -> RunFinding:
    return RunFinding(check, device, "not_measured", message=message, blind=blind)


def unmeasured_rows(findings: Sequence[RunFinding]) -> list[Line]:
    unmeasured = Unmeasured("en")
    for one in findings:
        unmeasured.add(one)
    return unmeasured.rows()


def test_devices_behind_a_lost_jump_host_share_a_row() -> None:
    findings = [finding(f"core-{n}", check, LOST) for n in range(200) for check in ("cpu", "memory")]
    findings += [finding("edge-1", "cpu", "No prompt within 30 s.")]
    rows = [row[1:] for row in unmeasured_rows(findings)]
    assert sorted(rows) == [("200 devices", "2 checks", LOST), ("edge-1", "cpu", "No prompt within 30 s.")]


def test_unreached_devices_share_a_row_whatever_their_addresses() -> None:
    findings = [
        replace(
            finding(f"core-{n:02}", "cpu", ""),
            message_id="checks:run.unreachable",
            params={"reason": to_json(message("session:no_answer", where=f"192.0.2.{n}:22", seconds=10))},
        )
        for n in range(39)
    ]
    ((*_, sentence),) = unmeasured_rows(findings)
    assert "192.0.2.0:22 does not answer" in sentence
    assert sentence.endswith("(38 other devices alike)")


def test_the_first_lines_name_devices_without_expectations_and_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    made = healthy()
    first = made.document["devices"][0]
    first["without_expectations"] = True
    made.document["coverage"] |= {"seen": 40, "uncovered": 7, "unseen_devices": 2}
    App().display(run_summary(made.run))
    lines = capsys.readouterr().out.splitlines()
    place = next(number for number, line in enumerate(lines) if "inventory learn -l" in line)
    assert place < 4
    assert lines[place].startswith(f"{first['name']} has no expectations")
    text = " ".join(lines)
    assert "Seen 40 ports, neighbours, cells and access points in use; 7 have no expectation" in text
    assert "2 devices whose ports, cells or access points were not read" in text


def test_facts_read_in_part_are_named_with_the_records_that_were_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    made = healthy()
    names = [f"10.255.0.{number}" for number in range(9)]
    observation = made.document["observations"][0]
    observation["unread"] = [{"subject": name, "reason": "strange"} for name in names]
    made.document["coverage"] |= {"partial": 1}
    App().display(run_summary(made.run))
    text = " ".join(capsys.readouterr().out.split())
    assert "1 observation read in part, not counted as measured; not read:" in text
    assert f"{observation['device']} {observation['fact']}: {', '.join(names[:5])} (+4)" in text
    App().display(runs._shown(made.run, "en"))
    text = capsys.readouterr().out
    assert "1 observation was read in part and is not counted as measured" in text
    assert f"{observation['device']}, {observation['fact']}" in text


@pytest.mark.parametrize("lang", LANGS)
def test_a_run_keeps_to_the_width_of_the_terminal_in_a_pipe_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: Lang
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    run = broken().run
    for shown in (runs._shown(run, lang), run_summary(run, lang)):
        App(chosen_lang=lang).display(shown)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) > 20
        assert not [line for line in lines if cell_len(line) > 72]


@pytest.mark.parametrize("status", ["fail", "not_measured"])
def test_a_question_for_three_venues_is_one_line(capsys: pytest.CaptureFixture[str], status: str) -> None:
    made = healthy()
    made.document["findings"] = [
        {
            "check": "answer_http",
            "device": "svc-1",
            "subject": f"http://a/ ({venue})",
            "venues": [venue],
            "status": status,
            "message_id": "checks:answer.none",
            "params": {"subject": f"http://a/ ({venue})"},
        }
        for venue in ("hall", "park", "temple")
    ]
    App().display(run_summary(made.run))
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("http://a/") == 1
    assert "http://a/ (hall, park, temple)" in text
    assert "more" not in text


def test_only_shown_rows_are_put_in_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made = healthy()
    wrong = {"check": "cpu", "device": "core-1", "message": "hot", "status": "fail"}
    made.document["findings"] = [
        {**wrong, "subject": f"{number:03}", "value": number // 2} for number in reversed(range(200))
    ]
    worded: list[object] = []

    def sentence(_self: Language, one: RunFinding) -> str:
        worded.append(one.subject)
        return "hot"

    monkeypatch.setattr(Language, "sentence", sentence)
    App().display(run_summary(made.run))
    assert worded == [f"{number:03}" for number in range(0, 80, 2)]
    assert "120 more" in capsys.readouterr().out
