"""Telling a device what to do: one line at a time, each sent exactly once.

What reads may ask twice; what writes may not. A line goes out when the prompt of the one before has been seen behind
that one's own echo, and whatever is unclear (silence, a lost session, a question that nobody knows) ends the telling:
nothing is sent again, nothing is interrupted, and the session takes no more. Who must know what became of the line
opens another session and looks.

On a Linux shell the end of a line is its exit status, which a mark that the shell prints brings home.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any

from eventready.errors import RefusedError
from eventready.platforms.model import ChangeSpec
from eventready.session import mml
from eventready.session.channel import Channel
from eventready.session.patterns import Patterns
from eventready.session.prompt import learn
from eventready.session.redaction import MARK, redact
from eventready.session.reply import Ended, Reply
from eventready.session.screen import Closed, TooMuch
from eventready.session.terminal import plain
from eventready.session.wire import CHUNK

#: Silence after which a prompt is believed that does not look like this device's, or that no echo proves.
_PATIENT_S = 5.0
#: Silence after which the prompt of a device without echo is believed.
_QUIET_S = 0.5
#: How much of the device's name a prompt must show: IOS cuts long names in its configuration modes.
_NAME_AT_MOST = 10
_TAIL = 1_024
#: A line that changes something says little.
_MOST = 1_000_000

#: Stands where a log line was; nothing that a device writes holds it (the screen takes NULs out).
_CUT = b"\x00"
_GAP = rb"[ \t\r\n\b\x00]{0,12}"
#: A log line on a line of its own: its line end may have torn another line in two, or not.
_JOINT = re.compile(rb"(?:\r{0,8}\n)?\x00")
#: Empty lines at the end belong to the log line before them.
_BLANK_BEHIND = re.compile(rb"\x00[ \r\b\n]*\Z")
_LINE_END = re.compile(rb"[ \t\b\x00]{0,12}\r{0,8}\n")
_NAME = re.compile(rb"[\w.+-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_QUOTED = re.compile(r'"[^"]*"')
_OPEN_QUESTION = re.compile(r"(?i)(?:\[y(?:es)?/no?\S{0,20}\]|\[confirm\]|password|\?)[ \t]*[:?>]?[ \t]*\Z")


def refuse_unsafe(line: str, spec: ChangeSpec, *, shell: bool = False) -> None:
    """Raise RefusedError for a line that would be no line, more than one, or something else once it is typed."""
    what = ""
    if not line.strip():
        what = "an empty line"
    elif _CONTROL.search(line):
        what = "a control character"
    elif MARK in line:
        what = "a secret that was taken out of a text"
    elif spec.form == "mml" and not shell and (_QUOTED.sub("", line).count(";"), line.rstrip()[-1]) != (1, ";"):
        what = "something other than one command with its semicolon"
    elif not shell and not line.isascii():
        what = "a letter that a device's command line may drop or show as another"
    elif spec.form == "indented" and not shell and "?" in line:
        what = "a question mark, which asks for help as soon as it is typed"
    if what:
        raise RefusedError(f"{redact(line)!r} is never sent: it holds {what}", do="Correct the template or its values.")


@dataclass
class _Line:
    """One line under way. `answer` is what came before the last question that was answered."""

    line: str
    typed: str
    timeout_s: float
    mark: re.Pattern[bytes] | None = None
    echoed: bool = False
    answer: bytes = b""
    before: bytes = b""
    asked: set[str] = field(default_factory=set)
    started: float = field(default_factory=monotonic)

    @property
    def left(self) -> float:
        """Seconds until its time is over."""
        return self.started + self.timeout_s - monotonic()


class _Unclear(Exception):
    """It is not known what became of the line; the message says why."""


class Writer(Channel):
    """A channel that also writes. `shell`: a Linux shell, whose every line has an exit status."""

    def __init__(self, *args: Any, shell: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shell = shell
        self._token, self._count = secrets.token_hex(3), 0
        self._own: re.Pattern[bytes] | None = None

    @property
    def over(self) -> str:
        """Why the session takes no more; empty while it does."""
        return self._over

    def tell(self, lines: Sequence[str], spec: ChangeSpec, timeout_s: float) -> list[Reply]:
        """One reply per line, in order; after the first that is not ANSWERED all are NOT_SENT.

        Raises RefusedError, before anything is sent, for a line that cannot be sent as one line.
        """
        for line in lines:
            refuse_unsafe(line, spec, shell=self.shell)
        replies: list[Reply] = []
        why = ""
        for line in lines:
            if not self._over and self._deadline <= monotonic():
                self._over = "the time limit of the device had passed"
            if why or self._over:
                replies.append(Reply(line, "", Ended.NOT_SENT, f"Not sent: {why or self._over}."))
                continue
            reply = self._told(line, spec, timeout_s)
            replies.append(reply)
            if reply.ended is not Ended.ANSWERED:
                why = self._over or f"`{redact(line)}` was not taken"
        return replies

    def _told(self, line: str, spec: ChangeSpec, timeout_s: float) -> Reply:
        framed = self._patterns.ends_with is not None
        tell: Callable[[_Line, ChangeSpec], Reply] = self._report if framed else self._dialogue
        now = self._line(line, timeout_s)
        try:
            return tell(now, spec)
        except _Unclear as unclear:
            return self._lost(now, Ended.TIMEOUT, f"{unclear}; whether the device took the line is not known.")
        except (Closed, TooMuch) as error:
            return self._lost(now, Ended.DROPPED, f"Lost under way: {error}.")
        except BaseException:
            self._lost(now, Ended.DROPPED, "")
            raise

    def _line(self, line: str, timeout_s: float) -> _Line:
        if not self.shell:
            return _Line(line, line, timeout_s)
        self._count += 1
        mark = f"evr-{self._token}-{self._count}:"
        between = "" if line.rstrip().endswith("&") else ";"
        typed = f'{line}{between} echo "{mark}$?"'
        return _Line(line, typed, timeout_s, re.compile(re.escape(mark).encode() + rb"(\d{1,3})[\r \x00]*(?:\n|\x00)"))

    def _lost(self, now: _Line, ended: Ended, reason: str) -> Reply:
        self._over = f"what became of `{redact(now.line)}` is not known"
        shown = redact(plain(now.answer + bytes(self._screen.text)))
        self._screen.take(len(self._screen.text))
        return Reply(now.line, shown, ended, reason, monotonic() - now.started)

    # ---------------------------------------------------------------- reports

    def _report(self, now: _Line, spec: ChangeSpec) -> Reply:
        """Tell an element that answers in frames with a return code."""
        end = self._patterns.ends_with
        assert end is not None  # noqa: S101  _told() has looked
        self._screen.send(now.line.encode() + self._newline)
        try:
            report = mml.read_report(self._screen, now.line, end, lambda: now.left)
        except TimeoutError:
            raise _Unclear(f"No report came back within {now.timeout_s:.0f} s") from None
        text = redact(plain(report))
        code, words = mml.outcome(report)
        seconds = monotonic() - now.started
        if code == 0 or _found(spec.harmless, text):
            return Reply(now.line, text, Ended.ANSWERED, "", seconds)
        said = f"RETCODE = {code}: {redact(words)}" if code >= 0 else "the report has no return code"
        word, _ = self._patterns.refusal(text)
        return Reply(now.line, text, Ended.DENIED if word == "denied" else Ended.REFUSED, said, seconds)

    # --------------------------------------------------------------- dialogue

    def _dialogue(self, now: _Line, spec: ChangeSpec) -> Reply:
        """Tell a terminal: echo, answer, questions, prompt."""
        screen = self._screen
        self._own = self._own or _own_prompt(self._prompt)
        screen.take(len(screen.text))
        screen.send(now.typed.encode() + self._newline)
        while True:
            silent = monotonic() - screen.last_heard if screen.text or now.answer else 0.0
            if (reply := self._looked(now, spec, silent)) is not None:
                return reply
            if now.left <= 0:
                raise _Unclear(f"No prompt came back within {now.timeout_s:.0f} s")
            screen.more(max(0.001, min(now.left, self._next_look(silent))))
            if len(screen.text) > _MOST:
                raise TooMuch("the answer to one line does not end")

    @staticmethod
    def _next_look(silent: float) -> float:
        """Seconds until silence may have come to mean something."""
        return next((limit - silent + 0.01 for limit in (_QUIET_S, _PATIENT_S) if silent < limit), 3_600.0)

    def _looked(self, now: _Line, spec: ChangeSpec, silent: float) -> Reply | None:
        """The reply when the line has come to its end; questions and pages are seen to on the way."""
        if silent < _QUIET_S and not self._interesting(now, spec):
            return None
        view = without_log_lines(bytes(self._screen.text), self._patterns)
        answer = self._behind_echo(now, view)
        if answer is None:
            return self._unechoed(now, spec, view, silent)
        if self._pages_or_answers(now, spec, answer):
            return None
        prompt = self._prompt_at_end(answer, patient=silent >= _PATIENT_S)
        if now.mark is not None:
            return self._with_status(now, answer, prompt, silent)
        if prompt:
            return self._finished(now, spec, answer, prompt)
        tail = _text(answer[-_TAIL:])
        if silent >= _PATIENT_S and _OPEN_QUESTION.search(tail):
            raise _Unclear(f"It asks what its platform has no answer to: {redact(tail.splitlines()[-1].strip())!r}")
        return None

    def _interesting(self, now: _Line, spec: ChangeSpec) -> bool:
        """True when what stands last may be an end, a question or a page: the cheap look at every piece."""
        last = self._screen.last_line
        patterns = self._patterns
        if patterns.noise_inside is not None and patterns.noise_inside.search(self._screen.tail(_TAIL)):
            return True
        if learn(last, patterns) or (patterns.pager is not None and patterns.pager.search(last.strip(b" \r\b"))):
            return True
        if now.mark is not None:
            return now.mark.search(self._screen.tail(2 * CHUNK)) is not None
        return any(_at_end(question, _text(last)) for question in spec.questions)

    def _behind_echo(self, now: _Line, view: bytes) -> bytes | None:
        """What came behind the line's own echo; None while there is none. What stood before it is kept."""
        if now.echoed:
            return view
        echo = _find_echo(view, now.typed.encode())
        if echo is None:
            return view if now.mark is not None and now.mark.search(view) else None
        now.before = view[: echo[0]]
        self._confirmed = True
        return view[echo[1] :]

    def _unechoed(self, now: _Line, spec: ChangeSpec, view: bytes, silent: float) -> Reply | None:
        """The reply of a device that has never echoed anything, when it shows a prompt and stays silent."""
        if self._confirmed or silent < _QUIET_S or now.mark is not None:
            return None
        prompt = self._prompt_at_end(view, patient=silent >= _PATIENT_S)
        return self._finished(now, spec, view, prompt) if prompt else None

    def _pages_or_answers(self, now: _Line, spec: ChangeSpec, answer: bytes) -> bool:
        screen = self._screen
        tail = _text(answer[-_TAIL:].replace(_CUT, b""))
        for question, typed in spec.questions.items():
            line = tail.rstrip().rpartition("\n")[2].strip()
            if _at_end(question, tail) and line not in now.asked:
                now.asked.add(line)
                now.answer, now.echoed = now.answer + answer, True
                screen.take(len(screen.text))
                screen.send(typed.encode() + self._newline)
                return True
        return self._pager(0)

    def _prompt_at_end(self, answer: bytes, *, patient: bool) -> bytes:
        """The prompt, of any mode, at which the device waits; empty when it does not. `patient` believes any."""
        shown = _JOINT.sub(_CUT, answer[-4 * _TAIL :])
        shown = _BLANK_BEHIND.sub(_CUT, shown).rstrip(b" \r\b")
        last = shown.rpartition(b"\n")[2]
        pieces = last.split(_CUT)
        for first in range(len(pieces) - 1, -1, -1):
            prompt = learn(b"".join(pieces[first:]).strip(b" \r\b\n"), self._patterns)
            if prompt and (patient or self._own is None or self._own.search(prompt)):
                return prompt
        return b""

    # ---------------------------------------------------------------- endings

    def _with_status(self, now: _Line, answer: bytes, prompt: bytes, silent: float) -> Reply | None:
        """The reply of a shell: ANSWERED for exit status 0; one that shows its prompt without it has run nothing."""
        assert now.mark is not None  # noqa: S101  only called for a shell
        mark = now.mark.search(answer)
        if mark is None:
            if not prompt or silent < _PATIENT_S:
                return None
            said = self._said(now, answer, prompt)
            reason = f"The shell did not run it: {_last(said)}"
        elif not prompt and silent < _QUIET_S:
            return None
        else:
            said = self._said(now, answer[: mark.start()], b"")
            status = int(mark[1])
            reason = f"Exit status {status}: {_last(said)}" if status else ""
        self._at(prompt or self._prompt)
        ended = Ended.REFUSED if reason else Ended.ANSWERED
        return Reply(now.line, said, ended, reason, monotonic() - now.started)

    def _finished(self, now: _Line, spec: ChangeSpec, answer: bytes, prompt: bytes) -> Reply:
        text = self._said(now, answer, prompt)
        self._at(prompt)
        seconds = monotonic() - now.started
        said = self._refusal(answer if not now.answer else now.answer + answer, spec)
        if said:
            return Reply(now.line, text, said[0], said[1], seconds)
        late = self._refusal(now.before, spec)
        if late:  # a prompt that was shown twice: the refusal belongs to a line before
            return Reply(now.line, text, Ended.REFUSED, f"Before its echo stood: {late[1]}", seconds)
        return Reply(now.line, text, Ended.ANSWERED, "", seconds)

    def _said(self, now: _Line, answer: bytes, prompt: bytes) -> str:
        """The answer as a reader would see it, without log lines and the prompt at its end."""
        shown = now.answer + answer
        if prompt and shown.rstrip(b" ") == prompt:
            return ""  # as to most lines: no need of an expression for this device's prompt
        if prompt:
            shown = _prompts_at_end(prompt).sub(b"", shown)
        return redact(plain(shown.replace(_CUT, b"")))

    def _refusal(self, answer: bytes, spec: ChangeSpec) -> tuple[Ended, str] | None:
        """How the device refused, and its words; a log line may stand between their halves, or at their end."""
        joined = b"\n".join((*answer.split(_CUT), _JOINT.sub(b"", answer), answer.replace(_CUT, b"")))
        lines = [line.strip() for line in _text(joined).split("\n")]
        refused, denied = self._patterns.refused, self._patterns.denied
        for line in lines:
            if not line or _found(spec.harmless, line):
                continue
            if denied is not None and denied.search(line):
                return Ended.DENIED, redact(line)
            if _found(spec.refused, line) or (refused is not None and refused.search(line)):
                return Ended.REFUSED, redact(line)
        return None

    def _at(self, prompt: bytes) -> None:
        """The device waits at this prompt: what asks next finds it."""
        if self._own is not None and not self._own.search(prompt):
            self._own = _own_prompt(prompt)  # it has another name now
        self._prompt = prompt
        self._screen.take(len(self._screen.text))
        self._screen.text += prompt


