"""Access over real OpenSSH: keys, passphrases, agent, certificates, jump hosts, proxy commands, legacy algorithms."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import which

import paramiko
import pytest

from eventready.core.messages import in_english
from eventready.core.strings.texts import lines_of
from eventready.session.connect import open_session
from eventready.session.hostkeys import HostKey
from eventready.session.reply import (
    HostKeyMismatch,
    JumpHostFailed,
    LoginRefused,
    NoCommonAlgorithm,
    ReplyStatus,
    SessionError,
    Unreachable,
)
from eventready.session.ssh import jump_hosts as module
from eventready.session.ssh.jump_hosts import JumpConnections
from eventready.session.target import OneTimeCode, Secret, SshOptions, Target
from eventready.session.target_builder import AccessSettings, with_access
from eventready.session.trust import HostKeyState, fetch_key, fetch_keys
from eventready.workspace.devices.access import Access
from tests.session.conftest import kind
from tests.session.openssh import PASSPHRASE, OpenSsh, Server, missing
from tests.session.real import free_port, until

PAM_MODULE = next((str(path) for path in Path("/usr/lib").glob("*/security/pam_google_authenticator.so")), "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.xdist_group("openssh"),
    pytest.mark.slow,
]


@pytest.fixture
def openssh(tmp_path: Path) -> Iterator[OpenSsh]:
    running = OpenSsh(tmp_path)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def own_jump_hosts(monkeypatch: pytest.MonkeyPatch) -> Iterator[JumpConnections]:
    """Connections to jump hosts of one test only."""
    own = JumpConnections()
    monkeypatch.setattr(module, "jump_hosts", own)
    monkeypatch.setattr("eventready.session.connect.jump_hosts", own)
    yield own
    own.close()


def clock(target: Target) -> str:
    """Log in and ask the time."""
    with open_session(target, kind()) as session:
        reply = session.send_commands(["show clock"])[0]
    assert reply.status is ReplyStatus.ANSWERED, reply
    return reply.text.strip()


def test_key_with_passphrase(openssh: OpenSsh) -> None:
    key = openssh.keygen("locked", PASSPHRASE)
    openssh.authorize(key)
    target = openssh.target(openssh.server(device=True))
    options = SshOptions(identity_files=(key,), passphrase=Secret(PASSPHRASE))
    assert clock(replace(target, ssh=options)) == "07:00:00"
    for wrong, words in (("", "is encrypted"), ("wr0ng-passphrase", "cannot be opened with its passphrase")):
        with pytest.raises(LoginRefused, match=words):
            open_session(replace(target, ssh=replace(options, passphrase=Secret(wrong))), kind())


def test_refused_key(openssh: OpenSsh) -> None:
    openssh.authorize(openssh.keygen("other"))
    with pytest.raises(LoginRefused, match=r"refuses the user name, or key id_test"):
        open_session(openssh.target(openssh.server(device=True)), kind())


@pytest.mark.parametrize("key_type", ["rsa", "ecdsa"])
def test_key_types(openssh: OpenSsh, key_type: str) -> None:
    key = openssh.keygen("another", kind=key_type)
    openssh.authorize(key)
    target = openssh.target(openssh.server(device=True, host_key=key_type), ssh=SshOptions(identity_files=(key,)))
    assert clock(target) == "07:00:00"


@pytest.mark.parametrize("key_type", ["ed25519", "rsa"])
def test_certificate(openssh: OpenSsh, key_type: str) -> None:
    authority, key = openssh.keygen("ca"), openssh.keygen("signed", kind=key_type)
    openssh.authorize()
    server = openssh.server(f"TrustedUserCAKeys {authority}.pub", device=True)
    target = openssh.target(server, ssh=SshOptions(identity_files=(key,)))
    with pytest.raises(LoginRefused):
        open_session(target, kind())
    certificate = openssh.certify(key, authority)
    assert clock(target) == "07:00:00"  # beside the key, as OpenSSH finds it
    elsewhere = certificate.rename(openssh.folder / "elsewhere-cert.pub")
    assert clock(replace(target, ssh=replace(target.ssh, certificate_files=(elsewhere,)))) == "07:00:00"


@pytest.mark.parametrize("key_type", ["ed25519", "rsa"])
@pytest.mark.parametrize("certified", [False, True])
def test_agent(openssh: OpenSsh, key_type: str, certified: bool) -> None:
    key, socket = openssh.keygen("agents", kind=key_type), openssh.agent()
    lines = []
    if certified:
        authority = openssh.keygen("ca")
        openssh.certify(key, authority)
        lines.append(f"TrustedUserCAKeys {authority}.pub")
    openssh.authorize(*([] if certified else [key]))
    server = openssh.server(*lines, device=True)
    openssh.add_key(socket, key)
    key.unlink()
    assert clock(openssh.target(server, ssh=SshOptions(agent=socket))) == "07:00:00"
    named = SshOptions(agent=socket, identity_files=(key.with_name("agents.pub"),), identities_only=True)
    assert clock(openssh.target(server, ssh=named)) == "07:00:00"


def test_agent_that_is_gone(openssh: OpenSsh) -> None:
    target = openssh.target(openssh.server(device=True), ssh=SshOptions(agent=str(openssh.folder / "nobody")))
    with pytest.raises(LoginRefused, match="does not run or holds no key"):
        open_session(target, kind())
    with pytest.raises(LoginRefused, match="does not run or holds no key"):
        open_session(replace(target, ssh=SshOptions(agent=openssh.agent())), kind())


def test_two_hops(openssh: OpenSsh, own_jump_hosts: JumpConnections) -> None:
    outer, inner, device = openssh.server(), openssh.server(), openssh.server(device=True)
    first = openssh.target(outer, "bastion-1")
    second = openssh.target(inner, "bastion-2", jump=first)
    targets = [openssh.target(device, f"core-{number}", jump=second, endpoint=f"e{number}") for number in range(8)]
    assert in_english(targets[0].route) == "via bastion-1 > bastion-2"
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(clock, targets)) == {"07:00:00"}
    assert outer.log.count("Accepted publickey") == 1
    assert inner.log.count("Accepted publickey") == 1
    assert device.log.count("Accepted publickey") == 8


def test_jump_host_with_one_session_and_a_forced_command(openssh: OpenSsh) -> None:
    jump = openssh.server("MaxSessions 1", "ForceCommand /bin/false")
    device = openssh.server("MaxSessions 1", device=True)
    target = openssh.target(device, jump=openssh.target(jump, "bastion-1", sessions=2))
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(clock, [replace(target, endpoint=f"e{n}") for n in range(6)])) == {"07:00:00"}


def test_what_a_jump_host_does_not_permit(openssh: OpenSsh) -> None:
    device = openssh.server(device=True)
    closed = openssh.target(openssh.server("AllowTcpForwarding no"), "bastion-1")
    with pytest.raises(Unreachable, match="The jump host bastion-1 does not permit connections to core-1"):
        open_session(openssh.target(device, jump=closed), kind())
    absent = Server(openssh.folder, free_port(), device.host_key, ())
    with pytest.raises(Unreachable, match="cannot be reached from the jump host bastion-2"):
        open_session(openssh.target(absent, jump=openssh.target(openssh.server(), "bastion-2")), kind())


def test_host_key_of_a_jump_host_is_checked(openssh: OpenSsh) -> None:
    jump, device = openssh.server(), openssh.server(device=True)
    openssh.known_hosts.write_text(
        "".join(f"{line}\n" for line in lines_of(openssh.known_hosts.read_text()) if f":{jump.port} " not in line)
    )
    target = openssh.target(device, jump=openssh.target(jump, "bastion-1"))
    with pytest.raises(JumpHostFailed, match=r"The jump host bastion-1 .* is not recorded") as raised:
        open_session(target, kind())
    assert "eventready trust keys -l bastion-1" not in raised.value.do
    assert device.log.count("Connection from") == 0
    assert jump.log.count("Accepted") == 0


def test_refused_jump_host_is_not_requested_again(openssh: OpenSsh) -> None:
    """One login attempt, whatever the number of devices: accounts are locked by retries."""
    jump, device = openssh.server(), openssh.server(device=True)
    wrong = openssh.target(jump, "bastion-1", ssh=SshOptions(identity_files=(openssh.keygen("wrong"),)))
    targets = [openssh.target(device, f"core-{n}", jump=wrong, endpoint=f"e{n}") for n in range(10)]

    def reason(target: Target) -> str:
        with pytest.raises(JumpHostFailed) as raised:
            open_session(target, kind())
        return str(raised.value)

    with ThreadPoolExecutor(10) as pool:
        reasons = set(pool.map(reason, targets))
    assert len(reasons) == 1
    assert "The jump host bastion-1" in reasons.pop()
    assert jump.log.count("Connection from") == 1


def test_jump_host_that_dies_in_the_middle(openssh: OpenSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    close_channel = vars(paramiko.Channel)["_unlink"]

    def slowly(channel: paramiko.Channel) -> None:
        close_channel(channel)
        time.sleep(0.05)  # the reader of the channel sees the end before the transport is inactive

    monkeypatch.setattr(paramiko.Channel, "_unlink", slowly)
    jump, device = openssh.server(), openssh.server(device=True)
    first = openssh.target(jump, "bastion-1")
    targets = [openssh.target(device, f"core-{n}", jump=first, endpoint=f"e{n}") for n in range(5)]
    sessions = [open_session(target, kind()) for target in targets]

    def ask(number: int) -> str:
        return sessions[number].send_commands(["show slow"])[0].reason

    with ThreadPoolExecutor(5) as pool:
        queries = [pool.submit(ask, number) for number in range(5)]
        time.sleep(0.5)
        jump.stop()
        reasons = {future.result() for future in queries}
    assert reasons == {f"Session lost during the command: the jump host bastion-1 ({first.address}) was lost."}
    for session in sessions:
        session.close()
    with pytest.raises(JumpHostFailed, match="was lost and cannot be reached again"):
        open_session(targets[0], kind())
    jump.start()
    with pytest.raises(JumpHostFailed):
        open_session(targets[0], kind())  # the devices share the last error for a while


def test_jump_host_that_comes_back(openssh: OpenSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_AFTER_S", 0.0)
    jump, device = openssh.server(), openssh.server(device=True)
    target = openssh.target(device, jump=openssh.target(jump, "bastion-1"))
    assert clock(target) == "07:00:00"
    jump.stop()
    jump.start()
    assert clock(target) == "07:00:00"


def test_a_connection_that_ends_before_its_channel_opens(openssh: OpenSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    jump, device = openssh.server(), openssh.server(device=True)
    target = openssh.target(device, jump=openssh.target(jump, "bastion-1"))
    assert clock(target) == "07:00:00"
    connect = module.jump_hosts.transport
    assert target.jump is not None
    taken = [connect(target.jump)] * 2  # it looks open before the session begins, and when its channel is asked for
    jump.stop()
    jump.start()
    until(lambda: not taken[0].is_active())
    monkeypatch.setattr(module.jump_hosts, "transport", lambda hop: taken.pop() if taken else connect(hop))
    assert clock(target) == "07:00:00"


def test_idle_connections_that_a_jump_host_closes(openssh: OpenSsh) -> None:
    jump, device = openssh.server("UnusedConnectionTimeout 3s"), openssh.server(device=True)
    target = openssh.target(device, jump=openssh.target(jump, "bastion-1"))
    assert clock(target) == "07:00:00"
    until(lambda: "terminating inactive connection" in jump.log)
    assert clock(target) == "07:00:00"


def test_idle_channel_that_a_jump_host_closes(openssh: OpenSsh) -> None:
    jump, device = openssh.server("ChannelTimeout direct-tcpip=4s"), openssh.server(device=True)
    target = openssh.target(device, jump=openssh.target(jump, "bastion-1"))
    with open_session(target, kind()) as session:
        reply = session.send_commands(["show slow"])[0]
    assert reply.status is ReplyStatus.DROPPED
    assert clock(target) == "07:00:00"


def test_proxy_command(openssh: OpenSsh) -> None:
    device = openssh.server(device=True)
    relay = openssh.folder / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def pump():\n"
        "    while data := s.recv(65536):\n"
        "        os.write(1, data)\n"
        "    os._exit(0)\n"
        "threading.Thread(target=pump, daemon=True).start()\n"
        "while data := os.read(0, 65536):\n"
        "    s.sendall(data)\n"
    )
    command = f"{sys.executable} {relay} 127.0.0.1 {device.port}"
    assert clock(openssh.target(device, proxy_command=command)) == "07:00:00"
    with pytest.raises(Unreachable, match="The proxy command of core-1 fails: no way through"):
        open_session(openssh.target(device, proxy_command="sh -c 'echo no way through >&2; exit 1'"), kind())


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.skipif(not PAM_MODULE, reason="not installed: libpam-google-authenticator")
@pytest.mark.skipif(not which("oathtool"), reason="not installed: oathtool")
def test_one_time_code_by_pam(openssh: OpenSsh) -> None:
    """A key, then a code that the server's PAM module checks: on a jump host, once for all devices."""
    codes = openssh.folder / "codes"
    codes.write_text('JBSWY3DPEHPK3PXP\n" WINDOW_SIZE 3\n" TOTP_AUTH\n')
    codes.chmod(0o400)
    with pam_service(f"auth required {PAM_MODULE} secret={codes} user=root no_increment_hotp\n") as service:
        jump = openssh.server(
            "UsePAM yes",
            f"PAMServiceName {service}",
            "KbdInteractiveAuthentication yes",
            "AuthenticationMethods publickey,keyboard-interactive",
        )
        device = openssh.server(device=True)
        code = OneTimeCode("exec:oathtool --totp -b JBSWY3DPEHPK3PXP")
        options = SshOptions(identity_files=(openssh.key,), one_time_code=code)
        first = openssh.target(jump, "bastion-1", ssh=options)
        targets = [openssh.target(device, f"core-{n}", jump=first, endpoint=f"e{n}") for n in range(4)]
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(clock, targets)) == {"07:00:00"}
        assert jump.log.count("Accepted keyboard-interactive/pam") == 1
        without = replace(first, ssh=replace(options, one_time_code=None), username=openssh.user, name="other")
        with pytest.raises(LoginRefused, match="requires another login method after key id_test: keyboard-interactive"):
            open_session(without, kind())


