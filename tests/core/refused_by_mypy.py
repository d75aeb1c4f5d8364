"""Texts that mypy refuses: without the error, `warn_unused_ignores` of `mypy --strict` reports the line. Never run."""

import logging

import click

from eventready.core.messages import Bilingual, Message, Text, in_language


def takes_text(_: str) -> None:
    """Stands for every function with a text."""


def refused(one: Message, either: str | Message, name: Bilingual, several: list[Text], lang: str) -> tuple[str, ...]:
    """Each line shows a message in no language, but for the last."""
    takes_text(one)  # type: ignore[arg-type]
    print(either)  # type: ignore[message-text]
    click.echo(one)  # type: ignore[message-text]
    logging.getLogger("x").warning("%s", one)  # type: ignore[message-text]
    return (
        one + ".",  # type: ignore[operator]
        ", ".join([either]),  # type: ignore[list-item]
        f"{one}",  # type: ignore[message-text]
        f"{name}: {in_language(one, lang)}",  # type: ignore[message-text]
        "{}".format(several),  # type: ignore[message-text]  # noqa: UP032  as an f-string
        str(either),  # type: ignore[message-text]
        f"{in_language(either, lang)}",
    )
