"""`sed` with addresses, blocks, and the commands `s`, `d`, `p`, `a`, `i`, `c`, `q`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eventready.core.strings.texts import lines_of

_SWAPPED = "(){}+?|"


class InvalidSedScript(Exception):
    """A syntax error, in the words of sed."""


@dataclass
class Edit:
    """A command. `first` and `last` are its addresses: a line number, `$`, or an expression; None: every line."""

    first: int | str | re.Pattern[str] | None
    last: int | str | re.Pattern[str] | None
    letter: str
    inner: list[Edit]
    text: str = ""
    pattern: re.Pattern[str] | None = None
    every: bool = False
    negated: bool = False
    inside: bool = False

    def selects(self, number: int, line: str, *, last_line: bool) -> bool:
        """True for an addressed line; an open range is kept in `inside`."""
        if self.last is None:
            return (self.first is None or _at(self.first, number, line, last_line=last_line)) is not self.negated
        if self.inside:
            self.inside = not _ends(self.last, number, line, last_line=last_line)
            return not self.negated
        begins = self.first is not None and _at(self.first, number, line, last_line=last_line)
        self.inside = begins and not (isinstance(self.last, int) and self.last <= number)
        return begins is not self.negated


def _at(address: int | str | re.Pattern[str], number: int, line: str, *, last_line: bool) -> bool:
    if isinstance(address, int):
        return number == address
    return last_line if isinstance(address, str) else address.search(line) is not None


def _ends(address: int | str | re.Pattern[str], number: int, line: str, *, last_line: bool) -> bool:
    return number >= address if isinstance(address, int) else _at(address, number, line, last_line=last_line)


def compile_expression(pattern: str, *, extended: bool = False) -> re.Pattern[str]:
    """Compile a POSIX expression; in a basic expression `(`, `{`, `+`, `?` and `|` are literal without a backslash."""
    made, at, in_set = "", 0, False
    while at < len(pattern):
        char = pattern[at]
        following = pattern[at + 1 : at + 2]
        if in_set:
            in_set = char != "]"
            made += "\\\\" if char == "\\" else char
        elif char == "[":
            in_set, made = True, made + char
            if following == "]" or pattern[at + 1 : at + 3] == "^]":
                made += pattern[at + 1 : at + 2 + (following == "^")].replace("]", r"\]")
                at += 1 + (following == "^")
        elif char == "\\" and following:
            made += following if not extended and following in _SWAPPED else char + following
            at += 1
        else:
            made += "\\" + char if not extended and char in _SWAPPED else char
        at += 1
    try:
        return re.compile(made)
    except re.error as error:
        raise InvalidSedScript(f"invalid expression: {error}") from None


class _Reader:
    """The parser of a script."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._at = 0
        self._extended = extended

    def edits(self, *, nested: bool = False) -> list[Edit]:
        found: list[Edit] = []
        while True:
            self._skip(" \t\n;")
            if self._at >= len(self._text):
                if nested:
                    raise InvalidSedScript("unmatched `{'")
                return found
            if self._text[self._at] == "}":
                if not nested:
                    raise InvalidSedScript("unexpected `}'")
                self._at += 1
                return found
            found.append(self._edit())

    def _skip(self, characters: str) -> None:
        while self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1

    def _edit(self) -> Edit:
        first = self._address()
        last = None
        self._skip(" ")
        if first is not None and self._text.startswith(",", self._at):
            self._at += 1
            self._skip(" ")
            last = self._address()
            if last is None:
                raise InvalidSedScript("unexpected `,'")
        self._skip(" ")
        negated = self._text.startswith("!", self._at)
        self._at += negated
        letter = self._text[self._at : self._at + 1]
        self._at += 1
        edit = Edit(first, last, letter, [], negated=negated)
        if letter == "{":
            edit.inner = self.edits(nested=True)
        elif letter == "s":
            self._substitution(edit)
        elif letter in ("a", "i", "c"):
            edit.text = self._line()
        elif letter not in ("d", "p", "q"):
            raise InvalidSedScript(f"unknown command: `{letter}'" if letter else "missing command")
        return edit

    def _address(self) -> int | str | re.Pattern[str] | None:
        char = self._text[self._at : self._at + 1]
        if char.isdecimal():
            number = re.match(r"\d+", self._text[self._at :])
            self._at += len(number[0]) if number else 0
            return int(number[0]) if number else None
        if char == "$":
            self._at += 1
            return "$"
        if char == "/":
            self._at += 1
            return compile_expression(self._until("/"), extended=self._extended)
        return None

    def _until(self, end: str) -> str:
        made = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "\\" and self._text[self._at + 1 : self._at + 2] == end:
                made, self._at = made + end, self._at + 2
            elif char == "\\":
                made, self._at = made + self._text[self._at : self._at + 2], self._at + 2
            elif char == end:
                self._at += 1
                return made
            else:
                made, self._at = made + char, self._at + 1
        raise InvalidSedScript("unterminated address regex")

    def _substitution(self, edit: Edit) -> None:
        end = self._text[self._at : self._at + 1]
        self._at += 1
        if not end:
            raise InvalidSedScript("unterminated `s' command")
        edit.pattern = compile_expression(self._until(end), extended=self._extended)
        edit.text = self._until(end)
        edit.every = self._text.startswith("g", self._at)
        self._at += edit.every

    def _line(self) -> str:
        """The text of `a`, `i` or `c`: the rest of the line."""
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        text = self._text[self._at : end].removeprefix("\\").lstrip()
        self._at = end
        if not text:
            raise InvalidSedScript("expected \\ after `a', `c' or `i'")
        return text