def without_log_lines(text: bytes, patterns: Patterns) -> bytes:
    """`text` with a NUL for every log line, which joins what stood before it with the line after it."""
    inside = patterns.noise_inside
    if inside is None:
        return text
    kept: list[bytes] = []
    for line in text.split(b"\n"):
        found = inside.search(line.rstrip(b"\r"))
        if kept and kept[-1].endswith(_CUT):
            kept[-1] += line[: found.start()] + _CUT if found else line
        else:
            kept.append(line[: found.start()] + _CUT if found else line)
    return b"\n".join(kept)


def _own_prompt(prompt: bytes) -> re.Pattern[bytes] | None:
    """Searched in a prompt: the name of the device that showed `prompt`; None where that shows no name."""
    name = _NAME.search(prompt)
    if name is None:
        return None
    if len(name[0]) > _NAME_AT_MOST:
        return re.compile(rb"(?<!\w)" + re.escape(name[0][:_NAME_AT_MOST]))
    return re.compile(rb"(?<!\w)" + re.escape(name[0]) + rb"(?!\w)")


def _find_echo(view: bytes, typed: bytes) -> tuple[int, int] | None:
    """Where the echo of a line begins and ends, however the terminal broke it."""
    at = view.find(typed)
    while at >= 0:
        if end := _LINE_END.match(view, at + len(typed)):
            return at, end.end()
        at = view.find(typed, at + 1)
    broken = _broken(typed).search(view)
    return broken.span() if broken else None


@lru_cache(maxsize=64)
def _broken(typed: bytes) -> re.Pattern[bytes]:
    """A line with blanks, backspaces, line ends, log lines between its letters."""
    return re.compile(_torn(typed) + _LINE_END.pattern)


@lru_cache(maxsize=256)
def _prompts_at_end(prompt: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:[ \r\b\x00]{0,12}" + _torn(prompt) + rb"[ \t\r\n\b\x00]{0,12})+\Z")


def _torn(line: bytes) -> bytes:
    """The pattern of a line with anything invisible between its letters."""
    return _GAP.join(re.escape(bytes([letter])) for letter in line if letter not in b" \t")


def _found(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(pattern, text, re.MULTILINE) for pattern in patterns)


def _at_end(question: str, tail: str) -> bool:
    """True when the question is the last that the device has said."""
    return any(not tail[found.end() :].strip() for found in re.finditer(question, tail))


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _last(said: str) -> str:
    """The last line of an answer that says something."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it says nothing"
