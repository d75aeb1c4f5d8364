"""One conversation with a device over an open Netmiko connection, without a single sleep.

Reading blocks until bytes come or a deadline passes. The next command goes out when the prompt of the one before is
seen; where the platform allows, several are written ahead. Writing ahead is the bold way: whatever looks odd (a pager,
an echo that is missing, a prompt that was torn) makes the channel forget what came, find the prompt again, and ask one
command at a time from there on. Every command that is sent is read-only, so asking twice is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from time import monotonic

from eventready.platforms.model import SessionSpec
from eventready.session import mml
from eventready.session.patterns import patterns
from eventready.session.prompt import Echo, find_echo, find_end, find_wrapped_echo, learn, torn, trimmed
from eventready.session.redaction import redact
from eventready.session.reply import Ended, LoginRefused, NoPrompt, Reply, SessionError, SessionLost
from eventready.session.screen import Closed, Screen, TooMuch
from eventready.session.target import Secret
from eventready.session.terminal import plain

#: Silence after which something that looks like the end is taken for it, where there is no proof.
_QUIET_S = 0.5
#: Silence after which a prompt other than the learned one is believed.
_PATIENT_S = 5.0
#: Silence after which an Enter is sent to a device that has shown no prompt yet.
_POKE_S = 2.0
#: How long a device may take to come back after an interrupted command.
_RECOVER_S = 5.0

_PASSWORD = re.compile(rb"(?i)(?:password|secret|passcode)[^\n]{0,40}:[ \t]*$")
_QUESTION = re.compile(rb"(?i)\[y(es)?/no?\][ \t]*[:?]?[ \t]*$")
_PRESS = re.compile(rb"(?i)press (?:any key|return|enter)[^\n]{0,60}$")
_TURNED_AWAY = re.compile(
    rb"(?i)access denied|permission denied|authori[sz]ation (?:failed|denied)|authentication fail"
    rb"|login (?:invalid|incorrect)|not allowed|bad (?:secrets|passwords?|enable)|too many failures"
)


class _Silence(Exception):
    """The time limit of a command has passed."""


class _Odd(Exception):
    """Commands written ahead did not come back in the order and shape that was expected."""


class Channel:
    """Asks commands of one device. Not for two threads at once.

    `deadline` is a monotonic time at which the device's share of patience is used up; `privileged` is the command that
    raises a session whose prompt ends in ">", used when `secret` is given.
    """

    def __init__(
        self,
        screen: Screen,
        spec: SessionSpec,
        *,
        name: str,
        deadline: float,
        secret: Secret | None = None,
        privileged: str = "",
    ) -> None:
        self._screen, self._spec, self._name, self._deadline = screen, spec, name, deadline
        self._patterns = patterns(spec)
        self._secret, self._privileged = secret or Secret(""), privileged
        self._prompt = b""
        self._confirmed = False
        self._sent: set[bytes] = set()
        self._ahead = spec.pipeline
        self._over = ""

    @property
    def prompt(self) -> str:
        """The learned prompt."""
        return self._prompt.decode(errors="replace")

    # ---------------------------------------------------------------- start

    def start(self, timeout_s: float) -> None:
        """Wait for the prompt, learn it, raise privileges, send the platform's set-up.

        Raises NoPrompt, LoginRefused, SessionLost.
        """
        if self._patterns.ends_with is not None:
            return
        deadline = min(monotonic() + timeout_s, self._deadline)
        try:
            self._first_prompt(deadline)
            setup = list(self._spec.setup)
            raised = self._privileged and (self._secret or self._spec.privileged)
            if raised and self._prompt.endswith(b">") and self._privileged not in setup:
                setup.insert(0, self._privileged)
            if self._privileged in setup or self._spec.pipeline == 1:
                for command in setup:
                    self._set_up([command], deadline)
            elif setup:
                self._set_up(setup, deadline)
        except Closed as error:
            raise self._turned_away(str(error)) from None
        except TooMuch as error:
            raise NoPrompt(f"{self._name} writes without end and shows no prompt: {error}") from None

    def _first_prompt(self, deadline: float) -> None:
        screen, poke = self._screen, _POKE_S
        while not (prompt := learn(screen.tail(), self._patterns)):
            left = deadline - monotonic()
            if left <= 0:
                raise self._no_prompt()
            if screen.more(min(poke, left)):
                self._answer_question()
            else:
                screen.send(self._newline)
                poke *= 2
        self._prompt = prompt

    def _answer_question(self) -> None:
        """Decline what devices offer at login (a new password, saving something), and press the key they want."""
        line = self._screen.last_line
        if question := _QUESTION.search(line):
            self._screen.send((b"no" if question[1] else b"n") + self._newline)
            self._screen.take(len(self._screen.text))
        elif _PRESS.search(line):
            self._screen.send(self._newline)
            self._screen.take(len(self._screen.text))

    def _set_up(self, commands: Sequence[str], deadline: float) -> None:
        """Send commands of the set-up and wait for the end of the last; the prompt may be another one afterwards."""
        screen, needle, told = self._screen, commands[-1].encode(), False
        screen.send(b"".join(command.encode() + self._newline for command in commands))
        echo: Echo | None = None
        while True:
            echo = echo or find_echo(screen.text, needle, b"", self._patterns)
            if echo is None and len(screen.text) > len(self._prompt) + len(needle) and self._at_prompt():
                echo = find_wrapped_echo(screen.text, needle, self._prompt)
            if echo and (prompt := learn(bytes(screen.text[echo.end :][-4_096:]), self._patterns)):
                break
            if echo and _PASSWORD.search(screen.last_line):
                if self._only_tries(commands[-1]):
                    screen.take(len(screen.text))
                    screen.send(self._newline)
                    echo = Echo(0, 0, b"")
                    continue
                if told or not self._secret:
                    raise self._no_privilege("refuses the enable password" if told else "asks for an enable password")
                told = True
                screen.take(len(screen.text))
                screen.send(self._secret.reveal().encode() + self._newline)
                echo = Echo(0, 0, b"")
            left = deadline - monotonic()
            if left <= 0:
                raise self._no_prompt(commands[-1])
            if not screen.more(min(left, _QUIET_S * 2)) and (prompt := self._set_up_settled(echo)):
                break
        if commands[-1] == self._privileged and prompt == self._prompt and not self._only_tries(commands[-1]):
            said = plain(bytes(screen.text)).strip().splitlines()
            raise self._no_privilege("refuses privileged mode", redact(said[-2]) if len(said) > 1 else "")
        self._prompt = prompt
        self._confirmed = self._confirmed or echo is not None
        screen.take(max(screen.text.rfind(prompt), 0))

    def _only_tries(self, command: str) -> bool:
        """Privileged mode that may be had without a password, or not at all: then an empty one is as good as any."""
        return command == self._privileged and self._spec.privileged and not self._secret

    def _set_up_settled(self, echo: Echo | None) -> bytes:
        """The prompt at the end of a set-up command that nobody echoed, or whose answer does not end its line."""
        if echo:
            return self._prompt if self._at_prompt() else b""
        return learn(self._screen.tail(), self._patterns)

    def _no_prompt(self, command: str = "") -> NoPrompt:
        shown = excerpt(self._screen.tail(400))
        what = f"{self._name} shows its prompt and does not come back from `{command}`"
        if not command:
            what = f"{self._name} lets us in and shows no prompt that its platform knows"
        return NoPrompt(f"{what}; the last it wrote is {shown}" if shown else f"{what}; it writes nothing at all")

    def _no_privilege(self, what: str, said: str = "") -> LoginRefused:
        return LoginRefused(
            f"{self._name} {what}" + (f": {said}" if said else ""), do="Check the device's `secret` in the inventory."
        )

    def _turned_away(self, how: str) -> SessionError:
        shown = excerpt(self._screen.tail(400))
        said = f"; the last it wrote is {shown}" if shown else ""
        if _TURNED_AWAY.search(self._screen.tail()):
            return LoginRefused(f"{self._name} closed the session after the login{said}")
        when = "during its set-up" if self._prompt else "before it showed a prompt"
        return SessionLost(f"{self._name} was lost {when}: {how}{said}")

    # ------------------------------------------------------------------ ask

    def ask(self, commands: Sequence[str]) -> list[Reply]:
        """One reply per command, in order. Nothing is raised: how each one ended stands in its reply."""
        replies: list[Reply] = []
        self._sent.update(command.encode() for command in commands)
        while len(replies) < len(commands):
            left = commands[len(replies) :]
            if not self._over and self._deadline <= monotonic():
                self._over = "the time limit of the device had passed"
            if self._over:
                replies += [Reply(command, "", Ended.NOT_SENT, f"Not sent: {self._over}.") for command in left]
            elif self._patterns.ends_with is not None:
                replies.append(self._framed(left[0]))
            elif self._confirmed and self._ahead > 1 and len(left) > 1:
                replies += self._written_ahead(left)
            else:
                replies.append(self._single(left[0]))
        return replies

    def _single(self, command: str) -> Reply:
        started = monotonic()
        try:
            self._screen.send(command.encode() + self._newline)
            answer = trimmed(self._answer(command.encode(), started), self._prompt, self._patterns)
        except _Silence:
            return self._timed_out(command, started)
        except (Closed, TooMuch) as error:
            return self._dropped(command, started, str(error))
        return self._reply(command, answer, started)

    def _answer(self, needle: bytes, started: float) -> bytes:
        """Read until the answer to the one command that is under way is complete."""
        screen = self._screen
        echo: Echo | None = None
        scan = pager_from = 0
        while True:
            if echo is None and (echo := self._echo(needle)):
                scan = pager_from = echo.end
            if echo is not None:
                end, scan = find_end(screen.text, scan, self._prompt, self._patterns, sent=self._sent)
                if end >= 0:
                    return screen.take(end)[echo.end :]
            if self._pager(pager_from):
                pager_from = len(screen.text)
                scan = max(echo.end if echo else 0, min(scan, pager_from - len(self._prompt)))
            if screen.more(self._patience(started)):
                continue
            silent = monotonic() - screen.last_heard
            if self._left(started) <= 0:
                raise _Silence
            if silent >= _QUIET_S and (answer := self._settled(needle, echo, patient=silent >= _PATIENT_S)) is not None:
                return answer

    def _patience(self, started: float) -> float:
        """How long to wait for more: briefly where the end may be there already, else until the time limit."""
        left, screen = self._left(started), self._screen
        silent = monotonic() - screen.last_heard
        ends = self._at_prompt() or self._patterns.is_prompt(screen.last_line) or self._noisy_tail()
        if not ends or silent > _PATIENT_S:
            return left
        return min(left, (_QUIET_S if silent < _QUIET_S else _PATIENT_S) - silent + 0.01)

    def _at_prompt(self) -> bool:
        return self._screen.last_line.strip().endswith(self._prompt)

    def _noisy_tail(self) -> bool:
        inside = self._patterns.noise_inside
        return inside is not None and inside.search(self._screen.tail(512)) is not None

    def _echo(self, needle: bytes) -> Echo | None:
        """The echo of a command; the first one tells the true prompt, should a banner have looked like one."""
        text = self._screen.text
        if self._confirmed:
            echo = find_echo(text, needle, self._prompt, self._patterns)
            if echo is None and len(text) > len(self._prompt) + len(needle) and self._at_prompt():
                echo = find_wrapped_echo(text, needle, self._prompt)
            return echo
        echo = find_echo(text, needle, b"", self._patterns)
        if echo is not None:
            self._confirmed = True
            if not echo.prompt.endswith(self._prompt) and self._patterns.is_prompt(echo.prompt):
                self._prompt = echo.prompt
        return echo

    def _settled(self, needle: bytes, echo: Echo | None, *, patient: bool) -> bytes | None:
        """The answer when nothing more comes although its shape is not the expected one; None to wait on."""
        text = self._screen.text
        echo = echo or find_wrapped_echo(text, needle, self._prompt)
        if echo is None and self._confirmed and not patient:
            return None
        begin = echo.end if echo else self._behind_prompts()
        end, _ = find_end(text, begin, self._prompt, self._patterns, settled=True)
        if end < 0 and (at := torn(bytes(text[begin:][-4_096:]), self._prompt, self._patterns)) >= 0:
            end = at + max(begin, len(text) - 4_096)
            text[end:] = self._prompt
        if end < 0 and len(text) > begin and text.rstrip().endswith(self._prompt):
            end = text.rstrip().rfind(self._prompt)  # the answer's last line has no line end
        if end < 0 and patient and (other := learn(bytes(text[begin:][-4_096:]), self._patterns)):
            self._prompt, end = other, text.rfind(other)
        return self._screen.take(end)[begin:] if end >= begin else None

    def _behind_prompts(self) -> int:
        """Where the text begins behind the prompts at its front, but for the last prompt."""
        text, at = self._screen.text, 0
        while text[at : at + len(self._prompt)] == self._prompt and text.find(self._prompt, at + 1) >= 0:
            at += len(self._prompt)
            at += len(text) - at - len(text[at:].lstrip())
        return at

    def _pager(self, begin: int) -> bool:
        """Turn the page when a pager waits at the end of what came since `begin`."""
        pager, text = self._patterns.pager, self._screen.text
        if pager is None or len(text) <= begin:
            return False
        line = max(text.rfind(b"\n"), begin - 1, len(text) - 400) + 1
        last = bytes(text[line:])
        found = pager.search(last.strip(b" \r\b"))
        if not found:
            return False
        at = line + last.find(found[0])
        text[at:] = b""
        self._screen.send(self._spec.pager_answer.encode())
        return True

    # ---------------------------------------------------------- written ahead

    def _written_ahead(self, commands: Sequence[str]) -> list[Reply]:
        """Replies to as many of `commands` as came back as they should; the rest is asked one at a time."""
        replies: list[Reply] = []
        sent = 0
        started = monotonic()
        try:
            while len(replies) < len(commands):
                started = monotonic()
                upto = min(len(commands), len(replies) + self._ahead)
                if sent <= len(replies) + self._ahead // 2 and upto > sent:
                    self._screen.send(b"".join(c.encode() + self._newline for c in commands[sent:upto]))
                    sent = upto
                done = len(replies)
                following = commands[done + 1].encode() if done + 1 < sent else b""
                answer = self._next_answer(commands[done].encode(), following, started)
                replies.append(self._reply(commands[done], answer, started))
        except _Odd:
            self._ahead = 1
            if not self._back_to_prompt(monotonic() + self._left(started)):
                self._over = "the device did not come back to its prompt"
        except _Silence:
            self._ahead = 1
            replies.append(self._timed_out(commands[len(replies)], started))
        except (Closed, TooMuch) as error:
            replies.append(self._dropped(commands[len(replies)], started, str(error)))
        return replies

    def _next_answer(self, needle: bytes, following: bytes, started: float) -> bytes:
        """Read one of several answers that are under way; `following` is the command whose echo must come next."""
        screen = self._screen
        echo: Echo | None = None
        scan = 0
        while True:
            if echo is None and (echo := find_echo(screen.text, needle, self._prompt, self._patterns)):
                scan = echo.end
            if echo is not None:
                end, scan = find_end(screen.text, scan, self._prompt, self._patterns, following=following)
                if end >= 0:
                    answer = trimmed(screen.take(end)[echo.end :], self._prompt, self._patterns)
                    if following and following in answer:
                        raise _Odd
                    return answer
            if self._waits_at_pager():
                raise _Odd
            if not screen.more(self._patience(started)):
                raise _Silence if self._left(started) <= 0 else _Odd

    def _waits_at_pager(self) -> bool:
        pager = self._patterns.pager
        return pager is not None and pager.search(self._screen.last_line.strip(b" \r\b")) is not None

    def _back_to_prompt(self, until: float) -> bool:
        """Read and forget, pages turned, until the device waits at its prompt and stays silent."""
        screen = self._screen
        try:
            while (left := until - monotonic()) > 0:
                self._pager(0)
                if not screen.more(min(left, _QUIET_S)) and (
                    self._at_prompt() or learn(screen.tail(), self._patterns) == self._prompt
                ):
                    screen.take(len(screen.text))
                    screen.text += self._prompt
                    return True
        except (Closed, TooMuch):
            pass
        return False

    # ----------------------------------------------------------------- frames

    def _framed(self, command: str) -> Reply:
        """Ask where answers are frames with an end mark (MML)."""
        started = monotonic()
        assert self._patterns.ends_with is not None  # noqa: S101  ask() has looked
        try:
            self._screen.send(command.encode() + self._newline)
            answer = mml.read_report(self._screen, command, self._patterns.ends_with, lambda: self._left(started))
        except TimeoutError:
            return self._timed_out(command, started, recover=False)
        except (Closed, TooMuch) as error:
            return self._dropped(command, started, str(error))
        return self._reply(command, answer, started)

    # ---------------------------------------------------------------- endings

    @property
    def _newline(self) -> bytes:
        return self._spec.newline.encode()

    def _left(self, started: float) -> float:
        return min(started + self._spec.command_timeout_s, self._deadline) - monotonic()

    def _reply(self, command: str, answer: bytes, started: float) -> Reply:
        text = redact(self._patterns.without_noise(plain(answer)))
        seconds = monotonic() - started
        word, said = self._patterns.refusal(text)
        if word == "denied":
            return Reply(command, text, Ended.DENIED, f"The device does not allow it: {said}", seconds)
        if word == "refused":
            return Reply(command, text, Ended.REFUSED, f"The device does not know the command: {said}", seconds)
        return Reply(command, text, Ended.ANSWERED, "", seconds)

    def _timed_out(self, command: str, started: float, *, recover: bool = True) -> Reply:
        partial = redact(plain(bytes(self._screen.text)))
        seconds = monotonic() - started
        if recover and not self._interrupt():
            self._over = f"`{command}` got no answer and the device did not come back to its prompt"
        return Reply(command, partial, Ended.TIMEOUT, f"No prompt came back within {seconds:.0f} s.", seconds)

    def _interrupt(self) -> bool:
        """Break off what is under way and find the prompt again."""
        try:
            self._screen.take(len(self._screen.text))
            self._screen.send(b"\x03" + self._newline)
        except Closed:
            return False
        return self._back_to_prompt(min(monotonic() + _RECOVER_S, self._deadline))

    def _dropped(self, command: str, started: float, how: str) -> Reply:
        self._over = how
        try:
            partial = redact(plain(bytes(self._screen.text)))
        finally:
            self._screen.take(len(self._screen.text))
        return Reply(command, partial, Ended.DROPPED, f"Lost under way: {how}.", monotonic() - started)


def excerpt(data: bytes, most: int = 120) -> str:
    """The end of what was shown, printable, quoted, short and redacted; empty for nothing."""
    text = redact(plain(data)).strip()[-most:]
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return f'"{" ".join(shown.split())}"' if shown else ""
