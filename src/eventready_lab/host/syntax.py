"""The grammar of a POSIX shell: words with their quoting, lists, pipelines, compound commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Text:
    """Literal characters; quoted ones are neither split nor matched against files."""

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Variable:
    """`$name`, `${name}`, `${name:-default}`."""

    name: str
    quoted: bool = False
    default: str = ""


@dataclass(frozen=True)
class CommandSubstitution:
    """`$(script)`."""

    script: Script
    quoted: bool = False


Word: TypeAlias = "tuple[Text | Variable | CommandSubstitution, ...]"


@dataclass(frozen=True)
class Redirection:
    """`2>file`, with operator `<`, `>`, `>>` or `>&`."""

    number: int
    operator: str
    word: Word


@dataclass(frozen=True)
class Simple:
    """A simple command: assignments, words, redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Group:
    """`{ ...; }`, or `( ... )` in a process of its own."""

    script: Script
    redirections: tuple[Redirection, ...] = ()
    own_process: bool = False


@dataclass(frozen=True)
class If:
    """Branches of (condition, body); the condition of an `else` is empty."""

    branches: tuple[tuple[Script, Script], ...]
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class For:
    """`for name in words; do ...; done`."""

    name: str
    words: tuple[Word, ...]
    body: Script
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class While:
    """A `while` or `until` loop."""

    condition: Script
    body: Script
    until: bool = False
    redirections: tuple[Redirection, ...] = ()


