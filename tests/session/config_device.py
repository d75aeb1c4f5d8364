"""A configurable device for tests: record every received line, with selectable faults."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

LOG = "*Apr 25 07:00:00.123: %LINK-3-UPDOWN: Interface Gi1, changed state to up"
REFUSAL = "% Invalid input detected at '^' marker."


@dataclass
class ConfigDevice:
    """`echo`: plain, wrap, spaced, bytes, torn, none.

    `prompt`, once there was a line: plain, twice, twice_lines, pieces, and those with a log line: torn, after, redrawn,
    before, same_line, blank_line. `at` is the number of the line (from 0) to which `fault` happens: refuse,
    refuse_torn, refuse_late, drop_before, drop_echo, drop_after, hang, hang_deaf, late, question, question_redrawn,
    questions, unknown, silent_prompt, rename, endless.
    """

    echo: str = "plain"
    prompt: str = "plain"
    at: int = -1
    fault: str = ""
    host: str = "R1"
    heard: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)


class _ConfigSession:
    def __init__(self, device: ConfigDevice, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.device, self.reader, self.writer = device, reader, writer
        self.modes: list[str] = []

    async def send(self, text: str, *, piece: int = 0) -> None:
        data = text.encode()
        for at in range(0, len(data), piece or len(data) or 1):
            self.writer.write(data[at : at + (piece or len(data))])
            await self.writer.drain()
            if piece:
                await asyncio.sleep(0.0005)

    @property
    def shown(self) -> str:
        return f"{self.device.host}({self.modes[-1]})#" if self.modes else f"{self.device.host}#"

    async def prompt(self) -> None:
        shown, log, half = self.shown, LOG, len(self.shown) // 2
        text = {
            "twice": shown * 2,
            "twice_lines": f"{shown}\r\n{shown}",
            "torn": f"{shown[:half]}\r\n{log}\r\n{shown[half:]}",
            "after": f"{shown}\r\n{log}\r\n",
            "redrawn": f"{shown}\r\n{log}\r\n{shown}",
            "before": f"{log}\r\n{shown}",
            "same_line": f"{shown}{log}\r\n{shown}",
            "blank_line": f"{shown}{log}\r\n{log}\r\n\r\n",
        }.get(self.device.prompt if self.device.heard else "", shown)
        await self.send(text, piece=3 if self.device.prompt == "pieces" else 0)

    async def line(self) -> str:
        text = ""
        while True:
            key = (await self.reader.readexactly(1)).decode()
            self.device.keys.append(key)
            if key in "\r\n":
                return text
            text += key

    async def show_echo(self, text: str) -> None:
        await {
            "none": lambda: self.send("\r\n"),
            "bytes": lambda: self.send(text + "\r\n", piece=1),
            "wrap": lambda: self.send(re.sub(r"(.{7})", "\\1 \b\r\n", text) + "\r\n"),
            "spaced": lambda: self.send(re.sub(r"(.{5})", "\\1 \r", text) + "\r\n"),
            "torn": lambda: self.send(f"{text[: len(text) // 2]}{LOG}\r\n{text[len(text) // 2 :]}\r\n"),
        }.get(self.device.echo, lambda: self.send(text + "\r\n"))()

    async def serve(self) -> None:
        device = self.device
        await self.prompt()
        while True:
            text = await self.line()
            if not text or text.startswith("terminal"):
                await self.send(text + "\r\n")
                await self.prompt()
                continue
            number = len(device.heard)
            device.heard.append(text)
            fault = device.fault if number == device.at else ""
            if fault == "drop_before":
                return
            if fault == "drop_echo":
                await self.send(text[: len(text) // 2])
                return
            if fault == "hang_deaf":
                await self.reader.read()  # until the session is given up
            await self.show_echo(text)
            if not await self.execute(text, fault):
                return

    async def execute(self, text: str, fault: str) -> bool:
        device = self.device
        if fault == "hang":
            await self.reader.read()  # until the session is given up
        if fault == "silent_prompt":
            await self.send(f"{device.host}2#")
            await self.reader.read()  # until the session is given up
        if fault == "rename":
            device.host = "OTHER"
        if fault == "endless":
            while True:
                await self.send("endless output\r\n" * 1_000)
        if fault == "late":
            await asyncio.sleep(0.6)
        if fault == "unknown":
            await self.send("Apply to all slots? [Y/N]:")
            device.answers.append(await self.line())
        if fault.startswith("question"):
            await self.questions(fault)
        if fault in ("refuse", "refuse_torn", "refuse_late"):
            await self.refuse(fault)
        else:
            device.taken.append(text)
            if fault == "drop_after":
                return False
            self.change_mode(text)
        await self.prompt()
        return True

    async def questions(self, fault: str) -> None:
        await self.send("Warning: this takes effect at once.\r\nContinue? [Y/N]:")
        if fault == "question_redrawn":
            await self.send(f"\r\n{LOG}\r\nContinue? [Y/N]:")
        self.device.answers.append(await self.line())
        await self.send(f"{self.device.answers[-1]}\r\n")
        if fault == "questions":
            await self.send("vrpcfg.zip exists, overwrite? [Y/N]:")
            self.device.answers.append(await self.line())
            await self.send(f"{self.device.answers[-1]}\r\n")

    async def refuse(self, fault: str) -> None:
        if fault == "refuse_torn":
            await self.send(f"     ^\r\n{REFUSAL[:7]}{LOG}\r\n{REFUSAL[7:]}\r\n")
        elif fault == "refuse_late":  # the prompt stands there before the refusal does
            await self.send(self.shown)
            await asyncio.sleep(0.05)
            await self.send(f"\r\n{REFUSAL}\r\n")
        else:
            await self.send(f"     ^\r\n{REFUSAL}\r\n\r\n")

    def change_mode(self, text: str) -> None:
        if text == "configure terminal":
            self.modes = ["config"]
        elif text.startswith(("interface ", "router ")):
            self.modes = ["config", "config-" + text.split(maxsplit=1)[0][:2]]
        elif text == "exit":
            self.modes = self.modes[:-1]
        elif text == "end":
            self.modes = []


def config_device_server(
    device: ConfigDevice,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]:
    """Return the server callback for one session of the device."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _ConfigSession(device, reader, writer).serve()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve
