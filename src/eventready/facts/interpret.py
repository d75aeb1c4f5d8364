"""Interpretation of an answer as a fact: an observation, with the reason for a missing measurement.

An answer that is not understood as a whole has no rows: a line that was lost may have put the others under another
subject. Where the platform says how a record is bounded, the strange records are named as unread, and the others stand
(`record_blocks`); a stated count and a trailer must hold for both together.

`empty` needs evidence. No rows are EMPTY only when no line is refused and one of these holds: a line has one of the
fact's `empty` words; the device states a count of 0; the format itself proves it (an empty JSON container, a report of
0 results); or a heading was seen in an answer that is known to be whole. An answer without text is never empty; of two
commands, that holds for the answer to each.

A saved output has no prompt behind it. It is known to be whole where it states a count that the rows reach, ends in
a trailer, or a prompt follows it; otherwise the observation is not `complete`, and is never EMPTY for a heading alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eventready.core.messages import Message, Text
from eventready.core.redaction.redaction import REDACTED
from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.parsing.build import Reject
from eventready.facts.parsing.line_pattern import LinePattern, watched
from eventready.facts.parsing.parsed import (
    LONGEST_LINE,
    PARSING_SECONDS,
    RESERVE_SECONDS,
    TOO_LONG,
    UNMATCHED_SHOWN,
    ParsedText,
    ParsingTooLong,
    printable_line,
)
from eventready.facts.parsing.parsing_time import in_time, limited
from eventready.facts.parsing.two_answers import join_rows
from eventready.facts.platform import CompiledFact
from eventready.facts.record_blocks import LinesRead, readable
from eventready.facts.records import Fact
from eventready.session.dialogue.patterns import LOG_LINE_MARK
from eventready.session.reply import Reply, ReplyStatus

#: Log lines in one answer that are tried as inside a line; each costs a parse.
BREAKS_TRIED = 32


def join_at(reply: Reply, place: int) -> tuple[Reply, set[str]]:
    """Return the reply with the lines before and behind a break joined, and both lines as they would be quoted.

    The same reply, and no lines, where nothing stands on one side.
    """
    lines = reply.text.split("\n")
    before = next((index for index in range(place - 1, -1, -1) if lines[index].strip()), None)
    behind = next((index for index in range(place, len(lines)) if lines[index].strip()), None)
    if before is None or behind is None:
        return reply, set()
    text = "\n".join([*lines[:before], lines[before] + lines[behind], *lines[behind + 1 :]])
    breaks = tuple(
        one if one <= before else max(before + 1, one - (behind - before)) for one in reply.breaks if one != place
    )
    return replace(reply, text=text, breaks=breaks), {printable_line(lines[before]), printable_line(lines[behind])}


_STATUS = {
    ReplyStatus.REFUSED: Status.UNSUPPORTED,
    ReplyStatus.DENIED: Status.DENIED,
    ReplyStatus.TIMEOUT: Status.TIMEOUT,
    ReplyStatus.DROPPED: Status.UNREACHABLE,
    ReplyStatus.CUT: Status.UNPARSED,
    ReplyStatus.OTHER: Status.UNPARSED,
    ReplyStatus.NOT_SENT: Status.UNREACHABLE,
}
_REASON = {
    ReplyStatus.REFUSED: Message("facts:refused"),
    ReplyStatus.DENIED: Message("facts:denied"),
    ReplyStatus.TIMEOUT: Message("facts:timeout"),
    ReplyStatus.DROPPED: Message("facts:dropped"),
    ReplyStatus.CUT: Message("facts:cut"),
    ReplyStatus.OTHER: Message("facts:other"),
    ReplyStatus.NOT_SENT: Message("facts:not_sent"),
}

#: Blanks of an office program or a web page through which a configuration or an output went.
_BLANKS = {ord(blank): " " for blank in "\u00a0\u2007\u202f"}


@dataclass
class ParseCache:
    """Cache of parsed answers, for facts with the same command and parser."""

    _known: dict[tuple[int, str], ParsedText] = field(default_factory=dict)

    def parse(self, compiled: CompiledFact, text: str) -> ParsedText:
        """Return the rows of the text, by the fact's parser."""
        key = (id(compiled.parser), text)
        if key not in self._known:
            self._known[key] = compiled.parser.parse(text)
        return self._known[key]


