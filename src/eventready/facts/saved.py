"""Saved output: a file somebody kept of what a device printed, made into the reply that a session would have given.

Whatever surrounds the answer in a terminal's log is taken off: escape codes, the prompt with the command before it, the
prompt behind it, log lines. Refusals are recognised by the platform's own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from eventready.errors import UsageError
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.platform import Platform
from eventready.facts.read import observe
from eventready.session.patterns import Patterns, patterns
from eventready.session.redaction import redact
from eventready.session.reply import Ended, Reply
from eventready.session.terminal import Cleaner, plain

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENDED = {"refused": Ended.REFUSED, "denied": Ended.DENIED, "": Ended.ANSWERED}


def decoded(data: bytes) -> str:
    """Text of a file in UTF-8, UTF-16 with its mark (Windows' redirection), or GBK, as a reader would have seen it."""
    if data.startswith(_UTF16):
        data = data.decode("utf-16", errors="replace").encode()
    if b"\n" not in data:  # lines that end in CR alone; a terminal would write them all over each other
        data = data.replace(b"\r", b"\n")
    return plain(Cleaner().feed(data.removeprefix(b"\xef\xbb\xbf")))


def reply_of(platform: Platform, command: str, text: str) -> Reply:
    """The reply that a session would have made of `text`: without secrets, for it is kept and shown."""
    known = patterns(platform.spec.session)
    answer = redact(known.without_noise("\n".join(_answer(known, command, text.splitlines()))))
    word, said = known.refusal(answer)
    if not word and _cut(known, command, text):
        return Reply(command, answer, Ended.CUT)
    return Reply(command, answer, _ENDED[word], f"The device said: {said}" if said else "")


def read_saved(platform: Platform, question: str, text: str, device: str = "-") -> list[Observation]:
    """What a saved output says about a fact, or about every fact that a command answers. Raises UsageError."""
    return observe(
        device,
        platform,
        facts_asked(platform, question),
        lambda commands: [reply_of(platform, command, text) for command in commands],
    )


def facts_asked(platform: Platform, question: str) -> tuple[str, ...]:
    """The fact of that name, or the facts that the command answers. Raises UsageError with a suggestion."""
    if question in platform.facts or question in platform.cannot_tell:
        return (question,)
    asked = _squeezed(question)
    found = tuple(name for name, fact in platform.facts.items() if _squeezed(fact.command) == asked)
    if found:
        return found
    if question in CATALOGUE:
        raise UsageError(
            f"{platform.name} does not say how it answers {question!r}", do=f"It answers: {', '.join(platform.facts)}."
        )
    known = [*platform.facts, *dict.fromkeys(fact.command for fact in platform.facts.values())]
    close = [name for name in known if asked and asked in name.lower()] or get_close_matches(
        question, known, cutoff=0.5
    )
    raise UsageError(
        f"{platform.name} knows no fact and no command {question!r}",
        do=f"Did you mean {' or '.join(map(repr, close[:3]))}?"
        if close
        else f"It answers: {', '.join(platform.facts)}.",
    )


def _squeezed(command: str) -> str:
    return " ".join(command.split()).rstrip(";").lower()


def _answer(known: Patterns, command: str, lines: list[str]) -> Iterable[str]:
    """The lines between the prompt with the command and the prompt that follows."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
    if not filled:
        return lines
    start, end = filled[0], filled[-1] + 1
    if _is_echo(known, command, lines[start]):
        start += 1
    if end - start > 0 and known.is_prompt(lines[end - 1].encode()):
        end -= 1
    return lines[start:end]


def _cut(known: Patterns, command: str, text: str) -> bool:
    """True for a terminal's log that ends in a line and not at the next prompt, to which it would have gone on.

    An answer that somebody copied out of one may well lack its last line end.
    """
    if text.endswith("\n") or not text.strip():
        return False
    lines = text.strip("\n").splitlines()
    if known.is_prompt(lines[-1].encode()):
        return False
    return len(lines) > 1 and bool(lines[0].strip().removesuffix(command)) and _is_echo(known, command, lines[0])


def _is_echo(known: Patterns, command: str, line: str) -> bool:
    typed = line.rstrip()
    if not typed.endswith(command):
        return False
    before = typed.removesuffix(command)
    return not before.strip() or known.is_prompt(before.encode())
