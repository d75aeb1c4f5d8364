"""Log lines in the middle of an answer: between two lines, inside one, or behind text."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import Fact
from eventready.facts.saved import parse_saved
from eventready.session.dialogue.patterns import LOG_LINE_MARK, patterns
from tests.corpus.damage import TERMINALS
from tests.platforms.samples import Sample, all_samples

LOG = "*Apr 25 07:00:00.123: %LINK-3-UPDOWN: Interface GigabitEthernet0/0/9, changed state to down"
ROUTES = """\
hostname r1
ip route 0.0.0.0 0.0.0.0 10.0.0.2 200
ip route 10.9.0.0 255.255.0.0 10.0.0.6
"""
NEIGHBOURS = """\
Neighbor ID     Pri   State           Dead Time   Address         Interface
10.255.0.1        0   FULL/  -        00:00:38    10.0.0.2        TenGigabitEthernet0/0/0
10.255.0.31       1   FULL/DR         00:00:31    10.0.0.14       Vlan3112
"""


def read(fact: str, text: str) -> Observation:
    (observed,) = parse_saved(load_platform("cisco_xe"), fact, text)
    return observed


@pytest.mark.parametrize("log", [LOG, LOG_LINE_MARK])
@pytest.mark.parametrize(
    ("before", "behind"),
    [("", "10.255.0.1 "), ("10.255", ".0.1 "), ("FULL", "/  -"), ("Neighbor", " ID"), ("", "10.255.0.31")],
)
def test_a_line_broken_by_a_log_line_is_read_as_it_was(log: str, before: str, behind: str) -> None:
    """A captured answer has a mark in place of each log line."""
    broken = NEIGHBOURS.replace(f"{before}{behind}", f"{before}\n{log}\n{behind}", 1)
    assert broken != NEIGHBOURS
    assert read("ospf_neighbour", broken).rows == read("ospf_neighbour", NEIGHBOURS).rows


def test_nothing_is_measured_where_nothing_is_certain() -> None:
    one = "\n".join(lines_of(ROUTES)[:2])
    assert read("static_route", one).status is Status.PARSED
    observed = read("static_route", one.replace(" 200", f" 20\n{LOG}\n0"))
    assert (observed.status, observed.rows) == (Status.UNPARSED, ())
    assert "two ways" in observed.reason


def test_an_answer_full_of_log_lines_is_not_measured() -> None:
    lines = lines_of(NEIGHBOURS)
    text = "\n".join([lines[0], *(f"{lines[1].replace('0.1 ', f'0.{n} ', 1)}\n{LOG}" for n in range(40)), ""])
    assert read("ospf_neighbour", text).status is Status.UNPARSED


LOGGED = [one for one in all_samples() if one.case.startswith("ok") and TERMINALS[one.platform].log]


def without_prompt(sample: Sample, rows: tuple[Fact, ...]) -> list[Fact]:
    """The rows without what comes from a prompt, which may be cut too."""
    return [row.model_copy(update=dict.fromkeys(sample.compiled().spec.prompt)) for row in rows]


@given(sample=st.sampled_from(LOGGED), random=st.randoms(use_true_random=False), rest=st.sampled_from(["\n", ""]))
def test_a_log_line_behind_text_costs_the_record_of_the_text(sample: Sample, random: Random, rest: str) -> None:
    """The rest of the line is the next line, or is lost behind the log line."""
    lines, whole = lines_of(sample.text), sample.observe()
    number, place = random.choice(
        [(n, at) for n, line in enumerate(lines) for at in range(1, len(line) + 1) if line[:at].strip()]
    )
    line = lines[number]
    cut = f"{line[:place]}{TERMINALS[sample.platform].log}{rest}{line[place:]}"
    seen = sample.observe("\n".join([*lines[:number], cut, *lines[number + 1 :], ""]))
    assert seen.status is not Status.EMPTY
    rows = without_prompt(sample, seen.rows)
    assert not [row for row in rows if row not in without_prompt(sample, whole.rows)]
    if seen.status is Status.PARSED and seen.complete and not seen.unread:
        assert rows == without_prompt(sample, whole.rows)
    if not whole.unread:
        assert len(seen.unread) <= 2


def test_a_log_line_in_the_first_prompt_makes_no_difference_of_configurations() -> None:
    """The end of the first of both answers is unknown then: the second one stands twice in the text."""
    for sample in (one for one in LOGGED if (one.platform, one.fact) == ("osmocom_bsc", "saved_config")):
        first, *others = lines_of(sample.text)
        for place in range(1, first.find("#")):
            cut = f"{first[:place]}{TERMINALS[sample.platform].log}\n{first[place:]}"
            assert not sample.observe("\n".join([cut, *others])).rows


@pytest.mark.parametrize(
    ("platform", "fact", "text"),
    [
        ("cisco_xe", "system", "edge-{log}\nhall-1 uptime is 1 week"),
        ("cisco_xr", "system", "Cisco IOS XR Software, Version 7.5.{log}\n2"),
    ],
)
def test_half_a_word_before_a_log_line_is_no_value(platform: str, fact: str, text: str) -> None:
    (observed,) = parse_saved(load_platform(platform), fact, text.format(log=TERMINALS[platform].log) + "\n")
    assert not observed.rows
    assert observed.status is Status.UNPARSED


@pytest.mark.parametrize("name", sorted({one.platform for one in LOGGED}))
def test_a_log_line_is_cut_out_of_its_line(name: str) -> None:
    known, log = patterns(load_platform(name).spec.session), TERMINALS[name].log
    assert known.split_at_log_lines(f"a\nedge-{log}\n{log}\nhall-1 up\nb") == (
        f"a\nedge-{LOG_LINE_MARK}hall-1 up\nb",
        (1,),
    )
    assert known.split_at_log_lines(f"edge-{log}") == (f"edge-{LOG_LINE_MARK}", ())


@pytest.mark.parametrize("name", sorted({one.platform for one in LOGGED}))
def test_no_answer_of_a_device_has_a_log_line_behind_text(name: str) -> None:
    known = patterns(load_platform(name).spec.session)
    for sample in LOGGED:
        assert sample.platform != name or LOG_LINE_MARK not in known.split_at_log_lines(sample.text)[0]
