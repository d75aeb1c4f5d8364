"""Case of a refused or partial answer for the maintainers: a file for their tests.

Of an answer whose platform bounds its records a case has the strange ones and every line outside all records, without
the records that are read; of any other answer the whole. An answer that states the number of its records, or whose
records are read otherwise in its part, stays whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from textwrap import fill
from time import thread_time
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field

from eventready import __version__
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.facts.interpret import interpret, tidy
from eventready.facts.observation import Observation
from eventready.facts.parsing.parsed import PARSING_SECONDS
from eventready.facts.platform import CompiledFact, Platform
from eventready.facts.record_blocks import RecordBlocks
from eventready.facts.saved import asking, echoes, output_text, parse_saved, saved_reply
from eventready.platforms.model import RecordSpec
from eventready.session.reply import Reply, ReplyStatus

_WIDTH = 118
#: Lines that are read as a fact.
_Read = Callable[[Sequence[str]], Observation]


class ReportedCase(BaseModel):
    """A case file. `part`: the answer has its strange records only, by `bounds`; otherwise all.

    `expected`: records of the answer, as a person reads it; None until they are filled in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["eventready.case/1"] = Field(default="eventready.case/1", alias="schema")
    eventready: str
    platform: str
    fact: str
    command: str
    status: str
    reason: str
    unread: tuple[str, ...] = ()
    bounds: RecordSpec | None = None
    part: bool = False
    answer: str
    expected: tuple[dict[str, Any], ...] | None = None

    @classmethod
    def of(cls, platform: Platform, observed: Observation, text: str) -> Self:
        """Case of a refused or partial saved output. Raises UsageError for an output without an answer to the fact."""
        example = asking(platform, observed.fact)
        compiled = example.facts.get(observed.fact)
        replies = _replies(example, compiled, text) if compiled else []
        if compiled is None or not any(reply.text.strip() for reply in replies):
            raise UsageError(message("facts:case.no_answer", fact=observed.fact, reason=observed.reason))
        if len(compiled.commands) == 1 and not compiled.spec.prompt:
            replies = [replace(reply, prompt="") for reply in replies]  # which has the name of the device
        part = _strange_part(compiled, replies)
        case = cls(
            eventready=__version__,
            platform=platform.name,
            fact=observed.fact,
            command="; ".join(compiled.commands),
            status=observed.status.value,
            reason="; ".join(dict.fromkeys(one.reason for one in observed.unread)) or observed.reason,
            unread=tuple(record.subject for record in observed.unread),
            bounds=compiled.spec.record,
            part=bool(part),
            answer="",
        )
        for answer in filter(None, (part, "\n".join(map(output_text, replies)), text)):
            found = case.model_copy(update={"part": answer is part, "answer": _clean(answer)})
            if not read_whole(found.observe(platform)):
                return found
        raise UsageError(message("facts:case.read_otherwise"))

    def text(self, head: str) -> str:
        """Return the file: comments, and the case."""
        comments = [fill(line, _WIDTH, initial_indent="# ", subsequent_indent="#    ") for line in head.split("\n")]
        document = self.model_dump(mode="json", by_alias=True)
        content = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
        return "\n".join((*comments, content))

    def observe(self, platform: Platform) -> Observation:
        """Return the present reading of the answer."""
        (observed,) = parse_saved(platform, self.fact, self.answer)
        return observed

    def complaint(self, platform: Platform) -> str:
        """Return the fault of the present reading; empty without a fault.

        Without expected records the answer must not be read whole, nor a strange record at all.
        """
        observed = self.observe(platform)
        if self.expected is None:
            if read_whole(observed):
                return "the answer is read now: fill in `expected`"
            false = {row.subject for row in observed.rows}.intersection(self.unread)
            return f"strange records are read beside others: {sorted(false)}" if false else ""
        wanted = [platform.facts[self.fact].kind.record.model_validate(row) for row in self.expected]
        if not read_whole(observed):
            return f"{observed.status}: {observed.reason} {[one.reason for one in observed.unread]}"
        return "" if list(observed.rows) == wanted else f"other rows: {observed.rows}, not {wanted}"


class _Dumper(yaml.SafeDumper):
    """Writer of texts of several lines as they are."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def read_whole(observed: Observation) -> bool:
    """Return True for a measurement without unread records."""
    return observed.status.measured and not observed.unread


def _clean(answer: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines_of(redact(answer).rstrip()))


def _replies(platform: Platform, compiled: CompiledFact, text: str) -> list[Reply]:
    """Return the answers to the commands of a fact: of several, those with an echo, or the first with an answer."""
    replies = [saved_reply(platform, command, text) for command in compiled.commands if echoes(platform, command, text)]
    if replies:
        return replies
    alone = (saved_reply(platform, command, text) for command in compiled.commands)
    return [reply for reply in alone if reply.text.strip()][:1]


def _strange_part(compiled: CompiledFact, replies: Sequence[Reply]) -> str:
    """Return the answer without its readable records; empty for an answer kept whole."""
    bounds, reply = compiled.record, replies[0]
    if bounds is None or len(compiled.commands) > 1 or reply.status is not ReplyStatus.ANSWERED or reply.breaks:
        return ""

    def read(lines: Sequence[str]) -> Observation:
        return interpret("-", compiled.name, compiled, replace(reply, text="\n".join(lines)))

    lines = [*map(tidy, lines_of(reply.text))]
    kept = _kept(bounds, lines, read)
    return output_text(replace(reply, text="\n".join(kept))) if len(kept) < len(lines) else ""


def _kept(bounds: RecordBlocks, lines: list[str], read: _Read) -> list[str]:
    """Return the lines without the readable records; all lines without time for this."""
    dropped: set[int] = set()
    deadline = thread_time() + PARSING_SECONDS
    for inside, alone in _alone(bounds, lines):
        if thread_time() > deadline:
            return lines
        if read_whole(read(alone)):
            dropped.update(inside)
    return [line for place, line in enumerate(lines) if place not in dropped]


def _alone(bounds: RecordBlocks, lines: list[str]) -> Iterator[tuple[range, list[str]]]:
    """Yield the places of each record, and its lines with those outside all records."""
    blocks = bounds.split(lines)
    records = {place for block in blocks for place in range(block.start, block.end)}
    for block in blocks:
        inside = range(block.start, block.end)
        yield inside, [line for place, line in enumerate(lines) if place in inside or place not in records]
