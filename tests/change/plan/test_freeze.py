"""Closed windows refuse writes; an emergency needs a ticket and two people."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest

from eventready.change.safety.freeze import (
    CLOSED,
    emergency_of,
    next_closed_window,
    refuse_in_freeze,
    refuse_late_effects,
    refuse_shifted_clock,
)
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError
from eventready.core.messages import Bilingual, message
from eventready.store.change_steps import Emergency
from eventready.workspace.settings.event import Event
from tests.zones import TZ

START = datetime(2022, 4, 26, tzinfo=TZ)
END = datetime(2022, 5, 2, tzinfo=TZ)
TWO = emergency_of("INC-7", ("Nguyễn Văn A", "Trần Thị B"))


def event(kind: str = "freeze", name: str = "Change freeze") -> Event:
    return Event.model_validate(
        {
            "id": "e",
            "name": "E",
            "recipient": {"name": "D", "email": "d@example.vn"},
            "venues": [{"id": "v", "name": "V", "services": ["fixed"]}],
            "windows": [{"kind": kind, "name": name, "from": "2022-04-26 00:00", "to": "2022-05-02 00:00"}],
        }
    )


@pytest.mark.parametrize("kind", CLOSED)
def test_every_closed_window_refuses_and_says_until_when(kind: str) -> None:
    with pytest.raises(RefusedError) as refused:
        refuse_in_freeze(event(kind), START)
    assert refused.value.exit is Exit.REFUSED
    assert f"Change freeze ({kind}) lasts until 02/05/2022 00:00" in str(refused.value)
    assert "--emergency" in str(refused.value)


@pytest.mark.parametrize(
    ("moment", "open_"),
    [(START - timedelta(seconds=1), True), (START, False), (END - timedelta(seconds=1), False), (END, True)],
)
def test_the_window_holds_from_its_start_to_before_its_end(moment: datetime, open_: bool) -> None:
    if open_:
        assert refuse_in_freeze(event(), moment) == ()
    else:
        with pytest.raises(RefusedError):
            refuse_in_freeze(event(), moment)


@pytest.mark.parametrize(
    ("before", "emergency", "refused"),
    [(timedelta(hours=48), None, True), (timedelta(hours=49), None, False), (timedelta(hours=1), TWO, False)],
)
def test_what_takes_effect_later_is_not_written_shortly_before_a_window(
    *, before: timedelta, emergency: Emergency | None, refused: bool
) -> None:
    later = message("change:risk.later", line="mode sso", event=Bilingual("khởi động lại", "the next restart"))
    other = message("change:risk.alone")
    refuse_late_effects(event(), START - before, {"wlc-1": (other,)}, emergency)
    with (
        pytest.raises(RefusedError, match=r"`mode sso` on wlc-1 takes effect only later") if refused else nullcontext()
    ):
        refuse_late_effects(event(), START - before, {"wlc-1": (other, later)}, emergency)
    gone = message("change:risk.later_gone", **later.params)
    with pytest.raises(RefusedError, match="removal of `mode sso` on wlc-1") if refused else nullcontext():
        refuse_late_effects(event(), START - before, {"wlc-1": (gone,)}, emergency)


def test_an_emergency_passes_and_gives_the_window_it_broke() -> None:
    assert [window.kind for window in refuse_in_freeze(event(), START, TWO)] == ["freeze"]
    assert refuse_in_freeze(event(), END, TWO) == ()


def test_a_window_without_a_name_is_named_by_its_kind() -> None:
    with pytest.raises(RefusedError, match="the freeze window lasts"):
        refuse_in_freeze(event(name=""), START)


def test_a_window_is_named_in_the_language_of_the_terminal() -> None:
    window = event().windows[0].model_copy(update={"name_vi": "Đóng băng thay đổi"})
    with pytest.raises(RefusedError) as refused:
        refuse_in_freeze(event().model_copy(update={"windows": (window,)}), START)
    assert "Đóng băng thay đổi (freeze)" in refused.value.whole.render("vi")
    assert "Change freeze (freeze)" in refused.value.whole.render("en")


def test_the_latest_end_is_reported_where_windows_overlap() -> None:
    longer = event().windows[0].model_copy(update={"end": END + timedelta(days=1), "name": "Longer", "kind": "event"})
    both = event().model_copy(update={"windows": (*event().windows, longer)})
    with pytest.raises(RefusedError, match=r"Longer .event. lasts until 03/05/2022"):
        refuse_in_freeze(both, START)


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("",),
        ("A",),
        ("A", "A"),
        ("A", "  a  "),
        ("Nguyễn Văn A", "NGUYỄN VĂN A"),
        ("Nguyễn Văn Đạt", "Nguyen Van Dat"),
        ("Nguyen Van Dat", "Nguyễn Văn Đạt"),
        ("N. V. A", "N V A"),
        ("A", "B", "C"),
        ("A", "\x00\n"),
    ],
)
def test_it_takes_two_different_people(names: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="two people"):
        emergency_of("INC-7", names)


def test_accents_make_two_people_where_both_have_them() -> None:
    emergency = emergency_of("INC-7", ("Nguyễn Văn Hùng", "Nguyễn Văn Hưng"))
    assert emergency.summary.render("en") == "EMERGENCY: Nguyễn Văn Hùng and Nguyễn Văn Hưng, ticket INC-7"


@pytest.mark.parametrize("ticket", ["", "  ", "\n\x1b"])
def test_it_takes_a_ticket(ticket: str) -> None:
    with pytest.raises(RefusedError, match="ticket"):
        emergency_of(ticket, ("A", "B"))


def test_what_is_typed_becomes_one_line() -> None:
    emergency = emergency_of(" INC\n7 ", ("A\x1b[31m", " B\tC "))
    assert (emergency.ticket, emergency.requested_by, emergency.approved_by) == ("INC 7", "A [31m", "B C")


def test_a_name_without_end_is_refused() -> None:
    with pytest.raises(UsageError):
        emergency_of("INC-7", ("A", "B" * 10_000))


def test_the_next_window_to_close_is_known() -> None:
    assert (window := next_closed_window(event(), START - timedelta(hours=1))) is not None
    assert window.start == START
    assert next_closed_window(event(), START) is None


def test_errors_are_sentences() -> None:
    with pytest.raises(EventreadyError) as refused:
        emergency_of("INC-7", ("A", "a"))
    assert str(refused.value).count("\n") == 0


def test_another_clock_opens_no_window_outside_a_lab() -> None:
    shifted = Clock.starting("2022-04-20 07:00")
    with pytest.raises(RefusedError, match="this workspace is no lab"):
        refuse_shifted_clock(event(), shifted)
    refuse_shifted_clock(event(), Clock())
    refuse_shifted_clock(event().model_copy(update={"lab": True}), shifted)
