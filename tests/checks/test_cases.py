"""Every check, case by case, to the letter; a check without cases fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from eventready.checks.check import CHECKS
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.messages import Message, number, percentage, render
from eventready.facts.observation import Observation, Unread
from tests.checks.casebook import FOLDER, Case, all_cases, cases_of, status_of
from tests.proofs.size import one_each

NAMES = [check.name for check in all_checks()]


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_case(case: Case) -> None:
    assert sorted(case.found()) == sorted(case.expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_check_has_cases_of_every_kind(name: str) -> None:
    seen = {status_of(finding) for case in cases_of(name) for finding in case.findings()}
    if not CHECKS[name].needs:  # what needs nothing measured only says what is configured
        assert seen & {"warn", "fail", "not_measured"}
        return
    assert "pass" in seen, f"{name} has no case in which all is well"
    assert seen & {"warn", "fail"}, f"{name} has no case in which something is wrong"
    assert seen & {"not_measured", "blind"}, f"{name} has no case in which something cannot be told"


def test_no_cases_are_left_behind() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_user_reads_of_a_check(name: str) -> None:
    title = CHECKS[name].title
    assert title.endswith(".")
    assert title != name


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_names_its_source(name: str) -> None:
    for limit, info in type(CHECKS[name].limits).model_fields.items():
        description = info.description or ""
        assert description.endswith("]"), f"{name}.{limit} does not say where its figure comes from"


def shows(finding: Finding, parameter: str) -> bool:
    """True when the finding's sentence has the parameter."""
    return "\0" in render(finding.message_id, {**finding.params, parameter: "\0"}, "en")


def written(value: float | str) -> tuple[str, ...]:
    """Figure in the notations of an English sentence: 1,500; of a percentage too."""
    return (value,) if isinstance(value, str) else (number(value, "en"), f"{percentage(value, 'en')}%")


@pytest.mark.slow
def test_values_and_limits_of_findings_stand_in_their_messages() -> None:
    for case in all_cases():
        for finding in case.findings():
            if finding.value is not None and shows(finding, "value"):
                assert any(form in finding.message for form in written(finding.value))
            if finding.limit is not None and shows(finding, "limit"):
                assert written(finding.limit)[0] in finding.message


@pytest.mark.slow
def test_every_placeholder_has_its_value() -> None:
    for case in all_cases():
        for finding in case.findings():
            assert "{" not in finding.message
            assert finding.params["subject"] == finding.subject


@pytest.mark.slow
def test_findings_of_one_check_have_identities_of_their_own() -> None:
    for case in all_cases():
        identities = [finding.identity for finding in case.findings()]
        assert len(identities) == len(set(identities)), f"{case.check}: {case.name}"


def unread(place: int) -> Callable[[Observation], Observation]:
    """Return a change of observations: the record at `place` of each fact could not be read."""

    def spoilt(observation: Observation) -> Observation:
        if len(observation.rows) <= 1:
            return observation
        lost = observation.rows[place % len(observation.rows)]
        rows = tuple(row for row in observation.rows if row is not lost)
        printed = " ".join(str(value) for value in vars(lost).values() if value is not None)
        return replace(observation, rows=rows, unread=(Unread(lost.subject, Message("facts:no_rows"), printed),))

    return spoilt


def check_of(case: Case) -> str:
    return case.check


@pytest.mark.parametrize("case", one_each(all_cases(), check_of, "unread"), ids=lambda case: case.id)
def test_an_unread_record_makes_no_finding_of_another_meaning(case: Case) -> None:
    whole = {finding.subject: finding.status for finding in case.findings()}
    for place in (0, 1, 2):
        partial = case.findings(unread(place))
        found = {finding.subject: finding.status for finding in partial if finding.status is not Outcome.NOT_MEASURED}
        assert {name: status for name, status in found.items() if whole.get(name) is not status} == {}, place
        if not whole.keys() <= found.keys():
            assert len(found) < len(partial) or CHECKS[case.check].expected_only, place
