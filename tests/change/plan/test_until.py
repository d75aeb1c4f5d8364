"""End of the lines of a plan: a window or a time, sealed, shown, and refused once it has passed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventready.change.document import Until, load_plan, parse_plan, seal
from eventready.change.plan.until import refuse_past_end, until_of
from eventready.core.clock import parse_moment
from eventready.core.errors import RefusedError, UsageError
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import EVENT, connect, write_workspace
from tests.cli.test_plan import Typed

NOW = parse_moment("2022-04-25 07:00")
WINDOWS = """\
windows:
  - {kind: event, name: Opening night, name_vi: Đêm khai mạc, from: 2022-04-29 19:00, to: 2022-04-29 23:00}
  - {kind: event, name: Closing night, from: 2022-05-01 19:00, to: 2022-05-01 23:30}
  - {kind: drill, name: Past, from: 2022-04-20 19:00, to: 2022-04-20 23:30}
"""


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    connect(monkeypatch)
    write_workspace(tmp_path)
    (tmp_path / "inventory" / "event.yaml").write_text(EVENT + WINDOWS, encoding="utf-8")
    return Typed(tmp_path, capsys)


@pytest.mark.parametrize(
    ("wanted", "end", "window"),
    [
        ("Opening night", "2022-04-29T23:00:00+07:00", "Opening night"),
        ("Đêm khai mạc", "2022-04-29T23:00:00+07:00", "Đêm khai mạc"),
        ("event", "2022-05-01T23:30:00+07:00", "event"),
        (" Opening  night ", "2022-04-29T23:00:00+07:00", "Opening night"),
        ("2022-05-01 23:30", "2022-05-01T23:30:00+07:00", ""),
        ("02/05/2022 08:00", "2022-05-02T08:00:00+07:00", ""),
        ("2022-05-01T23:30:00Z", "2022-05-02T06:30:00+07:00", ""),
    ],
)
def test_a_window_by_its_names_or_a_time(typed: Typed, wanted: str, end: str, window: str) -> None:
    """A kind of windows ends with the last of them."""
    assert until_of(load_workspace(typed.folder).event, wanted, NOW) == Until(at=end, window=window)


@pytest.mark.parametrize("wanted", ["Past", "2022-04-25 07:00", "nothing", "", "2022-13-01 00:00", "\x1b[2J"])
def test_no_end(typed: Typed, wanted: str) -> None:
    """A passed end and an unknown window are refused, before a device is read."""
    with pytest.raises(UsageError):
        until_of(load_workspace(typed.folder).event, wanted, NOW)
    code, found, output = typed("plan", "backup", "--until", wanted)
    assert (code, found) == (2, "")
    assert "\x1b" not in output


def test_the_sentences_of_a_wrong_end(typed: Typed) -> None:
    """They name the windows, or the end and the time."""
    known = "event.yaml has: Opening night (event); Closing night (event); Past (drill)."
    assert known in " ".join(typed("plan", "backup", "--until", "x")[2].split())
    assert "20/04/2022 23:30, has passed: it is 25/04/2022 07:00" in typed("plan", "backup", "--until", "Past")[2]
    output = typed("plan", "--for", "hall", "--until", "event")[2]
    assert "--for proposes intents" in output


def test_the_end_is_in_the_plan_and_in_its_approval(typed: Typed) -> None:
    """A plan without an end says nothing of one."""
    out = typed.folder / "a.plan"
    code, found, _output = typed("plan", "backup", "--until", "Opening night", "--out", out)
    assert code == 0
    assert "For the event: off the devices by 29/04/2022 23:00 (end of Opening night)" in found
    plan = load_plan(out).plan
    assert plan.until == Until(at="2022-04-29T23:00:00+07:00", window="Opening night")
    vietnamese = typed("--lang", "vi", "plan", "backup", "--until", "2022-05-01 08:00")[1]
    assert "Dành cho sự kiện: gỡ khỏi thiết bị trước 01/05/2022 08:00" in vietnamese
    document = json.loads(typed("-o", "json", "plan", "backup", "--until", "event")[1])
    assert document["until"] == {"at": "2022-05-01T23:30:00+07:00", "window": "event"}
    assert "For the event" not in typed("plan", "backup")[1]


def test_the_end_is_under_the_seal(typed: Typed) -> None:
    """Another end is another plan."""
    out = typed.folder / "a.plan"
    typed("plan", "backup", "--until", "event", "--out", out)
    document = json.loads(out.read_text())
    document["plan"]["until"]["at"] = "2023-05-01T23:30:00+07:00"
    with pytest.raises(RefusedError):
        parse_plan(document)


@pytest.mark.parametrize("until", [{"at": "tomorrow"}, {"at": "2022-05-01T23:30:00+07:00", "window": "a\x1b"}, "x"])
def test_a_hostile_end_is_refused(typed: Typed, until: object) -> None:
    """Though sealed."""
    out = typed.folder / "a.plan"
    typed("plan", "backup", "--out", out)
    with pytest.raises(ValueError, match="until"):
        seal({**load_plan(out).plan.document, "until": until})


def test_a_plan_is_not_applied_after_its_end(typed: Typed) -> None:
    """Its lines were to be gone."""
    out = typed.folder / "a.plan"
    typed("plan", "backup", "--until", "event", "--out", out)
    plan = load_plan(out).plan
    refuse_past_end(plan, NOW)
    with pytest.raises(RefusedError, match="01/05/2022 23:30"):
        refuse_past_end(plan, parse_moment("2022-05-01 23:30"))


@pytest.mark.parametrize(
    ("lang", "windows"),
    [
        ("en", "event.yaml has: Opening night (event); Closing night (event); Past (drill); freeze."),
        ("vi", "event.yaml có: Đêm khai mạc (event); Closing night (event); Past (drill); freeze."),
    ],
)
def test_an_unknown_window_is_answered_with_each_window_once(typed: Typed, lang: str, windows: str) -> None:
    """In the language of the command, with its kind; one without a name by its kind."""
    again = "  - {kind: event, name: Closing night, from: 2022-05-02 19:00, to: 2022-05-02 23:30}\n"
    unnamed = "  - {kind: freeze, from: 2022-05-02 19:00, to: 2022-05-02 23:30}\n"
    (typed.folder / "inventory" / "event.yaml").write_text(EVENT + WINDOWS + again + unnamed, encoding="utf-8")
    output = typed("--lang", lang, "plan", "backup", "--until", "nothing")[2]
    assert windows in " ".join(output.split())


def test_without_windows_an_end_is_a_time(typed: Typed) -> None:
    (typed.folder / "inventory" / "event.yaml").write_text(EVENT, encoding="utf-8")
    assert "event.yaml has no windows" in " ".join(typed("plan", "backup", "--until", "nothing")[2].split())