Command: TypeAlias = "Simple | Group | If | For | While"


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by `|`."""

    commands: tuple[Command, ...]
    negated: bool = False


@dataclass(frozen=True)
class Item:
    """Pipelines joined by `&&` and `||`: (operator before the pipeline, pipeline)."""

    parts: tuple[tuple[str, Pipeline], ...]
    background: bool = False
    text: str = ""


@dataclass(frozen=True)
class Script:
    """Items in order."""

    items: tuple[Item, ...]


class Incomplete(Exception):
    """The script continues on the next line."""


class InvalidScript(Exception):
    """A syntax error; the argument is the unexpected token."""


_SPECIAL = "?!$#@*-0123456789"
_OPERATORS = ("&&", "||", ";;", ">>", ">&", "<<", "&", "|", ";", "<", ">", "(", ")", "\n")
_ENDS = frozenset({"then", "else", "elif", "fi", "do", "done", "}", ")"})


def parse(text: str) -> Script:
    """Parse a script. Raises Incomplete for an unfinished script, InvalidScript for a syntax error."""
    reader = _Reader(text)
    script = reader.script(frozenset())
    if reader.rest():
        raise InvalidScript(reader.peek() or "newline")
    return script


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    # --- characters -----------------------------------------------------------------------------------------------

    def rest(self) -> str:
        self._blanks()
        return self._text[self._at :]

    def _blanks(self) -> None:
        while self._at < len(self._text):
            if self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._text[self._at] in " \t\r":
                self._at += 1
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _operator(self) -> str:
        self._blanks()
        return next((one for one in _OPERATORS if self._text.startswith(one, self._at)), "")

    def _take(self, operator: str) -> bool:
        if self._operator() != operator:
            return False
        self._at += len(operator)
        return True

    def peek(self) -> str:
        """Return the next operator or plain word, without consumption."""
        operator = self._operator()
        if operator:
            return operator
        end = self._at
        while end < len(self._text) and not self._text[end].isspace() and self._text[end] not in ";&|()<>":
            end += 1
        return self._text[self._at : end]

    def _expect(self, word: str) -> None:
        self._newlines()
        found = self.peek()
        if not found:
            raise Incomplete
        if found != word:
            raise InvalidScript(found)
        self._at += len(word)

    def _newlines(self) -> None:
        while self._operator() in ("\n", ";"):
            self._at += 1

    # --- grammar --------------------------------------------------------------------------------------------------

    def script(self, ends: frozenset[str]) -> Script:
        items: list[Item] = []
        while True:
            while self._take("\n"):
                pass
            following = self.peek()
            if following in ends or not following:
                return Script(tuple(items))
            if following in _ENDS or following in (";", "&", "&&", "||", ";;"):
                raise InvalidScript(following)
            begin = self._at
            parts = self._list()
            text = self._text[begin : self._at].strip()
            background = self._take("&")
            items.append(Item(parts, background, text))
            if not background:
                self._take(";")

    def _list(self) -> tuple[tuple[str, Pipeline], ...]:
        parts = [("", self._pipeline())]
        while (joint := self._operator()) in ("&&", "||"):
            self._at += 2
            while self._take("\n"):
                pass
            if not self.peek():
                raise Incomplete
            parts.append((joint, self._pipeline()))
        return tuple(parts)

    def _pipeline(self) -> Pipeline:
        negated = self.peek() == "!"
        self._at += negated
        commands = [self._command()]
        while self._take("|"):
            while self._take("\n"):
                pass
            if not self.peek():
                raise Incomplete
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Command:
        word = self.peek()
        compound: dict[str, Callable[[], Command]] = {
            "{": lambda: Group(self._within("{", "}")),
            "(": lambda: Group(self._within("(", ")"), own_process=True),
            "if": self._if,
            "for": self._for,
            "while": self._while,
            "until": self._while,
        }
        if word not in compound:
            return self._simple()
        made = compound[word]()
        redirections = tuple(self._redirections())
        return type(made)(**{**vars(made), "redirections": redirections}) if redirections else made

    def _within(self, begin: str, end: str) -> Script:
        self._expect(begin)
        script = self.script(frozenset({end}))
        self._expect(end)
        return script

    def _if(self) -> If:
        branches: list[tuple[Script, Script]] = []
        self._expect("if")
        while True:
            condition = self.script(frozenset({"then"}))
            self._expect("then")
            branches.append((condition, self.script(frozenset({"elif", "else", "fi"}))))
            following = self.peek()
            if following == "elif":
                self._at += 4
                continue
            if following == "else":
                self._at += 4
                branches.append((Script(()), self.script(frozenset({"fi"}))))
            self._expect("fi")
            return If(tuple(branches))

    def _for(self) -> For:
        self._expect("for")
        name = self.peek()
        self._at += len(name)
        self._expect("in")
        words = []
        while self._operator() not in ("\n", ";") and self.rest():
            words.append(self._word())
        body = self._loop()
        return For(name, tuple(words), body)

    def _while(self) -> While:
        until = self.peek() == "until"
        self._at += 5
        condition = self.script(frozenset({"do"}))
        return While(condition, self._loop(), until)

    def _loop(self) -> Script:
        self._expect("do")
        body = self.script(frozenset({"done"}))
        self._expect("done")
        return body

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while True:
            found = list(self._redirections())
            redirections += found
            if self._operator() or not self.rest():
                break
            name = self._assigned() if not words else ""
            if name:
                assignments.append((name, self._word(may_be_empty=True)))
            else:
                words.append(self._word())
        if not (assignments or words or redirections):
            following = self.peek()
            if not following:
                raise Incomplete
            raise InvalidScript(following)
        return Simple(tuple(assignments), tuple(words), tuple(redirections))

    def _assigned(self) -> str:
        end = self._at
        while end < len(self._text) and (self._text[end].isalnum() or self._text[end] == "_"):
            end += 1
        name = self._text[self._at : end]
        if not name or name[0].isdigit() or self._text[end : end + 1] != "=":
            return ""
        self._at = end + 1
        return name

    def _redirections(self) -> list[Redirection]:
        found: list[Redirection] = []
        while True:
            self._blanks()
            number = self._text[self._at : self._at + 1]
            digit = number if number.isdigit() and self._text[self._at + 1 : self._at + 2] in ("<", ">") else ""
            both = self._text.startswith("&>", self._at)
            after = self._at + len(digit) + both
            operator = next((one for one in (">>", ">&", ">", "<") if self._text.startswith(one, after)), "")
            if not operator:
                return found
            self._at = after + len(operator)
            self._blanks()
            if not self._text[self._at :]:
                raise InvalidScript("newline")
            target = self._word()
            found.append(Redirection(int(digit or (0 if operator == "<" else 1)), operator, target))
            if both:
                found.append(Redirection(2, ">&", (Text("1"),)))

    # --- words ----------------------------------------------------------------------------------------------------

    def _word(self, *, may_be_empty: bool = False) -> Word:
        parts: list[Text | Variable | CommandSubstitution] = []
        begin = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "'":
                end = self._text.find("'", self._at + 1)
                if end < 0:
                    raise Incomplete
                parts.append(Text(self._text[self._at + 1 : end], quoted=True))
                self._at = end + 1
            elif char == '"':
                self._at += 1
                parts += self._quoted()
            elif char == "$":
                parts.append(self._dollar(quoted=False))
            elif char == "\\":
                parts.append(Text(self._text[self._at + 1 : self._at + 2], quoted=True))
                self._at += 2
            elif char in " \t\r\n;&|<>()":
                break
            else:
                parts.append(Text(char))
                self._at += 1
        if self._at == begin and not may_be_empty:
            raise InvalidScript(self.peek() or "newline")
        return tuple(parts)

    def _quoted(self) -> list[Text | Variable | CommandSubstitution]:
        parts: list[Text | Variable | CommandSubstitution] = [Text("", quoted=True)]
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return parts
            if char == "$":
                parts.append(self._dollar(quoted=True))
            elif char == "\\" and self._text[self._at + 1 : self._at + 2] in ("$", '"', "\\", "`", "\n"):
                parts.append(Text(self._text[self._at + 1].replace("\n", ""), quoted=True))
                self._at += 2
            else:
                parts.append(Text(char, quoted=True))
                self._at += 1
        raise Incomplete

    def _dollar(self, *, quoted: bool) -> Text | Variable | CommandSubstitution:
        self._at += 1
        rest = self._text[self._at :]
        if rest.startswith("("):
            self._at += 1
            script = self.script(frozenset({")"}))
            self._expect(")")
            return CommandSubstitution(script, quoted)
        if rest.startswith("{"):
            end = rest.find("}")
            if end < 0:
                raise Incomplete
            self._at += end + 1
            name, _, default = rest[1:end].partition(":-")
            return Variable(name, quoted, default)
        if rest[:1] and rest[0] in _SPECIAL:
            self._at += 1
            return Variable(rest[0], quoted)
        length = 0
        while length < len(rest) and (rest[length].isalnum() or rest[length] == "_"):
            length += 1
        self._at += length
        return Variable(rest[:length], quoted) if length else Text("$", quoted)
