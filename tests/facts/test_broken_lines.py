"""Log lines in the middle of an answer: between two lines, or inside one."""

from __future__ import annotations

import pytest

from eventready.core.strings.text_lines import lines_of
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.saved import parse_saved
from eventready.session.dialogue.patterns import LOG_LINE_MARK

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
