"""Help, usage errors and prompts of the command line in the language of the terminal.

The English text in the code is the source, and its pieces are the ids of `help.po`: a paragraph, or the last column of
a line where the layout is preserved. A changed English text loses its translation, and a test fails. The sentences of
click are those of `click.po`, by their English form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import click

from eventready.core.messages import LANGS, Lang, source_text

#: Mark of click in front of a paragraph with a preserved layout.
_PRESERVED = "\b\n"
#: Indent and columns in front of the last column of a line.
_COLUMNS = re.compile(r"( *(?:.*\S {2,})?)(.*)", re.DOTALL)
#: Beginnings of a command line, and of its continuation: no text.
_COMMAND_LINE = ("eventready ", "-")
#: Language of the command line of this thread.
_LANG: ContextVar[Lang] = ContextVar("language of the command line", default="en")


@contextmanager
def command_line_in(lang: Lang) -> Iterator[None]:
    """Let click speak a language during the block, in this thread."""
    before = _LANG.set(lang)
    try:
        yield
    finally:
        _LANG.reset(before)


class _Sentence(str):
    """Sentence of click, with its type of values in the language."""

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        if kind := named.get("number_type"):
            named["number_type"] = _gettext(str(kind))
        return super().format(*values, **named)


def _gettext(english: str) -> str:
    lang = _LANG.get()
    return english if lang == "en" else _Sentence(source_text("click", english, lang))


def _ngettext(one: str, several: str, count: int) -> str:
    return _gettext(one if count == 1 else several)


# gettext takes the language from the environment, which is that of every thread and of every program started from here.
# click.decorators is left out: its texts are made once, and translated as any help.
for _module in (click.core, click.exceptions, click.formatting, click.parser, click.termui, click.types):
    vars(_module).update(_=_gettext, ngettext=_ngettext)


def requested_lang(arguments: Sequence[str], environment: Mapping[str, str]) -> Lang | None:
    """Language of the last `--lang` in the arguments, else of EVENTREADY_LANG, known before click parses them."""
    chosen = environment.get("EVENTREADY_LANG", "")
    words = list(arguments)
    words = words[: words.index("--")] if "--" in words else words
    for word, following in zip(words, [*words, ""][1:], strict=True):
        name, equals, value = word.partition("=")
        if name == "--lang":
            chosen = value if equals else following
    return next((lang for lang in LANGS if lang == chosen), None)


def by_piece(content: str, change: Callable[[str], str]) -> str:
    """Replace every piece of a help text: paragraphs, or the last columns of the lines of a preserved paragraph."""
    return "\n\n".join(_paragraph(paragraph, change) for paragraph in content.split("\n\n"))


def _paragraph(paragraph: str, change: Callable[[str], str]) -> str:
    if not paragraph.startswith(_PRESERVED):
        return change(" ".join(line.strip() for line in paragraph.split("\n")))
    lines = paragraph.removeprefix(_PRESERVED).split("\n")
    return _PRESERVED + "\n".join(_line(line, change) for line in lines)


def _line(line: str, change: Callable[[str], str]) -> str:
    found = _COLUMNS.fullmatch(line)
    return line if found is None or found[2].startswith(_COMMAND_LINE) else found[1] + change(found[2])


def translated_help(content: str, lang: str) -> str:
    """A help text in a language; pieces without a translation stay English."""
    return content if lang == "en" else by_piece(content, lambda piece: _translated(piece, lang))


def _translated(piece: str, lang: str) -> str:
    shown = source_text("help", piece, lang)
    return source_text("click", piece, lang) if shown == piece else shown


class HelpFormatter(click.HelpFormatter):
    """Layout of click with every text in a language."""

    def write_heading(self, heading: str) -> None:
        super().write_heading(translated_help(heading, _LANG.get()))

    def write_text(self, text: str) -> None:
        super().write_text(translated_help(text, _LANG.get()))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(term, _described(content)) for term, content in rows], col_max, col_spacing)


def _described(content: str) -> str:
    """The help of an option; its default, range and environment variable are in the language already."""
    lang = _LANG.get()
    whole = translated_help(content, lang)
    text, mark, extra = content.rpartition("  [")
    return whole if whole != content else f"{translated_help(text, lang)}{mark}{extra}"


class HelpContext(click.Context):
    """Context with a formatter for the language of the terminal."""

    formatter_class = HelpFormatter
