"""Profile of the papers: page, letterhead, texts and outline, a file per language.

The package has a profile for any event, the file of the event's country overlays it (`profiles/VN/vi.yaml`), and
`templates/reports/vi.yaml` of the workspace overlays both key by key. Texts hold
`{{ name }}` for values; no other template syntax exists. `wording` replaces sentences of the message catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from eventready.core.country import DEFAULT_COUNTRY
from eventready.core.errors import WorkspaceError
from eventready.core.messages import LANGS, Lang, ids, message, parameters
from eventready.core.strings.texts import lines_of
from eventready.core.validation_messages import Key, suggest
from eventready.papers.document.model import DecreePage, Page
from eventready.papers.document.registry import KINDS
from eventready.workspace.devices.device import Service
from eventready.workspace.files.yaml_document import YamlDocument, combine_errors, load_yaml, raise_errors
from eventready.workspace.model import WorkspaceModel

#: Variables of every text of a profile, filled by a `PaperWriter`.
GENERAL = frozenset({
    "event", "enterprise", "organiser", "recipient", "province", "place", "short", "parent", "symbol", "moment",
    "today", "month", "year", "week_first", "week_last", "next_first", "next_last",
})  # fmt: skip

FOLDER = Path("templates") / "reports"
NAMESPACE = "papers"
_BASE = Path(__file__).parent / "profiles"
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")

#: Results that a part of a report shows.
Shown = Literal["verdicts", "network", "traffic", "services", "backup", "stations", "wifi", "security", "roster"]


class Office(WorkspaceModel):
    """Letterhead. Place, abbreviation and superior body are those of event.yaml."""

    issuer: str = Field(min_length=1)
    country: str = ""
    motto: str = ""


class PaperTemplate(WorkspaceModel):
    """Texts of a kind of paper. `symbol` follows the number; `signers` stand above the signature.

    `secretary` stands above the second signature of minutes.
    """

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
    secretary: tuple[str, ...] = ()


class StandingText(WorkspaceModel):
    """Text of the office; present only where all clauses of `when` are done."""

    text: str = Field(min_length=1)
    when: tuple[str, ...] = ()


class StandingTexts(WorkspaceModel):
    """Paragraphs of the office; an empty list leaves the place to recorded results."""

    directing: tuple[StandingText, ...] = ()
    proposals: tuple[StandingText, ...] = ()
    lessons: tuple[StandingText, ...] = ()
    purpose: tuple[StandingText, ...] = ()
    demands: tuple[StandingText, ...] = ()
    organisation: tuple[StandingText, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        """A bare string is a text without a condition."""
        return (
            [{"text": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        )


class SectionPart(WorkspaceModel):
    """A part of the results section: results, clauses by id or glob; absent for other services and operators."""

    head: str = Field(min_length=1)
    shows: tuple[Shown, ...] = ()
    clauses: tuple[str, ...] = ()
    service: Service | None = None
    operator: Literal["telecom", "postal"] | None = None

    def names(self, clause: str) -> bool:
        """True for a clause of this part."""
        return any(fnmatchcase(clause, pattern) for pattern in self.clauses)


class Section(SectionPart):
    """A section with parts of its own."""

    parts: tuple[SectionPart, ...] = ()


class PlanForm(WorkspaceModel):
    """A section of the plan from an attested form: its document, a title per field, and the values of wanted rows."""

    head: str = Field(min_length=1)
    document: str = Field(min_length=1)
    columns: dict[str, str] = Field(min_length=1)
    rows: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class PlanScenario(WorkspaceModel):
    """A contingency: situation, sign, action and owner."""

    situation: str
    sign: str
    action: str
    owner: str


class PlanPhase(WorkspaceModel):
    """A phase of the plan."""

    when: str
    work: str


class Profile(WorkspaceModel):
    """A profile file, complete."""

    page: Page
    office: Office
    papers: dict[str, PaperTemplate]
    standing: StandingTexts
    sections: tuple[Section, ...] = Field(min_length=1)
    circuits: str = ""
    plan_forms: tuple[PlanForm, ...] = ()
    scenarios: tuple[PlanScenario, ...] = ()
    phases: tuple[PlanPhase, ...] = ()
    wording: dict[str, str] = Field(default_factory=dict)


class DecreeProfile(Profile):
    """A profile file of Viet Nam."""

    page: DecreePage


#: Profiles of countries with rules for official papers.
_STRICT: Mapping[str, type[Profile]] = {"VN": DecreeProfile}


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of its variables. Raises KeyError for an unknown variable."""
    return _VARIABLE.sub(lambda match: values[match[1]], text)


