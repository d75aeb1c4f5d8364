"""Rows of a fact are handed out by their type: nobody takes a part for the whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import eventready
from eventready.core.messages import Message
from eventready.facts import records as r
from eventready.facts.observation import Unread
from eventready.facts.rows import FactRows, PartialFact

SOURCE = Path(eventready.__file__).parent
#: Rooms whose `rows` and `unread` are no records of facts, and those that make observations or show one as read.
OTHERS = (
    "facts", "roster", "incidents", "clauses", "papers", "delivery", "province",
    "workspace", "network/map", "cli/workspace/inventory.py", "cli/audit/parse.py",
    "change/forms", "change/plan", "change/safety", "change/execute/recovery", "cli/change", "cli/papers", "cli/duties",
    "cli/department", "submission", "drawing", "works",
    "drill/preparation.py", "drill/steps.py", "checks/equipment/capacity.py",
    "audit/run_builder.py", "cli/audit/runs.py", "cli/audit/capacity_text.py", "cli/audit/run_summary.py",
    "cli/console.py", "cli/workspace/learn.py", "cli/workspace/proposals.py", "store/run.py", "pytest_plugin.py",
)  # fmt: skip


def uses() -> Iterator[str]:
    """Uses of the fields of an observation outside of the rooms of facts."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if name.startswith(OTHERS):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"rows", "unread"}:
                yield f"{name}:{node.lineno}: {ast.unparse(node)}"


@pytest.mark.slow
def test_rows_are_handed_out_by_their_type_alone() -> None:
    assert [*uses()] == []


def port(name: str) -> r.Interface:
    return r.Interface(name=name, admin="up", oper="up")


def lost(subject: str, text: str = "") -> Unread:
    return Unread(subject, Message("facts:no_rows"), text)


def peer(address: str, port: str, vrf: str | None = None) -> r.RoutingPeer:
    return r.RoutingPeer(protocol="ospf", peer=address, interface=port, vrf=vrf, state="FULL", up=True)


def test_a_part_is_not_handed_out_as_the_whole() -> None:
    rows = FactRows((port("Gi0/1"),), (lost("Gi0/2"),))
    assert not rows.whole
    assert rows.each_row() == (port("Gi0/1"),)
    with pytest.raises(PartialFact, match="Gi0/2"):
        rows.all_rows()
    with pytest.raises(PartialFact):
        FactRows[r.Interface](measured=False).all_rows()
    assert FactRows[r.Interface]().all_rows() == ()


@pytest.mark.parametrize(
    ("unread", "name", "maybe"),
    [
        (lost("Gi0/0/1"), "GigabitEthernet0/0/1", True),  # the same port, spelled otherwise
        (lost("Gi0/0/1"), "Gi0/0/2", False),  # another port that is looked for
        (lost("Gi0/0/9"), "Gi0/0/2", True),  # nobody's: may be a port whose name is what is strange
        (lost("ge-0/0/0.0", "192.0.2.1 ge-0/0/0.0 Full? 10.0.0.1 128 36"), "10.0.0.1", True),  # named by its port
        (lost("ge-0/0/0.0", "192.0.2.1 ge-0/0/0.0 Full? 10.0.0.1 128 36"), "10.0.0.2", False),
        (lost("Vlan10", "Vlan10 10 100 zork"), "10 Vlan10", True),  # a group by number and port
    ],
)
def test_an_unread_record_may_be_of_the_subject_that_it_names(unread: Unread, name: str, maybe: bool) -> None:
    among = ("Gi0/0/1", "Gi0/0/2", "10.0.0.1", "10.0.0.2", name)
    found = FactRows[r.Interface]((), (unread,)).for_subject(name, among)
    assert bool(found.unread_records) is maybe
    assert found.absent is not maybe


def test_a_read_subject_may_have_a_further_unread_record_only_by_name() -> None:
    rows = FactRows((peer("10.0.0.1", "Gi0/1"),), (lost("10.0.0.7"), lost("10.0.0.1")))
    found = rows.for_subject("10.0.0.1")
    assert [one.subject for one in found.unread_records] == ["10.0.0.1"]
    assert found.row == peer("10.0.0.1", "Gi0/1")


def test_figures_are_added_up_for_subjects_without_an_unread_record() -> None:
    loads = [r.ChannelLoad(cell=cell, kind="tch_f", used=1, total=2) for cell in ("A", "B")]
    rows = FactRows(tuple(loads), (lost("A tch_h"),))
    assert [row.cell for row in rows.for_sums(lambda row: row.cell)] == ["B"]
