"""inventory/forms/*.yaml: attestation forms, with the fields of a row and the conditions for refused or open rows.

Conditions are Jinja expressions over the fields of a row, texts are Jinja templates. Both are compiled at load, and the
conditions are evaluated once with a sample row, so that one that fails on an empty field is an error of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.environment import TemplateExpression
from jinja2.sandbox import SandboxedEnvironment
from pydantic import Field, field_validator, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.model import Title, WorkspaceModel

FieldType: TypeAlias = Literal[
    "text", "texts", "phone", "venue", "choice", "number", "count", "bool", "date", "datetime"
]
NUMERIC: frozenset[FieldType] = frozenset({"number", "count"})

#: Kinds of open conditions, in the order of their keys.
KINDS = ("each_row", "rows", "no_row", "every", "total")
#: Variables of every condition: the event's clock, and the days of its first and last window of kind `event`.
CONTEXT = ("today", "now", "event_start", "event_end")

#: Documents whose forms the product brings, for people who hand them over themselves.
BUILT_IN = ("weekly-report", "duty-list")

#: Files of the workspace, and texts for people, are no markup.
EXPRESSIONS = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class FieldSpec(Title):
    """Field of a row: its type, its label in both languages, its unit and its bounds."""

    type: FieldType = "text"
    required: bool = True
    default: str | int | float | bool | None = Field(default=None, description="Value of an absent field")
    unit: str = ""
    choices: dict[str, Title] = Field(default={}, description="Values of a field of type `choice`")
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise InvalidValue(message("workspace:form.choices"))
        if (self.min is not None or self.max is not None) and self.type not in NUMERIC:
            raise InvalidValue(message("workspace:form.min_max"))
        return self

    @property
    def optional(self) -> bool:
        """True when a row may leave the field out."""
        return not self.required or self.default is not None


class Refusal(Title):
    """Condition under which a row is refused, with the error message."""

    when: str = Field(min_length=1, description="Jinja expression over the fields of the row")


class OpenCondition(Title):
    """Condition against the clause, of a single kind, with its text."""

    each_row: str = Field(default="", description="Expression; one text for each row for which it holds")
    rows: str = Field(default="", description="Expression; one text with the number of rows (`n`) for which it holds")
    no_row: str = Field(default="", description="Expression; holds while no row fulfils it")
    every: str = Field(default="", description="Field of type `venue` or `choice`; one text for each value without row")
    total: str = Field(default="", description="Expression over the sums of the numeric fields")
    values: tuple[str, ...] = Field(default=(), description="With `every`: only these values")
    show: str = Field(default="", description="With `rows`: template of the rows named in `some`; default: first key")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if len([kind for kind in KINDS if getattr(self, kind)]) != 1:
            raise InvalidValue(message("workspace:form.condition", kinds=KINDS))
        return self

    @property
    def kind(self) -> str:
        """The kind of the condition."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def expression(self) -> str:
        """The expression, or the field of `every`."""
        return str(getattr(self, self.kind))


class FormSpec(WorkspaceModel):
    """Form of a document of duties.yaml, or of a clause proved by its attestation alone."""

    title: Title
    document: str = Field(default="", description="Document of duties.yaml.  [default: the name of the file]")
    clause: str = Field(default="", description="Clause whose attestation has this form, instead of a document")
    key: tuple[str, ...] = Field(min_length=1, description="Fields that identify a row; a later row replaces it")
    fields: dict[str, FieldSpec] = Field(min_length=1)
    refuse: tuple[Refusal, ...] = ()
    open: tuple[OpenCondition, ...] = ()
    files: int = Field(default=0, ge=0, le=20, description="Evidence files that an attestation needs at least")

    @field_validator("fields")
    @classmethod
    def _identifiers(cls, fields: dict[str, FieldSpec]) -> dict[str, FieldSpec]:
        for name in fields:
            if not name.isidentifier() or name.startswith("_"):
                raise InvalidValue(message("workspace:form.field_name", name=name))
        return fields

    @property
    def name(self) -> str:
        """Clause or document of the form."""
        return self.clause or self.document


def load_forms(folder: Path, *, reserved: Collection[str] = ()) -> dict[str, FormSpec]:
    """Forms by the name of their document or clause; an absent folder has none.

    `reserved` are documents whose forms the product brings. Raises WorkspaceError with file and line.
    """
    forms: dict[str, FormSpec] = {}
    problems: list[WorkspaceError] = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        try:
            document = load_yaml(path)
            form = _named(document.validate(FormSpec), path)
        except WorkspaceError as error:
            problems.append(error)
            continue
        problems += _errors(document, form)
        if form.name in reserved or form.name in forms:
            what = message("workspace:form.twice", document=form.name)
            problems.append(document.error(what, "document"))
        forms[form.name] = form
    raise_errors(problems)
    return forms