@contextmanager
def pam_service(auth: str) -> Iterator[str]:
    """A PAM service of the test's own."""
    path = Path(f"/etc/pam.d/evrtest-{os.getpid()}")
    path.write_text(f"{auth}account required pam_permit.so\nsession required pam_permit.so\n")
    try:
        yield path.name
    finally:
        path.unlink()


LEGACY = {
    "kex": ("KexAlgorithms diffie-hellman-group14-sha1", "key exchange"),
    "kex-exchange": ("KexAlgorithms diffie-hellman-group-exchange-sha1", "key exchange"),
    "kex-1024": ("KexAlgorithms diffie-hellman-group1-sha1", "key exchange"),
    "host key": ("HostKeyAlgorithms ssh-rsa", "host key"),
    "cipher": ("Ciphers aes128-cbc", "cipher"),
    "mac": ("Ciphers aes128-ctr\nMACs hmac-md5", "MAC"),
}


@pytest.mark.parametrize("case", LEGACY)
def test_legacy_algorithms_only_where_allowed(openssh: OpenSsh, case: str) -> None:
    line, label = LEGACY[case]
    server = openssh.server(line, device=True, host_key="rsa")
    target = openssh.target(server)
    with pytest.raises(NoCommonAlgorithm, match=f"offers no accepted {label}") as raised:
        open_session(target, kind())
    assert "allow_legacy_ssh: true" in raised.value.do
    assert "Hãy nâng cấp thiết bị, hoặc đặt `allow_legacy_ssh: true`" in raised.value.render("vi")
    assert clock(replace(target, ssh=replace(target.ssh, allow_legacy=True))) == "07:00:00"


