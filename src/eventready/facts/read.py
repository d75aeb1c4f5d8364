"""From a device's answer to an observation: what was asked, what came, and why it does not count where it does not.

`empty` needs evidence. No rows are EMPTY only when nothing of the answer is left over and either one of the fact's own
`empty` words stands in it or, for a fact that lists none, its table's heading was seen (a line that a rule without
values knows; an empty JSON container; a report that counts 0 results) and no values were read that made no row. An
answer without text is never empty. Two rows that say different things of one subject are a contradiction: `unparsed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from eventready.english import number_of
from eventready.facts.compared import joined
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import CompiledFact, Platform
from eventready.facts.reading import UNMATCHED_SHOWN, Reading
from eventready.facts.records import Fact
from eventready.session.reply import Ended, LoginRefused, NoPrompt, Reply, SessionError

_STATUS = {
    Ended.REFUSED: Status.UNSUPPORTED,
    Ended.DENIED: Status.DENIED,
    Ended.TIMEOUT: Status.TIMEOUT,
    Ended.DROPPED: Status.UNREACHABLE,
    Ended.CUT: Status.UNPARSED,
    Ended.NOT_SENT: Status.UNREACHABLE,
}
_REASON = {
    Ended.REFUSED: "The device does not know the command.",
    Ended.DENIED: "The device does not allow this user the command.",
    Ended.TIMEOUT: "The device did not finish its answer in time.",
    Ended.DROPPED: "The session ended before the answer did.",
    Ended.CUT: "The saved output breaks off before the answer ends.",
    Ended.NOT_SENT: "The session had ended before the command could be sent.",
}

_NO_SESSION: tuple[tuple[type[SessionError], Status], ...] = (
    (LoginRefused, Status.DENIED),
    (NoPrompt, Status.TIMEOUT),
)


#: Held while answers are interpreted, where nothing waits: threads that compute at once only take the interpreter from
#: each other, and from those that talk to devices.
_computing = Lock()


@dataclass
class Readings:
    """Answers already parsed: facts that share a command and a template have it parsed once."""

    _known: dict[tuple[int, str], Reading] = field(default_factory=dict)

    def read(self, compiled: CompiledFact, text: str) -> Reading:
        """What the fact's parser makes of the text."""
        key = (id(compiled.reader), text)
        if key not in self._known:
            self._known[key] = compiled.reader.read(text)
        return self._known[key]


def commands_for(platform: Platform, facts: Iterable[str]) -> tuple[str, ...]:
    """The commands that answer `facts`, each once, in their order; facts the platform cannot tell need none."""
    asked = (platform.facts[fact].commands for fact in facts if fact in platform.facts)
    return tuple(dict.fromkeys(command for commands in asked for command in commands))


def observe(
    device: str,
    platform: Platform,
    facts: Iterable[str],
    ask: Callable[[Sequence[str]], Sequence[Reply]],
    reading: int = 1,
) -> list[Observation]:
    """Ask for all facts, each command once, and say what came of each fact."""
    wanted = list(dict.fromkeys(facts))
    commands = commands_for(platform, wanted)
    replies = {reply.command: reply for reply in ask(commands)} if commands else {}
    readings = Readings()
    observations = []
    with _computing:
        for fact in wanted:
            compiled = platform.facts.get(fact)
            if compiled is None:
                observations.append(_untold(device, platform, fact, reading))
                continue
            reply = _answer_to(compiled, replies)
            observations.append(interpret(device, fact, compiled, reply, reading, readings=readings))
    return observations


def _answer_to(compiled: CompiledFact, replies: Mapping[str, Reply]) -> Reply:
    """The reply that a fact is read from; of two that are compared, the one that failed speaks for both."""
    answers = [replies.get(command) or Reply(command, "", Ended.NOT_SENT) for command in compiled.commands]
    first = next((reply for reply in answers if reply.ended is not Ended.ANSWERED or not reply.text.strip()), None)
    if first is not None or len(answers) == 1:
        return first or answers[0]
    running, saved = answers
    return replace(running, text=joined(running.text, saved.command, saved.text))


def unreached(
    device: str, platform: Platform, facts: Iterable[str], error: SessionError, reading: int = 1
) -> tuple[Observation, ...]:
    """What came of all facts of a device that no session could be had with."""
    status = next((status for kind, status in _NO_SESSION if isinstance(error, kind)), Status.UNREACHABLE)
    observations = []
    for fact in dict.fromkeys(facts):
        compiled = platform.facts.get(fact)
        observations.append(
            Observation(device, fact, status, compiled.command, reason=str(error), reading=reading)
            if compiled
            else _untold(device, platform, fact, reading)
        )
    return tuple(observations)


def _untold(device: str, platform: Platform, fact: str, reading: int) -> Observation:
    reason = platform.cannot_tell.get(fact, f"The platform {platform.name} does not know how to ask for {fact}.")
    return Observation(device, fact, Status.UNSUPPORTED, reason=reason, reading=reading)


def interpret(
    device: str,
    fact: str,
    compiled: CompiledFact,
    reply: Reply,
    reading: int = 1,
    *,
    readings: Readings | None = None,
) -> Observation:
    """What one answer says about one fact. Never raises, whatever the answer."""

    def observed(
        status: Status, reason: str = "", rows: tuple[Fact, ...] = (), unmatched: Iterable[str] = ()
    ) -> Observation:
        return Observation(
            device, fact, status, reply.command, rows, tuple(unmatched), reason, raw=reply.text, reading=reading
        )

    if reply.ended is not Ended.ANSWERED:
        return observed(_STATUS[reply.ended], reply.reason or _REASON[reply.ended])
    if not reply.text.strip():
        return observed(Status.UNPARSED, "The device answered nothing at all, which says neither yes nor no.")
    found = (readings or Readings()).read(compiled, reply.text)
    none = _says_none(compiled, reply.text)
    unmatched = [line for line in found.unmatched if not _says_none(compiled, line)]
    if found.status is not None or (found.reason and not none):
        return observed(found.status or Status.UNPARSED, _sentence(found.reason), unmatched=unmatched)
    records, rejects = compiled.builder.build(found)
    more = found.unmatched_total - len(found.unmatched)
    if unmatched or rejects or more:
        reason = _leftover_reason(len(unmatched) + more, rejects)
        return observed(Status.UNPARSED, reason, records, [*unmatched, *rejects[:UNMATCHED_SHOWN]])
    return observed(*_outcome(records, none or (found.heading and not compiled.empty)), records)


def _says_none(compiled: CompiledFact, text: str) -> bool:
    return any(word.search(line) for word in compiled.empty for line in text.splitlines())


def _outcome(records: tuple[Fact, ...], evidence: bool) -> tuple[Status, str]:
    if records:
        return Status.PARSED, ""
    if evidence:
        return Status.EMPTY, "The device says that there is none."
    return Status.UNPARSED, "The answer has no rows, and nothing in it says that there are none."


def _leftover_reason(lines: int, rejects: list[str]) -> str:
    parts = []
    if lines:
        parts.append(f"{number_of(lines, 'line')} of the answer that no rule knows")
    if rejects:
        parts.append(f"{number_of(len(rejects), 'row')} that could not be read ({rejects[0]})")
    return _sentence(" and ".join(parts))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
