"""Logins to the routers: a user with vtysh as shell, a user with bash, and an sshd with its host key per router.

All files are written to the sandbox's own /etc and /run, and disappear with the sandbox. A session sees its router's
FRR in the usual places (/etc/frr, /run/frr) and a home folder of the router, as on any host with FRR.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from eventready_lab.device.credentials import Credentials
from eventready_lab.real.machinery.commands import in_namespace, run
from eventready_lab.real.province.layout import ROUTERS

_SHELL = """#!/bin/sh
export VTYSH_PAGER=cat
exec /usr/bin/vtysh "$@"
"""
#: Files of the sshds; inside the sandbox, readable by the users.
_HOME = Path("/run/eventready")
#: The home folder of the shell's user, another one on each router.
_SHELL_HOME = _HOME / "home"


class RouterLogins:
    """The configuration of the sshds. A router's password and host key can be exchanged while the router runs."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._refused: set[str] = set()
        self._other_key: set[str] = set()

    def prepare(self) -> None:
        """Make the users, the shell, the keys and the configuration of each router's sshd."""
        Path("/run/sshd").mkdir(mode=0o755)
        _HOME.mkdir(mode=0o755)
        shell = _HOME / "vtysh-login"
        shell.write_text(_SHELL, encoding="utf-8")
        shell.chmod(0o755)
        _SHELL_HOME.mkdir()
        for user, login, home in (
            (self._credentials.username, str(shell), Path("/")), (self.shell.username, "/bin/bash", _SHELL_HOME)
        ):  # fmt: skip
            run(
                "useradd", "--no-create-home", "--home-dir", str(home), "--shell", login, "--groups", "frr,frrvty", user
            )
        self._write_shadow(self._credentials.password + " of another", Path("/etc/shadow"), _HOME / "shadow.other")
        self._write_shadow(self._credentials.password, Path("/etc/shadow"), _HOME / "shadow")
        for router in ROUTERS:
            self._home(router).mkdir(mode=0o700)
            shutil.chown(self._home(router), self.shell.username, self.shell.username)
            for which in ("", ".other"):
                run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._key(router, which)))
                self._config(router, which).write_text(self._sshd(router, which), encoding="utf-8")

    def _write_shadow(self, password: str, shadow: Path, copy: Path) -> None:
        users = (self._credentials.username, self.shell.username)
        run("chpasswd", given="".join(f"{user}:{password}\n" for user in users))
        copy.touch(mode=0o600)
        copy.write_bytes(shadow.read_bytes())

    @property
    def shell(self) -> Credentials:
        """The login to the shell of a router's host, beside vtysh."""
        return Credentials(f"{self._credentials.username}-shell", self._credentials.password)

    @staticmethod
    def _home(router: str) -> Path:
        return _HOME / f"{router}.home"

    @staticmethod
    def _key(router: str, which: str) -> Path:
        return _HOME / f"{router}{which}.key"

    @staticmethod
    def _config(router: str, which: str) -> Path:
        return _HOME / f"{router}{which}.conf"

    def _sshd(self, router: str, which: str) -> str:
        return (
            f"HostKey {self._key(router, which)}\nPidFile none\nUsePAM no\nPasswordAuthentication yes\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin no\nPrintMotd no\nPrintLastLog no\nStrictModes no\n"
            f"AllowUsers {self._credentials.username} {self.shell.username}\n"
        )

    def public_key(self, router: str) -> str:
        """A router's host key as in known_hosts."""
        text = self._key(router, "").with_suffix(".key.pub").read_text(encoding="utf-8")
        return " ".join(text.split()[:2])

    def command(self, router: str) -> Sequence[str]:
        """Return the program for a connection to a router."""
        config = self._config(router, ".other" if router in self._other_key else "")
        shadow = _HOME / ("shadow.other" if router in self._refused else "shadow")
        mounts = {shadow: "/etc/shadow", self._home(router): _SHELL_HOME}
        mounts |= {Path(place) / router: place for place in ("/etc/frr", "/run/frr")}
        bind = "".join(f"mount --bind {source} {place}; " for source, place in mounts.items())
        script = f"hostname {router}; {bind}exec /usr/sbin/sshd -i -f {config}"
        return in_namespace(router, "unshare", "--uts", "sh", "-c", script)

    def refuse(self, router: str, refused: bool) -> None:
        """Set another password on the router, or restore the known password."""
        (self._refused.add if refused else self._refused.discard)(router)

    def exchange_key(self, router: str, other: bool) -> None:
        """Present another host key, or the recorded key again."""
        (self._other_key.add if other else self._other_key.discard)(router)
