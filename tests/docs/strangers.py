"""Strangers: a copy of the project with what a guide says to write, followed to the letter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from eventready.core.strings.texts import lines_of

ROOT = Path(__file__).parents[2]
#: A block of code whose first line names its file.
_BLOCK = re.compile(r"^```(\w+)\n(?:# |\{# )((?:src|tests)/[\w/.]+)(?: #\})?\n(.*?)^```$", re.M | re.S)
_PARTS = ("src", "tests", "docs", "inventory", "templates", "playbooks", "pyproject.toml")
_CODE = frozenset({".py"})


def follow(guide: str, home: Path) -> Path:
    """Copy the project by links, and write into it what a page says; return the copy."""
    blocks = _BLOCK.findall((ROOT / "docs/howto" / guide).read_text(encoding="utf-8"))
    assert blocks, f"{guide} names no file to write"
    copy = home / "project"
    copy.mkdir()
    for part in _PARTS:
        _linked(ROOT / part, copy / part, {name for _, name, _ in blocks})
    for language, name, text in blocks:
        file = copy / name
        if language in ("diff", "po"):
            known = file.read_text(encoding="utf-8")
            written = _patched(known, text) if language == "diff" else _with_entries(known, text)
        else:
            written = text
            assert not file.exists(), f"{name} exists: the guide has to say what is added to it"
        file.unlink(missing_ok=True)
        file.write_text(written, encoding="utf-8")
    return copy


def _linked(source: Path, copy: Path, written: Iterable[str], below: str = "") -> None:
    """Link a file or folder; folders of the product without platforms, and those written in, are folders of their own:
    no search in a tree follows links to folders."""
    name = f"{below}{source.name}"
    inside = {one for one in written if one.startswith(f"{name}/")}
    of_product = source.is_dir() and name.startswith("src") and source.parent.name != "platforms"
    if not (inside or of_product):
        copy.symlink_to(source)
        return
    copy.mkdir()
    for child in source.iterdir():
        if child.name != "__pycache__":
            _linked(child, copy / child.name, inside, f"{name}/")


def _patched(text: str, diff: str) -> str:
    """Make the changes of a diff: a line ` ` or `-` stands in the file once, and lines `+` follow it."""
    lines, place = text.split("\n"), 0
    for line in lines_of(diff):
        if line.startswith("+"):
            lines.insert(place, line[1:])
            place += 1
            continue
        assert lines.count(line[1:]) == 1, f"{line[1:]!r} does not stand in the file once"
        place = lines.index(line[1:]) + 1
        if line.startswith("-"):
            place -= 1
            del lines[place]
    return "\n".join(lines)


def _with_entries(catalogue: str, entries: str) -> str:
    """Add entries of a catalogue, sorted by key: the context, else the sentence."""

    def key(block: str) -> str:
        first = block.partition("\nmsgstr")[0].partition("\nmsgid")[0]
        return "".join(re.findall(r'"(.*)"', first))

    head, *blocks = (catalogue.rstrip("\n") + "\n\n" + entries.strip("\n")).split("\n\n")
    return "\n\n".join([head, *sorted(blocks, key=key)]) + "\n"


def run(copy: Path, *words: str, script: str = "") -> str:
    """Run Python in a copy, with the words of its command line or a script; return what it prints."""
    paths = os.pathsep.join((str(copy / "src"), str(copy)))
    command = [sys.executable, *(("-c", script) if script else words)]
    done = subprocess.run(
        command, cwd=copy, env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "160"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def code_of(copy: Path) -> Iterator[str]:
    """Paths of the code that was written: the files of a copy that are no links to the project."""
    for folder in ("src", "tests"):
        yield from (str(file) for file in _own(copy / folder) if file.suffix in _CODE)


def _own(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        return
    for one in folder.iterdir():
        if one.is_dir():
            yield from _own(one)
        elif not one.is_symlink():
            yield one
