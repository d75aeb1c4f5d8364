"""Lines never sent, whatever their origin: template, inventory, addition of a workspace, or way back."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Sequence
from functools import lru_cache

from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import Addressed
from eventready.change.forms.known_forms import form_of
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
    spec, form = platform.change, form_of(platform.change)
    rules, addressed = form.rules(), sections_with_address(spec, running.tree, address)
    managed = management_sections(spec, running.tree, addressed)
    users = _users(spec, running.tree, managed) if spec.effects.objects else {}
    own = frozenset() if form.writes_items else _own_words(spec)
    for line in lines:
        reason = _reason(platform, spec, line)
        bare = rules.without_negation(line) or line
        if not reason and bare.partition(" ")[0].lower() in own:
            reason = message("change:forbidden.reserved")
        if not reason:
            held = next((one.address for one in addressed if form.touches(bare, one)), "")
            reason = message("change:forbidden.address", address=held) if held else managed.get(bare)
        if not reason and (name := object_name(spec, bare)) in users:
            reason = message("change:forbidden.way", name=name, user=users[name])
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


def management_sections(spec: ChangeSpec, tree: Tree, addressed: Sequence[Addressed]) -> dict[str, Message]:
    """Return the management sections of a configuration with sections, each with the reason."""
    management = [re.compile(pattern) for pattern in spec.management]
    lines = [line for line in tree if any(pattern.fullmatch(line) for pattern in management)]
    return {**dict.fromkeys((one.section for one in addressed), _MANAGEMENT), **dict.fromkeys(lines, _MANAGEMENT)}


def sections_with_address(spec: ChangeSpec, tree: Tree, address: str) -> tuple[Addressed, ...]:
    """Return the sections with an address of the device. Raises RefusedError for an unresolved name."""
    form = form_of(spec)
    return () if form.writes_items else form.addressed(tree, _addresses(address))


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
