"""Debian's kernel: the package as downloaded by apt, unpacked, and its modules in loading order."""

from __future__ import annotations

import lzma
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import message
from eventready.core.strings.texts import lines_of

#: Modules that the machine needs, without their dependencies. The ciphers are needed by the first association, when the
#: machine has no module loader.
MODULES = ("virtio_net", "mac80211_hwsim", "ccm", "cmac", "gcm", "ghash-generic")
_META = "linux-image-amd64"
_DEPENDS = re.compile(rb"(?:^|\0)depends=([^\0]*)\0")


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel package."""

    package: str
    folder: Path

    @property
    def image(self) -> Path:
        """The kernel image."""
        return next((self.folder / "boot").glob("vmlinuz-*"))

    def modules(self, wanted: Sequence[str] = MODULES) -> list[tuple[str, bytes]]:
        """(name, content) of the modules, each after its dependencies; built-in ones are left out."""
        index = {_plain(path.name): path for path in (self.folder / "usr/lib/modules").rglob("*.ko.xz")}
        order: dict[str, bytes] = {}

        def take(name: str) -> None:
            path = index.get(_plain(name))
            if path is None or _plain(name) in order:
                return
            content = lzma.decompress(path.read_bytes())
            found = _DEPENDS.search(content)
            for needed in found[1].decode().split(",") if found and found[1] else ():
                take(needed)
            order[_plain(name)] = content

        for name in wanted:
            take(name)
        return list(order.items())


def _plain(name: str) -> str:
    """A module name with `_`; file names use `-`."""
    return name.removesuffix(".ko.xz").replace("-", "_")


def fetch(cache: Path) -> Kernel:
    """The current kernel of apt's sources, downloaded and unpacked into the cache at first use. Raises UsageError."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(message("lab:cache_not_writable", folder=str(cache), reason=os_reason(error))) from None
    package = _package()
    folder = cache / package
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as temporary:
            _run("apt-get", "-qq", "download", package, cwd=Path(temporary))
            deb = next(Path(temporary).glob("*.deb"), None)
            if deb is None:
                raise UsageError(message("lab:kernel.not_downloaded", package=package))
            unpacked = Path(temporary) / "unpacked"
            _run("dpkg-deb", "-x", str(deb), str(unpacked), cwd=Path(temporary))
            unpacked.replace(folder)
    return Kernel(package, folder)


def _package() -> str:
    """The package of the current kernel."""
    output = _run("apt-cache", "depends", _META, cwd=Path("/"))
    found = re.search(r"Depends: (linux-image-\S+)", output)
    if found is None:
        raise UsageError(message("lab:kernel.unknown"))
    return found[1]


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=cwd, timeout=300
    )
    if done.returncode:
        error = lines_of((done.stderr or done.stdout).strip())
        reason = error[-1] if error else message("lab:no_message")
        raise UsageError(message("lab:kernel.failed", command=" ".join(command), reason=reason))
    return done.stdout
