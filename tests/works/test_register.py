"""Works of a workspace: later notices replace earlier ones, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventready.core.errors import UsageError, WorkspaceError
from eventready.works.ical import read_ical
from eventready.works.register import WorkRegister, named
from eventready.workspace.settings.circuits import Circuit, Circuits, load_circuits
from eventready.workspace.settings.works import MOST_WORKS, Work, load_works
from tests.works.notices import calendar, event, work

MOVED: dict[str, Any] = {"DTSTART": "20330801T170000Z", "DTEND": "20330801T190000Z"}
SERIES = (
    event(),
    event(SEQUENCE="2", X_MAINTNOTE_STATUS="CONFIRMED"),
    event(SEQUENCE="3", **MOVED, X_MAINTNOTE_STATUS="CONFIRMED"),
    event(objects=False, SEQUENCE="4", **MOVED, X_MAINTNOTE_STATUS="CANCELLED"),
)


def works_of(folder: Path) -> tuple[Work, ...]:
    return load_works(folder, devices=["core-1"])


def enter(folder: Path, *events: str) -> list[str]:
    """Effects of an import into a folder."""
    read = read_ical(calendar(*events), "n.ics")
    return [one.effect for one in WorkRegister(folder, works_of(folder)).add(read.works)]


def test_a_series_of_notices(tmp_path: Path) -> None:
    assert [enter(tmp_path, one) for one in SERIES] == [["new"], ["changed"], ["changed"], ["ended"]]
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert [enter(tmp_path, one) for one in SERIES] == [["older"], ["older"], ["older"], ["unchanged"]]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    (found,) = works_of(tmp_path)
    assert found.over
    assert [one.id for one in found.objects] == ["CKT-B", "CKT-A"]  # named by the notice before


def test_the_order_within_a_file_makes_no_difference(tmp_path: Path) -> None:
    assert enter(tmp_path, *reversed(SERIES)) == ["new", "changed", "changed", "ended"]
    assert works_of(tmp_path)[0].sequence == 4


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"X_MAINTNOTE_PROVIDER": "other.example"}, False),
        ({"X_MAINTNOTE_ACCOUNT": "2"}, False),
        ({"UID": "w2"}, False),
        ({"UID": None}, True),
        ({"X_MAINTNOTE_MAINTENANCE_ID": "WO-1B"}, True),
        ({"X_MAINTNOTE_PROVIDER": "Carrier.Example"}, True),
    ],
)
def test_the_identity_of_a_work(tmp_path: Path, other: dict[str, Any], same: bool) -> None:
    enter(tmp_path, event())
    assert enter(tmp_path, event(SEQUENCE="2", **other)) == (["changed"] if same else ["new"])
    assert len(works_of(tmp_path)) == (1 if same else 2)


def test_equal_sequences_are_ordered_by_time(tmp_path: Path) -> None:
    enter(tmp_path, event(DTSTAMP="20330702T000000Z", SUMMARY="b"))
    assert enter(tmp_path, event(DTSTAMP="20330701T000000Z", SUMMARY="a")) == ["older"]
    assert enter(tmp_path, event(DTSTAMP="20330703T000000Z", SUMMARY="c")) == ["changed"]


def test_a_persons_word_ends_with_other_times(tmp_path: Path) -> None:
    enter(tmp_path, event())
    register = WorkRegister(tmp_path, works_of(tmp_path))
    plain = {**register.works[0].model_dump(by_alias=True, mode="json"), "members": ["core-1"]}
    scope = Work.model_validate(plain).scope(Circuits())
    accepted = {"by": "An", "at": "2033-07-02 08:00", "scope": scope}
    register.write(Work.model_validate({**plain, "accepted": accepted}).at(register.works[0].origin))
    assert works_of(tmp_path)[0].accepted_by(Circuits())
    mapped = Circuits(circuits=(Circuit(id="CKT-A", members=("core-2",)),))
    assert not works_of(tmp_path)[0].accepted_by(mapped), "the circuit is another element now"
    enter(tmp_path, event(SEQUENCE="2", SUMMARY="other words"))
    assert works_of(tmp_path)[0].accepted
    assert works_of(tmp_path)[0].members == ("core-1",)
    read = read_ical(calendar(event(SEQUENCE="3", DTEND="20330729T200000Z")), "n.ics")
    assert [one.ends_word for one in WorkRegister(tmp_path, works_of(tmp_path)).add(read.works)] == [True]
    assert works_of(tmp_path)[0].accepted is None


def test_no_file_is_written_beyond_the_bound(tmp_path: Path) -> None:
    register = WorkRegister(tmp_path, [work(f"W-{number}") for number in range(MOST_WORKS)])
    with pytest.raises(WorkspaceError, match="at most"):
        register.add([work("one more")])
    assert not [*tmp_path.iterdir()]
    assert len(register.works) == MOST_WORKS


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "works"
    enter(inside, event(X_MAINTNOTE_PROVIDER="../../x", X_MAINTNOTE_MAINTENANCE_ID="/etc/passwd", SUMMARY="{a: *b}"))
    enter(inside, event(X_MAINTNOTE_PROVIDER="$(x)", UID="w2", X_MAINTNOTE_MAINTENANCE_ID="\u0001"))
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml")) == [
        "works/x-etc-passwd.yaml", "works/x-w2.yaml",
    ]  # fmt: skip
    assert {one.summary for one in works_of(inside)} == {"{a: *b}", "Splice on the north ring"}


def test_a_work_by_its_names() -> None:
    known = (work(), work("WO-2"), work("wo-2", provider="b"))
    assert named(known, "carrier.example/WO-1") is known[0]
    with pytest.raises(UsageError, match="several works"):
        named(known, "WO-2")
    with pytest.raises(UsageError, match="no work is named"):
        named(known, "WO-3")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{provider: a, id: b, from: 2033-07-29 17:00, to: 2033-07-29 16:00}", "its end must be after its begin"),
        (
            "{provider: a, id: b, from: 2033-07-29 17:00, to: 2033-07-29 18:00, members: [cor-1]}",
            "Did you mean 'core-1'",
        ),
        ("{provider: a, id: b, from: 2033-07-29 17:00, to: 2033-07-29 18:00, impact: much}", "impact"),
        ("{provider: a, id: b, from: 2033-07-29 17:00}", "to"),
    ],
)
def test_a_mistake_by_hand_is_a_sentence_with_its_line(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "a.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(WorkspaceError) as refused:
        works_of(tmp_path)
    assert sentence in str(refused.value)
    assert "a.yaml" in str(refused.value)


def test_a_folder_of_works(tmp_path: Path) -> None:
    assert works_of(tmp_path / "none") == ()
    enter(tmp_path, event())
    (tmp_path / "copy.yaml").write_bytes((tmp_path / "carrier-example-wo-1.yaml").read_bytes())
    with pytest.raises(WorkspaceError, match=r"is in carrier-example-wo-1\.yaml as well"):
        works_of(tmp_path)
    (tmp_path / "copy.yaml").rename(tmp_path / "n.ics")
    with pytest.raises(WorkspaceError, match="is a notice and no work of the workspace yet"):
        works_of(tmp_path)


def test_objects_of_providers_are_elements(tmp_path: Path) -> None:
    path = tmp_path / "circuits.yaml"
    path.write_text(
        "providers: [{id: a.example, email: noc@a.example, object_days: 5}]\n"
        "circuits:\n"
        "  - {id: CKT-A, members: [core-1]}\n"
        "  - {id: CKT-A, provider: B.example, members: ['core-1:x']}\n"
        "  - {id: CKT-C, provider: b.example, members: ['core-1:y - core-1:z']}\n",
        encoding="utf-8",
    )
    found = load_circuits(path, devices=["core-1"])
    assert found.members("a.example", "ckt-a") == ("core-1",)
    assert found.members("b.example", "CKT-A") == ("core-1:x",)
    assert found.members("a.example", "CKT-C") == ()
    assert found.provider("A.example").object_days == 5
    assert found.provider("unlisted").email == ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("circuits: [{id: a, members: [cor-1]}]", "Did you mean 'core-1'"),
        ("circuits: [{id: a, members: [core-1]}, {id: A, members: [core-1]}]", "'a' is listed twice"),
        ("circuits: [{id: a, members: []}]", "members"),
        ("providers: [{id: a, email: no}]", "email"),
    ],
)
def test_a_mistake_in_the_circuits_is_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "circuits.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(WorkspaceError) as refused:
        load_circuits(path, devices=["core-1"])
    assert sentence in str(refused.value)


def test_the_order_of_imports_makes_no_difference(tmp_path: Path) -> None:
    """A notice repeated later is the newest, though nothing in it is new."""
    a, again, b = (event(DTSTAMP=f"2033070{day}T000000Z") for day in (1, 3, 2))
    b = event(DTSTAMP="20330702T000000Z", **MOVED)
    for number, order in enumerate(((a, again, b), (a, b, again), (b, again, a))):
        for one in order:
            enter(tmp_path / str(number), one)
        (found,) = works_of(tmp_path / str(number))
        assert f"{found.start:%d/%m}" == "30/07"


def test_a_notice_without_a_sequence_counts_by_its_time(tmp_path: Path) -> None:
    enter(tmp_path, event(SEQUENCE="2"))
    assert enter(tmp_path, event(SEQUENCE=None, DTSTAMP="20330601T000000Z", **MOVED)) == ["older"]
    assert enter(tmp_path, event(SEQUENCE=None, DTSTAMP="20330705T000000Z", **MOVED)) == ["changed"]
    assert works_of(tmp_path)[0].sequence == 2


def test_two_notices_of_one_time_contradict(tmp_path: Path) -> None:
    enter(tmp_path, event())
    assert enter(tmp_path, event(**MOVED)) == ["contradicts"]


def test_an_acceptance_ends_with_the_work(tmp_path: Path) -> None:
    found = work(accepted={"by": "An", "at": "2033-07-02 08:00"}, uid="u", sequence=1)
    register = WorkRegister(tmp_path, [found.at(str(tmp_path / "a.yaml"))])
    ended = register.add([work(uid="u", sequence=2, status="cancelled")])
    assert [one.ends_word for one in ended] == [True]
    (again,) = register.add([work(uid="u", sequence=3)])
    assert again.kept.accepted is None


def test_a_work_names_a_circuit_or_an_element() -> None:
    with pytest.raises(ValueError, match="neither a circuit nor an element"):
        work(members=[])
