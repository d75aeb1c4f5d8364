"""One strange record costs that record: it is named, and the others are read as before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.errors import PlatformError
from eventready.core.strings.texts import lines_of
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.record_blocks import RecordBlock
from eventready.facts.records import Fact
from eventready.session.reply import Reply
from tests.facts.folders import PLATFORM, write_platform
from tests.platforms.samples import Sample, all_samples, platform_of
from tests.proofs.size import one_each

GOOD = [sample for sample in all_samples() if sample.case.startswith("ok") and sample.compiled().record]
#: No device prints it, and no pattern knows it.
STRANGE = "\u00a4 errors power state 17 \u00a4"

Damage = Callable[[list[str], RecordBlock], list[str]]


def observe(sample: Sample, lines: Sequence[str]) -> Observation:
    compiled = sample.compiled()
    return interpret("-", sample.fact, compiled, Reply(compiled.command, "\n".join(lines)))


def foreign_line(lines: list[str], block: RecordBlock) -> list[str]:
    return [*lines[: block.start + 1], STRANGE, *lines[block.start + 1 :]]


def garbled(word: int) -> Damage:
    """Return the damage of a word of the middle line of a record."""

    def damage(lines: list[str], block: RecordBlock) -> list[str]:
        place = (block.start + block.end) // 2
        words = lines[place].split(" ")
        filled = [index for index, text in enumerate(words) if text]
        if filled:
            words[filled[word % len(filled)]] = "\u00a4"
        return [*lines[:place], " ".join(words), *lines[place + 1 :]]

    return damage


def without_second_line(lines: list[str], block: RecordBlock) -> list[str]:
    second = block.start + 1
    return [*lines[:second], *lines[second + 1 :]] if block.end > second else lines


@pytest.mark.slow
@pytest.mark.parametrize("sample", one_each(GOOD, platform_of, "record"), ids=lambda sample: sample.id)
def test_damage_of_a_record_costs_no_other(sample: Sample) -> None:
    lines = lines_of(sample.observe().raw)
    bounds = sample.compiled().record
    assert bounds is not None
    partial, before = 0, observe(sample, lines)
    if before.unread:
        return  # a sample of a strange record
    whole = before.rows
    blocks = bounds.split(lines)
    for block in blocks:
        without = observe(sample, [*lines[: block.start], *lines[block.end :]])
        for damage in (foreign_line, *map(garbled, (0, 1, 2, 3, 4, -1)), without_second_line):
            seen = observe(sample, damage(lines, block))
            # Where the device states a number of rows, the answer without the record is refused.
            others = without.rows if without.status.measured else tuple(row for row in whole if row in seen.rows)
            if seen.status.measured:
                assert set(map(str, others)) <= set(map(str, seen.rows)), block.subject
                assert len(seen.unread) <= 1
            partial += bool(seen.unread)
            if seen.unread:
                assert not others or seen.rows == others  # a stated count refuses the answer without the record
                assert seen.unread[0].reason
    assert partial or len(blocks) < 3, "no damage costs one record only: is `record` right?"


def test_some_platforms_say_how_their_records_are_bounded() -> None:
    facts = {(sample.platform, sample.fact) for sample in GOOD}
    assert {("cisco_xr", "interface"), ("huawei_vrp", "interface")} <= facts


STRANGE_ITEMS = [
    # platform, fact, a piece of its sample, what the device prints instead, the only record that is lost
    ("frr", "bgp_neighbour", '"pfxRcd":2', '"pfxRcd":"two"', "192.0.2.14"),
    ("mikrotik_routeros", "interface", "rx-byte=1 952", "rx-byte=many", "ether1"),
    ("mikrotik_routeros", "interface", " link-downs=1", " link-downs=1 rx-byte=5", "ether1"),
    ("mikrotik_routeros", "interface", "tx-byte=2 072", "tx-byte=2 072\n  ¤", "ether1"),
]


@pytest.mark.parametrize(("platform", "fact", "piece", "strange", "lost"), STRANGE_ITEMS)
def test_a_strange_item_of_a_format_with_bounds_costs_itself(
    platform: str, fact: str, piece: str, strange: str, lost: str
) -> None:
    (sample,) = (s for s in all_samples() if (s.platform, s.fact, s.case) == (platform, fact, "ok"))
    assert piece in sample.text
    whole, seen = sample.observe(), sample.observe(sample.text.replace(piece, strange, 1))
    assert seen.status is Status.PARSED, seen.reason
    assert [record.subject for record in seen.unread] == [lost]
    assert seen.unread[0].reason
    assert seen.rows == tuple(row for row in whole.rows if lost not in row.subject)


def test_a_list_that_is_not_counted_has_no_bounds() -> None:
    (sample,) = (s for s in all_samples() if s.id == "mikrotik_routeros-interface-ok")
    without = sample.text.replace("total: 4\n", "")
    assert not sample.observe(without.replace("rx-byte=1 952", "rx-byte=many")).status.measured
    assert not sample.observe(without.replace("tx-byte=2 072", "tx-byte=2 072\n  ¤")).status.measured


FACTS = """\
facts:
  ospf_neighbour:
    command: show peers
    parser: textfsm
    template: peers.textfsm
    fields: {peer: PEER, interface: PORT, vrf: VRF, state: STATE, up: STATE}
    constants: {protocol: ospf}
    words:
      up: {full: true, init: false}
    counts: ['^Total: (\\d+)$']
    trailers: ['^Total: ']
    record: {starts: '^(?P<subject>\\d[\\d.]+)\\s'}
