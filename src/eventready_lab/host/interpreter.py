"""The shell interpreter: expansion, redirection, pipelines, background jobs."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from eventready_lab.host.syntax import (
    Command,
    CommandSubstitution,
    For,
    Group,
    If,
    Incomplete,
    InvalidScript,
    Item,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Text,
    Variable,
    While,
    Word,
    parse,
)
from eventready_lab.host.system import DiskFull, HostSystem, Process, Steps

NOT_FOUND = 127
_MANY = 10_000  # rounds of a loop that never sleeps


@dataclass
class Streams:
    """Standard input, output and error of a command. Merged streams share a list."""

    stdin: str
    out: list[str]
    err: list[str]


@dataclass
class Call:
    """The call of a program: words, streams, and the calling shell."""

    shell: Interpreter
    words: Sequence[str]
    streams: Streams

    @property
    def args(self) -> Sequence[str]:
        """The arguments."""
        return self.words[1:]

    @property
    def stdin(self) -> str:
        """Standard input."""
        return self.streams.stdin

    @property
    def host(self) -> HostSystem:
        """The host."""
        return self.shell.host

    def out(self, text: str) -> None:
        """Write to standard output."""
        self.streams.out.append(text)

    def fail(self, text: str, status: int = 1) -> int:
        """Write an error with the program's name; the exit status."""
        self.streams.err.append(f"{self.words[0]}: {text}\n")
        return status


#: A program returns its exit status, or the steps of a process.
Program: TypeAlias = "Callable[[Call], int | Steps]"


