"""Lines that intents may write: canonical forms, refusals with the nearest line, additions of a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.change.document import Plan
from eventready.change.safety.approval import refuse_unsendable
from eventready.change.safety.writable import WritableLines, addition_risks
from eventready.core.errors import RefusedError, WorkspaceError
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.platforms.loader import describe
from eventready.platforms.writable_pattern import Interfaces, PatternError, match_line, variants, with_any_values
from eventready.workspace.settings.intent_folders import WritableAddition
from eventready.workspace.workspace import Workspace, load_workspace
from tests.change.fake_fleet import FakeFleet, connect, write_workspace
from tests.change.plan.test_planning import plan_of
from tests.change.plans import plan, planned

IOS = Interfaces(("GigabitEthernet", "TenGigabitEthernet", "Port-channel", "Vlan"))


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    return connect(monkeypatch)


def lines_of(platform: str, *intents: str, additions: tuple[WritableAddition, ...] = ()) -> WritableLines:
    return WritableLines.of(platform, describe(platform).spec, intents or ("backup",), additions)


@pytest.mark.parametrize(
    ("line", "pattern", "canonical"),
    [
        ("Interface  GI 0/0/1", "interface {interface}", "interface GigabitEthernet0/0/1"),
        ("int te0/1.100", "interface {interface}", "interface TenGigabitEthernet0/1.100"),
        ("interface port-channel1", "interface {interface}", "interface Port-channel1"),
        ("STANDBY 010 prior 110", "standby {0-4095} priority {1-255}", "standby 10 priority 110"),
        ("a 1 2 3", "a {1-9}+", "a 1 2 3"),
        ("x=YES", "x={yes|no}", "x=yes"),
        ("do b", "do (a|b) [c]", "do b"),
        ("tx -3", "tx {-10-30}", "tx -3"),
    ],
)
def test_the_canonical_form_of_a_line(line: str, pattern: str, canonical: str) -> None:
    assert match_line(line, pattern, IOS, whole=False) == canonical
    assert match_line(canonical, pattern, IOS, whole=True) == canonical


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("interface Loopback99", "interface {interface}"),
        ("interface 0/1", "interface {interface}"),
        ("interface GigabitEthernet0/1 vrf x", "interface {interface}"),
        ("p 256", "p {1-255}"),
        ("p 1e2", "p {1-255}"),
        ("p ١", "p {1-255}"),
        ("r 127.0.0.1", "r {host}"),
        ("r 224.0.0.5", "r {host}"),
        ("r 0.0.0.0", "r {host}"),
        ("r 10.0.0.1 ", "r {host} {host}"),
        ("r 10.0.0.0/33", "r {prefix}"),
        ("n OTHER", "n {own}"),
        ("n EVENTS", "n {own}"),
        ("a", "a {1-9}+"),
        ("a", "a {text}"),
        ("", "a"),
    ],
)
def test_what_a_pattern_does_not_match(line: str, pattern: str) -> None:
    assert match_line(line, pattern, IOS, whole=False) is None


@pytest.mark.parametrize("pattern", ["", "a [b", "a b]", "a {unknown}", "{1-2}{3-4}", "a {}", "[a]", "(a|b) " * 9])
def test_a_pattern_that_is_not_well_formed(pattern: str) -> None:
    with pytest.raises(PatternError):
        variants(pattern)


def test_a_template_is_planned_in_canonical_form() -> None:
    text = "INT gi 0/0/1\n  STAND 10  Prior 110\n!\nIp Route 0.0.0.0 0.0.0.0 10.0.0.1 TRACK 10\nno track 7\n"
    assert lines_of("cisco_xe").canonical_text(text, "t.j2") == (
        "interface GigabitEthernet0/0/1\n  standby 10 priority 110\n!\n"
        "ip route 0.0.0.0 0.0.0.0 10.0.0.1 track 10\nno track 7\n"
    )


@pytest.mark.parametrize(
    ("platform", "text", "message"),
    [
        ("cisco_xe", "interface Vlan1\n standby 1 priorty 1\n", "writable line is `standby {0-4095} priority {1-255}`"),
        ("cisco_xe", "interface Vlan1\n s 10 p 100\n", "`s 10 p 100` in `interface Vlan1` is not a line that backup"),
        ("cisco_xe", "reload\n", r"^t\.j2: `reload` is not a line that backup may write"),
        ("huawei_vrp", "undo interface Vlanif1\n", "`undo interface Vlanif1` is not a line"),
        (
            "juniper_junos",
            "delete interfaces ae1\n",
            "`delete interfaces ae1` is not a line that backup may write",
        ),
        ("cisco_xe", "interface Vlan1\n vrrp 1 authentication text opensesame\n", "authentication text <redacted>"),
    ],
)
def test_a_refusal_names_the_nearest_line(platform: str, text: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message.replace("{", r"\{").replace("}", r"\}")) as error:
        lines_of(platform).canonical_text(text, "t.j2")
    assert "opensesame" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "reload\n",
        "no ip cef\n",
        "router eigrp 1\n",
        "router ospf 1\n network 10.0.0.0 0.0.0.255 area 0\n",
        "interface Vlan1\n ip address 10.0.0.1 255.255.255.0\n",
    ],
)
def test_a_line_far_from_all_others_has_no_nearest_one(text: str) -> None:
    """Once a line was near that had some letters in common: a static route for the address of a port."""
    with pytest.raises(RefusedError) as error:
        lines_of("cisco_xe", "backup", "load_balancing").canonical_text(text, "t.j2")
    assert "nearest" not in str(error.value).lower()
    assert "inventory/writable.yaml" in str(error.value)


def test_an_intent_writes_its_own_lines_only() -> None:
    text = "policy-map EVENT\n class class-default\n  fair-queue\n"
    assert lines_of("cisco_xe", "priority").canonical_text(text, "t.j2") == text
    with pytest.raises(RefusedError):
        lines_of("cisco_xe", "backup").canonical_text(text, "t.j2")


@pytest.mark.parametrize(
    ("platform", "commands", "message"),
    [
        # a line of the top level leaves the section, as on the device; one of another section does not enter it
        ("cisco_xe", ("interface Vlan1", "standby 1 priority 9", "track 1 interface Vlan2 line-protocol"), ""),
        ("cisco_xe", ("track 1 interface Vlan2 line-protocol", "standby 1 priority 9"), "`standby 1 priority 9`"),
        ("cisco_xe", ("int Vlan1", "standby 1 priority 9"), "`int Vlan1`"),
        ("huawei_vrp", ("interface Vlanif1", "vrrp vrid 1 priority 9", "quit"), ""),
        ("huawei_vrp", ("interface Vlanif1", "quit", "vrrp vrid 1 priority 9"), "`vrrp vrid 1 priority 9`"),
        ("huawei_vrp", ("interface Vlanif1", "undo nqa test-instance a b"), "`undo nqa test-instance a b`"),
        ("huawei_vrp", ("quit",), "`quit`"),
        ("linux_hostapd", ("reboot",), "`reboot`"),
        ("huawei_mml", ("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=3, CRO=5;",), ""),
        ("huawei_mml", ("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=3, CRO=64;",), "`CRO=64` in"),
        ("huawei_mml", ("MOD CELLHOBASIC: IDXTYPE=BYIDX, CELLIDX=3, LOADHOEN=YES;",), "CELLHOBASIC"),
        ("huawei_mml", ("RST BTS: BTSID=1;",), "RST BTS"),
        ("linux", ("sh /var/lib/eventready/host_files put chrony:/etc/chrony/x running 644 root root same",), ""),
        ("linux", ("sh /var/lib/eventready/host_files put chrony:/etc/passwd running 644 root root same",), "passwd"),
        ("linux", ("sh /var/lib/eventready/host_files put chrony:/etc/chrony/../x running absent",), "chrony/../x"),
        ("linux", ("sh /var/lib/eventready/host_files put chrony:/etc/chrony/x running absent; reboot",), "reboot"),
        ("mikrotik_routeros", ("/interface vrrp set [find interface=ether1 vrid=1] priority=100",), ""),
        (
            "mikrotik_routeros",
            ("/ip route set [find dst-address=0.0.0.0/0 gateway=10.0.0.1 routing-table=main] a=1",),
            "a=1",
        ),
        ("mikrotik_routeros", ("/interface vrrp set [find interface=ether1] priority=100",), "interface vrrp set"),
        ("mikrotik_routeros", ("/ip route remove [find]",), "/ip route remove"),
        ("mikrotik_routeros", ("/system reboot",), "/system reboot"),
    ],
)
def test_commands_are_held_against_their_section(platform: str, commands: tuple[str, ...], message: str) -> None:
    if not message:
        lines_of(platform).refuse_commands(commands, "edge")
        return
    with pytest.raises(RefusedError, match=message):
        lines_of(platform).refuse_commands(commands, "edge")


_FILE = "/etc/hostapd/ap.conf"
_COMMAND = (
    f"cp -p {_FILE} {_FILE}.eventready && sed -e {{}} {_FILE} > {_FILE}.eventready && mv {_FILE}.eventready {_FILE}"
)


@pytest.mark.parametrize(
    ("edit", "good"),
    [
        ("'s/^okc=.*/okc=1/'", True),
        ("'/^ssid=/a okc=1'", True),
        ("'1i okc=1' -e '/^bss_transition=/d'", True),
        ("'1,/^bss=/{' -e 's/^okc=.*/okc=1/' -e '}'", True),
        ("'s/^okc=.*/okc=2/'", False),
        ("'s/^wpa=.*/wpa=0/'", False),
        ("'/^wpa=/d'", False),
        ("'s/^okc=.*/okc=1/e'", False),
        ("'1e reboot'", False),
        ("'s/^okc=.*/okc=1/' ; reboot", False),
        ("'s/^okc=.*/okc=1/w /etc/passwd'", False),
    ],
)
def test_the_command_that_edits_a_file_writes_known_keys_only(edit: str, good: bool) -> None:
    if good:
        lines_of("linux_hostapd").refuse_commands((_COMMAND.format(edit),), "ap")
        return
    with pytest.raises(RefusedError):
        lines_of("linux_hostapd").refuse_commands((_COMMAND.format(edit),), "ap")


ADDED = """\
additions:
  - platform: box
    intents: [backup]
    lines: {'interface {interface}': {'mtu {1500-9216}': null}}
    by: Nguyễn Văn An
    reason: jumbo frames of the broadcaster