def interpret(
    device: str, fact: str, compiled: CompiledFact, reply: Reply, reading: int = 1, *, cache: ParseCache | None = None
) -> Observation:
    """Return the observation of a fact from an answer, within PARSING_SECONDS. Raises nothing."""
    outcome = _read(compiled, reply, cache or ParseCache())
    reason = outcome.reason
    return Observation(
        device,
        fact,
        outcome.status,
        reply.command,
        outcome.rows,
        outcome.unmatched,
        reason if isinstance(reason, str) else reason.render("en"),
        message=None if isinstance(reason, str) else reason,
        raw=reply.text,
        reading=reading,
        complete=outcome.complete,
        unconfirmed=compiled.unconfirmed,
        unread=outcome.unread,
    )


def _read(compiled: CompiledFact, reply: Reply, cache: ParseCache) -> _Outcome:
    if reply.status is not ReplyStatus.ANSWERED:
        return _Outcome(_STATUS[reply.status], reply.message or reply.reason or _REASON[reply.status])
    try:
        with limited(PARSING_SECONDS - RESERVE_SECONDS):
            outcome = _across_breaks(compiled, reply, cache) if reply.breaks else _outcome(compiled, reply, cache)
            return replace(outcome, rows=_named(outcome.rows, compiled.spec.prompt, reply.prompt))
    except ParsingTooLong:
        return _Outcome(Status.UNPARSED, _diagnosis(TOO_LONG))


def tidy(line: str) -> str:
    """Return a line of an answer without blanks at its end, and with common ones for all others."""
    return (line if line.isascii() else line.translate(_BLANKS)).rstrip()


def _named(rows: tuple[Fact, ...], patterns: Mapping[str, str], prompt: str) -> tuple[Fact, ...]:
    """Return the rows with the values of the prompt where the answer has none."""
    found = {field: match[1] for field, pattern in patterns.items() if (match := re.search(pattern, prompt))}
    return tuple(
        row.model_copy(update={field: value for field, value in found.items() if getattr(row, field) is None})
        for row in in_time(rows)
    ) if found else rows  # fmt: skip


@dataclass(frozen=True)
class _Outcome:
    status: Status
    reason: str | Text = ""
    rows: tuple[Fact, ...] = ()
    unmatched: tuple[str, ...] = ()
    complete: bool = True
    unread: tuple[Unread, ...] = ()


def _outcome(compiled: CompiledFact, reply: Reply, cache: ParseCache) -> _Outcome:
    answer = _Answer(compiled, reply, cache)
    return answer.outcome() if answer.has_text else _Outcome(Status.UNPARSED, Message("facts:no_text"))


def _across_breaks(compiled: CompiledFact, reply: Reply, cache: ParseCache) -> _Outcome:
    """Return the outcome of an answer with breaks, each of them between two lines or inside a line.

    A line is joined where neither of its parts is known and the whole is read. Records that differ between both
    readings are unread.
    """
    outcome = _outcome(compiled, reply, cache)
    places = list(reply.breaks)
    doubtful: list[_Outcome] = []
    while places and len(reply.breaks) <= BREAKS_TRIED:
        joined, parts = join_at(reply, places.pop())
        other = _outcome(compiled, joined, cache)
        strange = set(outcome.unmatched)
        if not other.status.measured or (other.status, other.rows) == (outcome.status, outcome.rows):
            continue
        if len(other.rows) < len(outcome.rows) and not parts & strange:
            continue  # each part is a row of its own
        if parts <= strange and (outcome.unread or not outcome.status.measured):
            reply, outcome, places = joined, other, list(joined.breaks)
        else:
            doubtful.append(other)
    if places:
        doubtful = [_Outcome(Status.EMPTY)]
    return _agreed(outcome, doubtful)


def _agreed(outcome: _Outcome, others: Sequence[_Outcome]) -> _Outcome:
    """Return the records common to all readings, the others as unread; UNPARSED without any."""
    if not others:
        return outcome
    common = set(in_time(outcome.rows))
    for other in others:
        common &= set(in_time(other.rows))
    shared = tuple(row for row in in_time(outcome.rows) if row in common)
    doubtful = {row.subject: None for one in (outcome, *others) for row in in_time(one.rows) if row not in common}
    reason = Message("facts:broken_lines")
    if not shared or "" in doubtful or outcome.status is not Status.PARSED:
        return _Outcome(Status.UNPARSED, reason, unmatched=outcome.unmatched, complete=outcome.complete)
    unread = (*outcome.unread, *(Unread(subject, reason) for subject in doubtful))
    return replace(outcome, rows=shared, unread=unread)