class ShellExit(Exception):
    """`exit` was called."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LoopControl(Exception):
    """`break`, or `continue` (`next_round`), was called."""

    def __init__(self, *, next_round: bool) -> None:
        super().__init__()
        self.next_round = next_round


@dataclass
class Interpreter:
    """A shell: the variables and arguments of a process.

    interactive: prints job numbers, as bash does.
    own: the value of `$$`, kept by subshells.
    dedicated: the process was made for one simple command, which takes over the pid.
    """

    host: HostSystem
    programs: Mapping[str, Program]
    variables: dict[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    name: str = "-bash"
    pid: int = 0
    own: int = 0
    dedicated: bool = False
    group: int = 0
    session: int = 0
    nohup: bool = False
    interactive: bool = False
    status: int = 0
    last_job: int = 0
    jobs: int = 0

    # --- scripts ----------------------------------------------------------------------------------------------------

    def run_text(self, text: str, streams: Streams) -> Steps:
        """Run a script. Raises Incomplete where an interactive shell waits for another line."""
        try:
            script = parse(text)
        except InvalidScript as error:
            token = "newline" if str(error) == "\n" else str(error)
            streams.err.append(f"{self.name}: syntax error near unexpected token `{token}'\n")
            return self._failed(2)
        except Incomplete:
            if self.interactive:
                raise
            streams.err.append(f"{self.name}: syntax error: unexpected end of file\n")
            return self._failed(2)
        return self._whole(script, streams)

    def _failed(self, status: int) -> Steps:
        self.status = status
        return status
        yield 0.0  # makes this function a generator

    def _whole(self, script: Script, streams: Streams) -> Steps:
        try:
            return (yield from self.script(script, streams))
        except ShellExit as left:
            if self.interactive:
                raise
            return left.status
        except LoopControl:  # outside of any loop: an error message in bash
            streams.err.append(f"{self.name}: break: only meaningful in a `for', `while', or `until' loop\n")
            return 0

    def script(self, script: Script, streams: Streams) -> Steps:
        """Run the items in order; the status of the last."""
        for item in script.items:
            if item.background:
                self._start(item, streams)
            else:
                yield from self._item(item, streams)
        return self.status

    def _item(self, item: Item, streams: Streams) -> Steps:
        for joint, pipeline in item.parts:
            if (joint == "&&" and self.status) or (joint == "||" and not self.status):
                continue
            self.status = yield from self._pipeline(pipeline, streams)
        return self.status

    def _start(self, item: Item, streams: Streams) -> None:
        """Start a background job; in an interactive shell the leader of a process group, with a job number."""
        child = self.child()
        child.group = child.pid if self.interactive else self.group
        child.dedicated = _is_simple(item)
        alone = replace(item, background=False)
        quiet = Streams("", streams.out, streams.err)
        self.last_job = child.pid
        if self.interactive:
            self.jobs += 1
            streams.err.append(f"[{self.jobs}] {child.pid}\n")
        child.launch(child._whole(Script((alone,)), quiet), item.text)
        self.status = 0

    def child(self) -> Interpreter:
        """A subshell with a process of its own."""
        return replace(self, variables=dict(self.variables), interactive=False, dedicated=False, pid=self.host.number())

    def new_shell(self) -> Interpreter:
        """Return a shell run as a program: in a separate process, or in place of a dedicated shell."""
        child = self.child()
        if self.dedicated:
            child.pid = self.pid
        child.own = child.pid
        return child

    def launch(self, steps: Steps, command: str) -> Process:
        """Run as this shell's process."""
        return self.host.start(Process(self.pid, self.group, self.session, command, steps, self.nohup))

    # --- commands ---------------------------------------------------------------------------------------------------

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> Steps:
        status, fed = 0, streams.stdin
        for place, command in enumerate(pipeline.commands):
            last = place == len(pipeline.commands) - 1
            out: list[str] = streams.out if last else []
            within = self if len(pipeline.commands) == 1 else self.child()
            status = yield from within._command(command, Streams(fed, out, streams.err))
            fed = "".join(out) if not last else ""
        return int(not status) if pipeline.negated else status

    def _command(self, command: Command, streams: Streams) -> Steps:
        if isinstance(command, Simple):
            return (yield from self._simple(command, streams))
        opened = yield from self._redirected(command.redirections, streams)
        if isinstance(opened, str):
            streams.err.append(f"{self.name}: {opened}\n")
            return 1
        inner, files = opened
        status = yield from self._compound(command, inner)
        return self._written(files) or status

    def _compound(self, command: Group | If | For | While, streams: Streams) -> Steps:
        if isinstance(command, Group):
            within = self.child() if command.own_process else self
            run = within._whole if command.own_process else within.script
            return (yield from run(command.script, streams))
        if isinstance(command, If):
            return (yield from self._if(command, streams))
        if isinstance(command, For):
            for word in (yield from self._fields(command.words, streams)):
                self.variables[command.name] = word
                if not (yield from self._round(command.body, streams)):
                    break
            return self.status
        return (yield from self._while(command, streams))

    def _if(self, command: If, streams: Streams) -> Steps:
        for condition, body in command.branches:
            if condition.items:
                yield from self.script(condition, streams)
            if not condition.items or not self.status:
                return (yield from self.script(body, streams))
        self.status = 0
        return 0

    def _while(self, command: While, streams: Streams) -> Steps:
        for _ in range(_MANY):
            yield from self.script(command.condition, streams)
            if bool(self.status) is not command.until or not (yield from self._round(command.body, streams)):
                break
        self.status = 0
        return 0

    def _round(self, body: Script, streams: Streams) -> Generator[float, None, bool]:
        """Iteration of a loop; False to end the loop."""
        try:
            yield from self.script(body, streams)
        except LoopControl as loop:
            self.status = 0
            return loop.next_round
        return True

    def _simple(self, command: Simple, streams: Streams) -> Steps:
        assigned = {}
        for name, word in command.assignments:
            assigned[name] = yield from self._joined(word, streams)
        words = yield from self._fields(command.words, streams)
        opened = yield from self._redirected(command.redirections, streams)
        if isinstance(opened, str):
            streams.err.append(f"{self.name}: {opened}\n")
            self.status = 1
            return 1
        inner, files = opened
        if not words:
            self.variables.update(assigned)
            self.status = self._written(files)
            return self.status
        before = {name: self.variables.get(name) for name in assigned}
        self.variables.update(assigned)
        self.status = yield from self.execute(words, inner)
        for name, value in before.items():
            if value is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = value
        self.status = self._written(files) or self.status
        return self.status

    def execute(self, words: Sequence[str], streams: Streams) -> Steps:
        """Run a program; the exit status."""
        program = self.programs.get(words[0]) or self.programs.get(words[0].rpartition("/")[2])
        if program is None:
            streams.err.append(f"{self.name}: {words[0]}: command not found\n")
            return NOT_FOUND
        try:
            done = program(Call(self, words, streams))
            return done if isinstance(done, int) else (yield from done)
        except DiskFull:
            streams.err.append(f"{words[0]}: write error: No space left on device\n")
            return 1

    # --- streams ----------------------------------------------------------------------------------------------------

    def _redirected(
        self, redirections: Sequence[Redirection], streams: Streams
    ) -> Generator[float, None, tuple[Streams, list[tuple[str, str, list[str]]]] | str]:
        """The streams of a command, and the files to write at its end: (path, previous content, output)."""
        inner, files = Streams(streams.stdin, streams.out, streams.err), []
        for redirection in redirections:
            target = yield from self._joined(redirection.word, streams)
            if redirection.operator == "<":
                text = "" if target == "/dev/null" else self.host.read(target)
                if text is None:
                    return f"{target}: No such file or directory"
                inner.stdin = text
                continue
            if redirection.operator == ">&":
                written = inner.out if target == "1" else inner.err
            elif target == "/dev/null":
                written = []
            else:
                before = (self.host.read(target) or "") if redirection.operator == ">>" else ""
                written = []
                files.append((target, before, written))
                try:
                    self.host.write(target, before)
                except DiskFull:
                    return f"{target}: No space left on device"
            if redirection.number == 2:
                inner.err = written
            else:
                inner.out = written
        return inner, files

    def _written(self, files: Sequence[tuple[str, str, list[str]]]) -> int:
        for path, before, text in files:
            try:
                self.host.write(path, before + "".join(text))
            except DiskFull:
                return 1
        return 0

    # --- words ------------------------------------------------------------------------------------------------------

    def _fields(self, words: Sequence[Word], streams: Streams) -> Generator[float, None, list[str]]:
        """Expand words, split at unquoted blanks, and match patterns against files."""
        fields: list[str] = []
        for word in words:
            fields += yield from self._split(word, streams)
        return fields

    def _split(self, word: Word, streams: Streams) -> Generator[float, None, list[str]]:
        pieces: list[tuple[str, bool]] = []  # (text, quoted)
        for part in word:
            if isinstance(part, Variable) and part.name == "@" and part.quoted:
                return list(self.arguments)
            text = yield from self._part(part, streams)
            pieces.append((text, part.quoted))
        fields: list[list[tuple[str, bool]]] = [[]]
        for part, (text, quoted) in zip(word, pieces, strict=True):
            chunks = [text] if quoted or isinstance(part, Text) else re.split(r"\s+", text)
            fields[-1].append((chunks[0], quoted))
            fields += [[(chunk, quoted)] for chunk in chunks[1:]]
        found: list[str] = []
        for one in fields:
            if one and (any(quoted for _, quoted in one) or any(text for text, _ in one)):
                found += self._matched(one)
        return found

    def _matched(self, pieces: Sequence[tuple[str, bool]]) -> list[str]:
        plain = "".join(text for text, _ in pieces)
        if not any(char in text for text, quoted in pieces if not quoted for char in "*?["):
            return [plain]
        pattern = "".join(_literal(text) if quoted else text for text, quoted in pieces)
        return self.host.matching(pattern) or [plain]

    def _joined(self, word: Word, streams: Streams) -> Generator[float, None, str]:
        text = ""
        for part in word:
            text += yield from self._part(part, streams)
        return text

    def _part(self, part: Text | Variable | CommandSubstitution, streams: Streams) -> Generator[float, None, str]:
        if isinstance(part, Text):
            return part.text
        if isinstance(part, Variable):
            return self._value(part)
        out: list[str] = []
        within = self.child()
        self.status = yield from within._whole(part.script, Streams("", out, streams.err))
        return "".join(out).rstrip("\n")

    def _value(self, variable: Variable) -> str:
        name = variable.name
        special = {
            "?": str(self.status),
            "!": str(self.last_job or ""),
            "$": str(self.own),
            "#": str(len(self.arguments)),
            "@": " ".join(self.arguments),
            "*": " ".join(self.arguments),
            "0": self.name.removeprefix("-"),
            "-": "",
        }
        if name in special:
            return special[name]
        if name.isdigit():
            given = self.arguments[int(name) - 1] if int(name) <= len(self.arguments) else ""
            return given or variable.default
        return self.variables.get(name, "") or variable.default


def _is_simple(item: Item) -> bool:
    commands = [command for _, pipeline in item.parts for command in pipeline.commands]
    return len(commands) == 1 and isinstance(commands[0], Simple)


def _literal(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def matches(pattern: str, text: str) -> bool:
    """True when a shell pattern matches the whole text."""
    return fnmatch.fnmatchcase(text, pattern)
