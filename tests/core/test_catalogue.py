"""The catalogue is whole: every id in use has its sentence in both languages, and every sentence is in use."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from eventready.checks.finding import Outcome
from eventready.checks.registry import all_checks
from eventready.core.catalogue import LANGS
from eventready.evaluation.verdicts import Readiness
from eventready.facts.observation import Status
from eventready.facts.platform import load_platform
from eventready.platforms.loader import platform_names
from eventready.workspace.devices.device import ROLES, SERVICES

SOURCES = Path(__file__).parents[2] / "src"
LOCALES = SOURCES / "eventready" / "locales"
NAMESPACES = sorted(path.stem for path in LOCALES.glob("*.po") if path.stem not in {"click", "help"})
_ID = rf"(?:{'|'.join(NAMESPACES)}):[A-Za-z0-9_.-]*[A-Za-z0-9_-]"


@cache
def catalogue(namespace: str) -> Catalog:
    with (LOCALES / f"{namespace}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


@cache
def forms(lang: str, namespace: str) -> dict[str, tuple[str, ...]]:
    """The sentences of each key: one, or one per plural form."""
    return {
        entry.context or "": (shown,) if isinstance(shown, str) else tuple(shown or ())
        for entry in catalogue(namespace)
        if entry.id
        for shown in [entry.id if lang == "en" else entry.string]
    }


def all_ids() -> set[str]:
    return {f"{namespace}:{key}" for namespace in NAMESPACES for key in forms("en", namespace)}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@cache
def used() -> frozenset[tuple[str, str]]:
    return frozenset(_used())


def _used() -> Iterator[tuple[str, str]]:
    """Where, and the id or family: strings in Python and HTML (`f"family.{key}"` too), and formats of sentences."""
    quoted = re.compile(rf"[\"']({_ID})(?:[\"']|\.\{{)")
    for path in (*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html")):
        for found in quoted.findall(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(SOURCES)), found
    for namespace in NAMESPACES:
        for lang in LANGS:
            for key, sentences in forms(lang, namespace).items():
                for _, _, spec, _ in (piece for each in sentences for piece in string.Formatter().parse(each)):
                    if spec and ":" in spec:
                        yield f"{namespace}.po {key} ({lang})", spec


def test_every_id_in_use_is_in_the_catalogue() -> None:
    ids = all_ids()
    families = {msgid.rpartition(".")[0] for msgid in ids}
    missing = [f"{where}: {msgid}" for where, msgid in used() if msgid not in ids | families]
    assert not missing


def test_every_sentence_is_in_use() -> None:
    """A remedy `ID.do` is used with its id."""
    named = {msgid for _, msgid in used()}
    unused = [
        msgid
        for msgid in sorted(all_ids())
        if not {msgid, msgid.rpartition(".")[0], msgid.removesuffix(".do").rpartition(".")[0]} & named
    ]
    assert not unused


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_both_languages_have_the_same_parameters(namespace: str) -> None:
    vietnamese = forms("vi", namespace)
    for key, sentences in forms("en", namespace).items():
        assert all((key, *sentences, *vietnamese[key])), f"{namespace}:{key} lacks its key or a language"
        names = {frozenset(placeholders(sentence)) for sentence in (*sentences, *vietnamese[key])}
        assert len(names) == 1, f"{namespace}:{key} has other parameters in one of the languages: {names}"
        plural = len(sentences) > 1
        # The count of users is a sentence of its own.
        assert not plural or names.pop() & {"n", "users"}, f"{namespace}:{key} has two forms and shows no count"


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_catalogue_is_tidy(namespace: str) -> None:
    entries = catalogue(namespace)
    assert not entries.obsolete
    keys = list(forms("en", namespace))
    assert keys == sorted(keys)
    text = (LOCALES / f"{namespace}.po").read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert text.count("\nmsgctxt ") == text.count("\nmsgid ") == len(keys), "a key stands twice"
    assert not [entry.id for entry in entries if entry.id and entry.fuzzy]


def test_not_measured_is_never_called_passed() -> None:
    english, vietnamese = forms("en", "checks"), forms("vi", "checks")
    for key, (sentence, *_) in english.items():
        if sentence.startswith("Not measured"):
            assert vietnamese[key][0].startswith("Chưa đo được")
    terms = forms("vi", "terms")
    assert terms["status.not_measured"] == terms["verdict.NOT_MEASURED"] == ("Chưa đo được",)
    assert "đạt" not in terms["verdict.NOT_MEASURED"][0].split()


@pytest.mark.parametrize(
    ("family", "keys"),
    [
        ("checks:name", [check.name for check in all_checks()]),
        ("terms:status", Outcome),
        ("terms:verdict", Readiness),
        ("terms:observation", Status),
        ("terms:role", ROLES),
        ("terms:service", SERVICES),
    ],
)
def test_every_word_of_a_family_is_there(family: str, keys: Iterable[str]) -> None:
    assert {f"{family}.{key}" for key in map(str, keys)} - all_ids() == set()


@pytest.mark.parametrize("platform", platform_names())
def test_platforms_say_in_both_languages_what_they_do_not_offer(platform: str) -> None:
    for fact, reason in load_platform(platform).unsupported.items():
        assert reason.vi, f"{platform}: {fact} has no Vietnamese reason"
        assert reason.vi != reason.en