def test_configured_algorithms(openssh: OpenSsh) -> None:
    target = openssh.target(openssh.server("KexAlgorithms ecdh-sha2-nistp521", device=True))
    assert clock(replace(target, ssh=replace(target.ssh, kex_algorithms="ecdh-sha2-nistp521"))) == "07:00:00"
    with pytest.raises(NoCommonAlgorithm):
        open_session(replace(target, ssh=replace(target.ssh, kex_algorithms="-ecdh-*")), kind())
    with pytest.raises(SessionError, match="cannot be used"):
        open_session(replace(target, ssh=replace(target.ssh, ciphers="3des-cbc")), kind())


def test_host_key_alias(openssh: OpenSsh) -> None:
    device = openssh.server(device=True)
    target = openssh.target(device, ssh=SshOptions(identity_files=(openssh.key,), host_key_alias="core-1"))
    with pytest.raises(HostKeyMismatch, match="is not recorded"):
        open_session(target, kind())
    with openssh.known_hosts.open("a") as file:
        file.write(f"core-1 {device.host_key.text}\n")
    assert clock(target) == "07:00:00"


def test_fetching_keys_through_a_jump_host(openssh: OpenSsh) -> None:
    device = openssh.server(device=True)
    target = openssh.target(device, jump=openssh.target(openssh.server(), "bastion-1"))
    assert fetch_key(target) == HostKey(device.host_key.algorithm, device.host_key.blob)


