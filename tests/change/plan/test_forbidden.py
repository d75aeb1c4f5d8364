"""Lines that nobody sends, in whatever words."""

from __future__ import annotations

import socket

import pytest

from eventready.change.errors import FragmentError
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import parse_tree
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.core.errors import RefusedError
from eventready.platforms.loader import describe

RUNNING = "interface GigabitEthernet0/0/9\n ip address 192.0.2.9 255.255.255.0\ninterface GigabitEthernet0/0/1\n"
PLATFORMS = ("cisco_xe", "cisco_9800", "frr", "huawei_vrp", "huawei_ac", "osmocom_bsc")


def send(platform: str, *lines: str, address: str = "192.0.2.9") -> None:
    running = Configuration(parse_tree(RUNNING), RUNNING, "")
    refuse_forbidden(describe(platform).spec, lines, device="edge", running=running, address=address)


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        # They would confirm a change before it is verified, or let a restart bring it back.
        *(("huawei_vrp", line) for line in ("commit", "commit trial 600", "abort trial", "save", "run save")),
        *(("cisco_xe", line) for line in ("do configure confirm", "do wr", "write memory", "configure confirm")),
        *(("cisco_9800", line) for line in ("do reload", "do-exec reload", "configure terminal", "DO write erase")),
        *(("frr", line) for line in ("do write", "do clear ip bgp *", "write memory", "configure terminal")),
        *(("osmocom_bsc", line) for line in ("write memory", "write file /tmp/x", "end")),
    ],
)
def test_neither_the_guard_nor_saving_nor_other_modes(platform: str, line: str) -> None:
    with pytest.raises(RefusedError, match="must not be sent to edge"):
        send(platform, line)
    negation = describe(platform).spec.change.negation  # type: ignore[union-attr]  # all of these can be changed
    with pytest.raises(RefusedError, match="must not be sent to edge"):
        send(platform, f"{negation} {line}")


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("line", ["description what is this?", "no description ?"])
def test_no_question_mark(platform: str, line: str) -> None:
    with pytest.raises(RefusedError, match="question mark"):
        send(platform, line)


@pytest.mark.parametrize("platform", ["huawei_vrp", "huawei_ac"])
@pytest.mark.parametrize("line", ["interface range GE0/0/1 to GE0/0/9", "port-group event", "undo port-group event"])
def test_not_many_ports_under_one_name(platform: str, line: str) -> None:
    with pytest.raises(RefusedError, match="the platform's rules forbid it"):
        send(platform, line)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    "line",
    ["interface GigabitEthernet0/0/9", "no interface GigabitEthernet0/0/9", "undo interface GigabitEthernet0/0/9"],
)
def test_not_the_interface_by_which_the_device_is_reached(platform: str, line: str) -> None:
    words = line.split(" ", 1)
    spec = describe(platform).spec.change
    assert spec is not None
    if words[0] in ("no", "undo") and words[0] != spec.negation:
        return
    with pytest.raises(RefusedError, match=r"192\.0\.2\.9"):
        send(platform, line)
    send(platform, line.replace("0/0/9", "0/0/1"), "description event", "description commit")


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        *(
            ("osmocom_bsc", line)
            for line in (
                *(f"rach access-control-class {number} barred" for number in range(11, 16)),
                "rach  access-control-class  15  barred",
                "rac acc 12 barr",
                "RACH ACCESS-CONTROL-CLASS 13 BARRED",
                "rach emergency call allowed 0",
                "rach emerg call allow 0",
                "rach  emergency call  allowed 0",
                "no rach emergency call allowed 1",
            )
        ),
        *(
            (platform, line)
            for platform in ("cisco_xe", "cisco_9800")
            for line in (
                "default interface GigabitEthernet0/0/1",
                "defa int Gi0/0/1",
                'action 1.0 cli command "reload in 1"',
                'action 1.0 cli command "write erase"',
                "action 1.0 reload",
                "banner motd ^C",
                "interface range GigabitEthernet0/0/1 - 9",
                "int ra Gi0/0/1-9",
                "macro apply uplink",
            )
        ),
        *(
            (platform, line)
            for platform in ("huawei_vrp", "huawei_ac")
            for line in (
                "clear configuration interface Vlanif100",
                "schedule reboot delay 5",
                "header shell information",
            )
        ),
    ],
)
def test_neither_emergency_calls_nor_a_whole_section_nor_what_comes_later(platform: str, line: str) -> None:
    with pytest.raises(RefusedError, match="must not be sent to edge: the platform's rules forbid it"):
        send(platform, line)


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        ("osmocom_bsc", "rach access-control-class 5 barred"),
        ("osmocom_bsc", "rach access-control-class 11 allowed"),
        ("osmocom_bsc", "rach emergency call allowed 1"),
        ("cisco_xe", "default-information originate"),
        ("cisco_xe", 'action 1.0 syslog msg "track 10 is down"'),
    ],
)
def test_what_an_event_needs_is_sent(platform: str, line: str) -> None:
    send(platform, line)


def test_nor_where_the_inventory_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        if host != "edge.example":
            raise socket.gaierror(-2, "Name or service not known")
        return [(2, 1, 6, "", ("192.0.2.9", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(RefusedError, match=r"192\.0\.2\.9, the management address"):
        send("cisco_xe", "interface GigabitEthernet0/0/9", address="edge.example")
    send("cisco_xe", "interface GigabitEthernet0/0/1", address="edge.example")
    with pytest.raises(RefusedError, match=r"the address of lost\.example cannot be resolved"):
        send("cisco_xe", "interface GigabitEthernet0/0/1", address="lost.example")


@pytest.mark.parametrize("line", ["", " ", "a\x1b[2J", "a\u2028b", "snmp <redacted>", "a\u202eb"])
@pytest.mark.parametrize("platform", [*PLATFORMS, "huawei_mml", "huawei_enb", "linux_hostapd"])
def test_nothing_empty_hidden_or_blacked_out(platform: str, line: str) -> None:
    with pytest.raises(RefusedError):
        send(platform, line)


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_a_template_leaves_no_section_by_itself(word: str) -> None:
    """What follows would land elsewhere than it is shown."""
    spec = describe("huawei_vrp").spec.change
    assert spec is not None
    text = f"interface GigabitEthernet0/0/1\n description a\n {word}\n shutdown\n"
    with pytest.raises(FragmentError, match=f"`{word}` leaves a section"):
        form_of(spec).parse(text, "templates/x.j2")
