"""Two runs laid side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.strings.json_text import canonical
from eventready.evaluation.differences import UNNAMED, compare, compare_runs
from eventready.store.run import Run
from eventready.store.run_parts import Items, Parts
from eventready.store.run_records import RunFinding


def finding(status: Any, subject: str = "e1", check: str = "uplink", **more: Any) -> RunFinding:
    return RunFinding(check, "r1", status, subject, **more)


def kinds(before: list[RunFinding], after: list[RunFinding]) -> dict[str, list[str]]:
    diff = compare(before, after)
    listed = {
        name: [change.identity[2] for change in getattr(diff, name)]
        for name in ("new", "fixed", "still", "worse", "better", "unseen")
    }
    return {name: subjects for name, subjects in listed.items() if subjects}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("pass", "fail", "new"),
        ("pass", "not_measured", "new"),
        ("fail", "pass", "fixed"),
        ("fail", "fail", "still"),
        ("fail", "not_measured", "still"),
        ("warn", "fail", "worse"),
        ("warn", "not_measured", "worse"),
        ("waived", "fail", "worse"),
        ("fail", "warn", "better"),
        ("fail", "waived", "better"),
        ("not_measured", "warn", "better"),
        ("not_measured", "fail", "worse"),
    ],
)
def test_one_finding_in_both_runs(before: str, after: str, kind: str) -> None:
    assert kinds([finding(before)], [finding(after)]) == {kind: ["e1"]}


def test_what_is_good_and_was_good_is_not_listed() -> None:
    assert kinds([finding("pass")], [finding("pass"), finding("pass", "e2")]) == {}


def test_a_finding_that_appears_is_new() -> None:
    assert kinds([], [finding("warn")]) == {"new": ["e1"]}


def test_an_alarm_that_is_gone_is_fixed_when_the_check_was_measured() -> None:
    assert kinds([finding("fail", "21807", "alarm")], [finding("pass", "alarms", "alarm")]) == {"fixed": ["21807"]}


def test_a_waiver_of_what_was_not_measured_fixes_nothing() -> None:
    after = finding("waived", "", was="not_measured")
    assert kinds([finding("fail")], [after]) == {"new": [""], "unseen": ["e1"]}


def test_a_failure_that_the_later_run_does_not_speak_of_is_unseen() -> None:
    assert kinds([finding("fail")], []) == {"unseen": ["e1"]}
    assert kinds([finding("fail")], [finding("not_measured", "")]) == {"new": [""], "unseen": ["e1"]}


def test_a_blind_finding_weighs_less_than_a_missing_one() -> None:
    assert kinds([finding("not_measured", blind=True)], [finding("not_measured")]) == {"worse": ["e1"]}


def test_of_two_findings_of_one_identity_the_worse_counts() -> None:
    assert kinds([finding("pass"), finding("fail")], [finding("warn"), finding("pass")]) == {"better": ["e1"]}


statuses = st.sampled_from(["pass", "warn", "fail", "not_measured", "waived"])
runs = st.dictionaries(st.sampled_from("abcdef"), statuses).map(
    lambda run: [finding(s, name) for name, s in run.items()]
)


@given(runs, runs)
def test_every_bad_finding_is_in_exactly_one_list(before: list[RunFinding], after: list[RunFinding]) -> None:
    bad = {one.subject for one in [*before, *after] if one.status != "pass"}
    listed = [subject for subjects in kinds(before, after).values() for subject in subjects]
    assert sorted(listed) == sorted(bad)


@given(runs)
def test_a_run_compared_with_itself_has_only_what_still_stands(run: list[RunFinding]) -> None:
    assert set(kinds(run, run)) <= {"still"}


found = st.builds(
    lambda device, check, subject, status, params, blind: {
        "check": check, "device": device, "subject": subject, "status": status, "params": params, **blind,
    },
    st.sampled_from(["a", "b", "B", "đ"]),
    st.sampled_from(["cpu", "link"]),
    st.sampled_from(["", "1", '"status":"pass"', '},{"blind":false,"check":"']),
    st.sampled_from(["pass", "waived", "warn", "not_measured", "fail"]),
    st.sampled_from([{}, {"status": "pass"}, {"status": "fail"}]),
    st.sampled_from([{"blind": False}, {"blind": True}, {}]),
)  # fmt: skip
findings = st.lists(found, max_size=8)


def by_device(entries: list[dict[str, Any]]) -> Run:
    """A run with its findings by device and check, as a store reads them."""
    ordered = sorted(entries, key=lambda entry: (entry["device"], entry["check"]))
    read = [
        (device, {check.encode(): canonical(list(some))[1:-1] for check, some in groupby(every, itemgetter("check"))})
        for device, every in groupby(ordered, itemgetter("device"))
    ]
    return Run(Parts({"findings": Items.of_devices(lambda: read)}))


@given(findings, findings)
def test_runs_are_compared_device_by_device_as_whole_lists_are(
    earlier: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    before, after = by_device(earlier), by_device(later)
    whole = compare(list(before.findings()), list(after.findings()))
    assert compare_runs(before, after) == whole
    wrong = {(one["device"], one["check"], one["subject"]) for one in later if one["status"] != "pass"}
    counted = compare_runs(before, after, Counter(place[:2] for place in wrong))
    assert counted == replace(whole, still=(UNNAMED,) * len(whole.still))
    assert compare_runs(Run.of({"findings": earlier}), after) == compare(
        Run.of({"findings": earlier}).findings(), after.findings()
    )
    assert list(after.open_findings()) == [finding for finding in after.findings() if finding.status != "pass"]
