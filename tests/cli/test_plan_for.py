"""`plan --for`, and the plan that an audit offers: on a running lab, and as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.change.fake_fleet import connect, write_workspace
from tests.change.plan.test_mends import MENDS, audited
from tests.cli.bsc_lab import Lab
from tests.cli.test_plan import Typed


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    connect(monkeypatch)
    write_workspace(tmp_path)
    (tmp_path / "templates" / "backup" / "values.yaml").write_text(MENDS)
    return Typed(tmp_path, capsys)


def test_the_intents_for_a_check(typed: Typed) -> None:
    """The command names the devices; the findings of other checks are those that no intent mends."""
    name = audited(typed.folder)
    code, found, _output = typed("plan", "--for", "floating_route")
    assert code == 0
    for line in (
        f"Open findings of floating_route in the audit {name} of 22/04/2022 07:00, 3 d 0 h ago: 4",
        "backup mends 4: floating_route (box-1, box-3, box-4)",
        f"eventready -w {typed.folder} plan backup -l box-1,box-3,box-4",
    ):
        assert line in found, line
    assert "No intent mends 1: cpu (box-1)" in typed("plan", "--for", "box-1")[1]
    assert "cách đây 3 ngày 0 giờ" in typed("--lang", "vi", "plan", "--for", "box-1")[1]
    assert "ago: 2" in typed("plan", "--for", "floating_route", "-l", "box-1")[1]


def test_the_intents_for_programs(typed: Typed) -> None:
    """Each finding is in one place."""
    audited(typed.folder)
    found = json.loads(typed("-o", "json", "plan", "--for", "box-1")[1])
    (one,) = found["proposals"]
    assert (one["intent"], one["devices"]) == ("backup", ["box-1"])
    assert one["command"] == "eventready plan backup -l box-1"
    assert one["findings"][0] == {"check": "floating_route", "device": "box-1", "subject": "b", "status": "warn"}
    assert (found["applied"], [left["check"] for left in found["left"]]) == ([], ["cpu"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--for", "hsrp_trakcing"], "hsrp_tracking"),
        (["--for", "  "], "is no venue"),
        (["--for", "box-1", "backup"], "makes no plan"),
        (["--for", "box-1", "--out", "a.plan"], "makes no plan"),
        (["--for", "box-1", "--detailed-exitcode"], "makes no plan"),
        ([], "plan needs an INTENT, --for or --remove"),
    ],
)
def test_wrong_words(typed: Typed, words: list[str], sentence: str) -> None:
    """Each has its sentence, and nothing is written."""
    audited(typed.folder)
    code, found, output = typed("plan", *words)
    assert (code, found) == (2, "")
    assert sentence in output


def test_without_an_audit_there_is_no_open_finding(typed: Typed) -> None:
    """The sentence names the command."""
    code, _found, output = typed("plan", "--for", "hall")
    assert code == 2
    assert "audit" in output


def test_a_venue_in_order_has_no_proposal(typed: Typed) -> None:
    """A known name without an open finding is no error."""
    audited(typed.folder, [])
    code, found, _output = typed("plan", "--for", "hall")
    assert code == 0
    assert "ago: 0" in found


def test_the_audit_offers_the_plan_that_mends_most(lab: Lab, tmp_path: Path) -> None:
    """Only where an intent declares the check; never after its change."""
    values = lab.copy / "templates" / "load_balancing" / "values.yaml"
    offer = f"Next: eventready -w {lab.copy} plan load_balancing"

    def audit(*words: str) -> str:
        return lab.run(*words, "audit", "--interval", "0", expect=(4,)).stderr

    assert offer not in audit()
    text = values.read_text(encoding="utf-8")
    values.write_text(text.replace("mends:\n", "mends:\n  - cleartext\n"), encoding="utf-8")
    lab.run("trust", "content", "--yes")
    last = f"Open findings of checks that `load_balancing` mends: 2 of 2. {offer}"
    assert " ".join(audit().split()).endswith(last)
    assert offer not in audit("-o", "json")
    path = tmp_path / "tonight.plan"
    lab.run("plan", "load_balancing", "--out", path)
    lab.run("apply", path, "--yes", "--soak", "0")
    assert offer not in audit()
    found = lab.json("plan", "--for", "cleartext")
    assert (found["proposals"], len(found["applied"])) == ([], 2)
    lab.run("rollback", "latest", "--yes", "--fast")
    assert " ".join(audit().split()).endswith(offer)
