"""Windows at venues: a window of all venues is as one without venues; a window touches no venue but its own."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from eventready.core.clock import parse_moment
from eventready.workspace.settings.event import Event, Window, WindowKind

VENUES = ("hall", "park", "temple")
OPENING = parse_moment("2022-04-29 19:00")

some_venues = st.sets(st.sampled_from(VENUES), min_size=1).map(sorted)


def _event(*windows: Window) -> Event:
    return Event.model_validate(
        {
            "id": "fair",
            "name": "The fair",
            "recipient": {"name": "Department", "email": "desk@example.org"},
            "venues": [{"id": venue, "name": venue.title(), "services": ["mobile"]} for venue in VENUES],
            "windows": windows,
        }
    )


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = OPENING + timedelta(hours=draw(st.integers(-3, 3)))
    return Window.model_validate(
        {
            "kind": draw(st.sampled_from(get_args(WindowKind))),
            "from": f"{start:%Y-%m-%d %H:%M}",
            "to": f"{start + timedelta(hours=draw(st.integers(1, 4))):%Y-%m-%d %H:%M}",
            **draw(st.just({}) | st.builds(lambda venues: {"venues": venues}, some_venues)),
        }
    )


@given(st.lists(windows(), max_size=6), some_venues, st.sampled_from(get_args(WindowKind)))
def test_a_window_of_all_venues_is_as_one_without_venues(
    programme: list[Window], chosen: list[str], kind: WindowKind
) -> None:
    named = [one.model_copy(update={"venues": one.venues or VENUES}) for one in programme]
    given_, meant = _event(*programme), _event(*named)
    for moment in (OPENING, OPENING + timedelta(hours=2)):
        found = given_.windows_at(moment, kind, chosen)
        assert [(one.kind, one.start, one.end) for one in found] == [
            (one.kind, one.start, one.end) for one in meant.windows_at(moment, kind, chosen)
        ]
        assert [one for one in given_.windows_at(moment, kind) if set(one.venues or VENUES) & {*chosen}] == [*found]
    for window, other in zip(programme, named, strict=True):
        assert given_.venues_of(window) == meant.venues_of(other)


@given(windows(), some_venues)
def test_a_window_touches_the_venues_it_names_and_no_other(window: Window, chosen: list[str]) -> None:
    assert window.touches(chosen) == bool({*(window.venues or VENUES)} & {*chosen})
    assert window.touches(()) == (not window.venues)
