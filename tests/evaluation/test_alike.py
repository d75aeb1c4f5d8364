"""Alike findings are one row, a lost element is one line with what follows from it, and no finding is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.language import NAMED, Language
from eventready.core.messages import Lang
from eventready.evaluation.alike import Row, about, rows
from eventready.evaluation.causes import causes
from eventready.store.run_records import RunFinding

VENUES = ("hall", "park", "temple")
CABLE = "core-1 TenGigabitEthernet0/1/1 - edge-1 eth1"


def finding(device: str, check: str, subject: str, message_id: str = "checks:subject.down", **more: Any) -> RunFinding:
    return replace(RunFinding(check, device, "fail", subject, "", message_id, {"subject": subject}), **more)


def answer(venue: str, part: str = "", **more: Any) -> RunFinding:
    return finding("svc-1", "answer_http", f"http://a/ ({venue}){part}", "checks:answer.none", venues=(venue,), **more)


def _sentence(row: Row[RunFinding], lang: Lang, most: int = NAMED) -> str:
    return row.sentence(language := Language(lang), language.sentence(row.first), most)


def sentences(found: list[RunFinding], lang: Lang = "en", most: int = 12) -> list[str]:
    return [_sentence(row, lang, most) for row in rows(found, about, causes(found))]


@pytest.mark.parametrize(
    ("lang", "most", "shown"),
    [
        ("en", 12, "BTS-1 is down (also BTS-2, BTS-9, BTS-10)"),
        ("vi", 12, "BTS-1 không hoạt động (tương tự: BTS-2, BTS-9, BTS-10)"),
        ("en", 2, "BTS-1 is down (also BTS-2, BTS-9 and 1 more)"),
        ("vi", 2, "BTS-1 không hoạt động (tương tự: BTS-2, BTS-9 và 1 mục khác)"),
    ],
)
def test_alike_findings_are_one_sentence_with_their_subjects(lang: Lang, most: int, shown: str) -> None:
    found = [finding("bsc-1", "cell", f"BTS-{number}") for number in (10, 2, 1, 9)]
    assert sentences(found, lang, most) == [shown]


@pytest.mark.parametrize("part", ["", " time"])
def test_a_question_for_three_venues_names_them_in_its_subject(part: str) -> None:
    assert sentences([answer(venue, part, services=(venue,)) for venue in VENUES]) == [
        f"http://a/ (hall, park, temple){part}: no answer"
    ]


def test_a_sentence_that_does_not_name_its_subject_stands_behind_all_of_them() -> None:
    found = [finding("r-1", "cpu", name, "checks:run.no_subject") for name in ("one", "two")]
    assert sentences(found) == ["one, two: The check found nothing to judge"]


@pytest.mark.parametrize(
    "other",
    [
        {"status": "warn"}, {"check": "radio"}, {"value": 3}, {"limit": 3}, {"waiver": "An, until Monday"},
        {"message_id": "checks:subject.up"}, {"params": {"subject": "B", "reason": "refused"}},
        {"params": {"subject": "A"}}, {"subject": "", "params": {"subject": ""}},
    ],
    ids=str,
)  # fmt: skip
def test_what_differs_stays_apart(other: dict[str, Any]) -> None:
    found = [finding("r-1", "cell", "A"), replace(finding("r-1", "cell", "B"), **other), finding("r-1", "cell", "C")]
    assert [row.count for row in rows(found, about)] == [2, 1]


def test_a_row_has_each_of_its_subjects_on_each_of_its_devices() -> None:
    pairs = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"), ("c", "2"), ("d", "2")]
    made = rows([finding(*place, "checks:subject.down") for place in [(d, "cell", s) for d, s in pairs]], about)
    assert [(row.devices, row.subjects) for row in made] == [(["a", "b"], ["1", "2"]), (["c", "d"], ["2"])]


FOLLOWING = {
    "the ports of the cable": [
        finding("core-1", "optic", "TenGigabitEthernet0/1/1"), finding("edge-1", "uplink", "eth1"),
        finding("edge-1", "capacity_link", "edge-1 eth1 + edge-2 eth1"), finding("core-1", "link_neighbour", "Te0/1/1"),
    ],
    "the neighbours over it": [finding("core-1", "ospf", "10.255.0.1"), finding("edge-1", "bfd", "10.0.0.1")],
}  # fmt: skip
RESTS = {("core-1", "10.255.0.1"): ("core-1", "Te0/1/1"), ("edge-1", "10.0.0.1"): ("edge-1", "eth1")}


@pytest.mark.parametrize("following", FOLLOWING.values(), ids=FOLLOWING)
def test_what_follows_from_a_lost_cable_stands_behind_it(following: list[RunFinding]) -> None:
    others = [finding("core-1", "ospf", "10.255.0.9"), finding("edge-1", "uplink", "eth2")]
    cable = finding("core-1", "link", CABLE, "checks:link.down", params={"subject": CABLE, "device": "core-1"})
    found = [*following, cable, *others]
    made = rows(found, about, causes(found, RESTS))
    assert [(row.first, list(row.behind)) for row in made if row.behind] == [(cable, following)]
    assert sum(row.count for row in made) == len(found)
    assert f"is down at core-1, and {len(following)} findings that follow from this" in _sentence(made[0], "en")
    assert _sentence(made[0], "vi").endswith(f", kèm theo {len(following)} phát hiện là hệ quả")


@pytest.mark.parametrize(
    ("loss", "behind"),
    [
        (finding("ac-1", "access_point", "AP-1", "checks:access_point.critical_not_joined"), 2),
        (finding("ac-1", "site", "AP-1", "checks:site.link_lost"), 2),
        (finding("ac-1", "access_point", "AP-1", "checks:access_point.not_joined", status="warn"), 1),
        (finding("ac-1", "access_point", "AP-1", "checks:access_point.joined_no_load"), 0),
        (finding("ac-1", "access_point", "AP-1", "checks:access_point.not_joined", status="waived"), 0),
        (finding("ac-2", "access_point", "AP-1", "checks:access_point.not_joined"), 0),
    ],
)
def test_only_a_loss_has_findings_behind_it_and_none_worse_than_itself(loss: RunFinding, behind: int) -> None:
    found = [
        loss, finding("ac-1", "capacity_access_point", "AP-1"), finding("ac-1", "radio", "AP-1 5 GHz", status="warn"),
        finding("ac-1", "access_point_crowd", "AP-1", status="waived"),
        finding("ac-1", "radio_load", "AP-1", status="not_measured", blind=True),
    ]  # fmt: skip
    assert len(causes(found)) == behind


PLACES = st.tuples(st.sampled_from("ab"), st.sampled_from(["link", "cell"]), st.sampled_from(["", "1", "2", "3"]))


@given(
    st.lists(st.tuples(PLACES, st.sampled_from([None, 1])), max_size=12),
    st.dictionaries(PLACES, PLACES, max_size=6),
)
def test_no_finding_is_lost_and_none_is_listed_twice(
    drawn: list[tuple[tuple[str, str, str], int | None]], because: dict[tuple[str, str, str], tuple[str, str, str]]
) -> None:
    found = [finding(*place, value=value) for place, value in drawn]
    links = {(check, device, subject): (other[1], other[0], other[2])
             for (device, check, subject), other in because.items()}  # fmt: skip
    made: list[Row[RunFinding]] = rows(found, about, links)
    listed = [one for row in made for one in (*row.findings, *row.behind)]
    assert sorted(map(id, listed)) == sorted(map(id, found))
    assert sum(row.count for row in made) == len(found)
    for row in made:
        places = {(one.device, one.subject) for one in row.findings}
        assert places == {(device, subject) for device in row.devices for subject in row.subjects}
