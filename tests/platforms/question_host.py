"""A Linux host in a namespace that answers as to an audit; what each question leaves behind on the host is told.

`eth0` is in a network where nothing answers, `eth1` in one with two DHCP servers (dnsmasq): one that may answer, and a
foreign one with a false gateway; offers of both have more than 300 bytes. `eth2` has no carrier. Each command has the
file system of the machine under an overlay of its own: the files of its upper layer are what the command wrote.
Everything started is stopped; only the namespaces are touched.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventready.core.strings.texts import lines_of
from tests.session.real import alone, call, refused, until

_HOST, _OWN, _FOREIGN = "evrask", "evrask-own", "evrask-foreign"
_UPPER = "mount -t tmpfs t /mnt && mkdir /mnt/up /mnt/work /mnt/root"
_OVERLAY = "mount -t overlay o -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work /mnt/root"
#: The command's answer, then the files that it wrote and did not remove.
_RUN = f"""{_UPPER} && {_OVERLAY} || exit 1
for place in proc sys dev; do mount --rbind /$place /mnt/root/$place; done
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C PYTHONDONTWRITEBYTECODE=1
chroot /mnt/root bash -c "$0" >"$1.answer" 2>&1
find /mnt/up -mindepth 1 ! -type d >"$1.files"
"""


def cannot() -> str:
    """Why no host can be asked here; empty if one can."""
    return refused("unshare", "--mount", "--net", "sh", "-c", f"{_UPPER} && {_OVERLAY}")


@dataclass(frozen=True)
class Left:
    """Answers by question, the files that each question wrote, and the host's state before and after all of them.

    `servers`: messages of DHCP in the logs of the servers.
    """

    answers: Mapping[str, str]
    files: Mapping[str, tuple[str, ...]]
    before: Mapping[str, str]
    after: Mapping[str, str]
    servers: tuple[str, ...]


def ask(commands: Mapping[str, str], folder: Path) -> Left:
    """Ask all questions at once: none may disturb another."""
    with _host(folder):
        before = _state()
        asking = [
            subprocess.Popen(
                ["ip", "netns", "exec", _HOST, "unshare", "--mount", "sh", "-c", _RUN, command, str(folder / name)],
                stdin=subprocess.DEVNULL,
            )
            for name, command in commands.items()
        ]
        for process in asking:
            assert process.wait(60) == 0
        after = _state()
        logs = "".join((folder / f"{name}.log").read_text() for name in (_OWN, _FOREIGN))
    answers = {name: (folder / f"{name}.answer").read_text() for name in commands}
    files = {name: tuple(lines_of((folder / f"{name}.files").read_text().strip())) for name in commands}
    return Left(answers, files, before, after, tuple(re.findall(r"\bDHCP[A-Z]+(?=\()", logs)))


def _state() -> dict[str, str]:
    """Addresses, routes, and processes of the host."""
    kinds = {"addresses": "address", "routes": "route show table all", "rules": "rule", "links": "-br link"}
    found = {name: _output("ip", "-n", _HOST, *words.split()) for name, words in kinds.items()}
    return {**found, "processes": _output("ip", "netns", "pids", _HOST)}


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


@contextmanager
def _host(folder: Path) -> Iterator[None]:
    with ExitStack() as cleanup:
        cleanup.enter_context(alone("evrask"))
        for name in (_HOST, _OWN, _FOREIGN):
            call("ip", "netns", "del", name, check=False)  # of a run that was killed
            call("ip", "netns", "add", name)
            cleanup.callback(call, "ip", "netns", "del", name, check=False)
            call("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            call("ip", "-n", name, "link", "set", "lo", "up")
        call("ip", "-n", _OWN, "link", "add", "br0", "type", "bridge")
        _cable((_HOST, "eth0"), (_OWN, "silent"))
        _cable((_HOST, "eth1"), (_OWN, "guests"))
        _cable((_HOST, "eth2"), (_OWN, "unplugged"))
        _cable((_FOREIGN, "eth0"), (_OWN, "rogue"))
        for port in ("guests", "rogue"):
            call("ip", "-n", _OWN, "link", "set", port, "master", "br0")
        for name, port, address in (
            (_HOST, "eth0", "192.0.2.9"), (_HOST, "eth1", "10.20.8.9"), (_HOST, "eth2", "10.20.9.9"),
            (_OWN, "br0", "10.20.8.1"), (_FOREIGN, "eth0", "192.168.1.1"),
        ):  # fmt: skip
            call("ip", "-n", name, "address", "add", f"{address}/24", "dev", port)
            call("ip", "-n", name, "link", "set", port, "up")
        call("ip", "-n", _OWN, "link", "set", "unplugged", "down")
        _serve(cleanup, folder, (_OWN, "br0"), "10.20.8", gateway="10.20.8.1")
        _serve(cleanup, folder, (_FOREIGN, "eth0"), "192.168.1", gateway="192.168.1.254")
        yield


def _cable(one: tuple[str, str], other: tuple[str, str]) -> None:
    call("ip", "link", "add", one[1], "netns", one[0], "type", "veth", "peer", "name", other[1], "netns", other[0])
    call("ip", "-n", other[0], "link", "set", other[1], "up")


def _serve(cleanup: ExitStack, folder: Path, place: tuple[str, str], network: str, *, gateway: str) -> None:
    """Run a DHCP server on a port."""
    pid = folder / f"{place[0]}.pid"
    call(
        "ip", "netns", "exec", place[0], "dnsmasq", "-C", "/dev/null", "-p", "0", "-i", place[1], "--bind-interfaces",
        "-F", f"{network}.100,{network}.200,1h", "-O", f"option:router,{gateway}", "--no-ping",
        "-s", ".".join(["guests"] * 12), "-x", str(pid), "-l", str(folder / f"{place[0]}.leases"),
        "-8", str(folder / f"{place[0]}.log"),
    )  # fmt: skip
    until(pid.exists)
    cleanup.callback(call, "sh", "-c", f"kill $(cat {pid})", check=False)
