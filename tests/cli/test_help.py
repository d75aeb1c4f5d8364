"""The help of every command is whole in both languages, and its Vietnamese catalogue is complete."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from eventready.cli.commands import COMMANDS, GROUPS, HIDDEN
from eventready.cli.context import App
from eventready.cli.declare.first_week import MORE, FirstWeek
from eventready.cli.help_language import HelpContext, by_piece, command_line_in, requested_lang
from eventready.cli.main import _SHORT, cli, main
from eventready.core import catalogue, messages
from eventready.core.errors import Exit
from eventready.core.messages import LANGS, Lang
from eventready_lab.faults.simulated.catalogue import FAULT_TYPES
from eventready_lab.real.faults.catalogue import REAL_FAULT_TYPES
from tests.declared import declared

LOCALES = Path(__file__).parents[2] / "src/eventready/locales"
#: Commands, options, file names, metavariables: the same in both languages.
_IDENTIFIER = re.compile(
    r"`[^`]+`|(?<!\w)--?[a-z][a-z-]*\b|\w+\.(?:yaml|yml|json|eml|csv)\b|\b[A-Z]{3,}\b(?!:)|\{[a-z.]+"
)
#: Words of English sentences.
_ENGLISH = re.compile(
    r"\b(?:the|this|is|are|and|or|with|without|of|not|no|by|for|show|write|only|default|required)\b", re.I
)
_WIDTH = 80


def tree(context: HelpContext) -> Iterator[HelpContext]:
    """Contexts of a command and of all commands below."""
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from tree(HelpContext(child, parent=context, info_name=name))


def contexts(lang: Lang) -> Iterator[HelpContext]:
    yield from tree(
        HelpContext(cli, info_name="eventready", obj=App(chosen_lang=lang, whole_help=True), **cli.context_settings)
    )


def help_texts(context: HelpContext) -> Iterator[str]:
    command = context.command
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield parameter.help or ""
    yield from (command.help or "", command.epilog or "")
    if isinstance(command, click.Group) and context.parent is not None:
        yield from (child.get_short_help_str(1000) for child in command.commands.values())


def pieces(content: str) -> list[str]:
    found: list[str] = []

    def collect(piece: str) -> str:
        found.append(piece)
        return piece

    by_piece(inspect.cleandoc(content), collect)
    return [piece for piece in found if piece]


@cache
def sources() -> frozenset[str]:
    """Every translatable piece of the help and of the list of faults."""
    texts = [*GROUPS, "Exit codes", _SHORT, MORE]
    texts += [line for commands in GROUPS.values() for line in commands.values()]
    texts += [kind.help for kind in FAULT_TYPES.values()] + [kind.help for kind in REAL_FAULT_TYPES.values()]
    texts += [text for context in contexts("en") for text in help_texts(context)]
    return frozenset(piece for text in texts for piece in pieces(text))


@cache
def translations(name: str = "help") -> dict[str, str]:
    with (LOCALES / f"{name}.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, abort_invalid=True) if entry.id}


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_every_text_of_the_help_has_its_translation_and_no_other_has() -> None:
    assert sorted(sources() - set(translations()) - set(translations("click"))) == []
    assert sorted(set(translations()) - sources()) == []


@pytest.mark.parametrize("name", ["click", "help"])
def test_a_catalogue_by_english_texts_is_tidy(name: str) -> None:
    text = (LOCALES / f"{name}.po").read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert list(translations(name)) == sorted(translations(name))
    assert text.count("\nmsgid ") == len(translations(name)), "a text stands twice"


def test_a_translation_keeps_identifiers_and_is_vietnamese() -> None:
    for english, vietnamese in (translations() | translations("click")).items():
        names, shown = (re.sub(r"\{.*?\}", "", text) for text in (english, vietnamese))
        assert set(_IDENTIFIER.findall(names)) <= set(_IDENTIFIER.findall(shown)), english
        assert not _ENGLISH.search(_IDENTIFIER.sub("", shown)), vietnamese
        assert english.endswith(".") == vietnamese.endswith("."), english


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_help_is_whole_and_fits_a_terminal(lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(_WIDTH))
    translated = translations() | translations("click")
    for context in contexts(lang):
        with command_line_in(lang):
            shown = context.get_help()
        assert "\b" not in shown
        wide = [line for line in shown.splitlines() if len(line) > _WIDTH]
        assert not wide, context.command_path
        for text in help_texts(context):
            for piece in pieces(text):
                expected = piece if lang == "en" else translated[piece]
                assert squeezed(expected) in squeezed(shown), context.command_path


def test_the_words_of_click_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(_WIDTH))
    for context in contexts("vi"):
        with command_line_in("vi"):
            shown = context.get_help()
        assert shown.startswith("Cách dùng: ")
        assert not re.search(r"Usage|Options:|Commands:|Examples:|Exit codes|\[(?:default|required|env var)", shown)
        if context.info_name == "serve":
            assert squeezed("[mặc định: 8750; 1<=x<=65535]") in squeezed(shown)


@pytest.mark.parametrize(
    "line",
    ["--lang vi --help", "--help --lang vi", "--lang=vi audit --help", "audit --help --lang vi", "lab up -h --lang=vi"],
)
def test_help_follows_the_language_anywhere_on_the_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(line.split())
    assert capsys.readouterr().out.startswith("Cách dùng: ")


def test_help_follows_the_environment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("EVENTREADY_LANG", "vi")
    for words, start in (["--help"], "Cách dùng"), (["--lang", "en", "--help"], "Usage"), (["runs"], "Cách dùng"):
        with pytest.raises(SystemExit):
            main(words)
        out, err = capsys.readouterr()
        assert (out + err).startswith(start)


@pytest.mark.parametrize(
    ("words", "variable", "lang"),
    [
        ([], "", None),
        ([], "vi", "vi"),
        (["--lang", "en"], "vi", "en"),
        (["--lang", "en", "audit", "--lang=vi"], "", "vi"),
        (["docs", "--", "--lang", "vi"], "", None),
        (["audit", "--lang"], "", None),
        (["--lang", "fr"], "vi", None),
    ],
)
def test_the_language_is_known_before_the_line_is_parsed(words: list[str], variable: str, lang: Lang | None) -> None:
    assert requested_lang(words, {"EVENTREADY_LANG": variable}) == lang


def test_english_help_reads_no_catalogue(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    load = catalogue.load

    def refuse(folder: Path, namespace: str, lang: Lang) -> NullTranslations | None:
        assert namespace not in {"click", "help"}, f"{folder}/{namespace} is read"
        return load(folder, namespace, lang)

    monkeypatch.delenv("EVENTREADY_LANG", raising=False)
    messages._catalogue.cache_clear()
    monkeypatch.setattr(catalogue, "load", refuse)
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith("Usage: ")


def test_faults_are_listed_in_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {}
    for lang in LANGS:
        with pytest.raises(SystemExit):
            main(["--lang", lang, "lab", "fault", "--list"])
        listed[lang] = squeezed(capsys.readouterr().out)
    for kind in FAULT_TYPES.values():
        assert squeezed(kind.help) in listed["en"]
        assert squeezed(translations()[kind.help]) in listed["vi"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_root_help_fits_a_screen(lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(_WIDTH))
    shown = HelpContext(cli, info_name="eventready", obj=App(chosen_lang=lang), **cli.context_settings).get_help()
    assert len(shown.splitlines()) <= 45
    named = [name for name in COMMANDS if re.search(rf"^  {name} ", shown, re.M)]
    assert sorted({*COMMANDS} - {*named}) == sorted(GROUPS[HIDDEN])
    assert len(named) <= 24


def test_the_whole_help_names_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(_WIDTH))
    with pytest.raises(SystemExit):
        main(["--help", "--all"])
    shown = capsys.readouterr().out
    assert [words for words in declared() if not re.search(rf"^  {words} ", shown, re.M)] == []
    assert all(f"  {int(code)}  " in shown for code in Exit)


@pytest.mark.parametrize("lang", LANGS)
def test_a_short_help_names_the_way_to_the_whole(lang: Lang) -> None:
    short = {words: command for words, command in declared().items() if isinstance(command, FirstWeek)}
    assert {"audit", "plan", "init"} <= short.keys()
    for words, command in short.items():
        for whole in (False, True):
            shown = HelpContext(command, info_name=words, obj=App(chosen_lang=lang, whole_help=whole)).get_help()
            offered = {option for one in command.params if not getattr(one, "hidden", False) for option in one.opts}
            left = {option for option in offered if option.startswith("--") and option not in shown}
            assert bool(left) != whole, words
            assert ("--help --all" in shown) != whole