"""


def test_lines_that_a_workspace_adds_are_risks_with_the_person_who_answers(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "backup" / "box.j2").write_text("interface eth0\n mtu 9000\n")
    with pytest.raises(RefusedError, match="`mtu 9000` in `interface eth0`"):
        plan_of(folder, limit="box-1")
    write_workspace(tmp_path, writable=ADDED)
    (folder / "templates" / "backup" / "box.j2").write_text("interface eth0\n mtu 9000\n")
    made = plan_of(folder, limit="box-1")
    assert made.device("box-1").forward == ("interface eth0", "mtu 9000", "exit")
    (risk,) = [risk for risk in made.device("box-1").risks if "writable.yaml" in in_english(risk)]
    assert in_english(risk) == (
        "Only inventory/writable.yaml allows `mtu 9000`; Nguyễn Văn An answers for it: jumbo frames of the broadcaster"
    )
    _refuse_unsendable(made, load_workspace(folder))
    (folder / "inventory" / "writable.yaml").unlink()
    with pytest.raises(RefusedError, match="`mtu 9000` in `interface eth0`"):
        _refuse_unsendable(made, load_workspace(folder))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (ADDED.replace("{1500-9216}", "{big}"), "writable.yaml:2"),
        (ADDED.replace("    by: Nguyễn Văn An\n", ""), "writable.yaml:2"),
        (ADDED.replace("{'mtu {1500-9216}': null}", "mtu"), "writable.yaml:2"),
    ],
)
def test_an_addition_that_is_not_well_formed(tmp_path: Path, fleet: FakeFleet, text: str, where: str) -> None:
    with pytest.raises(WorkspaceError, match=where):
        plan_of(write_workspace(tmp_path, writable=text), limit="box-1")


def test_an_addition_that_no_line_needs_is_no_risk() -> None:
    addition = WritableAddition(platform="cisco_xe", lines={"track {1-9} x": None}, by="An", reason="test")
    lines = lines_of("cisco_ios", additions=(addition,))
    assert [*addition_risks(lines.refuse_commands(("no track 9",), "edge"))] == []
    assert len([*addition_risks(lines.refuse_commands(("track 9 x",), "edge"))]) == 1


def test_a_line_known_in_one_section_stays_refused_in_another() -> None:
    """A line matched before is held against its present section, whole or abbreviated, forward or backward."""
    lines = lines_of("cisco_xe")
    line, other = "standby 1 priority 9", "ip route 0.0.0.0 0.0.0.0 10.0.9.21 400"
    for _again in range(2):
        lines.refuse_commands(("interface Vlan1", line), "edge")
        for refused in (line, "int Vlan1", other):
            with pytest.raises(RefusedError, match=f"`{refused}`"):
                lines.refuse_commands((refused,), "edge")
        assert lines.canonical_text("int Vlan1\n stand 1 prior 9", "x") == f"interface Vlan1\n {line}"
        lines.restored.refuse_commands((other,), "edge")


def test_a_line_of_many_devices_is_matched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Admission matches the distinct lines of a plan, however many devices have them."""
    workspace, matched = load_workspace(write_workspace(tmp_path)), list[str]()

    def match(line: str, pattern: str, interfaces: Interfaces, *, whole: bool) -> str | None:
        matched.append(line)
        return match_line(line, pattern, interfaces, whole=whole)

    monkeypatch.setattr("eventready.change.safety.writable.match_line", match)
    counts = []
    for devices in (["core-1"], ["core-1", "core-2"]):
        matched.clear()
        _refuse_unsendable(plan(devices=[planned(name) for name in devices], waves=[devices]), workspace)
        counts.append(len(matched))
    assert counts[0] == counts[1] > 0


