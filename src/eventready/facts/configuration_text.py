"""Configuration text reduced to the lines of the facts, for evidence.

A line that a fact reads is kept. Of every other line the structure is kept: indentation, words of the platform's
grammar, and a number in place of each value, the same number for the same value within one text (`snmp-server
community <1> <2>`). A line that a rule of a fact skips keeps as many words, numbers and addresses as the rule needs.
Descriptions and remarks are kept. The input is redacted before; this step removes the secrets whose form the redactor
does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from eventready.core.redaction.redaction import REDACTED
from eventready.core.strings.texts import lines_of
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation
from eventready.facts.parsing.parsed import LONGEST_LINE, LineReader, printable_line
from eventready.facts.parsing.parsing_time import AnswerTimes, is_over
from eventready.facts.platform import CompiledFact, Platform
from eventready.session.reply import Reply

_TOKEN = re.compile(r"\S+")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z][\w.-]{0,63})(?P<sign>[=:])(?P<value>\S+)")
_EDGES = "\"'`()[]{}<>,;:!#+-/*%="
_PUNCTUATION = re.compile(r"[^\w\s]{1,4}")
_NOTE = re.compile(r"(?i)(?<!\S)(?:description|remark)(?!\S)")
#: Tokens that a skipped line may keep: words of commands, short numbers, addresses.
_PLAIN = re.compile(r"[a-z][a-z-]{0,30}[46]?|\d{1,6}|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?")
_TOKENS_TRIED = 12
#: A word of an answer with the form of a key: long, of letters of both cases with digits between them.
_LONG = 20
_LONG_WORD = re.compile(rf"(?<![\w+/$])[\w+/$]{{{_LONG},512}}+={{0,2}}", re.ASCII)
_CHANGES = re.compile(r"[A-Za-z]\d")

Answer = tuple[CompiledFact, Reply, Observation]


@dataclass
class Structure:
    """Masking of the values of a text. `words` are lower case; `readers` are the facts with lines to keep.

    Behind the limit of the thread's processor time, lines are masked as a whole.
    """

    words: frozenset[str]
    readers: Sequence[CompiledFact] = ()
    _numbers: dict[str, int] = field(default_factory=dict)

    def of(self, text: str) -> str:
        """Return the text with the values of its lines masked, except the lines of a fact."""
        return "\n".join(self.lines(text))

    def lines(self, text: str) -> list[str]:
        """Return the same as a list of lines."""
        return [self._line(line) for line in lines_of(text)]

    def _line(self, line: str) -> str:
        if is_over():
            return REDACTED if line.strip() else line
        if any(_reads(fact, line) for fact in self.readers):
            return line
        note = _NOTE.search(line)
        kept = len(line) if note is None or REDACTED in line[: note.end()] else note.start()
        return self._tokens(line[:kept], self._needed(line[:kept])) + line[kept:]

    def _needed(self, line: str) -> int:
        """Return the end of the leading plain tokens needed by rules to skip the line; 0 for none."""
        trial = Structure(self.words)
        skipping = [fact for fact in self.readers if _knows(fact, line)]
        tokens = islice(_TOKEN.finditer(line), _TOKENS_TRIED)
        ends = (match.end() for match in tokens if _PLAIN.fullmatch(match[0]))
        if not skipping:
            return 0
        return next((end for end in (0, *ends) if all(_knows(f, trial._tokens(line, end)) for f in skipping)), 0)

    def _tokens(self, text: str, plain_until: int = 0) -> str:
        """Mask the tokens of a text; plain tokens with an end up to `plain_until` are kept."""
        return _TOKEN.sub(
            lambda match: (
                match[0] if match.end() <= plain_until and _PLAIN.fullmatch(match[0]) else self._token(match[0])
            ),
            text,
        )

    def _token(self, token: str) -> str:
        if self._is_word(token):
            return token
        assigned = _ASSIGNED.fullmatch(token)
        if assigned and assigned["name"].lower() in self.words:
            return f"{assigned['name']}{assigned['sign']}{self._masked(assigned['value'])}"
        sign = token[0] if token[0] in "+-!#" else ""
        return sign + self._masked(token[len(sign) :])

    def _is_word(self, token: str) -> bool:
        return token.strip(_EDGES).lower() in self.words or token == REDACTED or bool(_PUNCTUATION.fullmatch(token))

    def _masked(self, value: str) -> str:
        return f"<{self._numbers.setdefault(value, len(self._numbers) + 1)}>"


def reduce_evidence(platform: Platform, answers: Iterable[Answer], times: AnswerTimes) -> dict[str, Observation]:
    """Return the observations of configuration commands, by fact, with reduced text.

    The facts of one answer share one text: what any of them reads is kept. Unmatched lines are masked likewise. In
    other answers, words with the form of a key are masked unless the fact reads them.
    """
    groups: dict[str, list[Answer]] = {}
    reduced: dict[str, Observation] = {}
    for answer in answers:
        compiled, _, observation = answer
        if observation.raw and any(map(platform.prints_configuration, compiled.commands)):
            groups.setdefault(observation.raw, []).append(answer)
        elif _has_keys(observation.raw):
            reduced[observation.fact] = _without_keys(observation)
    for raw, group in groups.items():
        with times.of(group[0][1].command):
            lines = _reduced(platform.words, raw, group)
        pairs = zip(lines_of(raw), lines, strict=True)
        shown = {printable_line(line): printable_line(masked) for line, masked in pairs}
        for _, _, observation in group:
            unmatched = tuple(shown.get(line, line) for line in observation.unmatched)
            reduced[observation.fact] = replace(observation, raw="\n".join(lines), unmatched=unmatched)
    return reduced


#: Cache of lines without a word in the form of a key. Any thread may add lines; it is cleared at its size limit.
_plain_lines: set[str] = set()
_MAX_PLAIN, _MAX_PLAIN_LENGTH = 20_000, 200


def _has_keys(text: str) -> bool:
    """Return True for a text with a word in the form of a key, searched only in parts as long between blanks."""
    fresh = set(text.split("\n")).difference(_plain_lines)
    parts = (part for part in "\n".join(fresh).split() if len(part) >= _LONG)
    if any(_is_mixed(word) for part in parts for word in _LONG_WORD.findall(part)):
        return True
    if len(_plain_lines) > _MAX_PLAIN:
        _plain_lines.clear()
    _plain_lines.update(line for line in fresh if len(line) <= _MAX_PLAIN_LENGTH)
    return False


def _is_mixed(word: str) -> bool:
    return word.upper() != word != word.lower() and len(_CHANGES.findall(word)) > 2


def _without_keys(observation: Observation) -> Observation:
    """Mask the words with the form of a key, except those in a row."""
    read = set(_LONG_WORD.findall(repr(observation.rows)))

    def masked(match: re.Match[str]) -> str:
        return REDACTED if _is_mixed(match[0]) and match[0] not in read else match[0]

    unmatched = tuple(_LONG_WORD.sub(masked, line) for line in observation.unmatched)
    return replace(observation, raw=_LONG_WORD.sub(masked, observation.raw), unmatched=unmatched)


def reduce_replies(
    platform: Platform, replies: Iterable[Reply], answers: Iterable[Answer], times: AnswerTimes
) -> list[Reply]:
    """Return the replies of a device with reduced text where the command prints configuration.

    `answers`: of the facts that are read from the replies. The number of a value is the same in all replies, so that
    two configurations differ as before.
    """
    readers = []
    for compiled, reply, observation in answers:
        if observation.raw and any(map(platform.prints_configuration, compiled.commands)):
            with times.of(reply.command):
                if not _same_rows(compiled, reply, observation, Structure(platform.words).of(observation.raw)):
                    readers.append(compiled)
    structure, reduced = Structure(platform.words, readers), list[Reply]()
    for reply in replies:
        with times.of(reply.command):
            printed = platform.prints_configuration(reply.command)
            reduced.append(replace(reply, text=structure.of(reply.text)) if printed else reply)
    return reduced


def _reduced(words: frozenset[str], raw: str, group: Sequence[Answer]) -> list[str]:
    bare = Structure(words).lines(raw)
    text = "\n".join(bare)
    readers = [fact for fact, reply, observation in group if not _same_rows(fact, reply, observation, text)]
    return Structure(words, readers).lines(raw) if readers else bare


def _same_rows(compiled: CompiledFact, reply: Reply, observation: Observation, text: str) -> bool:
    again = interpret(observation.device, observation.fact, compiled, replace(reply, text=text))
    kept = len(again.unread) == len(observation.unread)
    return kept and (again.status, again.rows) == (observation.status, observation.rows)


def _reads(compiled: CompiledFact, line: str) -> bool:
    if len(line) > LONGEST_LINE:
        return False
    line = line.rstrip()
    if isinstance(compiled.parser, LineReader) and compiled.parser.reads(line):
        return True
    record = compiled.record.patterns[:1] if compiled.record else ()
    patterns = (*record, *compiled.empty, *compiled.headings, *compiled.counts, *compiled.subtotals, *compiled.trailers)
    return any(pattern.search(line) for pattern in (*patterns, *compiled.silent))


def _knows(compiled: CompiledFact, line: str) -> bool:
    parser = compiled.parser
    return len(line) <= LONGEST_LINE and isinstance(parser, LineReader) and parser.knows(line.rstrip())
