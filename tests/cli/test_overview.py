"""`eventready` alone: the help outside a workspace, the state of the event and the next commands inside."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import split

import pytest

from eventready.cli.main import main
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import EVENT, connect, write_workspace
from tests.change.plan.test_mends import MENDS, audited
from tests.cli.test_plan import Typed

WINDOWS = """\
windows:
- {kind: event, name: Fair, name_vi: Hội chợ, from: 2022-04-26 08:00, to: 2022-04-26 22:00}
"""


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    connect(monkeypatch)
    write_workspace(tmp_path, event=EVENT + WINDOWS)
    (tmp_path / "templates" / "backup" / "values.yaml").write_text(MENDS)
    return Typed(tmp_path, capsys)


def steps(typed: Typed, now: str = "2022-04-25 07:00") -> list[str]:
    """Proposed commands at a time."""
    code, found, _ = typed("--now", now, "-o", "json")
    assert code == 0
    own = f"eventready -w {typed.folder} "
    commands = [step["command"] for step in json.loads(found)["steps"]]
    assert all(command.startswith(own) for command in commands)
    proposed = [command.replace(own, "eventready ") for command in commands]
    assert len(proposed) <= 5
    return proposed


def test_the_help_outside_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help is on stdout, with exit code 0; a named folder that is no workspace is refused."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main([])
    found = capsys.readouterr()
    assert (left.value.code, found.err) == (0, "")
    assert "A first session:" in found.out
    with pytest.raises(SystemExit) as left:
        main(["-w", str(tmp_path / "absent")])
    found = capsys.readouterr()
    assert left.value.code not in (0, 1)
    assert (found.out, "Traceback" in found.err) == ("", False)


def test_the_state_of_every_phase(typed: Typed) -> None:
    """An audit before any verdict; the plan between; audit and watch on the eve; the final report at the end."""
    assert steps(typed)[0] == "eventready inventory learn"
    assert "eventready audit" in steps(typed)
    assert "Nothing is measured yet" in typed()[1]
    name = audited(typed.folder, at="2022-04-25T06:30:00+07:00")
    found = typed()[1]
    assert f"Audit {name}" in found
    assert "in 25 hours." in found
    assert "REHEARSAL" in found
    assert "in 59 minutes." in typed("--now", "2022-04-26 07:01")[1]
    assert "eventready plan backup" in steps(typed)
    assert "eventready audit" not in steps(typed)
    night = steps(typed, "2022-04-26 07:00")
    assert "eventready audit" in night
    assert "eventready watch" in night
    assert "eventready plan backup" not in night
    over = steps(typed, "2022-04-27 07:00")
    assert "eventready report final" in over
    assert "eventready audit" not in over


def test_an_audit_later_than_the_clock_is_named(typed: Typed) -> None:
    """No age below zero; an audit of this time is proposed."""
    audited(typed.folder, at="2022-04-25T06:30:00+07:00")
    assert "30 minutes later than this clock" in typed("--now", "2022-04-25 06:00")[1]
    assert steps(typed, "2022-04-25 06:00")[1] == "eventready audit"


def test_late_matters_and_due_ones_both_have_room(typed: Typed) -> None:
    """Four of each, and the number of the others; a late test proposes no audit, which would prove nothing."""
    days = range(10, 20)
    tests = [f"- {{id: t{d}, name: Late {d}, from: 2022-04-01 00:00, due: 2022-04-{d} 12:00}}\n" for d in days]
    soon = [f"- {{id: s{h}, name: Due {h}, from: 2022-04-01 00:00, due: 2022-04-25 {h}:00}}\n" for h in days]
    event = EVENT + WINDOWS + "tests:\n" + "".join(tests + soon)
    (typed.folder / "inventory" / "event.yaml").write_text(event, encoding="utf-8")
    audited(typed.folder, at="2022-04-25T06:30:00+07:00")
    found = typed("--now", "2022-04-25 08:00")[1]
    shown = [word for word in ("Late 19", "Late 16", "Late 15", "Due 10", "Due 13", "Due 14") if f": {word}\n" in found]
    assert shown == ["Late 19", "Late 16", "Due 10", "Due 13"]
    assert "and 12 more" in found


def test_a_freeze_proposes_no_change(typed: Typed) -> None:
    """No plan is proposed in a freeze, which would refuse its waves."""
    freeze = "- {kind: freeze, name: Freeze, name_vi: Đóng băng, from: 2022-04-25 00:00, to: 2022-04-25 23:00}\n"
    (typed.folder / "inventory" / "event.yaml").write_text(EVENT + WINDOWS + freeze, encoding="utf-8")
    audited(typed.folder, at="2022-04-25T06:30:00+07:00")
    assert "eventready plan backup" not in steps(typed)
    assert "Now: Freeze (Hall), until 25/04/2022 23:00." in typed()[1]


def test_a_proposed_command_can_succeed(typed: Typed) -> None:
    """No proposed command that only reads the workspace is refused."""
    audited(typed.folder, at="2022-04-25T06:30:00+07:00")
    for moment in ("2022-04-25 07:00", "2022-04-26 07:00", "2022-04-27 07:00"):
        for command in steps(typed, moment):
            _program, *words = split(command)
            if words[0] not in ("audit", "watch", "inventory"):
                code, _, error = typed("--now", moment, *words)
                assert code in (0, 8), (command, error)


def test_an_empty_inventory(typed: Typed) -> None:
    """The first command makes the sheet of the devices; an audit of nothing is not proposed."""
    (typed.folder / "inventory" / "hosts.yaml").write_text("{}\n")
    assert not load_workspace(typed.folder).devices
    assert steps(typed)[:1] == ["eventready inventory template"]
    assert "eventready audit" not in steps(typed)


def test_nothing_is_written(typed: Typed) -> None:
    """The overview of a workspace without a store makes none."""
    typed()
    assert not Store.exists(typed.folder)


def test_the_lines_of_a_watch_are_refused(typed: Typed) -> None:
    """`-o ndjson` belongs to `watch` alone."""
    code, found, error = typed("-o", "ndjson")
    assert (code, found) == (2, "")
    assert "watch" in error


def test_both_languages(typed: Typed) -> None:
    """The Vietnamese overview has no English sentence of its own."""
    audited(typed.folder, at="2022-04-25T06:30:00+07:00")
    found = typed("--lang", "vi")[1]
    for word in ("Next", "Late", "open finding", "late since", " old"):
        assert word not in found, word
    assert "Các lệnh tiếp theo" in found
