"""A difference as people read it."""

from __future__ import annotations

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, parse_tree
from eventready.platforms.loader import describe
from tests.change.forms.reference_device import spec

NOW = """\
hostname a
interface one
 policy a
 standby 1 priority 90
acl a
 permit a
 deny b
router 1
 peer a
"""
THEN = """\
hostname b
interface one
 policy b
 standby 1 priority 90
 shut
acl a
 deny b
 permit a
log host a
"""


def test_old_beside_new_beneath_its_section() -> None:
    assert form_of(spec()).diff(parse_tree(NOW), parse_tree(THEN)) == (
        *("- hostname a", "+ hostname b"),
        *("  interface one", "-  policy a", "+  policy b", "+  shut"),
        *("  acl a", "-  permit a", "-  deny b", "+  deny b", "+  permit a"),
        *("- router 1", "-  peer a"),
        "+ log host a",
    )


def test_a_terminal_only_shows_what_a_device_has() -> None:
    """Also where a rollback or a removal tells it."""
    lines = form_of(spec()).diff({"interface one": {"name \x1b[2Jrué\u202e": {}}}, {"interface one": {}})
    assert lines == ("  interface one", r"-  name \x1b[2Jrué\u202e")


def test_two_values_of_a_key_stand_together() -> None:
    objects, files = describe("huawei_mml").spec.change, describe("linux_hostapd").spec.change
    assert objects is not None
    assert files is not None
    cells = [f"MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX={cell}" for cell in (1, 2)]
    now: Tree = {cell: {"TCHBUSYTHRES=60": {}, "LOADSHAREALLOW=NO": {}} for cell in cells}
    then: Tree = {cells[0]: {"TCHBUSYTHRES=80": {}, "LOADSHAREALLOW=YES": {}}, cells[1]: now[cells[1]]}
    found = ("-  TCHBUSYTHRES=60", "+  TCHBUSYTHRES=80", "-  LOADSHAREALLOW=NO", "+  LOADSHAREALLOW=YES")
    assert form_of(objects).diff(now, then) == (f"  {cells[0]}", *found)
    file = "/etc/hostapd/wlan0.conf"
    now, then = {file: {"ssid=a": {}, "okc=0": {}}}, {file: {"ssid=b": {}, "okc=0": {}, "wmm_enabled=1": {}}}
    assert form_of(files).diff(now, then) == (f"  {file}", "-  ssid=a", "+  ssid=b", "+  wmm_enabled=1")