class _Answer:
    """A parsed answer, and its evidence."""

    def __init__(self, compiled: CompiledFact, reply: Reply, cache: ParseCache) -> None:
        self._compiled, self._reply = compiled, reply
        lines = [tidy(line) for line in in_time(lines_of(reply.text))]
        if reply.text.split(maxsplit=2) == ["{", "}"]:
            lines = ["{}"]  # FRR prints some empty objects in two lines
        short = max(map(len, lines), default=0) <= LONGEST_LINE
        self._all = lines
        self._lines = lines if short else [line for line in lines if len(line) <= LONGEST_LINE]
        self._cut = [line for line in lines if LOG_LINE_MARK in line] if LOG_LINE_MARK in reply.text else []
        self._parsed = cache.parse(compiled, "\n".join(lines))
        join = compiled.spec.join
        joined = join_rows(self._parsed, join, compiled.spec.also) if join and self._parsed.rows else None
        self._joined, self._parted = joined or (self._parsed, ())
        self._stated = self._stated_numbers(compiled.counts)
        proved = not compiled.spec.also and (bool(self._stated) or self._ends_in_trailer())
        self._whole = reply.complete or self._parsed.whole or proved

    @property
    def has_text(self) -> bool:
        """True unless the answer to a command is blank."""
        return all(map(any, self._halves()))

    def outcome(self) -> _Outcome:
        """Status, reason, rows and unmatched lines of the answer."""
        parsed, empty = self._parsed, self._compiled.empty
        unmatched = tuple(line for line in parsed.unmatched if not _found(empty, [line]))
        if parsed.status is not None or (parsed.reason and not _found(empty, self._lines)):
            return _Outcome(parsed.status or Status.UNPARSED, _diagnosis(parsed.reason), unmatched=unmatched)
        spec = self._compiled.spec
        if (spec.against or spec.whole) and not self._whole:
            return _Outcome(Status.UNPARSED, Message("facts:no_end"), unmatched=unmatched, complete=False)
        records, rejected = self._compiled.builder.build(self._joined)
        refused = parsed.refused - (len(parsed.unmatched) - len(unmatched)) + len(self._cut)
        broken = [*_contradictions(parsed), *self._miscounts(self._rows())]
        if rejected and not (refused > 0 or broken) and (unread := _unread(self._joined, records, rejected)):
            return _Outcome(Status.PARSED, "", records, unmatched, self._whole, (*unread, *self._parted))
        rejects = [reject.reason for reject in rejected]
        if refused > 0 or broken or rejects:
            redacted = any(REDACTED in line for line in unmatched)
            reason = _refusal(refused, broken, rejects, redacted=redacted)
            shown = (*unmatched, *(item.render("en") for item in broken), *rejects[:UNMATCHED_SHOWN])
            return self._partly(shown) or _Outcome(Status.UNPARSED, reason, (), shown, self._whole)
        if records:
            return _Outcome(Status.PARSED, "", records, unmatched, self._whole, self._parted)
        status, why = self._without_records()
        return _Outcome(status, why, records, unmatched, self._whole)

    def _partly(self, shown: tuple[str, ...]) -> _Outcome | None:
        """Return the outcome with the strange records as unread; None where they are not bounded."""
        bounds = self._compiled.record
        if bounds is None or (self._compiled.trailers and not self._ends_in_trailer()):
            return None
        blocks = bounds.split(self._all)
        found = readable(blocks, self._all, self._reading, ended=self._whole)
        if found is None:
            return None
        rest, unread = found
        if self._miscounts(len(rest.parsed.rows) + len(unread)):
            return None
        return _Outcome(Status.PARSED, "", rest.records, shown, self._whole, unread)

    def _reading(self, lines: Sequence[str]) -> LinesRead:
        """Return some lines of the answer as understood by themselves; a line cut by a log line is not understood."""
        parsed = self._compiled.parser.parse("\n".join(lines))
        if self._cut and any(LOG_LINE_MARK in line for line in lines):
            return LinesRead(parsed, reason=_refusal(1, [], []))
        if parsed.status is not None or parsed.reason:
            return LinesRead(parsed, reason=_diagnosis(parsed.reason))
        records, rejected = self._compiled.builder.build(parsed)
        broken = _contradictions(parsed)
        if parsed.refused > 0 or broken or rejected:
            return LinesRead(parsed, reason=_refusal(parsed.refused, broken, [reject.reason for reject in rejected]))
        return LinesRead(parsed, records)

    def _without_records(self) -> tuple[Status, Text]:
        if self._parted:
            return Status.UNPARSED, self._parted[0].message
        # A count in the first of two answers does not speak of the second.
        none = 0 in self._stated and (self._whole or not self._compiled.spec.also)
        if self._says_none() or self._parsed.none or none:
            return Status.EMPTY, Message("facts:none")
        if _found(self._compiled.silent, self._lines):
            return Status.UNSUPPORTED, Message("facts:silent")
        headed = self._parsed.rows or self._parsed.heading or _found(self._compiled.headings, self._lines)
        if (
            not headed or "question" in self._compiled.spec.constants
        ):  # a question has an answer, or none, which is a row
            return Status.UNPARSED, Message("facts:no_rows")
        return (Status.EMPTY, Message("facts:none")) if self._whole else (Status.UNPARSED, Message("facts:not_whole"))

    def _says_none(self) -> bool:
        """Return True for the device's own words for none; the other of two answers needs a heading at least."""
        compiled = self._compiled
        found = [_found(compiled.empty, half) for half in self._halves()]
        if all(found) or not any(found):
            return bool(found) and all(found)
        proof = (*compiled.headings, *compiled.counts)
        silent = [half for half, words in zip(self._halves(), found, strict=True) if not words]
        return self._whole and all(_found(proof, half) for half in silent)

    def _halves(self) -> list[list[str]]:
        """Return the lines of the answer to each command, without a second with the declared silence."""
        also = self._compiled.spec.also
        if not also or also not in self._lines:
            return [self._lines]
        place = self._lines.index(also)
        first, second = self._lines[:place], self._lines[place + 1 :]
        return [first, second] if any(second) or "silent" not in self._compiled.spec.also_absent else [first]

    def _stated_numbers(self, patterns: tuple[LinePattern, ...]) -> list[int]:
        """Return the stated numbers of rows: per pattern the sum of its groups over all lines.

        Of joined answers each states the same number.
        """
        stated: list[int] = []
        for pattern in patterns:
            found = [match for line in watched(self._lines) if (match := pattern.search(line))]
            numbers = [sum(int(group) for group in match.groups() if group) for match in found]
            stated += numbers if self._compiled.spec.join else [sum(numbers)] if numbers else []
        return stated

    def _rows(self) -> int:
        """Return the number of rows; of joined answers those of the table, or the records where no table is."""
        join, parsed = self._compiled.spec.join, self._parsed
        if join is None or join.table not in parsed.columns:
            return len(parsed.rows)
        place = parsed.columns.index(join.table)
        return sum(bool(row[place]) for row in in_time(parsed.rows)) or len(parsed.rows)

    def _miscounts(self, rows: int) -> list[Message]:
        stated = [*self._stated, *self._stated_numbers(self._compiled.subtotals)]
        return [Message("facts:miscount", {"stated": count, "rows": rows}) for count in stated if count != rows]

    def _ends_in_trailer(self) -> bool:
        last = next((line for line in reversed(self._lines) if line), "")
        return _found(self._compiled.trailers, [last])


