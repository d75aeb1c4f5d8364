"""A platform folder holds or is refused, with the file, the line, and what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from eventready.core.errors import Exit, PlatformError
from eventready.core.messages import Bilingual
from eventready.facts.interpret import interpret
from eventready.facts.parsing.parsed import ParsedText
from eventready.facts.platform import load_platform
from eventready.facts.records import LogTarget
from eventready.platforms.loader import platform_names
from eventready.platforms.model import FactSpec
from eventready.session.reply import Reply
from tests.facts.folders import FACTS, PLATFORM, TABLE, write_platform


def test_a_folder_that_holds(tmp_path: Path) -> None:
    home = write_platform(tmp_path)
    platform = load_platform("testing", [home])
    assert set(platform.facts) == {"bfd_session", "bgp_neighbour"}
    assert platform.facts["bfd_session"].command == "show bfd"
    assert platform.unsupported == {"cpu": Bilingual("", "it has none")}
    assert load_platform("testing", [home]) is platform
    assert "testing" in platform_names([home])
    assert "testing" not in platform_names()


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("show bfd", True),
        ("show bfd | redirect flash:x", False),
        ("show bfd\nreload", False),
        ("show bfd\x1b", False),
        ("  show bfd", False),
        ("configure terminal", False),
        ("show secret", False),
        ("", False),
    ],
)
def test_only_whole_read_only_lines_are_allowed(tmp_path: Path, command: str, allowed: bool) -> None:
    assert load_platform("testing", [write_platform(tmp_path)]).allows(command) is allowed


REFUSALS = {
    "unknown fact": (("bfd_session:", "bfd_sesion:"), 2, "Did you mean 'bfd_session'?"),
    "unknown field": (("peer: PEER, state: STATE, interface", "peer: PEER, state: STATE, interfaces"), 6, "interface"),
    "missing required field": (("{peer: PEER, state: STATE, interface", "{peer: PEER, interface"), 6, "needs state"),
    "words for a field not read": (("      state: {UP", "      stat: {UP"), 8, "fields does not read"),
    "word outside the record's": (("UP: up", "UP: upp"), 8, "no value of state"),
    "word pattern": (("/^adm/", "/^(adm/"), 8, "does not compile"),
    "constant outside the record's": (("protocol: bgp", "protocol: rip"), 15, "no value of protocol"),
    "constant and field": (
        ("constants: {protocol: bgp}", "constants: {protocol: bgp, up: true}"),
        15,
        "both in fields",
    ),
    "unknown parser": (("parser: textfsm", "parser: textfms"), 4, "no parser 'textfms'"),
    "missing template": (("template: bfd.textfsm", "template: bgp.textfsm"), 5, "no template bgp.textfsm"),
    "no template": (("    template: bfd.textfsm\n", ""), 4, "needs a template"),
    "unknown column": (("peer: PEER, state: STATE, interface", "peer: PEERS, state: STATE, interface"), 6, "'PEER'"),
    "unknown column in a format": (('"Port {PORT}"', '"Port {PROT}"'), 6, "'PROT'"),
    "command that writes": (("command: show bfd", "command: clear bfd"), 3, "not read-only"),
    "command that is never sent": (("command: show bfd", "command: show secret"), 3, "not read-only"),
    "unknown key": (("    empty:", "    empties:"), 9, "empties"),
    "empty pattern": (("'^% BFD is not configured'", "'^(% BFD'"), 9, "does not compile"),
    "cannot tell an unknown fact": (("  cpu:", "  cpuu:"), 19, "'cpu'"),
    "cannot tell what it reads": (("  cpu:", "  bfd_session:"), 19, "both in facts and in unsupported"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_facts_that_do_not_hold(tmp_path: Path, case: str) -> None:
    (old, new), line, output = REFUSALS[case]
    assert old in FACTS
    home = write_platform(tmp_path, facts=FACTS.replace(old, new, 1))
    with pytest.raises(PlatformError) as caught:
        load_platform("testing", [home])
    assert f"facts.yaml:{line}: " in str(caught.value)
    assert output in str(caught.value)
    assert caught.value.exit is Exit.USAGE


@pytest.mark.parametrize(
    ("old", "new", "line", "output"),
    [
        ("[router]", "[rooter]", 2, "'router'"),
        ("read_only:", "readonly:", 9, "readonly"),
        ("'show [", "'(show [", 9, "does not compile"),
        ("prompt: '", "prompt: '(", 5, "does not compile"),
        ("title: A", "extends: nobody\ntitle: A", 1, "no platform 'nobody'"),
        ("title: A", "extends: testing\ntitle: A", 1, "in a circle: testing > testing"),
    ],
)
def test_a_platform_that_does_not_hold(tmp_path: Path, old: str, new: str, line: int, output: str) -> None:
    home = write_platform(tmp_path, platform=PLATFORM.replace(old, new))
    with pytest.raises(PlatformError) as caught:
        load_platform("testing", [home])
    assert f"platform.yaml:{line}: " in str(caught.value)
    assert output in str(caught.value)


@pytest.mark.parametrize(
    ("template", "output"),
    [
        (TABLE.replace("  ^. -> Error\n", ""), 'state Start does not end in "^. -> Error"'),
        (TABLE.replace("-> Record", "-> Record End"), "line 7 goes to End"),
        (TABLE.replace("${PEER} ", "${PEERS} "), "does not compile (line 7)"),
        ("", "does not compile"),
    ],
)
def test_an_own_template_that_does_not_hold(tmp_path: Path, template: str, output: str) -> None:
    home = write_platform(tmp_path, bfd=template)
    with pytest.raises(PlatformError) as caught:
        load_platform("testing", [home])
    assert "facts.yaml:5: " in str(caught.value)
    assert output in str(caught.value)


def test_a_template_that_no_fact_uses(tmp_path: Path) -> None:
    home = write_platform(tmp_path, bfd=TABLE, spare=TABLE)
    with pytest.raises(PlatformError, match=r"spare\.textfsm: no fact uses this template"):
        load_platform("testing", [home])


def test_all_that_does_not_hold_is_reported_at_once(tmp_path: Path) -> None:
    home = write_platform(
        tmp_path, facts=FACTS.replace("bfd_session:", "bfd:").replace("protocol: bgp", "protocol: rip")
    )
    with pytest.raises(PlatformError) as caught:
        load_platform("testing", [home])
    assert "2 things" in str(caught.value)
    assert "facts.yaml:2: " in str(caught.value)
    assert "facts.yaml:15: " in str(caught.value)


class Words:
    """A parser as somebody else would bring it: every word is a row."""

    columns = ("WORD",)

    def __init__(self, spec: FactSpec) -> None:
        if spec.template:
            raise ValueError("no template is taken")

    def parse(self, text: str) -> ParsedText:
        return ParsedText(columns=self.columns, rows=[[word] for word in text.split()])


ADDED = "facts:\n  log_target:\n    command: show log\n    parser: words\n    fields: {host: WORD}\n"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("words", f"{__name__}:Words", "eventready.parsers")

    def entry_points(group: str, name: str = "words") -> EntryPoints:
        return EntryPoints([point] if (group, name) == (point.group, point.name) else [])

    monkeypatch.setattr("eventready.facts.parsing.parsers.entry_points", entry_points)


def without_templates(home: Path) -> Path:
    (home / "testing" / "parse" / "bfd.textfsm").unlink()
    return home


@pytest.mark.usefixtures("added")
def test_a_parser_by_entry_point(tmp_path: Path) -> None:
    platform = load_platform("testing", [without_templates(write_platform(tmp_path, facts=ADDED))])
    observed = interpret("r1", "log_target", platform.facts["log_target"], Reply("show log", "a b"))
    assert observed.rows == (LogTarget(host="a"), LogTarget(host="b"))


@pytest.mark.usefixtures("added")
def test_a_parser_by_entry_point_that_fails(tmp_path: Path) -> None:
    facts = ADDED.replace("parser: words", "parser: words\n    template: x")
    with pytest.raises(PlatformError, match=r"facts\.yaml:5: the parser 'words' .* no template is taken"):
        load_platform("testing", [without_templates(write_platform(tmp_path, facts=facts))])


def test_two_platforms_of_one_name(tmp_path: Path) -> None:
    first, second = write_platform(tmp_path / "a"), write_platform(tmp_path / "b")
    with pytest.raises(PlatformError, match="there is another platform 'testing'"):
        load_platform("testing", [first, second])


def test_a_workspace_does_not_shadow_a_platform_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="there is another platform 'frr'"):
        load_platform("frr", [write_platform(tmp_path, "frr")])


@pytest.mark.parametrize("name", ["Testing", "te-sting", "9lives"])
def test_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(PlatformError, match="no name for a platform"):
        platform_names([write_platform(tmp_path, name)])


def test_an_unknown_platform_with_a_suggestion() -> None:
    with pytest.raises(PlatformError, match="Did you mean 'frr'"):
        load_platform("fr")


CHILD = PLATFORM.replace("title: A", "extends: testing\ntitle: A")


def test_extends_starts_from_the_other_and_says_its_own(tmp_path: Path) -> None:
    home = write_platform(tmp_path)
    facts = "facts:\n" + FACTS[FACTS.index("  bgp") : FACTS.index("unsupported")].replace("bfd.textfsm", "own.textfsm")
    facts += "unsupported:\n  bfd_session: not here\n  fan: it has none\n"
    write_platform(tmp_path, "child", platform=CHILD, facts=facts, own=TABLE)
    child, base = load_platform("child", [home]), load_platform("testing", [home])
    assert child.facts["bgp_neighbour"].home == "child"
    assert base.facts["bgp_neighbour"].home == "testing"
    assert set(child.facts) == {"bgp_neighbour"}
    assert {fact: reason.en for fact, reason in child.unsupported.items()} == {
        "cpu": "it has none", "bfd_session": "not here", "fan": "it has none",
    }  # fmt: skip


def test_extends_does_not_lend_commands(tmp_path: Path) -> None:
    home = write_platform(tmp_path)
    platform = CHILD.replace("'show [\\w -]+'", "'show version'")
    write_platform(tmp_path, "child", platform=platform, facts="facts: {}\n", none=TABLE)
    (tmp_path / "child" / "parse" / "none.textfsm").unlink()
    with pytest.raises(PlatformError, match="read_only does not allow 'show bfd'"):
        load_platform("child", [home])


def test_extends_in_a_circle(tmp_path: Path) -> None:
    write_platform(tmp_path, "one", platform=PLATFORM.replace("title: A", "extends: two\ntitle: A"))
    write_platform(tmp_path, "two", platform=PLATFORM.replace("title: A", "extends: one\ntitle: A"))
    with pytest.raises(PlatformError, match="one > two > one"):
        load_platform("one", [tmp_path])


@pytest.mark.slow
def test_reading_facts_needs_no_heavy_library() -> None:
    heavy = "{'netmiko', 'paramiko', 'nornir', 'rich', 'click', 'sqlalchemy'}"
    code = f"import sys, eventready.facts.observe; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_platform_takes_the_sections_that_it_lacks_from_the_one_that_it_extends() -> None:
    base, ios = load_platform("cisco_xe").spec, load_platform("cisco_ios").spec
    assert (ios.session, ios.read_only, ios.never_sent, ios.change) == (
        base.session,
        base.read_only,
        base.never_sent,
        base.change,
    )
    assert (ios.netmiko.device_type, base.netmiko.device_type) == ("cisco_ios", "cisco_xe")


SOURCES = """\
sources:
  - kind: captures
    name: tests of templates
    url: https://example.net/templates
    confirms: [bgp_neighbour, change]
