"""What holds for every roster: the sweep is right to the minute, help never hurts, and export loses nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.roster.changes import changes
from eventready.roster.exports.spreadsheet import to_xlsx
from eventready.roster.intervals import counted, merged, without
from eventready.roster.reading.load import load_roster
from eventready.roster.reading.text import tidy
from eventready.roster.roster import ROLES, Leave, Person, Role, Roster, Shift
from eventready.roster.rules import check
from eventready.roster.settings import RosterSettings
from eventready.roster.versions import ROSTER, bare, digest
from tests.roster.books import at, event

pytestmark = pytest.mark.slow

START, END = at("29"), at("31")
PEOPLE = ("An", "Bình", "Cường", "Diệp")
EVENT = event()

minutes = st.integers(-300, 48 * 60 + 300)
lengths = st.sampled_from([1, 30, 120, 479, 480, 720, 1440])
roles = st.sampled_from(ROLES)


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    start = START + timedelta(minutes=draw(minutes))
    return Shift(
        draw(st.sampled_from(PEOPLE)),
        draw(roles),
        start,
        start + timedelta(minutes=draw(lengths)),
        venue=draw(st.sampled_from(["", "hall"])),
        on_call=draw(st.booleans()),
    )


rosters = st.lists(shifts(), max_size=12).map(
    lambda found: Roster.of(tuple(Person(n, n) for n in PEOPLE), tuple(found))
)


def _short_minutes(roster: Roster, settings: RosterSettings, role: Role) -> set[datetime]:
    """Minute by minute, as a person with a pencil would do it."""
    rule = settings.roles.of(role)
    found = set()
    for minute in range(48 * 60):
        moment = START + timedelta(minutes=minute)
        own = (s for s in roster.shifts if s.role == role and (rule.on_call or not s.on_call))
        there = {shift.person for shift in own if shift.start <= moment < shift.end}
        if len(there) < rule.min:
            found.add(moment)
    return found


@given(rosters, st.integers(0, 2))
def test_the_sweep_is_the_pencil(roster: Roster, need: int) -> None:
    settings = RosterSettings.model_validate({"roles": {"CA": {"min": need}, "UC": {"min": 1, "on_call": True}}})
    report = check(roster, EVENT, settings)
    for role in ("CA", "UC"):
        swept = [gap for gap in report.gaps if gap.role == role and not gap.venue]
        by_minute = {gap.start + timedelta(minutes=n) for gap in swept for n in range(gap.minutes)}
        assert by_minute == _short_minutes(roster, settings, role)
        assert sum(gap.minutes for gap in swept) == len(by_minute)


@given(rosters, shifts())
def test_another_shift_never_makes_a_gap(roster: Roster, more: Shift) -> None:
    before: dict[tuple[Role, str], list[tuple[datetime, datetime]]] = {}
    for gap in check(roster, EVENT).gaps:
        before.setdefault((gap.role, gap.venue), []).append((gap.start, gap.end))
    for gap in check(Roster.of(roster.people, (*roster.shifts, more)), EVENT).gaps:
        assert not without((gap.start, gap.end), before.get((gap.role, gap.venue), []))


spans = st.lists(st.tuples(minutes, lengths), max_size=10).map(
    lambda pairs: [(START + timedelta(minutes=a), START + timedelta(minutes=a + n)) for a, n in pairs]
)


@given(spans)
def test_counted_fills_the_period_with_different_neighbours(intervals: list[tuple[datetime, datetime]]) -> None:
    stretches = list(counted(((n, span) for n, span in enumerate(intervals)), START, END))
    assert stretches[0].start == START
    assert stretches[-1].end == END
    for one, other in pairwise(stretches):
        assert one.end == other.start
        assert one.people != other.people


@given(spans)
def test_cut_out_and_put_back(intervals: list[tuple[datetime, datetime]]) -> None:
    left = without((START, END), intervals)
    inside = [(max(a, START), min(b, END)) for a, b in intervals if a < END and b > START]
    assert merged([*left, *inside]) == [(START, END)]
    assert not any(a < d and c < b for a, b in left for c, d in inside)


# Export and import

words = st.text(st.characters(categories=["L"], max_codepoint=0x1EF9), min_size=1, max_size=8).filter(
    lambda word: word.casefold() not in ("và", "va", "and")
)
texts = st.lists(st.one_of(words, st.sampled_from(["R&D", "<x>", "=1+1", "Đội", "'", '"'])), max_size=4).map(" ".join)
names = st.lists(words, min_size=2, max_size=4).map(" ".join)
digits = st.integers(0, 10**8 - 1)


@st.composite
def whole_rosters(draw: st.DrawFn) -> Roster:
    people: list[Person] = []
    for name in draw(st.lists(names.map(tidy), min_size=1, max_size=5, unique_by=str.casefold)):
        numbers = [f"09{draw(digits):08}", *(f"02{draw(digits):09}" for _ in range(draw(st.integers(0, 1))))]
        people.append(
            Person(
                id=draw(st.sampled_from([name, f"VT{len(people)}"])),
                name=name,
                title=tidy(draw(texts)),
                unit=tidy(draw(texts)),
                phones=tuple(dict.fromkeys(numbers)),
                skills=tuple(draw(st.lists(st.sampled_from(["RAN", "IP", "WiFi", "power", "postal"]), unique=True))),
                reserve=tuple(role for role in ROLES if draw(st.booleans())),
                may_authorise=draw(st.booleans()),
                note=tidy(draw(texts)),
            )
        )
    found = []
    for _ in range(draw(st.integers(1, 8))):
        role = draw(roles)
        start = START + timedelta(minutes=draw(minutes))
        place, venue = draw(
            st.sampled_from([("", ""), ("NOC", ""), ("Trung tâm Hội nghị tỉnh", "hall"), ("Park", "park")])
        )
        found.append(
            Shift(
                draw(st.sampled_from(people)).id,
                role,
                start,
                start + timedelta(minutes=draw(lengths)),
                venue=venue,
                place=place,
                on_call=draw(st.booleans()),
                branch=draw(st.sampled_from(["VT", "BC", ""])) if role == "VH" else "",
                code=draw(st.sampled_from(["", "C1", "C3", "SK", "Đ", "HC"])),
                note=tidy(draw(texts)),
            )
        )
    day = START + timedelta(days=draw(st.integers(-2, 2)))
    leave = [Leave(p.id, day, day + timedelta(days=1), tidy(draw(texts))) for p in people if draw(st.booleans())]
    return Roster.of(tuple(people), tuple(found), tuple(leave))


@pytest.mark.parametrize("country", ["VN", "DE"])
@given(roster=whole_rosters())
def test_an_exported_roster_comes_back_the_same(country: str, roster: Roster) -> None:
    own = EVENT.model_copy(update={"country": country})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        path.write_bytes(to_xlsx(roster, own))
        assert load_roster(path, own) == roster


@given(whole_rosters())
def test_a_kept_roster_comes_back_the_same(roster: Roster) -> None:
    assert ROSTER.read(ROSTER.encode(bare(roster, phones=True))) == roster
    masked = str(ROSTER.plain(bare(roster)))
    assert not any(number in masked for person in roster.people for number in person.phones)


@given(whole_rosters(), whole_rosters())
def test_rosters_that_differ_have_something_to_say(one: Roster, other: Roster) -> None:
    assert not changes(one, one)
    assert bool(changes(one, other)) == (digest(one) != digest(other))
    numbers = [number for roster in (one, other) for person in roster.people for number in person.phones]
    output = " ".join(change.message.render("vi") + change.message.render("en") for change in changes(one, other))
    assert not any(number in output for number in numbers)
