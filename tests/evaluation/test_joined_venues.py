"""A question for several venues is one line; whatever differs by venue stays apart."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.core.messages import render
from eventready.evaluation.joined_venues import joined_venues

VENUES = ("hall", "park", "temple")


def answer(venue: str, part: str = "", **more: Any) -> dict[str, Any]:
    subject = f"http://a/ ({venue}){part}"
    return {
        "device": "svc-1", "check": "answer_http", "subject": subject, "status": "fail", "venues": [venue],
        "services": ["internet"], "message_id": "checks:answer.none", "params": {"subject": subject}, **more,
    }  # fmt: skip


@pytest.mark.parametrize("part", ["", " time"])
def test_a_question_for_three_venues_is_one_line_with_the_venues(part: str) -> None:
    found = [answer(venue, part, services=[venue]) for venue in VENUES]
    ((line, findings),) = joined_venues(found)
    assert findings == found
    assert f"http://a/ (hall, park, temple){part}" in render(line["message_id"], line["params"], "en")
    assert line["subject"] == found[0]["subject"], "its page is that of a finding"


@pytest.mark.parametrize(
    "other",
    [
        {"status": "warn"}, {"device": "svc-2"}, {"check": "answer_dns"}, {"check": "portal"}, {"value": 3},
        {"message_id": "checks:answer.open"}, {"venues": ["park", "temple"]}, {"venues": []},
        {"params": {"subject": "http://a/ (park)", "reason": "refused"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_differs_stays_apart(other: dict[str, Any]) -> None:
    found = [answer("hall"), answer("park", **other), answer("temple")]
    assert [len(findings) for _, findings in joined_venues(found)] == [2, 1]
