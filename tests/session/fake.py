"""Scripted devices on loopback with every bad habit, over SSH and raw TCP, in a thread with its own loop."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh

T = TypeVar("T")

USER, PASSWORD, ENABLE = "netops", "Pl4nted-l0gin", "Pl4nted-3nable"
LOG = "*Apr 25 07:00:00.123: %LINK-3-UPDOWN: Interface Gi1, changed state to up"


@dataclass
class Script:
    """What one device does. Times are seconds."""

    answers: Mapping[str, str] = field(default_factory=dict)
    host: str = "R1"
    banner: str = ""
    greeting_delay: float = 0.0
    prompt_delay: float = 0.0
    prompt_pieces: int = 1
    prompt_times: int = 1
    log: str = ""  # "before" | "after" | "redrawn" | "inside" | "same_line"
    log_on: tuple[int, ...] = ()  # which prompts it comes with; empty: all of them
    echo: str = "plain"  # "none" | "wrap" | "again" | "again in pieces"
    echo_delay: float = 0.0  # before each line's echo
    answer_delay: float = 0.0  # between echo and answer
    colour: bool = False
    page: int = 0
    pager_flushes_input: bool = False
    hang_on: str = ""
    late_by: float = 0.0
    drop_on: str = ""
    drop_times: int = 1_000  # sessions that drop at `drop_on`; the later ones answer
    drop_at_start: bool = False
    ignores_interrupt: bool = False
    silent: bool = False
    question: str = ""
    enable: bool = False
    refuse_enable: bool = False
    refuse_login: bool = False
    typeahead_lost: bool = False
    truncated: bool = False
    renames_to: str = ""
    unterminated: bool = False
    heard: list[str] = field(default_factory=list)
    idle_s: float = 0.0  # silence at the prompt after which a session says `idle_says`, and ends without it
    idle_says: str = ""
    idle_answers: bool = True  # whether it answers afterwards
    forwards: bool = False  # a jump host
    questions: tuple[tuple[str, str], ...] = ()  # of a keyboard-interactive login, with their answers, one a round
    console: str = ""  # the login of the device behind a console server: "user/password"
    device_login: str = ""  # a login of the device itself, after SSH has let anybody in: "user/password"
    sessions: int = 0
    most_sessions: int = 0
    logins: int = 0


class Talk:
    """One session's behaviour, whatever carries it."""

    def __init__(self, script: Script, write: Callable[[bytes], None], close: Callable[[], None]) -> None:
        self.script, self.write, self.close = script, write, close
        self.typed = ""
        self.privileged = not script.enable
        self.asking = ""  # "enable" | "question"
        self.paged: list[str] = []
        self.task: asyncio.Task[None] | None = None
        self.prompts = 0
        self.inbox: asyncio.Queue[str] = asyncio.Queue()

    def start(self) -> None:
        self.script.sessions += 1
        self.script.most_sessions = max(self.script.most_sessions, self.script.sessions)
        self.task = asyncio.get_running_loop().create_task(self.run())

    def ended(self) -> None:
        self.script.sessions -= 1
        if self.task:
            self.task.cancel()

    def feed(self, text: str) -> None:
        for letter in text:
            self.inbox.put_nowait(letter)

    async def run(self) -> None:
        script = self.script
        if script.drop_at_start:
            self.say("% Authorization failed.\r\n")
            self.close()
            return
        if script.silent:
            return
        if script.console:
            await self.line(echo=True)  # a console shows its login after an Enter only
        if login := script.console or script.device_login:
            await self.login(login)
        await asyncio.sleep(script.greeting_delay)
        self.say(script.banner.replace("\n", "\r\n"))
        if script.question:
            self.say(script.question)
            answer = await self.line(echo=True)
            script.heard.append(f"question:{answer}")
        await self.prompt()
        while True:
            await self.command(await self.line(echo=True))

    async def login(self, wanted: str) -> None:
        """Ask for user and password until they are right."""
        while True:
            self.say("\r\nR1 login: " if self.script.console else "Please login: ")
            user = await self.line(echo=True)
            self.say("Password: ")
            if f"{user}/{await self.line(echo=False)}" == wanted:
                return
            self.say("\r\nLogin incorrect\r\n")

    async def line(self, *, echo: bool) -> str:
        text = ""
        while True:
            letter = await self.next_letter()
            if not text and self.script.echo_delay:
                await asyncio.sleep(self.script.echo_delay)
            if letter == "\x03":
                text = ""
                continue
            if letter in "\r\n":
                self.say("\r\n")
                return text
            text += letter
            if echo and self.script.echo != "none":
                self.say(self.echoed(letter, len(text)))

    async def next_letter(self) -> str:
        """The next letter typed, after an idle time the reaction to that first."""
        script = self.script
        if not script.idle_s:
            return await self.inbox.get()
        try:
            return await asyncio.wait_for(self.inbox.get(), script.idle_s)
        except TimeoutError:
            self.say(script.idle_says)
            if script.idle_answers and not script.idle_says:
                self.close()
            await asyncio.sleep(0 if script.idle_answers and script.idle_says else 60)
            return await self.inbox.get()

    def echoed(self, letter: str, column: int) -> str:
        if self.script.echo == "wrap" and column % 8 == 0:
            return letter + " \b" if column % 16 else letter + "\r\n"
        return letter

    def say(self, text: str) -> None:
        if text:
            self.write(text.encode("utf-8", "surrogateescape"))

    def prompt_text(self) -> str:
        return self.script.host + ("#" if self.privileged else ">")

    async def prompt(self) -> None:
        script, text = self.script, self.prompt_text()
        if script.colour:
            text = f"\x1b[32m{text[:-1]}\x1b[0m\x00{text[-1]}"
        await asyncio.sleep(script.prompt_delay)
        shown = {
            "before": f"{LOG}\r\n{text}",
            "after": f"{text}\r\n{LOG}\r\n",
            "redrawn": f"{text}\r\n{LOG}\r\n{text}",
            "inside": f"{text[:1]}\r\n{LOG}\r\n{text[1:]}",
            "same_line": f"{text}{LOG}\r\n{text}",
        }.get(script.log if not script.log_on or self.prompts in script.log_on else "", text)
        self.prompts += 1
        shown *= script.prompt_times
        size = -(-len(shown) // script.prompt_pieces)
        for at in range(0, len(shown), size):
            self.say(shown[at : at + size])
            if script.prompt_pieces > 1:
                await asyncio.sleep(0.02)

    async def command(self, line: str) -> None:
        script, name = self.script, line.strip()
        if name:
            script.heard.append(name)
        if script.typeahead_lost:
            while not self.inbox.empty():
                self.inbox.get_nowait()
        if name == "enable" and script.enable:
            await self.enable()
        elif name and name == script.hang_on:
            await self.hang()
        elif name and name == script.drop_on and script.drop_times > 0:
            script.drop_times -= 1
            self.say(script.answers.get(name, "half an answ")[: len(script.answers.get(name, "xx")) // 2 + 5])
            self.close()
            await asyncio.sleep(60)
        elif name.startswith("terminal"):
            await asyncio.sleep(script.answer_delay)
        elif name:
            await asyncio.sleep(script.answer_delay)
            await self.draw_again(line)
            await self.answer(script.answers.get(name, "% Invalid input detected at '^' marker.\n"))
        if script.renames_to and name == "rename":
            script.host = script.renames_to
        await self.prompt()

    async def draw_again(self, line: str) -> None:
        """Show prompt and command once more, as RouterOS does."""
        if self.script.echo.startswith("again"):
            self.say(self.prompt_text())
            await asyncio.sleep(0.1 if "pieces" in self.script.echo else 0)
            self.say(f"{line}\r\n")

    async def answer(self, text: str) -> None:
        text = text[: len(text) // 2] if self.script.truncated else text
        lines = text.replace("\n", "\r\n").split("\r\n")
        page = self.script.page
        if not page or len(lines) <= page:
            self.say("\r\n".join(lines) if not self.script.unterminated else "\r\n".join(lines).rstrip())
            return
        while lines:
            self.say("\r\n".join(lines[:page]) + ("\r\n" if len(lines) > page else ""))
            lines = lines[page:]
            if lines:
                self.say(" --More-- ")
                if self.script.pager_flushes_input:
                    while not self.inbox.empty():
                        self.inbox.get_nowait()
                key = await self.inbox.get()
                self.say("\b" * 10 + " " * 10 + "\b" * 10)
                if key != " ":
                    self.say("\r\n")
                    return

    async def enable(self) -> None:
        self.say("Password: ")
        given = await self.line(echo=False)
        if given == ENABLE and not self.script.refuse_enable:
            self.privileged = True
            return
        self.say("Password: ")
        await self.line(echo=False)
        self.say("% Bad secrets\r\n")

    async def hang(self) -> None:
        if self.script.late_by:
            await asyncio.sleep(self.script.late_by)
            self.say(self.script.answers.get(self.script.hang_on, "late\n").replace("\n", "\r\n"))
            return
        while True:
            letter = await self.inbox.get()
            if letter == "\x03" and not self.script.ignores_interrupt:
                self.say("^C\r\n")
                return


class _SshSession(asyncssh.SSHServerSession[bytes]):
    def __init__(self, script: Script) -> None:
        self._script = script

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        def write(data: bytes) -> None:
            if not chan.is_closing():
                chan.write(data)

        self._talk = Talk(self._script, write, chan.close)

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._talk.start()

    def data_received(self, data: bytes, datatype: Any) -> None:
        self._talk.feed(data.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self._talk.ended()


class _SshServer(asyncssh.SSHServer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def begin_auth(self, username: str) -> bool:
        return not self._script.device_login

    def password_auth_supported(self) -> bool:
        return not self._script.questions

    def kbdint_auth_supported(self) -> bool:
        return bool(self._script.questions)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        self._script.logins += 1
        self._round = 0
        return self._ask()

    def validate_kbdint_response(self, username: str, responses: Any) -> Any:
        if responses[0] != self._script.questions[self._round][1]:
            return False
        self._round += 1
        return self._ask() if self._round < len(self._script.questions) else True

    def _ask(self) -> Any:
        return "", "", "", [(self._script.questions[self._round][0], False)]

    def validate_password(self, username: str, password: str) -> bool:
        self._script.logins += 1
        return not self._script.refuse_login and (username, password) == (USER, PASSWORD)

    def session_requested(self) -> Any:
        return _SshSession(self._script)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self._script.forwards


class Fleet:
    """Fakes in a thread of their own; `ssh`, `telnet` and `raw` give the port a script listens on."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.thread.start()
        self._servers: list[Any] = []

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def stop(self) -> None:
        async def end() -> None:
            for server in self._servers:
                server.close()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
            await asyncio.sleep(0)

        self.call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def ssh(self, script: Script) -> int:
        async def listen() -> int:
            server = await asyncssh.listen(
                "127.0.0.1",
                0,
                server_factory=lambda: _SshServer(script),
                server_host_keys=[self.key],
                encoding=None,
                line_editor=False,
            )
            self._servers.append(server)
            return server.get_port()

        return self.call(listen())

    def trust(self, path: Path, *ports: int) -> Path:
        """Record the fleet's key for the ports."""
        public = self.key.export_public_key().decode().strip()
        path.write_text("".join(f"[127.0.0.1]:{port} {public}\n" for port in ports))
        return path

    def telnet(self, script: Script, *, login: bool = True) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talk = Talk(script, writer.write, writer.close)

            async def pump() -> None:
                while data := await reader.read(4096):
                    typed = re.sub(rb"\xff[\xfb-\xfe].", b"", data, flags=re.DOTALL)  # what the client negotiates
                    talk.feed(typed.decode(errors="ignore").replace("\x00", ""))

            pumping = asyncio.create_task(pump())
            try:
                writer.write(b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18")
                if login and not await self._log_in(script, talk):
                    writer.close()
                    return
                talk.start()
                await pumping
            except ConnectionError:
                pass
            finally:
                if talk.task:
                    talk.ended()
                pumping.cancel()
                writer.close()

        return self._tcp(serve)

    @staticmethod
    async def _log_in(script: Script, talk: Talk) -> bool:
        for _ in range(2):
            talk.say("\r\nUser Access Verification\r\n\r\nUsername: ")
            user = await talk.line(echo=True)
            talk.say("Password: ")
            password = await talk.line(echo=False)
            script.logins += 1
            if (user, password) == (USER, PASSWORD) and not script.refuse_login:
                return True
            talk.say("% Login invalid\r\n")
        return False

    def raw(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> int:
        return self._tcp(serve)

    def _tcp(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> int:
        async def listen() -> int:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
            assert isinstance(port, int)
            return port

        return self.call(listen())


@dataclass
class MmlScript:
    """A manager (or an element, when `elements` is empty) that speaks MML."""

    answers: Mapping[str, str | bytes] = field(default_factory=dict)
    elements: tuple[str, ...] = ()
    password: str = PASSWORD
    masks_password: bool = False
    alarm_between: bool = False
    packets: int = 1
    piece: int = 0
    full: bool = False
    hang_on: str = ""
    drop_on: str = ""
    heard: list[str] = field(default_factory=list)


ALARM = (
    "+++    BSC6900        2022-04-25 07:00:01\nALARM  #4711  Fault  Major\nAlarm name  =  Link down\n---    END\n\n"
)


def mml_server(script: MmlScript) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    """The server's callback."""

    def report(command: str, body: str | bytes, more: bool = False) -> bytes:
        head = f"+++    BSC6900        2022-04-25 07:00:00\nO&M    #{len(script.heard)}\n%%/*1*/{command}%%\n"
        rest = body if isinstance(body, bytes) else body.encode()
        tail = b"\nTo be continued..." if more else b""
        return (head.encode() + rest + tail + b"\n---    END\n\n").replace(b"\n", b"\r\n")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(data: bytes) -> None:
            size = script.piece or len(data)
            for at in range(0, len(data), size):
                writer.write(data[at : at + size])
                await writer.drain()
                if script.piece:
                    await asyncio.sleep(0.001)

        try:
            while line := await reader.readuntil(b";"):
                command = line.decode().strip()
                script.heard.append(command)
                if command.startswith("LGI"):
                    good = f'PWD="{script.password}"' in command and not script.full
                    shown = command.replace(script.password, "*****") if script.masks_password else command
                    output = "Login User Count Must Less Than 3" if script.full else "User name or password is wrong."
                    await send(report(shown, f"RETCODE = {0 if good else 1}  {'Success' if good else output}\n"))
                elif command.startswith("REG NE"):
                    known = command.removeprefix("REG NE:NAME=").rstrip(";") in script.elements
                    output = "RETCODE = 0  Success" if known else "RETCODE = 1  Ne is not connected."
                    await send(report(command, output))
                elif command.startswith(("UNREG", "LGO")):
                    await send(report(command, "RETCODE = 0  Success"))
                elif command == script.hang_on:
                    await asyncio.sleep(60)
                else:
                    if script.alarm_between:
                        await send(ALARM.replace("\n", "\r\n").encode())
                    if command == script.drop_on:
                        await send(report(command, "RETCODE = 0  Opera")[:60])
                        return
                    for number in range(script.packets):
                        body = script.answers.get(command, "RETCODE = 1  Unknown command.\n")
                        await send(report(command, body, more=number + 1 < script.packets))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve
