"""Forms in which real devices print configurations: carried untouched, read as what they mean, or refused."""

from __future__ import annotations

import pytest

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.core.errors import RefusedError
from eventready.platforms.model import ChangeSpec
from tests.shared import change_spec_of

PORT = "interface GigabitEthernet0/0/0"
#: As printed by routers; each stands somewhere in a configuration, and none of it is ours.
CARRIED = {
    "banner": "banner motd ^C\ninterface GigabitEthernet0/0/0\n description who reads this\nend\n!\n  hello \n^C",
    "banner on one line": "banner login ^Chello^C",
    "banner of another delimiter": "banner exec #\nrouter bgp 65000\n maximum-paths 9\n#",
    "banner that ends in its text": "banner motd ^C\ninterface GigabitEthernet0/0/0\n shutdown^C",
    "banner of aaa": "aaa authentication banner ^C\nend\n^C",
    "words about a banner": (
        "parameter-map type webauth global\n banner title Welcome\n banner file flash:event.html\n type webauth"
    ),
    "certificate": (
        "crypto pki certificate chain TP-self-signed-1\n certificate self-signed 01\n"
        "  30820330 30820218 A0030201 02020101 300D0609 2A864886 F70D0101 05050030\n"
        "  30820330 30820218 A0030201 02020101 300D0609 2A864886 F70D0101 05050030\n  \tquit"
    ),
    "macro": "macro name uplink\ninterface GigabitEthernet0/0/0\n shutdown\n@",
    "comment": "! interface GigabitEthernet0/0/0\n!  shutdown",
    "range": "define interface-range edge GigabitEthernet1/0/1 - 4",
    "long line": "ip dhcp excluded-address " + "x" * 5000,
    "control character": "snmp-server location \x03 Tra Vinh \x1b[0m",
    "Vietnamese": "snmp-server location Trung tâm Văn hóa tỉnh Trà Vinh",
    "line ends of Unicode": "snmp-server contact one\u2028interface GigabitEthernet0/0/0\x85 shutdown\x0c",
}


def read(spec: ChangeSpec, text: str) -> Tree:
    return form_of(spec).read({spec.read: text}, device="edge").tree


@pytest.mark.parametrize("ends", ["\n", "\r\n", " \n", " \r\n"])
@pytest.mark.parametrize("form", CARRIED)
@pytest.mark.parametrize("platform", ["cisco_xe", "cisco_9800"])
def test_what_is_not_ours_is_carried_untouched(platform: str, form: str, ends: str) -> None:
    spec = change_spec_of(platform)
    bare = f"hostname edge\n{PORT}\n description event\n!\nend\n"
    whole = f"hostname edge\n{CARRIED[form]}\n{PORT}\n description event\n!\nend\n"
    running = read(spec, whole.replace("\n", ends))
    assert running[PORT] == read(spec, bare)[PORT] == {"description event": {}}
    wanted = f"{PORT}\n description other\n mtu 9000\nrouter bgp 65000\n maximum-paths 4\n"
    fragment = form_of(spec).parse(wanted, "test")
    then = form_of(spec).merge(running, fragment)
    sent = {PORT, "description other", "mtu 9000", "router bgp 65000", "maximum-paths 4"}
    assert set(form_of(spec).commands_between(running, then)) == sent
    back = {PORT, "no mtu 9000", "description event", "no router bgp 65000"}
    assert set(form_of(spec).commands_between(then, running)) == back
    assert {line: then[line] for line in running if line != PORT} == {
        line: running[line] for line in running if line != PORT
    }


@pytest.mark.parametrize(
    ("platform", "start", "complete"),
    [
        ("cisco_xe", "hostname edge\nbanner motd ^C\nthe\nend\n", "of the evening\n^C\nend\n"),
        ("huawei_vrp", '#\nheader login information "\nthe\nreturn\n', 'of the guests"\n#\nreturn\n'),
    ],
)
def test_the_end_in_a_banner_is_not_the_end(platform: str, start: str, complete: str) -> None:
    spec = change_spec_of(platform)
    with pytest.raises(UnreadableConfiguration, match="is truncated"):
        read(spec, start)
    assert len(read(spec, start + complete)) == (2 if platform == "cisco_xe" else 1)


@pytest.mark.parametrize(
    "form", ["header login information %\ninterface X\n shutdown\n%", 'header shell information "hi"']
)
def test_a_banner_of_vrp_is_carried_untouched(form: str) -> None:
    spec = change_spec_of("huawei_vrp")
    running = read(spec, f"#\n{form}\n#\ninterface X\n mtu 1500\n#\nreturn\n")
    assert running["interface X"] == {"mtu 1500": {}}
    assert len(running) == 2


# --- VRP and FRR ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "running", "wanted", "sent"),
    [
        (
            "huawei_vrp",
            "bgp 65000\n ipv4-family unicast\n  maximum load-balancing 2\n",
            "bgp 65000\n maximum load-balancing 4\n",
            ["bgp 65000", "ipv4-family unicast", "maximum load-balancing 4"],
        ),
        (
            "huawei_vrp",
            "acl number 3100\n rule 5 permit ip source 192.0.2.0 0.0.0.127\n",
            "acl number 3100\n rule permit ip source 192.0.2.0 0.0.0.127\n",
            [],
        ),
        (
            "huawei_vrp",
            "acl number 3100\n rule 5 permit ip source 192.0.2.0 0.0.0.127\n",
            "acl number 3100\n rule permit ip source 198.51.100.0 0.0.0.255\n",
            ["acl number 3100", "rule 10 permit ip source 198.51.100.0 0.0.0.255"],
        ),
        (
            "huawei_vrp",
            "acl number 3100\n rule 0 permit tcp\n",
            "acl number 3100\n rule permit udp\n",
            ["acl number 3100", "rule 5 permit udp"],
        ),
        (
            "huawei_vrp",
            "acl number 3100\n rule 0 permit tcp\n rule 5 permit udp\n",
            "acl number 3100\n rule permit tcp\n rule permit udp\n",
            [],
        ),
        (
            "huawei_vrp",
            "ip ip-prefix EVENT index 10 permit 192.0.2.0 24\n",
            "ip ip-prefix EVENT permit 192.0.2.0 24\n",
            [],
        ),
        (
            "frr",
            "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n address-family ipv4 unicast\n  maximum-paths 2\n",
            "router bgp 65000\n maximum-paths 4\n neighbor 192.0.2.1 route-map EVENT in\n",
            [
                *("router bgp 65000", "address-family ipv4 unicast", "maximum-paths 4"),
                "neighbor 192.0.2.1 route-map EVENT in",
            ],
        ),
        ("frr", "ip prefix-list EVENT seq 5 permit 192.0.2.0/24\n", "ip prefix-list EVENT permit 192.0.2.0/24\n", []),
        (
            "frr",
            "ip prefix-list EVENT seq 5 permit 192.0.2.0/24\nip prefix-list OTHER seq 50 permit 192.0.2.0/24\n",
            "ip prefix-list EVENT permit 198.51.100.0/24\n",
            ["ip prefix-list EVENT seq 10 permit 198.51.100.0/24"],
        ),
        (
            "frr",
            "access-list EVENT seq 5 permit 192.0.2.0/24\n",
            "no access-list EVENT permit 192.0.2.0/24\n",
            ["no access-list EVENT seq 5 permit 192.0.2.0/24"],
        ),
        (
            "cisco_xe",
            "ipv6 access-list EVENT\n permit ipv6 any any\n",
            "ipv6 access-list EVENT\n sequence 10 permit ipv6 any any\n",
            [],
        ),
        (
            "cisco_xe",
            "ip prefix-list EVENT seq 5 permit 192.0.2.0/24\n",
            "ip prefix-list EVENT seq 5 permit 198.51.100.0/24\n",
            [
                "no ip prefix-list EVENT seq 5 permit 192.0.2.0/24",
                "ip prefix-list EVENT seq 5 permit 198.51.100.0/24",
            ],
        ),
        (
            "cisco_xe",
            "interface Port-channel1\n port-channel min-links 2\n",
            "interface Port-channel1\n port-channel min-links 1\n",
            ["interface Port-channel1", "no port-channel min-links 2"],
        ),
    ],
)
def test_the_same_thing_in_two_forms(platform: str, running: str, wanted: str, sent: list[str]) -> None:
    spec = change_spec_of(platform)
    end = {"huawei_vrp": "return\n"}.get(platform, "end\n")
    now, fragment = read(spec, running + end), form_of(spec).parse(wanted, "test")
    then = form_of(spec).merge(now, fragment)
    assert [line for line in form_of(spec).commands_between(now, then) if line not in ("quit", "exit")] == sent
    assert form_of(spec).commands_between(then, form_of(spec).merge(then, fragment)) == ()


EXTENDED, PREFIX = "ip access-list extended EVENT", "ip ip-prefix EVENT"


@pytest.mark.parametrize(
    ("platform", "last", "wanted"),
    [
        ("cisco_xe", "ip prefix-list EVENT seq 5 permit 0.0.0.0/0 le 32", "ip prefix-list EVENT deny 192.0.2.0/24"),
        ("cisco_xe", "ipv6 prefix-list EVENT seq 5 permit ::/0 le 128", "ipv6 prefix-list EVENT deny 2001:db8::/32"),
        ("cisco_xe", f"{EXTENDED}\n 10 deny ip any any log-input", f"{EXTENDED}\n permit tcp any any"),
        ("huawei_vrp", f"{PREFIX} index 10 permit 0.0.0.0 0 less-equal 32", f"{PREFIX} deny 192.0.2.0 24"),
        ("huawei_vrp", "acl 2000\n rule 5 permit source any", "acl 2000\n rule deny source 192.0.2.0 0.0.0.255"),
        ("huawei_vrp", "acl 3000\n rule 0 permit ip\n rule 5 permit udp", "acl 3000\n rule deny tcp"),
        ("huawei_vrp", "acl 3000\n rule 5 permit ip source any destination any", "acl 3000\n rule deny tcp"),
    ],
)
def test_nothing_is_put_behind_a_line_that_takes_all(platform: str, last: str, wanted: str) -> None:
    spec = change_spec_of(platform)
    running = read(spec, f"{last}\n{'return' if platform == 'huawei_vrp' else 'end'}\n")
    with pytest.raises(FragmentError, match="never match"):
        form_of(spec).merge(running, form_of(spec).parse(wanted, "test"))


@pytest.mark.parametrize("running", [EXTENDED, f"{EXTENDED}\n 10 permit tcp any any\n 20 permit udp any any"])
def test_a_number_takes_no_line_s_place_that_is_requested_for_without_one(running: str) -> None:
    spec = change_spec_of("cisco_xe")
    wanted = f"{EXTENDED}\n permit tcp any any\n permit udp any any\n 20 permit icmp any any\n"
    with pytest.raises(FragmentError, match="are requested with one number"):
        form_of(spec).merge(read(spec, f"{running}\nend\n"), form_of(spec).parse(wanted, "test"))


@pytest.mark.parametrize("platform", ["cisco_xe", "cisco_9800", "frr"])
@pytest.mark.parametrize("kind", ["route-map", "prefix-list"])
def test_a_neighbour_has_one_filter_of_a_kind_in_each_direction(platform: str, kind: str) -> None:
    spec, section, line = change_spec_of(platform), "router bgp 65000", f"neighbor 192.0.2.1 {kind}"
    family = "address-family ipv4 unicast" if platform == "frr" else "address-family ipv4"
    old = f"{section}\n {family}\n  {line} OLD in\n  {line} OTHER out\nend\n"
    then = form_of(spec).merge(read(spec, old), form_of(spec).parse(f"{section}\n {line} EVENT in\n", "test"))
    assert set(then[section][family]) == {f"{line} EVENT in", f"{line} OTHER out"}


def test_a_way_that_goes_round_in_circles_is_none() -> None:
    """A rule of VRP takes its description with it, and a line of the description puts the rule back as another."""
    spec = change_spec_of("huawei_vrp")
    running = read(spec, "acl number 3001\n rule 5 permit ip\n rule 10 permit tcp\n rule 10 description web\nreturn\n")
    predicted = form_of(spec).merge(running, form_of(spec).parse("acl number 3001\n undo rule 10\n", "acl.j2"))
    assert form_of(spec).commands_between(running, predicted) == ("acl number 3001", "undo rule 10", "quit")
    with pytest.raises(
        RefusedError, match=r"no commands are known that lead to the target: `rule 10 .*` keeps differing"
    ):
        form_of(spec).commands_between(predicted, running)
