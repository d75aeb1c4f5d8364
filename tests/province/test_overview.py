"""Figures of an operator in the consolidated report."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventready.core.clock import parse_moment
from eventready.province.bundles.bundle import Bundle
from eventready.province.bundles.parts import (
    DutiesPart,
    IncidentsPart,
    Manifest,
    RosterPart,
    RunPart,
    VerdictEntry,
)
from eventready.province.overview import row
from eventready.workspace.settings.event import Event
from tests.province.operators import VENUES
from tests.province.test_consolidate import DEPARTMENT

MADE = parse_moment("2022-04-25 06:30")


@pytest.mark.parametrize(
    ("venues", "verdict"), [(("hoi-nghi", "den-tho"), "READY"), (("hoi-nghi",), "NOT_MEASURED"), ((), "NOT_MEASURED")]
)
def test_a_venue_without_a_verdict_is_not_measured(venues: tuple[str, ...], verdict: str) -> None:
    ready = tuple(VerdictEntry(venue=venue, service="wifi", verdict="READY") for venue in venues)
    run = RunPart(present=True, moment=MADE, venues=VENUES, verdicts=ready)
    manifest = Manifest(
        number=1, event="e", operator="o", key="k", made=MADE,
        made_real=MADE + timedelta(days=1), rehearsal=True, parts={},
    )  # fmt: skip
    bundle = Bundle(manifest, "o", run, DutiesPart(), RosterPart(present=False), IncidentsPart(), "")
    places = [{"id": venue.id, "name": venue.name, "services": ["wifi"]} for venue in VENUES]
    assert row(bundle, Event.model_validate(DEPARTMENT | {"venues": places})).verdict == verdict
