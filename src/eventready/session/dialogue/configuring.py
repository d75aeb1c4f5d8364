"""Send configuration lines to a device, each exactly once, in sequence.

A line is sent when the prompt of the previous line has arrived after that line's own echo. An unclear end (silence, a
lost session, an unknown question) ends the session: nothing is repeated or interrupted, nothing more is sent. The
effect of the line is then found by reading the device in another session.

On a Linux shell the end of a line is its exit status, printed by the shell with a mark.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import REDACTED, redact
from eventready.core.strings.texts import lines_of
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.session.dialogue import mml
from eventready.session.dialogue.buffer import AnswerTooLarge, StreamClosed
from eventready.session.dialogue.patterns import CUT, cut_log_lines
from eventready.session.dialogue.prompt import (
    JOINT,
    find_prompt,
    find_typed_echo,
    own_prompt,
    prompt_at_end,
    prompts_at_end,
)
from eventready.session.dialogue.screen import Screen
from eventready.session.dialogue.terminal import to_text
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.wire.stream import CHUNK

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_QUOTED = re.compile(r'"[^"]*"')


def uses_shell(platform: PlatformSpec) -> bool:
    """Return True if configuration lines of the platform are commands of a Linux shell."""
    return platform.netmiko.device_type == "linux"


def refuse_unsafe(line: str, spec: ChangeSpec, *, shell: bool = False) -> None:
    """Raise RefusedError for text of anything but a single typed line."""
    what = unsafe_content(line, spec, shell=shell)
    if what:
        raise RefusedError(message("session:unsafe_line", line=redact(line), what=what))


def unsafe_content(line: str, spec: ChangeSpec, *, shell: bool = False) -> Message | None:
    """Return the content against sending `line` as a single line; None for a safe line."""
    what: Message | None = None
    if not line.strip():
        what = message("session:unsafe.empty")
    elif _CONTROL.search(line):
        what = message("session:unsafe.control")
    elif REDACTED in line:
        what = message("session:unsafe.redacted")
    elif spec.form == "mml" and not shell and (_QUOTED.sub("", line).count(";"), line.rstrip()[-1]) != (1, ";"):
        what = message("session:unsafe.mml")
    elif not shell and spec.encoding == "ascii" and not line.isascii():
        what = message("session:unsafe.non_ascii")
    elif "\ufffd" in line:
        what = message("session:unsafe.not_utf8")
    elif spec.form in ("indented", "paths") and not shell and "?" in line:
        what = message("session:unsafe.question")
    return what


_TAIL = 1_024
#: Upper bound of the answer to one configuration line in bytes.
_MAX_ANSWER_BYTES = 256 * 1024
#: A key in a guard's command: `^X` is typed as Ctrl-X, without Enter and without an echo.
_KEY = re.compile(r"\^([A-Z])")
_OPEN_QUESTION = re.compile(r"(?i)(?:\[y(?:es)?/no?\S{0,16}\]|\[confirm\]|password|\?)[ \t]*(?:[:?>][ \t]*)?\Z")


@dataclass
class _Line:
    """The state of the current line. `answer` is the text before the last answered question."""

    line: str
    typed: str
    timeout_s: float
    mark: re.Pattern[bytes] | None = None
    echoed: bool = False
    answer: bytes = b""
    before: bytes = b""
    answered: set[str] = field(default_factory=set)
    started: float = field(default_factory=monotonic)

    @property
    def left(self) -> float:
        """Seconds until the line's time limit."""
        return self.started + self.timeout_s - monotonic()