"""
PEERS = """\
Value Filldown VRF (\\S+)
Value Required PEER ([\\d.]+)
Value PORT (\\S+)
Value STATE (\\w+)

Start
  ^VRF ${VRF}$$
  ^${PEER} +${PORT} +${STATE}$$ -> Record
  ^Total: \\d+$$
  ^. -> Error
"""
ROWS = (
    "VRF a",
    "10.0.0.1 Gi1 full",
    "10.0.0.2 Gi2 full",
    "VRF b",
    "10.0.0.3 Gi3 init",
    "10.0.0.4 Gi4 full",
    "Total: 4",
)


@pytest.fixture(name="read")
def reader(tmp_path: Path) -> Callable[..., Observation]:
    home = write_platform(tmp_path, platform=PLATFORM, facts=FACTS, peers=PEERS)
    compiled = load_platform("testing", [home]).facts["ospf_neighbour"]

    def read(*lines: str, complete: bool = True) -> Observation:
        return interpret("r1", "ospf_neighbour", compiled, Reply("show peers", "\n".join(lines), complete=complete))

    return read


def with_line(place: int, text: str) -> tuple[str, ...]:
    return (*ROWS[:place], text, *ROWS[place + 1 :])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("10.0.0.3 Gi3 in it", "1 line of the answer matches no rule"),
        ("10.0.0.3 Gi3 loading", "'loading' is a word the platform does not know"),
    ],
)
def test_a_strange_row_is_named_and_the_others_stand(read: Callable[..., Observation], row: str, reason: str) -> None:
    seen = read(*with_line(4, row))
    assert seen.status is Status.PARSED
    assert [(peer.subject, getattr(peer, "vrf", "")) for peer in seen.rows] == [
        (peer.subject, getattr(peer, "vrf", "")) for peer in read(*ROWS).rows if "10.0.0.3" not in peer.subject
    ]
    assert [unread.subject for unread in seen.unread] == ["10.0.0.3"]
    assert reason in seen.unread[0].reason
    assert seen.reason == ""


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("a line outside all rows, which may be the name of a VRF", with_line(3, "VRF b c")),
        ("a row that does not begin like one", with_line(4, "x0.0.0.3 Gi3 init")),
        ("fewer rows than the device counts", with_line(4, "10.0.0.3 Gi3 in it")[1:2] + with_line(4, "10.0.0.3 ?")[3:]),
        ("no last line", with_line(4, "10.0.0.3 Gi3 in it")[:-1]),
        ("as many strange rows as others", (*with_line(4, "10.0.0.3 Gi3 in it")[:5], "10.0.0.4 Gi4 ?", "Total: 4")),
    ],
)
def test_without_bounds_the_answer_is_refused(
    read: Callable[..., Observation], what: str, lines: tuple[str, ...]
) -> None:
    seen = read(*lines)
    assert (seen.status, seen.rows, seen.unread) == (Status.UNPARSED, (), ()), what


BLOCKS = """\
Value Required NAME (\\S+)
Value STATE (up|down)
Value MTU (\\d+)

