"""Texts read as trees of lines."""

from __future__ import annotations

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, parse_tree
from tests.change.forms.reference_device import spec
from tests.shared import change_spec_of


@pytest.mark.parametrize("comment", ["! why", "  ! why", "      ! why", "!", "end", ""])
def test_a_comment_hides_nothing(comment: str) -> None:
    """At the margin, in the middle of a section, or deeper than what follows."""
    text = f"interface one\n policy a\n{comment}\n shut\nlog\n"
    wanted: Tree = {"interface one": {"policy a": {}, "shut": {}}, "log": {}}
    assert form_of(spec(separators=("!.*", "end"))).parse(text, "test").tree == wanted
    assert parse_tree(text, ("!.*", "end")) == wanted


def test_comments_in_files_and_commands_hide_nothing() -> None:
    files = form_of(change_spec_of("linux_hostapd")).parse("/etc/hostapd/a.conf\n# why\n okc=1\n", "test")
    assert files.tree == {"/etc/hostapd/a.conf": {"okc=1": {}}}
    command = "MOD CELLIDLEBASIC:\n// why\n  IDXTYPE=BYIDX,\n# why\n  CELLIDX=1, CRO=5;\n"
    objects = form_of(change_spec_of("huawei_mml")).parse(command, "test")
    assert objects.tree == {"MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1": {"CRO=5": {}}}


def test_what_changes_by_itself_goes_with_all_beneath_it() -> None:
    given = spec(volatile=("seen .*",))
    text = "log\nseen today\n by a\n  at night\nhostname a\nend\n"
    read = form_of(given).read({"show run": text}, device="edge")
    assert read.tree == {"log": {}, "hostname a": {}}
    assert read.text == "log\nhostname a\n"
    later = form_of(given).read({"show run": text.replace("today", "tomorrow")}, device="edge")
    assert later.sha256 == read.sha256


def test_tabs_and_blanks_of_any_width() -> None:
    assert parse_tree("a\n\tb\n\t\tc\n\td\n") == parse_tree("a\n b\n   c\n d\n") == {"a": {"b": {"c": {}}, "d": {}}}


def test_a_section_that_is_printed_with_a_blank_belongs_to_no_other() -> None:
    """As Huawei's AR routers print what has no section of its own."""
    text = (
        "[V200R010C00]\n#\n sysname edge\n drop illegal-mac alarm\n#\ninterface GigabitEthernet0/0/1\n"
        " ip address 192.0.2.1 255.255.255.0\n#\n dns resolve\n#\n"
        "ospf 1\n area 0.0.0.0\n  network 192.0.2.0 0.0.0.255\n#\nreturn\n"
    )
    given = change_spec_of("huawei_vrp")
    found = form_of(given).read({given.read: text}, device="edge")
    assert found.tree["sysname edge"] == found.tree["dns resolve"] == found.tree["drop illegal-mac alarm"] == {}
    assert found.tree["interface GigabitEthernet0/0/1"] == {"ip address 192.0.2.1 255.255.255.0": {}}
    assert found.tree["ospf 1"] == {"area 0.0.0.0": {"network 192.0.2.0 0.0.0.255": {}}}