class _Unclear(Exception):
    """The effect of the line is unknown, with the reason."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.render("en"))
        self.why = why


class Configurer:
    """Sends configuration lines to a device. `shell`: a Linux shell, where each line has an exit status."""

    def __init__(self, screen: Screen, *, shell: bool) -> None:
        self._screen, self.shell = screen, shell
        self._buffer, self._patterns = screen.buffer, screen.patterns
        self._token, self._count = secrets.token_hex(3), 0
        self._own: re.Pattern[bytes] | None = None

    def send_config(self, lines: Sequence[str], spec: ChangeSpec, timeout_s: float) -> list[Reply]:
        """Return a reply per line, in order; after the first without ANSWERED all are NOT_SENT.

        Raises RefusedError, before anything is sent, for a line that cannot be sent as one line.
        """
        for line in lines:
            refuse_unsafe(line, spec, shell=self.shell)
        replies: list[Reply] = []
        self._buffer.memory.start_cpu()
        why: str | Message = ""
        for line in lines:
            if not self._screen.over and self._screen.deadline <= monotonic():
                self._screen.over = message("session:over.time_limit")
            if why or self._screen.over:
                not_sent = message("session:not_sent", reason=why or self._screen.over)
                replies.append(Reply.failed(line, ReplyStatus.NOT_SENT, not_sent))
                continue
            reply = self._send_line(line, spec, timeout_s)
            replies.append(reply)
            if reply.status is not ReplyStatus.ANSWERED:
                why = self._screen.over or message("session:over.not_accepted", line=redact(line))
        return replies

    def _send_line(self, line: str, spec: ChangeSpec, timeout_s: float) -> Reply:
        framed = self._patterns.ends_with is not None
        send: Callable[[_Line, ChangeSpec], Reply] = self._report if framed else self._dialogue
        now = self._line(line, timeout_s, key=_is_key(line, spec))
        try:
            return send(now, spec)
        except _Unclear as unclear:
            return self._lost(now, ReplyStatus.TIMEOUT, message("session:line.unclear", reason=unclear.why))
        except (StreamClosed, AnswerTooLarge) as error:
            return self._lost(now, ReplyStatus.DROPPED, message("session:line.lost", reason=str(error)))
        except BaseException:
            self._lost(now, ReplyStatus.DROPPED, message("session:line.interrupted"))
            raise

    def _line(self, line: str, timeout_s: float, *, key: bool) -> _Line:
        if key:
            return _Line(line, chr(ord(line[1]) - ord("@")), timeout_s, echoed=True)
        if not self.shell:
            return _Line(line, line, timeout_s)
        self._count += 1
        mark = f"evr-{self._token}-{self._count}:"
        between = "" if line.rstrip().endswith("&") else ";"
        typed = f'{line}{between} echo "{mark}$?"'
        return _Line(line, typed, timeout_s, re.compile(re.escape(mark).encode() + rb"(\d{1,3})[\r \x00]*(?:\n|\x00)"))

    def _lost(self, now: _Line, ended: ReplyStatus, why: Message) -> Reply:
        self._screen.over = message("session:over.unknown_effect", line=redact(now.line))
        text = redact(to_text(now.answer + bytes(self._buffer.text)))
        self._buffer.take(len(self._buffer.text))
        return Reply.failed(now.line, ended, why, text, monotonic() - now.started)

    # ---------------------------------------------------------------- reports

    def _report(self, now: _Line, spec: ChangeSpec) -> Reply:
        """Send a line with a report and a return code as answer (MML)."""
        end = self._patterns.ends_with
        assert end is not None  # noqa: S101  checked by _send_line()
        self._buffer.send(now.line.encode() + self._screen.newline)
        try:
            report = mml.read_report(self._buffer, now.line, end, lambda: now.left)
        except TimeoutError:
            raise _Unclear(message("session:line.no_report", seconds=now.timeout_s)) from None
        text = redact(to_text(report))
        code, words = mml.outcome(report)
        seconds = monotonic() - now.started
        if code == 0 or _found(spec.harmless, text):
            return Reply(now.line, text, ReplyStatus.ANSWERED, "", seconds)
        ended = ReplyStatus.DENIED if self._patterns.refusal(text)[0] == "denied" else ReplyStatus.REFUSED
        if code < 0:
            return Reply.failed(now.line, ended, message("session:line.no_return_code"), text, seconds)
        return Reply(now.line, text, ended, f"RETCODE = {code}: {redact(words)}", seconds)

    # --------------------------------------------------------------- dialogue

    def _dialogue(self, now: _Line, spec: ChangeSpec) -> Reply:
        """Send a line to a terminal and read echo, answer, questions, prompt."""
        buffer = self._buffer
        self._own = self._own or own_prompt(self._screen.prompt)
        buffer.take(len(buffer.text))
        buffer.send(now.typed.encode() + (b"" if now.echoed else self._screen.newline))
        while True:
            silent = buffer.silence_s if buffer.text or now.answer else 0.0
            if (reply := self._reply_if_complete(now, spec, silent)) is not None:
                return reply
            if now.left <= 0:
                raise _Unclear(message("session:line.no_prompt", seconds=now.timeout_s))
            buffer.receive(max(0.001, min(now.left, self._next_check_s(silent))))
            if len(buffer.text) > _MAX_ANSWER_BYTES:
                raise AnswerTooLarge("the answer to one line does not end")

    def _next_check_s(self, silent: float) -> float:
        """Return seconds until the next threshold of silence."""
        return next(
            (limit - silent + 0.01 for limit in (self._screen.settle_s, self._screen.long_settle_s) if silent < limit),
            3_600.0,
        )

    def _reply_if_complete(self, now: _Line, spec: ChangeSpec, silent: float) -> Reply | None:
        """Return the reply of a complete line; answer questions and pagers; None to continue."""
        if silent < self._screen.settle_s and not self._may_be_complete(now, spec):
            return None
        view = cut_log_lines(bytes(self._buffer.text), self._patterns)
        answer = self._after_echo(now, view)
        if answer is None:
            return self._unechoed(now, spec, view, silent)
        if self._answer_question_or_pager(now, spec, answer):
            return None
        prompt = self._waiting_prompt(answer, any_name=silent >= self._screen.long_settle_s)
        if now.mark is not None:
            return self._with_status(now, answer, prompt, silent)
        if prompt:
            return self._finished(now, spec, answer, prompt)
        tail = _text(answer[-_TAIL:])
        if silent >= self._screen.long_settle_s and _OPEN_QUESTION.search(tail):
            raise _Unclear(message("session:line.question", question=redact(lines_of(tail)[-1].strip())))
        return None

    def _may_be_complete(self, now: _Line, spec: ChangeSpec) -> bool:
        """Return True if the last line may be a prompt, a question or a pager; cheap, runs for every piece."""
        last = self._buffer.last_line
        patterns = self._patterns
        if patterns.noise_inside is not None and patterns.noise_inside.search(self._buffer.tail(_TAIL)):
            return True
        if find_prompt(last, patterns) or (patterns.pager is not None and patterns.pager.search(last.strip(b" \r\b"))):
            return True
        if now.mark is not None:
            return now.mark.search(self._buffer.tail(2 * CHUNK)) is not None
        return any(_at_end(question, _text(last)) for question in spec.questions)

    def _after_echo(self, now: _Line, view: bytes) -> bytes | None:
        """Return the text after the line's echo; None without an echo. Keep the text before the echo in
        `now.before`."""
        if now.echoed:
            return view
        echo = find_typed_echo(view, now.typed.encode())
        if echo is None:
            return view if now.mark is not None and now.mark.search(view) else None
        now.before = view[: echo[0]]
        self._screen.echoes = True
        return view[echo[1] :]

    def _unechoed(self, now: _Line, spec: ChangeSpec, view: bytes, silent: float) -> Reply | None:
        """Return the reply of a device without echo, at a prompt followed by silence."""
        if self._screen.echoes or silent < self._screen.settle_s or now.mark is not None:
            return None
        prompt = self._waiting_prompt(view, any_name=silent >= self._screen.long_settle_s)
        return self._finished(now, spec, view, prompt) if prompt else None

    def _answer_question_or_pager(self, now: _Line, spec: ChangeSpec, answer: bytes) -> bool:
        buffer = self._buffer
        tail = _text(answer[-_TAIL:].replace(CUT, b""))
        for question, typed in spec.questions.items():
            line = tail.rstrip().rpartition("\n")[2].strip()
            if _at_end(question, tail) and line not in now.answered:
                now.answered.add(line)
                now.answer, now.echoed = now.answer + answer, True
                buffer.take(len(buffer.text))
                buffer.send(typed.encode() + self._screen.newline)
                return True
        return self._screen.answer_pager(0)

    def _waiting_prompt(self, answer: bytes, *, any_name: bool) -> bytes:
        """Return the prompt of a waiting device, of any mode; empty without a prompt."""
        return prompt_at_end(answer, self._patterns, None if any_name else self._own)

    # ---------------------------------------------------------------- replies

    def _with_status(self, now: _Line, answer: bytes, prompt: bytes, silent: float) -> Reply | None:
        """Return the reply of a shell: ANSWERED for exit status 0; a prompt without a status means not executed."""
        assert now.mark is not None  # noqa: S101  called for shells only
        mark = now.mark.search(answer)
        if mark is None:
            if not prompt or silent < self._screen.long_settle_s:
                return None
            text = self._visible(now, answer, prompt)
            why: Message | None = message("session:line.not_executed", output=_last_line(text))
        elif not prompt and silent < self._screen.settle_s:
            return None
        else:
            text = self._visible(now, answer[: mark.start()], b"")
            status = int(mark[1])
            why = message("session:line.exit_status", status=status, output=_last_line(text)) if status else None
        self._set_prompt(prompt or self._screen.prompt)
        seconds = monotonic() - now.started
        if why:
            return Reply.failed(now.line, ReplyStatus.REFUSED, why, text, seconds)
        return Reply(now.line, text, seconds=seconds)

    def _finished(self, now: _Line, spec: ChangeSpec, answer: bytes, prompt: bytes) -> Reply:
        text = self._visible(now, answer, prompt)
        self._set_prompt(prompt)
        seconds = monotonic() - now.started
        refusal = self._refusal(answer if not now.answer else now.answer + answer, spec)
        if refusal:
            return Reply(now.line, text, refusal[0], refusal[1], seconds)
        late = self._refusal(now.before, spec)
        if late:  # after a repeated prompt: the refusal belongs to an earlier line
            earlier = message("session:line.refused_before", reason=late[1])
            return Reply.failed(now.line, ReplyStatus.REFUSED, earlier, text, seconds)
        return Reply(now.line, text, ReplyStatus.ANSWERED, "", seconds)

    def _visible(self, now: _Line, answer: bytes, prompt: bytes) -> str:
        """Return the visible answer without log lines and its final prompt."""
        shown = now.answer + answer
        if prompt and shown.rstrip(b" ") == prompt:
            return ""  # the common case, without compiling a pattern
        if prompt:
            shown = prompts_at_end(prompt).sub(b"", shown)
        return redact(to_text(shown.replace(CUT, b"")))

    def _refusal(self, answer: bytes, spec: ChangeSpec) -> tuple[ReplyStatus, str] | None:
        """Return the status and the text of a refusal, also split by a log line; None without a refusal."""
        joined = b"\n".join((*answer.split(CUT), JOINT.sub(b"", answer), answer.replace(CUT, b"")))
        lines = [line.strip() for line in _text(joined).split("\n")]
        refused, denied = self._patterns.refused, self._patterns.denied
        for line in lines:
            if not line or _found(spec.harmless, line):
                continue
            if denied is not None and denied.search(line):
                return ReplyStatus.DENIED, redact(line)
            if _found(spec.refused, line) or (refused is not None and refused.search(line)):
                return ReplyStatus.REFUSED, redact(line)
        return None

    def _set_prompt(self, prompt: bytes) -> None:
        """Record the prompt at which the device waits, for the next command."""
        if self._own is not None and not self._own.search(prompt):
            self._own = own_prompt(prompt)  # the device has another name now
        self._screen.prompt = prompt
        self._buffer.take(len(self._buffer.text))
        self._buffer.text += prompt


def _is_key(line: str, spec: ChangeSpec) -> bool:
    """Return True for a key used by a guard of the platform; all other lines are no keys."""
    used = (one for guard in spec.guards for one in (*guard.enter, *guard.confirm))
    return _KEY.fullmatch(line) is not None and line in used


def _found(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(pattern, text, re.MULTILINE) for pattern in patterns)


def _at_end(question: str, tail: str) -> bool:
    """Return True if the question is the last text of the output."""
    return any(not tail[found.end() :].strip() for found in re.finditer(question, tail))


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _last_line(text: str) -> str:
    """Return the last non-empty line of an answer."""
    lines = [line.strip() for line in lines_of(text) if line.strip()]
    return lines[-1][:200] if lines else "no output"
