"""The glossary and the code belong together; identifiers, class names and docstrings use the words of the field."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.docs.words import SOURCE, class_names, forbidden_identifiers, narrations, text_of, words_of

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
CODE = re.compile(r"`(eventready(?:_lab)?(?:\.\w+)+)` \|$", re.M)

_DOCUMENT = "a part of a document; the same part of a spreadsheet"
#: Class names used by several packages on purpose, with the reason.
SHARED_NAMES = {
    "Attachment": "a file of an attestation; a file of a mail",
    "Calendar": "working days of an event; shifts of a roster",
    "Cell": "a cell of a table; a radio cell",
    "Column": _DOCUMENT,
    "DeviceView": "facts for a check; state for the release of a device",
    "Evidence": "proof of a clause; evidence section of a paper",
    "Row": "a row of a form; a row of a roster",
    "Span": "a run of text; a span of time",
    "Step": "a step of an incident; a step of the change journal",
    "Table": _DOCUMENT,
    "Title": "the title block of a paper; a name in both languages",
}

_TYPED = "words that people type, recognised in rosters"
#: Modules with Vietnamese letters, with the reason; every sentence for people is in the catalogue.
VIETNAMESE = {
    "papers/dates.py": "places of no-break spaces in Vietnamese text",
    "core/language.py": "an example in a docstring",
    "papers/sections/writer.py": "the stamps of urgency; the letters of a Vietnamese list; the letter d with stroke",
    "roster/": _TYPED,
    "change/safety/freeze.py": "comparison of names with and without marks",
    "core/messages.py": "examples in docstrings",
    "session/ssh/authentication.py": "prompts of devices",
    "workspace/importing/cells.py": "the word and in a list",
    "workspace/importing/table.py": "an example in a docstring",
    "workspace/sheets/spelling.py": "an example in a docstring; the letter d with stroke",
    "workspace/examples/new_workspace.py": "the letter d with stroke",
    "workspace/keys/signing_keys.py": "letters that look alike",
}


@pytest.mark.parametrize("name", CODE.findall(GLOSSARY.read_text(encoding="utf-8")))
def test_a_term_of_the_glossary_exists_in_the_code(name: str) -> None:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            annotations = getattr(found, "__annotations__", {})
            assert hasattr(found, part) or part in annotations, f"{name}: no {part}"
            found = getattr(found, part, None)
        return
    pytest.fail(f"{name} does not exist")


def test_the_glossary_is_read() -> None:
    assert len(CODE.findall(GLOSSARY.read_text(encoding="utf-8"))) > 40


@pytest.mark.slow
@pytest.mark.xdist_group("source")
def test_identifiers_have_no_forbidden_word() -> None:
    found = forbidden_identifiers()
    assert not {package: counts.most_common(5) for package, counts in found.items()}


@pytest.mark.slow
@pytest.mark.xdist_group("source")
def test_a_class_name_is_defined_once() -> None:
    twice = {name: places for name, places in class_names().items() if len(places) > 1 and name not in SHARED_NAMES}
    assert not twice


@pytest.mark.slow
@pytest.mark.xdist_group("source")
def test_docstrings_start_with_a_verb_or_a_noun() -> None:
    assert not list(narrations())


def test_vietnamese_is_in_the_catalogue() -> None:
    root = SOURCE / "eventready"
    letters = re.compile(
        "[\u00c0-\u00c3\u00c8-\u00ca\u00cc\u00cd\u00d2-\u00d5\u00d9\u00da\u00dd\u00e0-\u00e3\u00e8-\u00ea\u00ec\u00ed"
        "\u00f2-\u00f5\u00f9\u00fa\u00fd\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]"
    )
    found = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if letters.search(text_of(path))}
    unlisted = [name for name in sorted(found) if not name.startswith(tuple(VIETNAMESE))]
    unneeded = [name for name in VIETNAMESE if not any(path.startswith(name) for path in found)]
    assert (unlisted, unneeded) == ([], [])


def test_words_are_split_in_both_cases() -> None:
    assert words_of("_ToldOnce") == ["told", "once"]
    assert words_of("asked_by") == ["asked", "by"]
    assert words_of("multitask") == ["multitask"]