@pytest.mark.parametrize("host_key", ["ed25519", "rsa", "ecdsa"])
def test_certificate_of_a_host(openssh: OpenSsh, host_key: str) -> None:
    device, authority = openssh.server(device=True, host_key=host_key), openssh.keygen("ca")
    openssh.certify_host(device, authority)
    public = Path(f"{authority}.pub").read_text()
    target = openssh.target(device)
    for names in ("127.0.0.*", "[127.0.0.1]:*", "*,!192.0.2.*"):
        openssh.known_hosts.write_text(f"@cert-authority {names} {public}")
        assert clock(target) == "07:00:00"
    assert fetch_keys([target], openssh.known_hosts)[0].state is HostKeyState.SAME


@pytest.mark.attack(family="host keys")
@pytest.mark.parametrize(("line", "options", "words"), [
    ("@cert-authority * CA", ("-n", "core-9"), "it is for other hosts: core-9"),
    ("@cert-authority * CA", ("-z", "7"), "it is for other hosts"),
    ("@cert-authority * CA", ("-V", "20200101:20210101"), "it expired at 20"),
    ("@cert-authority * CA", ("-V", "20990101:20991231"), "it is valid from 20"),
    ("@cert-authority 192.0.2.* CA", (), "is not recorded"),
    ("@cert-authority *,!127.0.0.1,![127.* CA", (), "is not recorded"),
    ("@cert-authority * OTHER", (), "another authority signed it"),
    ("@cert-authority * CA\n@revoked * CA", (), "is not recorded"),
    ("@cert-authority * CA\n@revoked * HOST", (), "shows a revoked host key"),
    ("* HOST\n@revoked * HOST", (), "shows a revoked host key"),
    ("*,!127.0.0.1,![127.0.0.1]:* HOST", (), "is not recorded"),
    ("* CA", (), "shows another host key"),
])  # fmt: skip
def test_host_keys_that_do_not_hold(openssh: OpenSsh, line: str, options: tuple[str, ...], words: str) -> None:
    device, authority = openssh.server(device=True), openssh.keygen("ca")
    keys = {"CA": authority, "OTHER": openssh.keygen("other"), "HOST": openssh.folder / f"host_{device.port}"}
    openssh.certify_host(device, authority, *options)
    for name, key in keys.items():
        line = line.replace(name, " ".join(Path(f"{key}.pub").read_text().split()[:2]))
    openssh.known_hosts.write_text(f"{line}\n")
    with pytest.raises(HostKeyMismatch, match=words):
        open_session(openssh.target(device), kind())
    assert device.log.count("Accepted") == 0


