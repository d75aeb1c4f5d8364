"""Damages of a terminal's output: lost and repeated lines, log lines in between, leftovers of a pager, other line ends.

A damage at a place takes the lines and the number of a line; a damage of the whole takes the text alone. Either returns
the text as it would stand in a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventready.workspace.files.yaml_document import load_yaml


@dataclass(frozen=True)
class Terminal:
    """What a platform's terminal prints besides answers: its prompt, a log line, and its pager's words."""

    prompt: str
    log: str = ""
    pager: str = "--More--"


TERMINALS: dict[str, Terminal] = {
    name: Terminal(**words) for name, words in load_yaml(Path(__file__).with_name("terminals.yaml")).data.items()
}

PlaceDamage = Callable[[list[str], int, Terminal], list[str]]
WholeDamage = Callable[[str, str, Terminal], str]


def lost(lines: list[str], place: int, _: Terminal) -> list[str]:
    """Return the lines without one."""
    return [*lines[:place], *lines[place + 1 :]]


def repeated(lines: list[str], place: int, _: Terminal) -> list[str]:
    """Return the lines with one twice."""
    return [*lines[:place], lines[place], *lines[place:]]


def swapped(lines: list[str], place: int, _: Terminal) -> list[str]:
    """Return the lines with one behind the next."""
    return [*lines[:place], *lines[place + 1 : place + 2], lines[place], *lines[place + 2 :]]


def cut(lines: list[str], place: int, _: Terminal) -> list[str]:
    """Return the lines up to one."""
    return lines[: place + 1]


def log_line(lines: list[str], place: int, terminal: Terminal) -> list[str]:
    """Return the lines with a log line before one."""
    return [*lines[:place], terminal.log, *lines[place:]]


def log_in_word(lines: list[str], place: int, terminal: Terminal) -> list[str]:
    """Return the lines with a log line inside the first, a middle or the last word of one."""
    line = lines[place]
    words = [index for index in range(1, len(line)) if line[index - 1].isalnum() and line[index].isalnum()]
    if not words:
        return lines
    at = words[(0, len(words) // 2, -1)[place % 3]]
    return [*lines[:place], line[:at], terminal.log, line[at:], *lines[place + 1 :]]


def pager_line(lines: list[str], place: int, terminal: Terminal) -> list[str]:
    """Return the lines with the words of a pager before one, in a line of their own or in the same."""
    if place % 2:
        return [*lines[:place], terminal.pager, *lines[place:]]
    return [*lines[:place], f"{terminal.pager} {lines[place]}", *lines[place + 1 :]]


AT_PLACE: dict[str, PlaceDamage] = {
    "lost": lost,
    "repeated": repeated,
    "swapped": swapped,
    "cut": cut,
    "log_line": log_line,
    "log_in_word": log_in_word,
    "pager_line": pager_line,
}


def line_ends(end: str) -> WholeDamage:
    """Return the damage that ends every line otherwise."""
    return lambda text, _command, _terminal: text.replace("\n", end)


def echoed_twice(text: str, command: str, terminal: Terminal) -> str:
    """Return the text behind two prompts with the command, and two prompts behind it."""
    echo = f"{terminal.prompt} {command}\n"
    return f"{echo}{echo}{text}{terminal.prompt}\n{terminal.prompt}\n"


OF_WHOLE: dict[str, WholeDamage] = {
    "crlf": line_ends("\r\n"),
    "crcrlf": line_ends("\r\r\n"),
    "cr": line_ends("\r"),
    "lfcr": line_ends("\n\r"),
    "echoed_twice": echoed_twice,
}
