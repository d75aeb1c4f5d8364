"""Lines that are sent by no one, wherever they come from: a template, the inventory, or the way back."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from eventready.change.configuration import Configuration
from eventready.change.rules import Rules
from eventready.change.tree import Tree
from eventready.errors import RefusedError
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.session.redaction import MARK

#: What runs a command of the mode above from within the configuration (IOS and FRR, VRP).
_OTHER_MODE = ("do", "do-exec", "run")


def refuse_forbidden(
    platform: PlatformSpec, lines: Sequence[str], *, device: str, running: Configuration, address: str
) -> None:
    """Raise RefusedError for the first of `lines` (as `way` gives them) that may not be sent to the device.

    `address` is the one that we connect to, or its name; no line may enter, make or remove the section that holds it.
    """
    if not lines or platform.change is None:
        return
    spec = platform.change
    rules = Rules(spec)
    indented = spec.form == "indented"
    managed = dict(_management(spec, running.tree, _addresses(address))) if indented else {}
    own = _own_words(spec) if indented else frozenset()
    ways_in = frozenset(_first_words(spec.management)) if indented else frozenset()
    for line in lines:
        reason = _reason(platform, line)
        bare = rules.bare(line) or line
        if not reason and _is_cut(bare.partition(" ")[0].lower(), own):
            reason = "it is for the guard or for saving, which come at their own time, or for another mode"
        if not reason and bare in managed:
            reason = managed[bare]
        if not reason and any(re.fullmatch(pattern, one) for pattern in spec.management for one in (line, bare)):
            reason = "it belongs to the way by which the device is reached"
        word = bare.partition(" ")[0].lower()
        if not reason and word not in ways_in and _is_cut(word, ways_in):
            reason = "cut short like this it may be the way by which the device is reached; write whole words"
        if reason:
            raise RefusedError(
                f"`{line if line.isprintable() else ascii(line)}` may not be sent to {device}: {reason}",
                do="Take it out of the template or the inventory.",
            )


def _reason(platform: PlatformSpec, line: str) -> str:
    if not line.strip():
        return "it is empty"
    if not line.isprintable():
        return "it holds a control character"
    if "?" in line and platform.change is not None and platform.change.form == "indented":
        return "at a question mark the device gives help, and takes the line without it"
    if MARK in line:
        return "it holds a secret that was blacked out, and would overwrite it"
    pattern = next((one for one in platform.never_sent if re.search(one, line)), None)
    return "" if pattern is None else f"the platform's rules forbid it ({pattern})"


def _own_words(spec: ChangeSpec) -> frozenset[str]:
    """First words of what only the tool itself sends: a `commit` of a template's would end the trial that guards it."""
    told = [*spec.enter, *spec.leave, *spec.save]
    for guard in spec.guards:
        told += [] if guard.shell else [*guard.enter, *guard.arm, *guard.arm_after, *guard.confirm, *guard.revert]
    return frozenset({*_OTHER_MODE, *(line.split()[0].lower() for line in told)})


def _first_words(patterns: Sequence[str]) -> Iterator[str]:
    """The words that lines of these patterns begin with: `(?:aaa|username)\\b.*` gives two, `line vty` one."""
    for pattern in patterns:
        if match := re.match(r"\(\?:([\w| -]+)\)|([\w-]+)", pattern):
            yield from (one.partition(" ")[0] for one in (match[1] or match[2]).split("|"))


def _is_cut(word: str, words: frozenset[str]) -> bool:
    """True for one of `words`, also when it is cut short as a command line allows."""
    return len(word) > 1 and any(one.startswith(word) for one in words)


def _management(spec: ChangeSpec, tree: Tree, addresses: Collection[str]) -> Iterator[tuple[str, str]]:
    """Sections of the running configuration by which the device is reached, and why."""
    for line, beneath in tree.items():
        if any(re.fullmatch(pattern, line) for pattern in spec.management):
            yield line, "it belongs to the way by which the device is reached"
        elif held := next((address for address in addresses for one in beneath if _holds(one, address)), ""):
            yield line, f"its section holds {held}, by which the device is reached"


def _holds(line: str, address: str) -> bool:
    """True for an address line (`ip address A ...`) that is not another's (`standby 1 ip A` is shared)."""
    return re.match(rf"ip(?:v6)? address {re.escape(address)}(?:[ /]|$)", line) is not None


@lru_cache(maxsize=100_000)
def _addresses(host: str) -> frozenset[str]:
    """The addresses that a host's name stands for. Raises RefusedError where nobody knows them: which section the
    device is reached by cannot be told then."""
    try:
        return frozenset({str(ipaddress.ip_address(host))})
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RefusedError(
            f"nobody knows the address of {host}, so nothing would protect the way by which it is reached: {error}",
            do="Write its address as `hostname` in the inventory.",
        ) from None
    return frozenset(str(place[0]) for *_, place in found)