def test_host_key_by_pattern_or_recorded_without_its_port(openssh: OpenSsh) -> None:
    device = openssh.server(device=True)
    for names in ("127.0.0.?", "[127.0.0.1]:*", "127.0.0.1", "core-?,127.*"):
        openssh.known_hosts.write_text(f"{names} {device.host_key.text}\n")
        assert clock(openssh.target(device)) == "07:00:00"


def test_expired_certificate_is_named(openssh: OpenSsh) -> None:
    authority, key = openssh.keygen("ca"), openssh.keygen("signed")
    openssh.authorize()
    server = openssh.server(f"TrustedUserCAKeys {authority}.pub", device=True)
    openssh.certify(key, authority, "-V", "20200101:20210101")
    with pytest.raises(LoginRefused, match=r"certificate signed-cert.pub \(it expired at 20"):
        open_session(openssh.target(server, ssh=SshOptions(identity_files=(key,))), kind())


def test_proxy_command_of_ssh_config(openssh: OpenSsh) -> None:
    """Port and user of the inventory, as `ssh -p PORT -l USER` has them."""
    device = openssh.server(device=True)
    program = (
        "import os, socket, sys, threading; open(sys.argv[1], 'w').write(' '.join(sys.argv[2:]));"
        " s = socket.create_connection(sys.argv[3:5]);"
        " pump = lambda r, w: [w(d) for d in iter(lambda: r(65536), b'')];"
        " threading.Thread(target=pump, args=(lambda n: os.read(0, n), s.sendall), daemon=True).start();"
        " pump(s.recv, lambda d: os.write(1, d))"
    )
    seen = openssh.folder / "seen"
    (openssh.folder / "proxy.py").write_text(program)
    command = f"{sys.executable} {openssh.folder / 'proxy.py'} {seen} %r %h %p %n 100%%"
    (openssh.folder / "ssh_config").write_text(f"Host core-*\n ProxyCommand {command}\n")
    settings = AccessSettings(lambda _: "", lambda _: "", openssh.folder, openssh.known_hosts)
    given = openssh.target(device)
    target = with_access(given, Access(identity_files=(str(openssh.key),)), settings)
    assert clock(target) == "07:00:00"
    assert seen.read_text() == f"{openssh.user} 127.0.0.1 {device.port} core-1 100%"