def _refuse_unsendable(plan: Plan, workspace: Workspace) -> None:
    refuse_unsendable(plan, Equipment.of(workspace), workspace.writable)


def test_a_sealed_plan_with_a_line_that_is_not_writable_is_refused(tmp_path: Path) -> None:
    workspace = load_workspace(write_workspace(tmp_path))
    good = planned()
    _refuse_unsendable(plan(devices=[good]), workspace)
    for key in ("forward", "backward"):
        bad = {**good, key: ["interface eth0", "shutdown", "exit"]}
        with pytest.raises(RefusedError, match=r"has a forbidden line: `shutdown` in `interface eth0`"):
            _refuse_unsendable(plan(devices=[bad]), workspace)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("route {host} [{1-255}]", "route 192.0.2.1 400"),
        ("maximum-ecmp 32", "maximum-ecmp 31"),
        ("algorithm (1|2)", "algorithm 7"),
        ("x={-10-30}", "x=99"),
        ("mode {on|off}", "mode auto"),
    ],
)
def test_a_way_back_restores_values_that_no_intent_may_write(pattern: str, line: str) -> None:
    assert match_line(line, pattern, IOS, whole=True) is None
    assert match_line(line, with_any_values(pattern), IOS, whole=True) == line
    assert match_line(f"shutdown {line}", with_any_values(pattern), IOS, whole=True) is None
    assert match_line(f"{line} and more", with_any_values(pattern), IOS, whole=True) is None


def test_only_the_way_back_has_other_values() -> None:
    lines = lines_of("cisco_ios")
    command = "ip route 0.0.0.0 0.0.0.0 10.0.9.21 400"
    with pytest.raises(RefusedError, match="is not a line"):
        lines.refuse_commands((command,), "edge")
    lines.restored.refuse_commands((command,), "edge")