def _replacement(text: str) -> Callable[[re.Match[str]], str]:
    def made(match: re.Match[str]) -> str:
        def part(found: re.Match[str]) -> str:
            if found[0] == "&":
                return match[0]
            return (match[int(found[1])] or "") if found[1].isdecimal() else found[1]

        return re.sub(r"\\(.)|&", part, text)

    return made


class Sed:
    """A parsed script. Raises InvalidSedScript."""

    def __init__(self, scripts: Sequence[str], *, silent: bool = False, extended: bool = False) -> None:
        self._edits = _Reader("\n".join(scripts), extended=extended).edits()
        self._silent = silent

    def run(self, text: str) -> str:
        """The edited text."""
        lines = lines_of(text)
        out: list[str] = []
        for number, line in enumerate(lines, 1):
            cycle = _Cycle(number, line, last=number == len(lines))
            cycle.run(self._edits)
            out += [*cycle.before, *([] if cycle.line is None or self._silent else [cycle.line]), *cycle.after]
            if cycle.quits:
                break
        return "".join(f"{line}\n" for line in out)


class _Cycle:
    """The cycle of an input line; `before` and `after` are printed around the edited line."""

    def __init__(self, number: int, line: str, *, last: bool) -> None:
        self._number = number
        self._last = last
        self.line: str | None = line
        self.before: list[str] = []
        self.after: list[str] = []
        self.quits = False

    def run(self, edits: Sequence[Edit]) -> None:
        """Apply the edits to the line."""
        for edit in edits:
            line = self.line
            if self.quits or line is None:
                return
            if not edit.selects(self._number, line, last_line=self._last):
                continue
            if edit.letter == "{":
                self.run(edit.inner)
            elif edit.letter == "s" and edit.pattern:
                self.line = edit.pattern.sub(_replacement(edit.text), line, count=0 if edit.every else 1)
            elif edit.letter == "q":
                self.quits = True
            elif edit.letter == "a":
                self.after.append(edit.text)
            else:
                self.before += [line] if edit.letter == "p" else [edit.text] if edit.letter in "ic" else []
                self.line = None if edit.letter in "dc" else line