Start
  ^\\S+ is -> Continue.Record
  ^${NAME} is ${STATE}$$
  ^ mtu ${MTU}$$
  ^. -> Error
"""
PORTS = """\
facts:
  interface:
    command: show ports
    parser: textfsm
    template: ports.textfsm
    fields: {name: NAME, admin: STATE, oper: STATE, mtu: MTU}
    required: [MTU]
    record: {starts: '^(?P<subject>\\S+) is ', lines: '^ '}
"""


@pytest.mark.parametrize(
    ("text", "complete", "unread"),
    [
        ("a is up\n mtu 1\nb is up\n mtu 2\nc is up\n ttl 3", True, ["c"]),
        ("a is up\n mtu 1\nb is odd\n mtu 2\nc is up\n mtu 3", True, ["b"]),
        # A cut answer bounds every record but its last one.
        ("a is up\n mtu 1\nb is up\n mtu 2\nc is up\n mt", False, None),
        ("a is up\n mtu 1\nb is up\n mt\nc is up\n mtu 3", False, ["b"]),
        # The first line of another port is lost: the port before it has two values.
        ("a is up\n mtu 1\n mtu 2\nc is up\n mtu 3\nd is up\n mtu 4", True, None),
    ],
)
def test_a_port_is_bounded_by_its_lines(tmp_path: Path, text: str, *, complete: bool, unread: list[str] | None) -> None:
    home = write_platform(tmp_path, platform=PLATFORM, facts=PORTS, ports=BLOCKS)
    compiled = load_platform("testing", [home]).facts["interface"]
    seen = interpret("r1", "interface", compiled, Reply("show ports", text, complete=complete))
    assert (seen.status is Status.PARSED) is (unread is not None)
    assert [record.subject for record in seen.unread] == (unread or [])
    assert {row.subject for row in seen.rows}.isdisjoint(unread or [])


@pytest.mark.parametrize(
    ("record", "key", "complaint"),
    [
        ("{starts: '^(\\S+) is '}", "", "has no group `subject`"),
        ("{starts: '^(?P<subject>(?:\\S+)+)!is'}", "", "too long to fail"),
        ("{starts: '^(?P<subject>\\S+) is '}", "whole: true\n    ", "cannot be bounded by lines"),
    ],
)
def test_bounds_that_cannot_hold_are_an_error(tmp_path: Path, record: str, key: str, complaint: str) -> None:
    start = PORTS.index("record:")
    home = write_platform(tmp_path, platform=PLATFORM, facts=f"{PORTS[:start]}{key}record: {record}\n", ports=BLOCKS)
    with pytest.raises(PlatformError, match=complaint):
        load_platform("testing", [home])


ALL_GOOD = [sample for sample in all_samples() if sample.case.startswith("ok")]


def other_subjects(whole: tuple[Fact, ...], seen: tuple[Fact, ...]) -> set[str]:
    """The subjects of rows that are otherwise than in the whole answer, by the first field of their key."""
    return {str(getattr(row, row.key[0]) if row.key else "") for row in seen if row not in whole}


@given(sample=st.sampled_from(ALL_GOOD), place=st.integers(0, 10_000), line=st.booleans())
def test_one_strange_record_changes_no_other_subject(sample: Sample, place: int, *, line: bool) -> None:
    """Whether or not the platform bounds its records: a strange word, or a strange line."""
    lines, whole = lines_of(sample.text), sample.observe()
    filled = [number for number, text in enumerate(lines) if text.strip()]
    number = filled[place % len(filled)]
    words = [*re.finditer(r"\S+", lines[number])]
    word = words[place % len(words)]
    strange = lines[number][: word.start()] + "\u00a4" + lines[number][word.end() :]
    changed = [*lines[:number], *([lines[number], STRANGE] if line else [strange]), *lines[number + 1 :], ""]
    seen = sample.observe("\n".join(changed))
    assert seen.status is not Status.EMPTY
    assert len(other_subjects(whole.rows, seen.rows)) <= 1
