"""Every command has examples, and every option of an example exists."""

from __future__ import annotations

import shlex

import click
import pytest

from eventready.cli.commands import EXAMPLES
from eventready.cli.main import cli
from tests.declared import declared

#: Examples of commands that come with another feature.
_NOT_YET = frozenset[str]()


LEAVES = {
    words: command
    for words, command in declared().items()
    if not isinstance(command, click.Group) or command.invoke_without_command
}


@pytest.mark.parametrize("words", LEAVES)
def test_a_command_has_two_examples_with_options_that_exist(words: str) -> None:
    examples = EXAMPLES.get(words, ())
    assert len(examples) >= 2, f"add examples of {words!r} to cli/examples.txt"
    known = {option for parameter in (*LEAVES[words].params, *cli.params) for option in parameter.opts}
    for example in examples:
        tokens = shlex.split(example.partition(" > ")[0].partition(" >> ")[0])
        used = {token for token in tokens if token.startswith("-") and not token.lstrip("-")[:1].isdigit()}
        assert used <= known, example
        assert all(word in tokens for word in words.split())
        needed = [p for p in LEAVES[words].params if isinstance(p, click.Option) and p.required]
        assert all(used & set(option.opts) for option in needed), example


def test_no_example_is_of_an_unknown_command() -> None:
    assert set(EXAMPLES) - _NOT_YET == set(LEAVES) & set(EXAMPLES)