@cache
def load_form(path: Path) -> FormSpec:
    """Read a shipped form, without a check of its expressions. Raises WorkspaceError."""
    return _named(load_yaml(path).validate(FormSpec), path)


def _named(form: FormSpec, path: Path) -> FormSpec:
    return form if form.name else form.model_copy(update={"document": path.stem})


def _errors(document: YamlDocument, form: FormSpec) -> Iterator[WorkspaceError]:
    """Yield errors: unknown fields, and expressions with a failure at compilation or on a sample row."""
    for index, field in enumerate(form.key):
        if field not in form.fields:
            yield document.error(
                message("workspace:form.key", field=field), "key", index, do=suggest(field, form.fields)
            )
    names = {*form.fields, *CONTEXT}
    for index, refusal in enumerate(form.refuse):
        yield from _expression_errors(document, form, refusal.when, ("refuse", index, "when"), names)
    for index, condition in enumerate(form.open):
        place = ("open", index)
        extra = {"rows": {"n", "total", "some"}, "every": {"value"}}.get(condition.kind, set())
        known = {"each_row": names, "total": {*names, "n"}}.get(condition.kind, {*CONTEXT, *extra})
        if condition.kind == "every":
            yield from _every_errors(document, form, condition, place)
        else:
            yield from _expression_errors(document, form, condition.expression, (*place, condition.kind), {*names, "n"})
        for lang in ("vi", "en"):
            yield from _template_errors(document, getattr(condition, lang), (*place, lang), known)
        yield from _template_errors(document, condition.show, (*place, "show"), names)


def _every_errors(
    document: YamlDocument, form: FormSpec, condition: OpenCondition, place: tuple[str | int, ...]
) -> Iterator[WorkspaceError]:
    field = form.fields.get(condition.every)
    if field is None or field.type not in ("venue", "choice"):
        what = message("workspace:form.every", field=condition.every)
        yield document.error(what, *place, "every", do=suggest(condition.every, form.fields))
        return
    for index, value in enumerate(condition.values):
        if field.type == "choice" and value not in field.choices:
            yield document.error(
                message("workspace:form.no_choice", value=value, field=condition.every),
                *place,
                "values",
                index,
                do=suggest(value, field.choices),
            )


def _expression_errors(
    document: YamlDocument, form: FormSpec, source: str, place: tuple[str | int, ...], names: Collection[str]
) -> Iterator[WorkspaceError]:
    try:
        unknown = _variables(f"{{{{ {source} }}}}") - set(names)
        if unknown:
            name = sorted(unknown)[0]
            yield document.error(message("workspace:form.unknown_field", name=name), *place, do=suggest(name, names))
            return
        for sample in (_sample(form, filled=True), _sample(form, filled=False)):
            compiled(source)(**sample)
    except TemplateSyntaxError as error:
        yield document.error(message("workspace:form.condition_syntax", reason=error.message or str(error)), *place)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        yield document.error(message("workspace:form.condition_fails", reason=str(error)), *place)


def _template_errors(
    document: YamlDocument, source: str, place: tuple[str | int, ...], known: Collection[str]
) -> Iterator[WorkspaceError]:
    try:
        unknown = _variables(source) - set(known)
    except TemplateSyntaxError as error:
        yield document.error(message("workspace:form.text_syntax", reason=error.message or str(error)), *place)
        return
    if unknown:
        name = sorted(unknown)[0]
        yield document.error(message("workspace:form.unknown_variable", name=name), *place, do=suggest(name, known))


@lru_cache(maxsize=1024)
def _variables(source: str) -> frozenset[str]:
    """Return the variables of a template. Raises TemplateSyntaxError."""
    return frozenset(meta.find_undeclared_variables(EXPRESSIONS.parse(source)))


@lru_cache(maxsize=1024)
def compiled(source: str) -> TemplateExpression:
    """Compile an expression. Raises TemplateError."""
    return EXPRESSIONS.compile_expression(source, undefined_to_none=False)


_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_SAMPLES: Mapping[FieldType, Any] = {
    "text": "a", "texts": ("a",), "phone": "0912345678", "venue": "a", "choice": "a", "number": 1.0, "count": 1,
    "bool": True, "date": date(2000, 1, 1), "datetime": _NOW,
}  # fmt: skip


def _sample(form: FormSpec, *, filled: bool) -> dict[str, Any]:
    """Values of a row with every field filled, or with the required ones only."""
    row = {
        name: _SAMPLES[field.type] if filled or not field.optional else field.default
        for name, field in form.fields.items()
    }
    days = _NOW.date() if filled else None
    return {**row, "today": _NOW.date(), "now": _NOW, "event_start": days, "event_end": days, "n": 1}
