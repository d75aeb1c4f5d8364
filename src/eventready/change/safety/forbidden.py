"""Lines never sent, whatever their origin: template, inventory, addition of a workspace, or way back."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Sequence
from functools import lru_cache

from eventready.change.forms.configuration import Configuration
from eventready.change.forms.paths import is_beneath
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Tree, walk
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.session.dialogue.configuring import unsafe_content, uses_shell

#: Prefixes that execute a command of another mode from configuration mode (IOS and FRR, VRP).
_OTHER_MODE = ("do", "do-exec", "run")
_MANAGEMENT = message("change:forbidden.management")


def refuse_forbidden(
    platform: PlatformSpec, lines: Sequence[str], *, device: str, running: Configuration, address: str
) -> None:
    """Raise RefusedError for the first forbidden line of `lines` (from `commands_between`).

    `address` is the management address, or its name: no line may enter, create or remove the section that has it.
    """
    if not lines or platform.change is None:
        return
    spec = platform.change
    rules = Rules(spec)
    indented = spec.form == "indented"
    ways = statements_with_address(running.tree, address) if spec.form == "paths" else ()
    managed = management_sections(spec, running.tree, address)
    users = _users(spec, running.tree, managed) if spec.effects.objects else {}
    own = _own_words(spec) if indented else frozenset()
    for line in lines:
        reason = _reason(platform, spec, line)
        bare = rules.without_negation(line) or line
        if not reason and bare.partition(" ")[0].lower() in own:
            reason = message("change:forbidden.reserved")
        if not reason and bare in managed:
            reason = managed[bare]
        if not reason and (name := object_name(spec, bare)) in users:
            reason = message("change:forbidden.way", name=name, user=users[name])
        if not reason and any(is_beneath(bare, way) or is_beneath(way, bare) for way in ways):
            reason = message("change:forbidden.statement")
        if not reason and any(re.fullmatch(pattern, one) for pattern in spec.management for one in (line, bare)):
            reason = _MANAGEMENT
        if reason:
            shown = line if line.isprintable() else ascii(line)
            raise RefusedError(message("change:forbidden.line", line=shown, device=device, reason=reason))


def _reason(platform: PlatformSpec, spec: ChangeSpec, line: str) -> Message | None:
    if unsafe := unsafe_content(line, spec, shell=uses_shell(platform)):
        return message("change:forbidden.unsafe", content=unsafe)
    if not line.isprintable():
        return message("change:forbidden.unprintable")
    pattern = next((one for one in platform.never_sent if re.search(one, line)), None)
    return None if pattern is None else message("change:forbidden.rule", pattern=pattern)


def _own_words(spec: ChangeSpec) -> frozenset[str]:
    """Return the first words of commands reserved for eventready: a `commit` in a template would end the trial."""
    own = [*spec.enter, *spec.leave, *spec.save]
    for guard in spec.guards:
        own += [] if guard.shell else [*guard.enter, *guard.arm, *guard.arm_after, *guard.confirm, *guard.revert]
    return frozenset({*_OTHER_MODE, *(line.split()[0].lower() for line in own)})


def management_sections(spec: ChangeSpec, tree: Tree, address: str) -> dict[str, Message]:
    """Return the management sections of an indented configuration, each with the reason.

    `standby 1 ip A` has a shared address and does not count. Raises RefusedError for an unresolved name.
    """
    if spec.form != "indented":
        return {}
    holding = {
        section: message("change:forbidden.address", address=held)
        for section, held in sections_with_address(tree, address).items()
    }
    management = [re.compile(pattern) for pattern in spec.management]
    return holding | {line: _MANAGEMENT for line in tree if any(pattern.fullmatch(line) for pattern in management)}


def sections_with_address(tree: Tree, address: str) -> dict[str, str]:
    """Return the sections with an address of the device, each with the address. Raises RefusedError for an unresolved
    name."""
    holding = re.compile(rf"ip(?:v[46])? address ({'|'.join(map(re.escape, _addresses(address)))})(?:[ /]|$)")
    found = {
        line: next((match[1] for one in beneath if (match := holding.match(one))), "") for line, beneath in tree.items()
    }
    return {line: held for line, held in found.items() if held}


def _users(spec: ChangeSpec, tree: Tree, managed: Collection[str]) -> dict[str, str]:
    """Return the words of the management sections, and of the objects named by them, each with its section.

    A name without an object counts too: an access list that does not exist yet would begin to refuse everything.
    """
    objects: dict[str, list[str]] = {}
    for line in tree:
        if name := object_name(spec, line):
            objects.setdefault(name, []).append(line)
    users: dict[str, str] = {}
    waiting = [line for line in tree if line in managed]
    while waiting:
        user = waiting.pop()
        for path in [(user,), *walk(tree[user])]:
            for word in set(path[-1].split()) - users.keys():
                users[word] = user
                waiting += objects.get(word, ())
    return users


def object_name(spec: ChangeSpec, line: str) -> str:
    """Return the name of the object defined by a line; empty for none."""
    found = (re.fullmatch(pattern, line) for pattern in spec.effects.objects)
    return next((match["name"] for match in found if match), "")


def statements_with_address(tree: Tree, address: str) -> tuple[str, ...]:
    """Return the statements of the logical interfaces with an address of the device: `set interfaces fxp0 unit 0`.

    Raises RefusedError for an unresolved name.
    """
    addresses = _addresses(address)
    found = (re.match(r"(set interfaces \S+ unit \S+) .*?\baddress ([^\s/]+)(?:/\d+)?(?: |$)", line) for line in tree)
    return tuple(dict.fromkeys(match[1] for match in found if match and match[2] in addresses))


@lru_cache(maxsize=100_000)
def _addresses(host: str) -> frozenset[str]:
    """Return the addresses of a host name. Raises RefusedError for an unresolved name: the management section is
    unknown."""
    try:
        return frozenset({str(ipaddress.ip_address(host))})
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RefusedError(message("change:forbidden.unresolved", host=host, error=str(error))) from None
    return frozenset(str(place[0]) for *_, place in found)