def base_profile(lang: Lang, country: str = "") -> Path:
    """File of the package with the profile of a language, or with the additions of a country."""
    of_country = _BASE / country[:2] / f"{lang}.yaml"
    return of_country if of_country.is_file() else _BASE / f"{lang}.yaml"


def load_profile(workspace: Path, lang: Lang, country: str = DEFAULT_COUNTRY) -> Profile:
    """Profile of a workspace over the country's. Raises WorkspaceError naming every wrong line."""
    own = workspace / FOLDER / f"{lang}.yaml"
    return check_profile(own if own.is_file() else base_profile(lang, country), lang, country)


def check_profile(path: Path, lang: Lang, country: str = DEFAULT_COUNTRY) -> Profile:
    """Validate a profile over the package's for a country. Raises WorkspaceError naming every wrong line."""
    document = load_yaml(path)
    document.mapping()
    base = _overlaid(load_yaml(base_profile(lang)).data, load_yaml(base_profile(lang, country)).data)
    merged = YamlDocument(path, _overlaid(base, document.data), document.text)
    problems = [*_unknown_papers(document), *_wrong_texts(document, _sentences())]
    try:
        profile = merged.validate(_STRICT.get(country[:2], Profile))
    except WorkspaceError as error:
        raise combine_errors([*problems, error]) from None
    raise_errors(problems)
    return profile


@cache
def _sentences() -> Mapping[str, frozenset[str]]:
    """Return the sentences of the catalogue open to replacement by an office, with their parameters."""
    return {
        key: frozenset(name for lang in LANGS for name in parameters(f"{NAMESPACE}:{key}", lang))
        for key in ids(NAMESPACE)
    }


def _overlaid(base: Any, own: Any) -> Any:
    """`own` over `base`: mappings key by key, other values as a whole."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return {**base, **{key: _overlaid(base[key], value) if key in base else value for key, value in own.items()}}


def _unknown_papers(document: YamlDocument) -> Iterator[WorkspaceError]:
    """Kinds of papers without an entry in the registry."""
    own = document.mapping().get("papers")
    for key in own.keys() - KINDS.keys() if isinstance(own, dict) else ():
        what = message("workspace:unknown_key", key=str(key))
        yield WorkspaceError(what, where=document.where("papers", key), do=suggest(str(key), KINDS))


def _wrong_texts(document: YamlDocument, sentences: Mapping[str, frozenset[str]]) -> Iterator[WorkspaceError]:
    """Unknown variables, unknown sentences, and braces without a variable."""
    for keys, text in _texts(document.data, ()):
        allowed = GENERAL | _own_variables(keys)
        if keys[:1] == ("wording",) and len(keys) == 2:
            key = str(keys[1])
            if key not in sentences:
                yield WorkspaceError(
                    message("papers:error.sentence", key=key), where=document.where(*keys), do=suggest(key, sentences)
                )
                continue
            allowed = GENERAL | sentences[key]
        yield from _wrong_variables(document, keys, text, allowed)


def _own_variables(keys: tuple[Key, ...]) -> frozenset[str]:
    kind = KINDS.get(str(keys[1])) if keys[:1] == ("papers",) and len(keys) > 1 else None
    return kind.variables if kind else frozenset()


def _wrong_variables(
    document: YamlDocument, keys: tuple[Key, ...], text: str, allowed: frozenset[str]
) -> Iterator[WorkspaceError]:
    line = document.line(*keys)
    for name in dict.fromkeys(_VARIABLE.findall(text)):
        if name not in allowed:
            what = message("papers:error.variable", name=name)
            where = f"{document.path}:{_line_of(document, line, name)}"
            yield WorkspaceError(what, where=where, do=suggest(name, allowed))
    if _BRACES.search(_VARIABLE.sub("", text)):
        yield WorkspaceError(message("papers:error.braces"), where=document.where(*keys))


def _line_of(document: YamlDocument, first: int, name: str) -> int:
    """Return the line of a variable in a text of several lines."""
    lines = lines_of(document.path.read_text(encoding="utf-8-sig"))
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
