"""The office's profile: margins and sizes, who issues and signs, and the wording of every paper, one file a language.

`templates/reports/vi.yaml` of the workspace is laid over the one that the package carries: what an office does not
write stays as it is there. Texts hold `{{ name }}` for what the paper fills in; nothing else in them is a programme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import Field

from eventready.errors import WorkspaceError
from eventready.report.document.variables import GENERAL, OF_PAPER
from eventready.report.words import Lang
from eventready.workspace.complaints import Key, suggest
from eventready.workspace.event import Entry
from eventready.workspace.example import example_home
from eventready.workspace.yaml import Document, load_yaml, several

FOLDER = Path("templates") / "reports"
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")


class PageSpec(Entry):
    """Millimetres of margin and of the first line's indent; points for type and for the space after a paragraph."""

    top: float = Field(ge=20, le=25)
    bottom: float = Field(ge=20, le=25)
    left: float = Field(ge=30, le=35)
    right: float = Field(ge=15, le=20)
    country: float = Field(ge=12, le=13)
    motto: float = Field(ge=13, le=14)
    body: float = Field(ge=13, le=14)
    table: float = Field(ge=9, le=14)
    recipients: float = Field(ge=10, le=12)
    number: float = Field(ge=13, le=14)
    indent: float = Field(ge=0, le=15)
    after: float = Field(ge=0, le=18)
    line: float = Field(ge=1, le=1.5)


class Office(Entry):
    """Who issues the papers. `parent` is the body above, or empty; `short` stands in numbers and file names."""

    parent: str = ""
    issuer: str = Field(min_length=1)
    short: str = Field(pattern=r"^[\w&.-]+$", description="Letters, digits, & . - only: it stands in file names")
    place: str = Field(min_length=1)
    country: str = Field(min_length=1)
    motto: str = Field(min_length=1)


class Paper(Entry):
    """One kind of paper. `symbol` follows the number; `titles` are lines; `signers` stand above the signature."""

    symbol: str = Field(min_length=1)
    kind: str = Field(min_length=1)
    titles: tuple[str, ...] = Field(min_length=1)
    urgency: str = ""
    addressees: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    signers: tuple[str, ...] = Field(min_length=1)
    signed_by: str = ""


class Papers(Entry):
    """Every kind of paper."""

    weekly: Paper
    roster: Paper
    incident: Paper
    final: Paper
    plan: Paper


class Standing(Entry):
    """What the office says itself, paragraph by paragraph; an empty list leaves the place to what was recorded."""

    directing: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()


class Scenario(Entry):
    """A situation of the plan: what shows it, what is done, who does it."""

    situation: str
    sign: str
    action: str
    owner: str


class Phase(Entry):
    """A step of the plan."""

    when: str
    work: str


class Profile(Entry):
    """The whole file."""

    page: PageSpec
    office: Office
    papers: Papers
    standing: Standing
    scenarios: tuple[Scenario, ...] = ()
    phases: tuple[Phase, ...] = ()
    wording: dict[str, str]

    def text(self, key: str, values: Mapping[str, str]) -> str:
        """A sentence of the wording, filled in. Raises KeyError for one that is not there."""
        return filled(self.wording[key], values)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables filled in. Raises KeyError for an unknown one, which loading has ruled out."""
    return _VARIABLE.sub(lambda match: values[match[1]], text)


def shipped(lang: Lang) -> Path:
    """The profile that the package carries. Raises WorkspaceError."""
    return example_home() / FOLDER / f"{lang}.yaml"


def load_profile(workspace: Path, lang: Lang) -> Profile:
    """The workspace's profile of a language, laid over the package's. Raises WorkspaceError naming every line."""
    own = workspace / FOLDER / f"{lang}.yaml"
    return check_profile(own if own.is_file() else shipped(lang), lang)


def check_profile(path: Path, lang: Lang) -> Profile:
    """Read one profile as far as it is written. Raises WorkspaceError for what does not hold, every line of it."""
    document = load_yaml(path)
    document.mapping()
    base = load_yaml(shipped(lang)).data
    merged = Document(path, _overlaid(base, document.data), document.root)
    problems: list[WorkspaceError] = list(_wrong_texts(document, _sentences()))
    try:
        profile = merged.validate(Profile)
    except WorkspaceError as error:
        raise several([*problems, error]) from None
    if problems:
        raise several(problems)
    return profile


@cache
def _sentences() -> Mapping[str, frozenset[str]]:
    """Every sentence that a paper says, with its own variables: those that the package's wordings have."""
    found: dict[str, frozenset[str]] = {}
    for lang in get_args(Lang):
        for key, text in load_yaml(shipped(lang)).data["wording"].items():
            found[key] = found.get(key, frozenset()) | set(_VARIABLE.findall(text))
    return found


def _overlaid(base: Any, own: Any) -> Any:
    """`own` over `base`: mappings key by key, everything else as a whole."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return {**base, **{key: _overlaid(base[key], value) if key in base else value for key, value in own.items()}}


def _wrong_texts(document: Document, sentences: Mapping[str, frozenset[str]]) -> Iterator[WorkspaceError]:
    """Variables that the paper cannot fill in, sentences that no paper says, braces that are neither."""
    for keys, text in _texts(document.data, ()):
        allowed = GENERAL | (OF_PAPER.get(str(keys[1]), frozenset()) if keys[:1] == ("papers",) else frozenset())
        if keys[:1] == ("wording",) and len(keys) == 2:
            key = str(keys[1])
            if key not in sentences:
                yield document.error(f"no paper says the sentence {key!r}", *keys, do=suggest(key, sentences))
                continue
            allowed = GENERAL | sentences[key]
        yield from _wrong_variables(document, keys, text, allowed)


def _wrong_variables(
    document: Document, keys: tuple[Key, ...], text: str, allowed: frozenset[str]
) -> Iterator[WorkspaceError]:
    line = document.line(*keys)
    for name in dict.fromkeys(_VARIABLE.findall(text)):
        if name not in allowed:
            what = f"the variable {name!r} is unknown here"
            where = f"{document.path}:{_line_of(document, line, name)}"
            yield WorkspaceError(what, where=where, do=suggest(name, allowed))
    if _BRACES.search(_VARIABLE.sub("", text)):
        yield document.error(
            "braces that are no variable", *keys, do="Write {{ name }}: one word between two pairs of braces."
        )


def _line_of(document: Document, first: int, name: str) -> int:
    """The line of a variable in a text that runs over several lines."""
    lines = document.path.read_text(encoding="utf-8-sig").splitlines()
    wanted = re.compile(r"\{\{\s*" + re.escape(name) + r"\s*\}\}")
    return next((number for number, line in enumerate(lines[first - 1 :], first) if wanted.search(line)), first)


def _texts(part: Any, keys: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], str]]:
    if isinstance(part, str):
        yield keys, part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _texts(value, (*keys, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _texts(value, (*keys, index))
