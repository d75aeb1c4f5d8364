"""Every platform folder is tested by its own samples; see samples.py for their form."""

from __future__ import annotations

import pytest

from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Status
from eventready.facts.platform import load_platform
from eventready.facts.records import SavedConfig
from eventready.platforms.loader import platform_names
from tests.platforms.samples import Sample, all_samples, complaints, own_facts, platform_of
from tests.proofs.size import one_each

ALL = all_samples()
STATUSES = {
    "ok": {Status.PARSED},
    "empty": {Status.EMPTY},
    "junk": {Status.UNPARSED, Status.UNSUPPORTED, Status.DENIED},
}


@pytest.mark.parametrize("name", platform_names())
def test_platform_holds(name: str) -> None:
    assert load_platform(name).name == name


@pytest.mark.parametrize("name", platform_names())
def test_the_form_of_every_fact_has_a_source_or_is_unconfirmed(name: str) -> None:
    own = own_facts(load_platform(name))
    assert [fact.name for fact in own.values() if bool(fact.sources) is fact.unconfirmed] == []


@pytest.mark.parametrize("name", platform_names())
def test_every_fact_has_its_samples(name: str) -> None:
    assert complaints(name) == []


@pytest.mark.parametrize("name", platform_names())
def test_a_platform_without_samples_fails(name: str) -> None:
    platform = load_platform(name)
    assert not own_facts(platform) or any(sample.platform == name for sample in ALL)


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.id)
def test_sample(sample: Sample) -> None:
    expected = sample.expected
    for prefix, statuses in STATUSES.items():
        if sample.case.startswith(prefix):
            assert expected.status in statuses, f"a case named {prefix} must be one of {sorted(statuses)}"
    observed = sample.observe()
    assert not sample.complaint(observed)
    assert bool(observed.reason) is (observed.status is not Status.PARSED)


GOOD = [sample for sample in ALL if sample.case.startswith("ok")]
STRANGE = "&!? 0xdead : ~ strange ^ line = this"


@pytest.mark.parametrize("sample", one_each(GOOD, platform_of, "strange line"), ids=lambda sample: sample.id)
def test_a_strange_line_is_never_dropped_in_silence(sample: Sample) -> None:
    """The line is kept beside the rows where the fact has `carries`; elsewhere it makes the output unparsed."""
    lines = lines_of(sample.text)
    rows = sample.observe().rows
    for place in {1, len(lines) // 2}:
        observed = sample.observe("\n".join([*lines[:place], STRANGE, *lines[place:]]))
        differs = [row for row in observed.rows if isinstance(row, SavedConfig) and not row.saved]
        shown = any(line == STRANGE or line.startswith("&!? <") for line in observed.unmatched)  # values may be masked
        fewer = set(map(str, observed.rows)) < set(map(str, rows))
        named = bool(observed.unread) and (fewer or (shown and observed.rows == rows))
        kept = sample.compiled().spec.carries is not None and shown and observed.rows == rows
        assert kept or named or differs or not observed.status.measured, f"before line {place + 1}"


@pytest.mark.parametrize("name", platform_names())
def test_nothing_but_blanks_is_no_answer(name: str) -> None:
    for sample in GOOD:
        for text in ("", "\n\n", "  \t \n") if sample.platform == name else ():
            assert sample.observe(text).status is Status.UNPARSED, sample.id


@pytest.mark.parametrize("sample", one_each(GOOD, platform_of, "truncated"), ids=lambda sample: sample.id)
def test_a_truncated_answer_never_has_more(sample: Sample) -> None:
    text = sample.text
    whole = len(sample.observe().rows)
    for cut in range(0, len(text), max(1, len(text) // 40)):
        observed = sample.observe(text[:cut])
        assert len(observed.rows) <= whole
        assert observed.status is not Status.EMPTY
