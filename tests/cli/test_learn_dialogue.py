"""The dialogue of `inventory learn`: in whole, in part, each open question once, removals only where wanted."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.cli.workspace.proposals import decide
from eventready.core.messages import message
from eventready.network.learn.proposal import Kind, Proposal

DOWN = message("learn:ask.not_up", state="down")


def open_one(kind: Kind, subject: str) -> Proposal:
    return Proposal.judged("w1", kind, subject, {"name": subject}, DOWN)


PROPOSALS = (
    Proposal("r1", "ospf", "10.0.0.1", "10.0.0.1"),
    Proposal("r1", "ospf", "10.0.0.2", "10.0.0.2"),
    Proposal("r1", "bgp", "10.0.0.9", "10.0.0.9"),
    Proposal("r2", "dhcp", "true", True),
    open_one("access_points", "a1"),
    open_one("access_points", "a2"),
    Proposal("w1", "answers", "http://10.0.0.1/", {"http": "http://10.0.0.1/"}, state="unknown", question=DOWN),
    Proposal("w1", "links", "a - b c", None, state="unknown", question=DOWN),
    Proposal.absent("w1", "radius", "10.0.0.7", "10.0.0.7"),
)


@pytest.mark.parametrize(
    ("typed", "prune", "accepted", "ignored"),
    [
        ("n l l", False, [], []),
        ("a l l", False, ["10.0.0.1", "10.0.0.2", "10.0.0.9", "true"], []),
        ("s k y n y n l", False, ["10.0.0.1", "10.0.0.2", "true"], ["a1", "a2"]),
        ("n y y Portal y", True, ["a1", "a2", "http://10.0.0.1/", "10.0.0.7"], []),
        ("n l l l", True, [], []),
    ],
)
def test_the_answers_decide(
    monkeypatch: pytest.MonkeyPatch, typed: str, prune: bool, accepted: list[str], ignored: list[str]
) -> None:
    answers = iter(typed.split())

    def prompt(*_texts: Any, **_options: Any) -> str:
        return next(answers)

    monkeypatch.setattr("click.prompt", prompt)
    decision = decide(PROPOSALS, "en", prune=prune)
    assert [one.subject for one in decision.accepted] == accepted
    assert [one.subject for one in decision.ignored] == ignored
    assert not list(answers)
    assert {"contains": "Portal"}.items() <= next((p.value for p in decision.accepted if p.kind == "answers"), {
        "contains": "Portal"}).items()  # fmt: skip
