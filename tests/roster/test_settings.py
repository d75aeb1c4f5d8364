"""roster.yaml: typed, with defaults, and errors by line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.roster.settings import RosterSettings, load_settings
from tests.roster.books import at, event


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings == RosterSettings()
    assert settings.period(event()) == (at("29"), at("31"))
    assert (settings.hours.rest, settings.hours.day_with_overtime, settings.hours.week) == (12, 12, 48)
    assert (settings.roles.LD.phones, settings.roles.LD.on_call, settings.roles.CA.on_call) == (2, True, False)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "roster.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert load_settings(tmp_path) == RosterSettings()


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("roles:\n  CA: {min: -1}\n", 2, "'min'"),
        ("roles:\n  XX: {min: 1}\n", 2, "'XX'"),
        ("from: 2022-05-02 00:00\nto: 2022-04-26 00:00\n", 1, "ends before it begins"),
        ("codes:\n  C1:\n    from: morning\n", 3, "is not a time of day"),
        ("hours: {day: 12, day_with_overtime: 8}\n", 1, "shorter than day"),
        ("branches: []\n", 1, "'branches'"),
        ("handover: 15\n", 1, "'handover'"),
    ],
)
def test_errors(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    (tmp_path / "roster.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError) as error:
        load_settings(tmp_path)
    assert complaint in str(error.value)
    assert f"roster.yaml:{line}" in str(error.value)


def test_no_period() -> None:
    with pytest.raises(WorkspaceError, match="from when until when"):
        RosterSettings().period(event(windows=[]))


def test_codes_end_the_next_day_where_they_do_not_end_later() -> None:
    code = RosterSettings.model_validate({"codes": {"X": {"from": "22:00", "to": "06:00"}}}).codes["X"]
    assert code.span(at("29")) == (at("29 22"), at("30 6"))
    around = RosterSettings.model_validate({"codes": {"OC": {"kind": "on_call", "from": "07:00", "to": "07:00"}}})
    assert around.codes["OC"].span(at("29")) == (at("29 7"), at("30 7"))
    whole = RosterSettings.model_validate({"codes": {"X": {}}}).codes["X"]
    assert whole.span(at("29"))[1] - at("29") == timedelta(days=1)
