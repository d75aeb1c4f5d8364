"""The same channel against real software: FRR's vtysh behind OpenSSH, and OsmoBSC's VTY."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.core.errors import UsageError
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.session.connect import open_session, open_shell
from eventready.session.hostkeys import HostKey, record
from eventready.session.reply import LoginRefused, ReplyStatus
from eventready.session.target import Secret, Target
from eventready.session.trust import fetch_key
from tests.session import real
from tests.session.conftest import kind

#: One machine has one namespace of a name: these never run side by side.
pytestmark = [pytest.mark.xdist_group("real-session"), pytest.mark.slow]

_no_frr = real.missing("vtysh", "zebra", "sshd", "ip", "unshare", "useradd", "chpasswd", "ssh-keygen")
_no_osmo = real.missing("osmo-bsc", "socat", "ip")


def frr_kind(pipeline: int) -> PlatformSpec:
    return kind(
        prompt=r"[\w.-]+(?:\([\w-]+\))?[>#] ?$",
        setup=("terminal length 0",),
        refused=("^% Unknown command",),
        pipeline=pipeline,
    )


def osmo_kind(pipeline: int) -> PlatformSpec:
    return kind(
        "cisco_ios_telnet",
        prompt=r"[\w.-]+(?:\([\w-]+\))?[>#] $",
        setup=("terminal length 0",),
        refused=("^% Unknown command",),
        pipeline=pipeline,
    )


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("frr")
    with real.frr(folder) as running:
        shown = fetch_key(Target("server", "127.0.0.1", running.port))
        record(folder / "known_hosts", {f"[127.0.0.1]:{running.port}": shown})
        assert running.public_key.startswith(shown.text)
        yield Target(
            name="frr-1",
            host="127.0.0.1",
            port=running.port,
            username=real.USER,
            password=Secret(real.PASSWORD),
            shell_username=real.SHELL_USER,
            shell_password=Secret(real.SHELL_PASSWORD),
            known_hosts=folder / "known_hosts",
            attempts=1,
        )


@pytest.mark.skipif(bool(_no_frr), reason=_no_frr)
@pytest.mark.parametrize("pipeline", [1, 16])
def test_frr(router: Target, pipeline: int) -> None:
    commands = [
        "show interface json",
        "show ip route json",
        "show bgp vrf all ipv4 unicast summary json",
        "show nonsense",
        "show ip ospf neighbor json",
        "show running-config",
        "show version",
    ]
    with open_session(router, frr_kind(pipeline)) as session:
        replies = {reply.command: reply for _ in range(3) for reply in session.send_commands(commands)}
        assert session.prompt == "evrtest1#"
    assert replies.pop("show nonsense").status is ReplyStatus.REFUSED
    assert {reply.status for reply in replies.values()} == {ReplyStatus.ANSWERED}
    assert "lo" in json.loads(replies["show interface json"].text)
    assert "203.0.113.0/24" in json.loads(replies["show ip route json"].text)
    json.loads(replies["show ip ospf neighbor json"].text)
    json.loads(replies["show bgp vrf all ipv4 unicast summary json"].text)
    assert "neighbor 127.0.0.9 password <redacted>" in replies["show running-config"].text
    assert replies["show running-config"].text.rstrip().endswith("end")


@pytest.mark.skipif(bool(_no_frr), reason=_no_frr)
def test_frr_with_a_wrong_password(router: Target) -> None:
    wrong = Target(
        "frr-1", router.host, router.port, real.USER, Secret("wr0ng-password"), known_hosts=router.known_hosts
    )
    with pytest.raises(LoginRefused):
        open_session(wrong, frr_kind(1))


@pytest.mark.skipif(bool(_no_osmo), reason=_no_osmo)
@pytest.mark.parametrize("pipeline", [1, 16])
def test_osmobsc(tmp_path: Path, pipeline: int) -> None:
    commands = ["show version", "show bts", "show bts 0", "show nonsense", "show network", "show statistics"]
    with real.osmo_bsc(tmp_path) as port:
        target = Target("bsc-1", "127.0.0.1", port, allow_cleartext=True, attempts=1)
        with open_session(target, osmo_kind(pipeline)) as session:
            replies = session.send_commands(commands)
            assert session.prompt == "OsmoBSC>"
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED] * 3 + [ReplyStatus.REFUSED] + [
        ReplyStatus.ANSWERED
    ] * 2
    assert replies[1].text.count("SITE-") == 3
    assert "SITE-000" in replies[2].text
    assert not any("OsmoBSC>" in reply.text for reply in replies)


@pytest.mark.skipif(bool(_no_osmo), reason=_no_osmo)
def test_osmobsc_with_passwords(tmp_path: Path) -> None:
    with real.osmo_bsc(tmp_path, password="Pl4nted-vty", enable="Pl4nted-ena") as port:

        def target(password: str, enable: str) -> Target:
            return Target(
                "bsc-1",
                "127.0.0.1",
                port,
                password=Secret(password),
                secret=Secret(enable),
                allow_cleartext=True,
                connect_timeout_s=5,
                attempts=1,
            )

        with open_session(target("Pl4nted-vty", "Pl4nted-ena"), osmo_kind(16)) as session:
            assert session.prompt == "OsmoBSC#"
            running = session.send_commands(["show running-config"])[0]
        assert "Pl4nted" not in running.text
        assert "network country code 452" in running.text
        with pytest.raises(LoginRefused, match="password"):
            open_session(target("wr0ng-password", ""), osmo_kind(1))
        with pytest.raises(LoginRefused, match="refuses the enable password"):
            open_session(target("Pl4nted-vty", "wr0ng-enable"), osmo_kind(1))


def test_host_keys_are_values() -> None:
    assert HostKey("ssh-ed25519", b"x") == HostKey("ssh-ed25519", b"x")


def spec_of(name: str) -> ChangeSpec:
    change = describe(name).spec.change
    assert change is not None
    return change


@pytest.mark.skipif(bool(_no_frr), reason=_no_frr)
def test_frr_is_reported(router: Target) -> None:
    spec = spec_of("frr")
    forward = [
        *("ip route 198.51.100.0/24 192.0.2.1 200", "router bgp 65000", "address-family ipv4 unicast"),
        *("maximum-paths 4", "exit-address-family", "exit", "route-map EVENT permit 10"),
        *(f"description {'long ' * 30}".strip(), "exit", "router ospf nonsense"),
    ]
    backward = ["no ip route 198.51.100.0/24 192.0.2.1 200", "no route-map EVENT"]
    with open_session(router, describe("frr").spec) as session:
        before = session.send_commands([spec.read])[0].text
        found = session.send_config([*spec.enter, *forward, "exit", *spec.leave], spec=spec, timeout_s=10)
        first_bad = next(at for at, reply in enumerate(found) if reply.status is not ReplyStatus.ANSWERED)
        assert found[first_bad].command == "router ospf nonsense"
        assert found[first_bad].status is ReplyStatus.REFUSED
        assert {reply.status for reply in found[first_bad + 1 :]} == {ReplyStatus.NOT_SENT}
        assert session.prompt == "evrtest1(config)#"
        back = ["router bgp 65000", "address-family ipv4 unicast", "no maximum-paths 4", "exit-address-family", "exit"]
        undone = session.send_config([*backward, *back, *spec.leave], spec=spec, timeout_s=10)
        assert {reply.status for reply in undone} == {ReplyStatus.ANSWERED}
        assert session.prompt == "evrtest1#"
        assert session.send_commands([spec.read])[0].text == before
    assert "198.51.100.0/24" not in before


@pytest.mark.skipif(bool(_no_frr), reason=_no_frr)
def test_the_shell_beside_vtysh(router: Target) -> None:
    spec = spec_of("frr")
    lines = [
        'printf "%s\\n" "one two" > "$HOME/a file"',
        f'test "$(cat "$HOME/a file")" = "one two" # {"a long line that wraps " * 40}'.split(" #", maxsplit=1)[0],
        f"echo {'x' * 900} > /dev/null",
        "sleep 30 &",
        'kill "$!"',
        "echo without an end; printf half",
        "false",
        "echo never > never",
    ]
    with open_shell(router) as session:
        replies = session.send_config(lines, spec=spec, timeout_s=10)
        assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED] * 6 + [
            ReplyStatus.REFUSED,
            ReplyStatus.NOT_SENT,
        ]
        assert replies[5].text == "without an end\nhalf"
        assert replies[6].reason.startswith("Exit status 1")
        assert session.send_config(["ls never"], spec=spec)[0].status is ReplyStatus.REFUSED
        assert session.send_config(["if"], spec=spec, timeout_s=1)[0].status in {
            ReplyStatus.TIMEOUT,
            ReplyStatus.REFUSED,
        }


@pytest.mark.skipif(bool(_no_frr), reason=_no_frr)
def test_a_host_without_a_shell_login(router: Target) -> None:
    with pytest.raises(UsageError, match="no shell login"):
        open_shell(replace(router, shell_username=""))


@pytest.mark.skipif(bool(_no_osmo), reason=_no_osmo)
def test_osmobsc_is_reported(tmp_path: Path) -> None:
    spec = spec_of("osmocom_bsc")
    with real.osmo_bsc(tmp_path) as port:
        target = Target("bsc-1", "127.0.0.1", port, allow_cleartext=True, attempts=1)
        with open_session(target, describe("osmocom_bsc").spec) as session:
            before = session.send_commands([spec.read])[0].text
            lines = ["network", "bts 1", "cell reselection hysteresis 6", "exit", "exit", "nonsense"]
            found = session.send_config([*spec.enter, *lines], spec=spec, timeout_s=10)
            assert [reply.status for reply in found] == [ReplyStatus.ANSWERED] * 6 + [ReplyStatus.REFUSED]
            assert session.send_commands([spec.read])[0].text != before
            back = ["network", "bts 1", "cell reselection hysteresis 4", *spec.leave]
            assert {reply.status for reply in session.send_config(back, spec=spec, timeout_s=10)} == {
                ReplyStatus.ANSWERED
            }
            assert session.send_commands([spec.read])[0].text == before