"""


def test_sources_and_unconfirmed_facts(tmp_path: Path) -> None:
    facts = FACTS.replace("  bfd_session:\n", "  bfd_session:\n    unconfirmed: true\n")
    write_platform(tmp_path, platform=PLATFORM + SOURCES, facts=facts)
    platform = load_platform("testing", [tmp_path])
    assert platform.unconfirmed == ("bfd_session",)
    assert [source.name for source in platform.facts["bgp_neighbour"].sources] == ["tests of templates"]
    assert platform.facts["bfd_session"].sources == ()
    write_platform(tmp_path, "whole", platform=PLATFORM + "unconfirmed: true\n", facts=FACTS)
    assert load_platform("whole", [tmp_path]).unconfirmed == ("bfd_session", "bgp_neighbour")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("bgp_neighbour, change", "bgp_neighbor", "'bgp_neighbor' is no fact of this folder"),
        ("bgp_neighbour, change", "bfd_session", "'bfd_session' is both confirmed by a source and `unconfirmed`"),
        ("https://", "file://", "is not an https address"),
        ("captures", "hearsay", "kind"),
    ],
)
def test_sources_that_do_not_hold(tmp_path: Path, old: str, new: str, reason: str) -> None:
    facts = FACTS.replace("  bfd_session:\n", "  bfd_session:\n    unconfirmed: true\n")
    write_platform(tmp_path, platform=PLATFORM + SOURCES.replace(old, new), facts=facts)
    with pytest.raises(PlatformError, match=re.escape(reason)) as caught:
        load_platform("testing", [tmp_path])
    assert "platform.yaml" in str(caught.value)
