"""One device's part of a plan: its configuration is read, and what the change and the way back will be follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from eventready.change.configuration import Configuration, commands_to_read, read_configuration
from eventready.change.delta import fingerprint, merge, remade, same, shown, way
from eventready.change.errors import UnreadableConfiguration
from eventready.change.forbidden import refuse_forbidden
from eventready.change.guard import Guard, choose_guard
from eventready.change.participants import Participant
from eventready.change.plan import PlannedDevice, PlannedGuard
from eventready.change.tree import Path
from eventready.errors import RefusedError
from eventready.platforms.model import GuardSpec
from eventready.session.connect import Session
from eventready.session.login_shell import open_shell
from eventready.session.redaction import redact
from eventready.session.reply import Ended, Reply
from eventready.session.target import Target

#: The guard is only asked whether something waits; nothing is armed under this name.
_NOBODY = "plan"


def draft(participant: Participant, session: Session, seconds: int, *, alone: bool) -> PlannedDevice | None:
    """What is to be done on the device; None when it complies already. Only reads.

    `seconds` is after how long its guard will fire, `alone` that nothing in the inventory stands in for it. Raises
    UnreadableConfiguration and GuardUnknown when the device does not tell, FragmentError when it cannot take what is
    wanted, RefusedError when a line may not be sent or there is no way back.
    """
    spec, device = participant.spec, participant.device
    ask = _asking(session)
    commands = commands_to_read(spec, participant.fragment)
    replies = session.ask([*commands, *([spec.startup] if spec.startup else [])])
    running = read_configuration(
        spec, {command: _told(reply) for command, reply in zip(commands, replies, strict=False)}, device=device.name
    )
    predicted = merge(spec, running.tree, participant.fragment)
    try:
        forward, backward = way(spec, running.tree, predicted), way(spec, predicted, running.tree)
    except RefusedError as error:
        raise RefusedError(error.what, where=device.name, do=error.do) from None
    if not forward:
        return None
    if not backward:
        raise RefusedError(
            f"there is no way back on {device.name} from `{forward[0]}`", do="Take it out of the template."
        )
    for lines in (forward, backward):
        refuse_forbidden(participant.platform.spec, lines, device=device.name, running=running, address=device.hostname)
    _refuse_secrets(device.name, (*forward, *backward, *participant.fragment.text.splitlines()))
    guard = choose_guard(participant.platform, running, ask, has_shell=session.target.has_shell)
    words = _guard(participant, session, guard, seconds)
    risks = [
        *([words.gap] if guard.kind == "inverse" else []),
        *_unsaved(participant, running, replies[len(commands) :]),
        *(_made_anew(path) for path in remade(spec, running.tree, predicted)),
        *(["Nothing in the inventory stands in for it while it is changed."] if alone else []),
    ]
    return PlannedDevice(
        name=device.name,
        platform=device.platform,
        endpoint=device.endpoint,
        role=device.role,
        venues=device.venues,
        intents=participant.intents,
        guard=words,
        before=running.sha256,
        predicted=fingerprint(spec, predicted),
        forward=forward,
        backward=backward,
        fragment=participant.fragment.text,
        diff=shown(spec, running.tree, predicted),
        risks=tuple(risks),
    )


def _asking(session: Session) -> Callable[[str], str]:
    return lambda command: _told(session.ask([command])[0])


def _told(reply: Reply) -> str:
    if reply.ended is not Ended.ANSWERED:
        raise UnreadableConfiguration(f"`{reply.command}`: {reply.reason}")
    return reply.text


def _guard(participant: Participant, session: Session, spec: GuardSpec, seconds: int) -> PlannedGuard:
    """The guard in words, after seeing that it can be had and that nobody else's change waits to be confirmed."""
    with ExitStack() as stack:
        shell = stack.enter_context(_shell(session.target)) if spec.shell else None
        guard = Guard(spec, participant.spec, session, shell, _NOBODY, seconds)
        waiting = guard.pending()
        if waiting is not None:
            whose = f" ({waiting.by})" if waiting.by else ""
            raise UnreadableConfiguration(
                f"a change waits to be confirmed on it{whose}, so what runs may not last",
                do="Plan when it is confirmed or taken back.",
            )
        return PlannedGuard(kind=spec.kind, protects=guard.protects, gap=guard.gap)


def _shell(target: Target) -> Session:
    """Its host's shell: a guard that cannot be had shows while there is time."""
    return open_shell(target)


def _unsaved(participant: Participant, running: Configuration, replies: list[Reply]) -> Iterator[str]:
    """What a restart would bring back is not what runs: it does not bring the old state, and saving keeps more."""
    for reply in replies:
        try:
            name = participant.device.name
            startup = read_configuration(participant.spec, {participant.spec.read: _told(reply)}, device=name)
        except UnreadableConfiguration:
            yield "What a restart would bring back could not be read."
        else:
            if not same(participant.spec, startup.tree, running.tree):
                yield ("It runs with changes that are not saved: a restart loses them, and this change saves them too.")


def _made_anew(path: Path) -> str:
    line, above = path[-1], path[:-1]
    return f"`{line}` {f'of `{above[-1]}` ' if above else ''}is taken down and made anew."


def _refuse_secrets(device: str, lines: tuple[str, ...]) -> None:
    """A plan is handed round: no line of it may hold a secret."""
    for line in lines:
        clean = redact(line)
        if clean != line:
            raise RefusedError(
                f"a secret would stand in the plan for {device}: `{clean}`",
                do="Set secrets by hand, not by a template.",
            )
