"""Forms of the output: `-o ndjson` is for the watch alone, percentages for people have one form."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from eventready.cli.commands import COMMANDS, load_command
from eventready.cli.context import App
from eventready.cli.declare.work import WATCH
from eventready.core.errors import UsageError
from eventready.core.messages import Lang, percentage


def places(command: click.Command) -> Iterator[str]:
    """Places of the work of a command and its subcommands."""
    place = getattr(command.callback, "place", "")
    yield from [place] if place else []
    for child in command.commands.values() if isinstance(command, click.Group) else ():
        yield from places(child)


def test_the_watch_is_a_command() -> None:
    assert WATCH in {place for name in COMMANDS for place in places(load_command(name))}


@pytest.mark.parametrize(
    ("lang", "sentence"), [("en", "-o ndjson is for `eventready watch` alone"), ("vi", "-o ndjson chỉ dùng cho")]
)
@pytest.mark.parametrize("words", ["runs list", "watch alerts list", "duties deadlines", "audit", "lab status"])
def test_a_command_refuses_lines_of_json_before_its_work(lang: Lang, sentence: str, words: str) -> None:
    first, *others = words.split()
    done = CliRunner().invoke(load_command(first), others, obj=App(output="ndjson"), standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert sentence in done.exception.render(lang)
    assert done.exception.exit == 2


@pytest.mark.parametrize(
    ("value", "en", "vi"),
    [
        (64.4837, "64", "64"), (9.96, "10", "10"), (6.66, "6.7", "6,7"), (0.5, "0.5", "0,5"), (0.0178, "<0.1", "<0,1"),
        (0, "0", "0"), (100, "100", "100"), (99.97, "99.9", "99,9"), (250.4, "250", "250"), (-3.25, "-3.2", "-3,2"),
    ],
)  # fmt: skip
def test_a_percentage_for_people(value: float, en: str, vi: str) -> None:
    assert (percentage(value, "en"), percentage(value, "vi")) == (en, vi)
