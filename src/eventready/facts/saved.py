"""Saved outputs: the text of a file as the reply of a session.

What surrounds the answer in a terminal's log is removed: escape codes, the prompt with the command, all from the next
prompt on, log lines. Refusals are recognised by the platform's own words. A file has no prompt of its own that proves
its end, so the reply is `complete` only where a prompt follows the answer, or the mark that `audit --save` writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import kept_and_printed, redact
from eventready.core.strings.texts import lines_of
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.observe import observe
from eventready.facts.platform import Platform
from eventready.facts.questions import with_example
from eventready.session.dialogue.patterns import LOG_LINE_MARK, patterns
from eventready.session.dialogue.terminal import Cleaner, to_text
from eventready.session.reply import Reply, ReplyStatus

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_REFUSALS = {"refused": ReplyStatus.REFUSED, "denied": ReplyStatus.DENIED}
#: Indentation that no device prints before every line of an answer, but an editor does.
_EDITOR_INDENT = 4
#: A port between the words of a command narrows the answer and does not change its form.
_PORT = re.compile(r"[A-Za-z][A-Za-z-]*\d[\d/.:]*")
#: The decoration of a headline that a tool writes above an answer.
_DECORATION, _EXECUTING = "-+=#*! ", " executing command '"
END_OF_ANSWER = "=== end of the answer ==="


def decode_output(data: bytes) -> str:
    """Decode a file in UTF-8, UTF-16 with its mark (Windows' redirection), or GBK, as a terminal does."""
    if data.startswith(_UTF16):
        data = data.decode("utf-16", errors="replace").encode()
    if b"\n" not in data:  # lines that end in CR alone; a terminal would write them all over each other
        data = data.replace(b"\r", b"\n")
    return to_text(Cleaner().feed(data.removeprefix(b"\xef\xbb\xbf")))


def saved_reply(platform: Platform, command: str, text: str) -> Reply:
    """Return the redacted reply of a session for `text`."""
    known = patterns(platform.spec.session)
    log = _Log(platform, text)
    answer = log.answer(command)
    if answer.other:
        other = Message("facts:other_command", {"command": answer.other})
        return Reply.failed(command, ReplyStatus.OTHER, other)
    unpaged, paused = known.without_pager(answer.text)
    plain, breaks = known.split_at_log_lines(unpaged)
    shown, printed = kept_and_printed(plain)
    word, line = known.refusal(printed)
    if not word and (paused or (not answer.complete and log.breaks_off(answer))):
        return Reply(command, shown, ReplyStatus.CUT, complete=False)
    if word:
        return Reply.failed(command, _REFUSALS[word], Message("facts:device_said", {"text": redact(line)}), shown)
    return Reply(command, shown, complete=answer.complete, breaks=breaks, prompt=answer.prompt, printed=printed)


def parse_saved(platform: Platform, question: str, text: str) -> list[Observation]:
    """Return the observations of a saved output for a fact, or for every fact of a command. Raises UsageError.

    A fact that needs the answers to two commands needs a terminal's log that holds both behind their prompts. Without
    what the second one adds (`also`) the observation is not `complete`.
    """
    facts = facts_for(platform, question)
    for fact in facts:
        platform = asking(platform, fact)
    specs = [platform.facts[fact].spec for fact in facts if fact in platform.facts]
    log = _Log(platform, text)
    second = {spec.also or spec.against for spec in specs} | {spec.command for spec in specs if spec.against}
    missing = {command for command in second if not log.echoes(command)}

    def replies(commands: Sequence[str]) -> list[Reply]:
        return [
            Reply.failed(command, ReplyStatus.OTHER, Message("facts:not_in_output", {"command": command}))
            if command in missing
            else saved_reply(platform, command, text)
            for command in commands
        ]

    return observe("-", platform, facts, replies, alone=missing)


def asking(platform: Platform, fact: str) -> Platform:
    """Return the platform, with an example question for a fact of services."""
    return with_example(platform, fact) if fact in platform.facts and CATALOGUE[fact].per_question else platform


def echoes(platform: Platform, command: str, text: str) -> bool:
    """Return True for a saved output with the command behind a prompt."""
    return _Log(platform, text).echoes(command)


def output_text(reply: Reply) -> str:
    """Return a reply as a saved output: the command, the answer with its breaks, the mark of a proved end."""
    lines = reply.text.rstrip("\n").split("\n") if reply.text else []
    for place in reversed(reply.breaks):
        lines.insert(place, LOG_LINE_MARK)
    head = f"{reply.prompt}{reply.command}" if reply.prompt else f"=== {reply.command} ==="
    end = (reply.prompt or END_OF_ANSWER,) if reply.complete else ()
    return "".join(f"{line}\n" for line in (head, *lines, *end))


def facts_for(platform: Platform, question: str) -> tuple[str, ...]:
    """Return the fact, or the facts of the command. Raises UsageError with a suggestion."""
    if question in platform.facts or question in platform.unsupported:
        return (question,)
    command = _squeezed(question)
    found = tuple(name for name, fact in platform.facts.items() if _squeezed(fact.command) == command)
    if found:
        return found
    if question in CATALOGUE:
        raise UsageError(
            message("facts:platform.no_answer", platform=platform.name, question=question, facts=list(platform.facts))
        )
    known = [*platform.facts, *dict.fromkeys(fact.command for fact in platform.facts.values())]
    close = [name for name in known if command and command in name.lower()] or get_close_matches(
        question, known, cutoff=0.5
    )
    names = " / ".join(f"'{one}'" for one in close[:3])
    do = message("facts:did_you_mean", names=names) if close else message("facts:answers", facts=list(platform.facts))
    raise UsageError(message("facts:platform.no_question", platform=platform.name, question=question), do=do)


def _squeezed(command: str) -> str:
    return " ".join(command.split()).rstrip(";").lower()


@dataclass(frozen=True)
class _Answer:
    """Lines of an answer. `prompt`: text before the command; `other`: another command found instead."""

    text: str
    complete: bool
    prompt: str = ""
    other: str = ""


class _Log:
    """A saved text as lines, with prompts and commands."""

    def __init__(self, platform: Platform, text: str) -> None:
        self._platform, self._text = platform, text
        self._known = patterns(platform.spec.session)
        self._lines = lines_of(text)
        self._filled = [index for index, line in enumerate(self._lines) if line.strip()]

    def echoes(self, command: str) -> bool:
        """Return True for a command behind a prompt."""
        return self._echo(command) is not None

    def answer(self, command: str) -> _Answer:
        """Return the answer to a command: the part behind its echo, else the whole text."""
        if not self._filled:
            return _Answer(self._text, complete=False)
        start, prompt = self._echo(command) or (None, "")
        if start is None:
            start, other = self._headless(command)
            if other:
                return _Answer("", complete=False, other=other)
        end, complete = self._end(start, prompt)
        lines = self._lines[start:end]
        captured = end < len(self._lines) and self._lines[end].strip() == END_OF_ANSWER
        body = "\n".join(lines if captured else _without_editor_indent(lines))
        return _Answer(body, complete, prompt)

    def breaks_off(self, answer: _Answer) -> bool:
        """Return True for a terminal's log without its last line end, hence without the next prompt.

        An answer that was copied out of a log may well lack its last line end.
        """
        return bool(answer.prompt) and not self._text[-1:].isspace()

    def _echo(self, command: str) -> tuple[int, str] | None:
        """Return the place after the echo of the command behind a prompt, and the prompt."""
        for index in self._filled:
            line = self._lines[index].strip()
            if line.endswith(command) and self._is_prompt(line.removesuffix(command)):
                prompt = "" if self._is_cut(index) else line.removesuffix(command).strip()
                return self._last_repeat(index, line) + 1, prompt
        return None

    def _is_cut(self, index: int) -> bool:
        """Return True for a line behind text and a log line: the text may be its begin."""
        above = next((place for place in range(index - 1, -1, -1) if not self._is_log_line(self._lines[place])), -1)
        if above in (-1, index - 1) or not self._lines[above].strip():
            return False
        return not self._is_prompt(self._lines[above])

    def _is_log_line(self, line: str) -> bool:
        return line == LOG_LINE_MARK or not self._known.without_log_lines(line)

    def _last_repeat(self, index: int, echo: str) -> int:
        """Return the place of the last repetition of prompt and command below them (RouterOS)."""
        while index + 1 < len(self._lines) and self._lines[index + 1].strip() == echo:
            index += 1
        return index

    def _headless(self, command: str) -> tuple[int, str]:
        """Return the first line of a text without the command's echo, and another command at its start."""
        place = 0
        while place < len(self._filled) - 1 and self._is_prompt(self._lines[self._filled[place]]):
            place += 1  # prompts at which nothing was typed
        index = self._filled[place]
        line = self._lines[index].strip()
        if _bare(line) == command:
            return index + 1, ""
        typed = self._typed(line, command.split(maxsplit=1)[0])
        if not typed:
            return index, ""
        return index + 1, "" if _narrows(typed, command) else typed

    def _typed(self, line: str, verb: str) -> str:
        """Return the command of a line, also behind a prompt."""
        before, found, rest = line.partition(f"{verb} ")
        typed = f"{verb} {rest}".strip()
        if found and (self._is_prompt(before) if before else self._platform.allows(typed)):
            return typed
        return ""

    def _end(self, start: int, prompt: str) -> tuple[int, bool]:
        """Return the end of the answer, and whether the text proves the end."""
        for index in range(start, len(self._lines)):
            line = self._lines[index].strip()
            if line == END_OF_ANSWER or (prompt and line.startswith(prompt)):
                return index, True
        last = self._filled[-1]
        if last >= start and self._is_prompt(self._lines[last]):
            return last, True
        return len(self._lines), False

    def _is_prompt(self, line: str) -> bool:
        return self._known.is_prompt(line.encode())


def _without_editor_indent(lines: list[str]) -> list[str]:
    """Remove the common indentation of the lines."""
    common = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return lines if common < _EDITOR_INDENT else [line[common:] for line in lines]


def _bare(headline: str) -> str:
    return headline.strip(_DECORATION).rpartition(_EXECUTING)[2].removesuffix("'").strip(_DECORATION)


def _narrows(typed: str, command: str) -> bool:
    """Return True if `typed` is `command` abbreviated, shortened, with more words, or with a word for `all`."""
    words = [word for word in typed.split(" | ", maxsplit=1)[0].split() if not _PORT.fullmatch(word)]
    full = command.split(" | ", maxsplit=1)[0].split()
    return len(words) > 1 and all(
        long == "all" or long.startswith(short) for short, long in zip(words, full, strict=False)
    )
