"""Facts of a device: commands to send, and an observation per fact."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import is_
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar

from eventready.core.apart import Apart, ComputedTooLong
from eventready.core.messages import Bilingual, Message, Param, Text
from eventready.core.redaction.redaction import redact, redactor
from eventready.facts.configuration_text import Answer, reduce_evidence, reduce_replies
from eventready.facts.interpret import ParseCache, interpret
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.parsing.parsing_time import AnswerTimes, turn
from eventready.facts.parsing.two_answers import join_answers
from eventready.facts.platform import CompiledFact, Platform
from eventready.facts.records import Fact
from eventready.platforms.model import FactSpec
from eventready.session.reply import LoginRefused, NoPrompt, Reply, ReplyStatus, SessionError

#: Fields of records with prose of people, or of a program about itself.
_PROSE = ("description", "location", "detail", "error")


def redacted(observation: Observation) -> Observation:
    """Return an observation without known values in its texts."""
    message = _text(observation.message) if observation.message else None
    return replace(
        observation,
        rows=tuple(map(_row, observation.rows)),
        unmatched=tuple(map(redact, observation.unmatched)),
        reason=message.render("en") if message else redact(observation.reason),
        message=message,
        raw=redact(observation.raw),
        unread=tuple(Unread(one.subject, _text(one.message)) for one in observation.unread),
    )


def _row(row: Fact) -> Fact:
    prose = {name: text for name in _PROSE if isinstance(text := getattr(row, name, None), str)}
    changed = {name: kept for name, text in prose.items() if (kept := redactor.without_long(text)) != text}
    return row.model_copy(update=changed) if changed else row


def _text(text: Text) -> Text:
    if isinstance(text, Bilingual):
        return Bilingual(redact(text.vi), redact(text.en))
    return Message(text.id, {name: _param(value) for name, value in text.params.items()})


def _param(value: Param) -> Param:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Message | Bilingual):
        return _text(value)
    if isinstance(value, Sequence):
        return [redact(one) if isinstance(one, str) else _text(one) for one in value]
    return value


_NO_SESSION: tuple[tuple[type[SessionError], Status], ...] = (
    (LoginRefused, Status.DENIED),
    (NoPrompt, Status.TIMEOUT),
)

T = TypeVar("T")
P = ParamSpec("P")

#: Seconds of processor time of a process that reads the answers of a device.
_LONGEST_S = 20
_TOO_LONG = Message("facts:too_long", {"seconds": _LONGEST_S})

#: Held for a turn while answers are parsed: threads that compute at once only take the interpreter from each other, and
#: from those that wait for devices.
_computing = Lock()
#: Process that reads answers for platforms and parsers of other packages: tests bound the time of those of this one.
_apart = Apart()


def commands_for(platform: Platform, facts: Iterable[str]) -> tuple[str, ...]:
    """Return the commands of `facts` without repetition, in order; unsupported facts need none."""
    needed = (platform.facts[fact].commands for fact in facts if fact in platform.facts)
    return tuple(dict.fromkeys(command for commands in needed for command in commands))


def observe(
    device: str,
    platform: Platform,
    facts: Iterable[str],
    send: Callable[[Sequence[str]], Sequence[Reply]],
    reading: int = 1,
    *,
    alone: Container[str] = (),
) -> list[Observation]:
    """Send each command and return an observation per fact. `send` takes commands and returns replies.

    `alone`: second commands (`also`) that the outputs do not hold, and need not: a single saved output. Facts are read
    from the replies as printed; see `redacted` for what is kept of them.
    """
    wanted = list(dict.fromkeys(facts))
    commands = commands_for(platform, wanted)
    replies = send(commands) if commands else ()
    without = tuple(command for command in commands if command in alone)
    printed = [reply.as_printed for reply in replies]
    try:
        observations = _computed(platform, _read, device, wanted, printed, reading, without)
    except ComputedTooLong:
        observations = {
            fact: _unread(device, platform.facts[fact], reading) for fact in wanted if fact in platform.facts
        }
    found = [observations.get(fact) or _unsupported(device, platform, fact, reading) for fact in wanted]
    return found if all(map(is_, printed, replies)) else [redacted(one) for one in found]


def reduced_replies(device: str, platform: Platform, facts: Iterable[str], replies: Sequence[Reply]) -> list[Reply]:
    """Return the replies to the commands of `facts`, with configuration text reduced to the lines of the facts."""
    try:
        return _computed(platform, _reduced, device, list(facts), list(replies))
    except ComputedTooLong:
        return [Reply.failed(reply.command, ReplyStatus.CUT, _TOO_LONG) for reply in replies]


@contextmanager
def reading_apart(platforms: Iterable[Platform]) -> Iterator[None]:
    """Fork the process for platforms of other packages before the threads of a block."""
    _apart.prepare(platform for platform in platforms if not platform.packaged)
    try:
        yield
    finally:
        _apart.end()


def _computed(
    platform: Platform, compute: Callable[Concatenate[Platform, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    if not platform.packaged:
        return _apart.compute(_LONGEST_S, compute, platform, *args, **kwargs)
    with turn(_computing):
        return compute(platform, *args, **kwargs)


def _read(  # noqa: PLR0917  arguments of `_computed`
    platform: Platform, device: str, facts: list[str], replies: Sequence[Reply], reading: int, alone: tuple[str, ...]
) -> dict[str, Observation]:
    times = AnswerTimes()
    answers = _answers(device, platform, facts, replies, reading, alone=alone, times=times)
    return _by_fact(answers) | reduce_evidence(platform, answers, times)


def _reduced(platform: Platform, device: str, facts: list[str], replies: list[Reply]) -> list[Reply]:
    times = AnswerTimes()
    return reduce_replies(platform, replies, _answers(device, platform, facts, replies, 1, times=times), times)


def _unread(device: str, compiled: CompiledFact, reading: int) -> Observation:
    return Observation(
        device, compiled.name, Status.UNPARSED, _shown(compiled), reason=_TOO_LONG.render("en"), message=_TOO_LONG,
        reading=reading, complete=False,
    )  # fmt: skip


def _answers(
    device: str,
    platform: Platform,
    facts: Iterable[str],
    replies: Sequence[Reply],
    reading: int,
    *,
    alone: Container[str] = (),
    times: AnswerTimes,
) -> list[Answer]:
    """Return the supported facts with the reply and the observation of each."""
    cache, by_command = ParseCache(), {reply.command: reply for reply in replies}
    answers: list[Answer] = []
    for compiled in _single(platform, facts):
        reply = _answer_to(compiled, by_command, alone)
        with times.of(reply.command):
            observed = interpret(device, compiled.name, compiled, reply, reading, cache=cache)
        if (
            compiled.spec.also and compiled.spec.also in alone
        ):  # a count in the first answer does not speak of the second
            observed = replace(observed, complete=False)
        answers.append((compiled, reply, observed))
    return answers


def _single(platform: Platform, facts: Iterable[str]) -> Iterator[CompiledFact]:
    """Yield the supported facts; questions stand in place of their fact."""
    for compiled in (platform.facts[fact] for fact in facts if fact in platform.facts):
        yield from (compiled,) if compiled.questions is None else compiled.questions


def _by_fact(answers: Iterable[Answer]) -> dict[str, Observation]:
    observed: dict[str, list[tuple[CompiledFact, Observation]]] = {}
    for compiled, _, observation in answers:
        observed.setdefault(compiled.name, []).append((compiled, _with_absence(compiled, observation)))
    return {fact: found[0][1] if len(found) == 1 else _together(found) for fact, found in observed.items()}


def _with_absence(compiled: CompiledFact, observed: Observation) -> Observation:
    """Return the observation, for an answer without rows with the question's record of absence, if any."""
    if compiled.absence is None or observed.status is not Status.EMPTY:
        return observed
    return replace(observed, status=Status.PARSED, rows=(compiled.absence,), reason="", message=None)


def _together(answers: Sequence[tuple[CompiledFact, Observation]]) -> Observation:
    """Return the observation of a fact with several questions; those without a readable answer are unread."""
    observations = [observation for _, observation in answers]
    first = next((one for one in observations if one.status.measured), observations[0])
    unread = [
        Unread(str(compiled.spec.constants[compiled.kind.question]), one.message or Bilingual("", one.reason))
        for compiled, one in answers
        if not one.status.measured
    ]
    return replace(
        first,
        command="\n".join(one.command for one in observations),
        rows=tuple(row for one in observations for row in one.rows),
        unmatched=tuple(line for one in observations for line in one.unmatched),
        raw="\n".join(f"=== {one.command} ===\n{one.raw}" for one in observations),
        complete=all(one.complete for one in observations),
        unread=tuple(unread) if first.status.measured else (),
    )


def _answer_to(compiled: CompiledFact, replies: Mapping[str, Reply], alone: Container[str]) -> Reply:
    """Return the reply with the rows of a fact.

    `instead`: the second reply where the device refuses the first command. `also` and `against`: both, or the reply
    that failed, since half of a fact is not measured.
    """
    spec = compiled.spec
    answers = [replies.get(command) or Reply(command, "", ReplyStatus.NOT_SENT) for command in compiled.commands]
    if len(answers) == 1:
        return answers[0]
    first, second = answers
    if spec.instead:
        return second if first.status in (ReplyStatus.REFUSED, ReplyStatus.OTHER) else first
    if spec.also:
        return _with_second(spec, first, second, alone=second.command in alone)
    return next((reply for reply in answers if not _has_text(reply)), None) or _joined(first, second)


def _with_second(spec: FactSpec, first: Reply, second: Reply, *, alone: bool) -> Reply:
    """Return both replies, or the failed or blank reply; the first where the second has nothing to add."""
    if not _has_text(first):
        return first
    if _has_text(second):
        return _joined(first, second)
    silent = second.status is ReplyStatus.ANSWERED and second.complete and "silent" in spec.also_absent
    unknown = second.status is ReplyStatus.REFUSED and "refused" in spec.also_absent
    if silent or unknown:
        return first
    return replace(first, complete=False) if alone and not spec.whole else second


def _joined(first: Reply, second: Reply) -> Reply:
    text = join_answers(first.text, second.command, second.text)
    behind = first.text.count("\n") + 2
    breaks = (*first.breaks, *(behind + place for place in second.breaks))
    return replace(first, text=text, complete=first.complete and second.complete, breaks=breaks)


def _has_text(reply: Reply) -> bool:
    return reply.status is ReplyStatus.ANSWERED and bool(reply.text.strip())


def unreached(
    device: str, platform: Platform, facts: Iterable[str], error: SessionError, reading: int = 1
) -> tuple[Observation, ...]:
    """Return the observations of a device without a session."""
    status = next((status for kind, status in _NO_SESSION if isinstance(error, kind)), Status.UNREACHABLE)
    observations = []
    for fact in dict.fromkeys(facts):
        compiled = platform.facts.get(fact)
        observations.append(
            Observation(
                device, fact, status, _shown(compiled), reason=str(error), message=error.message, reading=reading
            )
            if compiled
            else _unsupported(device, platform, fact, reading)
        )
    return tuple(observations)


def _shown(compiled: CompiledFact) -> str:
    return compiled.command if compiled.questions is None else "\n".join(compiled.commands)


def _unsupported(device: str, platform: Platform, fact: str, reading: int) -> Observation:
    message = platform.unsupported.get(fact) or Message("facts:no_command", {"platform": platform.name, "fact": fact})
    return Observation(device, fact, Status.UNSUPPORTED, reason=message.render("en"), message=message, reading=reading)
