"""Evidence of configuration commands: lines that a fact reads stay, other values go, and the rows stay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.facts.configuration_text import Structure, _has_keys, _without_keys
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import observe
from eventready.facts.platform import CompiledFact, Platform, load_platform
from eventready.facts.saved import END_OF_ANSWER, saved_reply
from eventready.platforms.loader import platform_names
from eventready.session.reply import Reply
from tests.planted import FORMS, PLANTED
from tests.platforms.samples import Sample, all_samples

WORDS = frozenset(["interface", "description", "ip", "route", "snmp-server", "community", "bandwidth", "mode"])


def configuration_facts(platform: Platform) -> list[CompiledFact]:
    return [fact for fact in platform.facts.values() if any(map(platform.prints_configuration, fact.commands))]


SAMPLES = [
    sample
    for sample in all_samples()
    if any(map(load_platform(sample.platform).prints_configuration, sample.compiled().commands))
]
OTHERS = [sample for sample in all_samples() if sample not in SAMPLES and sample.compiled().commands]
READERS = [(name, fact.name) for name in platform_names() for fact in configuration_facts(load_platform(name))]


def test_the_platforms_have_such_commands() -> None:
    assert len(SAMPLES) > 30
    assert {name for name, _ in READERS} >= {"cisco_xe", "cisco_xr", "huawei_vrp", "juniper_junos", "frr"}
    assert ("cisco_xe", "interface") not in READERS


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_stored_evidence_gives_the_same_rows(sample: Sample) -> None:
    observed = sample.observe()
    again = interpret(
        "-", sample.fact, sample.compiled(), Reply(observed.command, observed.raw, complete=observed.complete)
    )
    assert again.rows == observed.rows
    assert again.status is observed.status or not observed.status.measured


@pytest.mark.parametrize(("name", "fact"), READERS)
def test_no_planted_secret_is_left_in_an_observation(name: str, fact: str) -> None:
    platform = load_platform(name)
    samples = [s for s in SAMPLES if s.platform == name and s.fact == fact] or [s for s in SAMPLES if s.fact == fact]
    text = samples[0].text if samples else ""
    planted = f"{text}\n{FORMS}\n{END_OF_ANSWER}\n"
    for observed in observe("-", platform, [fact], lambda commands: _replies(platform, commands, planted)):
        shown = f"{observed.raw}\n{observed.reason}\n{observed.unmatched}\n{observed.unread}"
        assert PLANTED not in shown
        assert observed.raw


def _replies(platform: Platform, commands: Sequence[str], text: str) -> list[Reply]:
    return [saved_reply(platform, command, text) for command in commands]


def _each(answers: Mapping[str, str], commands: Sequence[str]) -> list[Reply]:
    return [Reply(command, answers[command]) for command in commands]


def read(text: str, *facts: str, platform: str = "cisco_xe") -> list[Observation]:
    spoken = load_platform(platform)
    return observe("-", spoken, facts, lambda commands: [Reply(command, redact(text)) for command in commands])


def test_the_facts_of_one_answer_share_what_they_read() -> None:
    text = "hostname edge\nip route 0.0.0.0 0.0.0.0 192.0.2.1\nlogging host 192.0.2.9\nlogging trap Zebra77\n"
    route, target = read(text, "static_route", "log_target")
    assert route.raw == target.raw == text.removesuffix("\n").replace("Zebra77", "<1>")
    assert (len(route.rows), len(target.rows)) == (1, 1)


def test_a_difference_of_configurations_keeps_its_signs_only() -> None:
    text = "!Contextual Config Diffs:\n+snmp mib community-map Zebra77 engineid 8000\n-ntp server 192.0.2.1\n"
    (saved,) = read(text, "saved_config")
    assert [row.model_dump()["saved"] for row in saved.rows] == [False]
    assert "Zebra77" not in saved.raw
    assert "192.0.2.1" not in saved.raw
    assert [line[:1] for line in lines_of(saved.raw)] == ["!", "+", "-"]


def test_compared_configurations_stay_different() -> None:
    running, startup = "bsc\n name one\nend", "bsc\n name two\nend"
    platform = load_platform("osmocom_bsc")
    for second, expected in ((startup, False), (running, True)):
        answers = dict(zip(platform.facts["saved_config"].commands, (running, second), strict=True))
        (observed,) = observe("-", platform, ["saved_config"], partial(_each, answers))
        again = interpret("-", "saved_config", platform.facts["saved_config"], Reply("", observed.raw))
        assert "one" not in observed.raw
        assert again.rows == observed.rows
        assert [row.model_dump()["saved"] for row in observed.rows] == [expected]


def test_an_answer_that_breaks_off_is_reduced_too() -> None:
    spoken = load_platform("cisco_xe")
    (observed,) = observe(
        "-",
        spoken,
        ["static_route"],
        lambda commands: [replace(Reply(command, ""), text=f"odd {PLANTED}") for command in commands],
    )
    assert PLANTED not in f"{observed.raw}{observed.unmatched}{observed.reason}"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (" ip route 192.0.2.0 x", " ip route <1> <2>"),
        ("snmp-server community one one two", "snmp-server community <1> <1> <2>"),
        ("+snmp-server odd", "+snmp-server <1>"),
        ("mode=odd other=odd", "mode=<1> <2>"),
        (' description the "hall", left', ' description the "hall", left'),
        ("interface x description the hall", "interface <1> description the hall"),
        ("secret <redacted> description odd", "<1> <redacted> description <2>"),
        ("{ } ! ; #", "{ } ! ; #"),
        ("", ""),
    ],
)
def test_the_structure_of_a_line(line: str, masked: str) -> None:
    assert Structure(WORDS).of(line) == masked


@given(st.text(max_size=60))
def test_the_structure_of_a_structure_is_itself(text: str) -> None:
    once = Structure(WORDS).of(text)
    assert Structure(WORDS).of(once) == once


@pytest.mark.attack(family="secrets in answers")
def test_a_word_with_the_form_of_a_key_is_masked_unless_a_fact_reads_it() -> None:
    key = "a8Kd93jfKD02mmXq19Zs"
    observed = replace(next(iter(OTHERS)).observe(), raw=f"licence {key} of GigabitEthernet0/0/0/1", rows=())
    masked = _without_keys(replace(observed, unmatched=(key,)))
    assert key not in f"{masked.raw}{masked.unmatched}"
    assert "GigabitEthernet0/0/0/1" in masked.raw


@given(
    st.lists(
        st.tuples(st.text("aZ09_+/$=\u00e9", min_size=15, max_size=560), st.sampled_from(" \n\t:,\u00a0")), max_size=6
    )
)
def test_an_answer_without_such_a_word_needs_no_mask(words: list[tuple[str, str]]) -> None:
    text = "".join(word + blank for word, blank in words)
    masked = _without_keys(
        Observation("d", "power", Status.EMPTY, "show power", unmatched=tuple(text.split()), raw=text)
    )
    assert [_has_keys(text), _has_keys(text)] == [masked.raw != text] * 2


@pytest.mark.slow
def test_evidence_of_other_answers_gives_the_same_rows() -> None:
    changed = []
    for sample in OTHERS:
        observed = sample.observe()
        bare = _without_keys(observed)
        reply = Reply(sample.compiled().commands[0], bare.raw)
        again = interpret("r1", sample.fact, sample.compiled(), reply) if bare.raw != observed.raw else observed
        changed += [sample.id] if again.rows != observed.rows else []
    assert len(OTHERS) > 500
    assert changed == []
