"""The roster of the example: it holds, it is what its script makes, and it says no real number."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from eventready.roster.reading.load import load_roster
from eventready.roster.roster import ROLES, Roster
from eventready.roster.rulebook.case import Submission
from eventready.roster.rules import check
from eventready.roster.settings import RosterSettings, load_settings
from eventready.workspace.settings.event import load_event
from tests.roster.books import at
from tests.roster.example import TARGET, make

INVENTORY = Path(__file__).parents[2] / "inventory"
EVENT = load_event(INVENTORY / "event.yaml")


@pytest.fixture(scope="module")
def settings() -> RosterSettings:
    return load_settings(INVENTORY)


@pytest.fixture(scope="module")
def example(settings: RosterSettings) -> Roster:
    return load_roster(INVENTORY / settings.file, EVENT, settings)


def _values(data: bytes) -> list[list[object]]:
    workbook = load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for sheet in workbook.worksheets for row in sheet.iter_rows()]


def test_the_file_is_what_its_script_makes() -> None:
    assert make() == make()
    assert _values(TARGET.read_bytes()) == _values(make())


def test_it_holds(example: Roster, settings: RosterSettings) -> None:
    sent = Submission(at("27 9"), at("27 9"), same=True)
    report = check(example, EVENT, settings, moment=at("28"), sent=sent)
    assert report.holds
    assert not report.gaps
    assert not report.unchecked
    assert {finding.severity for finding in report.findings} == {"info"}


def test_it_covers_what_the_letter_asks(example: Roster, settings: RosterSettings) -> None:
    start, end = settings.period(EVENT)
    assert start <= min(window.start for window in EVENT.windows)
    assert end >= max(window.end for window in EVENT.windows)
    assert {shift.role for shift in example.shifts} == set(ROLES)
    assert {shift.venue for shift in example.shifts} == {"", *EVENT.venue_ids}


@pytest.mark.slow
def test_taking_anybody_away_is_noticed(example: Roster, settings: RosterSettings) -> None:
    noticed = 0
    for index, shift in enumerate(example.shifts):
        if shift.role in ("LD", "DH", "VH") and not shift.venue and shift.start >= settings.period(EVENT)[0]:
            less = Roster.of(example.people, (*example.shifts[:index], *example.shifts[index + 1 :]), example.leave)
            gaps = [gap for gap in check(less, EVENT, settings).gaps if gap.role == shift.role]
            if shift.role != "VH" or not any(
                s.role == "VH" and s.venue and s.start < shift.end and shift.start < s.end for s in example.shifts
            ):
                assert gaps, shift
                noticed += 1
    assert noticed > 30


def test_names_and_numbers_are_invented(example: Roster) -> None:
    numbers = {number for person in example.people for number in person.phones}
    assert all(number.startswith(("0900000", "02943000")) for number in numbers)
    assert len({person.name for person in example.people}) == len(example.people) >= 30