def _unread(parsed: ParsedText, records: Sequence[Fact], rejected: Sequence[Reject]) -> tuple[Unread, ...]:
    """Return the rejected rows by name where the format bounds each of them; none where the answer is refused."""
    named = {reject.subject for reject in rejected}
    if (
        not parsed.bounded
        or "" in named
        or len(rejected) >= len(records)
        or named & {one.subject for one in in_time(records)}
    ):
        return ()
    return tuple(Unread(reject.subject, _refusal(0, [], [reject.reason])) for reject in rejected)


def _contradictions(parsed: ParsedText) -> list[Message]:
    return [Message("facts:contradiction", {"text": text}) for text in parsed.contradictions]


def _found(patterns: tuple[LinePattern, ...], lines: list[str]) -> bool:
    return bool(patterns) and any(pattern.search(line) for line in watched(lines) for pattern in patterns)


def _diagnosis(reason: str) -> Message:
    """Return the reason from a parser, in English."""
    return Message("facts:unparsed", {"parts": [reason.rstrip(".")]})


def _refusal(lines: int, broken: list[Message], rejects: list[str], *, redacted: bool = False) -> Message:
    parts: list[str | Text] = [Message("facts:lines", {"n": lines})] if lines > 0 else []
    parts += broken[:1]
    if rejects:
        parts.append(Message("facts:rows", {"n": len(rejects), "first": rejects[0]}))
    if redacted:
        parts.append(Message("facts:redacted"))
    return Message("facts:refusal", {"parts": parts})
